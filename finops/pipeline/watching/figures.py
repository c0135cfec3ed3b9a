"""The pipeline's own figures under the same control: rows, calls, seconds, findings, night by night."""

from dataclasses import replace
from datetime import datetime, timedelta

import duckdb
import numpy as np

from finops.control import Limits, episodes, observe
from finops.nightly_settings import AnomalySettings
from finops.pipeline.watching import words
from finops.pipeline.watching.cells import HISTORY, Subject
from finops.pipeline.watching.finding import RECENT, Event

_SHARE = 0.5  # figures vary more than bills do: half as much again, or half of it
_FLOORS = {
    "rows": 50.0,
    "calls": 50.0,
    "seconds": 60.0,
    "findings": 5.0,
    "not_evaluated": 20.0,
    "evaluated": 0.2,
}
_OTHERWISE = 10.0
_LESS_IS_FINE = frozenset({"seconds", "calls", "not_evaluated"})


def events(
    con: duckdb.DuckDBPyConnection, settings: AnomalySettings, at: datetime
) -> tuple[list[Event], set[Subject]]:
    """The figures that left their limits in the last weeks, and all that the newest night measured.

    Money is watched by itself.
    """
    found: list[Event] = []
    measured: set[Subject] = set()
    kinds = con.execute(
        "SELECT DISTINCT figure FROM figures WHERE figure NOT IN ('billed_cost', 'net_savings') ORDER BY 1"
    ).fetchall()
    for (figure,) in kinds:
        limits = Limits(
            settings.sigmas,
            settings.ewma_lambda,
            settings.ewma_limit,
            _FLOORS.get(figure, _OTHERWISE),
            _SHARE,
        )
        outside, now = _of(con, figure, limits, at)
        found += outside
        measured |= now
    return found, measured


def _of(
    con: duckdb.DuckDBPyConnection, figure: str, limits: Limits, at: datetime
) -> tuple[list[Event], set[Subject]]:
    rows = con.execute(
        "SELECT subject, list(day ORDER BY day), list(value ORDER BY day) FROM ("
        "SELECT subject, CAST(measured_at AS DATE) AS day, arg_max(value, measured_at) AS value FROM figures "
        "WHERE figure = $figure AND measured_at >= $since AND measured_at <= $at GROUP BY ALL) "
        "GROUP BY ALL ORDER BY ALL",
        {"figure": figure, "since": at - timedelta(days=HISTORY), "at": at},
    ).fetchall()
    if not rows:
        return [], set()
    start = min(np.datetime64(days[0]) for _, days, _ in rows)
    end = max(np.datetime64(days[-1]) for _, days, _ in rows)
    days = np.arange(start, end + 1)
    values = np.full((len(rows), len(days)), np.nan)  # a night that did not run measured nothing
    for place, (_, when, measured) in enumerate(rows):
        values[place, (np.array(when, dtype="datetime64[D]") - start).astype(np.int64)] = measured
    watched = observe(days, values, limits)
    found = []
    for one in episodes(watched, since=max(len(days) - RECENT, 0)):
        if one.kind == "drop" and figure in _LESS_IS_FINE:
            continue
        subject = _subject(figure, rows[one.series][0])
        newest = days[np.flatnonzero(~np.isnan(values[one.series]))[-1]].astype(object)
        first, last = days[one.first].astype(object), days[one.last].astype(object)
        said = words.anomaly(subject, replace(one), first, last)
        found.append(Event(subject, one, first, last, newest, said))
    return found, {_subject(figure, name) for name, when, _ in rows if np.datetime64(when[-1]) == end}


def _subject(figure: str, of: str) -> Subject:
    return Subject("figure", None, figure=f"{figure} of {of}")
