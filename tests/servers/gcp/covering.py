"""What commitments cover, and what they cost whether they do or not."""

from collections.abc import Iterator
from decimal import Decimal

from tests.servers.gcp.ledger import Line, line, place_of
from tests.servers.gcp.machine_types import BILLED, billed, family
from tests.servers.gcp.places import region_of
from tests.servers.gcp.state import WORLD, Item, Project, parse

COMMITTED = {
    "GENERAL_PURPOSE_N2": "n2",
    "COMPUTE_OPTIMIZED_C2D": "c2d",
    "GENERAL_PURPOSE_E2": "e2",
    "GENERAL_PURPOSE": "n1",
}
# Commitments cover what shall stay as it is, so that no finding's money hangs on which machine Google let have them.
COVERED = ("steady", "windows", "stateful", "memory_bound")


def machines(project: Project) -> Iterator[tuple[str, Item]]:
    """Those that are there and those that were, by number."""
    gone = [(scope, item) for owner, scope, item in WORLD.gone if owner == project.id]
    yield from sorted([*project.every("instances"), *gone], key=lambda each: str(each[1]["id"]))


def coverage(project: Project) -> dict[str, tuple[Decimal, Decimal]]:
    """Which part of a machine's cores and memory the project's commitments cover, by the machine's number."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for scope, item in project.every("commitments"):
        if item.get("status") != "ACTIVE" or item.get("type") not in COMMITTED:
            continue
        left = committed_to(item)
        for where, each in machines(project):
            kind = str(each.get("_type", "e2-standard-2"))
            fits = (
                family(kind) == COMMITTED[item["type"]]
                and kind not in BILLED
                and each.get("_class") in COVERED
            )
            if not fits or region_of(where) != region_of(scope) or each["scheduling"]["preemptible"]:
                continue
            wanted = tuple(Decimal(part) for part in billed(kind))
            taken = tuple(min(has, wants) for has, wants in zip(left, wanted, strict=True))
            left = (left[0] - taken[0], left[1] - taken[1])
            found[str(each["id"])] = (taken[0] / wanted[0], taken[1] / wanted[1])
    return found


def committed_to(item: Item) -> tuple[Decimal, Decimal]:
    """vCPUs and GiB of a commitment."""
    held = {each["type"]: Decimal(each["amount"]) for each in item["resources"]}
    return held.get("VCPU", Decimal(0)), held.get("MEMORY", Decimal(0)) / 1024


def fees(project: Project) -> Iterator[Line]:
    """What commitments cost, used or not; no resource is named."""
    heads = {
        "n1": "Commitment v1: {}",
        "n2": "Commitment v1: N2 {}",
        "c2d": "Commitment v1: C2D AMD {}",
        "e2": "Commitment v1: E2 {}",
    }
    for scope, item in project.every("commitments"):
        if item.get("type") not in COMMITTED or "endTimestamp" not in item:
            continue
        name, year = COMMITTED[item["type"]], item["plan"] == "TWELVE_MONTH"
        years = "1 Year" if year else "3 Year" if name == "n2" else "3 Years"
        for part, amount in zip(("Cpu", "Ram"), committed_to(item), strict=True):
            text = f"{heads[name].format(part)} in {place_of(name, region_of(scope))} for {years}"
            yield line(
                project,
                scope,
                "",
                {},
                text,
                amount,
                "Commit1Yr" if year else "Commit3Yr",
                begins=item["_from"],
                ends=parse(item["endTimestamp"]),
            )
