"""Past audits made again from their inputs, and the keeping of these."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from finops.cli.options import Common
from finops.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from finops.model import AuditReport
    from finops.pipeline.filters import Filters

_BESIDE = ("rerun", "format_", "output", "db", "config")


def run_again(ctx: typer.Context, common: Common, run: str) -> "AuditReport":
    """The report of a past audit, made anew from its inputs.

    Raises UsageError when options would make it another audit, or its inputs are not kept.
    """
    from finops import __version__
    from finops.pipeline.audit import audit
    from finops.pipeline.inputs import folder_of, replaying

    beside = sorted(
        name
        for name in ctx.params
        if name not in _BESIDE and getattr(ctx.get_parameter_source(name), "name", "") == "COMMANDLINE"
    )
    if beside:
        name = beside[0].replace("_", "-")
        raise UsageError(f"--rerun repeats an audit as it was: leave out {name}.")
    with replaying(folder_of(common.db), run) as (con, kept):
        if kept.tool_version != __version__:
            common.say(f"That audit was made by finops {kept.tool_version}; this is {__version__}.")
        return audit(con, kept.settings, run_id=kept.run_id, as_of=kept.as_of, filters=kept.filters)


@contextmanager
def on_what_it_saw(common: Common, found: "AuditReport") -> "Iterator[DuckDBPyConnection]":
    """A connection on which the last audit can be looked at again.

    That of the warehouse, or of the kept inputs where the warehouse has no bill and no metrics: a lake was judged then.
    """
    from finops.pipeline.inputs import folder_of, replaying
    from finops.warehouse import reading

    with reading(common.db, common.settings.limits()) as con:
        sql = "SELECT EXISTS (SELECT 1 FROM charges) OR EXISTS (SELECT 1 FROM metrics)"
        here = bool(con.execute(sql).fetchall()[0][0])
        if here:
            yield con
    if not here:
        with replaying(folder_of(common.db), found.run_id) as (kept, _):
            yield kept


def keep_inputs(common: Common, con: "DuckDBPyConnection", found: "AuditReport", filters: "Filters") -> None:
    """Keeps what the audit was made from; where that cannot be written, a word says so."""
    from finops.pipeline.inputs import folder_of, keep

    try:
        keep(con, folder_of(common.db), found, common.settings, filters)
    except UsageError as unwritable:
        print(f"finops: this audit cannot be run again later: {unwritable}", file=sys.stderr)
