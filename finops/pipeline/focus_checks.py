"""What a FOCUS export is compared by: sums of the bill and of the files, what was filled, what FOCUS misses."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from finops.pipeline.focus_columns import columns

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")

_PRICED = "ChargeCategory IN ('Usage', 'Purchase') AND ChargeClass IS NULL"
_METERED = f"{_PRICED} AND ChargeCategory = 'Usage' AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused'"
_COMMITTED = "CommitmentDiscountId IS NOT NULL"
# Where FOCUS 1.2 demands a value that no line of focus_export.sql may make up.
_DEMANDED = {
    "CapacityReservationStatus": "CapacityReservationId IS NOT NULL AND ChargeCategory = 'Usage'",
    "CommitmentDiscountCategory": _COMMITTED,
    "CommitmentDiscountQuantity": f"{_COMMITTED} AND {_PRICED}",
    "CommitmentDiscountStatus": f"{_COMMITTED} AND ChargeCategory = 'Usage'",
    "CommitmentDiscountType": _COMMITTED,
    "CommitmentDiscountUnit": "CommitmentDiscountQuantity IS NOT NULL",
    "ConsumedQuantity": _METERED,
    "ContractedUnitPrice": _PRICED,
    "ListUnitPrice": _PRICED,
    "PricingCurrencyEffectiveCost": "true",
    "PricingQuantity": _PRICED,
    "SkuId": _PRICED,
    "SkuPriceId": _PRICED,
}


@dataclass(frozen=True, slots=True)
class CostSums:
    """Rows and costs in one currency: what the bill told, and what the export made where the bill told nothing."""

    rows: int
    told: dict[str, Decimal]
    made: dict[str, Decimal]


Sums = dict[str, CostSums]


def of_bill(con: duckdb.DuckDBPyConnection, where: str) -> dict[str, Sums]:
    """Sums per month and currency of the charges that `where` picks."""
    costs = ", ".join(f"coalesce(sum({name}), 0)" for name in COSTS)
    rows = con.execute(
        f"SELECT strftime(BillingPeriodStart + INTERVAL 12 HOUR, '%Y-%m'), BillingCurrency, count(*), {costs} "  # noqa: S608 - constants
        f"FROM charges WHERE {where} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    sums: dict[str, Sums] = {}
    for month, currency, count, *told in rows:
        none = dict.fromkeys(COSTS, Decimal(0))
        sums.setdefault(month, {})[currency] = CostSums(count, dict(zip(COSTS, told, strict=True)), none)
    return sums


def of_files(con: duckdb.DuckDBPyConnection, files: str) -> Sums:
    """Sums per currency of written files, apart by whether the bill told the cost."""
    told = ", ".join(f"coalesce(sum({name}) FILTER (NOT {_made(name)}), 0)" for name in COSTS)
    made = ", ".join(f"coalesce(sum({name}) FILTER ({_made(name)}), 0)" for name in COSTS)
    rows = con.execute(
        f"SELECT BillingCurrency, count(*), {told}, {made} FROM {files} GROUP BY ALL ORDER BY ALL"  # noqa: S608 - ours
    ).fetchall()
    return {
        currency: CostSums(
            count, dict(zip(COSTS, sums[:4], strict=True)), dict(zip(COSTS, sums[4:], strict=True))
        )
        for currency, count, *sums in rows
    }


def _made(name: str) -> str:
    return f"coalesce(list_contains(string_split(x_Filled, ', '), '{name}'), false)"


def filled(con: duckdb.DuckDBPyConnection, files: str) -> dict[str, int]:
    """In how many rows each column was empty in the bill and filled by its rule."""
    counts: Counter[str] = Counter()
    for names, rows in con.execute(
        f"SELECT x_Filled, count(*) FROM {files} WHERE x_Filled IS NOT NULL GROUP BY ALL"  # noqa: S608 - ours
    ).fetchall():
        counts.update(dict.fromkeys(names.split(", "), rows))
    return dict(sorted(counts.items()))


def gaps(con: duckdb.DuckDBPyConnection, files: str, version: str) -> dict[str, int]:
    """In how many rows a column is empty where FOCUS demands a value."""
    there = {column.name for column in columns() if column.since <= version}
    demanded = {name: when for name, when in _DEMANDED.items() if name in there}
    counts = ", ".join(f"count_if({name} IS NULL AND {when})" for name, when in demanded.items())
    row = con.execute(f"SELECT {counts} FROM {files}").fetchone()  # noqa: S608 - constants
    return {name: int(count) for name, count in zip(demanded, row or (), strict=True) if count}
