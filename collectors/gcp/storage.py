"""Buckets of one project: what they are by a list, what they hold by a metric that is measured once a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, labels, listed, utc
from collectors.gcp.measures import MEAN
from collectors.gcp.monitoring import Question, ask
from collectors.hours import DAY, Window, midnight
from collectors.regions import Problems, beside
from collectors.rows import once

LIST_BUCKETS = Api("storage", "storage/v1/b", "storage.buckets.list", page=1000, probe={"maxResults": 1})
BYTES = "storage.googleapis.com/storage/total_bytes"
OBJECTS = "storage.googleapis.com/storage/object_count"
_LATEST = timedelta(days=3)  # in which there is a measurement of every bucket
_LEAVES = ("Delete", "SetStorageClass")

# Classes of what is billed most per GiB and has no retrieval fee, under their former names as well.
_STANDARD = ("STANDARD", "REGIONAL", "MULTI_REGIONAL", "DURABLE_REDUCED_AVAILABILITY")

Held = dict[str, dict[str, float]]  # by bucket and storage class


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes and objects by bucket and storage class; None where they could not be read."""

    bytes: Held | None
    objects: Held | None


def get_buckets(client: Client, at: datetime, problems: Problems) -> tuple[Listed, Measured]:
    """Buckets, and what they hold by measures of a day."""
    found = listed(client, LIST_BUCKETS, project=client.project)
    if not found:
        return found, Measured({}, {})
    held = beside(problems, lambda: _latest(client, BYTES, at))
    objects = beside(problems, lambda: _latest(client, OBJECTS, at))
    return found, Measured(held, objects)


def _latest(client: Client, metric: str, at: datetime) -> Held:
    """What each bucket held on the latest day that it was measured, by storage class.

    A class that a bucket had before and has no more is not told on that day.
    """
    end = midnight(at)
    question = Question(metric, MEAN, Window(end - _LATEST, end), seconds=DAY)
    days: dict[str, dict[int, dict[str, float]]] = {}
    for part in ask(client, question):
        name = dict(part.resource).get("bucket_name")
        kind = dict(part.metric).get("storage_class", "")
        for place, value in zip(part.places.tolist(), part.values.tolist(), strict=True):
            if name is not None and place >= 0 and not isnan(value):
                day = days.setdefault(name, {}).setdefault(place, {})
                day[kind] = day.get(kind, 0.0) + value
    return {name: each[max(each)] for name, each in days.items()}


def transform_buckets(raw: tuple[Listed, Measured], project: str) -> Rows:
    """Rows of buckets and their tags. A bucket that was never measured holds an unknown amount."""
    found, measured = raw
    rows: Rows = {"buckets": [], "tags": []}
    for one in once(found.items, "name"):
        region, identity = str(one["location"]).lower(), str(one["name"])
        objects = (measured.objects or {}).get(identity)
        rows["buckets"].append(
            {
                **columns(project, region),
                "bucket_id": identity,
                "storage_class": one.get("storageClass"),
                "location_type": one.get("locationType"),
                **_held((measured.bytes or {}).get(identity)),
                "objects": None if objects is None else round(sum(objects.values())),
                **_rules(one),
                "versioned": bool((one.get("versioning") or {}).get("enabled")),
                "adapts_class": bool((one.get("autoclass") or {}).get("enabled")),
                "created_at": utc(one.get("timeCreated")),
            }
        )
        rows["tags"] += labels(project, region, "bucket", identity, one)
    return rows


def _held(bytes_: Mapping[str, float] | None) -> dict[str, float | None]:
    """Bytes, and those of them in the class that is billed most."""
    if bytes_ is None:
        return {"stored_bytes": None, "standard_bytes": None}
    unknown = "" in bytes_  # whose class is not told
    standard = sum(value for name, value in bytes_.items() if name in _STANDARD)
    return {"stored_bytes": sum(bytes_.values()), "standard_bytes": None if unknown else standard}


def _rules(bucket: Mapping[str, Any]) -> dict[str, bool]:
    """What the rules of a bucket's lifecycle do."""
    rules = [rule for rule in (bucket.get("lifecycle") or {}).get("rule") or () if isinstance(rule, Mapping)]
    actions = {str((rule.get("action") or {}).get("type")) for rule in rules}
    colder = any(
        (rule.get("action") or {}).get("type") == "SetStorageClass"
        and (rule.get("action") or {}).get("storageClass") not in _STANDARD
        for rule in rules
    )
    return {
        "has_lifecycle": bool(actions & set(_LEAVES)),
        "aborts_uploads": "AbortIncompleteMultipartUpload" in actions,
        "moves_class": colder,
        "expires_versions": any(map(_deletes_versions, rules)),
    }


def _deletes_versions(rule: Mapping[str, Any]) -> bool:
    """Whether a rule deletes old versions: every one does that is not for live objects alone."""
    deletes = (rule.get("action") or {}).get("type") == "Delete"
    return deletes and (rule.get("condition") or {}).get("isLive") is not True
