"""A zip archive as what it holds, unpacked within bounds into files whose names are ours.

Nothing of an archive is a path here: its names tell members apart and are what the warehouse calls them.
"""

import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collectors.bills.manifests import LARGEST_MANIFEST, MissingFileError, deliveries
from collectors.bills.objects import Delivered, Say, Stored, plain, visible
from finops.errors import InputError

MAX_MEMBERS = 20_000
MAX_RATIO = 250  # unpacked to packed; bills reach 10 to 40, a bomb 1,000
SMALL = 64 << 20  # bytes unpacked, up to which the ratio does not matter
_SPARE = 256 << 20  # bytes of the disk that stay free
_CHUNK = 1 << 20
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# What marks a zip archive as a document: Office, OpenDocument.
_DOCUMENT = {"[content_types].xml", "mimetype"}


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive on this machine; `name` is what it is called: its path, or its address in a bucket."""

    path: Path
    name: str

    @property
    def place(self) -> str:
        return f"{self.name}/"


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, and not a document that is one inside.

    Raises InputError when it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            if file.read(4) not in _MAGIC:
                return False
        with zipfile.ZipFile(path) as archive:
            return not _DOCUMENT & {name.lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        return True  # whoever opens it tells what is wrong with it
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}.") from error


def in_archive(
    archive: Archive, folder: Path, say: Say
) -> tuple[list[tuple[Delivered, dict[str, Path]]], list[tuple[str, Path]]]:
    """What an archive holds, unpacked into `folder`: deliveries with their files by name, and bills by name.

    Raises InputError when it is damaged, encrypted, empty, a bomb, or holds archives.
    """
    try:
        with zipfile.ZipFile(archive.path) as opened:
            members = _members(archive, opened)
            found, bills = _recognised(archive, opened, members, say)
            _refuse_bomb(archive, [members[each] for each in _wanted(found, bills)], folder)
            where = {
                each.path: _unpack(archive, opened, members[each], folder / f"{number}-{plain(each.name)}")
                for number, each in enumerate(_wanted(found, bills))
            }
    except NotImplementedError as error:
        raise InputError(
            f"{archive.name} is packed in a way that is not understood here: unpack it first."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise InputError(
            f"{archive.name} is cut short or damaged (zip: {_gist(error)}): download it again."
        ) from error
    except OSError as error:
        raise InputError(f"{archive.name} cannot be unpacked: {error.strerror or error}.") from error
    parts = [
        (each, {file.path.removeprefix(each.source): where[file.path] for file in each.files})
        for each in found
    ]
    return parts, [(each.path, where[each.path]) for each in bills]


def _members(archive: Archive, opened: zipfile.ZipFile) -> dict[Stored, zipfile.ZipInfo]:
    infos = [info for info in opened.infolist() if not info.is_dir()]
    if not infos:
        raise InputError(f"{archive.name} is an empty archive: export or download it again.")
    if len(infos) > MAX_MEMBERS:
        raise InputError(
            f"{archive.name} holds {len(infos):,} files, more than {MAX_MEMBERS:,}: unpack it first."
        )
    members: dict[Stored, zipfile.ZipInfo] = {}
    names: set[str] = set()
    for info in infos:
        name = _harmless(info.filename)
        if name in names or not name:
            raise InputError(f"{archive.name} holds two files called {name or 'nothing'}: unpack it first.")
        names.add(name)
        members[Stored(name, info.file_size, _modified(info))] = info
    return members


def _modified(info: zipfile.ZipInfo) -> datetime | None:
    """What the archive says, in whatever zone it was packed: good enough to tell older from newer inside it."""
    try:
        return datetime(*info.date_time, tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        return None


def _harmless(name: str) -> str:
    """The name of a member without what only leads elsewhere, and without control characters."""
    parts = name.replace("\\", "/").split("/")
    kept = (part for part in parts if part not in ("", ".", ".."))
    return "".join(character for character in "/".join(kept) if character.isprintable())


def _recognised(
    archive: Archive, opened: zipfile.ZipFile, members: dict[Stored, zipfile.ZipInfo], say: Say
) -> tuple[list[Delivered], list[Stored]]:
    def read(each: Stored) -> bytes:
        if each.size > LARGEST_MANIFEST:
            raise InputError(f"{archive.place}{each.path} is too large for a manifest.")
        _refuse_encrypted(archive, members[each])
        return opened.read(members[each])

    shown = visible(members)
    try:
        found, bills = deliveries(shown, read, say, place=archive.place)
    except MissingFileError as error:
        raise InputError(f"{error}: download all of the export.") from error
    if not found and not bills and len(shown) == 1:
        bills = shown  # which may be called anything
    if not found and not bills:
        some = ", ".join(each.path for each in shown[:4])
        raise InputError(f"{archive.name} holds no bills: it has {some or 'hidden files only'}.")
    return found, bills


def _wanted(found: list[Delivered], bills: list[Stored]) -> list[Stored]:
    return [file for each in found for file in each.files] + bills


def _refuse_bomb(archive: Archive, infos: list[zipfile.ZipInfo], folder: Path) -> None:
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if unpacked > SMALL and unpacked > packed * MAX_RATIO:
        raise InputError(
            f"{archive.name} would unpack to {unpacked / max(packed, 1):,.0f} times its size, which no bill does: "
            "unpack it first if you trust it."
        )
    free = shutil.disk_usage(folder).free
    if unpacked > free - _SPARE:
        raise InputError(
            f"{archive.name} needs {unpacked / 1e9:,.1f} GB unpacked, and {tempfile.gettempdir()} has "
            f"{free / 1e9:,.1f} GB free: "
            "make room, or set TMPDIR to a larger disk."
        )


def _refuse_encrypted(archive: Archive, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 0x1:
        raise InputError(f"{archive.name} is encrypted: unpack it first.")


def _unpack(archive: Archive, opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Path:
    """One member into a file; its check sum is verified on the way."""
    _refuse_encrypted(archive, info)
    with opened.open(info) as source, open(path, "xb") as file:
        head = source.read(4)
        if head in _MAGIC and not _is_document(info.filename):
            raise InputError(
                f"{archive.place}{_harmless(info.filename)} is an archive in an archive: unpack it first."
            )
        file.write(head)
        shutil.copyfileobj(source, file, _CHUNK)
    return path


def _is_document(name: str) -> bool:
    return name.lower().endswith((".xlsx", ".xlsm", ".ods", ".docx"))


def _gist(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
