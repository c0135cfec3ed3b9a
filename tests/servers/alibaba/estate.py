"""What an estate is while it is built, and the truth about it."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.servers.alibaba.regions import zones
from tests.servers.alibaba.state import WORLD, Account, Item, epoch, seconds
from tests.servers.series import DAY, Shape, key

HISTORY = 100  # days of metrics before as_of
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
PREFIXES = {
    "cn-hangzhou": "bp1",
    "cn-beijing": "2ze",
    "ap-southeast-1": "t4n",
    "cn-shanghai": "uf6",
    "us-east-1": "0xi",
}


@dataclass
class Estate:
    """What is being built, and the truth about it so far."""

    account: Account
    regions: tuple[str, ...]
    as_of: datetime
    seed: int
    n: int
    rng: random.Random
    classes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instances: list[tuple[str, str, Item]] = field(default_factory=list)  # class, region, item
    disks: dict[str, list[Item]] = field(default_factory=dict)  # by instance

    @property
    def end(self) -> int:
        return epoch(self.as_of)

    @property
    def begin(self) -> int:
        return self.end - HISTORY * DAY

    def id(self, prefix: str, region: str) -> str:
        """A new id, as this region's look."""
        return f"{prefix}-{PREFIXES.get(region, 'j6c')}{''.join(self.rng.choices(LETTERS, k=17))}"

    def zone(self, region: str, turn: int) -> str:
        return zones(region)[turn % len(zones(region))]

    def note(self, kind: str, resource_id: str, region: str, **more: Any) -> None:
        """Add a resource to the truth."""
        self.classes.setdefault(kind, []).append({"id": resource_id, "region": region, **more})

    def add(self, kind: str, region: str, name: str, item: Item) -> Item:
        """Put an item where the API finds it, under the id in its field `name`."""
        item["_id"] = item[name]
        return self.account.add(kind, region, item[name], item)

    def ago(self, days: float) -> datetime:
        """An instant so many days before as_of, on a whole 5 minutes, at a time of its own."""
        earlier = timedelta(days=days, minutes=5 * self.rng.randrange(0, 200) if days >= 2 else 0)
        return (self.as_of - earlier).replace(second=0, microsecond=0)

    def series(
        self, region: str, namespace: str, name: str, dimensions: dict[str, str], shape: Shape, start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:  # fmt: skip
        """Promise a metric from `start` (as long as there is history) to `end` (as_of)."""
        first = max(self.begin, epoch(start) if start else self.begin)
        last = epoch(end) if end else self.end
        where = (self.account.id, region)
        WORLD.metrics.make(
            where, key(namespace, name, dimensions), first - first % 300, last, shape, 300, origin=self.begin
        )


KINDS = (
    "instance",
    "disk",
    "snapshot",
    "eip",
    "nat",
    "slb",
    "alb",
    "nlb",
    "db",
    "scaling_group",
    "reserved_instance",
)


def truth(estate: Estate) -> dict[str, Any]:
    """The right answers, as JSON."""
    account = estate.account
    inventory = {region: {kind: len(account.of(kind, region)) for kind in KINDS} for region in estate.regions}
    for bucket in account.of("bucket", "").values():
        held = inventory[bucket["_region"]]
        held["bucket"] = held.get("bucket", 0) + 1
    return {
        "n": estate.n, "as_of": seconds(estate.as_of), "seed": estate.seed, "account": account.id, "site": account.site,
        "currency": account.currency, "regions": list(estate.regions), "classes": estate.classes, "inventory": inventory,
    }  # fmt: skip


def tags_of(pairs: dict[str, str], key: str = "TagKey", value: str = "TagValue") -> Item | None:
    """Tags as most products wrap them; None (absent) for the untagged."""
    return {"Tag": [{key: name, value: text} for name, text in pairs.items()]} if pairs else None
