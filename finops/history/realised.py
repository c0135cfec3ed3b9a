"""Measures what was done on an open warehouse: its rollup (realised.sql), then the arithmetic (measuring.py)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from typing import Any

import duckdb

from finops import meters
from finops.history.episodes import Done, Episode, acted_upon, by_name, group, load_done
from finops.history.measuring import Bounds, Control, Measured, Part, measure
from finops.history.observing import Observed


def realise(con: duckdb.DuckDBPyConnection, at: datetime, observed: Observed) -> list[dict[str, Any]]:
    """Measures everything that was done in the last months, as of `at`, on an open warehouse.

    Returns rows of the table realised_savings, one per finding that was done.
    """
    done = load_done(con, at, observed)
    episodes = group(done)
    if not episodes:
        return []
    _stage(con, episodes, acted_upon(con, done), at)
    con.execute(meters.DAYS_BETWEEN + meters.macros())
    con.execute(files("finops").joinpath("history", "realised.sql").read_text(encoding="utf-8"))
    bounds, parts = _bounds(con), _parts(con, by_name(episodes))
    for kind, name in _made(con):  # nothing of it belongs to what an audit is made from
        con.execute(f"DROP {kind} temp.{name}")
    rows: list[dict[str, Any]] = []
    for one in sorted(episodes, key=lambda one: one.name):
        window = bounds[one.name]
        rows += _rows(one, window, measure(one, window, parts[one.name]), at)
    return rows


def _made(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The temporary tables and views that measuring left behind."""
    return con.execute(
        "SELECT 'VIEW', view_name FROM duckdb_views() WHERE temporary AND view_name LIKE 'realised_%' "
        "UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables() WHERE temporary "
        "AND (table_name LIKE 'realised_%' OR table_name IN ('episodes', 'episode_cells', 'episode_more', 'acted'))"
    ).fetchall()


def _stage(
    con: duckdb.DuckDBPyConnection,
    episodes: Sequence[Episode],
    acted: Iterable[tuple[str, str, str]],
    at: datetime,
) -> None:
    tables: Mapping[str, tuple[str, list[tuple[Any, ...]]]] = {
        "episodes": (
            "episode VARCHAR, cloud VARCHAR, account_id VARCHAR, before_from TIMESTAMP, before_end TIMESTAMP, "
            "after_start TIMESTAMP, after_until TIMESTAMP, as_of TIMESTAMP",
            [(*_window(one), at) for one in episodes],
        ),
        "episode_cells": (
            "episode VARCHAR, resource_id VARCHAR, component VARCHAR",
            [(one.name, *cell) for one in episodes for cell in sorted(one.cells)],
        ),
        "episode_more": (
            "episode VARCHAR, resource_id VARCHAR",
            [(one.name, name) for one in episodes for name in sorted(one.instead)],
        ),
        "acted": ("cloud VARCHAR, account_id VARCHAR, resource_id VARCHAR", sorted(acted)),
    }
    for name, (columns, rows) in tables.items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
        if rows:
            values = [list(column) for column in zip(*rows, strict=True)]
            con.execute(f"INSERT INTO {name} SELECT {', '.join(['unnest(?)'] * len(values))}", values)


def _window(one: Episode) -> tuple[Any, ...]:
    first = one.members[0]
    return (
        one.name,
        first.cloud,
        first.account,
        one.before_from,
        one.before_end,
        one.after_start,
        one.after_until,
    )


def _bounds(con: duckdb.DuckDBPyConnection) -> dict[str, Bounds]:
    rows = con.execute(
        "SELECT episode, before_from, before_end, after_start, after_end, before_days, after_days FROM realised_bounds"
    ).fetchall()
    return {name: Bounds(*bounds) for name, *bounds in rows}


def _parts(con: duckdb.DuckDBPyConnection, episodes: Mapping[str, Episode]) -> dict[str, list[Part]]:
    controls: dict[int, list[Control]] = defaultdict(list)
    for comparison, *of in con.execute(
        "SELECT comparison, same_account, family, before, after FROM realised_controls "
        "ORDER BY comparison, account_id, resource_id"
    ).fetchall():
        controls[comparison].append(Control(*of))
    parts: dict[str, list[Part]] = {name: [] for name in episodes}
    for name, comparison, *of in con.execute(
        "SELECT c.episode, k.comparison, c.resource_id, c.component, c.currency, c.before, c.after, "
        "coalesce(c.committed, 0), c.listed, c.instead "
        "FROM realised_cells AS c JOIN realised_bounds AS b USING (episode) "
        "LEFT JOIN realised_comparisons AS k ON k.cloud = b.cloud AND k.account_id = b.account_id "
        "AND k.region = c.region AND k.component = c.component AND k.currency = c.currency "
        "AND k.before_from = b.before_from AND k.before_end = b.before_end AND k.after_start = b.after_start "
        "AND k.after_until = b.after_until ORDER BY ALL"
    ).fetchall():
        parts[name].append(replace(Part(*of), controls=controls.get(comparison, ())))
    return parts


def _rows(one: Episode, window: Bounds, found: Measured, at: datetime) -> list[dict[str, Any]]:
    """The first finding carries the amounts; the others say with which one they are counted."""
    estimate, low, high = one.estimate
    main = {
        **_row(one.members[0], window, at),
        "state": found.state,
        "currency": found.currency or one.members[0].currency,
        "estimate": estimate,
        "estimate_low": low,
        "estimate_high": high,
        "realised": found.realised,
        "realised_low": found.low,
        "realised_high": found.high,
        "cost_before": found.before,
        "cost_expected": found.expected,
        "cost_after": found.after,
        "controls": found.controls,
        "control_factor": found.factor,
        "note": found.note,
    }
    shared = dict.fromkeys(main)
    return [
        main,
        *(
            {
                **shared,
                **_row(other, window, at),
                "state": "shared",
                "counted_with": one.name,
                "currency": main["currency"],
                "controls": 0,
                "note": f"It changed the same cost as finding {one.name}, and is counted there.",
            }
            for other in one.members[1:]
        ),
    ]


def _row(one: Done, window: Bounds, at: datetime) -> dict[str, Any]:
    return {
        "finding_id": one.id,
        "resource_id": one.resource_id,
        "action": one.action,
        "resolution": one.resolution,
        "resolved_at": one.resolved_at,
        "counted_with": None,
        "before_start": window.before_from,
        "before_end": window.before_end,
        "after_start": window.after_start,
        "after_end": window.after_end,
        "before_days": window.before_days,
        "settled_days": window.after_days,
        "as_of": at,
    }
