"""Buckets of OSS: what they hold, whether anything ever leaves them, and uploads that nobody finished."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any
from xml.etree import ElementTree

from collectors.alibaba.answers import utc
from collectors.alibaba.api import Api
from collectors.alibaba.oss import Oss
from collectors.alibaba.oss_xml import name_of, named, text
from collectors.calls import CallError
from collectors.conduct import Crew, Got, Rows
from collectors.regions import Asked, Problems, beside, bring, what
from collectors.rows import Raw, number, place
from finops.warehouse import Scope

LIST_BUCKETS = Api("oss", "ListBuckets", "oss:ListBuckets", page=1000)
GET_STAT = Api("oss", "GetBucketStat", "oss:GetBucketStat")
GET_LIFECYCLE = Api("oss", "GetBucketLifecycle", "oss:GetBucketLifecycle")
GET_INFO = Api("oss", "GetBucketInfo", "oss:GetBucketInfo")
LIST_UPLOADS = Api("oss", "ListMultipartUploads", "oss:ListMultipartUploads", page=1000)

# What an endpoint answers to an operation that it does not know.
_UNKNOWN = ("NotImplemented", "MethodNotAllowed")
_PAGES = 5  # of uploads, each of a thousand: what is not read then is younger in no particular way
_TOGETHER = 20  # buckets that one worker asks about, one after the other
_COLDER = ("IA", "Archive", "ColdArchive", "DeepColdArchive")


def collect_buckets(scope: Scope, crew: Crew, oss: Oss) -> Rows | None:
    """The buckets of a region, and the rows they became. The list is of the whole account, so one region asks for all
    of them."""
    with crew.sharing(("buckets", scope.account_id)) as listed:
        if not listed:
            listed.append(crew.get(f"buckets of account {scope.account_id}", get_buckets, oss))
    every = listed[0].result()
    if every.error is not None:
        crew.missed(scope, every.error, every.calls)
        return None
    mine = [dict(one) for one in every.value or () if one["region"] == scope.region]
    problems: Problems = []
    some = [mine[place : place + _TOGETHER] for place in range(0, len(mine), _TOGETHER)]
    parts = [crew.get(what(scope), get_details, oss, each, problems) for each in some]
    asked = Asked(scope, _joined([part.result() for part in parts]), problems)
    return bring(crew, asked, lambda raw: transform_buckets(raw, scope))


def _joined(parts: list[Got[Raw]]) -> "Future[Got[Raw]]":
    """What several gets brought as if it were one; the first that failed speaks for all."""
    error = next((part.error for part in parts if part.error is not None), None)
    found = [one for part in parts for one in part.value or ()]
    future: Future[Got[Raw]] = Future()
    future.set_result(Got(None if error else found, error, sum(part.calls for part in parts)))
    return future


def get_buckets(oss: Oss) -> Raw:
    """All buckets of the account, whatever their region: name, region, class, creation."""
    found: Raw = []
    parameters = {"max-keys": str(LIST_BUCKETS.page)}
    while True:
        page = oss.get(LIST_BUCKETS, oss.home, **parameters)
        if name_of(page) != "ListAllMyBucketsResult":
            raise ValueError(f"{page.tag[:40]} is no list of buckets")
        found += [
            {
                "name": text(one, "Name"),
                "region": text(one, "Location").removeprefix("oss-"),
                "class": text(one, "StorageClass") or None,
                "created": text(one, "CreationDate"),
            }
            for one in named(page, "Bucket")
        ]
        marker = text(page, "NextMarker")
        if text(page, "IsTruncated") != "true" or not marker or parameters.get("marker") == marker:
            return found
        parameters["marker"] = marker


def get_details(oss: Oss, buckets: Raw, problems: Problems) -> Raw:
    """What each bucket of a region holds and is, its lifecycle rules, and what was uploaded in parts only."""
    asked: dict[str, Callable[[dict[str, Any]], Any]] = {
        "stat": lambda one: oss.get(GET_STAT, one["region"], one["name"], stat=""),
        "lifecycle": lambda one: _lifecycle(oss, one),
        "info": lambda one: oss.get(GET_INFO, one["region"], one["name"], bucketInfo=""),
        "uploads": lambda one: _uploads(oss, one),
    }
    refused: set[str] = set()
    for one in buckets:
        for name, ask in asked.items():
            one[name] = None
            if name not in refused:
                before = len(problems)
                one[name] = beside(problems, lambda ask=ask, one=one: _where_known(ask, one))  # type: ignore[misc]
                if len(problems) > before and "denied" in problems[-1]:
                    refused.add(name)  # for one bucket, so for the others: a policy is about the call
    return buckets


def _where_known(ask: Callable[[dict[str, Any]], Any], bucket: dict[str, Any]) -> Any:
    """What is answered; None by an endpoint that does not know the question."""
    try:
        return ask(bucket)
    except CallError as error:
        if error.code in _UNKNOWN:
            return None
        raise


def _lifecycle(oss: Oss, bucket: Mapping[str, Any]) -> list[ElementTree.Element]:
    """Rules that are in force; none where there never were any."""
    try:
        answer = oss.get(GET_LIFECYCLE, bucket["region"], bucket["name"], lifecycle="")
    except CallError as error:
        if error.code == "NoSuchLifecycle":
            return []
        raise
    return [rule for rule in named(answer, "Rule") if text(rule, "Status") == "Enabled"]


def _uploads(oss: Oss, bucket: Mapping[str, Any]) -> list[str] | None:
    """When uploads were begun that were neither finished nor given up; asked only where there are some."""
    count = _whole(bucket["stat"], "MultipartUploadCount")
    if not count:
        return None if count is None else []
    found: list[str] = []
    parameters = {"uploads": "", "max-uploads": str(LIST_UPLOADS.page)}
    for _ in range(_PAGES):
        page = oss.get(LIST_UPLOADS, bucket["region"], bucket["name"], **parameters)
        found += [text(one, "Initiated") for one in named(page, "Upload")]
        marker = text(page, "NextKeyMarker")
        if text(page, "IsTruncated") != "true" or not marker:
            break
        parameters |= {"key-marker": marker, "upload-id-marker": text(page, "NextUploadIdMarker")}
    return found


def transform_buckets(raw: Raw, scope: Scope) -> Rows:
    """Rows of buckets. Of what is uploaded in parts OSS tells no bytes."""
    return {"buckets": [{**place(scope), **_bucket(one), **_rules(one["lifecycle"])} for one in raw]}


def _bucket(one: Mapping[str, Any]) -> dict[str, Any]:
    stat, info, uploads = one["stat"], one["info"], one["uploads"]
    begun = [at for told in uploads or () if (at := utc(told))]
    return {
        "bucket_id": one["name"],
        "storage_class": one["class"],
        "stored_bytes": _number(stat, "Storage"),
        "standard_bytes": _number(stat, "StandardStorage"),
        "objects": _whole(stat, "ObjectCount"),
        "versioned": None if info is None else text(info, "Versioning") in ("Enabled", "Suspended"),
        "adapts_class": False,
        "unfinished_uploads": _whole(stat, "MultipartUploadCount"),
        "unfinished_since": min(begun, default=None),
        "created_at": utc(one["created"]),
    }


def _rules(rules: list[ElementTree.Element] | None) -> dict[str, bool | None]:
    """What lifecycle rules do, whatever part of the bucket they are about."""
    if rules is None:
        names = ("has_lifecycle", "aborts_uploads", "moves_class", "expires_versions")
        return dict.fromkeys(names)
    return {
        "has_lifecycle": any(map(_moves, rules)),
        "aborts_uploads": any(named(rule, "AbortMultipartUpload") for rule in rules),
        "moves_class": any(
            text(to, "StorageClass") in _COLDER for rule in rules for to in named(rule, "Transition")
        ),
        "expires_versions": any(named(rule, "NoncurrentVersionExpiration") for rule in rules),
    }


def _number(stat: ElementTree.Element | None, name: str) -> float | None:
    return number(text(stat, name)) if stat is not None else None


def _whole(stat: ElementTree.Element | None, name: str) -> int | None:
    found = _number(stat, name)
    return None if found is None else int(found)


def _moves(rule: ElementTree.Element) -> bool:
    """Whether a rule moves or deletes objects."""
    kinds = ("Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition")
    return any(named(rule, kind) for kind in kinds)
