"""What the warehouse holds of which file: the same again, a new content of it, totals that give way, coverage.

A partition is what one source holds of (provider's cloud, BillingAccountId, BillingPeriodStart). All of this
runs inside the transaction of one file, whose sums are in `control`.
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

_MONTH = "x_Cloud, x_AccountId, BillingPeriodStart"
# Totals per account, service and day. They tell less than any bill and give way to one of the same account and month.
TOTALS = "cost-explorer"
_NAMED = 4  # accounts and months that a sentence names
_IN_CONTROL = (
    "(cloud_of({provider}), {account}, {period}) IN "
    "(SELECT DISTINCT (cloud_of(ProviderName), BillingAccountId, BillingPeriodStart) FROM control)"
)
_CHARGES_IN_CONTROL = _IN_CONTROL.format(
    provider="ProviderName", account="BillingAccountId", period="BillingPeriodStart"
)
PARTITIONS_IN_CONTROL = _IN_CONTROL.format(
    provider="provider", account="billing_account_id", period="billing_period_start"
)


def holder_of(con: duckdb.DuckDBPyConnection, fingerprint: str) -> str | None:
    """The source this content was loaded from, unless that source has had another content since."""
    row = con.execute(
        "SELECT source FROM bill_partitions AS p WHERE fingerprint = $1 AND NOT EXISTS "
        "(FROM bill_partitions AS l WHERE l.source = p.source AND l.fingerprint <> $1 AND l.loaded_at > p.loaded_at) "
        "ORDER BY source LIMIT 1",
        [fingerprint],
    ).fetchone()
    return str(row[0]) if row else None


def make_room(con: duckdb.DuckDBPyConnection, source: str) -> tuple[bool, list[datetime]]:
    """Removes the earlier content of `source` for the billing periods that it brings again.

    Returns whether there was any, and the periods that are kept because the new content is silent on them: a
    file that each month overwrites must not take the last month with it.
    """
    before = con.execute(
        "SELECT DISTINCT billing_period_start, billing_period_start IN (SELECT BillingPeriodStart FROM control) "
        "FROM bill_partitions WHERE source = ? AND rows > 0 ORDER BY ALL",  # 0: pruned since
        [source],
    ).fetchall()
    periods = "(SELECT BillingPeriodStart FROM control)"
    _touch(con, f"x_Source = ? AND BillingPeriodStart IN {periods}", [source])
    con.execute(f"DELETE FROM charges WHERE x_Source = ? AND BillingPeriodStart IN {periods}", [source])  # noqa: S608
    con.execute(
        f"DELETE FROM bill_partitions WHERE source = ? AND billing_period_start IN {periods}",  # noqa: S608
        [source],
    )
    con.execute("DELETE FROM rejected_rows WHERE source = ?", [source])
    return any(again for _, again in before), [period for period, again in before if not again]


def drop(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Removes everything of a source."""
    _touch(con, "x_Source = ?", [source])
    con.execute("DELETE FROM charges WHERE x_Source = ?", [source])
    for table, column in (
        ("bill_partitions", "source"),
        ("rejected_rows", "source"),
        ("data_tests", "subject"),
    ):
        con.execute(f"DELETE FROM {table} WHERE {column} = ?", [source])  # noqa: S608


def displace(con: duckdb.DuckDBPyConnection, other: str) -> None:
    """Removes from another source the partitions that the new one brings."""
    _touch(con, f"x_Source = ? AND {_CHARGES_IN_CONTROL}", [other])
    con.execute(f"DELETE FROM charges WHERE x_Source = ? AND {_CHARGES_IN_CONTROL}", [other])  # noqa: S608
    con.execute(f"DELETE FROM bill_partitions WHERE source = ? AND {PARTITIONS_IN_CONTROL}", [other])  # noqa: S608
    con.execute(
        "DELETE FROM rejected_rows WHERE source = $1 AND $1 NOT IN (SELECT source FROM bill_partitions)",
        [other],
    )
    con.execute(
        "DELETE FROM data_tests WHERE subject = $1 AND $1 NOT IN (SELECT source FROM bill_partitions)",
        [other],
    )


# --- totals -----------------------------------------------------------------------------------------------


def clear_months(con: duckdb.DuckDBPyConnection, source: str, months: Sequence[datetime]) -> None:
    """Removes what a source has brought for these billing periods."""
    which = "{} = $1 AND list_contains(CAST($2 AS TIMESTAMP[]), {})"
    charges = which.format("x_Source", "BillingPeriodStart")
    _touch(con, charges, [source, list(months)])
    con.execute(f"DELETE FROM charges WHERE {charges}", [source, list(months)])  # noqa: S608
    con.execute(
        f"DELETE FROM bill_partitions WHERE {which.format('source', 'billing_period_start')}",  # noqa: S608
        [source, list(months)],
    )


def leave_out_billed(con: duckdb.DuckDBPyConnection, arriving: str) -> list[tuple[str, datetime]]:
    """Removes from the table of arriving totals every account and month that a bill has; returns which."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE billed AS
        SELECT DISTINCT x_Cloud, x_AccountId, BillingPeriodStart FROM charges
        WHERE BillingPeriodStart IN (SELECT BillingPeriodStart FROM {arriving})
          AND x_Source NOT IN (SELECT source FROM bill_partitions WHERE format = $totals)
        """,  # noqa: S608
        {"totals": TOTALS},
    )
    rows = con.execute(
        f"DELETE FROM {arriving} WHERE ({_MONTH}) IN (SELECT ({_MONTH}) FROM billed) "  # noqa: S608
        "RETURNING x_AccountId, BillingPeriodStart"
    ).fetchall()
    return sorted(set(rows))


def give_way(con: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, datetime]]:
    """Removes the totals of other sources for every account and month that `source` has; returns which."""
    others = con.execute(
        "SELECT DISTINCT source FROM bill_partitions WHERE format = ? AND source <> ?", [TOTALS, source]
    ).fetchall()
    if not others:
        return []
    names = [str(name) for (name,) in others]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE giving_way AS
        SELECT DISTINCT {_MONTH} FROM charges WHERE list_contains($names, x_Source)
        INTERSECT SELECT DISTINCT {_MONTH} FROM charges WHERE x_Source = $source
        """,  # noqa: S608
        {"names": names, "source": source},
    )
    which = f"list_contains(?, x_Source) AND ({_MONTH}) IN (SELECT ({_MONTH}) FROM giving_way)"  # noqa: S608
    _touch(con, which, [names])
    con.execute(f"DELETE FROM charges WHERE {which}", [names])  # noqa: S608
    _count_again(con, names)
    rows = con.execute("SELECT x_AccountId, BillingPeriodStart FROM giving_way ORDER BY ALL").fetchall()
    return [(str(account), month) for account, month in rows]


def in_words(months: Sequence[tuple[str, datetime]]) -> str:
    """Accounts and months in a few words, however many there are."""
    first = ", ".join(f"{account} {month:%Y-%m}" for account, month in months[:_NAMED])
    more = len(months) - _NAMED
    return f"{first} and {more:,} more" if more > 0 else first


def _count_again(con: duckdb.DuckDBPyConnection, sources: list[str]) -> None:
    """Brings the partitions of totals in line with the charges that are left of them."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE left_over AS
        SELECT x_Source, BillingPeriodStart, count(*) AS rows, sum(BilledCost) AS billed,
            sum(EffectiveCost) AS effective
        FROM charges WHERE list_contains(?, x_Source) GROUP BY ALL
        """,
        [sources],
    )
    con.execute(
        "DELETE FROM bill_partitions WHERE list_contains(?, source) "
        "AND (source, billing_period_start) NOT IN (SELECT (x_Source, BillingPeriodStart) FROM left_over)",
        [sources],
    )
    con.execute(
        "UPDATE bill_partitions SET rows = l.rows, billed_cost = l.billed, effective_cost = l.effective "
        "FROM left_over AS l WHERE source = l.x_Source AND billing_period_start = l.BillingPeriodStart"
    )


def record(
    con: duckdb.DuckDBPyConnection, *, source: str, format: str, fingerprint: str, at: datetime, run_id: str
) -> None:
    """Writes one row per partition of a source from `control`."""
    con.execute(
        "INSERT INTO bill_partitions "
        "SELECT $source, $format, ProviderName, BillingAccountId, BillingPeriodStart, $fingerprint, "
        "if(count(DISTINCT BillingCurrency) = 1, any_value(BillingCurrency), NULL), sum(rows), sum(billed), "
        "sum(effective), sum(list), $at, $run_id FROM control GROUP BY ALL",
        {"source": source, "format": format, "fingerprint": fingerprint, "at": at, "run_id": run_id},
    )


# --- coverage ---------------------------------------------------------------------------------------------


def forget_touched(con: duckdb.DuckDBPyConnection) -> None:
    """Begins the list of the partitions and accounts to tell anew, with the span of the charges that changed."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched (source VARCHAR, cloud VARCHAR, billing_account_id VARCHAR, "
        "billing_period_start TIMESTAMP, account_id VARCHAR, first TIMESTAMP, last TIMESTAMP)"
    )


def _touch(con: duckdb.DuckDBPyConnection, where: str, values: list[object]) -> list[str]:
    """Notes the charges that change; returns whose they are."""
    rows = con.execute(
        "INSERT INTO touched SELECT x_Source, x_Cloud, BillingAccountId, BillingPeriodStart, x_AccountId, "  # noqa: S608
        f"min(ChargePeriodStart), max(ChargePeriodStart) FROM charges WHERE {where} GROUP BY ALL "
        "RETURNING account_id",
        values,
    ).fetchall()
    return sorted({str(account) for (account,) in rows})


def accounts_of(con: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """The accounts that have charges of a source; they count as touched."""
    return _touch(con, "x_Source = ?", [source])


def cover_account(
    con: duckdb.DuckDBPyConnection, cloud: str, account: str, *, at: datetime, run_id: str
) -> None:
    """Tells the coverage of one account anew, where it has charges."""
    forget_touched(con)
    _touch(con, "x_Cloud = ? AND x_AccountId = ?", [cloud, account])
    cover(con, at=at, run_id=run_id)


def cover(con: duckdb.DuckDBPyConnection, *, at: datetime, run_id: str) -> None:
    """Tells the coverage of every account that gained or lost charges since forget_touched().

    The instant of the data is the end of the latest metered usage (hours and days), never later than `at`:
    fees, taxes and credits are dated to the end of the month or of a commitment before it has come. An account
    is partial while any of its sources has rows that could not be loaded.
    """
    con.execute(
        "DELETE FROM coverage WHERE dataset = 'charges' "
        "AND (cloud, account_id) IN (SELECT (cloud, account_id) FROM touched)"
    )
    con.execute(
        """
        INSERT INTO coverage
        WITH held AS (
            SELECT x_Cloud, x_AccountId, x_Source, count(*) AS rows, max(ChargePeriodEnd) AS latest,
                   max(ChargePeriodEnd) FILTER (ChargeCategory = 'Usage') AS used,
                   max(ChargePeriodEnd) FILTER (ChargeCategory = 'Usage'
                       AND ChargePeriodEnd - ChargePeriodStart <= INTERVAL 25 HOUR) AS metered
            FROM charges
            WHERE (x_Cloud, x_AccountId) IN (SELECT DISTINCT (cloud, account_id) FROM touched)
            GROUP BY ALL
        ), rejected AS (
            SELECT source, count(*) AS rows FROM rejected_rows GROUP BY ALL
        )
        SELECT x_Cloud, x_AccountId, 'global', 'charges',
               if(count(rejected.rows) > 0, 'partial', 'complete'),
               if(count(rejected.rows) > 0,
                  sum(rejected.rows) || ' rows of its bills could not be read; see rejected_rows.', NULL),
               sum(held.rows), 0, least(coalesce(max(metered), max(used), max(latest)), $at), $at, $run_id
        FROM held LEFT JOIN rejected ON rejected.source = held.x_Source
        GROUP BY ALL
        """,
        {"at": at, "run_id": run_id},
    )
