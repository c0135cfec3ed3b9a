"""Numbers and instants: what the file says is what the warehouse holds."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.bills.mapping import macros

HALF_A_UNIT = Decimal("5e-19")


@pytest.fixture(scope="module")
def macro() -> Iterator[Callable[..., Any]]:
    """Runs one macro on one value."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(macros())

        def run(call: str, value: Any, kind: str = "VARCHAR") -> Any:
            return con.execute(f"SELECT {call.format('v')} FROM (SELECT ?::{kind} AS v)", [value]).fetchall()[
                0
            ][0]

        yield run


def nearest(value: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return value.quantize(Decimal("1e-18"), rounding=ROUND_HALF_UP)


decimals = st.decimals(min_value=Decimal("-1e19"), max_value=Decimal("1e19"), places=18)


@given(decimals)
@settings(max_examples=300, deadline=None)
def test_money_of_up_to_18_decimals_is_kept_to_the_last(macro, value):
    assert macro("money({})", f"{value:f}") == value


@given(decimals, st.sampled_from("eE"))
@settings(max_examples=300, deadline=None)
def test_money_in_scientific_notation_is_the_same_number(macro, value, letter):
    with localcontext() as context:
        context.prec = 60
        assert macro("money({})", f"{value:e}".replace("e", letter)) == value


@given(st.decimals(min_value=Decimal("-1e6"), max_value=Decimal("1e6"), places=24))
@settings(max_examples=300, deadline=None)
def test_money_beyond_18_decimals_is_off_by_half_a_unit_at_most(macro, value):
    got = macro("money({})", f"{value:f}")
    assert abs(got - value) <= HALF_A_UNIT
    assert got == nearest(value)


def as_money(macro, values: list[float]) -> list[Decimal]:
    """Many at once: a query per number would take most of the time."""
    return macro("list_transform({}, lambda x: money(x))", values, "DOUBLE[]")


def many(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(numbers, min_size=20, max_size=100)


@given(many(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e19, max_value=1e19)))
@settings(max_examples=60, deadline=None)
def test_a_double_is_its_shortest_text(macro, values):
    assert as_money(macro, values) == [nearest(Decimal(repr(value))) for value in values]


@given(many(st.tuples(st.integers(-(10**15), 10**15), st.integers(0, 15))))
@settings(max_examples=60, deadline=None)
def test_a_double_that_was_a_decimal_of_15_digits_is_that_decimal(macro, pairs):
    decimals = [Decimal(digits).scaleb(-places) for digits, places in pairs]
    assert as_money(macro, [float(value) for value in decimals]) == decimals


@given(many(st.tuples(st.floats(-1000, 1000), st.integers(0, 12), st.sampled_from([-math.inf, math.inf]))))
@settings(max_examples=60, deadline=None)
def test_a_double_next_to_a_short_decimal_is_not_taken_for_it(macro, triples):
    values = [math.nextafter(round(value, places), side) for value, places, side in triples]
    assert as_money(macro, values) == [nearest(Decimal(repr(value))) for value in values]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (0.1, "DOUBLE", "0.1"),
        (0.1 + 0.2, "DOUBLE", "0.300000000000000040"),
        (1234.5678, "DOUBLE", "1234.5678"),
        (0.1, "FLOAT", "0.1"),
        ("1.25", "DECIMAL(38, 30)", "1.25"),
        (7, "BIGINT", "7"),
        (-3, "TINYINT", "-3"),
        ("  0.5 ", "VARCHAR", "0.5"),
        (".5", "VARCHAR", "0.5"),
        ("+3", "VARCHAR", "3"),
        ("-0", "VARCHAR", "0"),
    ],
)
def test_money_of_each_kind(macro, value, kind, expected):
    assert macro("money({})", value, kind) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1,5",
        "1.234,56",
        "$1",
        "1 USD",
        "NaN",
        "inf",
        "1e400",
        "123456789012345678901",
        "0x10",
        "--1",
        "-",
    ],
)
def test_what_is_no_number_or_does_not_fit_is_null(macro, text):
    assert macro("money({})", text) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e21])
def test_doubles_that_are_no_money_are_null(macro, value):
    assert macro("money({})", value, "DOUBLE") is None


zones = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
instants = st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30), timezones=zones)


@given(instants, st.sampled_from("T "), st.sampled_from(["+hh:mm", "Z", "none"]))
@settings(max_examples=400, deadline=None)
def test_an_instant_in_any_zone_is_the_same_in_utc(macro, at, middle, style):
    in_utc = at.astimezone(UTC).replace(tzinfo=None)
    text = (
        at.isoformat(middle)
        if style == "+hh:mm"
        else in_utc.isoformat(middle) + ("Z" if style == "Z" else "")
    )
    assert macro("instant({})::VARCHAR", text) == str(in_utc).removesuffix(".000000").rstrip(
        "0" if in_utc.microsecond else ""
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-09-01 00:00:00", "2024-09-01 00:00:00"),
        ("2024-09-01T00:00:00Z", "2024-09-01 00:00:00"),
        ("2024-09-01T05:00Z", "2024-09-01 05:00:00"),
        ("2024-09-01T05:00", "2024-09-01 05:00:00"),
        ("2024-09-01", "2024-09-01 00:00:00"),
        ("2024-09-01T00:00:00+02:00", "2024-08-31 22:00:00"),
        ("2024-09-01 00:00:00+02", "2024-08-31 22:00:00"),
        ("2024-09-01T00:00:00-0430", "2024-09-01 04:30:00"),
        ("2024-09-01 00:00:00 UTC", "2024-09-01 00:00:00"),
        ("2024-09-01T00:00:00.000Z", "2024-09-01 00:00:00"),
    ],
)
def test_instants_as_bills_write_them(macro, text, expected):
    assert macro("instant({})::VARCHAR", text) == expected


@pytest.mark.parametrize(
    "text", ["9/2/2023", "2024-13-01", "soon", "20240901", "1725148800", "infinity", "2024-02-30"]
)
def test_what_is_no_instant_is_null(macro, text):
    assert macro("instant({})", text) is None


@pytest.mark.parametrize(
    ("provider", "cloud"),
    [
        ("AWS", "aws"),
        ("Amazon Web Services, Inc.", "aws"),
        ("Google Cloud", "gcp"),
        ("Alibaba Cloud", "alibaba"),
        ("Aliyun", "alibaba"),
        ("Microsoft", "azure"),
        ("Azure", "azure"),
        ("Oracle", "oracle"),
        ("Tencent Cloud", "tencent"),
        ("Snowflake, Inc.", "snowflake-inc"),
        ("  Laws & Sons ", "laws-sons"),
        ("腾讯云", "腾讯云"),
        ("***", "unknown"),
        (None, "unknown"),
    ],
)
def test_cloud_behind_a_provider(macro, provider, cloud):
    assert macro("cloud_of({})", provider) == cloud


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("i-0abc", "i-0abc"),
        ("arn:aws:ec2:us-east-1:123456789012:instance/i-0abc", "i-0abc"),
        ("arn:aws-cn:ec2:cn-north-1:123456789012:volume/vol-1", "vol-1"),
        ("arn:aws:ec2:us-east-1::snapshot/snap-1", "snap-1"),
        ("arn:aws:ec2:us-east-1:1:natgateway/nat-1", "nat-1"),
        ("arn:aws:ec2:us-east-1:1:elastic-ip/eipalloc-1", "eipalloc-1"),
        ("arn:aws:s3:::bucket/instance/x", "arn:aws:s3:::bucket/instance/x"),
        ("arn:aws:rds:us-east-1:1:snapshot:mine", "arn:aws:rds:us-east-1:1:snapshot:mine"),
        (
            "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/x/1",
            "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/x/1",
        ),
        (
            "//compute.googleapis.com/projects/p/zones/us-central1-a/instances/web",
            "zones/us-central1-a/instances/web",
        ),
        ("//compute.googleapis.com/projects/p/global/addresses/42", "42"),
        ("projects/p/zones/z/disks/d", "zones/z/disks/d"),
        (
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d",
        ),
        ("projects/p/", "projects/p/"),
        ("//cloudsql.googleapis.com/projects/p/instances/main", "main"),
        ("//storage.googleapis.com/projects/_/buckets/logs", "logs"),
        ("//container.googleapis.com/projects/1/locations/us-central1/clusters/prod", "prod"),
        ("//aiplatform.googleapis.com/projects/1/locations/us/endpoints/77", "locations/us/endpoints/77"),
        (
            "//redis.googleapis.com/projects/p/locations/us-east1/instances/c",
            "locations/us-east1/instances/c",
        ),
        ("//redis.googleapis.com/projects/p/", "//redis.googleapis.com/projects/p/"),
        ("//example.com/projects/p/a/b", "//example.com/projects/p/a/b"),
        (None, None),
    ],
)
def test_resource_key_is_the_id_of_the_inventory(macro, written, key):
    assert macro("resource_key({})", written) == key
