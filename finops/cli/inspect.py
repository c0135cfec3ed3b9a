"""Commands that look into the warehouse: status, sql."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from finops.cli.options import Common, Config, Db, in_colour, on_terminal, out, width
from finops.errors import UsageError


class SqlFormat(StrEnum):
    """What `sql` and `status` can print."""

    table = "table"
    json = "json"
    csv = "csv"


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command()(status)
    app.command()(sql)


def status(
    ctx: typer.Context,
    format_: Annotated[SqlFormat, typer.Option("--format", "-f", help="How to print.")] = SqlFormat.table,
    db: Db = None,
    config: Config = None,
) -> None:
    """Show the last night, runs, coverage and freshness per scope, and what was not evaluated and why."""
    from finops.pipeline.nightly.journal import night_so_far
    from finops.pipeline.status import status as look
    from finops.pipeline.tables import as_json, as_tables, as_tsv
    from finops.warehouse import reading
    from finops.warehouse.writing import is_written_by

    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as con:
        found = {"night": night_so_far(common.db), **look(con)}
    writer = is_written_by(common.db)
    if format_ is SqlFormat.json:
        out(as_json({"warehouse": str(common.db), "writing_now": writer, **found}))
        return
    if format_ is SqlFormat.csv:
        raise UsageError("status has several tables: use --format json, or finops sql for one of them.")
    if writer:
        common.say(f"{writer} is writing now.")
    out(as_tables(found, width(), color=in_colour()) if on_terminal() else as_tsv(found))


def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One statement that reads, in quotes.")],
    format_: Annotated[SqlFormat, typer.Option("--format", "-f", help="How to print.")] = SqlFormat.table,
    db: Db = None,
    config: Config = None,
) -> None:
    """Run a read-only query on the warehouse (tables and columns: docs/warehouse.md)."""
    import duckdb

    from finops.pipeline.tables import as_csv, as_json, as_tables, as_tsv
    from finops.warehouse import reading

    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as con:
        try:
            names, rows = _run(con, query)
        except duckdb.IOException:
            raise
        except duckdb.Error as error:
            raise UsageError(f"The query failed: {' '.join(str(error).split('LINE')[0].split())}") from error
    records = [dict(zip(names, row, strict=True)) for row in rows]
    if format_ is SqlFormat.json:
        out(as_json(records))
    elif format_ is SqlFormat.csv:
        out(as_csv(names, rows))
    elif on_terminal():
        out(as_tables({"": records}, width(), color=in_colour(), names=names))
    else:
        out(as_tsv({"": records}, names=names))


def _run(con: Any, query: str) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
    """Names and rows of the result. Names that repeat are numbered; instants with a zone become UTC."""
    statements = con.extract_statements(query)
    if len(statements) != 1:
        raise UsageError(f"A query is one statement; this text holds {len(statements)}.")
    relation = con.cursor().sql(query)
    if relation is None:
        return [], []
    names = list(relation.columns)
    for place, name in enumerate(names):
        if name in names[:place]:
            names[place] = f"{name}_{place + 1}"
    zoned = [str(kind) == "TIMESTAMP WITH TIME ZONE" for kind in relation.types]
    if any(zoned):
        relation = relation.project(
            ", ".join(f"#{i + 1} AT TIME ZONE 'UTC'" if zone else f"#{i + 1}" for i, zone in enumerate(zoned))
        )
    return names, relation.fetchall()
