"""Disks, snapshots, machine types, commitments: every column of their rows, odd shapes, names that are there twice."""

import json
from datetime import datetime
from typing import Any

import pytest

from collectors.gcp.commitments import transform_commitments
from collectors.gcp.inventory import Names, transform_volumes
from collectors.gcp.listing import Listed
from collectors.gcp.snapshots import transform_snapshots
from collectors.gcp.types import transform_types, zones_for
from tests.collectors.gcp.canned import PROJECT, URL, attached, disk, machine, zone

A, B = "us-central1-a", "us-central1-b"
HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}


def rows_of(*disks: dict[str, Any], machines: Any = ()) -> list[dict[str, Any]]:
    instances = None if machines is None else list(machines)
    names = Names.of(instances or [], [])
    return transform_volumes(Listed(list(disks)), PROJECT, instances, names)["volumes"]


# --- disks ------------------------------------------------------------------------------------------------


def test_an_attached_disk_has_all_its_columns() -> None:
    told = disk(1, A, "vm-1", provisionedIops="3000", provisionedThroughput="140")
    holder = machine(1, disks=[attached("disk-1", "data", autoDelete=True)])
    assert rows_of(told, machines=[holder]) == [
        {**HERE, "volume_id": "8000000000000000001", "zone": A, "name": "disk-1", "state": "attached",
         "volume_type": "pd-balanced", "medium": "ssd", "size_gib": 100.0, "iops": 3000.0, "throughput_mib": 140.0,
         "instance_id": "7000000000000000001", "is_boot": False, "delete_with_instance": True,
         "created_at": datetime(2026, 8, 1), "detached_at": None, "kubernetes_claim": None, "device_name": "data"},
    ]  # fmt: skip


def test_a_disk_that_says_almost_nothing_still_is_a_row_of_an_unattached_one() -> None:
    (found,) = rows_of({"id": "8", "name": "x", "zone": A})
    told = {name: value for name, value in found.items() if value is not None}
    assert told == {**HERE, "volume_id": "8", "zone": A, "name": "x", "state": "unattached"}


@pytest.mark.parametrize(
    ("more", "state", "detached"),
    [
        ({"lastDetachTimestamp": "2026-10-31T17:00:00-07:00"}, "unattached", datetime(2026, 11, 1)),
        ({"lastAttachTimestamp": "2026-10-31T17:00:00-07:00"}, "unattached", None),
        ({}, "unattached", None),
        ({"status": "CREATING"}, "other", None),
        ({"status": "DELETING"}, "other", None),
        ({"users": [f"{zone(A)}/instances/vm-1"], "lastDetachTimestamp": "2026-10-31T17:00:00-07:00"}, "attached", None),
    ],
)  # fmt: skip
def test_a_disk_that_nothing_uses_was_detached_at_a_time_or_never_attached(
    more: dict[str, Any], state: str, detached: datetime | None
) -> None:
    (found,) = rows_of(disk(1) | more)
    assert (found["state"], found["detached_at"]) == (state, detached)


def test_disks_of_one_name_in_two_zones_and_the_region_belong_to_their_own_machines() -> None:
    regional = disk(
        3, name="data", zone=None, region=f"{URL}/regions/us-central1", users=[f"{zone(B)}/instances/vm-2"]
    )
    disks = [disk(1, A, "vm-1", name="data"), disk(2, B, "vm-1", name="data"), regional]
    machines = [
        machine(1, A, disks=[attached("data", "persistent-disk-0", A, boot=True)]),
        machine(2, B, name="vm-1", disks=[
            attached("data", "persistent-disk-0", B), attached("data", "shared", "us-central1", autoDelete=True),
        ]),
    ]  # fmt: skip
    found = rows_of(*disks, machines=machines)
    assert [(one["zone"], one["instance_id"][-1], one["is_boot"], one["device_name"]) for one in found] == [
        (A, "1", True, "persistent-disk-0"), (B, "2", False, "persistent-disk-0"), (None, "2", False, "shared"),
    ]  # fmt: skip


def test_a_disk_that_several_machines_read_has_no_device_name_of_its_own() -> None:
    machines = [machine(n, disks=[attached("disk-1", f"d{n}", autoDelete=n == 1)]) for n in (1, 2)]
    (found,) = rows_of(disk(1, A, "vm-1", "vm-2"), machines=machines)
    assert (found["instance_id"][-1], found["device_name"], found["delete_with_instance"]) == (
        "1",
        None,
        False,
    )


@pytest.mark.parametrize("machines", [None, [], [machine(1)]])
def test_whether_machines_boot_from_a_disk_is_unknown_where_they_do_not_tell(machines: Any) -> None:
    (found,) = rows_of(disk(1, A, "vm-1"), machines=machines)
    assert (found["state"], found["is_boot"], found["device_name"]) == ("attached", None, None)
    assert found["instance_id"] == ("7000000000000000001" if machines else None)


@pytest.mark.parametrize(
    ("kind", "medium"),
    [
        ("pd-standard", "hdd"),
        ("pd-ssd", "ssd"),
        ("pd-extreme", "ssd"),
        ("hyperdisk-balanced", "ssd"),
        ("", None),
    ],
)
def test_the_medium_follows_from_the_type(kind: str, medium: str | None) -> None:
    (found,) = rows_of(disk(1, type=kind and f"{zone(A)}/diskTypes/{kind}"))
    assert (found["volume_type"], found["medium"]) == (kind or None, medium)


CLAIM = "kubernetes.io/created-for/pvc/"


@pytest.mark.parametrize(
    ("more", "claim"),
    [
        ({"description": json.dumps({f"{CLAIM}name": "data-0", f"{CLAIM}namespace": "shop"})}, "shop/data-0"),
        ({"description": json.dumps({f"{CLAIM}name": "data-0"})}, "?/data-0"),
        ({"labels": {"goog-gke-volume": ""}}, "?/disk-1"),
        ({"description": "disk of {nobody}"}, None),
        ({"description": "[" * 2048}, None),
        ({"description": "7"}, None),
        ({"description": '["x"]'}, None),
        ({"description": "=cmd|'/c calc'!A1<script>"}, None),
        ({"description": ""}, None),
    ],
)
def test_a_claim_is_known_by_what_the_driver_writes_whatever_others_write(
    more: dict[str, Any], claim: str | None
) -> None:
    (found,) = rows_of(disk(1, **more))
    assert found["kubernetes_claim"] == claim


# --- snapshots --------------------------------------------------------------------------------------------


def snapshot(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": str(500 + number), "name": f"snap-{number}", "creationTimestamp": "2026-07-31T17:00:00.000-07:00",
        "diskSizeGb": "100", "storageBytes": "123456789012", "sourceDiskId": "8000000000000000001",
        "storageLocations": ["us-central1"], **more,
    }  # fmt: skip


def snapshots_of(*told: dict[str, Any]) -> list[dict[str, Any]]:
    return transform_snapshots(Listed(list(told)), PROJECT)["snapshots"]


def test_a_snapshot_has_all_its_columns() -> None:
    assert snapshots_of(snapshot()) == [
        {**HERE, "snapshot_id": "501", "name": "snap-1", "volume_id": "8000000000000000001", "size_gib": 100.0,
         "stored_bytes": 123456789012.0, "created_at": datetime(2026, 8, 1), "tier": "standard", "kind": "snapshot"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"storageLocations": ["us"]}, "region", "global"),
        ({"storageLocations": ["us-central1", "us-east1"]}, "region", "global"),
        ({"storageLocations": None}, "region", "global"),
        ({"snapshotType": "ARCHIVE"}, "tier", "archive"),
        ({"storageBytes": None}, "stored_bytes", None),
        ({"storageBytes": "0"}, "stored_bytes", 0.0),
        ({"sourceDiskId": None}, "volume_id", None),
    ],
)
def test_what_a_snapshot_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert snapshots_of(snapshot(**more))[0][column] == value


# --- machine types ----------------------------------------------------------------------------------------


def type_of(name: str, **more: Any) -> dict[str, Any]:
    told = {"name": name, "guestCpus": 4, "memoryMb": 16384, **more}
    found = transform_types([told], {name})["instance_types"]
    return next(one for one in found if one["instance_type"] == name)


def test_a_type_has_all_its_columns() -> None:
    assert type_of("n2-standard-4") == {
        "cloud": "gcp", "instance_type": "n2-standard-4", "family": "n2", "generation": 2, "vcpu": 4.0, "memory_gib": 16.0,
        "architecture": "x86_64", "burstable": False, "gpu_count": 0, "gpu_model": None, "local_disk_gib": 0.0,
        "line": "n-standard",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "more", "column", "value"),
    [
        ("e2-micro", {"guestCpus": 2, "memoryMb": 1024, "isSharedCpu": True}, "vcpu", 0.25),
        ("e2-small", {"guestCpus": 2, "isSharedCpu": True}, "vcpu", 0.5),
        ("e2-medium", {"guestCpus": 2, "isSharedCpu": True}, "vcpu", 1.0),
        ("e2-medium", {"guestCpus": 2, "isSharedCpu": True}, "burstable", True),
        ("f1-micro", {"guestCpus": 1, "isSharedCpu": True}, "vcpu", 0.2),
        ("t2a-standard-4", {}, "architecture", "arm64"),
        ("c9z-standard-4", {"architecture": "ARM64"}, "architecture", "arm64"),
        ("c4a-standard-4", {"architecture": "X86_64"}, "architecture", "x86_64"),
        ("a2-highgpu-2g", {"accelerators": [{"guestAcceleratorType": "nvidia-tesla-a100", "guestAcceleratorCount": 2}]}, "gpu_count", 2),
        ("a2-highgpu-2g", {"accelerators": [{"guestAcceleratorType": "nvidia-tesla-a100", "guestAcceleratorCount": 2}]}, "gpu_model", "nvidia-tesla-a100"),
        ("c3-standard-8-lssd", {"bundledLocalSsds": {"partitionCount": 2}}, "local_disk_gib", 750.0),
        ("z9-lssd", {"bundledLocalSsds": {"partitionCount": 2}}, "local_disk_gib", 750.0),
        ("n1-standard-4", {}, "generation", 1),
        ("g2-standard-4", {"deprecated": {"state": "OBSOLETE"}}, "vcpu", 4.0),
    ],
)  # fmt: skip
def test_what_a_type_offers(name: str, more: dict[str, Any], column: str, value: Any) -> None:
    assert type_of(name, **more)[column] == value


def test_all_sizes_of_the_series_in_use_are_told_but_those_that_nobody_can_have_any_more() -> None:
    raw = [
        {"name": name, "guestCpus": 4, "memoryMb": 16384}
        for name in ("n2-standard-4", "n2-highmem-4", "n2d-standard-4", "e2-medium", "n2-standard-4")
    ]
    raw.append({"name": "n2-old-4", "guestCpus": 4, "memoryMb": 1, "deprecated": {"state": "DELETED"}})
    raw.append({"name": "n2-soon-4", "guestCpus": 4, "memoryMb": 1, "deprecated": {"state": "DEPRECATED"}})
    found = transform_types(raw, {"n2-standard-4"})["instance_types"]
    assert sorted(one["instance_type"] for one in found) == ["n2-highmem-4", "n2-soon-4", "n2-standard-4"]


@pytest.mark.parametrize(
    ("name", "family", "vcpu", "memory"),
    [
        ("custom-4-8192", "n1", 4.0, 8.0), ("n2-custom-6-20480", "n2", 6.0, 20.0),
        ("n2-custom-2-131072-ext", "n2", 2.0, 128.0), ("e2-custom-micro-2048", "e2", 0.25, 2.0),
    ],
)  # fmt: skip
def test_a_custom_type_is_known_by_its_name(name: str, family: str, vcpu: float, memory: float) -> None:
    (found,) = transform_types([], {name})["instance_types"]
    assert (found["family"], found["vcpu"], found["memory_gib"]) == (family, vcpu, memory)


def test_a_type_that_no_list_has_is_no_row() -> None:
    assert transform_types([], {"n9-standard-4", "n2-custom-x-1"}) == {"instance_types": []}


def test_the_fewest_zones_are_asked_that_have_all_series() -> None:
    assert zones_for({"a": {"n2"}, "b": {"n2", "e2"}, "c": {"e2"}}) == ["b"]
    assert sorted(zones_for({"a": {"n2"}, "b": {"c3"}, "c": set()})) == ["a", "b"]
    assert zones_for({}) == []


# --- commitments ------------------------------------------------------------------------------------------


def commitment(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "300", "name": "cud", "type": "GENERAL_PURPOSE_N2", "status": "ACTIVE", "plan": "TWELVE_MONTH",
        "region": f"{URL}/regions/us-central1", "startTimestamp": "2025-12-31T16:00:00.000-08:00",
        "endTimestamp": "2026-12-31T16:00:00.000-08:00", "resources": list(resources), **more,
    }  # fmt: skip


def commitments_of(*told: dict[str, Any]) -> list[dict[str, Any]]:
    return transform_commitments(Listed(list(told)), PROJECT)["commitments"]


def test_a_commitment_has_all_its_columns_and_a_row_for_each_kind_of_resource() -> None:
    cores, memory = commitments_of(
        commitment({"type": "VCPU", "amount": "8"}, {"type": "MEMORY", "amount": "32768"})
    )
    same = {
        **HERE, "kind": "committed_use", "scope": "GENERAL_PURPOSE_N2", "started_at": datetime(2026, 1, 1),
        "ends_at": datetime(2027, 1, 1), "payment": "no_upfront", "state": "active",
        "auto_renew": None, "name": "cud",
    }  # fmt: skip
    assert cores == {**same, "commitment_id": "300/vcpu", "quantity": 8.0, "unit": "vCPU"}
    assert memory == {**same, "commitment_id": "300/memory", "quantity": 32.0, "unit": "GiB"}


@pytest.mark.parametrize(
    ("resource", "identity", "quantity", "unit"),
    [
        ({"type": "LOCAL_SSD", "amount": "750"}, "300/local_ssd", 750.0, "GiB"),
        ({"type": "ACCELERATOR", "amount": "4", "acceleratorType": f"{URL}/zones/x/acceleratorTypes/nvidia-l4"},
         "300/accelerator:nvidia-l4", 4.0, "units"),
    ],
)  # fmt: skip
def test_disks_and_accelerators_that_are_committed(
    resource: dict[str, Any], identity: str, quantity: float, unit: str
) -> None:
    (found,) = commitments_of(commitment(resource))
    assert (found["commitment_id"], found["quantity"], found["unit"]) == (identity, quantity, unit)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ACTIVE", "active"),
        ("EXPIRED", "expired"),
        ("CANCELLED", "expired"),
        ("NOT_YET_ACTIVE", "other"),
        ("NEW", "other"),
    ],
)
def test_each_status_of_a_commitment_is_a_state(status: str, state: str) -> None:
    assert commitments_of(commitment({"type": "VCPU", "amount": 1}, status=status))[0]["state"] == state


def test_a_commitment_for_licences_has_no_resources_and_no_row() -> None:
    assert commitments_of(commitment(category="LICENSE", resources=None)) == []
