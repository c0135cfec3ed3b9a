"""Which files belong together: the deliveries of exports, recognised by their manifests or by their folders.

AWS Data Exports   …/data/BILLING_PERIOD=2026-10/[EXECUTION/]…        …/metadata/BILLING_PERIOD=2026-10/X-Manifest.json
AWS CUR (legacy)   …/REPORT/20261001-20261101/[ASSEMBLY/]…            the manifest in the same folder, and its copies
  for Athena       …/REPORT/REPORT/year=2026/month=10/…               …/REPORT/20261001-20261101/REPORT-Manifest.json
Azure exports      …/EXPORT/20261001-20261031/[RUN/]GUID/…            …/GUID/manifest.json
any other          …/BILLING_PERIOD=2026-10/… or year=2026/month=10/… none: the folder is the delivery
BigQuery           …/X000000000000.Y, …/X000000000001.Y …              none: the numbered files are
Tencent's FOCUS    …/FOCUS-bill_details-UIN-20261017.CSV               none: each day's file has all since the 1st

A manifest counts by what is written in it. Of several for one export and period the newest counts, and files that it
does not name do not.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collectors.bills.objects import Delivered, Read, Say, Stored, is_bill
from finops.errors import InputError

LARGEST_MANIFEST = 64 << 20  # bytes; the largest seen, of a report with 2,000 files, has 1 MB
_HIVE = (
    re.compile(r"^(?:.*/)?billing_period=\d{4}-\d{2}(?:-\d{2})?/", re.IGNORECASE),
    re.compile(r"^(?:.*/)?year=\d{4}/month=\d{1,2}/", re.IGNORECASE),
)
_RANGE = re.compile(r"^(?:.*/)?\d{8}-\d{8}/")
_EXECUTION = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}")  # the folder of one execution begins with its instant
_INSTANTS = (
    re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2})[:_-](\d{2})[:_-](\d{2})"),
    re.compile(r"\b(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z"),
)
_NUMBERED = re.compile(
    r"^(.*)0{6}\d{6}(\.[^/]*)$", re.DOTALL
)  # BigQuery numbers its files from 000000000000 on
_CUMULATIVE = re.compile(r"^(.*FOCUS-bill_details-\d+-)(\d{6})(\d{2})(\.csv)$", re.IGNORECASE | re.DOTALL)
Path = tuple[str, ...]  # the names of folders and file
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_NO_COSTS = {"pricesheet", "reservationdetails", "reservationrecommendations", "reservationtransactions"}


class MissingFileError(InputError):
    """A manifest names a file that is not there. The sentence has no end yet: what to do depends on where."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    """One manifest, understood. `keys` are as the bucket had them, `export` names export and period."""

    stored: Stored
    keys: tuple[str, ...]
    export: str
    at: datetime | None
    period: str
    home: str  # the folder in which all is the export's and the period's, empty where there is none
    costs: bool = True

    @property
    def of_period(self) -> bool:
        """Whether it is the one of the period, which is renewed with each delivery, and not that of one execution."""
        return self.stored.folder == self.home

    def newer(self, other: "_Manifest") -> bool:
        if self.at and other.at and self.at != other.at:
            return self.at > other.at
        if self.of_period != other.of_period:
            return self.of_period
        return _stored_at(self.stored) > _stored_at(other.stored)


def deliveries(
    objects: Sequence[Stored], read: Read, say: Say, *, place: str = "", aged: bool = False
) -> tuple[list[Delivered], list[Stored]]:
    """The deliveries among the objects, and the bills that belong to none.

    `place` stands before a path in what is said. With `aged` the instant at which a manifest was stored is that of its
    delivery where it names none itself. Raises MissingFileError when a manifest names a file that is not there.
    """
    newest: dict[str, _Manifest] = {}
    homes: set[str] = set()
    understood = list(_manifests(objects, read))
    have = {_parts(each.path): each for each in objects} if understood else {}
    for manifest in understood:
        homes |= _homes(manifest, have)
        if manifest.export not in newest or manifest.newer(newest[manifest.export]):
            newest[manifest.export] = manifest
    found = [_delivered(each, have, place, aged=aged) for each in newest.values() if each.costs]
    homes |= {each.source for each in found}
    named = {file.path for each in found for file in each.files}
    bills = (each for each in objects if is_bill(each.path) and each.path not in named)
    rest = [each for each in bills if not _below(each.path, homes)]
    partitions, rest = _partitions(rest, say, place)
    numbered, rest = _numbered(rest)
    daily, rest = _cumulative(rest)
    found = [each for each in found if each.files] + partitions + numbered + daily
    return sorted(found, key=lambda each: each.source), rest


def period_folder(path: str) -> str | None:
    """The folder of the billing period in which a file lies, with a slash at the end."""
    for pattern in (*_HIVE, _RANGE):
        if match := pattern.match(path):
            return match[0]
    return None


def _homes(manifest: _Manifest, have: Mapping[Path, Stored]) -> set[str]:
    """The folders in which all is of the manifest's export and period, also where it is not the newest one."""
    homes = {manifest.home, re.sub(r"(^|/)metadata/(?=[^/]+/$)", r"\1data/", manifest.home)} - {""}
    with contextlib.suppress(MissingFileError):
        homes |= {period_folder(each.path) or "" for each in _resolved(manifest, have, "")} - {""}
    return homes


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(folder) for folder in folders)


# --- read -------------------------------------------------------------------------------------------------


def _manifests(objects: Sequence[Stored], read: Read) -> Iterator[_Manifest]:
    """Those that can be understood; of AWS's copies in the folders of executions the newest only."""
    copies: dict[tuple[str, str], list[Stored]] = {}
    for each in objects:
        name = each.name.lower()
        if name.endswith("manifest.json") and 0 < each.size <= LARGEST_MANIFEST:
            folder = period_folder(each.path) or each.folder
            copies.setdefault((folder, name if name != "manifest.json" else each.path), []).append(each)
    for (folder, _), several in copies.items():
        of_period = [each for each in several if each.folder == folder]
        of_executions = [each for each in several if each.folder != folder]
        for group in (of_period, sorted(of_executions, key=_stored_at, reverse=True)):
            understood = (understand(each, read(each)) for each in group)
            if manifest := next((each for each in understood if each), None):
                yield manifest


def _stored_at(stored: Stored) -> tuple[datetime, str]:
    """When a manifest was written, as far as it can be told without reading it."""
    return (_instant(_below_period(stored)) or stored.modified or _LONG_AGO, stored.path)


def _below_period(stored: Stored) -> str:
    """The folders of execution or assembly in which a manifest lies; above, an instant may mean anything."""
    return stored.folder.removeprefix(period_folder(stored.path) or stored.folder)


def understand(stored: Stored, content: bytes) -> _Manifest | None:
    """The manifest in a file, None when it is none of those known here."""
    try:
        text = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(text, dict):
        return None
    try:
        for known in (_data_export, _report, _azure):
            if manifest := known(stored, text):
                return manifest
    except (TypeError, KeyError, AttributeError, IndexError):
        return None
    return None


def _data_export(stored: Stored, text: dict[str, Any]) -> _Manifest | None:
    files = text.get("dataFiles")
    if not isinstance(files, list) or not files or not all(isinstance(each, str) for each in files):
        return None
    folder = period_folder(files[0]) or files[0].rpartition("/")[0] + "/"
    instant = _instant(str(text.get("executionId", "")), files[0].removeprefix(folder), _below_period(stored))
    period = folder.rstrip("/").rpartition("=")[2]
    return _Manifest(stored, tuple(files), folder, instant, period, period_folder(stored.path) or "")


def _report(stored: Stored, text: dict[str, Any]) -> _Manifest | None:
    keys, period = text.get("reportKeys"), text.get("billingPeriod") or {}
    if not isinstance(keys, list) or not keys or not all(isinstance(each, str) for each in keys):
        return None
    dates = "-".join(str(period.get(end, ""))[:8] for end in ("start", "end"))
    folder = period_folder(keys[0]) or keys[0].rpartition("/")[0] + "/"
    export = f"s3://{text.get('bucket', '')}/{folder.lstrip('/')}"
    instant = _instant(str(text.get("assemblyId", "")))
    return _Manifest(stored, tuple(keys), export, instant, dates, period_folder(stored.path) or "")


def _azure(stored: Stored, text: dict[str, Any]) -> _Manifest | None:
    blobs, run = text.get("blobs"), text.get("runInfo")
    if not isinstance(blobs, list) or not isinstance(run, dict):
        return None
    config = text.get("exportConfig") or {}
    keys = tuple(str(each["blobName"]) for each in blobs)
    kind, home = str(config.get("type", "")).lower(), _azure_home(stored)
    dates = period_folder(stored.path) or period_folder(keys[0] if keys else "") or ""
    period = dates.rstrip("/").rpartition("/")[2] or str(run.get("startDate", ""))[:7]
    name = str(config.get("resourceId") or config.get("exportName") or home).lower()
    instant = _instant(str(run.get("submittedTime", "")))
    return _Manifest(
        stored, keys, f"azure:{name}:{kind}:{period}", instant, period, home, kind not in _NO_COSTS
    )


def _azure_home(stored: Stored) -> str:
    """The folder above those of runs: EXPORT/DATES/ or, as Azure wrote it once, DATES/EXPORT/."""
    dates = period_folder(stored.path)
    if not dates:
        return ""
    below = stored.folder.removeprefix(dates).rstrip("/").split("/")[:-1]  # without the run's GUID
    if below and re.fullmatch(r"\d{12,14}", below[-1]):
        below = below[:-1]
    return dates + "".join(f"{name}/" for name in below)


def _key(uri: str) -> str:
    """The key in s3://BUCKET/KEY; the bucket may be another one now."""
    return re.sub(r"^s3[an]?://[^/]+/", "", uri)


def _instant(*texts: str) -> datetime | None:
    """The first instant that one of the texts holds, in UTC."""
    for text in texts:
        for pattern in _INSTANTS:
            if match := pattern.search(text):
                try:
                    return datetime(*(int(part) for part in match.groups()), tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc, arg-type]
                except ValueError:
                    continue
    return None


# --- the files it names -----------------------------------------------------------------------------------


def _delivered(manifest: _Manifest, have: Mapping[Path, Stored], place: str, *, aged: bool) -> Delivered:
    files = _resolved(manifest, have, place)
    folders = {period_folder(each.path) for each in files}
    folder = folders.pop() if len(folders) == 1 else None
    if manifest.export.startswith("azure:") and manifest.home:
        folder = manifest.home
    if folder is None:  # copied without its folders: the period goes into the name, for the next one's sake
        folder = f"{manifest.stored.folder}{manifest.period}/"
    at = manifest.at or (manifest.stored.modified if aged else None)
    return Delivered(folder, tuple(files), manifest.export, at)


def _resolved(manifest: _Manifest, have: Mapping[Path, Stored], place: str) -> list[Stored]:
    """The files, found where the export was copied to: below any folder above the manifest, by what is left of the key.

    Raises MissingFileError when they are not all there.
    """
    keys = [_parts(_key(key)) for key in manifest.keys]
    above = _parts(manifest.stored.folder)
    nearest: tuple[int, str] | None = None  # how many are missing where most are there, and the first of them
    for root, cut in _roots(above, keys):
        there = [root + key[cut:] for key in keys]
        missing = [number for number, path in enumerate(there) if path not in have]
        if not missing:
            return [have[path] for path in there]
        if nearest is None or len(missing) < nearest[0]:
            nearest = (len(missing), manifest.keys[missing[0]])
    if nearest is None:
        return []
    raise MissingFileError(
        f"The manifest {place}{manifest.stored.path} names {nearest[1]}, which is not there"
    )


def _roots(above: Path, keys: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """Where the bucket may have been copied to, and how many folders of a key were left out; likeliest first."""
    for cut in range(min((len(key) for key in keys), default=0)):
        alone = any(
            len(key) - cut == 1 for key in keys
        )  # a bare name proves too little to be looked for elsewhere
        for depth in range(len(above), len(above) - 1 if alone else -1, -1):
            yield above[:depth], cut


def _parts(path: str) -> Path:
    return tuple(part for part in path.split("/") if part)


# --- folders without a manifest ---------------------------------------------------------------------------


def _partitions(bills: Sequence[Stored], say: Say, place: str) -> tuple[list[Delivered], list[Stored]]:
    """The deliveries that folders of billing periods are, and the other bills."""
    folders: dict[str, list[Stored]] = {}
    rest: list[Stored] = []
    for bill in bills:
        folder = next((match[0] for pattern in _HIVE if (match := pattern.match(bill.path))), None)
        if folder:
            folders.setdefault(folder, []).append(bill)
        else:
            rest.append(bill)
    found = []
    for folder, several in folders.items():
        newest = _newest_execution(folder, several)
        if len(newest) < len(several):
            say(f"{place}{folder} has no manifest that can be read: of its executions the newest is taken.")
        found.append(Delivered(folder, tuple(newest), folder))
    return found, rest


def _newest_execution(folder: str, bills: list[Stored]) -> list[Stored]:
    """The bills of the newest execution where each has a folder of its own; else all."""
    executions: dict[str, list[Stored]] = {}
    for bill in bills:
        executions.setdefault(bill.path.removeprefix(folder).partition("/")[0], []).append(bill)
    if all(_EXECUTION.match(name) for name in executions):
        return executions[max(executions)]
    return bills


def _numbered(bills: Sequence[Stored]) -> tuple[list[Delivered], list[Stored]]:
    """The exports of a table to several files, as many as it takes each time; and the other bills."""
    groups: dict[str, list[Stored]] = {}
    for bill in bills:
        if match := _NUMBERED.match(bill.path):
            groups.setdefault(f"{match[1]}*{match[2]}/", []).append(bill)
    found = [Delivered(source, tuple(several), source) for source, several in groups.items()]
    return found, [bill for bill in bills if not _NUMBERED.match(bill.path)]


def _cumulative(bills: Sequence[Stored]) -> tuple[list[Delivered], list[Stored]]:
    """Of files that each hold a month up to their day the last one; and the other bills."""
    months: dict[str, list[tuple[datetime, Stored]]] = {}
    rest = []
    for bill in bills:
        match = _CUMULATIVE.match(bill.path)
        day = _instant(f"{match[2]}{match[3]}T000000Z") if match else None
        if match and day:
            months.setdefault(f"{match[1]}{match[2]}/", []).append((day, bill))
        else:
            rest.append(bill)
    newest = {source: max(several, key=lambda each: each[0]) for source, several in months.items()}
    return [Delivered(source, (bill,), source, day) for source, (day, bill) in newest.items()], rest
