"""What an estate is while it is built, and the truth about it."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.servers.gcp.places import region_of, zones
from tests.servers.gcp.state import BILLING_ACCOUNT, ORGANIZATION, WORLD, Item, Project, Told, epoch, zulu
from tests.servers.population import SERVICES
from tests.servers.series import DAY, Shape, key

HISTORY = 100  # days of metrics before as_of
STEP = 300  # seconds between samples; Google's are a minute apart for most, which no aligned hour shows


@dataclass
class Estate:
    """What is being built, and the truth about it so far."""

    projects: list[Project]
    regions: tuple[str, ...]
    as_of: datetime
    seed: int
    n: int
    rng: random.Random
    classes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instances: list[tuple[str, Project, Item]] = field(default_factory=list)  # class, project, item

    @property
    def end(self) -> int:
        return epoch(self.as_of)

    @property
    def begin(self) -> int:
        return self.end - HISTORY * DAY

    def id(self) -> str:
        """A new number, as long as Google's."""
        return str(self.rng.randrange(10**18, 9 * 10**18))

    def letters(self, many: int) -> str:
        return "".join(self.rng.choices("0123456789abcdef", k=many))

    def place(self, number: int) -> tuple[Project, str]:
        """Project and region of the so-manieth thing: in turn."""
        regions = len(self.regions)
        return self.projects[number // regions % len(self.projects)], self.regions[number % regions]

    def zone(self, region: str, turn: int) -> str:
        return zones(region)[turn % len(zones(region))]

    def name(self, project: Project, kind: str, scope: str, number: int) -> str:
        """A name that is free in this zone and project, and taken in others."""
        wish = f"{SERVICES[number % len(SERVICES)]}-{number % 3 + 1}"
        name, more = wish, 0
        while name in project.of(kind, scope):
            more += 1
            name = f"{wish}-{'abcdefghijklmnopqrstuvwxyz'[(more - 1) % 26]}{more // 26 or ''}"
        return name

    def note(self, kind: str, project: Project, scope: str, item: Item, **more: Any) -> None:
        """Add a resource to the truth."""
        about = {
            "id": item.get("id", item["name"]),
            "name": item["name"],
            "project": project.id,
            "region": region_of(scope),
        }
        if scope.startswith("zones/"):
            about["zone"] = scope.removeprefix("zones/")
        self.classes.setdefault(kind, []).append(about | more)

    def ago(self, days: float) -> datetime:
        """An instant so many days before as_of, on a whole 5 minutes, at a time of its own."""
        earlier = timedelta(days=days, minutes=5 * self.rng.randrange(0, 200) if days >= 2 else 0)
        return (self.as_of - earlier).replace(second=0, microsecond=0)

    def series(
        self, project: Project, metric: str, resource_type: str, resource: dict[str, str], labels: dict[str, str], shape: Shape,
        start: datetime | None = None, end: datetime | None = None, step: int = STEP, system: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Promise a metric from `start` (as long as there is history) to `end` (as_of)."""
        first = max(self.begin, epoch(start) if start else self.begin)
        first += -(first - self.begin) % step
        last = epoch(end) if end else self.end
        tell(project.id, metric, resource_type, resource, labels, system)
        WORLD.metrics.make(
            (project.id, ""), named(metric, resource, labels), first, last, shape, step, origin=self.begin
        )


def named(metric: str, resource: dict[str, str], labels: dict[str, str]) -> Any:
    return key(
        metric,
        "",
        {
            **{f"r:{name}": text for name, text in resource.items()},
            **{f"m:{name}": text for name, text in labels.items()},
        },
    )


def tell(
    project: str,
    metric: str,
    resource_type: str,
    resource: dict[str, str],
    labels: dict[str, str],
    system: dict[str, str] | None = None,
) -> Any:
    """Make the series known to Monitoring; returns its key."""
    name = named(metric, resource, labels)
    WORLD.told.setdefault((project, metric), {})[name] = Told(
        name, resource_type, {"project_id": project, **resource}, labels, system or {}
    )
    return name


def truth(estate: Estate) -> dict[str, Any]:
    """The right answers, as JSON."""
    inventory: dict[str, dict[str, dict[str, int]]] = {}
    for project in estate.projects:
        for (kind, scope), items in project.resources.items():
            there = inventory.setdefault(project.id, {}).setdefault(region_of(scope), {})
            there[kind] = there.get(kind, 0) + len(items)
    return {
        "n": estate.n, "as_of": zulu(estate.as_of), "seed": estate.seed, "organization": ORGANIZATION, "billing_account": BILLING_ACCOUNT,
        "projects": {each.id: each.number for each in estate.projects}, "regions": list(estate.regions), "classes": estate.classes,
        "inventory": inventory, "currency": "USD",
    }  # fmt: skip
