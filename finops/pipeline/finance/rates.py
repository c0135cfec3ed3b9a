"""How commitments did in a month, and which end soon."""

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import duckdb

from finops.finance_model import CommitmentUse, Expiry
from finops.money import HOURS_PER_MONTH, cents
from finops.pipeline.costing.bills import period
from finops.pipeline.costing.question import begun_before

SOON = timedelta(days=120)
_PRICED = Decimal("0.99")  # of the effective cost must have a list cost, or no rate and no coverage is told
# What commitments of a bill reach, as far as the bill shows: usage of a service in the unit that they pay for.
_USE = """
WITH usage AS (
    SELECT x_Cloud AS cloud, coalesce(BillingCurrency, 'XXX') AS currency, ServiceName AS service, PricingUnit AS unit,
        CommitmentDiscountStatus AS status, PricingCategory AS pricing, sum(x_Cost) AS cost, sum(ListCost) AS listed,
        coalesce(sum(x_Cost) FILTER (WHERE ListCost IS NULL), 0) AS unlisted
    FROM charges WHERE ({period}) AND ChargeCategory = 'Usage' GROUP BY ALL
),
reached AS (SELECT DISTINCT cloud, currency, service, unit FROM usage WHERE status = 'Used')
SELECT cloud, currency, sum(cost),
    sum(listed) FILTER (WHERE status IS DISTINCT FROM 'Unused'),
    coalesce(sum(abs(unlisted)) FILTER (WHERE status IS DISTINCT FROM 'Unused'), 0),
    coalesce(sum(listed) FILTER (WHERE status = 'Used'), 0),
    coalesce(sum(listed) FILTER (WHERE status IS NULL AND pricing = 'Standard' AND r.service IS NOT NULL), 0),
    coalesce(sum(abs(unlisted)) FILTER (WHERE {could_be}), 0),
    coalesce(sum(abs(cost)) FILTER (WHERE {could_be}), 0),
    coalesce(sum(cost) FILTER (WHERE status = 'Used'), 0),
    coalesce(sum(cost) FILTER (WHERE status = 'Unused'), 0)
FROM usage AS u LEFT JOIN reached AS r USING (cloud, currency, service, unit)
GROUP BY ALL ORDER BY ALL
"""
_COULD_BE = "status = 'Used' OR (status IS NULL AND pricing = 'Standard' AND r.service IS NOT NULL)"


def commitments(
    con: duckdb.DuckDBPyConnection, month: datetime, until: datetime | None = None
) -> list[CommitmentUse]:
    """The rates of each cloud and currency in a month (to `until` in it) that has commitments or pays less than the
    public price."""
    during = period(month) & begun_before(until) if until else period(month)
    found = []
    for row in con.execute(_USE.format(period=during.sql, could_be=_COULD_BE), during.values).fetchall():
        one = _use(f"{month:%Y-%m}", *row)
        if one.used or one.unused or (one.effective_savings_rate or 0) > 0:
            found.append(one)
    return found


def _use(
    month: str,
    cloud: str,
    currency: str,
    effective: Decimal,
    listed: Decimal | None,
    unlisted: Decimal,
    covered: Decimal,
    on_demand: Decimal,
    unpriced: Decimal,
    could_be: Decimal,
    used: Decimal,
    unused: Decimal,
) -> CommitmentUse:
    known = listed is not None and listed > 0 and unlisted <= (1 - _PRICED) * abs(effective)
    compared = unpriced <= (1 - _PRICED) * could_be
    return CommitmentUse(
        cloud=cloud,
        currency=currency,
        month=month,
        effective=cents(effective),
        list=cents(listed) if known and listed is not None else None,
        effective_savings_rate=_ratio(listed - effective, listed) if known and listed is not None else None,
        covered=cents(covered) if compared else None,
        on_demand=cents(on_demand) if compared else None,
        coverage=_ratio(covered, covered + on_demand) if compared else None,
        used=cents(used),
        unused=cents(unused),
        utilisation=_ratio(used, used + unused),
    )


def _ratio(part: Decimal, whole: Decimal) -> float | None:
    """To four digits, rounded down: 1 means all of it."""
    return float((part / whole).quantize(Decimal("0.0001"), ROUND_DOWN)) if whole > 0 else None


def expiries(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Expiry]:
    """Commitments that end in the next 120 days, the next first."""
    rows = con.execute(
        "SELECT cloud, account_id, commitment_id, kind, ends_at, auto_renew, currency, hourly_cost FROM commitments "
        "WHERE coalesce(state, 'active') = 'active' AND ends_at >= $at AND ends_at < $until "
        "ORDER BY ends_at, cloud, account_id, commitment_id",
        {"at": at, "until": at + SOON},
    ).fetchall()
    return [
        Expiry(
            cloud=cloud,
            account=account,
            commitment_id=name,
            kind=kind,
            ends_on=ends.date(),
            renews=renews,
            currency=currency,
            monthly_cost=None if hourly is None else cents(hourly * HOURS_PER_MONTH),
        )
        for cloud, account, name, kind, ends, renews, currency, hourly in rows
    ]
