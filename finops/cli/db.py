"""finops db: backups of the warehouse, its soundness and its size."""

from pathlib import Path
from typing import Annotated

import typer

from finops.cli.options import AsOf, Common, Config, Db, Wait, in_colour, instant, on_terminal, out, width
from finops.errors import UsageError

app = typer.Typer(
    help="The warehouse file: back up, restore, check, prune, vacuum.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def backup(
    ctx: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder of backups [backup.folder of finops.toml]."
        ),
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Write every table as Parquet with a manifest, and verify it; nothing where the last backup holds the same."""
    from finops.instants import now
    from finops.warehouse.backups import back_up

    common = Common(ctx, db, config)
    folder = output or common.settings.backup.folder
    if folder is None:
        raise UsageError("Where should the backup go? Name a folder with -o, or set folder under [backup].")
    made, written = back_up(common.db, folder, at=now(), limits=common.settings.limits(), say=common.say)
    told = f"{made.manifest.rows:,} rows, {made.bytes:,} bytes, verified."
    common.say(told if written else f"Nothing has changed since this backup. {told}")
    out(str(made.folder))


@app.command()
def restore(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A backup, such as finops-20261121T051000Z.")
    ],
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace a warehouse that is there; it is kept as .before-restore."),
    ] = False,
    wait: Wait = "",
    db: Db = None,
    config: Config = None,
) -> None:
    """Make the warehouse what a backup holds: verified first, migrated where it is of an older version."""
    from finops.instants import now
    from finops.warehouse.restoring import restore as put_back

    common = Common(ctx, db, config)
    done = put_back(
        folder,
        common.db,
        at=now(),
        limits=common.settings.limits(),
        force=force,
        wait_seconds=_seconds(wait),
        say=common.say,
    )
    before = f" The file before is {done.before}." if done.before else ""
    out(f"{common.db} holds the {done.rows:,} rows of {folder}.{before}")


@app.command()
def check(ctx: typer.Context, db: Db = None, config: Config = None) -> None:
    """Read everything in the warehouse: version, tables, keys, bills; say what is wrong."""
    from finops.pipeline.tables import as_tables, as_tsv
    from finops.warehouse.checking import check as examine
    from finops.warehouse.checking import refuse

    common = Common(ctx, db, config)
    checked = examine(common.db, common.settings.limits())
    rows = {"tables": [{"table": name, "rows": count} for name, count in checked.rows.items() if count]}
    if checked.problems:
        rows["problems"] = [{"problem": one} for one in checked.problems]
    out(as_tables(rows, width(), color=in_colour()) if on_terminal() else as_tsv(rows))
    refuse(common.db, checked)
    common.say(
        f"{common.db} is sound: {sum(checked.rows.values()):,} rows in {len(checked.rows)} tables were read."
    )


@app.command()
def prune(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    as_of: AsOf = None,
    wait: Wait = "",
    db: Db = None,
    config: Config = None,
) -> None:
    """Remove what is older than [retention] of finops.toml keeps, as the last step of a night does."""
    from finops.instants import now
    from finops.pipeline.pruning import prune as remove

    common = Common(ctx, db, config)
    at = now()
    gone = remove(
        common.db,
        common.settings,
        as_of=instant(as_of) if as_of else at,
        at=at,
        wait_seconds=_seconds(wait),
        dry_run=dry_run,
    )
    out(gone.told(dry_run=dry_run))


@app.command()
def vacuum(ctx: typer.Context, wait: Wait = "", db: Db = None, config: Config = None) -> None:
    """Give the disk back what deleted rows took: copy the warehouse into a new file and publish that."""
    from finops.instants import now
    from finops.warehouse.compacting import compact

    common = Common(ctx, db, config)
    before, after = compact(common.db, at=now(), limits=common.settings.limits(), wait_seconds=_seconds(wait))
    out(f"{common.db}: {before:,} bytes before, {after:,} after.")


def _seconds(wait: str) -> float:
    from finops.instants import parse_duration

    return parse_duration(wait).total_seconds() if wait else 0
