"""A lake follows its warehouse: partition by partition, whole or not at all, never twice."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from filelock import FileLock
from moto import mock_aws

from finops.errors import BusyError, CredentialsError, EngineError, UsageError
from finops.lake import MANIFEST, Exported, Manifest, export
from finops.lake.places import Folder
from finops.warehouse import writing

NOW = datetime(2026, 11, 20)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def change(db: Path) -> Callable[[str], None]:
    def change(sql: str) -> None:
        with writing(db, "test", at=NOW) as writer:
            writer.con.execute(sql)

    change(
        "INSERT INTO coverage (cloud, account_id, region, dataset, status, rows, calls, attempted_at, run_id) "
        "SELECT 'aws', unnest(['1', '2']), 'r', 'metrics', 'complete', 2, 0, TIMESTAMP '2026-11-01', 'x'"
    )
    measured("2026-09-30", 0.1)(change)
    measured("2026-10-01", 0.2)(change)
    return change


def measured(day: str, value: float) -> Callable[[Callable[[str], None]], None]:
    columns = "cloud, account_id, region, resource_id, metric, bucket_start, bucket_seconds, avg"
    row = f"'aws', '1', 'r', 'i-1', 'cpu_utilization', TIMESTAMP '{day}', 86400, {value}"
    return lambda change: change(f"INSERT INTO metrics ({columns}) VALUES ({row})")


def brought(db: Path, lake: Path | str) -> Exported:
    return export(db, str(lake), at=NOW)


def manifest(lake: Path) -> Manifest:
    return Manifest.read((lake / MANIFEST).read_bytes(), str(lake))


def rows(lake: Path, table: str) -> list[Any]:
    files = [str(lake / path) for path in manifest(lake).files(table)]
    return duckdb.sql(
        f"SELECT * FROM read_parquet({files}, hive_partitioning = false) ORDER BY ALL"
    ).fetchall()


def test_a_lake_has_every_row_by_cloud_and_month(change: Any, db: Path, lake: Path) -> None:
    done = brought(db, lake)
    assert (done.written, done.unchanged, done.rows) == (3, 0, 4)
    folders = [path.rpartition("/")[0] for path in manifest(lake).files("metrics")]
    assert folders == ["metrics/cloud=aws/month=2026-09", "metrics/cloud=aws/month=2026-10"]
    with duckdb.connect(str(db), read_only=True) as con:
        assert rows(lake, "metrics") == con.execute("FROM metrics ORDER BY ALL").fetchall()


def test_what_did_not_change_is_not_written_again(change: Any, db: Path, lake: Path) -> None:
    brought(db, lake)
    before = (lake / MANIFEST).read_text()
    again = brought(db, lake)
    assert (again.written, again.unchanged, again.removed) == (0, 3, 0)
    assert (lake / MANIFEST).read_text() == before


def test_a_changed_partition_is_replaced_and_its_old_file_stays_for_one_more_time(
    change: Any, db: Path, lake: Path
) -> None:
    brought(db, lake)
    (old,) = [path for path in manifest(lake).files("metrics") if "2026-10" in path]
    change("UPDATE metrics SET avg = 0.3 WHERE bucket_start = TIMESTAMP '2026-10-01'")
    assert (done := brought(db, lake)).written == 1
    assert done.removed == 0
    assert old not in manifest(lake).files("metrics")
    assert (lake / old).exists()
    assert [row[7] for row in rows(lake, "metrics")] == [0.1, 0.3]
    assert brought(db, lake).removed == 1
    assert not (lake / old).exists()


def test_rows_that_are_gone_leave_the_lake(change: Any, db: Path, lake: Path) -> None:
    brought(db, lake)
    change("DELETE FROM metrics WHERE bucket_start = TIMESTAMP '2026-09-30'")
    brought(db, lake)
    assert len(rows(lake, "metrics")) == 1


def test_two_equal_rows_are_not_none(change: Any, db: Path, lake: Path) -> None:
    """Their content must not cancel out: the same row twice is another partition than the row thrice or never."""
    insert = "INSERT INTO tags (cloud, account_id, region, resource_type, resource_id, key, value) SELECT 'aws', '1', 'r', 'instance', 'i', 'k', 'v' FROM range(2)"
    change(insert)
    brought(db, lake)
    change(insert)
    assert brought(db, lake).written == 1
    assert len(rows(lake, "tags")) == 4


def test_an_export_that_was_stopped_changes_nothing_and_goes_on(
    change: Any, db: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(db, lake)
    before = (lake / MANIFEST).read_text()
    measured("2026-10-02", 0.4)(change)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            brought(db, lake)
    assert (lake / MANIFEST).read_text() == before
    assert brought(db, lake).written == 0
    assert len(rows(lake, "metrics")) == 3


def test_a_warehouse_that_lacks_an_account_of_the_lake_is_refused(change: Any, db: Path, lake: Path) -> None:
    brought(db, lake)
    change("DELETE FROM coverage WHERE account_id = '2'")
    with pytest.raises(UsageError, match="has aws 2, which this warehouse does not have"):
        brought(db, lake)


def test_hostile_names_stay_inside_the_lake(change: Any, db: Path, lake: Path) -> None:
    change("UPDATE metrics SET cloud = '../../a''b' WHERE bucket_start = TIMESTAMP '2026-10-01'")
    brought(db, lake)
    assert "metrics/cloud=.._.._a_b/month=2026-10" in {
        path.rpartition("/")[0] for path in manifest(lake).files("metrics")
    }
    assert len(rows(lake, "metrics")) == 2


def test_a_second_export_at_the_same_time_is_told(change: Any, db: Path, lake: Path) -> None:
    with FileLock(f"{db}.lake.lock"), pytest.raises(BusyError, match="is writing the lake"):
        brought(db, lake)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("gs://bucket/lake", "cannot be written to gs://bucket/lake"),
        ("s3://", "cannot be written to s3://"),
        ("/tmp/lake*", "characters that engines read as patterns"),
        ("/proc/1/lake", "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_a_lake_is_told(change: Any, db: Path, address: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("*", r"\*")):
        brought(db, address)


@pytest.mark.parametrize(
    ("text", "why"), [("[]", "no manifest of a lake"), ("{", "no manifest"), (None, "has format 9")]
)
def test_a_manifest_of_something_else_is_refused(
    change: Any, db: Path, lake: Path, text: str | None, why: str
) -> None:
    brought(db, lake)
    told = json.loads((lake / MANIFEST).read_text())
    (lake / MANIFEST).write_text(json.dumps({**told, "format": 9}) if text is None else text)
    with pytest.raises(EngineError, match=why):
        brought(db, lake)


# --- S3 ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="lakes")
        yield s3


def test_a_bucket_is_a_lake_like_a_folder(
    bucket: Any, change: Any, db: Path, lake: Path, tmp_path: Path
) -> None:
    assert brought(db, "s3://lakes/here/").written == 3
    change("UPDATE metrics SET avg = 0.3 WHERE bucket_start = TIMESTAMP '2026-10-01'")
    assert brought(db, "s3://lakes/here").written == 1
    assert brought(db, "s3a://lakes/here").removed == 1
    for each in bucket.list_objects_v2(Bucket="lakes")["Contents"]:
        target = lake / each["Key"].removeprefix("here/")
        target.parent.mkdir(parents=True, exist_ok=True)
        bucket.download_file("lakes", each["Key"], str(target))
    assert [row[7] for row in rows(lake, "metrics")] == [0.1, 0.3]


def test_a_bucket_that_is_not_there_is_told(bucket: Any, change: Any, db: Path) -> None:
    with pytest.raises(UsageError, match="The lake at s3://nowhere/x cannot be used"):
        brought(db, "s3://nowhere/x")


def test_a_bucket_without_credentials_is_told(
    change: Any, db: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(CredentialsError, match="no credentials for the lake"):
        brought(db, "s3://lakes/here")
