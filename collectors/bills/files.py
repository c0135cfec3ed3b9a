"""Which files are meant: files, folders and patterns become paths, before anything is opened."""

import glob
from collections.abc import Sequence
from pathlib import Path

from collectors.bills.folders import in_folder
from collectors.bills.objects import is_bill
from collectors.flow_logs.recognising import named_like_one
from finops.errors import InputError


def find_files(paths: Sequence[str | Path]) -> list[Path]:
    """The files that `paths` name, each once, a folder's and a pattern's in alphabetical order.

    A folder gives the bills in it at any depth, of exports those of the newest deliveries (see folders.py); a file
    named as such may be called anything. Raises InputError for whatever names nothing.
    """
    found: dict[Path, Path] = {}
    for named in find(paths):
        for path in _files_of(named) if named.is_dir() else [named]:
            found.setdefault(path.resolve(), path)
    return list(found.values())


def find(paths: Sequence[str | Path]) -> list[Path]:
    """The files and folders that are named, each once. Raises InputError for whatever names nothing."""
    found: dict[Path, Path] = {}
    for given in paths:
        if is_address(given):
            raise InputError(f"{given} is no file on this machine: finops ingest reads it where it is.")
        for path in _expand(str(given)):
            found.setdefault(path.resolve(), path)
    if not found:
        raise InputError("No bill was named: give files, folders or patterns.")
    return list(found.values())


def is_address(given: str | Path) -> bool:
    """Whether an argument names something in an object store."""
    return "://" in str(given)


def _expand(given: str) -> list[Path]:
    if not given.strip():
        raise InputError("An empty name was given for a bill: name a file, a folder or a pattern.")
    path = Path(given)
    try:
        if path.exists():
            return [path]
    except OSError as error:
        raise InputError(f"{given} cannot be looked at: {error.strerror}.") from error
    if not glob.has_magic(given):
        raise InputError(f"{given} does not exist.")
    return _matching(given)


def _files_of(folder: Path) -> list[Path]:
    delivered, bills = in_folder(folder, lambda _: None)
    paths = [file.path for each in delivered for file in each.files] + [each.path for each in bills]
    top = folder.resolve()
    return [folder / Path(path).relative_to(top) for path in sorted(paths)]


def _matching(pattern: str) -> list[Path]:
    names = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
    paths = [path for path in names if path.is_file()]
    # data/* should take the bills and not the manifests beside them; exports-* means files of any name.
    bills = [path for path in paths if is_bill(path.as_posix()) or named_like_one(path.name)] or paths
    named = bills + [name for name in names if name.is_dir() and _has_bills(name)]
    if not named:
        raise InputError(f"{pattern} matches no bill.")
    return named


def _has_bills(folder: Path) -> bool:
    return any(path.is_file() and is_bill(path.as_posix()) for path in folder.rglob("*"))
