"""Reservations that others sell on a marketplace: each is one more option of the pool that a new one would cover."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import duckdb

from finops.commitments.instruments import RESERVED, Pool, Series
from finops.commitments.offers import Rate, Terms
from finops.commitments.options import Line, Sized, figures, lines_of, size
from finops.commitments.pools import about_pool, month_of, pools_of
from finops.commitments.usage import Baseline, Hours

TITLE = "second-hand Reserved Instances"
_FRESH_DAYS = 7  # what was on offer longer ago may be sold
_KEPT = 3  # offers of one type that are told: those that cost least in an hour


class SecondHand(NamedTuple):
    """One offer: what an hour of one machine costs, what is paid at once spread over the months left, and how many."""

    offer_id: str
    months: float
    payment: str
    hourly: float
    upfront: float
    quantity: int


_Place = tuple[str, str, str, str, str]  # cloud, region, sku, platform, currency
SecondHands = Mapping[_Place, list[SecondHand]]


def load_second_hand(con: duckdb.DuckDBPyConnection, as_of: datetime) -> SecondHands:
    """Offers of whole regions, the cheapest hour first. Usage is told by region, so those of a zone are left out."""
    found: dict[_Place, list[SecondHand]] = {}
    for *place, offer, months, payment, hourly, upfront, quantity in con.execute(
        _OFFERS, [as_of, as_of]
    ).fetchall():
        cloud, region, sku, platform, currency = place
        mine = found.setdefault((cloud, region, sku, platform, currency), [])
        if len(mine) < _KEPT:
            mine.append(SecondHand(offer, months, payment, hourly, upfront, int(quantity)))
    return found


def second_hand(
    baseline: Baseline, offers: SecondHands, costs: Mapping[Series, Mapping[str, float]]
) -> Iterator[dict[str, object]]:
    """Rows of the table commitment_options for one payer: of the pools of new reservations, so that they are
    alternatives. An offer is for one type and covers that alone here, though it reaches its whole family on Linux."""
    used = {series: hours for series, hours in sorted(baseline.open.items()) if hours.cost.sum() > 0}
    for pool, members in pools_of(RESERVED, used).items():
        for series in sorted(members):
            place = (series.cloud, series.region, series.sku, series.platform, series.currency)
            for offer in offers.get(place, ()):
                yield from _option(offer, series, pool, members, baseline, costs)


def _option(
    offer: SecondHand,
    series: Series,
    pool: Pool,
    members: Mapping[Series, Hours],
    baseline: Baseline,
    costs: Mapping[Series, Mapping[str, float]],
) -> Iterator[dict[str, object]]:
    rate = Rate(offer.hourly, offer.upfront / offer.hourly, f"offer {offer.offer_id} on the marketplace")
    sized = _within(size(_lines(series, members, rate)), offer.quantity * offer.hourly)
    if sized is None:
        return
    about = about_pool(RESERVED, pool, members, baseline, costs)
    own = about_pool(RESERVED, pool, {series: members[series]}, baseline, costs)
    terms = Terms(offer.months, offer.payment)
    yield {
        **about,
        **figures(sized, terms, {series: rate}, str(about["seed"]), month_of({series: members[series]})),
        "option_id": f"offer {offer.offer_id}",
        "instrument": TITLE,
        "covers": f"{series.sku} machines ({series.platform}) in {series.region}",
        "accounts": own["accounts"],
        "term_months": int(offer.months),
    }


def _lines(series: Series, members: Mapping[Series, Hours], rate: Rate) -> list[Line]:
    return lines_of(RESERVED, {series: members[series]}, {series: rate}, (rate.hourly, series.sku))


def _within(sized: Sized | None, most: float) -> Sized | None:
    """The same with no more than is on offer."""
    if sized is None:
        return None
    ((line, amount),) = sized.lines
    fewer = Sized(((line, min(amount, most)),), sized.judged)
    return fewer if fewer.month() > 0 else None


_OFFERS = f"""
WITH latest AS (
    SELECT cloud, region, sku, coalesce(platform, 'linux') AS platform, currency, offer_id, months,
        coalesce(payment, 'all_upfront') AS payment, CAST(hourly AS DOUBLE) AS hourly,
        CAST(upfront AS DOUBLE) AS upfront, quantity,
        row_number() OVER (PARTITION BY cloud, region, offer_id ORDER BY as_of DESC, account_id) AS place
    FROM commitment_offers
    WHERE as_of <= ? AND date_diff('day', as_of, ?) <= {_FRESH_DAYS} AND zone IS NULL AND months >= 1 AND quantity > 0
)
SELECT cloud, region, sku, platform, currency, offer_id, months, payment,
    hourly + upfront / (months * 730) AS hour_of_all, upfront / (months * 730) AS hour_of_upfront, quantity
FROM latest
WHERE place = 1 AND hourly + upfront > 0
ORDER BY cloud, region, sku, platform, currency, hour_of_all, offer_id
"""  # noqa: S608 - put together from constants
