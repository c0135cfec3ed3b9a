"""The step `detect` of a night, and what a report tells of it."""

from datetime import datetime, timedelta

import duckdb

from finops.config import Settings
from finops.night_model import Anomaly
from finops.pipeline.watching import figures, finding, keeping
from finops.pipeline.watching.cells import drop_cells, make_cells
from finops.warehouse import Writer

_TOLD = 28  # days that a report goes on telling of what is over
_ORDER = {"open": 0, "over": 1, "accepted": 2, "expected": 3}


def watch(writer: Writer, settings: Settings, *, at: datetime) -> list[Anomaly]:
    """Looks for new anomalies, keeps them, and returns those that nobody was told of yet."""
    asked, con = settings.anomalies, writer.con
    if not asked.enabled:
        return []
    quiet = keeping.announced(con)
    make_cells(con, at, asked.team_tag)
    con.begin()
    try:
        cuts = keeping.cuts(keeping.rows(con), keeping.acceptances(con), at)
        seen = finding.see(con, asked, quiet, cuts)
        told = finding.events(con, seen, asked.explains)
        new = keeping.keep(con, writer.run_id, at, told, judged=set(seen.table.subjects), quiet=quiet)
        new += keeping.returned(con, at, seen, finding.limits_of(asked))
        outside, measured = figures.events(con, asked, at)
        new += keeping.keep(con, writer.run_id, at, outside, judged=measured, figures=True)
        con.commit()
    except BaseException:
        con.rollback()
        raise
    drop_cells(con)
    return sorted(new, key=_weight)


def anomalies_told(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Anomaly]:
    """Anomalies that a report shows: open ones and those of the last weeks."""
    found = keeping.rows(
        con, "state = 'open' OR (state <> 'expected' AND last_day >= ?)", at - timedelta(days=_TOLD)
    )
    return sorted((row.told() for row in found), key=_weight)


def _weight(one: Anomaly) -> tuple[int, bool, float, str]:
    """Open ones first, costs before figures, the largest first."""
    return _ORDER[one.state], one.level == "figure", -abs(one.actual - one.expected), one.id
