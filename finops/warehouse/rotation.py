"""Which backups stay: the last one of each of so many days, weeks and months that have one."""

import os
import secrets
import shutil
from collections.abc import Hashable, Sequence
from datetime import datetime
from pathlib import Path

from finops.errors import UnwritableError
from finops.warehouse.backups import UNDER_WAY, alone, backups_in


def staying(instants: Sequence[datetime], *, daily: int, weekly: int, monthly: int) -> set[datetime]:
    """Those that stay: the last of each of the newest days, ISO weeks and months that have any; always the newest."""
    stay = {max(instants)} if instants else set()
    for most, period in ((daily, _day), (weekly, _week), (monthly, _month)):
        last: dict[Hashable, datetime] = {}
        for at in sorted(instants):
            last[period(at)] = at
        stay |= set(sorted(last.values(), reverse=True)[:most])
    return stay


def _day(at: datetime) -> Hashable:
    return at.date()


def _week(at: datetime) -> Hashable:
    return at.isocalendar()[:2]


def _month(at: datetime) -> Hashable:
    return at.year, at.month


def rotate(
    folder: Path, db: Path, *, daily: int, weekly: int, monthly: int, made: Path | None = None
) -> list[Path]:
    """Removes the backups of a warehouse that do not stay, and returns where they were.

    Those of other warehouses, whatever is no backup, and the one just `made` are left alone: where a clock went back
    its name is older than the others'. Raises UnwritableError.
    """
    folder = folder.expanduser().resolve()
    with alone(folder):
        found = backups_in(folder, db)
        stay = staying([one.at for one in found], daily=daily, weekly=weekly, monthly=monthly)
        gone = [one.folder for one in found if one.at not in stay and one.folder != made]
        for path in gone:
            _remove(path)
    return gone


def _remove(path: Path) -> None:
    """Takes its name away first: a removal that is killed leaves no half backup that counts."""
    away = path.with_name(f"{UNDER_WAY}{secrets.token_hex(4)}")
    try:
        os.replace(path, away)
        shutil.rmtree(away)
    except OSError as error:
        raise UnwritableError(f"The backup {path} cannot be removed: {error.strerror}.") from error
