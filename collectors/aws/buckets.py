"""Buckets of S3, by the verbs of inventory: the list and the sizes of a region at once, the rest bucket by bucket.

Sizes and counts are CloudWatch's of the last days, which cost nothing: a listing would cost a request for each thousand
objects. An empty bucket has none, nor has one that was made yesterday.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.aws import metrics
from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.aws.tagging import tagged
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

LIST_BUCKETS = Api("s3", "list_buckets", "s3:ListAllMyBuckets", probe={"MaxBuckets": 1})
GET_LOCATION = Api("s3", "get_bucket_location", "s3:GetBucketLocation")
GET_LIFECYCLE = Api("s3", "get_bucket_lifecycle_configuration", "s3:GetLifecycleConfiguration")
GET_VERSIONING = Api("s3", "get_bucket_versioning", "s3:GetBucketVersioning")
LIST_UPLOADS = Api("s3", "list_multipart_uploads", "s3:ListBucketMultipartUploads")

_UPLOAD_PAGES = 10  # of 1,000 uploads: a bucket with more of them is told with so many
_SIZE, _COUNT = "BucketSizeBytes", "NumberOfObjects"
_SIZE_DAYS = 4  # a day's figure comes a day late, now and then two
_STANDARD = "StandardStorage"
_ADAPTING = "IntelligentTiering"
_NAMED = 5  # buckets that a sentence about what is denied names
# What GetBucketLocation calls the two oldest regions.
_OLD_NAMES = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}


def get_buckets(client: Client, at: datetime, problems: Problems) -> dict[str, Any]:
    """Buckets of the region, with their tags and sizes by name."""
    found = [one for one in _listed(client) if _region_of(client, one, problems) == client.region]
    if not found:
        return {"each": [], "tags": {}, "sizes": {}}
    names = {str(one["Name"]) for one in found}
    return {
        "each": found,
        "tags": tagged(client, "s3", problems),
        "sizes": beside(problems, lambda: _sizes(client, names, at)) or {},
    }


def _listed(client: Client) -> Raw:
    return all_of(client, LIST_BUCKETS, "Buckets", BucketRegion=client.region)


def _region_of(client: Client, bucket: Mapping[str, Any], problems: Problems) -> str | None:
    """Where a bucket is: told by the list, unless it comes from a store that speaks an older S3."""
    if bucket.get("BucketRegion"):
        return str(bucket["BucketRegion"])
    answer = beside(problems, lambda: client.get(GET_LOCATION, Bucket=bucket["Name"]))
    if answer is None:
        return None
    place = answer.get("LocationConstraint")
    return _OLD_NAMES.get(place, place)


# --- sizes ------------------------------------------------------------------------------------------------


def _sizes(client: Client, names: set[str], at: datetime) -> dict[str, dict[str, float]]:
    """The newest size of each storage class and the number of objects, by bucket."""
    series = [
        (_SIZE, dict_of(one))
        for one in all_of(client, metrics.LIST_METRICS, "Metrics", Namespace="AWS/S3", MetricName=_SIZE)
        if dict_of(one).get("BucketName") in names and "StorageType" in dict_of(one)
    ]
    measured = sorted({told["BucketName"] for _, told in series})
    series += [(_COUNT, {"BucketName": name, "StorageType": "AllStorageTypes"}) for name in measured]
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for start in range(0, len(series), metrics.QUERIES):
        some = series[start : start + metrics.QUERIES]
        for place_, value in _newest(client, some, at).items():
            metric, told = some[place_]
            found[told["BucketName"]][_COUNT if metric == _COUNT else told["StorageType"]] = value
    return found


def dict_of(series: Mapping[str, Any]) -> dict[str, str]:
    """The dimensions of a series by name."""
    return {str(one["Name"]): str(one["Value"]) for one in series.get("Dimensions") or ()}


def _newest(
    client: Client, series: Sequence[tuple[str, Mapping[str, str]]], at: datetime
) -> dict[int, float]:
    """The last value of each series, by its place."""
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/S3",
                    "MetricName": metric,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in told.items()],
                },
                "Period": 86400,
                "Stat": "Average",
            },
        }
        for number, (metric, told) in enumerate(series)
    ]
    pages = client.pages(
        metrics.GET_METRIC_DATA,
        MetricDataQueries=queries,
        StartTime=(at - timedelta(days=_SIZE_DAYS)).replace(tzinfo=UTC),
        EndTime=at.replace(tzinfo=UTC),
        ScanBy="TimestampDescending",
        MaxDatapoints=metrics.POINTS,
    )
    found: dict[int, float] = {}
    for page in pages:
        for one in page.get("MetricDataResults") or ():
            if one.get("Values"):
                found.setdefault(int(str(one["Id"])[1:]), float(one["Values"][0]))
    return found


# --- bucket by bucket -------------------------------------------------------------------------------------


def get_settings(client: Client, buckets: Sequence[Mapping[str, Any]], problems: Problems) -> Raw:
    """The buckets, each with what keeps it small and what was never finished in it."""
    denied: dict[str, list[str]] = {}
    found = [{**one, **_settings(client, str(one["Name"]), denied)} for one in buckets]
    for sentence, names in denied.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        which = "bucket" if len(names) == 1 else "buckets"
        problems.append(f"{sentence} That is about the {which} {', '.join(names[:_NAMED])}{more}.")
    return found


def _settings(client: Client, name: str, denied: dict[str, list[str]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, ask in (("lifecycle", _lifecycle), ("versioning", _versioning), ("uploads", _uploads)):
        try:
            told[key] = ask(client, name)
        except CallError as error:
            told[key] = None
            if name not in denied.setdefault(str(error), []):
                denied[str(error)].append(name)
    return told


def _lifecycle(client: Client, name: str) -> Raw:
    try:
        rules = client.get(GET_LIFECYCLE, Bucket=name).get("Rules") or []
    except CallError as error:
        if error.code == "NoSuchLifecycleConfiguration":
            return []
        raise
    return [one for one in rules if one.get("Status") == "Enabled"]


def _versioning(client: Client, name: str) -> bool:
    """Whether old versions are kept: those from before it was suspended are."""
    return client.get(GET_VERSIONING, Bucket=name).get("Status") in ("Enabled", "Suspended")


def _uploads(client: Client, name: str) -> Raw:
    found: Raw = []
    more: dict[str, Any] = {}
    for _ in range(_UPLOAD_PAGES):
        page = client.get(LIST_UPLOADS, Bucket=name, MaxUploads=1000, **more)
        found += page.get("Uploads") or []
        if not page.get("IsTruncated") or not page.get("NextKeyMarker"):
            break
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page.get("NextUploadIdMarker") or ""}
    return found


# --- rows -------------------------------------------------------------------------------------------------


def transform_buckets(raw: Mapping[str, Any], scope: Scope, partition: str) -> Rows:
    """Rows of buckets and their tags."""
    rows: Rows = {"buckets": [], "tags": []}
    for one in once(raw["each"], "Name"):
        name = str(one["Name"])
        rows["buckets"].append({**place(scope), **_bucket(one, raw["sizes"].get(name, {}))})
        tags = raw["tags"].get(f"arn:{partition}:s3:::{name}", {})
        rows["tags"] += tag_rows(scope, "bucket", name, tags)
    return rows


def _bucket(one: Mapping[str, Any], sizes: Mapping[str, float]) -> dict[str, Any]:
    rules, uploads = one.get("lifecycle"), one.get("uploads")
    classes = {name: size for name, size in sizes.items() if name != _COUNT}
    begun = [at for each in uploads or () if (at := utc(each.get("Initiated")))]
    return {
        "bucket_id": one["Name"],
        "storage_class": "STANDARD",
        "stored_bytes": sum(classes.values()) if classes else None,
        "standard_bytes": classes.get(_STANDARD, 0.0) if classes else None,
        "objects": int(sizes[_COUNT]) if _COUNT in sizes else None,
        "versioned": one.get("versioning"),
        "created_at": utc(one.get("CreationDate")),
        **_cared_for(rules),
        "adapts_class": _adapts(rules, classes),
        "unfinished_uploads": None if uploads is None else len(uploads),
        "unfinished_since": min(begun) if begun else None,
    }


def _cared_for(rules: Raw | None) -> dict[str, bool | None]:
    """What the rules of a lifecycle do; unknown where they may not be read."""
    names = ("has_lifecycle", "moves_class", "expires_versions", "aborts_uploads")
    if rules is None:
        return dict.fromkeys(names)
    moves = any(_moves(one) for one in rules)
    expires = any(one.get("NoncurrentVersionExpiration") for one in rules)
    deletes = any({"Days", "Date"} & set(one.get("Expiration") or ()) for one in rules)
    aborts = any(one.get("AbortIncompleteMultipartUpload") for one in rules)
    return dict(zip(names, (moves or expires or deletes, moves, expires, aborts), strict=True))


def _moves(rule: Mapping[str, Any]) -> bool:
    return bool(rule.get("Transitions") or rule.get("NoncurrentVersionTransitions"))


def _adapts(rules: Raw | None, classes: Mapping[str, float]) -> bool | None:
    """Whether S3 moves every object by itself: a rule puts all of them there at once, or they are there."""
    everything = any(_whole(one) and _at_once(one.get("Transitions") or ()) for one in rules or ())
    total = sum(classes.values())
    there = sum(size for name, size in classes.items() if name.startswith(_ADAPTING))
    if everything or (total > 0 and there >= 0.99 * total):
        return True
    return None if rules is None else False


def _whole(rule: Mapping[str, Any]) -> bool:
    """Whether a rule is about every object."""
    return not rule.get("Prefix") and not any((rule.get("Filter") or {}).values())


def _at_once(transitions: Iterable[Mapping[str, Any]]) -> bool:
    return any(
        one.get("StorageClass") == "INTELLIGENT_TIERING" and one.get("Days") == 0 for one in transitions
    )
