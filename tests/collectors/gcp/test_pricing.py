"""Which prices a project is told: of its regions, of what could take its machines' place, of its machines elsewhere."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from collectors.gcp.types import line_of, may_succeed, transform_types
from tests.collectors.gcp.canned import Desk
from tests.collectors.gcp.live import PRICES, live
from tests.servers.gcp import prices
from tests.servers.gcp.cloud import Cloud

REGION, PROJECT = "us-central1", "acme-web-prod"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("n2-standard-8", "n-standard"), ("n1-highmem-2", "n-highmem"), ("c3d-highcpu-8", "c-highcpu"),
        ("e2-medium", "e-medium"), ("custom-4-8192", "n-custom"), ("n2-custom-4-8192", "n-custom"),
        ("c3-standard-4-lssd", "c-standard"), ("t2d-standard-1", "t-standard"), ("m1-ultramem-40", "m-ultramem"),
    ],
)  # fmt: skip
def test_series_succeed_each_other_by_their_letter_in_types_of_one_shape(name: str, line: str) -> None:
    assert line_of(name) == line


@pytest.mark.parametrize(
    ("name", "used", "may"),
    [
        ("n2-standard-8", {"n1-standard-8"}, True),
        ("n1-standard-8", {"n2-standard-8"}, False),
        ("n2-highmem-8", {"n1-standard-8"}, False),
        ("c3-standard-8", {"n1-standard-8"}, False),
        ("t2a-standard-8", {"n1-standard-8"}, True),
        ("c4a-highmem-8", {"e2-standard-8"}, False),
        ("t2a-standard-8", {"m1-ultramem-40"}, False),
        ("n4-standard-8", {"n2-custom-4-8192"}, False),
    ],
)
def test_newer_series_of_a_line_and_arm_in_its_shape_may_take_the_place_of_a_type(
    name: str, used: set[str], may: bool
) -> None:
    assert may_succeed(name, used) is may


def test_types_of_newer_series_are_kept_up_to_twice_the_largest_in_use() -> None:
    names = ("n1-standard-4", "n1-standard-96", "n2-standard-8", "n2-standard-16", "e2-standard-4")
    raw = [{"name": one, "guestCpus": int(one.split("-")[2]), "memoryMb": 4096} for one in names]
    rows = transform_types(raw, {"n1-standard-4"})["instance_types"]
    assert [one["instance_type"] for one in rows] == ["n1-standard-4", "n1-standard-96", "n2-standard-8"]


# --- of a whole project -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


TABLES = (
    "instances",
    "instance_types",
    "volumes",
    "databases",
    "buckets",
    "repositories",
    "log_groups",
    *PRICES,
)


def test_a_project_is_told_what_its_things_cost_and_its_machines_in_other_regions(
    cloud: Cloud, desk: Desk
) -> None:
    cloud.estate(n=12, regions=(REGION,), projects=1)
    result = live(desk, cloud.env, only=TABLES, projects=(PROJECT,))
    assert result.outcome.errors == {}
    told = desk.rows("SELECT region, sku, min(price) FROM prices WHERE purchase_model = 'on_demand' AND price > 0 AND platform IS NULL GROUP BY ALL")  # fmt: skip
    found = {(region, sku): price for region, sku, price in told}
    tier = Decimal("0.0826") * 2 + Decimal("0.014") * Decimal("7.5")
    assert found[REGION, "db:postgres:db-custom-2-7680:multi"] == tier
    assert found[REGION, "db_storage:postgres:PD_SSD"] == Decimal("0.17")
    assert found[REGION, "db:redis:basic-5"] == Decimal("0.135")
    assert found[REGION, "bucket:infrequent"] == Decimal("0.01")
    assert found["us", "bucket:standard"] == Decimal("0.026")
    assert found["us", "registry"] == Decimal("0.1")
    assert found["global", "logs:storage"] == Decimal("0.01")
    (used,) = desk.rows("SELECT min(instance_type) FROM instances WHERE state = 'running' AND instance_type LIKE 'n2-standard-%'")  # fmt: skip
    assert found["europe-west4", used[0]] == prices.hourly(used[0], "europe-west4")
    assert found[REGION, "n2d-standard-2"] == prices.hourly("n2d-standard-2", REGION)
    assert ("europe-west4", "pd-ssd") not in found
    assert desk.rows("SELECT count(*) FROM instance_types WHERE instance_type LIKE 'db:%'") > [(3,)]
    # Regions of which only prices are known are no places of the project.
    again = live(desk, cloud.env, only=("instances",), projects=(PROJECT,))
    assert {region for _, region in again.places} == {"global", "us", REGION}
    assert desk.rows("SELECT DISTINCT dataset FROM coverage WHERE region = 'europe-west4'") == [
        ("region_prices",)
    ]
