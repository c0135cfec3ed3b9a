"""The tables that a sink of Logging fills with flow logs: one cut by `timestamp`, or one for each day (UTC).

Their columns are those that entries have: what none has is no column, as in BigQuery.
"""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from tests.servers.gcp.state import WORLD, Item

NAME = "compute_googleapis_com_vpc_flows"


def flow_tables() -> dict[str, list[Item]]:
    """The entries of each table, by its name; none while the sink has written nothing."""
    found: dict[str, list[Item]] = {}
    for entry in WORLD.flows:
        day = entry["timestamp"][:10].replace("-", "")
        found.setdefault(f"{NAME}_{day}" if WORLD.flows_by_day else NAME, []).append(entry)
    return found


def create(cursor: duckdb.DuckDBPyConnection) -> None:
    """Makes them."""
    for name, entries in flow_tables().items():
        told = pa.Table.from_pylist([{**each, "timestamp": instant(each)} for each in entries])
        cursor.register("entries", told)
        cursor.execute(f'CREATE TABLE "{name}" AS SELECT * FROM entries')
        cursor.unregister("entries")


def instant(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["timestamp"].removesuffix("Z"))


def cut_of(name: str) -> str:
    """The column that one is cut by."""
    return "timestamp" if name == NAME else ""
