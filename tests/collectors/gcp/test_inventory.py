"""Machines and groups: every column of their rows, whatever Compute Engine leaves out or adds."""

from datetime import datetime
from typing import Any

import pytest

from collectors.gcp.groups import get_groups, transform_groups
from collectors.gcp.inventory import Names, transform_instances
from collectors.gcp.listing import Listed
from tests.collectors.gcp.canned import PROJECT, URL, Canned, aggregated, denied, machine, zone

WINDOWS = f"{URL.replace(PROJECT, 'windows-cloud')}/global/licenses/windows-server-2022-dc"
A = "us-central1-a"


def row(names: Names | None = None, **more: Any) -> dict[str, Any]:
    """The row of a machine that has this besides."""
    (found,) = transform_instances(Listed([machine(**more)]), PROJECT, names or Names())["instances"]
    return found


def scratch(**more: Any) -> dict[str, Any]:
    return {"type": "SCRATCH", "interface": "NVME", **more}


# --- machines ---------------------------------------------------------------------------------------------


def test_a_running_machine_has_all_its_columns() -> None:
    assert row(
        networkInterfaces=[
            {"networkIP": "10.0.0.2", "accessConfigs": [{"natIP": "34.1.1.1"}], "network": f"{URL}/global/networks/main",
             "subnetwork": f"{URL}/regions/us-central1/subnetworks/a"}
        ],
    ) == {
        "cloud": "gcp", "account_id": PROJECT, "region": "us-central1", "instance_id": "7000000000000000001",
        "zone": A, "name": "vm-1", "state": "running", "state_since": datetime(2026, 9, 1, 0, 0, 0, 123_000),
        "instance_type": "n2-standard-4", "platform": "linux", "purchase_model": "on_demand", "scaling_group": None,
        "launched_at": datetime(2026, 8, 1), "cluster": None, "private_ip": "10.0.0.2", "gpu_count": 0,
        "gpu_model": None, "local_disk_gib": 0.0, "vpc_id": f"projects/{PROJECT}/global/networks/main",
        "subnet_id": f"projects/{PROJECT}/regions/us-central1/subnetworks/a",
    }  # fmt: skip


def test_a_machine_that_says_almost_nothing_still_is_a_row() -> None:
    bare = {"id": 7, "name": "x", "zone": A, "machineType": "e2-micro", "status": "RUNNING"}
    (found,) = transform_instances(Listed([bare]), PROJECT, Names())["instances"]
    assert (found["instance_id"], found["instance_type"], found["region"]) == ("7", "e2-micro", "us-central1")
    assert {name for name, value in found.items() if value is None} == {
        "state_since", "scaling_group", "launched_at", "cluster", "private_ip", "gpu_model", "vpc_id", "subnet_id",
    }  # fmt: skip


@pytest.mark.parametrize("lacking", ["id", "name", "status", "machineType"])
def test_a_machine_without_what_every_machine_has_is_an_odd_shape(lacking: str) -> None:
    told = machine()
    del told[lacking]
    with pytest.raises(KeyError):
        transform_instances(Listed([told]), PROJECT, Names.of([told], []))


STOP = "2026-10-31T17:00:00.000-07:00"
STOPPED, SUSPENDED = datetime(2026, 11, 1), datetime(2026, 10, 1)


@pytest.mark.parametrize(
    ("more", "state", "since"),
    [
        ({"lastStartTimestamp": None}, "running", datetime(2026, 8, 1)),
        ({"status": "TERMINATED", "lastStopTimestamp": STOP}, "stopped", STOPPED),
        ({"status": "STOPPED", "lastStopTimestamp": STOP}, "stopped", STOPPED),
        ({"status": "TERMINATED"}, "stopped", None),
        ({"status": "SUSPENDED", "lastSuspendedTimestamp": "2026-10-01T00:00:00Z", "lastStopTimestamp": STOP}, "stopped", SUSPENDED),
        ({"status": "TERMINATED", "lastSuspendedTimestamp": "2026-10-01T00:00:00Z", "lastStopTimestamp": STOP}, "stopped", STOPPED),
        ({"status": "STOPPING", "lastStopTimestamp": STOP}, "other", None),
        ({"status": "PROVISIONING"}, "other", None),
        ({"status": "STAGING"}, "other", None),
        ({"status": "REPAIRING"}, "other", None),
        ({"status": "SOMETHING_NEW"}, "other", None),
    ],
)  # fmt: skip
def test_each_status_is_a_state_with_the_instant_it_began(
    more: dict[str, Any], state: str, since: datetime | None
) -> None:
    found = row(**more)
    assert (found["state"], found["state_since"]) == (state, since)


@pytest.mark.parametrize(
    ("scheduling", "model"),
    [
        ({"provisioningModel": "SPOT", "preemptible": True}, "spot"),
        ({"provisioningModel": "STANDARD", "preemptible": True}, "spot"),
        ({"provisioningModel": "SPOT"}, "spot"),
        ({"provisioningModel": "STANDARD"}, "on_demand"),
        ({}, "on_demand"),
        (None, "on_demand"),
    ],
)
def test_a_preemptible_machine_is_spot_in_either_form(scheduling: Any, model: str) -> None:
    assert row(scheduling=scheduling)["purchase_model"] == model


@pytest.mark.parametrize(
    ("more", "platform"),
    [
        ({"disks": [{"licenses": [WINDOWS]}]}, "windows"),
        ({"disks": [{}, {"licenses": [f"{URL.replace(PROJECT, 'rhel-cloud')}/global/licenses/rhel-9-server"]}]}, "rhel"),
        ({"disks": [{"licenses": ["projects/suse-cloud/global/licenses/sles-15"]}]}, "suse"),
        ({"disks": [{"licenses": [WINDOWS, "projects/windows-sql-cloud/global/licenses/sql"]}]}, "special"),
        ({"disks": [{"licenses": ["projects/rhel-byos-cloud/global/licenses/rhel-9-byos"]}]}, "linux"),
        ({"disks": [{"licenses": [f"{URL}/global/licenses/windows-cloud"]}]}, "linux"),
        ({"disks": [{"licenses": ["projects"]}]}, "linux"),
        ({"disks": None}, "linux"),
        ({"scheduling": {"nodeAffinities": [{"key": "x"}]}, "disks": [{"licenses": [WINDOWS]}]}, "special"),
    ],
)  # fmt: skip
def test_the_licence_of_any_disk_says_what_is_in_the_price(more: dict[str, Any], platform: str) -> None:
    assert row(**more)["platform"] == platform


@pytest.mark.parametrize(
    ("machine_type", "count", "model"),
    [
        ("n1-standard-8", 2, "nvidia-tesla-t4"),
        ("custom-8-32768", 2, "nvidia-tesla-t4"),
        ("a2-highgpu-2g", 0, None),  # which has them built in, and tells them here again
        ("g2-standard-24", 0, None),
    ],
)
def test_accelerators_are_counted_where_they_are_not_a_part_of_the_type(
    machine_type: str, count: int, model: str | None
) -> None:
    chips = [{"acceleratorCount": 2, "acceleratorType": f"{zone(A)}/acceleratorTypes/nvidia-tesla-t4"}]
    found = row(machineType=f"{zone(A)}/machineTypes/{machine_type}", guestAccelerators=chips)
    assert (found["gpu_count"], found["gpu_model"]) == (count, model)


@pytest.mark.parametrize(
    ("machine_type", "disks", "gib"),
    [
        ("n2-standard-4", [scratch(diskSizeGb="375"), scratch(diskSizeGb="375"), {"type": "PERSISTENT", "diskSizeGb": "10"}], 750.0),
        ("n2-standard-4", [scratch()], 375.0),
        ("c3-standard-8-lssd", [scratch(diskSizeGb="375")] * 2, 0.0),
        ("a2-ultragpu-1g", [scratch(diskSizeGb="375")], 0.0),
        ("a2-ultragpu-1g", [], 0.0),
        ("a2-highgpu-1g", [scratch(diskSizeGb="375")], 375.0),
        ("z9-new-8-lssd", [scratch(diskSizeGb="375")], 0.0),
        ("z3-highmem-8-highlssd", [scratch(diskSizeGb="3000")], 0.0),
    ],
)  # fmt: skip
def test_local_disks_are_those_beside_the_ones_of_the_type(machine_type: str, disks: Any, gib: float) -> None:
    assert row(machineType=machine_type, disks=disks)["local_disk_gib"] == gib


@pytest.mark.parametrize(
    ("more", "cluster"),
    [
        ({"labels": {"goog-k8s-cluster-name": "shop", "goog-gke-node": ""}}, "shop"),
        (
            {
                "labels": {"goog-gke-node": ""},
                "metadata": {"items": [{"key": "cluster-name", "value": "shop"}]},
            },
            "shop",
        ),
        ({"labels": {"goog-gke-node": ""}}, "?"),
        ({"metadata": {"items": [{"key": "cluster-name", "value": "mine"}]}}, None),
        ({"labels": {}}, None),
    ],
)
def test_a_node_of_kubernetes_is_known_by_its_labels(more: dict[str, Any], cluster: str | None) -> None:
    assert row(**more)["cluster"] == cluster


def test_labels_of_a_machine_are_its_tags() -> None:
    rows = transform_instances(Listed([machine(labels={"team": "<b>=1"})]), PROJECT, Names())
    assert rows["tags"] == [
        {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1", "resource_type": "instance",
         "resource_id": "7000000000000000001", "key": "team", "value": "<b>=1"},
    ]  # fmt: skip


def test_a_machine_that_two_pages_show_is_one_and_as_the_last_says() -> None:
    told = Listed([machine(status="RUNNING"), machine(status="STOPPING")])
    (found,) = transform_instances(told, PROJECT, Names())["instances"]
    assert found["state"] == "other"


def test_machines_of_one_name_in_two_zones_are_two() -> None:
    told = Listed([machine(1, name="web"), machine(2, "us-central1-b", name="web")])
    found = transform_instances(told, PROJECT, Names())["instances"]
    assert [(one["name"], one["zone"], one["instance_id"][-1]) for one in found] == [
        ("web", A, "1"), ("web", "us-central1-b", "2"),
    ]  # fmt: skip


# --- groups -----------------------------------------------------------------------------------------------


def group(number: int = 1, place: str = A, **more: Any) -> dict[str, Any]:
    """A group of two that nothing scales."""
    where = {"zone": zone(place)} if place.count("-") == 2 else {"region": f"{URL}/regions/{place}"}
    return {
        "id": str(600 + number),
        "name": "web",
        "targetSize": 2,
        "status": {"isStable": True},
        **where,
        **more,
    }


def member(number: int, manager: str, **more: Any) -> dict[str, Any]:
    """A machine that a group made."""
    made = [{"key": "created-by", "value": f"projects/123/{manager}/instanceGroupManagers/web"}]
    return machine(number, metadata={"items": made}, **more)


def scaled(place: str, least: int, most: int, path: str = "zones") -> dict[str, Any]:
    target = f"{URL}/{path}/{place}/instanceGroupManagers/web"
    return {"id": "9", "name": "web", "target": target, "autoscalingPolicy": {"minNumReplicas": least, "maxNumReplicas": most}}  # fmt: skip


def groups_of(*groups: dict[str, Any], scalers: Any = (), machines: Any = ()) -> list[dict[str, Any]]:
    names = Names.of(list(machines), list(groups))
    answer = (Listed(list(groups)), scalers if scalers is None else list(scalers))
    return transform_groups(answer, PROJECT, list(machines), names)["scaling_groups"]


def test_a_group_has_all_its_columns() -> None:
    machines = [member(1, f"zones/{A}"), member(2, f"zones/{A}"), machine(3, machineType="e2-micro")]
    (found,) = groups_of(group(), machines=machines)
    assert found == {
        "cloud": "gcp", "account_id": PROJECT, "region": "us-central1", "scaling_group_id": "601", "name": "web",
        "min_size": 2, "max_size": 2, "desired_size": 2, "instance_type": "n2-standard-4", "is_spot": False,
        "kind": "group", "cluster": None, "autoscaled": False, "created_at": None,
    }  # fmt: skip


def test_groups_of_one_name_in_two_zones_and_the_region_have_their_own_members_and_limits() -> None:
    b = "us-central1-b"
    groups = [group(1), group(2, b), group(3, "us-central1")]
    machines = [
        member(1, f"zones/{A}"), member(2, f"zones/{b}", machineType="e2-micro"),
        member(3, "regions/us-central1", machineType="c3-standard-4", scheduling={"preemptible": True}),
    ]  # fmt: skip
    scalers = [scaled(A, 1, 3), scaled(b, 2, 5), scaled("us-central1", 4, 9, "regions")]
    found = groups_of(*groups, scalers=scalers, machines=machines)
    assert [(one["min_size"], one["max_size"], one["instance_type"], one["is_spot"]) for one in found] == [
        (1, 3, "n2-standard-4", False), (2, 5, "e2-micro", False), (4, 9, "c3-standard-4", True),
    ]  # fmt: skip
    names = Names.of(machines, groups)
    rows = transform_instances(Listed(machines), PROJECT, names)["instances"]
    assert [one["scaling_group"] for one in rows] == ["601", "602", "603"]


def test_a_group_whose_limits_could_not_be_read_has_unknown_ones() -> None:
    auto = group(status={"autoscaler": f"{zone(A)}/autoscalers/web"})
    (found,) = groups_of(auto, scalers=None)
    assert (found["min_size"], found["max_size"], found["desired_size"]) == (None, None, 2)
    (found,) = groups_of({**group(), "status": None, "targetSize": 0})
    assert (found["min_size"], found["desired_size"], found["is_spot"], found["instance_type"]) == (
        0,
        0,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ([], 0),
        ([group()], 0),
        ([group(status={"autoscaler": f"{zone(A)}/autoscalers/web"})], 1),
        ([{key: value for key, value in group().items() if key != "status"}], 1),
    ],
)
def test_what_scales_groups_is_asked_only_where_something_may(told: list[Any], asked: int) -> None:
    client = Canned(
        instanceGroupManagers=aggregated("instanceGroupManagers", *told),
        autoscalers=aggregated("autoscalers", scaled(A, 1, 3) | {"zone": zone(A)}),
    )
    groups, scalers = get_groups(client, [])
    assert len(client.questions("autoscalers")) == asked
    rows = groups_of(*groups.items, scalers=scalers)
    assert [one["max_size"] for one in rows] == ([3] if asked else [2] if told else [])


def test_scalers_that_may_not_be_read_are_a_word_and_the_groups_are_there() -> None:
    auto = group(status={"autoscaler": f"{zone(A)}/autoscalers/web"})
    problems: list[str] = []
    client = Canned(
        instanceGroupManagers=aggregated("instanceGroupManagers", auto), autoscalers=denied("autoscalers")
    )
    groups, scalers = get_groups(client, problems)
    assert (len(groups.items), scalers) == (1, None)
    assert problems == [str(denied("autoscalers"))]


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([{"key": "created-by", "value": "projects/1/zones/us-central1-a/instanceGroupManagers/web"}], "601"),
        ([{"key": "created-by", "value": "projects/1/zones/us-central1-a/instanceGroupManagers/other"}],
         "projects/1/zones/us-central1-a/instanceGroupManagers/other"),
        ([{"key": "created-by", "value": "projects/1/locations/us/workflows/x"}], None),
        ([{"key": "created-by"}], None),
        ([{"key": "other", "value": "x"}], None),
        (None, None),
    ],
)  # fmt: skip
def test_the_group_of_a_machine_is_the_one_that_made_it(items: Any, found: str | None) -> None:
    names = Names.of([], [group()])
    assert row(names, metadata={"items": items})["scaling_group"] == found


def test_a_group_that_is_known_by_its_region_only_is_found_by_name() -> None:
    names = Names({}, {("us-central1", "web"): "601"})
    (found,) = transform_instances(Listed([member(1, f"zones/{A}")]), PROJECT, names)["instances"]
    assert found["scaling_group"] == "601"
