"""Whether another source holds the same bill: by rows that are alike, by charges that are, or in another format.

Runs inside the transaction of one file, whose sums are in `control` and whose rows are in `charges`.
"""

from dataclasses import dataclass, replace

import duckdb

from collectors.bills.partitions import PARTITIONS_IN_CONTROL, TOTALS

# Which charge a row is, in every version of FOCUS and before and after a restatement: no column that a newer
# export adds, that is filled in when the invoice is issued, or that people edit (names, tags).
_IDENTITY = (
    "BillingAccountId, SubAccountId, BillingPeriodStart, BillingCurrency, ChargePeriodStart, ChargePeriodEnd, "
    "ChargeCategory, ChargeClass, ChargeDescription, ServiceName, ResourceId, SkuPriceId, RegionId, "
    "PricingQuantity, ConsumedQuantity, BilledCost, ListCost"
)
# What a charge is for, whatever it costs: a bill that is restated at other prices has these in common.
_PURPOSE = (
    "SubAccountId, BillingCurrency, ChargePeriodStart, ChargePeriodEnd, ChargeCategory, ServiceName, ResourceId, "
    "coalesce(x_UsageType, SkuMeter, SkuId, ChargeDescription), x_Operation, RegionId, CommitmentDiscountStatus"
)
_PARTITION = "x_Cloud, BillingAccountId, BillingPeriodStart"
# Bills have no key: two parts of one bill may hold charges that are alike by chance. The same bill delivered
# again has nearly all of its rows in common, so one in a hundred is taken as proof.
SHARE_OF_SAME_BILL = 0.01
# The format without its version: focus-1.2 and focus-1.0 hold the same rows, gcp-standard and gcp-detailed do not.
_FAMILY = "regexp_replace({}, '-[0-9.]+$', '')"
# Parts of a bill share no charge of a resource and an hour but by chance; the same bill at other prices shares most.
SHARE_OF_RESTATED_BILL = 0.5
_ROWS_TO_TELL = 20
_PURPOSES_TO_COMPARE = 200_000
# Beyond, one row in so many is compared, chosen by its content, so on both sides alike.
_ROWS_TO_COMPARE = 5_000_000


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another source that holds the same partitions, and how many of its rows with a cost are in the new one too.

    A source in another format holds the same bill whatever its rows look like: nobody delivers a bill half in one
    format and half in another.
    """

    source: str
    identical: int
    same_bill: bool
    other_format: bool = False
    restated: int = 0

    @property
    def why(self) -> str:
        """What shows that it is the same bill."""
        if self.other_format:
            return "both hold the same account and billing period in different formats"
        if self.restated:
            return f"both hold charges for the same resources and times, {self.restated:,} of them at other costs"
        return f"both hold {self.identical:,} identical rows"


def overlaps(con: duckdb.DuckDBPyConnection, source: str, format: str, delivery: str = "") -> list[Overlap]:
    """The other sources with partitions of this one, with the identical rows of each.

    Files of the same delivery are parts of one bill, however much their rows are alike.
    """
    others = con.execute(
        f"""
        SELECT source, bool_or({_FAMILY.format("format")} <> {_FAMILY.format("$format")}) FROM bill_partitions
        WHERE source <> $source AND NOT ($delivery <> '' AND starts_with(source, $delivery))
          AND format <> $totals AND rows > 0 AND {PARTITIONS_IN_CONTROL}
        GROUP BY ALL ORDER BY ALL
        """,  # noqa: S608
        {"source": source, "format": format, "delivery": delivery, "totals": TOTALS},
    ).fetchall()
    foreign = [Overlap(str(name), 0, True, True) for name, other_format in others if other_format]
    names = [str(name) for name, other_format in others if not other_format]
    if not names:
        return foreign
    found = _compare(con, source, names)
    judged = [_judged(name, [(same, rows) for other, same, rows in found if other == name]) for name in names]
    doubtful = [one.source for one in judged if not one.same_bill]
    restated = _restated(con, source, doubtful) if doubtful else {}
    return foreign + [
        replace(one, same_bill=True, restated=restated[one.source]) if one.source in restated else one
        for one in judged
    ]


def _restated(con: duckdb.DuckDBPyConnection, source: str, others: list[str]) -> dict[str, int]:
    """The other sources that hold the same charges at other costs, with how many; told from different ones only."""
    every = _sampling(con, others, _PURPOSES_TO_COMPARE)
    chosen = f"ResourceId IS NOT NULL AND hash(ResourceId, ChargePeriodStart) % {every} = 0"
    rows = con.execute(
        f"""
        WITH arrived AS (
            SELECT DISTINCT {_PARTITION}, hash({_PURPOSE}) AS purpose
            FROM charges WHERE x_Source = $1 AND {chosen}
        ), sizes AS (
            SELECT {_PARTITION}, count(*) AS rows FROM arrived GROUP BY ALL
        ), held AS (
            SELECT DISTINCT x_Source, {_PARTITION}, hash({_PURPOSE}) AS purpose
            FROM charges WHERE list_contains($2, x_Source) AND {chosen}
        )
        SELECT x_Source, count(arrived.purpose) AS same
        FROM held JOIN sizes USING ({_PARTITION}) LEFT JOIN arrived USING ({_PARTITION}, purpose)
        GROUP BY x_Source, {_PARTITION}
        HAVING least(count(*), any_value(sizes.rows)) >= {_ROWS_TO_TELL}
           AND same >= least(count(*), any_value(sizes.rows)) * {SHARE_OF_RESTATED_BILL}
        """,  # noqa: S608
        [source, others],
    ).fetchall()
    return {str(other): int(same) * every for other, same in rows}


def _judged(source: str, partitions: list[tuple[int, int]]) -> Overlap:
    identical = sum(same for same, _ in partitions)
    return Overlap(
        source, identical, any(same > 0 and same >= rows * SHARE_OF_SAME_BILL for same, rows in partitions)
    )


def _compare(con: duckdb.DuckDBPyConnection, source: str, others: list[str]) -> list[tuple[str, int, int]]:
    """Per other source and partition: its rows that are in the new one too, of how many in the smaller of both."""
    every = _sampling(con, others, _ROWS_TO_COMPARE)
    costly = f"(BilledCost <> 0 OR EffectiveCost <> 0) AND hash(BilledCost, ChargePeriodStart) % {every} = 0"
    rows = con.execute(
        f"""
        WITH arrived AS (
            SELECT {_PARTITION}, hash({_IDENTITY}) AS identity, count(*) AS rows
            FROM charges WHERE x_Source = $1 AND {costly} GROUP BY ALL
        ), sizes AS (
            SELECT {_PARTITION}, sum(rows) AS rows FROM arrived GROUP BY ALL
        ), held AS (
            SELECT x_Source, {_PARTITION}, hash({_IDENTITY}) AS identity
            FROM charges WHERE list_contains($2, x_Source) AND {costly}
        )
        SELECT x_Source, count(arrived.identity), least(count(*), any_value(sizes.rows))
        FROM held JOIN sizes USING ({_PARTITION}) LEFT JOIN arrived USING ({_PARTITION}, identity)
        GROUP BY x_Source, {_PARTITION}
        """,  # noqa: S608
        [source, others],
    ).fetchall()
    return [(str(other), int(same) * every, int(compared) * every) for other, same, compared in rows]


def _sampling(con: duckdb.DuckDBPyConnection, others: list[str], most: int) -> int:
    row = con.execute(
        "SELECT sum(rows) FROM (SELECT rows FROM control UNION ALL "
        "SELECT rows FROM bill_partitions WHERE list_contains(?, source))",
        [others],
    ).fetchone()
    return int(row[0] if row else 0) // most + 1
