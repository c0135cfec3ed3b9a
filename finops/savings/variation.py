"""How costs and spot prices moved from day to day: what the interval of a saving is drawn from."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from finops.savings.actions import Cell
from finops.verdicts import Key, Verdict
from finops.warehouse.derived import WINDOW, derive

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class SpotKey(NamedTuple):
    """One spot price: cloud, region, zone (None where zones share it), type and platform."""

    cloud: str
    region: str
    zone: str | None
    sku: str
    platform: str


@dataclass(slots=True)
class Variation:
    """Costs of cells by the day, counted back from the end of the bill's window, and spot prices by the day."""

    days: dict[Cell, dict[int, float]] = field(default_factory=dict)
    lengths: dict[tuple[str, str], int] = field(default_factory=dict)
    spot: "dict[SpotKey, npt.NDArray[np.float64]]" = field(default_factory=dict)

    def length(self, cell: Cell) -> int:
        """Whole days of the bill's window of the cell's account."""
        return self.lengths.get((cell.key.cloud, cell.key.account_id), 0)

    def series(self, cell: Cell) -> "npt.NDArray[np.float64]":
        """What the cell cost on each day since it first cost anything; a day without a charge is a day at nothing."""
        import numpy as np

        days = self.days[cell]
        first = min(max(days, default=0) + 1, self.length(cell))
        series = np.zeros(max(first, 1))
        for ago, cost in days.items():
            if ago < len(series):
                series[ago] = cost
        return series


def load_variation(con: duckdb.DuckDBPyConnection, verdicts: Iterable[Verdict], as_of: datetime) -> Variation:
    """Reads the days of the resources in the table `wanted`, and of the spot prices that verdicts propose."""
    found = Variation()
    derive(con, "daily_cost", _sql("daily"))
    for cloud, account, resource, component, ago, cost in con.execute("FROM daily_cost").fetchall():
        found.days.setdefault(Cell(Key(cloud, account, resource), component), {})[ago] = cost
    for cloud, account, length in con.execute(_LENGTHS).fetchall():
        found.lengths[(cloud, account)] = int(length)
    _load_spot(con, found, verdicts, as_of)
    return found


def _load_spot(
    con: duckdb.DuckDBPyConnection, found: Variation, verdicts: Iterable[Verdict], as_of: datetime
) -> None:
    import numpy as np

    wanted = sorted(
        {
            (one.key.cloud, one.region, str(one.proposed.get("instance_type")))
            for one in verdicts
            if one.action == "spot"
        }
    )
    if not wanted:
        return
    columns = [list(column) for column in zip(*wanted, strict=True)]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE wanted_spot AS "
        "SELECT unnest(?) AS cloud, unnest(?) AS region, unnest(?) AS sku",
        columns,
    )
    bounds = {"as_of": as_of, "window_start": as_of - WINDOW}
    derive(con, "spot_days", _sql("spot_days"), bounds)
    prices: dict[tuple[SpotKey, str], list[float]] = defaultdict(list)
    order = "ORDER BY cloud, region, zone, sku, platform, currency, days_ago DESC"
    for *key, currency, price in con.execute(
        f"SELECT cloud, region, zone, sku, platform, currency, price FROM spot_days {order}"  # noqa: S608
    ).fetchall():
        prices[(SpotKey(*key), currency)].append(price)
    # Of several currencies the longest history tells how the price moves: two are no series together.
    for (spot, _), series in sorted(prices.items(), key=lambda item: (len(item[1]), item[0][1])):
        found.spot[spot] = np.array(series)


def _sql(name: str) -> str:
    return files("finops").joinpath("savings", f"{name}.sql").read_text(encoding="utf-8")


_LENGTHS = """
SELECT cloud, account_id, floor(min(days_between(window_start, window_end)) + 1e-9)
FROM cost
WHERE basis <> 'total'
GROUP BY cloud, account_id
ORDER BY ALL
"""
