"""Fills the table commitment_options, between the rules about usage and those about rates."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import duckdb

from finops.commitments.held import consume
from finops.commitments.offers import add_held, load_offers
from finops.commitments.options import options
from finops.commitments.second_hand import load_second_hand, second_hand
from finops.commitments.subscriptions import subscriptions
from finops.commitments.usage import load_baselines, open_costs

TABLE = "commitment_options"
_DAILY = (
    "The bill tells the use of machines by the day or month only, and a commitment is sized on hours: load a bill with "
    "hourly charges."
)


def fill(con: duckdb.DuckDBPyConnection, as_of: datetime, accepted: str | None = None) -> None:
    """Writes every commitment that could be bought for what `accepted` leaves into the table commitment_options.

    `accepted` names a table as finops.commitments.usage describes it; without one nothing has been accepted. Reads
    the rollup commitment_usage, prices, commitments and their offers only, so that the same tables always give the same
    options.
    """
    baselines = load_baselines(con, accepted)
    offers = load_offers(con, as_of)
    add_held(con, offers, baselines.values())
    sold = load_second_hand(con, as_of)
    costs = open_costs(con, accepted)
    rows: list[dict[str, object]] = []
    for _, baseline in sorted(baselines.items()):
        consume(baseline)
        rows += options(baseline, offers, costs)
        rows += second_hand(baseline, sold, costs)
    rows += subscriptions(con, offers, accepted)
    rows += _unhourly(con)
    _write(con, rows)


def _unhourly(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, object]]:
    """A row for each payer whose bill tells no hours of its machines."""
    rows = con.execute(_COARSE).fetchall()
    for cloud, payer, currency in rows:
        pool = f"compute/{payer}/{currency}"
        yield {
            "cloud": cloud, "account_id": payer, "region": "global", "resource_id": pool, "level": 3,
            "family_group": "", "payer_group": pool, "covers": "compute of the payer", "currency": currency,
            "problem": _DAILY, "days": 0.0,
        }  # fmt: skip


def _write(con: duckdb.DuckDBPyConnection, rows: Iterable[dict[str, Any]]) -> None:
    """Replaces what the table holds, column by column as it was made."""
    con.execute(f"DELETE FROM temp.{TABLE}")  # noqa: S608
    columns = [(str(name), str(kind)) for name, kind, *_ in con.execute(f"DESCRIBE temp.{TABLE}").fetchall()]
    rows = list(rows)
    if rows:
        arrays = ", ".join(f"unnest(CAST(? AS {kind}[]))" for _, kind in columns)
        values = [[_plain(row.get(name)) for row in rows] for name, _ in columns]
        con.execute(f"INSERT INTO temp.{TABLE} SELECT {arrays}", values)


def _plain(value: Any) -> Any:
    """A value as DuckDB knows it; numbers to twelve digits, so that no float noise decides anything."""
    return float(f"{float(value):.12g}") if isinstance(value, float) else value


# Alibaba's machines are judged one by one where each day's charge is for a machine that ran all of it.
_COARSE = """
SELECT DISTINCT cloud, payer, currency
FROM commitment_usage AS u
WHERE service = 'coarse' AND cost > 0 AND NOT EXISTS (
    SELECT 1 FROM commitment_usage AS h
    WHERE h.cloud = u.cloud AND h.payer = u.payer AND h.service NOT IN ('coarse', 'bill'))
ORDER BY ALL
"""
