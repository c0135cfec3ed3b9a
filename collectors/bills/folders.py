"""A local folder as the deliveries, bills and flow logs that it holds."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from collectors.bills.manifests import MissingFileError, deliveries
from collectors.bills.objects import ENDINGS, JSON, Delivered, Say, Stored, visible
from collectors.flow_logs.recognising import recognise
from finops.errors import InputError

_INSIDE = re.compile(r"^(?P<root>.*/)(?:data|metadata)/(?:billing_period=[^/]*/)?$", re.IGNORECASE)
_HEAD = 1 << 16
_FLOW_LOGS = (*ENDINGS, ".log", ".log.gz", ".gz", ".txt")
# One of them is in every line of a bill as JSON.
_IN_JSON_BILLS = (b'"billing_account_id"', b'"BillingAccountId"', b'"lineItem/', b'"bill_payer_account_id"')


def in_folder(folder: Path, say: Say) -> tuple[list[Delivered], list[Stored]]:
    """What a folder holds at any depth: deliveries of exports, and the bills and flow logs that belong to none.

    Paths are absolute. Raises InputError when there is nothing, or a manifest names a file that is not there.
    """
    top = f"{folder.resolve().as_posix().rstrip('/')}/"
    inside = _INSIDE.match(top)
    root = inside["root"] if inside and Path(inside["root"], "metadata").is_dir() else top
    objects = visible(_walk(Path(root)), below=root)
    flows = [each for each in objects if each.name.lower().endswith(_FLOW_LOGS) and recognise(each.path)]
    objects = [each for each in objects if each not in flows] if flows else objects
    try:
        delivered, bills = deliveries(objects, lambda each: Path(each.path).read_bytes(), say)
    except MissingFileError as error:
        raise InputError(f"{error}: download all of the export.") from error
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}.") from error
    data = re.sub(r"/metadata/(?=(billing_period=[^/]*/)?$)", "/data/", top, flags=re.IGNORECASE)
    delivered = [each for each in delivered if each.source.startswith(data)]
    bills = [each for each in bills if each.path.startswith(top) and _if_json_a_bill(each)]
    bills += [each for each in flows if each.path.startswith(top)]
    if not delivered and not bills:
        raise InputError(
            f"The folder {folder} holds no bills: none of its files ends in {', '.join(ENDINGS)}."
        )
    return delivered, bills


def _walk(folder: Path) -> Iterator[Stored]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            yield _stored(Path(parent, name))


def _stored(path: Path) -> Stored:
    try:
        about = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be looked at: {error.strerror}.") from error
    modified = datetime.fromtimestamp(about.st_mtime, UTC).replace(tzinfo=None)
    return Stored(path.as_posix(), about.st_size, modified)


def _refuse(error: OSError) -> None:
    # os.walk would leave out what it may not list, and the sum would be too small without a word.
    raise InputError(f"The folder {error.filename} cannot be listed: {error.strerror}.") from error


def _if_json_a_bill(stored: Stored) -> bool:
    """Whether a file is no JSON, or JSON that looks like a bill: settings and the like lie beside bills."""
    if not stored.name.lower().endswith(JSON):
        return True
    import gzip

    path = Path(stored.path)
    try:
        with gzip.open(path) if stored.name.lower().endswith(".gz") else open(path, "rb") as file:
            head = file.read(_HEAD)
    except (OSError, EOFError):
        return True  # whoever reads it tells what is wrong with it
    return any(word in head for word in _IN_JSON_BILLS)
