"""Hourly usage after the accepted actions: what is still paid on demand, and what held commitments no longer cover.

`accepted` is a temporary table of what netting decided: cloud, account_id, resource_id, component, remaining (the
share of that cost that is left; cells without a row remain whole), and, where they are there, action (several with
commas) and instance_type (what the machine becomes). What runs as spot from then on needs no commitment, and of what is
scheduled nobody knows yet in which hours it runs: both leave the baseline.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from finops.commitments.instruments import Series
from finops.commitments.sizing import HOURS_A_DAY, Floats

Payer = tuple[str, str]  # cloud, payer
COMPONENT = "compute"  # the charge component that commitments cover
_ROUND = 9  # digits, so that what floats add to sums of stretches does not look like usage


@dataclass(slots=True)
class Hours:
    """What each hour of the axis has: amount used, cost, and cost at public prices."""

    quantity: Floats
    cost: Floats
    list_cost: Floats


class Held(NamedTuple):
    """A commitment that the bill has, by its id, and the kind it says it is."""

    commitment_id: str
    commitment_type: str


@dataclass(slots=True)
class Baseline:
    """The usage of one payer on one axis of hours.

    `open` is paid on demand; `covered` and `freed` are what held commitments cover before the actions, and what of
    it the actions free.
    """

    payer: Payer
    first_hour: int
    known: npt.NDArray[np.bool_]
    open: dict[Series, Hours] = field(default_factory=dict)
    covered: dict[tuple[Held, Series], Hours] = field(default_factory=dict)
    freed: dict[tuple[Held, Series], Hours] = field(default_factory=dict)

    @property
    def hours(self) -> int:
        """How many hours the bill tells about."""
        return int(self.known.sum())

    @property
    def days(self) -> float:
        return self.hours / HOURS_A_DAY


def load_baselines(
    con: duckdb.DuckDBPyConnection, accepted: str | None = None, *, last_hours: int | None = None
) -> dict[Payer, Baseline]:
    """The baselines of all payers whose bills have hourly charges, from the rollup commitment_usage.

    `accepted` names the table of accepted actions; without one nothing has been accepted. `last_hours`: of so many
    hours at the end only.
    """
    baselines = _axes(con)
    for baseline in baselines.values():
        if last_hours is not None and baseline.hours > last_hours:
            baseline.known[: np.flatnonzero(baseline.known)[-last_hours]] = False
    changes: dict[tuple[Payer, str, Held, Series], list[tuple[int, float, float, float]]] = defaultdict(list)
    for role, commitment, kind, *rest in con.execute(_changes(con, accepted)).fetchall():
        series, hour, figures = Series(*rest[:8]), int(rest[8]), rest[9:]
        changes[((series.cloud, series.payer), role, Held(commitment, kind), series)].append((hour, *figures))
    for (payer, role, held, series), steps in changes.items():
        if payer in baselines:
            baseline = baselines[payer]
            hours = _along(baseline, steps)
            if role == "open":
                baseline.open[series] = hours
            else:
                {"covered": baseline.covered, "freed": baseline.freed}[role][(held, series)] = hours
    return baselines


def open_costs(con: duckdb.DuckDBPyConnection, accepted: str | None = None) -> dict[Series, dict[str, float]]:
    """What each account paid on demand of each series in the window, after the accepted actions."""
    rows = con.execute(
        f"SELECT {_SERIES}, user_account, sum(hours * cost) FROM ({_left(con, accepted)}) "  # noqa: S608
        "WHERE role = 'open' AND cost > 0 GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    costs: dict[Series, dict[str, float]] = defaultdict(dict)
    for *series, account, cost in rows:
        costs[Series(*series)][account] = float(cost)
    return costs


def epoch_hour(at: datetime) -> int:
    """Hours since 1970, UTC."""
    return int((at - datetime(1970, 1, 1)).total_seconds() // 3600)  # noqa: DTZ001 - naive UTC throughout


def _axes(con: duckdb.DuckDBPyConnection) -> dict[Payer, Baseline]:
    """An axis per payer from its first to its last hour; a gap of a whole day was not loaded, a shorter one is idle."""
    rows = con.execute(
        "SELECT cloud, payer, hour_from, hours FROM commitment_usage WHERE service = 'bill' ORDER BY ALL"
    ).fetchall()
    stretches: dict[Payer, list[tuple[int, int]]] = defaultdict(list)
    for cloud, payer, start, hours in rows:
        stretches[(cloud, payer)].append((epoch_hour(start), epoch_hour(start) + int(hours)))
    axes = {}
    for payer, known in stretches.items():
        first = known[0][0]
        mask = np.zeros(max(end for _, end in known) - first, dtype=np.bool_)
        end_before = first
        for start, end in known:
            begin = end_before if start - end_before < HOURS_A_DAY else start
            mask[begin - first : end - first] = True
            end_before = end
        axes[payer] = Baseline(payer, first, mask)
    return axes


def _along(baseline: Baseline, steps: Iterable[tuple[int, float, float, float]]) -> Hours:
    """Arrays over the known hours, from the changes at single ones."""
    size = len(baseline.known)
    figures = np.zeros((3, size + 1))
    for hour, *changes in steps:
        place = min(max(hour - baseline.first_hour, 0), size)
        figures[:, place] += changes
    sums = np.maximum(np.round(np.cumsum(figures, axis=1)[:, :size], _ROUND), 0)[:, baseline.known]
    return Hours(*sums)


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """The columns of a table."""
    return {str(row[0]).lower() for row in con.execute(f"DESCRIBE {table}").fetchall()}


def _left(con: duckdb.DuckDBPyConnection, accepted: str | None) -> str:
    """Stretches as the actions leave them, in the roles open, covered and freed."""
    there: set[str] = columns_of(con, accepted) if accepted else set()
    told: Mapping[str, str] = {
        name: f"a.{name}" if name in there else "NULL" for name in ("remaining", "action", "instance_type")
    }
    join = (
        f"LEFT JOIN {accepted} AS a ON a.cloud = u.cloud AND a.account_id = u.account_id "
        f"AND a.resource_id = u.resource_id AND a.component = '{COMPONENT}'"
        if accepted
        else ""
    )
    return _text().format(**told, join=join)


@cache
def _text() -> str:
    return files("finops.commitments").joinpath("left.sql").read_text(encoding="utf-8")


def _changes(con: duckdb.DuckDBPyConnection, accepted: str | None) -> str:
    """What changes at which hour, summed over resources."""
    return (
        f"WITH stretches AS ({_left(con, accepted)}) SELECT role, commitment_id, commitment_type, {_SERIES}, hour, "  # noqa: S608
        "CAST(sum(quantity) AS DOUBLE), CAST(sum(cost) AS DOUBLE), CAST(sum(list_cost) AS DOUBLE) FROM ("
        "SELECT *, epoch(hour_from) // 3600 AS hour FROM stretches UNION ALL BY NAME "
        "SELECT * REPLACE (-quantity AS quantity, -cost AS cost, -list_cost AS list_cost), "
        "epoch(hour_from) // 3600 + hours AS hour FROM stretches) GROUP BY ALL ORDER BY ALL"
    )


_SERIES = "cloud, payer, account_id, region, service, sku, platform, currency"
