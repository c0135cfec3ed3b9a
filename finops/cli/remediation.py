"""finops remediation: what to do about findings, written out for review."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from finops.cli.options import Common, Config, Db, give


class Language(StrEnum):
    """What `remediation` can write."""

    shell = "shell"
    terraform = "terraform"
    custodian = "custodian"


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(remediation)


def remediation(
    ctx: typer.Context,
    format_: Annotated[
        Language,
        typer.Option(
            "--format", "-f", help="shell, terraform (HCL) or custodian (policies of AWS and Google)."
        ),
    ] = Language.shell,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there [stdout].")
    ] = None,
    finding: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this finding, by its id or the start of it (repeatable)."),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only findings of this rule (repeatable).")
    ] = None,
    cloud: Annotated[
        list[str] | None, typer.Option(metavar="CLOUD", help="Only aws, alibaba or gcp (repeatable).")
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Write what to do about the last audit's findings, for review; nothing is ever executed."""
    from finops.pipeline.record import last_audit
    from finops.pipeline.remedies import chosen
    from finops.warehouse import reading
    from reports.remediation import FORMATS

    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as con:
        report = last_audit(con)
    findings = chosen(report, finding or (), rule or (), cloud or ())
    render = FORMATS[format_.value]
    text = render(report, findings, name=output.name) if output else render(report, findings)
    give(text, output, common)
    if output and format_ is Language.shell:
        common.say(f"It does nothing by itself: bash {output} lists what there is.")
