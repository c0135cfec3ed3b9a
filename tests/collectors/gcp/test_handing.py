"""What one question tells of a project is handed over region by region; what could not be reached or had stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp.handing import DATASETS, datasets_of
from tests.collectors.gcp.canned import (
    AT,
    PROJECT,
    URL,
    Canned,
    Desk,
    aggregated,
    attached,
    denied,
    disk,
    machine,
    metric_in,
    series,
    types,
    zone,
)

A, B, EAST = "us-central1-a", "us-central1-b", "us-east1-b"
LATER = AT + timedelta(days=1)
HOUR = AT - timedelta(hours=1)
TWO = ("instances", "volumes")


def estate(**more: Any) -> Canned:
    """Two machines in two zones of a region and one in another, each with a disk, one of them with a label."""
    machines = [
        machine(1, A, disks=[attached("disk-1", "boot", A, boot=True)], labels={"team": "a"}),
        machine(2, B, disks=[attached("disk-2", "boot", B, boot=True)], labels={"team": "b"}),
        machine(3, EAST, machineType=f"{zone(EAST)}/machineTypes/e2-standard-4"),
    ]
    disks = [disk(1, A, "vm-1"), disk(2, B, "vm-2"), disk(3, EAST)]
    answers: dict[str, Any] = {
        "instances": aggregated("instances", *machines), "disks": aggregated("disks", *disks),
        "machineTypes": types("n2-standard-4", "e2-standard-4"),
        "timeSeries": lambda asked: {"timeSeries": [
            series(one["id"], {HOUR: 0.5}) for one in machines] if metric_in(asked) == "cpu/utilization" else []},
    }  # fmt: skip
    return Canned(**(answers | more))


def without(plural: str, place: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A list that a place did not answer."""
    return aggregated(plural, *items, unreachables=[f"zones/{place}"], **more)


def zones(desk: Desk) -> list[str]:
    return [one for (one,) in desk.rows("SELECT zone FROM instances ORDER BY 1")]


# --- scopes -----------------------------------------------------------------------------------------------


OF_PLACES = ("buckets", "repositories", "log_groups", "metrics", "prices")
OF_REGIONS = tuple(name for name in DATASETS if name not in ("instance_types", "region_prices"))


@pytest.mark.parametrize(
    ("region", "datasets"),
    [
        ("global", DATASETS),
        ("us-central1", OF_REGIONS),
        ("northamerica-northeast1", OF_REGIONS),
        ("us", OF_PLACES),
        ("nam4", OF_PLACES),
        ("<script>", OF_PLACES),
    ],
)
def test_each_kind_of_place_has_its_datasets(region: str, datasets: tuple[str, ...]) -> None:
    assert datasets_of(region) == datasets


def test_every_region_that_has_anything_has_every_dataset_and_the_question_s_calls_are_counted_once(
    desk: Desk,
) -> None:
    client = estate()
    result = desk.collect(client)
    told = desk.coverage()
    expected = {
        (region, name) for region in ("global", "us-central1", "us-east1") for name in datasets_of(region)
    }
    assert set(told) == expected
    assert {status for status, _, _ in told.values()} == {"complete"}
    assert (
        told["us-central1", "instances"][2],
        told["us-east1", "instances"][2],
        told["global", "instances"][2],
    ) == (2, 1, 0)
    calls = dict(desk.rows("SELECT dataset, sum(calls) FROM coverage WHERE region = 'global' GROUP BY 1"))
    assert calls["instances"] == calls["volumes"] == 1
    assert sum(calls.values()) == result.outcome.calls == len(client.asked)
    assert desk.rows("SELECT sum(calls) FROM coverage WHERE region <> 'global'") == [(0,)]


def test_an_empty_project_is_whole(desk: Desk) -> None:
    result = desk.collect(Canned())
    assert result.outcome.errors == {}
    assert set(desk.coverage()) == {("global", name) for name in DATASETS}


def test_what_is_gone_is_forgotten_in_every_region(desk: Desk) -> None:
    desk.collect(estate(), only=TWO)
    desk.collect(Canned(), at=LATER, only=TWO)
    assert desk.rows("SELECT count(*) FROM instances") == [(0,)]
    assert desk.coverage()["us-east1", "volumes"] == ("complete", None, 0)


# --- what could not be had --------------------------------------------------------------------------------


def test_a_denied_list_is_told_in_every_region_even_in_those_that_others_find_later(desk: Desk) -> None:
    result = desk.collect(estate(instances=denied("compute.instances.list")), only=TWO)
    told = desk.coverage()
    for region in ("global", "us-central1", "us-east1"):
        assert told[region, "instances"][0] == "denied"
        assert told[region, "volumes"][0] == "complete"
    assert desk.rows("SELECT count(*) FROM volumes") == [(3,)]
    assert result.outcome.errors


def test_an_api_that_is_off_is_nothing_that_is_missing(desk: Desk) -> None:
    result = desk.collect(
        estate(databases=CallError("skipped", "accessNotConfigured", "It is not enabled.")),
        only=("instances", "databases"),
    )
    assert result.outcome.errors == {}
    assert desk.coverage()["us-central1", "databases"] == ("skipped", "It is not enabled.", 0)


def test_what_was_had_before_stays_with_its_date_where_it_cannot_be_had_now(desk: Desk) -> None:
    desk.collect(estate(), only=TWO)
    desk.collect(
        estate(instances=denied(), disks=CallError("failed", "500", "It failed.")), at=LATER, only=TWO
    )
    assert zones(desk) == [A, B, EAST]
    assert desk.rows(
        "SELECT DISTINCT collected_at, attempted_at FROM coverage WHERE dataset = 'instances'"
    ) == [(AT, LATER)]


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("instances", {"items": {f"zones/{A}": {"instances": [{"name": "no id"}]}}}),
        ("instances", {"items": {f"zones/{A}": {"instances": "text"}}}),
        ("instances", {"items": [1, 2]}),
        ("instances", aggregated("instances", machine(1, A), machine(2, A, name=7))),
        ("instances", aggregated("instances", machine(1, creationTimestamp="yesterday"))),
        ("disks", aggregated("disks", disk(1, sizeGb="many"))),
        ("disks", aggregated("disks", disk(1, labels=["x"]))),
        ("snapshots", {"items": [{"id": "1"}]}),
        ("addresses", aggregated("addresses", {"id": "1", "name": "x"})),
        ("databases", {"items": [{"name": "x", "region": "us-east1", "settings": []}, 7]}),
        ("b", {"items": [{"name": "x"}]}),
        ("commitments", aggregated("commitments", {"id": "1", "resources": [{"type": "VCPU"}]})),
        ("routers", aggregated("routers", {"id": "1", "nats": [{}]})),
        ("forwardingRules", aggregated("forwardingRules", {"id": "1", "target": 7})),
        ("instanceGroupManagers", aggregated("instanceGroupManagers", {"id": "1", "name": "x", "targetSize": "two"})),
        ("timeSeries", {"timeSeries": [{"resource": {}}]}),
        ("machineTypes", {"items": [{"name": "n2-standard-4"}]}),
    ],
)  # fmt: skip
def test_an_odd_shape_is_told_and_the_rest_is_stored(name: str, odd: Any, desk: Desk) -> None:
    dataset = {
        "disks": "volumes", "addresses": "public_ips", "b": "buckets", "routers": "nat_gateways",
        "forwardingRules": "load_balancers", "machineTypes": "instance_types", "instanceGroupManagers": "scaling_groups", "timeSeries": "metrics",
    }.get(name, name)  # fmt: skip
    result = desk.collect(estate(**{name: odd}), only=(dataset, "instances", "volumes"))
    told = desk.coverage()
    bad = {key for key, (status, _, _) in told.items() if status != "complete"}
    assert {each for _, each in bad} == {dataset}
    assert all("shape" in str(told[key][1]) or "fit the warehouse" in str(told[key][1]) for key in bad)
    assert result.outcome.errors
    assert desk.rows(
        "SELECT count(*) > 0 FROM " + ("instances" if dataset != "instances" else "volumes")
    ) == [(True,)]


# --- zones that could not be reached ----------------------------------------------------------------------


def test_a_zone_that_does_not_answer_keeps_its_machines_disks_and_labels_and_makes_its_region_partial(
    desk: Desk,
) -> None:
    desk.collect(estate(), only=TWO)
    found = estate(
        instances=without("instances", B, machine(1, A, name="renamed"), machine(3, EAST)),
        disks=without("disks", B, disk(1, A, "renamed"), disk(3, EAST)),
    )
    result = desk.collect(found, at=LATER, only=TWO)
    told = desk.coverage()
    assert zones(desk) == [A, B, EAST]
    assert desk.rows("SELECT name FROM instances ORDER BY zone") == [("renamed",), ("vm-2",), ("vm-3",)]
    assert desk.rows("SELECT value FROM tags ORDER BY 1") == [("b",)]
    for dataset in ("instances", "volumes"):
        assert (told["us-central1", dataset][0], told["us-east1", dataset][0], told["global", dataset][0]) == (
            "partial", "complete", "partial",
        )  # fmt: skip
        assert told["us-central1", dataset][1] == (
            f"{B} could not be reached: what is there now is not known, and what was known before stays."
        )
    assert result.outcome.errors


def test_machines_of_a_zone_that_does_not_answer_keep_their_types_and_their_measures_go_on(
    desk: Desk,
) -> None:
    desk.collect(estate(), only=("instances", "instance_types", "metrics"))
    found = estate(instances=without("instances", EAST, machine(1, A)))
    desk.collect(found, at=LATER, only=("instances", "instance_types", "metrics"))
    assert desk.rows("SELECT instance_type FROM instance_types ORDER BY 1") == [
        ("e2-standard-4",),
        ("n2-standard-4",),
    ]
    measured = desk.rows(
        "SELECT DISTINCT region FROM metrics WHERE bucket_start >= ? ORDER BY 1", datetime(2026, 11, 19)
    )
    assert measured == [("us-central1",), ("us-east1",)]


def test_a_region_that_does_not_answer_at_all_keeps_everything(desk: Desk) -> None:
    address = {
        "id": "400",
        "name": "ip",
        "address": "1.1.1.1",
        "status": "RESERVED",
        "region": f"{URL}/regions/us-east1",
    }
    desk.collect(estate(addresses=aggregated("addresses", address)), only=("instances", "public_ips"))
    gone = estate(
        instances=aggregated("instances", machine(1, A), machine(2, B), unreachables=["regions/us-east1"]),
        addresses=aggregated("addresses", unreachables=["regions/us-east1"]),
    )
    desk.collect(gone, at=LATER, only=("instances", "public_ips"))
    told = desk.coverage()
    assert zones(desk) == [A, B, EAST]
    assert desk.rows("SELECT ip_id FROM public_ips") == [("400",)]
    assert told["us-east1", "public_ips"][0] == told["us-east1", "instances"][0] == "partial"
    assert desk.rows(
        "SELECT collected_at FROM coverage WHERE region = 'us-east1' AND dataset = 'public_ips'"
    ) == [(AT,)]


def test_disks_of_a_region_stay_where_only_the_zones_answered(desk: Desk) -> None:
    regional = disk(9, zone=None, region=f"{URL}/regions/us-central1")
    desk.collect(estate(disks=aggregated("disks", disk(1, A), disk(2, A), regional)), only=("volumes",))
    desk.collect(
        estate(disks=aggregated("disks", disk(1, A), unreachables=["regions/us-central1"])),
        at=LATER,
        only=("volumes",),
    )
    assert desk.rows("SELECT name FROM volumes ORDER BY 1") == [("disk-1",), ("disk-9",)]


def test_groups_of_a_zone_that_does_not_answer_stay_and_machines_find_them(desk: Desk) -> None:
    groups = [
        {"id": f"60{n}", "name": f"web-{n}", "zone": zone(place), "targetSize": 1, "status": {}}
        for n, place in ((1, A), (2, B))
    ]
    made = {"items": [{"key": "created-by", "value": f"projects/1/zones/{B}/instanceGroupManagers/web-2"}]}
    member = aggregated("instances", machine(2, B, metadata=made))
    desk.collect(
        estate(instances=member, instanceGroupManagers=aggregated("instanceGroupManagers", *groups)),
        only=("instances", "scaling_groups"),
    )
    lost = estate(instances=member, instanceGroupManagers=without("instanceGroupManagers", B, groups[0]))
    desk.collect(lost, at=LATER, only=("instances", "scaling_groups"))
    assert desk.rows("SELECT scaling_group_id FROM scaling_groups ORDER BY 1") == [("601",), ("602",)]
    denied_now = estate(instances=member, instanceGroupManagers=denied("groups"))
    desk.collect(denied_now, at=LATER, only=("instances", "scaling_groups"))
    assert desk.rows("SELECT scaling_group FROM instances") == [("602",)]


def test_where_it_is_not_told_what_could_not_be_reached_everything_stays(desk: Desk) -> None:
    desk.collect(estate(), only=("instances",))
    some = aggregated("instances", machine(1, A), warning={"code": "UNREACHABLE"})
    desk.collect(estate(instances=some), at=LATER, only=("instances",))
    assert zones(desk) == [A, B, EAST]
    assert {desk.coverage()[region, "instances"][0] for region in ("global", "us-central1", "us-east1")} == {
        "partial"
    }


def test_a_zone_that_answers_again_is_measured_from_the_beginning(desk: Desk) -> None:
    desk.collect(estate(instances=without("instances", B, machine(1, A))), only=(*TWO, "metrics"))
    client = estate()
    desk.collect(client, at=LATER, only=(*TWO, "metrics"))
    starts = {asked["interval.startTime"] for asked in client.questions("timeSeries")}
    assert starts == {"2026-10-22T00:00:00Z"}
    client = estate()
    desk.collect(client, at=LATER + timedelta(days=1), only=(*TWO, "metrics"))
    starts = {
        asked["interval.startTime"]
        for asked in client.questions("timeSeries")
        if metric_in(asked) == "cpu/utilization"
    }
    assert starts == {"2026-11-18T00:00:00Z"}


def test_the_project_of_one_name_in_another_account_is_left_alone(desk: Desk) -> None:
    other = Canned("other", **estate().answers)
    desk.collect(estate(), other, only=TWO)
    desk.collect(estate(instances=aggregated("instances")), at=LATER, only=TWO)
    assert desk.rows("SELECT account_id, count(*) FROM instances GROUP BY 1") == [("other", 3)]
    assert PROJECT != "other"
