"""Buckets: the whole list once for all regions, what each holds, and whether anything ever leaves it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from collectors.alibaba.api import Api
from collectors.alibaba.oss import Oss
from collectors.alibaba.storage import get_buckets, get_details, transform_buckets
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
SCOPE = Scope("alibaba", ACCOUNT, REGION, "buckets")


class Shelf(Oss):
    """OSS whose answers a test made by hand: by operation a text, an error, or a function of bucket and parameters."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(Canned().session, REGION)
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answers = {"GetBucketInfo": "<BucketInfo/>", **answers}

    __slots__ = ("answers", "asked")

    def get(self, api: Api, region: str, bucket: str = "", **parameters: str) -> ElementTree.Element:
        self.asked.append((api.operation, bucket, parameters))
        answer = self.answers[api.operation]
        answer = answer(bucket, parameters) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return ElementTree.fromstring(answer)


def listed(*names: str, more: str = "", region: str = REGION) -> str:
    found = "".join(
        f"<Bucket><Name>{name}</Name><Location>oss-{region}</Location><StorageClass>IA</StorageClass>"
        "<CreationDate>2026-01-02T03:04:05.000Z</CreationDate><Owner><ID>7</ID></Owner><Unknown>1</Unknown></Bucket>"
        for name in names
    )
    cut = (
        f"<IsTruncated>true</IsTruncated><NextMarker>{more}</NextMarker>"
        if more
        else "<IsTruncated>false</IsTruncated>"
    )
    return f"<ListAllMyBucketsResult><Buckets>{found}</Buckets>{cut}</ListAllMyBucketsResult>"


def stat(**more: Any) -> str:
    return (
        "<BucketStat>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
        + "</BucketStat>"
    )


def lifecycle(*rules: str, status: str = "Enabled") -> str:
    found = "".join(f"<Rule><ID>r</ID><Status>{status}</Status>{rule}</Rule>" for rule in rules)
    return f"<LifecycleConfiguration>{found}</LifecycleConfiguration>"


NONE = CallError("failed", "NoSuchLifecycle", "none")


def bucket(problems: list[str] | None = None, **answers: Any) -> dict[str, Any]:
    """The row of one bucket."""
    usual = {
        "ListBuckets": listed("logs"),
        "GetBucketStat": stat(Storage=2048, ObjectCount=7),
        "GetBucketLifecycle": NONE,
        "GetBucketInfo": "<BucketInfo><Bucket><Name>logs</Name></Bucket></BucketInfo>",
    }
    shelf = Shelf(**(usual | answers))
    (row,) = transform_buckets(
        get_details(shelf, get_buckets(shelf), [] if problems is None else problems), SCOPE
    )["buckets"]
    return row


def test_a_bucket_has_all_its_columns() -> None:
    assert bucket() == {
        "cloud": "alibaba", "account_id": ACCOUNT, "region": REGION, "bucket_id": "logs", "storage_class": "IA",
        "stored_bytes": 2048.0, "objects": 7, "has_lifecycle": False, "aborts_uploads": False,
        "created_at": datetime(2026, 1, 2, 3, 4, 5), "standard_bytes": None, "versioned": False, "adapts_class": False,
        "moves_class": False, "expires_versions": False, "unfinished_uploads": None, "unfinished_since": None,
    }  # fmt: skip


DAYS = "<Days>30</Days>"
IA = f"<Transition>{DAYS}<StorageClass>IA</StorageClass></Transition>"
OLD = "<NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays></NoncurrentVersionExpiration>"


@pytest.mark.parametrize(
    ("answer", "moves", "versions"),
    [
        (lifecycle(IA), True, False),
        (lifecycle(IA.replace("IA<", "Standard<")), False, False),
        (lifecycle(OLD), False, True),
        (lifecycle(IA, OLD), True, True),
        (lifecycle(IA, OLD, status="Disabled"), False, False),
        (NONE, False, False),
    ],
)
def test_what_lifecycle_rules_do(answer: Any, moves: bool, versions: bool) -> None:
    row = bucket(GetBucketLifecycle=answer)
    assert (row["moves_class"], row["expires_versions"]) == (moves, versions)


@pytest.mark.parametrize(("told", "versioned"), [("Enabled", True), ("Suspended", True), ("", False)])
def test_a_bucket_that_ever_kept_versions_has_old_ones(told: str, versioned: bool) -> None:
    info = f"<BucketInfo><Bucket><Versioning>{told}</Versioning></Bucket></BucketInfo>"
    assert bucket(GetBucketInfo=info)["versioned"] is versioned


def uploads(*begun: str, more: str = "") -> str:
    found = "".join(
        f"<Upload><Key>k</Key><UploadId>1</UploadId><Initiated>{at}</Initiated></Upload>" for at in begun
    )
    cut = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated><NextKeyMarker>{more}</NextKeyMarker>"
    return f"<ListMultipartUploadsResult>{cut}{found}</ListMultipartUploadsResult>"


def test_unfinished_uploads_are_counted_and_the_oldest_is_found_on_whichever_page() -> None:
    def answer(_: str, parameters: dict[str, str]) -> str:
        first = "key-marker" not in parameters
        return uploads("2026-03-04T05:06:07.000Z", more="k") if first else uploads("2026-01-02T03:04:05.000Z")

    counted = stat(Storage=1, ObjectCount=1, StandardStorage=1, MultipartUploadCount=2)
    row = bucket(GetBucketStat=counted, ListMultipartUploads=answer)
    assert (row["unfinished_uploads"], row["unfinished_since"]) == (2, datetime(2026, 1, 2, 3, 4, 5))
    assert row["standard_bytes"] == 1.0


def test_uploads_are_asked_for_only_where_there_are_some() -> None:
    row = bucket(GetBucketStat=stat(Storage=1, ObjectCount=1, MultipartUploadCount=0))
    assert (row["unfinished_uploads"], row["unfinished_since"]) == (0, None)


def test_an_endpoint_that_knows_no_uploads_leaves_unknown_since_when() -> None:
    problems: list[str] = []
    error = CallError("failed", "NotImplemented", "no such thing")
    row = bucket(problems, GetBucketStat=stat(MultipartUploadCount=2), ListMultipartUploads=error)
    assert (row["unfinished_uploads"], row["unfinished_since"], problems) == (2, None, [])


@pytest.mark.parametrize(
    ("answer", "moves", "aborts"),
    [
        (lifecycle(f"<Expiration>{DAYS}</Expiration>"), True, False),
        (lifecycle(f"<Transition>{DAYS}<StorageClass>IA</StorageClass></Transition>"), True, False),
        (
            lifecycle(
                "<NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays></NoncurrentVersionExpiration>"
            ),
            True,
            False,
        ),
        (lifecycle(f"<AbortMultipartUpload>{DAYS}</AbortMultipartUpload>"), False, True),
        (
            lifecycle(
                f"<AbortMultipartUpload>{DAYS}</AbortMultipartUpload>", f"<Expiration>{DAYS}</Expiration>"
            ),
            True,
            True,
        ),
        (lifecycle(f"<Expiration>{DAYS}</Expiration>", status="Disabled"), False, False),
        (lifecycle(), False, False),
        (NONE, False, False),
    ],
)
def test_whether_anything_ever_leaves(answer: Any, moves: bool, aborts: bool) -> None:
    row = bucket(GetBucketLifecycle=answer)
    assert (row["has_lifecycle"], row["aborts_uploads"]) == (moves, aborts)


def test_what_is_not_told_is_unknown_and_nothing_is_0() -> None:
    row = bucket(GetBucketStat=stat(Unknown=1))
    assert (row["stored_bytes"], row["objects"]) == (None, None)
    row = bucket(GetBucketStat=stat(Storage=0, ObjectCount=0))
    assert (row["stored_bytes"], row["objects"]) == (0.0, 0)


def test_buckets_are_listed_by_thousands_until_the_last_page() -> None:
    def answer(_: str, parameters: dict[str, str]) -> str:
        return {"": listed("a", "b", more="b"), "b": listed("c", more="c"), "c": listed("d")}[
            parameters.get("marker", "")
        ]

    shelf = Shelf(ListBuckets=answer)
    assert [one["name"] for one in get_buckets(shelf)] == ["a", "b", "c", "d"]
    assert [parameters["max-keys"] for _, _, parameters in shelf.asked] == ["1000"] * 3


def test_a_marker_that_does_not_go_on_is_the_end() -> None:
    assert len(get_buckets(Shelf(ListBuckets=lambda *_: listed("a", more="a")))) == 2


def test_what_is_no_list_of_buckets_is_refused() -> None:
    with pytest.raises(ValueError, match="no list of buckets"):
        get_buckets(Shelf(ListBuckets="<html/>"))


def test_a_call_that_is_denied_is_asked_for_one_bucket_and_the_other_call_for_all() -> None:
    denied = CallError("denied", "AccessDenied", "oss:GetBucketStat is denied")
    shelf = Shelf(
        ListBuckets=listed("a", "b", "c"),
        GetBucketStat=denied,
        GetBucketLifecycle=lifecycle(f"<Expiration>{DAYS}</Expiration>"),
    )
    problems: list[str] = []
    found = transform_buckets(get_details(shelf, get_buckets(shelf), problems), SCOPE)["buckets"]
    assert problems == ["oss:GetBucketStat is denied"]
    assert [(row["stored_bytes"], row["has_lifecycle"]) for row in found] == [(None, True)] * 3
    assert [name for name, _, _ in shelf.asked].count("GetBucketStat") == 1


def test_a_bucket_that_is_gone_by_now_is_told_and_the_others_are_asked() -> None:
    def answer(name: str, _: dict[str, str]) -> Any:
        return CallError("failed", "NoSuchBucket", "gone") if name == "a" else stat(Storage=1, ObjectCount=1)

    shelf = Shelf(ListBuckets=listed("a", "b"), GetBucketStat=answer, GetBucketLifecycle=NONE)
    problems: list[str] = []
    found = transform_buckets(get_details(shelf, get_buckets(shelf), problems), SCOPE)["buckets"]
    assert problems == ["gone"]
    assert [row["stored_bytes"] for row in found] == [None, 1.0]


# --- the local cloud --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


def test_an_estate_s_buckets_are_each_in_their_region(process: Cloud, tmp_path: Path) -> None:
    truth = process.estate(30, regions=(REGION, "cn-beijing"))
    process.reset_calls()
    db = tmp_path / "w.duckdb"
    done = collect(db, process.env, *truth.regions, only=("buckets",))
    assert set(done.statuses.values()) == {"complete"}, done.errors
    expected = {
        (each["id"], each["region"], float(each["bytes"]), name == "bucket_with_lifecycle")
        for name in ("bucket_with_lifecycle", "bucket_without_lifecycle", "bucket_lifecycle_disabled")
        for each in truth.classes[name]
    }
    assert set(rows(db, "SELECT bucket_id, region, stored_bytes, has_lifecycle FROM buckets")) == expected
    assert process.count("ListBuckets") == 1, "one list for all regions"
    assert process.count("GetBucketStat") == process.count("GetBucketLifecycle") == len(expected)


@pytest.mark.parametrize(
    ("action", "becomes", "stays"),
    [
        ("oss:ListBuckets", "denied", True),
        ("oss:GetBucketStat", "partial", False),
        ("oss:GetBucketLifecycle", "partial", False),
    ],
)
def test_what_is_denied_is_named(
    action: str, becomes: str, stays: bool, process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    process.put("bucket", REGION, {"Name": "logs", "_stat": {"Storage": 5, "ObjectCount": 1}})
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("buckets",))
    process.deny(action)
    collect(db, process.env, REGION, only=("buckets", "snapshots"))
    told = coverage(db)
    status, error, _ = told[REGION, "buckets"]
    assert status == becomes
    assert error is not None
    assert f"{action} is denied" in error
    assert told[REGION, "snapshots"][0] == "complete"
    if stays:
        assert rows(db, "SELECT bucket_id, stored_bytes FROM buckets") == [("logs", 5.0)]


def test_an_answer_that_is_no_xml_is_one_sentence(process: Cloud, tmp_path: Path) -> None:
    process.fresh()
    process.clock(AS_OF)
    process.put("bucket", REGION, {"Name": "logs"})
    process.faults([{"kind": "body", "action": "ListBuckets", "body": "{}"}])
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("buckets", "snapshots"))
    told = coverage(db)
    assert told[REGION, "buckets"][0] == "failed"
    assert told[REGION, "snapshots"][0] == "complete"
    assert len(str(told[REGION, "buckets"][1])) < 400
