"""The estate's instances with their boot disks, labels, groups and metrics."""

from datetime import datetime, timedelta
from typing import Any

from tests.servers.gcp import items, loads, plan
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.groups import group_of, join
from tests.servers.gcp.machine_types import told
from tests.servers.gcp.state import COMPUTE, WORLD, Item, Project, pacific, zulu
from tests.servers.gcp.storage import hang

BOOT = (("pd-balanced", 20), ("pd-standard", 50), ("pd-ssd", 30), ("pd-balanced", 10))
HYPERDISK_ONLY = ("n4", "c4", "n4a", "n4d", "c4a", "c4d")


def build_instances(estate: Estate) -> None:
    """All classes, spread over the regions and projects in turn."""
    number = 0
    for name, count in plan.counts(estate.n).items():
        for turn in range(count):
            build_instance(estate, name, number, turn)
            number += 1
    deleted(estate)


def build_instance(estate: Estate, name: str, number: int, turn: int) -> None:
    """One instance with its boot disk, dates, labels and metrics."""
    kind = plan.KINDS[name]
    project, region = estate.place(number)
    group = group_of(estate, name, project, region) if grouped(name, turn) else None
    zone = group["_zone"] if group and group["_zone"] else estate.zone(region, turn)
    scope, created = f"zones/{zone}", estate.ago(estate.rng.randint(*kind.age))
    stopped = estate.ago(estate.rng.randint(*kind.stopped)) if kind.stopped else None
    label = (
        f"{group['baseInstanceName']}-{estate.letters(4)}"
        if group
        else estate.name(project, "instances", scope, number)
    )
    item = project.add("instances", scope, items.instance(
        project, zone, label, estate.id(), kind.types[turn % len(kind.types)], created, description=plan.description(number),
        labels=plan.labels(number, kind) | ({} if name != "gke_node" else gke_labels()) or None, **halted(kind, stopped), **paid(name, turn),
        **accelerated(name, project, zone, kind.types[turn % len(kind.types)]),
    ))  # fmt: skip
    item["networkInterfaces"][0]["networkIP"] = f"10.{128 + number // 250}.0.{number % 250 + 2}"
    item["_type"], item["_windows"], item["_stopped_at"] = (
        kind.types[turn % len(kind.types)],
        name == "windows",
        stopped,
    )
    item["_class"] = name
    if turn % 5 == 1 and not kind.stopped:
        ephemeral_address(item, number)
    if group:
        join(estate, project, group, item)
    estate.instances.append((name, project, item))
    boot_disk(estate, project, scope, item, kind, number)
    if name == "local_disk":
        local_disks(estate, project, item, turn)
    estate.note(
        name, project, scope, item, type=item["_type"], labels=item["labels"] or {}, stopped_at=zulu(stopped) if stopped else None,
        group=group["id"] if group else None, created_at=zulu(created),
    )  # fmt: skip
    item["_measured_from"] = estate.as_of - timedelta(days=4) if name == "missing_data" else created
    loads.instance_metrics(estate, name, kind, turn, project, item)


def grouped(name: str, turn: int) -> bool:
    """Every third of the machines that are spot already stands alone, made with the old flag."""
    return name in plan.GROUPS and not (name == "spot_already" and turn % 3 == 2)


def gke_labels() -> dict[str, str]:
    return {
        "goog-gke-node": "",
        "goog-k8s-cluster-name": "prod",
        "goog-k8s-node-pool-name": "pool-1",
        "goog-k8s-cluster-location": "us-central1",
    }


def halted(kind: plan.Kind, stopped: datetime | None) -> dict[str, Any]:
    if stopped is None:
        return {}
    name = "lastSuspendedTimestamp" if kind.status == "SUSPENDED" else "lastStopTimestamp"
    return {"status": kind.status, name: pacific(stopped), "cpuPlatform": "Unknown CPU Platform"}


def paid(name: str, turn: int) -> dict[str, Any]:
    """Spot by its new name, or preemptible as it was called before."""
    if name != "spot_already":
        return {}
    common = {"onHostMaintenance": "TERMINATE", "automaticRestart": False, "preemptible": True}
    if turn % 3 == 2:
        return {"scheduling": {**common, "provisioningModel": "STANDARD"}}
    return {"scheduling": {**common, "provisioningModel": "SPOT", "instanceTerminationAction": "STOP"}}


def accelerated(name: str, project: Project, zone: str, machine_type: str) -> dict[str, Any]:
    """Cards: attached to an N1, part of an A2 or G2."""
    if name != "gpu_busy":
        return {}
    brought = told(machine_type).get("accelerators")
    card, many = (
        (brought[0]["guestAcceleratorType"], brought[0]["guestAcceleratorCount"])
        if brought
        else ("nvidia-tesla-t4", 2)
    )
    link = f"{COMPUTE}/projects/{project.id}/zones/{zone}/acceleratorTypes/{card}"
    schedule = {
        "onHostMaintenance": "TERMINATE",
        "automaticRestart": True,
        "preemptible": False,
        "provisioningModel": "STANDARD",
    }
    return {
        "guestAccelerators": [{"acceleratorType": link, "acceleratorCount": many}],
        "scheduling": schedule,
        "_cards": 0 if brought else many,
    }


def ephemeral_address(item: Item, number: int) -> None:
    """A public address that is in no list of addresses."""
    item["networkInterfaces"][0]["accessConfigs"] = [{
        "kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "name": "External NAT", "networkTier": "PREMIUM",
        "natIP": f"34.{66 + number // 250}.17.{number % 250 + 1}",
    }]  # fmt: skip


def boot_disk(estate: Estate, project: Project, scope: str, item: Item, kind: plan.Kind, number: int) -> None:
    """Every instance has one, of its own name, and it goes with it."""
    category, size = BOOT[number % len(BOOT)]
    if item["_type"].partition("-")[0] in HYPERDISK_ONLY:
        category = "hyperdisk-balanced"
    windows = item["_windows"]
    disk = project.add("disks", scope, items.disk(
        project, scope, item["name"], estate.id(), size + 50 * windows, category, item["_from"], lastAttachTimestamp=pacific(item["_from"]),
        users=[item["selfLink"]], licenses=[items.WINDOWS if windows else items.DEBIAN], _boot=True,
        sourceImage=f"{COMPUTE}/projects/{'windows-cloud' if windows else 'debian-cloud'}/global/images/{'windows-server-2022' if windows else 'debian-12'}",
    ))  # fmt: skip
    if category.startswith("hyperdisk"):
        disk |= {"provisionedIops": "3000", "provisionedThroughput": "140"}
    more = {
        "licenses": disk["licenses"],
        "guestOsFeatures": [{"type": "WINDOWS"}] if windows else [{"type": "UEFI_COMPATIBLE"}],
    }
    hang(item, disk, "persistent-disk-0" if number % 2 else item["name"], boot=True, **more)
    estate.note("system", project, scope, disk, instance=item["id"], category=category)


def local_disks(estate: Estate, project: Project, item: Item, turn: int) -> None:
    """Part of the machine: attached one by one, or brought along by an -lssd type."""
    many = 1 if item["_type"].endswith("-lssd") else 1 + turn % 2
    for number in range(many):
        item["disks"].append(items.local_ssd(f"local-ssd-{number}", len(item["disks"])))
    item["_local_ssds"] = 0 if item["_type"].endswith("-lssd") else many
    estate.note(
        "local", project, "zones/" + item["zone"].rpartition("/")[2], item, many=many, instance=item["id"]
    )


def deleted(estate: Estate) -> None:
    """Machines that went during the last weeks: no list tells them any more, the bill and Monitoring do."""
    for turn, region in enumerate(estate.regions):
        project = estate.projects[turn % len(estate.projects)]
        created, gone = estate.ago(120), estate.ago(5 + turn)
        zone = estate.zone(region, turn)
        item = items.instance(
            project,
            zone,
            "web-1",
            estate.id(),
            "n2-standard-2",
            created,
            labels={"env": "prod"},
            _type="n2-standard-2",
        )
        item |= {"_stopped_at": gone, "_gone": True, "_measured_from": created, "_windows": False}
        WORLD.gone.append((project.id, f"zones/{zone}", item))
        estate.instances.append(("deleted", project, item))
        loads.instance_metrics(estate, "deleted", plan.KINDS["steady"], turn, project, item)
        estate.note("deleted", project, f"zones/{zone}", item, deleted_at=zulu(gone), type="n2-standard-2")
