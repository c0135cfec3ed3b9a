"""The bill from a Data Export in S3 (CUR 2.0 or FOCUS): each billing period as it was last delivered.

find    the one export under the address
choose  its billing periods in the window, and the files of each as the manifest names them
get     the files into a local folder, unless the same content (ETag and size) is there already
load    each period in place of its earlier delivery, all its files in one transaction

An export is a folder with `metadata/BILLING_PERIOD=YYYY-MM/…-Manifest.json`, written when a delivery is complete, and
`data/BILLING_PERIOD=YYYY-MM/` with the files, in a folder per execution where the export keeps earlier deliveries.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collectors.aws.client import Session
from collectors.aws.storage import GET_OBJECT, LIST_OBJECTS, Bucket
from collectors.bills import Delivery, FileResult, ingest_delivery
from collectors.bills.manifests import MissingFileError, deliveries
from collectors.bills.objects import Delivered, Stored, plain
from collectors.bills.stores.reading import download, read
from collectors.calls import METER, CallError
from finops.errors import IncompleteError, InputError
from finops.warehouse import Writer

__all__ = ["GET_OBJECT", "LIST_OBJECTS", "BillResult", "collect_bill"]

DEPTH = 5  # folders between the address and an export; prefixes of exports have one or two
FOLDERS = 200  # looked into before the address is called too vague
_URL = re.compile(r"^s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?$")
_PERIOD = re.compile(r"/billing_period=(?P<period>\d{4}-\d{2})/$", re.IGNORECASE)
_INSIDE = re.compile(r"^(?P<root>(?:.*/)?)(?:data|metadata)/(?:billing_period=.*)?$", re.IGNORECASE)
_REGION = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}  # S3 leads on from there


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
    bucket = _bucket_at(session, url)
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


def _bucket_at(session: Session, url: str) -> Bucket:
    match = _URL.match(url)
    if not match or ".." in match["bucket"]:
        raise InputError(f"{url} is no address in S3: write s3://BUCKET or s3://BUCKET/PREFIX.")
    return Bucket(session.client(_REGION.get(session.partition, "us-east-1")), match["bucket"])


# --- find -------------------------------------------------------------------------------------------------


def find_export(bucket: Bucket, url: str) -> str:
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


def _below(bucket: Bucket, url: str, prefix: str) -> list[str]:
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


def periods_of(bucket: Bucket, root: str) -> list[Period]:
    """The billing periods of an export, oldest first; none when the folder is no export."""
    months: dict[str, dict[str, str]] = {}
    for kind in ("data", "metadata"):
        for folder in bucket.folders(f"{root}{kind}/"):
            if match := _PERIOD.search(folder):
                months.setdefault(match["period"], {})[kind] = folder
    return [Period(month, each.get("data"), each.get("metadata")) for month, each in sorted(months.items())]


# --- choose -----------------------------------------------------------------------------------------------


def delivery_of(bucket: Bucket, period: Period, say: Callable[[str], None]) -> Delivered:
    """The newest delivery of a period: its files in the manifest's order.

    Without a manifest that names them they are told from the listing, with a word about it. Raises
    IncompleteError when a file that the manifest names is not there.
    """
    found = [each for folder in (period.data, period.metadata) if folder for each in bucket.objects(folder)]
    said: list[str] = []
    try:
        several, _ = deliveries(
            found, lambda each: read(bucket, each), said.append, place=bucket.place, aged=True
        )
    except MissingFileError as error:
        raise IncompleteError(
            f"{error}: the export is perhaps being delivered, try again in an hour."
        ) from error
    delivered = next((each for each in several if each.source == period.data), None)
    if delivered is None:
        raise IncompleteError(f"The billing period {period.month} of the export holds no bill yet.")
    if delivered.export == delivered.source:
        say(
            f"The billing period {period.month} has no manifest that can be read: its files are taken from the "
            "listing, and may be those of a delivery that is not complete."
        )
    return delivered


# --- get and load -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """One export on its way into the warehouse."""

    writer: Writer
    bucket: Bucket
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
            delivered = delivery_of(self.bucket, period, self.say)
            self._load(period, delivered, self._get(period, delivered))
        except (CallError, IncompleteError, InputError) as error:
            self.failed.append((period.month, str(error)))
            return error
        return None

    def _get(self, period: Period, delivered: Delivered) -> dict[str, Path]:
        """The files by their names; only what is not in the folder is downloaded."""
        folder = self.folder / plain(f"{self.bucket.name}-{self.root}") / period.month
        files: dict[str, Path] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for each in delivered.files:
                path = folder / plain(f"{each.etag}-{each.size}-{each.name}")
                self._fetch(each, path)
                files[each.path.removeprefix(delivered.source)] = path
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
        return files

    def _fetch(self, stored: Stored, path: Path) -> None:
        if path.exists() and path.stat().st_size == stored.size:
            return
        download(self.bucket, stored, path)
        self.downloaded += stored.size

    def _load(self, period: Period, delivered: Delivered, files: dict[str, Path]) -> None:
        source = f"{self.export}data/BILLING_PERIOD={period.month}/"
        delivery = Delivery(source, files, delivered.export, delivered.at)
        result = ingest_delivery(self.writer, delivery, at=self.at, replace=self.replace)
        if not result.files:
            self.say(f"The billing period {period.month} has no charges yet.")
        self.files += result.files
        same = all(file.status == "unchanged" for file in result.files)
        (self.unchanged if same else self.loaded).append(period.month)
        _keep_only(set(files.values()))


def _keep_only(paths: set[Path]) -> None:
    """Removes the files of earlier deliveries."""
    for folder in {path.parent for path in paths}:
        for other in set(folder.iterdir()) - paths:
            other.unlink(missing_ok=True)
