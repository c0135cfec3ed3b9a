"""Buckets of one project: what they are by a list, what they hold by a metric that is measured once a day."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isnan

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, labels, listed, utc
from collectors.gcp.measures import MEAN
from collectors.gcp.monitoring import Labels, Question, ask
from collectors.hours import DAY, Window, midnight
from collectors.regions import Problems, beside
from collectors.rows import once

LIST_BUCKETS = Api("storage", "storage/v1/b", "storage.buckets.list", page=1000, probe={"maxResults": 1})
BYTES = "storage.googleapis.com/storage/total_bytes"
_LATEST = timedelta(days=3)  # in which there is a measurement of every bucket
_LEAVES = ("Delete", "SetStorageClass")

Held = dict[str, float]


def get_buckets(client: Client, at: datetime, problems: Problems) -> tuple[Listed, Held | None]:
    """Buckets, and by name the bytes that they hold; None where these could not be read."""
    found = listed(client, LIST_BUCKETS, project=client.project)
    return found, beside(problems, lambda: _latest(client, at)) if found else {}


def _latest(client: Client, at: datetime) -> Held:
    """What each bucket held on the latest day that it was measured, all storage classes together.

    A class that a bucket had before and has no more is not told on that day.
    """
    end = midnight(at)
    question = Question(BYTES, MEAN, Window(end - _LATEST, end), seconds=DAY)
    days: dict[str, dict[int, dict[Labels, float]]] = {}
    for part in ask(client, question):
        name = dict(part.resource).get("bucket_name")
        for place, value in zip(part.places.tolist(), part.values.tolist(), strict=True):
            if name is not None and place >= 0 and not isnan(value):
                days.setdefault(name, {}).setdefault(place, {})[part.metric] = value
    return {name: sum(each[max(each)].values()) for name, each in days.items()}


def transform_buckets(raw: tuple[Listed, Held | None], project: str) -> Rows:
    """Rows of buckets and their tags. A bucket that was never measured holds an unknown amount."""
    found, stored = raw
    rows: Rows = {"buckets": [], "tags": []}
    for one in once(found.items, "name"):
        region, identity = str(one["location"]).lower(), str(one["name"])
        rules = [rule for rule in (one.get("lifecycle") or {}).get("rule") or () if isinstance(rule, Mapping)]
        actions = {str((rule.get("action") or {}).get("type")) for rule in rules}
        rows["buckets"].append(
            {
                **columns(project, region),
                "bucket_id": identity,
                "storage_class": one.get("storageClass"),
                "stored_bytes": (stored or {}).get(identity),
                "has_lifecycle": bool(actions & set(_LEAVES)),
                "aborts_uploads": "AbortIncompleteMultipartUpload" in actions,
                "versioned": bool((one.get("versioning") or {}).get("enabled")),
                "created_at": utc(one.get("timeCreated")),
            }
        )
        rows["tags"] += labels(project, region, "bucket", identity, one)
    return rows
