"""What commitments cost: list prices that were collected, else the rates of those that the bill already has.

Never a share of the price on demand: what has no price is not offered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import duckdb

from finops.commitments.instruments import COMPUTE_PLAN, INSTANCE_PLAN, RESERVED, Instrument, Series, family
from finops.commitments.usage import Baseline
from finops.money import HOURS_PER_MONTH

_MONTH = float(HOURS_PER_MONTH)


class Terms(NamedTuple):
    """How long (second-hand: no whole months), and how it is paid: no_upfront | partial_upfront | all_upfront."""

    months: float
    payment: str


class Rate(NamedTuple):
    """What one unit of a SKU costs in an hour, upfront payments spread over the term; `upfront_share` of it is paid at
    the start. `basis` says where it comes from."""

    hourly: float
    upfront_share: float
    basis: str


_Place = tuple[str, str, str, str, str, str]  # model, cloud, region, sku, platform, currency


@dataclass(slots=True)
class Offers:
    """Rates by what they are for and by their terms."""

    rates: dict[_Place, dict[Terms, Rate]] = field(default_factory=dict)

    def of(self, instrument: Instrument, series: Series) -> Mapping[Terms, Rate]:
        """The rates of a SKU under an instrument."""
        platform = "linux" if series.service != "machine" else series.platform
        place = (instrument.model, series.cloud, series.region, series.sku, platform, series.currency)
        return self.rates.get(place, {})

    def knows(self, cloud: str) -> bool:
        """Whether any price of a commitment of this cloud is known."""
        return any(place[1] == cloud for place in self.rates)

    def smallest(self, instrument: Instrument, series: Series, terms: Terms) -> tuple[float, str] | None:
        """The rate and name of the cheapest type of the family that is sold on these terms, in use or not."""
        model, cloud, region, platform, currency = (
            instrument.model, series.cloud, series.region, series.platform, series.currency,
        )  # fmt: skip
        found = [
            (rates[terms].hourly, sku)
            for (*place, sku, system, money), rates in self.rates.items()
            if place == [model, cloud, region]
            and (system, money) == (platform, currency)
            and terms in rates
            and family(series._replace(sku=sku)) == family(series)
        ]
        return min(found, default=None)

    def add(self, place: _Place, terms: Terms, rate: Rate) -> None:
        self.rates.setdefault(place, {}).setdefault(terms, rate)


def load_offers(con: duckdb.DuckDBPyConnection, as_of: datetime) -> Offers:
    """The latest list prices of commitments up to `as_of`."""
    offers = Offers()
    for *place, sku, unit, months, payment, price, upfront, source in con.execute(
        _PRICES, [as_of]
    ).fetchall():
        model, cloud, region, platform, currency = place
        hourly = float(price) / (_MONTH if unit == "month" else 1)
        if hourly <= 0:
            continue
        share = min(1.0, float(upfront) / (hourly * months * _MONTH)) if upfront else 0.0
        rate = Rate(hourly, share, f"list price ({source})")
        offers.add((model, cloud, region, sku, platform, currency), Terms(months, payment), rate)
    return offers


def add_held(con: duckdb.DuckDBPyConnection, offers: Offers, baselines: Iterable[Baseline]) -> None:
    """Adds the rates of commitments that the bill has, where no list price is known: the same one could be bought
    again. A commitment of which the inventory does not tell term and payment says nothing."""
    known = {(cloud, commitment): about for cloud, commitment, *about in con.execute(_COMMITMENTS).fetchall()}
    for baseline in baselines:
        for (held, series), hours in sorted(baseline.covered.items()):
            about = known.get((series.cloud, held.commitment_id))
            instrument = _instrument(series.cloud, *about[:2]) if about else None
            used, cost = float(hours.quantity.sum()), float(hours.cost.sum())
            if about is None or instrument is None or used <= 0 or cost <= 0:
                continue
            _, _, months, payment = about
            place = (
                instrument.model,
                series.cloud,
                series.region,
                series.sku,
                series.platform,
                series.currency,
            )
            share = {"all_upfront": 1.0, "partial_upfront": 0.5}.get(payment, 0.0)
            basis = f"rate on the bill of {held.commitment_id}"
            offers.add(place, Terms(int(months), payment), Rate(cost / used, share, basis))


def _instrument(cloud: str, kind: str, scope: str) -> Instrument | None:
    if cloud != "aws":
        return None
    if kind == "reserved":
        return RESERVED
    if kind == "savings_plan" and scope.startswith("Compute"):
        return COMPUTE_PLAN
    return INSTANCE_PLAN if kind == "savings_plan" and scope.startswith("EC2Instance") else None


# Google writes the term into the SKU (n2:core:1y). A price of a month without a term is a subscription of a month.
_PRICES = """
WITH priced AS (
    SELECT cloud, region, purchase_model,
        CASE WHEN cloud = 'gcp' THEN regexp_replace(sku, ':[13]y$', '') ELSE sku END AS sku,
        unit, coalesce(platform, 'linux') AS platform, currency, price, upfront, as_of, source,
        coalesce(term_months, CASE
            WHEN cloud = 'gcp' AND sku LIKE '%:1y' THEN 12
            WHEN cloud = 'gcp' AND sku LIKE '%:3y' THEN 36
            WHEN unit = 'month' AND purchase_model = 'subscription' THEN 1 END) AS months,
        coalesce(payment, CASE WHEN purchase_model = 'subscription' THEN 'all_upfront' ELSE 'no_upfront' END) AS payment
    FROM prices
    WHERE purchase_model IN ('reserved', 'subscription', 'compute_savings_plan', 'instance_savings_plan')
      AND unit IN ('hour', 'GiB-hour', 'month') AND coalesce(tier_start, 0) = 0 AND as_of <= ?
),
latest AS (
    SELECT *, row_number() OVER (
        PARTITION BY cloud, region, purchase_model, sku, platform, currency, months, payment
        ORDER BY as_of DESC, price DESC) AS place
    FROM priced
    WHERE months IS NOT NULL
)
SELECT purchase_model, cloud, region, platform, currency, sku, unit, months, payment, price, upfront, source
FROM latest
WHERE place = 1
ORDER BY ALL
"""
_COMMITMENTS = """
SELECT cloud, commitment_id, min(kind), min(coalesce(scope, '')),
    round(min(epoch(ends_at) - epoch(started_at)) / 86400 / 30.4375), min(payment)
FROM commitments
WHERE started_at IS NOT NULL AND ends_at > started_at AND payment IS NOT NULL
GROUP BY cloud, commitment_id
ORDER BY ALL
"""
