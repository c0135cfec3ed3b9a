"""The steps that hand the result out."""

import json
import shutil
from pathlib import Path

from finops.errors import IncompleteError, UsageError
from finops.pipeline.nightly.context import Context, Done
from finops.pipeline.nightly.incoming import sentences


def report(context: Context, _: str | None) -> Done:
    """Makes the report files beside the warehouse; one that cannot be made here costs none of the others."""
    from finops.pipeline.nightly.made import note
    from finops.pipeline.nightly.telling import with_night
    from finops.pipeline.reporting import not_made, write_what_can_be
    from finops.warehouse import reading

    nightly = context.settings.nightly
    with reading(context.db, context.settings.limits()) as con:
        found = with_night(con, context)
    context.report = found
    shutil.rmtree(context.staged, ignore_errors=True)
    made = write_what_can_be(
        found,
        context.staged,
        list(nightly.formats),
        redact=nightly.redact,
        key=context.settings.redaction(),
        audience=nightly.audience,
        locale=context.settings.locale,
    )
    context.files, context.unmade = made.paths, made.unmade
    note(context.staged, context.settings, made.unmade)
    told = f"{len(made.paths)} files."
    if not made.unmade:
        return Done(told, rows=len(made.paths))
    missing = not_made(made.unmade)
    return Done(f"{told} {missing}", "incomplete", len(made.paths), error=IncompleteError(missing))


def publish(context: Context, _: str | None) -> Done:
    """Puts the files where readers find them, each whole or not at all, and brings the lake up to date.

    Files that tell the same in the same way as those that are there stay as they are. What a night before wrote there
    and this one did not goes.
    """
    from finops.pipeline.files import make_folder, write_whole
    from finops.pipeline.nightly.made import as_asked
    from finops.pipeline.nightly.telling import fingerprint

    folder, told = context.settings.nightly.folder, context.staged.parent / "published"
    make_folder(folder)
    way = json.dumps(as_asked(context.settings))
    content = f"{fingerprint(context.report)} {folder.resolve()} {way}" if context.report else ""
    names = [path.name for path in context.files]
    before, written = _published(told)
    if before == content and all((folder / name).exists() for name in names):
        said = f"The files in {folder} tell the same already."
    else:
        for path in context.files:
            write_whole(folder / path.name, path.read_bytes())
        removed = _remove_older(context, folder, {*written} - {*names})
        told.write_text(json.dumps({"content": content, "files": names}))
        said = f"{len(context.files)} files in {folder}.{removed}"
    return Done(f"{said}{_update_lake(context)}")


def _published(told: Path) -> tuple[str, list[str]]:
    """What the files of a night before tell, and their names; nothing where no night has noted that."""
    try:
        noted = json.loads(told.read_text(encoding="utf-8"))
        return noted["content"], noted["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def _remove_older(context: Context, folder: Path, dropped: set[str]) -> str:
    """Removes what an earlier night made and this one could not or was not to make.

    Beside new files it would pass for one of them, and it may tell what the new ones hide.
    """
    from finops.pipeline.reporting import FILES

    names = dropped & {*FILES.values()} | {FILES[name] for name in context.unmade}
    older = [path for path in (folder / name for name in sorted(names)) if path.is_file()]
    try:
        for path in older:
            path.unlink()
    except OSError as error:
        raise UsageError(f"{path} of an earlier night cannot be removed ({error.strerror}).") from error
    return f" {', '.join(path.name for path in older)} of an earlier night was removed." if older else ""


def _update_lake(context: Context) -> str:
    """Brings the lake up to date, whatever the report tells: only what has changed is written."""
    lake, clock = context.settings.lake, context.clock()
    if lake is None:
        return ""
    from finops.lake import export

    done = export(context.db, lake, at=clock, limits=context.settings.limits(), progress=context.say)
    return f" {sentences(done.told)}"


def deliver(context: Context, name: str | None) -> Done:
    """Tells one target, unless it was told the same before."""
    from finops.pipeline.delivering import deliver_to

    target = next(one for one in context.settings.deliver if one.name == name)
    return deliver_to(context, target)


def tidy(context: Context, _: str | None) -> Done:
    """Backs the warehouse up, verifies the backup, and removes what is too old."""
    from finops.pipeline.tidying import tidy as do

    return do(context)
