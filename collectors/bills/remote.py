"""Bills in an object store: what lies below an address, and each bill or delivery of it as files on this machine.

What was read is remembered by ETag and size (`bill_objects`): the same again is not downloaded. Files are here only
while they are loaded, one bill or delivery at a time.
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from collectors.bills import deliveries, partitions
from collectors.bills.manifests import MissingFileError
from collectors.bills.manifests import deliveries as recognised
from collectors.bills.objects import ENDINGS, Delivered, Say, Stored, plain, visible
from collectors.bills.results import FileResult
from collectors.bills.stores import opened, split
from collectors.bills.stores.reading import Store, download_all, read
from collectors.flow_logs.recognising import named_like_one
from finops.errors import IncompleteError, InputError

MOST = 200_000  # objects below an address
_SPARE = 256 << 20  # bytes of the disk that stay free
_INSIDE = re.compile(
    r"^(?P<root>(?:.*/)?)(?:data|metadata)/(?P<period>billing_period=[^/]*/)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Remote:
    """A bill, or with `delivered` a delivery, in a store."""

    store: Store
    files: tuple[Stored, ...]
    delivered: Delivered | None = None

    @property
    def source(self) -> str:
        """The address of the bill, or of the folder of the delivery."""
        return self.store.place + (self.delivered.source if self.delivered else self.files[0].path)

    def address(self, stored: Stored) -> str:
        return self.store.place + stored.path


def below(address: str, say: Say) -> list[Remote]:
    """What an address names: one object, or the bills and deliveries below it.

    Raises InputError when that is nothing, CredentialsError, IncompleteError when it cannot be listed or an export is
    being delivered.
    """
    _, _, path = split(address)
    store = opened(address)
    if path and not path.endswith("/"):
        first = next(iter(islice(store.objects(path, most=1), 1)), None)
        if first is not None and first.path == path:
            return [Remote(store, (first,))]
    top = f"{path.rstrip('/')}/" if path.strip("/") else ""
    everything = [each for prefix in _around(top) for each in _listed(store, prefix, address)]
    # What is in a store is not looked into before it is loaded, so that flow logs are told by their names.
    flows = [each for each in visible(everything, below=top) if named_like_one(each.path)]
    objects = [each for each in everything if not named_like_one(each.path)]
    try:
        found, bills = recognised(
            visible(objects, below=top), lambda each: read(store, each), say, place=store.place, aged=True
        )
    except MissingFileError as error:
        raise IncompleteError(
            f"{error}: the export is perhaps being delivered, try again in an hour."
        ) from error
    data = re.sub(r"(^|/)metadata/(?=(billing_period=[^/]*/)?$)", r"\1data/", top, flags=re.IGNORECASE)
    remotes = [Remote(store, each.files, each) for each in found if each.source.startswith(data)]
    remotes += [Remote(store, (each,)) for each in [*bills, *flows] if each.path.startswith(top)]
    if not remotes:
        raise InputError(f"{address} holds no bills: nothing below it ends in {', '.join(ENDINGS)}.")
    return remotes


def _around(top: str) -> list[str]:
    """The prefixes to list: of an export's data or metadata both, else the folder itself."""
    if inside := _INSIDE.match(top):
        return [f"{inside['root']}{kind}/{inside['period'] or ''}" for kind in ("data", "metadata")]
    return [top]


def _listed(store: Store, prefix: str, address: str) -> Iterator[Stored]:
    for number, each in enumerate(store.objects(prefix)):
        if number >= MOST:
            raise InputError(
                f"{address} has more than {MOST:,} objects below it: name the folder of the bills."
            )
        if not each.path.endswith("/"):  # which marks a folder
            yield each


@contextmanager
def downloaded(remote: Remote, folder: Path) -> Iterator[dict[Stored, Path]]:
    """The files on this machine, for a while, under names that are ours.

    Raises IncompleteError when they cannot be had whole, InputError when they do not fit on the disk.
    """
    size, free = sum(each.size for each in remote.files), shutil.disk_usage(folder).free
    if size > free - _SPARE:
        raise InputError(
            f"{remote.source} has {size / 1e9:,.1f} GB and {folder.parent} has {free / 1e9:,.1f} GB free: make room, "
            "or set TMPDIR to a larger disk."
        )
    with TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as here:
        paths = {each: Path(here, f"{number}-{plain(each.name)}") for number, each in enumerate(remote.files)}
        download_all(remote.store, list(paths.items()))
        yield paths


# --- what is known ----------------------------------------------------------------------------------------


def known(con: duckdb.DuckDBPyConnection, remote: Remote, *, replace: bool) -> list[FileResult] | None:
    """What would become of the files if they were downloaded, where that is nothing; None when they have to be."""
    content = _content(con, remote)
    if content is None:
        return None
    if remote.delivered:
        told = remote.delivered
        standing = deliveries.standing(con, remote.source, told.export, told.at, content)
        if content and not standing.unchanged and (replace or not standing.why_older):
            return None
        note, holders = standing.why_older if not standing.unchanged else "", standing.holders
    else:
        holders = {source: _holder_of(con, fingerprint) or "" for source, fingerprint in content.items()}
        note = ""
        if not content or not all(holders.values()):
            return None
    return [_unchanged(source, holders.get(source, ""), note) for source in content]


def _holder_of(con: duckdb.DuckDBPyConnection, fingerprint: str) -> str | None:
    """The bill or flow log that has this content."""
    row = con.execute("SELECT min(source) FROM flow_files WHERE fingerprint = ?", [fingerprint]).fetchone()
    return partitions.holder_of(con, fingerprint) or (str(row[0]) if row and row[0] else None)


def _unchanged(source: str, holder: str, note: str) -> FileResult:
    if not note and holder and holder != source:
        note = f"The same content was loaded from {holder}."
    return FileResult(Path(source), "", "unchanged", notes=(note,) if note else (), source=source)


def _content(con: duckdb.DuckDBPyConnection, remote: Remote) -> dict[str, str] | None:
    """Fingerprints by source, of files with rows; None unless every object is known as it is now."""
    content: dict[str, str] = {}
    for each in remote.files:
        rows = con.execute(
            "SELECT source, fingerprint FROM bill_objects WHERE object = ? AND etag = ? AND size_bytes = ? "
            "ORDER BY source",
            [remote.address(each), each.etag, each.size],
        ).fetchall()
        if not rows:
            return None
        content |= {str(source): str(fingerprint) for source, fingerprint in rows if fingerprint is not None}
    return content


def remember(
    con: duckdb.DuckDBPyConnection, remote: Remote, results: Sequence[FileResult], run_id: str
) -> None:
    """Notes what was read of which object, an archive's files too."""
    fingerprints: Mapping[str, str] = {each.source: each.fingerprint for each in results}
    con.begin()
    if remote.delivered:
        con.execute("DELETE FROM bill_objects WHERE starts_with(object, ?)", [remote.source])
    for each in remote.files:
        address = remote.address(each)
        con.execute("DELETE FROM bill_objects WHERE object = ?", [address])
        inside = [name for name in fingerprints if name == address or name.startswith(f"{address}/")] or [
            address
        ]
        con.executemany(
            "INSERT INTO bill_objects VALUES (?, ?, ?, ?, ?, ?)",
            [
                [address, each.etag, each.size, name, fingerprints.get(name) or None, run_id]
                for name in inside
            ],
        )
    con.commit()
