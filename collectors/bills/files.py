"""Which files are meant: files, folders and globs become a list of paths, before anything is opened."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from finops.errors import InputError

ENDINGS = (".csv", ".csv.gz", ".parquet")


def find_files(paths: Sequence[str | Path]) -> list[Path]:
    """The files that `paths` name, each once, a folder's and a glob's in alphabetical order.

    A folder gives its bills (*.csv, *.csv.gz, *.parquet, hidden ones left out) at any depth; a file named
    as such may be called anything. Raises InputError for whatever names nothing.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        for path in _expand(str(given)):
            found.setdefault(path.resolve(), path)
    if not found:
        raise InputError("No bill was named: give files, folders or globs.")
    return list(found.values())


def _expand(given: str) -> list[Path]:
    if not given.strip():
        raise InputError("An empty name was given for a bill: name a file, a folder or a pattern.")
    if "://" in given:
        raise InputError(f"{given} is not supported yet by this version, download it first.")
    path = Path(given)
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.exists():
            return [path]
    except OSError as error:
        raise InputError(f"{given} cannot be looked at: {error.strerror}.") from error
    if not glob.has_magic(given):
        raise InputError(f"{given} does not exist.")
    return _matching(given)


def _in_folder(folder: Path) -> list[Path]:
    bills = list(_walk(folder))
    if not bills:
        raise InputError(
            f"The folder {folder} holds no bills: none of its files ends in {', '.join(ENDINGS)}."
        )
    return bills


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if _is_bill(name))


def _refuse(error: OSError) -> None:
    # os.walk would leave out what it may not list, and the sum would be too small without a word.
    raise InputError(f"The folder {error.filename} cannot be listed: {error.strerror}.") from error


def _is_bill(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith(".")


def _matching(pattern: str) -> list[Path]:
    names = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
    paths = [path for path in names if path.is_file()]
    # data/* should take the bills and not the manifests beside them; exports-* means files of any name.
    bills = [path for path in paths if _is_bill(path.name)] or paths
    bills += [path for name in names if name.is_dir() for path in _walk(name)]
    if not bills:
        raise InputError(f"{pattern} matches no bill.")
    return bills
