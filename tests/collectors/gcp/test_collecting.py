"""Which projects and regions a run asks about, what it leaves alone, and what it makes of what is stored."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp import Wanted
from collectors.gcp.collecting import scopes_of
from collectors.gcp.handing import DATASETS
from finops.errors import CredentialsError
from finops.warehouse import Scope
from tests.collectors.gcp.canned import (
    AT,
    NO_SERIES,
    PROJECT,
    Canned,
    Desk,
    aggregated,
    attached,
    collect,
    denied,
    disk,
    machine,
    metric_in,
    series,
    types,
)

A, EAST = "us-central1-a", "us-east1-b"
LATER = AT + timedelta(days=1)
AGE = timedelta(days=2)
HOURS = {AT - timedelta(hours=n): 0.5 for n in range(1, 30)}


def estate(project: str = PROJECT, **more: Any) -> Canned:
    """A machine with its disk in each of two regions; their processors and disks are measured."""
    machines = [
        machine(n, place, disks=[attached(f"disk-{n}", "data", place)]) for n, place in ((1, A), (2, EAST))
    ]

    def measured(asked: dict[str, Any]) -> dict[str, Any]:
        name = metric_in(asked)
        labels = {"device_name": "data"} if name.startswith("disk/") else {}
        there = name == "cpu/utilization" or labels
        return (
            {"timeSeries": [series(one["id"], HOURS, **labels) for one in machines]} if there else NO_SERIES
        )

    answers: dict[str, Any] = {
        "instances": aggregated("instances", *machines),
        "disks": aggregated("disks", disk(1, A, "vm-1"), disk(2, EAST, "vm-2")),
        "machineTypes": types("n2-standard-4", "n2-standard-8", "e2-medium"), "timeSeries": measured,
    }  # fmt: skip
    return Canned(project, **(answers | more))


def regions(desk: Desk, table: str) -> list[str]:
    return [one for (one,) in desk.rows(f"SELECT DISTINCT region FROM {table} ORDER BY 1")]


# --- scopes ---------------------------------------------------------------------------------------------------


def test_a_place_has_the_scopes_that_were_asked_for() -> None:
    assert scopes_of("p", "global", ("instances", "charges")) == [Scope("gcp", "p", "global", "instances")]
    assert [one.dataset for one in scopes_of("p", "global")] == list(DATASETS)
    assert scopes_of("p", "us-east1", ("instance_types",)) == []
    assert Wanted().days == 95


def test_only_what_was_asked_for_is_asked_and_machines_for_what_they_tell_of_disks(desk: Desk) -> None:
    client = estate()
    desk.collect(client, only=("snapshots",))
    assert [name for name, _ in client.asked] == ["snapshots"]
    client = estate()
    desk.collect(client, only=("volumes",))
    assert sorted(name for name, _ in client.asked) == ["disks", "instances"]
    assert {dataset for _, dataset in desk.coverage()} == {"snapshots", "volumes"}
    client = estate()
    desk.collect(client, only=("instances", "instance_types"))
    assert sorted(name for name, _ in client.asked) == ["instances", "machineTypes"]


def test_types_of_one_series_are_asked_of_one_zone_of_one_project(desk: Desk) -> None:
    clients = [estate(), estate("shop-test")]
    desk.collect(*clients, only=("instances", "instance_types"))
    assert sum(len(one.questions("machineTypes")) for one in clients) == 1
    assert desk.rows("SELECT instance_type FROM instance_types ORDER BY 1") == [
        ("n2-standard-4",),
        ("n2-standard-8",),
    ]
    assert {status for status, _, _ in desk.coverage().values()} == {"complete"}


def test_a_project_that_is_denied_everything_does_not_stop_another(desk: Desk) -> None:
    names = ("instances", "disks", "instanceGroupManagers", "snapshots", "addresses", "forwardingRules", "routers",
             "databases", "b", "commitments")  # fmt: skip
    result = desk.collect(estate(), Canned("closed", **dict.fromkeys(names, denied())))
    told = desk.rows("SELECT account_id, status, count(*) FROM coverage WHERE dataset IN ('instances', 'buckets') GROUP BY ALL ORDER BY ALL")  # fmt: skip
    assert told == [("closed", "denied", 2), (PROJECT, "complete", 6)]
    assert {scope.account_id for scope in result.outcome.errors} == {"closed"}


def test_refused_credentials_end_a_run_only_where_nothing_could_be_had(desk: Desk) -> None:
    refused = CredentialsError("Google Cloud refused the credentials.")
    closed = {"instances": refused, "disks": refused}
    with pytest.raises(CredentialsError):
        desk.collect(Canned("closed", **closed), only=("instances", "volumes"))
    result = desk.collect(estate(), Canned("closed", **closed), only=("instances", "volumes"))
    assert "complete" in result.outcome.statuses.values()


# --- regions that were asked for --------------------------------------------------------------------------


def test_one_region_is_stored_and_the_others_are_left_as_they_were(desk: Desk) -> None:
    desk.collect(estate(), only=("instances", "volumes"))
    gone = estate(instances=aggregated("instances"), disks=aggregated("disks"))
    desk.collect(gone, at=LATER, regions=("us-east1",), only=("instances", "volumes"))
    assert regions(desk, "instances") == regions(desk, "volumes") == ["us-central1"]
    told = desk.rows("SELECT region, collected_at FROM coverage WHERE dataset = 'instances' ORDER BY 1")
    assert told == [("global", LATER), ("us-central1", AT), ("us-east1", LATER)]


def test_nothing_of_other_regions_is_stored_or_told(desk: Desk) -> None:
    lost = aggregated("instances", machine(2, EAST), unreachables=[f"zones/{A}"])
    result = desk.collect(estate(instances=lost), regions=("us-east1",))
    assert regions(desk, "instances") == regions(desk, "volumes") == regions(desk, "metrics") == ["us-east1"]
    assert {region for region, _ in desk.coverage()} == {"global", "us-east1"}
    assert result.outcome.errors == {}
    assert sorted(result.places) == [(PROJECT, "global"), (PROJECT, "us-east1")]


@pytest.mark.parametrize(
    ("first", "then", "asked_again"),
    [
        (("us-east1",), (), True),
        (("us-east1",), ("us-central1", "us-east1"), True),
        ((), ("us-east1",), False),
        (("us-central1", "us-east1"), ("us-east1",), False),
        (("us-east1",), ("us-east1",), False),
    ],
)
def test_what_is_young_is_left_alone_unless_it_was_asked_about_fewer_regions(
    first: tuple[str, ...], then: tuple[str, ...], asked_again: bool, tmp_path: Path
) -> None:
    db, only = tmp_path / "x.duckdb", ("instances", "volumes")
    collect(db, estate(), regions=first, only=only)
    client = estate()
    collect(db, client, regions=then, only=only, max_age=AGE)
    assert sorted(name for name, _ in client.asked) == (["disks", "instances"] if asked_again else [])


# --- what is fresh ----------------------------------------------------------------------------------------


def fresh(desk: Desk, *datasets: str) -> Any:
    """Everything that is complete is young, but for these."""
    whole = {key for key, (status, _, _) in desk.coverage().items() if status == "complete"}
    return lambda scope: (scope.region, scope.dataset) in whole and scope.dataset not in datasets


def test_everything_that_is_young_is_no_call(desk: Desk) -> None:
    desk.collect(estate())
    client = estate()
    desk.collect(client, fresh=fresh(desk))
    assert client.asked == []
    assert regions(desk, "instances") == ["us-central1", "us-east1"]


def test_machines_that_are_young_are_measured_as_they_are_stored(desk: Desk) -> None:
    desk.collect(estate())
    client = estate()
    desk.collect(client, fresh=fresh(desk, "metrics"), at=LATER)
    assert {name for name, _ in client.asked} == {"timeSeries"}
    assert {one["interval.startTime"] for one in client.questions("timeSeries") if metric_in(one) == "disk/read_ops_count"} == {
        "2026-11-18T00:00:00Z"}  # fmt: skip
    assert regions(desk, "metrics") == ["us-central1", "us-east1"]


def test_types_prices_and_measures_are_as_old_as_the_machines(desk: Desk) -> None:
    desk.collect(estate())
    client = estate()
    desk.collect(client, fresh=fresh(desk, "instances"), at=LATER)
    assert {name for name, _ in client.asked} == {"instances", "machineTypes", "timeSeries"}


def test_disks_that_could_not_be_read_at_first_have_their_whole_history_once_they_can(desk: Desk) -> None:
    desk.collect(estate(disks=CallError("failed", "500", "It failed.")))
    assert desk.rows("SELECT count(*) FROM metrics WHERE resource_id LIKE '8%'") == [(0,)]
    assert desk.coverage()["us-east1", "metrics"][0] == "partial"
    client = estate()
    desk.collect(client, at=LATER)
    assert {one["interval.startTime"] for one in client.hours()} == {"2026-10-22T00:00:00Z"}
    found = desk.rows(
        "SELECT resource_id, count(*) FROM metrics WHERE resource_id LIKE '8%' GROUP BY 1 ORDER BY 1"
    )
    assert [count for _, count in found] == [8, 8]  # four measures of two days


def test_where_disks_stay_unknown_only_what_is_new_is_asked(desk: Desk) -> None:
    refused = {"disks": denied("compute.disks.list")}
    desk.collect(estate(**refused))
    client = estate(**refused)
    desk.collect(client, at=LATER)
    assert {one["interval.startTime"] for one in client.questions("timeSeries") if metric_in(one) == "cpu/utilization"} == {
        "2026-11-18T00:00:00Z"}  # fmt: skip


def test_measures_that_are_denied_leave_the_inventory_whole(desk: Desk) -> None:
    result = desk.collect(estate(timeSeries=denied("monitoring.timeSeries.list")))
    bad = {key: told for key, told in desk.coverage().items() if told[0] != "complete"}
    # Where models are deployed and images are kept beside the regions of the machines, only measures tell.
    for name in ("ml_endpoints", "repositories"):
        assert bad.pop(("global", name))[0] == "partial"
    assert set(bad) == {(region, "metrics") for region in ("global", "us-central1", "us-east1")}
    assert {status for status, _, _ in bad.values()} == {"denied"}
    assert result.outcome.errors


def test_types_that_may_not_be_listed_are_a_word_and_custom_ones_are_known(desk: Desk) -> None:
    custom = aggregated("instances", machine(1, machineType="n2-custom-4-8192"), machine(2))
    desk.collect(estate(instances=custom, machineTypes=denied("compute.machineTypes.list")))
    assert desk.rows("SELECT instance_type FROM instance_types") == [("n2-custom-4-8192",)]
    assert desk.coverage()["global", "instance_types"][:2] == (
        "partial",
        str(denied("compute.machineTypes.list")),
    )
