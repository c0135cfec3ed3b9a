"""finops config: what is set and where, what is wrong with it, and a schema for editors."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from finops.cli.options import Config, in_colour, on_terminal, out, width

app = typer.Typer(
    help="The configuration: every value with its origin, its mistakes, a schema for editors.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class ShowFormat(StrEnum):
    """What `config show` can print."""

    table = "table"
    json = "json"


@app.command()
def show(
    ctx: typer.Context,
    origin: Annotated[
        bool, typer.Option("--origin", help="Also where each value is from: file and line, or variable.")
    ] = False,
    format_: Annotated[
        ShowFormat, typer.Option("--format", "-f", help="How to print: table or json.")
    ] = ShowFormat.table,
    config: Config = None,
) -> None:
    """Show every value in force; of a secret, where it is and never what."""
    from finops.config import in_force
    from finops.config_showing import values_of
    from finops.pipeline.tables import as_json, as_tables, as_tsv

    given = ctx.find_root().params
    found = values_of(in_force(config or given.get("config"), given.get("profile")))
    rows = [
        {"key": one.key, "value": one.value, **({"origin": one.origin} if origin else {})} for one in found
    ]
    if format_ is ShowFormat.json:
        out(as_json(rows))
    else:
        for row in rows:
            row["value"] = _as_in_toml(row["value"])
        out(as_tables({"": rows}, width(), color=in_colour()) if on_terminal() else as_tsv({"": rows}))


def _as_in_toml(value: Any) -> str:
    import json

    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@app.command()
def validate(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The file [the one that would be read].")
    ] = None,
) -> None:
    """Check the file, each of its profiles and the variables; all mistakes are told at once."""
    import os

    from finops.errors import ConfigError
    from finops.pipeline.config_checks import mistakes_of

    path, found = mistakes_of(file, os.environ)
    for mistake in found:
        out(mistake)
    if found:
        raise ConfigError(
            f"{path or 'The configuration'} has {len(found)} mistake{'s' if len(found) > 1 else ''}."
        )
    out(f"{path} is right." if path else "There is no finops.toml; everything is at its default.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of finops.toml, for editors that complete and check."""
    import json

    from finops.config_showing import schema as made

    out(json.dumps(made(), indent=2))
