"""Alibaba's subscription: a machine that runs without a break on pay-as-you-go, by the month or longer instead.

It is bought for one machine, so there is nothing to size: the machine runs on, or it does not.
"""

import json
from collections.abc import Iterator
from datetime import timedelta

import duckdb
import numpy as np

from finops.commitments.instruments import SUBSCRIPTION, Series
from finops.commitments.offers import Offers, Rate, Terms
from finops.commitments.options import Line, Sized, figures
from finops.commitments.pools import RULE
from finops.commitments.sizing import Layer, Stack
from finops.commitments.usage import COMPONENT

_SLACK = timedelta(hours=24)  # bills are delivered by the day: the last hours may still be missing


def subscriptions(
    con: duckdb.DuckDBPyConnection, offers: Offers, accepted: str | None = None
) -> Iterator[dict[str, object]]:
    """Rows of the table commitment_options for machines on pay-as-you-go that run to the end of the bill.

    A machine of which an accepted action leaves only a part is judged again when that is done.
    """
    for row in con.execute(_running(accepted)).fetchall():
        cloud, payer, account, region, resource, sku, platform, currency, hours, cost = row
        series = Series(cloud, payer, "", region or "global", "machine", sku, platform, currency)
        about = _about(series, account, resource, float(hours))
        rates = offers.of(SUBSCRIPTION, series)
        if not rates:
            yield {**about, "problem": f"No price of a subscription is known for {sku} in {series.region}."}
        for terms, rate in sorted(rates.items()):
            option = _option(series, terms, rate, float(cost), int(hours), about)
            yield option or about  # looked at, and nothing to buy


def _option(
    series: Series, terms: Terms, rate: Rate, cost: float, hours: int, about: dict[str, object]
) -> dict[str, object] | None:
    """What one machine saves that runs in every hour; nothing where it costs as much as it does now."""
    if cost <= rate.hourly:
        return None
    stack = Stack.of([Layer(cost / rate.hourly, np.full(hours, rate.hourly))])
    line = Line(stack, rate.hourly, series.sku, rate.hourly)
    sized = Sized(((line, rate.hourly),), (stack,))
    told = figures(
        sized, terms, {series: rate}, str(about["seed"]), stack.displaced(rate.hourly).mean() * 730
    )
    # A machine cannot run less in part: if that share of machines goes, so does the saving of theirs.
    return {**about, **told}


def _about(series: Series, account: str, resource: str, hours: float) -> dict[str, object]:
    pool = f"{SUBSCRIPTION.name}/{resource}"
    return {
        "cloud": series.cloud,
        "account_id": account,
        "region": series.region,
        "resource_id": pool,
        "instrument": SUBSCRIPTION.title,
        "level": SUBSCRIPTION.level,
        "family_group": f"{account}/{pool}",
        "payer_group": f"{account}/{pool}",
        "covers": f"{resource} ({series.sku})",
        "currency": series.currency,
        "problem": None,
        "days": hours / 24,
        "accounts": json.dumps({account: 1.0}),
        "seed": "|".join((RULE, series.cloud, account, pool)),
    }


def _running(accepted: str | None) -> str:
    """Machines with a stretch that reaches the end of their payer's bill; those that an action changes are left out."""
    changed = (
        f"ANTI JOIN {accepted} AS a ON a.cloud = u.cloud AND a.account_id = u.account_id "
        f"AND a.resource_id = u.resource_id AND a.component = '{COMPONENT}'"
        if accepted
        else ""
    )
    return _RUNNING.format(changed=changed, slack=int(_SLACK.total_seconds() // 3600))


# Stretches of one machine that touch are one run, whatever each hour cost; the cost is that of the last stretch.
_RUNNING = """
WITH stretches AS (
    SELECT u.* FROM commitment_usage AS u {changed}
    WHERE u.cloud = 'alibaba' AND u.service = 'machine' AND u.commitment_id IS NULL AND u.resource_id IS NOT NULL
),
ends AS (
    SELECT cloud, payer, max(hour_from + to_hours(hours)) AS bill_end FROM commitment_usage
    WHERE hours IS NOT NULL GROUP BY cloud, payer
),
broken AS (
    SELECT *, hour_from > lag(hour_from + to_hours(hours)) OVER mine AS gap
    FROM stretches
    WINDOW mine AS (PARTITION BY cloud, account_id, resource_id, sku, currency ORDER BY hour_from)
),
runs AS (
    SELECT *, count(*) FILTER (WHERE gap) OVER (
        PARTITION BY cloud, account_id, resource_id, sku, currency ORDER BY hour_from) AS run
    FROM broken
)
SELECT r.cloud, r.payer, r.account_id, max(r.region), r.resource_id, r.sku, max(r.platform), r.currency,
    sum(r.hours) AS hours, arg_max(r.cost, r.hour_from)
FROM runs AS r
JOIN ends AS e ON e.cloud = r.cloud AND e.payer = r.payer
GROUP BY r.cloud, r.payer, r.account_id, r.resource_id, r.sku, r.currency, r.run, e.bill_end
HAVING max(r.hour_from + to_hours(r.hours)) >= e.bill_end - to_hours({slack})
ORDER BY ALL
"""
