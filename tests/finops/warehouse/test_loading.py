"""Scopes: replaced whole or not at all, with a coverage row that tells the truth."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from finops.errors import WarehouseError
from finops.warehouse import Scope, Staged, Writer, load_scope, record_failure, writing

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


# --- staged -----------------------------------------------------------------------------------------------


def staged_tables(writer: Writer) -> list[tuple[Any, ...]]:
    return writer.con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()


def test_two_scopes_are_staged_at_a_time_and_do_not_mix(writer: Writer) -> None:
    other = Scope("aws", "012345678901", "us-east-1", "instances")
    here, there = Staged(writer.con, SCOPE), Staged(writer.con, other)
    here.add("instances", instances("i-1"))
    there.add("instances", instances("i-9", region="us-east-1"))
    here.add("tags", tags("i-1"))
    here.add("instances", instances("i-2"))
    assert ids(writer) == []
    assert there.commit(writer.run_id, at=AT, calls=1) == 1
    assert ids(writer) == ["i-9"]
    assert here.commit(writer.run_id, at=LATER, calls=2) == 2
    assert ids(writer) == ["i-1", "i-2", "i-9"]
    assert coverage(writer) == [
        ("eu-west-1", "instances", "complete", None, 2, 2, LATER),
        ("us-east-1", "instances", "complete", None, 1, 1, AT),
    ]
    assert staged_tables(writer) == []


def test_two_stages_of_one_scope_do_not_mix_and_the_last_counts(writer: Writer) -> None:
    first, second = Staged(writer.con, SCOPE), Staged(writer.con, SCOPE)
    first.add("instances", instances("i-1"))
    second.add("instances", instances("i-2"))
    first.commit(writer.run_id, at=AT)
    second.commit(writer.run_id, at=LATER)
    assert ids(writer) == ["i-2"]


def test_what_is_discarded_leaves_everything_as_it_was(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT)
    staged = Staged(writer.con, SCOPE)
    staged.add("instances", instances("i-2"))
    staged.discard()
    assert ids(writer) == ["i-1"]
    assert coverage(writer) == [("eu-west-1", "instances", "complete", None, 1, 0, AT)]
    assert staged_tables(writer) == []
    staged.discard()  # twice is as good as once


def test_columns_that_a_batch_lacks_are_null_and_batches_may_differ(writer: Writer) -> None:
    staged = Staged(writer.con, SCOPE)
    staged.add("instances", instances("i-1"))
    staged.add("instances", instances("i-2").append_column("zone", [["a"]]))
    staged.commit(writer.run_id, at=AT)
    found = writer.con.execute("SELECT instance_id, zone, name FROM instances ORDER BY 1").fetchall()
    assert found == [("i-1", None, None), ("i-2", "a", None)]


def test_a_column_that_must_be_there_is_missed_and_nothing_changes(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT)
    staged = Staged(writer.con, SCOPE)
    staged.add("instances", instances("i-2").drop_columns(["state"]))
    with pytest.raises(duckdb.ConstraintException, match="state"):
        staged.commit(writer.run_id, at=LATER)
    assert ids(writer) == ["i-1"]
    assert staged_tables(writer) == []


def test_a_table_without_rows_empties_what_is_stored(writer: Writer) -> None:
    load_scope(
        writer.con,
        writer.run_id,
        SCOPE,
        {"instances": [instances("i-1")], "tags": [tags("i-1")]},
        at=AT,
    )
    staged = Staged(writer.con, SCOPE)
    staged.add("instances")
    assert staged.commit(writer.run_id, at=LATER) == 0
    assert ids(writer) == []
    assert writer.con.execute("SELECT count(*) FROM tags").fetchall() == [(0,)]


def test_repeated_keys_are_refused_and_the_stage_can_be_thrown_away(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, SCOPE, {"instances": [instances("i-1")]}, at=AT)
    staged = Staged(writer.con, SCOPE)
    staged.add("instances", instances("i-2", "i-2"))
    with pytest.raises(WarehouseError, match="more than once"):
        staged.commit(writer.run_id, at=LATER)
    assert ids(writer) == ["i-1"]
    staged.discard()
    assert staged_tables(writer) == []


METRICS = Scope("aws", "012345678901", "eu-west-1", "metrics")


def days(writer: Writer) -> list[tuple[int, float]]:
    return writer.con.execute("SELECT day(bucket_start), avg FROM metrics ORDER BY ALL").fetchall()


def changed(*days: int) -> pa.Table:
    """As `metrics`, with other values."""
    table = metrics(*days)
    return table.set_column(table.schema.get_field_index("avg"), "avg", [[0.99] * len(days)])


def test_with_keep_from_staged_buckets_replace_their_own_and_old_ones_are_forgotten(writer: Writer) -> None:
    load_scope(writer.con, writer.run_id, METRICS, {"metrics": [metrics(1, 2, 3, 4)]}, at=AT)
    staged = Staged(writer.con, METRICS)
    staged.add("metrics", changed(4, 5))
    assert staged.commit(writer.run_id, at=LATER, keep_from={86400: datetime(2026, 10, 3)}) == 3
    assert days(writer) == [(3, 0.03), (4, 0.99), (5, 0.99)]


def test_with_keep_from_a_staged_bucket_that_is_old_is_stored_all_the_same(writer: Writer) -> None:
    staged = Staged(writer.con, METRICS)
    staged.add("metrics", metrics(1))
    staged.commit(writer.run_id, at=AT, keep_from={86400: datetime(2026, 10, 3)})
    assert days(writer) == [(1, 0.01)]


def test_with_keep_from_buckets_of_another_length_and_place_stay(writer: Writer) -> None:
    elsewhere = Scope("aws", "012345678901", "us-east-1", "metrics")
    table = metrics(1)
    there = table.set_column(table.schema.get_field_index("region"), "region", [["us-east-1"]])
    hourly = table.set_column(
        table.schema.get_field_index("bucket_seconds"), "bucket_seconds", [pa.array([3600], pa.int64())]
    )
    load_scope(writer.con, writer.run_id, elsewhere, {"metrics": [there]}, at=AT)
    load_scope(writer.con, writer.run_id, METRICS, {"metrics": [metrics(1, 2), hourly]}, at=AT)
    staged = Staged(writer.con, METRICS)
    staged.add("metrics")
    staged.commit(writer.run_id, at=LATER, keep_from={86400: datetime(2026, 10, 2)})
    left = writer.con.execute("SELECT region, day(bucket_start), bucket_seconds FROM metrics ORDER BY ALL")
    assert left.fetchall() == [("eu-west-1", 1, 3600), ("eu-west-1", 2, 86400), ("us-east-1", 1, 86400)]


# --- prices -----------------------------------------------------------------------------------------------


LISTED = Scope("aws", "012345678901", "eu-west-1", "prices")
SPOT = Scope("aws", "012345678901", "eu-west-1", "spot_prices")


def prices(model: str, *skus: str, price: str = "1", region: str = "eu-west-1") -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "cloud": "aws",
                "region": region,
                "sku": sku,
                "purchase_model": model,
                "unit": "hour",
                "price": Decimal(price),
                "currency": "USD",
                "as_of": AT,
                "source": "test",
            }
            for sku in skus
        ]
    )


def priced(writer: Writer) -> list[tuple[Any, ...]]:
    return writer.con.execute(
        "SELECT purchase_model, sku, CAST(price AS INTEGER) FROM prices WHERE region = 'eu-west-1' ORDER BY ALL"
    ).fetchall()


def load_prices(writer: Writer, scope: Scope, *tables: pa.Table, at: datetime = AT) -> int:
    return load_scope(writer.con, writer.run_id, scope, {"prices": tables}, at=at)


def test_list_prices_and_spot_prices_do_not_delete_each_other(writer: Writer) -> None:
    assert load_prices(writer, LISTED, prices("on_demand", "m5.large", "gp3")) == 2
    assert load_prices(writer, SPOT, prices("spot", "m5.large")) == 1
    assert load_prices(writer, LISTED, prices("on_demand", "m5.large", price="2"), at=LATER) == 2
    assert priced(writer) == [("on_demand", "gp3", 1), ("on_demand", "m5.large", 2), ("spot", "m5.large", 1)]
    load_prices(writer, SPOT, prices("spot", "m5.large", price="3"), at=LATER)
    assert priced(writer) == [("on_demand", "gp3", 1), ("on_demand", "m5.large", 2), ("spot", "m5.large", 3)]


def test_list_prices_of_another_system_stay(writer: Writer) -> None:
    windows = prices("on_demand", "m5.large", price="5").append_column("platform", pa.array(["windows"]))
    load_prices(writer, LISTED, prices("on_demand", "m5.large"))
    load_prices(writer, LISTED, windows, at=LATER)
    assert priced(writer) == [("on_demand", "m5.large", 1), ("on_demand", "m5.large", 5)]


def test_spot_prices_are_replaced_by_type_and_those_of_others_stay(writer: Writer) -> None:
    load_prices(writer, SPOT, prices("spot", "m5.large", "m5.large", "c5.large"))
    another = Scope("aws", "999999999999", "eu-west-1", "spot_prices")
    assert load_prices(writer, another, prices("spot", "m5.large", "r5.large", price="2"), at=LATER) == 3
    assert priced(writer) == [("spot", "c5.large", 1), ("spot", "m5.large", 2), ("spot", "r5.large", 2)]


def test_an_account_without_machines_leaves_the_spot_prices_of_others(writer: Writer) -> None:
    load_prices(writer, SPOT, prices("spot", "m5.large"))
    load_prices(writer, SPOT, at=LATER)
    load_scope(writer.con, writer.run_id, SPOT, {}, at=LATER)
    assert priced(writer) == [("spot", "m5.large", 1)]


def test_prices_of_another_region_stay(writer: Writer) -> None:
    there = Scope("aws", "012345678901", "us-east-1", "prices")
    load_prices(writer, there, prices("on_demand", "m5.large", region="us-east-1"))
    load_prices(writer, LISTED, prices("on_demand", "c5.large"))
    regions = writer.con.execute("SELECT region, sku FROM prices ORDER BY ALL").fetchall()
    assert regions == [("eu-west-1", "c5.large"), ("us-east-1", "m5.large")]
