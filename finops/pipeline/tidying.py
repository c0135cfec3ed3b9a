"""After the night's work: a backup that was verified, and rows that are too old removed."""

from finops.pipeline.nightly.context import PATIENCE, Context, Done


def tidy(context: Context) -> Done:
    """Backs up, verifies and rotates where `backup.folder` is set; then prunes by policy.

    What fails before the pruning keeps it from happening: no row goes that no backup has.
    """
    from finops.pipeline.pruning import prune

    told = [] if context.settings.backup.folder is None else [_back_up(context)]
    gone = prune(
        context.db,
        context.settings,
        as_of=context.as_of,
        at=context.clock(),
        wait_seconds=PATIENCE,
    )
    if gone.total or gone.folders or not told:
        told.append(gone.told())
    return Done(" ".join(told), rows=gone.total)


def _back_up(context: Context) -> str:
    """A backup and the removal of those that need not stay, told in a sentence."""
    from finops.warehouse.backups import back_up
    from finops.warehouse.rotation import rotate

    keep = context.settings.backup
    assert keep.folder is not None  # noqa: S101 - asked before
    made, written = back_up(
        context.db, keep.folder, at=context.clock(), limits=context.settings.limits(), say=context.say
    )
    gone = rotate(
        keep.folder,
        context.db,
        daily=keep.daily,
        weekly=keep.weekly,
        monthly=keep.monthly,
        made=made.folder,
    )
    told = (
        f"A backup of {made.manifest.rows:,} rows was written to {made.folder} and verified"
        if written
        else f"{made.folder} holds the same already and was verified"
    )
    removed = "one older one was removed" if len(gone) == 1 else f"{len(gone):,} older ones were removed"
    return f"{told}, {removed}." if gone else f"{told}."
