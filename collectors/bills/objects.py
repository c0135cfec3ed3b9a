"""What is stored somewhere: a file of a folder, a member of an archive, an object of a bucket."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

# What a folder's bills end in. A file that is named as such may be called anything.
ENDINGS = (
    *(".csv", ".csv.gz", ".csv.zip", ".parquet", ".zip"),
    *(".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz"),
)
JSON = (".json", ".json.gz")  # which other things end in too
# Athena's own table of AWS's reports, beside the bills: not one of them.
_NO_BILLS = re.compile(
    r"(^|/)(cost_and_usage_data_status|__MACOSX)/|(^|/)metadata/billing_period=", re.IGNORECASE
)
_HIDDEN = re.compile(r"(^|/)\.(?!\.?(/|$))")


@dataclass(frozen=True, slots=True)
class Stored:
    """One object. `path` is its key, or the absolute path of a file; size in bytes.

    `etag` changes whenever the content does, empty where nothing tells; `modified` (UTC) is None where it says nothing.
    """

    path: str
    size: int
    modified: datetime | None = None
    etag: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """With a slash at the end."""
        return self.path[: len(self.path) - len(self.name)]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one delivery of an export brought for one billing period.

    `source` is the folder of the period, with a slash at the end. `export` names export and period wherever they are
    copied to. `at` is the instant of the delivery (UTC), None where nothing tells.
    """

    source: str
    files: tuple[Stored, ...]
    export: str = ""
    at: datetime | None = None


Read = Callable[[Stored], bytes]
Say = Callable[[str], None]


def is_bill(path: str) -> bool:
    """Whether a file in a folder is taken for a bill, by its name."""
    name = path.rpartition("/")[2].lower()
    if not name.endswith(ENDINGS) or name.startswith("."):
        return False
    return not (name.endswith(JSON) and "manifest" in name) and not _NO_BILLS.search(path)


def visible(objects: Iterable[Stored], below: str = "") -> list[Stored]:
    """The objects without hidden ones and those in hidden folders (seen from `below`), in alphabetical order."""
    shown = (each for each in objects if not _HIDDEN.search(each.path.removeprefix(below)))
    return sorted(shown, key=lambda each: each.path)


def plain(name: str) -> str:
    """The name without what could lead out of a folder or surprise a file system."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-.")[-120:]
