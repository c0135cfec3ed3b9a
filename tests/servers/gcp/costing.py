"""What each thing of the estate is charged for: machines with their discounts, disks, addresses, snapshots, and what has no resource."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.servers.gcp import prices
from tests.servers.gcp.covering import coverage, fees, machines
from tests.servers.gcp.ledger import (
    HOURS,
    SECOND_ACCOUNT,
    Line,
    apart,
    city,
    line,
    micros,
    place_of,
    settled,
    share,
)  # fmt: skip
from tests.servers.gcp.machine_types import CUSTOM, NAME, billed, family, told
from tests.servers.gcp.places import region_of
from tests.servers.gcp.state import BILLING_ACCOUNT, WORLD, Item, Project, month_start, parse

SUSTAINED = {
    "n1": Decimal("0.3"),
    "n2": Decimal("0.2"),
    "n2d": Decimal("0.2"),
    "c2": Decimal("0.2"),
}  # of a month of all hours
FLEXIBLE = Decimal("0.28")
MODEL = ("D1A2-33B4-55C6", "Compute Flexible CUDs 1 Year")
DISKS = {"pd-standard": "Storage PD Capacity", "pd-balanced": "Balanced PD Capacity", "pd-ssd": "SSD backed PD Capacity",
         "pd-extreme": "Extreme PD Capacity", "hyperdisk-balanced": "Hyperdisk Balanced Capacity"}  # fmt: skip
REGIONAL = {
    "pd-standard": "Regional Storage PD Capacity",
    "pd-balanced": "Regional Balanced PD Capacity",
    "pd-ssd": "Regional SSD backed PD Capacity",
}
FREE_OF = {"hyperdisk-balanced": (3000, 140)}  # IOPS and MiB per second that cost nothing


def lines(first: datetime, end: datetime) -> list[Line]:
    """Everything that costs between two instants."""
    return settled(everything(first, end)) + [by_hand(each) for each in WORLD.rows_by_hand]


def everything(first: datetime, end: datetime) -> Iterator[Line]:
    free_disk = free_address = False
    for project in WORLD.projects.values():
        covered = coverage(project)
        yield from fees(project)
        for scope, item in machines(project):
            for each in machine(project, scope, item, covered):
                first_address = (
                    each.description.startswith("External IP")
                    and not free_address
                    and item["status"] == "RUNNING"
                )
                free_address = free_address or first_address
                yield each.less(("FREE_TIER", -each.cost)) if first_address else each
        for scope, item in project.every("disks"):
            for each in disk(project, scope, item):
                first_disk = each.description == "Storage PD Capacity in Iowa" and not free_disk
                free_disk = free_disk or first_disk
                gift = max(-each.cost, -micros(Decimal(30) / HOURS * each.price))
                yield each.less(("FREE_TIER", gift)) if first_disk else each
        yield from addresses(project)
        for _, item in project.every("snapshots"):
            yield snapshot(project, item)
    yield from without_resource(first, end)


def machine(
    project: Project, scope: str, item: Item, covered: dict[str, tuple[Decimal, Decimal]]
) -> Iterator[Line]:
    """Cores, memory, cards, local disks, licences, address and traffic of a machine while it runs."""
    kind = str(item.get("_type", "e2-standard-2"))
    spot = bool(item["scheduling"]["preemptible"])
    usage, prefix, region = (
        "Preemptible" if spot else "OnDemand",
        "Spot Preemptible " if spot else "",
        region_of(scope),
    )
    cpus, gib = billed(kind)
    about = {"compute.googleapis.com/machine_spec": kind, "compute.googleapis.com/cores": str(told(kind)["guestCpus"]),
             "compute.googleapis.com/memory": str(told(kind)["memoryMb"])}  # fmt: skip

    def charged(description: str, amount: Decimal, usage: str = usage) -> Line:
        return line(project, scope, "instances", item, description, amount, usage, system=about)

    if kind in ("f1-micro", "g1-small"):
        name = "Micro Instance with burstable CPU" if kind[0] == "f" else "Small Instance with 1 VCPU"
        yield charged(f"{prefix}{name} running in {city(region)}", Decimal(1))
    else:
        parts = covered.get(str(item["id"]), (Decimal(0), Decimal(0)))
        for description, amount, part in composed(kind, region, Decimal(cpus), Decimal(gib), parts):
            yield discounted(charged(prefix + description, amount), item, family(kind), spot, part)
    yield from extras(charged, item, kind, prefix, city(region), Decimal(cpus))
    if public(item):
        yield charged(
            f"External IP Charge on a {'Spot Preemptible' if spot else 'Standard'} VM", Decimal(1), "OnDemand"
        )
    if traffic(item):
        yield charged("Network Inter Zone Data Transfer Out", traffic(item), "OnDemand")


def composed(
    kind: str, region: str, cpus: Decimal, gib: Decimal, parts: tuple[Decimal, Decimal]
) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Cores and memory by the names of the catalogue: description, how much, which part a commitment covers."""
    name, custom = family(kind), NAME.match(kind)
    stem = prices.CUSTOM.get(name, prices.FAMILIES[name][0]) if custom else prices.FAMILIES[name][0]
    place = place_of(name, region)
    yield f"{stem} Core running in {place}", cpus, parts[0]
    usual = min(gib, Decimal(str(CUSTOM[name][1])) * cpus) if custom and kind.endswith("-ext") else gib
    yield f"{stem} Ram running in {place}", usual, parts[1]
    if gib > usual:
        yield f"{prices.EXTENDED[name]} Ram running in {place}", gib - usual, Decimal(0)


def discounted(whole: Line, item: Item, name: str, spot: bool, part: Decimal) -> Line:
    """With what Google takes off: commitments first, for sustained use of the rest, promotions last."""
    if spot:
        return whole
    steady = item.get("_class") == "steady"
    taken = share(whole, part)
    made = whole.less(("COMMITTED_USAGE_DISCOUNT", taken))
    made = made.less(
        (
            "SUSTAINED_USAGE_DISCOUNT",
            -micros(Decimal(whole.cost + taken) * SUSTAINED.get(name, Decimal(0)) / 10**6),
        )
    )
    if steady and name == "n1":
        return made.less(("PROMOTION", share(whole, Decimal("0.05"))))
    if steady and name in ("e2", "c2d") and not part:
        return made.less(("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", share(whole, FLEXIBLE)))
    if steady and name in ("t2d", "c3"):  # since 2025 the discount is in the cost, and no credit tells it
        return replace(made, cost=whole.cost + share(whole, FLEXIBLE), list_cost=whole.cost, model=MODEL)
    return made


def extras(charged: Any, item: Item, kind: str, prefix: str, place: str, cpus: Decimal) -> Iterator[Line]:
    """Cards, local disks and licences."""
    brought = told(kind).get("accelerators") or []
    cards = {
        prices.CARD_NAMES[each["guestAcceleratorType"]]: each["guestAcceleratorCount"] for each in brought
    }
    if item.get("_cards"):
        cards = {
            prices.CARD_NAMES[item["guestAccelerators"][0]["acceleratorType"].rpartition("/")[2]]: item[
                "_cards"
            ]
        }
    for name, many in cards.items():
        where = f"attached to {prefix}VMs running in" if prefix else "running in"
        yield charged(f"{name} GPU {where} {place}", Decimal(many))
    local = item.get("_local_ssds", 0) + told(kind).get("bundledLocalSsds", {}).get("partitionCount", 0)
    if local:
        with_spot = " attached to Spot Preemptible VMs" if prefix else ""
        yield charged(f"SSD backed Local Storage{with_spot} in {place}", Decimal(375 * local))
    if item.get("_windows"):
        yield charged("Licensing Fee for Windows Server 2022 Datacenter Edition (CPU cost)", cpus, "OnDemand")
        yield charged(
            "Licensing Fee for Windows Server 2022 Datacenter Edition (RAM cost)",
            Decimal(billed(kind)[1]),
            "OnDemand",
        )


def public(item: Item) -> bool:
    return any("natIP" in each for nic in item["networkInterfaces"] for each in nic.get("accessConfigs", []))


def traffic(item: Item) -> Decimal:
    """GiB an hour that leave for another zone: of every other machine whose load is steady."""
    talks = item.get("_class") == "steady" and int(item["id"]) % 2 == 0
    return Decimal(int(item["id"]) % 97 + 3) / 16 if talks else Decimal(0)


def disk(project: Project, scope: str, item: Item) -> Iterator[Line]:
    """Capacity, and what is provisioned besides."""
    kind, place = item["type"].rpartition("/")[2], city(region_of(scope))
    names = DISKS if scope.startswith("zones/") else REGIONAL

    def charged(description: str, amount: int) -> Line:
        return line(project, scope, "disks", item, f"{description} in {place}", Decimal(amount))

    yield charged(names[kind], int(item["sizeGb"]))
    iops, throughput = FREE_OF.get(kind, (0, 0))
    if "provisionedIops" in item and int(item["provisionedIops"]) > iops:
        yield charged(
            "Extreme PD IOPS" if kind == "pd-extreme" else "Hyperdisk Balanced IOPS",
            int(item["provisionedIops"]) - iops,
        )
    if "provisionedThroughput" in item and int(item["provisionedThroughput"]) > throughput:
        yield charged("Hyperdisk Balanced Throughput", int(item["provisionedThroughput"]) - throughput)


def addresses(project: Project) -> Iterator[Line]:
    """Reserved ones that nothing uses, or a machine that is off, and those of NAT. What a running machine has is on its own bill."""
    off = {item["selfLink"] for _, item in project.every("instances") if item["status"] != "RUNNING"}
    for scope, item in project.every("addresses"):
        if item.get("addressType") != "EXTERNAL":
            continue
        users = item.get("users") or []
        if not users or set(users) & off:
            where = city("us-central1" if scope == "global" else region_of(scope))
            yield line(project, scope, "addresses", item, f"Static Ip Charge in {where}", Decimal(1))
        elif item.get("purpose") == "NAT_AUTO":
            yield line(project, scope, "addresses", item, "External IP Charge on a Standard VM", Decimal(1))


def snapshot(project: Project, item: Item) -> Line:
    """By the day, in the region where it is kept."""
    region = item["storageLocations"][0]
    name = (
        "Regional Archive Snapshot Data Storage"
        if item.get("snapshotType") == "ARCHIVE"
        else "Storage PD Snapshot"
    )
    made = line(
        project,
        f"regions/{region}",
        "snapshots",
        item,
        f"{name} in {city(region)}",
        Decimal(item["storageBytes"]) / 2**30,
        step=24,
    )
    return replace(made, scope="global", region=region)


def without_resource(first: datetime, end: datetime) -> Iterator[Line]:
    """Tax, support, rounding and a correction, once for each account and invoice; only the correction has a project."""
    project = next(iter(WORLD.projects.values()), None)
    month = month_start(f"{first - timedelta(hours=8):%Y%m}")
    while month < end and project is not None:
        begins = max(month, first)
        over = begins + timedelta(hours=1)
        text = f"{month:%Y-%m}"
        invoice: dict[str, Any] = {"service": ("", "Invoice")}
        yield apart("Tax", "12.34", begins, over, cost_type="tax", **invoice)
        yield apart("Rounding error", "-0.004321", begins, over, cost_type="rounding_error", **invoice)
        yield apart("Standard Support", "29", begins, over, service=("2062-016F-44A2", "Support"))
        yield apart(
            f"Correction of {text}",
            "-1.5",
            begins,
            over,
            cost_type="adjustment",
            project=project,
            adjustment=("adj-" + text, "Price correction"),
        )
        if WORLD.second_account:
            yield apart(
                "Tax",
                "7.77",
                begins,
                over,
                cost_type="tax",
                account=SECOND_ACCOUNT,
                currency="EUR",
                rate=Decimal("0.92"),
                **invoice,
            )
        month = month_start(f"{month + timedelta(days=40):%Y%m}")


def by_hand(told: dict[str, Any]) -> Line:
    """A row that a test adds: late usage of a resource, or the correction of it."""
    start = parse(told["start"])
    project = WORLD.projects.get(told["project"]) if told["project"] else None
    scope, kind, item = found(project, told["resource"])
    adjusts = told["cost_type"] == "adjustment"
    made = apart(
        told["description"], told["cost"], start, start + timedelta(hours=1), project=project, scope=scope, kind=kind, item=item,
        cost_type=told["cost_type"], service=tuple(told.get("service") or ("6F81-5844-456A", "Compute Engine")), exported=parse(told["exported"]) if told["exported"] else WORLD.now(),
        adjustment=("adj-by-hand", told["description"]) if adjusts else ("", ""),
    )  # fmt: skip
    credits = tuple((str(name), micros(Decimal(amount))) for name, amount in told["credits"])
    return settled(iter([replace(made, credits=credits, account=BILLING_ACCOUNT)]))[0]


def found(project: Project | None, resource: str | None) -> tuple[str, str, Item]:
    """Scope, kind and item of a resource by its number."""
    for kind in ("instances", "disks", "addresses", "snapshots"):
        for scope, item in (
            machines(project) if project and kind == "instances" else project.every(kind) if project else ()
        ):
            if item["id"] == resource:
                return scope, kind, item
    return "", "", {}
