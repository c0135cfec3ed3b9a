"""What ships with the tool and is put into each warehouse, so that SQL can see it: reference data and views."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

from finops import carbon, meters

_VIEW, _ENDS = "effective_prices", "bill_ends"
_ENDS_COMMENT = "How far the bill of each account goes, and from which day on it is provisional."
_LINE = re.compile(r"^    .+ AS (\w+),? -- (.+)$")
# The view speaks of each account as of the end of its bill, whenever that is.
_END_OF_TIME = "TIMESTAMP '2199-01-01'"


@dataclass(frozen=True, slots=True)
class View:
    """A view of the warehouse: its name, what it is, and its columns with what they are."""

    name: str
    comment: str
    columns: tuple[tuple[str, str], ...]


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """Brings emission factors and views to those of this version; does nothing when they are there."""
    _refresh_factors(con)
    _refresh_view(con, _VIEW, view().comment, _view_sql())
    _refresh_view(con, _ENDS, _ENDS_COMMENT, bill_ends_sql())


@cache
def views() -> tuple[View, ...]:
    """The views of a warehouse."""
    return (view(), View(_ENDS, _ENDS_COMMENT, _columns(bill_ends_sql())))


@cache
def view() -> View:
    """The view effective_prices."""
    text = _text("effective_prices.sql")
    return View(_VIEW, text.splitlines()[0].removeprefix("-- "), _columns(text))


def bill_ends_sql() -> str:
    """The view bill_ends, and the macros bill_days_at() and bill_ends_at() that tell the same of an earlier instant."""
    return _text("bill_ends.sql")


def _columns(sql: str) -> tuple[tuple[str, str], ...]:
    return tuple((match[1], match[2]) for line in sql.splitlines() if (match := _LINE.match(line)))


def costs_sql() -> str:
    """The rollup `cost`: what each part of each resource cost in the window that ends at $as_of.

    It calls days_between() and the macros of finops.meters.
    """
    return _text("costs.sql")


def _refresh_factors(con: duckdb.DuckDBPyConnection) -> None:
    have = con.execute("SELECT DISTINCT method FROM emission_factors").fetchall()
    if have == [(carbon.METHOD_VERSION,)]:
        return
    rows = carbon.factor_rows()
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    con.begin()
    con.execute("DELETE FROM emission_factors")
    # As lists: for a table of Arrow's DuckDB would load pandas, which takes longer than making the warehouse.
    values = ", ".join(f"unnest(${name}) AS {name}" for name in columns)
    con.execute(
        f"INSERT INTO emission_factors BY NAME SELECT {values}, $method AS method",
        {**columns, "method": carbon.METHOD_VERSION},
    )
    con.commit()


def _refresh_view(con: duckdb.DuckDBPyConnection, name: str, comment: str, sql: str) -> None:
    version = hashlib.sha256(sql.encode()).hexdigest()[:12]
    have = con.execute("SELECT comment FROM duckdb_views() WHERE view_name = ?", [name]).fetchone()
    if have and str(have[0]).endswith(f"({version})"):
        return
    told = f"{comment} ({version})".replace("'", "''")
    con.begin()
    con.execute(sql)
    con.execute(f"COMMENT ON VIEW {name} IS '{told}'")
    con.commit()


@cache
def _view_sql() -> str:
    """The macros it calls and the view, kept in the warehouse itself so that any DuckDB can read it."""
    costs = costs_sql().replace("$as_of", _END_OF_TIME)
    select = _text("effective_prices.sql").replace("\nFROM cost\n", f"\nFROM ({costs}) AS cost\n")
    macros = meters.macros().replace("TEMP MACRO", "MACRO")
    return f"{macros} {meters.DAYS_BETWEEN.replace('TEMP MACRO', 'MACRO')} CREATE OR REPLACE VIEW {_VIEW} AS {select}"


def _text(name: str) -> str:
    return files("finops").joinpath(name).read_text(encoding="utf-8")
