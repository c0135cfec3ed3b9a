"""The bill from a Data Export in S3 (CUR 2.0 or FOCUS): each billing period as it was last delivered.

find    the one export under the address
choose  its billing periods in the window, and the files of each as the manifest names them
get     the files into a local folder, unless the same content (ETag and size) is there already
load    each period in place of its earlier delivery, all its files in one transaction

An export is a folder with `metadata/BILLING_PERIOD=YYYY-MM/…-Manifest.json`, written when a delivery is complete, and
`data/BILLING_PERIOD=YYYY-MM/` with the files, in a folder per execution where the export keeps earlier deliveries.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from collectors.aws.client import METER, Api, CallError, Client, Session
from collectors.bills import Delivery, FileResult, ingest_delivery
from finops.errors import IncompleteError, InputError
from finops.warehouse import Writer

LIST_OBJECTS = Api("s3", "list_objects_v2", "s3:ListBucket")
GET_OBJECT = Api("s3", "get_object", "s3:GetObject")

ENDINGS = (".parquet", ".csv.gz", ".csv")
DEPTH = 5  # folders between the address and an export; prefixes of exports have one or two
FOLDERS = 200  # looked into before the address is called too vague
ATTEMPTS = 4  # of one file whose download breaks off
_CHUNK = 1 << 20
_URL = re.compile(r"^s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?$")
_PERIOD = re.compile(r"/billing_period=(?P<period>\d{4}-\d{2})/$", re.IGNORECASE)
_INSIDE = re.compile(r"^(?P<root>(?:.*/)?)(?:data|metadata)/(?:billing_period=.*)?$", re.IGNORECASE)
_REGION = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}  # S3 leads on from there
_BROKEN = (BotoCoreError, HTTPError, ConnectionError, TimeoutError)  # what a stream that breaks off raises
_GONE = {"PreconditionFailed", "412", "NoSuchKey", "404"}


@dataclass(frozen=True, slots=True)
class Stored:
    """One object in the bucket; size in bytes."""

    key: str
    etag: str
    size: int
    modified: datetime

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Period:
    """One billing period of an export (YYYY-MM) and the folders it has, None where there is none."""

    month: str
    data: str | None
    metadata: str | None


@dataclass(frozen=True, slots=True)
class BillResult:
    """What became of an export. Periods are YYYY-MM; `failed` are those that stay as they were, with the reason."""

    export: str
    files: tuple[FileResult, ...] = ()
    loaded: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    downloaded: int = 0  # bytes
    calls: int = 0

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def periods(self) -> tuple[str, ...]:
        return tuple(sorted((*self.loaded, *self.unchanged)))


def collect_bill(
    writer: Writer,
    session: Session,
    url: str,
    *,
    at: datetime,
    since: datetime,
    folder: Path,
    say: Callable[[str], None],
    replace: bool = False,
) -> BillResult:
    """Loads the export at or below `url` (s3://BUCKET/PREFIX), from the billing period of `since` on.

    A period that cannot be had or trusted keeps its earlier rows and is in `failed`; when that goes for every
    period, its error is raised. `folder` keeps the files of the newest deliveries. With `replace` the export takes
    the place of other sources that hold the same bill. Raises InputError when there is no such bucket or no single
    export, CallError when it may not be looked at.
    """
    sent = METER.sent
    bucket = _Bucket.at(session, url)
    root = find_export(bucket, url)
    work = _Work(writer, bucket, root, folder, at, replace, say)
    periods = [period for period in periods_of(bucket, root) if period.month >= f"{since:%Y-%m}"]
    if not periods:
        say(f"{work.export} has no billing period since {since:%Y-%m}.")
    errors = [error for period in reversed(periods) if (error := work.take(period)) is not None]
    if errors and len(errors) == len(periods):
        raise errors[0]
    return BillResult(
        work.export,
        tuple(work.files),
        tuple(sorted(work.loaded)),
        tuple(sorted(work.unchanged)),
        tuple(sorted(work.failed)),
        work.downloaded,
        METER.sent - sent,
    )


# --- the bucket -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Reads from one bucket."""

    client: Client
    name: str

    @classmethod
    def at(cls, session: Session, url: str) -> "_Bucket":
        match = _URL.match(url)
        if not match or ".." in match["bucket"]:
            raise InputError(f"{url} is no address in S3: write s3://BUCKET or s3://BUCKET/PREFIX.")
        return cls(session.client(_REGION.get(session.partition, "us-east-1")), match["bucket"])

    def folders(self, prefix: str) -> list[str]:
        """The folders directly below, each with its whole path and a slash at the end."""
        pages = self._pages(Prefix=prefix, Delimiter="/")
        return [str(each["Prefix"]) for page in pages for each in page.get("CommonPrefixes", [])]

    def objects(self, prefix: str) -> list[Stored]:
        """The objects at any depth below."""
        return [
            Stored(str(each["Key"]), str(each["ETag"]).strip('"'), int(each["Size"]), each["LastModified"])
            for page in self._pages(Prefix=prefix)
            for each in page.get("Contents", [])
        ]

    def get(self, key: str, **conditions: str) -> dict[str, Any]:
        return self.client.get(GET_OBJECT, Bucket=self.name, Key=key, **conditions)

    def _pages(self, **parameters: str) -> Iterator[dict[str, Any]]:
        try:
            yield from self.client.pages(LIST_OBJECTS, Bucket=self.name, **parameters)
        except CallError as error:
            if error.code == "NoSuchBucket":
                raise InputError(f"There is no bucket {self.name} in S3: check the address.") from error
            raise


# --- find -------------------------------------------------------------------------------------------------


def find_export(bucket: _Bucket, url: str) -> str:
    """The folder of the one export at, below or around the address. Raises InputError unless it is one."""
    match = _URL.match(url)
    prefix = (match["prefix"] or "").strip("/") if match else ""
    prefix = f"{prefix}/" if prefix else ""
    around = _INSIDE.match(prefix)
    found = [around["root"]] if around and periods_of(bucket, around["root"]) else _below(bucket, url, prefix)
    if not found:
        raise InputError(
            f"{url} holds no Data Export (a folder with data/BILLING_PERIOD=… in it): name the bucket and prefix that "
            "the export delivers to."
        )
    if len(found) > 1:
        names = ", ".join(f"s3://{bucket.name}/{folder}" for folder in found)
        raise InputError(f"{url} holds {len(found)} exports: name one of {names}.")
    return found[0]


def _below(bucket: _Bucket, url: str, prefix: str) -> list[str]:
    found: list[str] = []
    waiting = [(prefix, 0)]
    for looked, (folder, depth) in enumerate(waiting):  # which grows while it is walked
        if looked >= FOLDERS:
            raise InputError(f"{url} has more than {FOLDERS} folders: name the prefix of the export.")
        below = bucket.folders(folder)
        if {f"{folder}data/", f"{folder}metadata/"} & set(below) and periods_of(bucket, folder):
            found.append(folder)
        elif depth < DEPTH:
            waiting += [(each, depth + 1) for each in below]
    return found


def periods_of(bucket: _Bucket, root: str) -> list[Period]:
    """The billing periods of an export, oldest first; none when the folder is no export."""
    months: dict[str, dict[str, str]] = {}
    for kind in ("data", "metadata"):
        for folder in bucket.folders(f"{root}{kind}/"):
            if match := _PERIOD.search(folder):
                months.setdefault(match["period"], {})[kind] = folder
    return [Period(month, each.get("data"), each.get("metadata")) for month, each in sorted(months.items())]


# --- choose -----------------------------------------------------------------------------------------------


def files_of(bucket: _Bucket, period: Period, say: Callable[[str], None]) -> list[Stored]:
    """The data files of the newest delivery of a period, in the manifest's order.

    Without a manifest that names them they are told from the listing, with a word about it. Raises
    IncompleteError when a file that the manifest names is not there.
    """
    objects = {each.key: each for each in bucket.objects(period.data)} if period.data else {}
    named = _named(bucket, period)
    if named is None:
        say(
            f"The billing period {period.month} has no manifest that can be read: its files are taken from the "
            "listing, and may be those of a delivery that is not complete."
        )
        return _newest(period, list(objects.values()))
    missing = [key for key in named if key not in objects]
    if missing:
        raise IncompleteError(
            f"The manifest of the billing period {period.month} names s3://{bucket.name}/{missing[0]}, which is not "
            "there: the export is perhaps being delivered, try again in an hour."
        )
    return [objects[key] for key in named]


def _named(bucket: _Bucket, period: Period) -> list[str] | None:
    """The keys that the period's manifest names; None without one that can be read."""
    manifest = _manifest(bucket.objects(period.metadata), period.metadata) if period.metadata else None
    if manifest is None:
        return None
    content = read(bucket, manifest)
    try:
        files = json.loads(content)["dataFiles"]
        keys = [str(file).removeprefix(f"s3://{bucket.name}/") for file in files]
    except (ValueError, KeyError, TypeError):
        return None
    return keys or None


def _manifest(objects: list[Stored], folder: str) -> Stored | None:
    """The manifest of the period itself, which is renewed with each delivery, before those of single executions."""
    manifests = [each for each in objects if each.name.endswith("Manifest.json")]
    return max(
        manifests, key=lambda each: ("/" not in each.key.removeprefix(folder), each.modified), default=None
    )


def _newest(period: Period, objects: list[Stored]) -> list[Stored]:
    """The bills of the folder that was written last: deliveries that are kept have a folder each."""
    folders: dict[str, list[Stored]] = {}
    for each in objects:
        if each.name.lower().endswith(ENDINGS):
            folders.setdefault(each.key.rpartition("/")[0], []).append(each)
    if not folders:
        raise IncompleteError(f"The billing period {period.month} of the export holds no bill yet.")
    newest = max(folders, key=lambda folder: (max(each.modified for each in folders[folder]), folder))
    return sorted(folders[newest], key=lambda each: each.key)


# --- get and load -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """One export on its way into the warehouse."""

    writer: Writer
    bucket: _Bucket
    root: str
    folder: Path
    at: datetime
    replace: bool
    say: Callable[[str], None]
    files: list[FileResult] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    downloaded: int = 0

    @property
    def export(self) -> str:
        return f"s3://{self.bucket.name}/{self.root}"

    def take(self, period: Period) -> CallError | IncompleteError | InputError | None:
        """Brings one period in; returns why it could not be."""
        try:
            stored = files_of(self.bucket, period, self.say)
            files = self._get(period, stored)
            self._load(period, files)
        except (CallError, IncompleteError, InputError) as error:
            self.failed.append((period.month, str(error)))
            return error
        return None

    def _get(self, period: Period, stored: list[Stored]) -> dict[str, Path]:
        """The files by their names; only what is not in the folder is downloaded."""
        folder = self.folder / _plain(f"{self.bucket.name}-{self.root}") / period.month
        files: dict[str, Path] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for each in stored:
                path = folder / _plain(f"{each.etag}-{each.size}-{each.name}")
                self._fetch(each, path)
                files[_unused(each.name, files)] = path
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
        return files

    def _fetch(self, stored: Stored, path: Path) -> None:
        if path.exists() and path.stat().st_size == stored.size:
            return
        download(self.bucket, stored, path)
        self.downloaded += stored.size

    def _load(self, period: Period, files: dict[str, Path]) -> None:
        source = f"{self.export}data/BILLING_PERIOD={period.month}/"
        result = ingest_delivery(self.writer, Delivery(source, files), at=self.at, replace=self.replace)
        if not result.files:
            self.say(f"The billing period {period.month} has no charges yet.")
        self.files += result.files
        same = all(file.status == "unchanged" for file in result.files)
        (self.unchanged if same else self.loaded).append(period.month)
        _keep_only(set(files.values()))


def download(bucket: _Bucket, stored: Stored, path: Path) -> None:
    """One object into a file that is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        _again_when_broken(bucket, stored, lambda body: _copy(body, part))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(bucket: _Bucket, stored: Stored) -> bytes:
    """One small object."""
    content: list[bytes] = []

    def keep(body: Any) -> int:
        content[:] = [body.read()]
        return len(content[0])

    _again_when_broken(bucket, stored, keep)
    return content[0]


def _again_when_broken(bucket: _Bucket, stored: Stored, take: Callable[[Any], int]) -> None:
    """Lets `take` have the object's stream, again while it breaks off; `take` returns the bytes that came."""
    for _ in range(ATTEMPTS):
        body = _open(bucket, stored)["Body"]
        with contextlib.closing(body), contextlib.suppress(*_BROKEN):
            if take(body) == stored.size:
                return
    raise CallError(
        "failed",
        "Truncated",
        f"The download of s3://{bucket.name}/{stored.key} broke off {ATTEMPTS} times: nothing of it was kept.",
    )


def _open(bucket: _Bucket, stored: Stored) -> dict[str, Any]:
    try:
        return bucket.get(stored.key, IfMatch=f'"{stored.etag}"')
    except CallError as error:
        if error.code in _GONE:
            raise IncompleteError(
                f"s3://{bucket.name}/{stored.key} was replaced while it was read: the export is being delivered, try "
                "again in an hour."
            ) from error
        raise


def _copy(body: Any, path: Path) -> int:
    """Writes a stream to a file; returns how many bytes came."""
    size = 0
    with open(path, "wb") as file:
        while chunk := body.read(_CHUNK):
            size += file.write(chunk)
    return size


def _keep_only(paths: set[Path]) -> None:
    """Removes the files of earlier deliveries."""
    for folder in {path.parent for path in paths}:
        for other in set(folder.iterdir()) - paths:
            other.unlink(missing_ok=True)


def _plain(name: str) -> str:
    """The name without what could lead out of a folder or surprise a file system."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-.")[-200:]


def _unused(name: str, taken: dict[str, Path]) -> str:
    """The name, numbered where a file of the same delivery has it already."""
    return name if name not in taken else f"{len(taken) + 1}-{name}"
