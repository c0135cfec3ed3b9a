"""finops tests: the data tests."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import AsOf, Common, Config, Db, in_colour, instant, on_terminal, out, width
from finops.errors import BusyError, RuleError, StaleError, UnwritableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops.night_model import DataTest


class Printed(StrEnum):
    """What `tests run` can print."""

    table = "table"
    json = "json"


app = typer.Typer(
    help="Data tests: list, show, check and run what says whether the data can be trusted.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(ctx: typer.Context, config: Config = None) -> None:
    """List every data test: id, what it tests, stage, severity, parameters, as finops.toml has them."""
    from finops.pipeline.tables import as_tables, as_tsv
    from finops.pipeline.testing.catalogue import chosen

    rows = [
        {
            "id": one.test.id,
            "tests": one.test.header.title,
            "stage": one.test.header.stage,
            "severity": (one.severity or one.test.header.severity) if one.enabled else "off",
            "parameters": ", ".join(f"{name} {value}" for name, value in one.parameters.items()),
        }
        for one in chosen(Common(ctx, None, config).settings)
    ]
    out(as_tables({"": rows}, width(), color=in_colour()) if on_terminal() else as_tsv({"": rows}))


@app.command()
def show(
    ctx: typer.Context,
    test_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a data test.")],
    config: Config = None,
) -> None:
    """Show a data test as its file: header, parameters with units, documentation, SQL."""
    from finops.pipeline.testing.catalogue import test_files

    for path in test_files(Common(ctx, None, config).settings.test_folders):
        if path.stem == test_id:
            out(path.read_text(encoding="utf-8"))
            return
    raise UsageError(f"There is no data test {test_id}; finops tests list names them all.")


@app.command()
def check(
    ctx: typer.Context,
    path: Annotated[
        str | None, typer.Argument(metavar="PATH|ID", help="File, folder, or id of a data test [all].")
    ] = None,
    config: Config = None,
) -> None:
    """Explain every mistake of data tests: file:line:column, what is wrong, what to write instead."""
    from finops.pipeline.testing.linting import Linter, refuse_broken

    broken, linter = 0, Linter()
    for file in _files(path, Common(ctx, None, config)):
        found = linter.look(file)
        for one in found:
            print(one, file=sys.stderr)
        broken += bool(found)
        if not found:
            out(f"ok      {file.stem}")
    refuse_broken(broken)


def _files(which: str | None, common: Common) -> "Iterator[Path]":
    """The file of an id, those below a path, or ours and those of the folders in the configuration."""
    from finops.pipeline.testing.catalogue import test_files
    from rules.engine.catalogue import rule_files

    if which is not None and Path(which).exists():
        yield from rule_files(Path(which))
        return
    named = [one for one in test_files(common.settings.test_folders) if which in (None, one.stem)]
    if not named:
        raise RuleError(f"There is no data test file or folder {which}, and no data test of that id.")
    yield from named


@app.command()
def run(
    ctx: typer.Context,
    test: Annotated[
        list[str] | None, typer.Option("--test", metavar="ID", help="Only this data test (repeatable).")
    ] = None,
    as_of: AsOf = None,
    format_: Annotated[
        Printed, typer.Option("--format", "-f", help="How to print: table or json.")
    ] = Printed.table,
    db: Db = None,
    config: Config = None,
) -> None:
    """Run the data tests on the warehouse now, print what they say, and keep it unless somebody else writes."""
    from finops.instants import now
    from finops.pipeline.testing import told_in_short
    from finops.pipeline.testing.stages import keep_results, results_of

    common = Common(ctx, db, config)
    clock = now()
    ran = results_of(
        common.db, common.settings, test or [], as_of=instant(as_of) if as_of else clock, clock=clock
    )
    try:
        results = keep_results(common.db, common.settings, ran, command="tests run", at=clock)
    except (BusyError, UnwritableError) as error:
        common.say(f"The results are not kept: {error}")
        results = ran.results
    out(_printed(results, format_))
    if any(one.status == "failed" and one.severity == "error" for one in results):
        raise StaleError(told_in_short(results))
    common.say(told_in_short(results))


def _printed(results: "list[DataTest]", format_: Printed) -> str:
    from finops.pipeline.tables import as_json, as_tables, as_tsv

    if format_ is Printed.json:
        return as_json([one.model_dump(mode="json") for one in results])
    rows = [
        {
            "verdict": one.status,
            "severity": one.severity,
            "test": one.test,
            "subject": one.subject,
            "message": one.message,
        }
        for one in results
    ]
    return as_tables({"": rows}, width(), color=in_colour()) if on_terminal() else as_tsv({"": rows})
