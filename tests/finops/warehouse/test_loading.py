"""Scopes: replaced whole or not at all, with a coverage row that tells the truth."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finops.errors import WarehouseError
from finops.warehouse import Scope, Writer, load_scope, record_failure, writing

AT = datetime(2026, 11, 1)
LATER = datetime(2026, 11, 2)
SCOPE = Scope("aws", "012345678901", "eu-west-1", "instances")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with writing(tmp_path / "w.duckdb", "test", at=AT) as opened:
        yield opened


def instances(*ids: str, region: str = "eu-west-1") -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "cloud": "aws",
                "account_id": "012345678901",
                "region": region,
                "instance_id": name,
                "state": "running",
            }
            for name in ids
        ]
    )


def tags(*ids: str) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "cloud": "aws",
                "account_id": "012345678901",
                "region": "eu-west-1",
                "resource_type": "instance",
                "resource_id": name,
                "key": "env",
                "value": "prod",
            }
            for name in ids
        ]
    )


def ids(writer: Writer) -> list[str]:
    return [row[0] for row in writer.con.execute("SELECT instance_id FROM instances ORDER BY 1").fetchall()]


def coverage(writer: Writer) -> list[tuple[Any, ...]]:
    return writer.con.execute(
        "SELECT region, dataset, status, error, rows, calls, collected_at FROM coverage ORDER BY ALL"
    ).fetchall()


def test_a_scope_is_replaced_with_its_tags_and_others_stay(writer: Writer) -> None:
    other = Scope("aws", "012345678901", "us-east-1", "instances")
    load_scope(
        writer.con,
        writer.run_id,
        SCOPE,
        {"instances": [instances("i-1", "i-2")], "tags": [tags("i-1", "i-2")]},
        at=AT,
    )
    load_scope(writer.con, writer.run_id, other, {"instances": [instances("i-9", region="us-east-1")]}, at=AT)
    load_scope(
        writer.con,
        writer.run_id,
        SCOPE,
        {"instances": [instances("i-3")], "tags": [tags("i-3")]},
        at=LATER,
        calls=4,
    )
    assert ids(writer) == ["i-3", "i-9"]
    assert writer.con.execute("SELECT resource_id FROM tags").fetchall() == [("i-3",)]
    assert coverage(writer) == [
        ("eu-west-1", "instances", "complete", None, 1, 4, LATER),
        ("us-east-1", "instances", "complete", None, 1, 0, AT),
    ]


def test_account_ids_keep_their_leading_zeros(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT)
    assert writer.con.execute("SELECT account_id FROM instances").fetchall() == [("012345678901",)]


def test_an_empty_scope_that_was_read_is_complete_with_no_rows(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": []}, at=AT)
    assert coverage(writer) == [("eu-west-1", "instances", "complete", None, 0, 0, AT)]


def test_an_error_while_batches_arrive_changes_nothing(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT)

    def breaking() -> Iterator[pa.Table]:
        yield instances("i-2")
        raise ConnectionError("page 3 of 7")

    with pytest.raises(ConnectionError):
        load_scope(writer.con, writer.run_id, SCOPE, {"instances": breaking()}, at=LATER)
    assert ids(writer) == ["i-1"]
    assert coverage(writer) == [("eu-west-1", "instances", "complete", None, 1, 0, AT)]


def test_a_scope_that_failed_keeps_its_rows_dated_and_says_why(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT)
    record_failure(writer.con, writer.run_id, SCOPE, "denied", "no ec2:DescribeInstances", at=LATER, calls=1)
    assert ids(writer) == ["i-1"]
    assert coverage(writer) == [("eu-west-1", "instances", "denied", "no ec2:DescribeInstances", 1, 1, AT)]


def test_a_scope_that_never_worked_has_no_date(writer: Writer) -> None:
    record_failure(writer.con, writer.run_id, SCOPE, "throttled", "gave up", at=AT)
    assert coverage(writer) == [("eu-west-1", "instances", "throttled", "gave up", 0, 0, None)]


def test_a_scope_read_in_part_is_partial(writer: Writer) -> None:
    load_scope(
        writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT, error="zone b unreachable"
    )
    assert coverage(writer)[0][2:4] == ("partial", "zone b unreachable")


def test_a_key_that_repeats_is_refused(writer: Writer) -> None:
    with pytest.raises(WarehouseError, match="more than once"):
        load_scope(
            writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1"), instances("i-1")]}, at=AT
        )
    assert ids(writer) == []


def test_a_column_the_table_lacks_is_refused(writer: Writer) -> None:
    with pytest.raises(WarehouseError, match="no column colour"):
        load_scope(
            writer.con,
            writer.run_id,
            SCOPE,
            {"instances": [instances("i-1").append_column("colour", [["red"]])]},
            at=AT,
        )


def test_a_table_of_another_dataset_is_refused(writer: Writer) -> None:
    with pytest.raises(WarehouseError, match="does not fill the table volumes"):
        load_scope(writer.con, writer.run_id, SCOPE, {"volumes": []}, at=AT)


def metrics(*days: int) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "cloud": "aws",
                "account_id": "012345678901",
                "region": "eu-west-1",
                "resource_id": "i-1",
                "metric": "cpu_utilization",
                "bucket_start": datetime(2026, 10, day),
                "bucket_seconds": 86400,
                "avg": day / 100,
            }
            for day in days
        ]
    )


def test_metrics_are_replaced_only_from_the_given_instant_on(writer: Writer) -> None:
    scope = Scope("aws", "012345678901", "eu-west-1", "metrics")
    load_scope(writer.con, writer.run_id, scope, {"metrics": [metrics(1, 2, 3)]}, at=AT)
    load_scope(
        writer.con, writer.run_id, scope, {"metrics": [metrics(3, 4)]}, at=LATER, since=datetime(2026, 10, 3)
    )
    days = writer.con.execute("SELECT day(bucket_start) FROM metrics ORDER BY 1").fetchall()
    assert [day for (day,) in days] == [1, 2, 3, 4]


def test_record_batches_stream_in_as_well_as_tables(writer: Writer) -> None:
    load_scope(
        writer.con,
        writer.run_id,
        SCOPE,
        {"instances": instances("i-1", "i-2").to_batches(max_chunksize=1)},
        at=AT,
    )
    assert ids(writer) == ["i-1", "i-2"]
