"""finops rules: the catalogue."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import Common, Config, in_colour, on_terminal, out, width
from finops.errors import RuleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from rules.engine.cases import Outcome


class ListFormat(StrEnum):
    """What `rules check` can print."""

    text = "text"
    json = "json"


_WHICH = "Rule file, folder, or id of a rule [all]."

app = typer.Typer(
    help="The catalogue of rules: list, show, check, test and write them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(ctx: typer.Context, config: Config = None) -> None:
    """List every rule: id, what it finds, class, action, effort, risk, and the traps it knows."""
    from finops.pipeline.tables import as_tables, as_tsv
    from rules.engine.catalogue import catalogue

    common = Common(ctx, None, config)
    rows = [
        {
            "id": rule.id,
            "finds": rule.header.title,
            "class": rule.header.class_,
            "action": rule.header.action,
            "effort": rule.header.effort,
            "risk": rule.header.risk,
            "traps": ", ".join(rule.header.traps),
        }
        for rule in catalogue(common.settings.rule_folders)
    ]
    out(as_tables({"": rows}, width(), color=in_colour()) if on_terminal() else as_tsv({"": rows}))


@app.command()
def show(
    ctx: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a rule.")],
    config: Config = None,
) -> None:
    """Show a rule as its file: header, thresholds with units, sources, traps, documentation, SQL."""
    from rules.engine.catalogue import catalogue

    common = Common(ctx, None, config)
    rules = {rule.id: rule for rule in catalogue(common.settings.rule_folders)}
    if rule_id not in rules:
        raise UsageError(f"There is no rule {rule_id}; finops rules list names them all.")
    out(rules[rule_id].path.read_text(encoding="utf-8"))


@app.command()
def check(
    ctx: typer.Context,
    path: Annotated[str | None, typer.Argument(metavar="PATH|ID", help=_WHICH)] = None,
    format_: Annotated[
        ListFormat, typer.Option("--format", "-f", help="How to print; json is for editors.")
    ] = ListFormat.text,
    strict: Annotated[
        bool, typer.Option("--strict", help="Take notes, as of missing cases, for mistakes.")
    ] = False,
    config: Config = None,
) -> None:
    """Explain every mistake of rule files: file:line:column, what is wrong, what to write instead."""
    from finops.pipeline.tables import as_json
    from rules.engine.linting import Linter

    common, linter = Common(ctx, None, config), Linter()
    found = {file: linter.look(file) for file in _files(path, common)}
    broken = [file for file, told in found.items() if any(strict or one.severity == "error" for one in told)]
    if format_ is ListFormat.json:
        out(as_json([one.as_record() for told in found.values() for one in told]))
    else:
        for file, told in found.items():
            for one in told:
                print(one, file=sys.stderr)
            if file not in broken:
                out(f"ok      {file.stem}")
    if broken:
        raise RuleError(f"{len(broken)} rule file{'s are' if len(broken) > 1 else ' is'} broken.")


def _files(which: str | None, common: Common) -> "Iterator[Path]":
    """The rule file of an id, those below a path, or ours and those of the folders in the configuration."""
    from rules.engine.catalogue import built_in_folder, rule_files

    folders = [built_in_folder(), *common.settings.rule_folders]
    if which is None or Path(which).exists():
        for folder in folders if which is None else [Path(which)]:
            yield from rule_files(folder)
        return
    named = [file for folder in folders for file in rule_files(folder) if file.stem == which]
    if not named:
        raise RuleError(f"There is no rule file or folder {which}, and no rule of that id.")
    yield from named


@app.command("test")
def run_cases_(
    ctx: typer.Context,
    path: Annotated[str | None, typer.Argument(metavar="PATH|ID", help=_WHICH)] = None,
    config: Config = None,
) -> None:
    """Run the fixture cases of rules, tables in, verdicts out, and show what came out differently."""
    from rules.engine.cases import empty_warehouse

    common = Common(ctx, None, config)
    passed = failed = broken = 0
    con = empty_warehouse()  # for all of them: making it takes longer than a case
    for file in _files(path, common):
        try:
            for outcome, cases in _outcomes(file, con):
                passed, failed = (
                    passed + (outcome.difference is None),
                    failed + (outcome.difference is not None),
                )
                if outcome.difference:
                    out(_difference(outcome, cases))
        except RuleError as error:
            broken += 1
            print(f"broken  {error}", file=sys.stderr)
    if not passed + failed + broken:
        raise RuleError(
            "No case was found; those of the built-in rules come with the source, in tests/cases."
        )
    out(f"{passed} passed, {failed} failed" + (f", {broken} broken" if broken else ""))
    if failed or broken:
        told = [f"{failed} case{'s' if failed > 1 else ''} failed"] if failed else []
        told += (
            [f"{broken} rule{'s are' if broken > 1 else ' is'} broken: see finops rules check"]
            if broken
            else []
        )
        raise RuleError("; ".join(told) + ".")


def _outcomes(file: Path, con: "duckdb.DuckDBPyConnection") -> "Iterator[tuple[Outcome, Path]]":
    """What became of each case of a rule, and the file that it is in."""
    from rules.engine.cases import case_file, run_cases
    from rules.engine.catalogue import load

    rule = load(file)
    cases = case_file(rule)
    if cases is None:
        print(f"none    {rule.id}: no case file found beside it or in cases/", file=sys.stderr)
        return
    yield from ((outcome, cases) for outcome in run_cases(rule, cases, con))


def _difference(outcome: "Outcome", cases: Path) -> str:
    from finops.pipeline.differing import as_table, as_text

    return as_table(outcome, cases, width(), color=in_colour()) if on_terminal() else as_text(outcome, cases)


@app.command()
def new(
    ctx: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the new rule, as idle-queue.")],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--in", metavar="FOLDER", help="Where to write it [the first of rule_folders, else my-rules]."
        ),
    ] = None,
    cloud: Annotated[
        list[str] | None, typer.Option(metavar="CLOUD", help="Only for this cloud (repeatable) [all three].")
    ] = None,
    resource: Annotated[
        str, typer.Option(metavar="KIND", help="What it is about: instance, volume, bucket, database …")
    ] = "volume",
    config: Config = None,
) -> None:
    """Write a rule to start from, and its cases: they pass check and test as they are."""
    from finops.pipeline.files import make_folder, write_whole
    from rules.engine.scaffold import scaffold

    common = Common(ctx, None, config)
    folders = common.settings.rule_folders
    into = folder or (folders[0] if folders else Path("my-rules"))
    files = scaffold(rule_id, into, resource, cloud or ())
    make_folder(into)
    for file, text in files.items():
        write_whole(file, text.encode())
        out(str(file))
    known = any(one.resolve() == into.resolve() for one in folders)
    steps = [
        f"finops rules check {into}    what is wrong, at file:line, and what to write instead",
        f"finops rules test {into}     its cases: tables in, verdicts out",
        *([] if known else [f'rule_folders = ["{into}"]    in finops.toml, so that every audit runs it']),
    ]
    common.say("Next, change it to what you look for; docs/writing-rules.md takes ten minutes. Then:")
    for step in steps:
        common.say(f"  {step}")
