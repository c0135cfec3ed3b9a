"""What an estate is while it is built, and the truth about it."""

import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.ec2.models import ec2_backends

from tests.servers.aws import state
from tests.servers.series import DAY, METRICS, Shape, key

HISTORY = 100  # days of metrics before as_of
Where = tuple[str, str]


@dataclass
class Estate:
    """What is being built, and the truth about it so far."""

    account: str
    regions: tuple[str, ...]
    as_of: datetime
    seed: int
    n: int
    rng: random.Random
    classes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    images: dict[tuple[str, str], str] = field(default_factory=dict)
    instances: list[tuple[str, str, Any]] = field(default_factory=list)  # class, region, moto's instance

    @property
    def end(self) -> int:
        return int(state.epoch(self.as_of))

    @property
    def begin(self) -> int:
        return self.end - HISTORY * DAY

    def note(self, kind: str, resource_id: str, region: str, **more: Any) -> None:
        """Add a resource to the truth."""
        self.classes.setdefault(kind, []).append({"id": resource_id, "region": region, **more})

    def backend(self, region: str) -> Any:
        return ec2_backends[self.account][region]

    def ago(self, days: float) -> datetime:
        """An instant so many days before as_of, on a whole 5 minutes, at a time of its own."""
        moment = self.as_of - timedelta(days=days, minutes=5 * self.rng.randrange(0, 200) if days >= 2 else 0)
        return moment.replace(second=0, microsecond=0)

    def address(self, region: str, name: str, tags: dict[str, str] | None = None, **more: Any) -> Any:
        """An elastic address, in the truth as one of a class."""
        number = self.rng.getrandbits(16)
        address = self.backend(region).allocate_address(
            "vpc", f"52.{20 + len(self.classes)}.{number >> 8}.{number & 255}", tags
        )
        address.public_ipv4_pool, address.network_border_group = "amazon", region
        self.note(name, address.allocation_id, region, address=address.public_ip, **more)
        return address

    def series(
        self, region: str, namespace: str, name: str, dimensions: dict[str, str], shape: Shape, start: datetime | None = None,
        end: datetime | None = None, step: int = 300, unit: str = "None",
    ) -> None:  # fmt: skip
        """Promise a metric from `start` (launch) to `end` (as_of)."""
        first = max(self.begin, int(state.epoch(start)) if start else self.begin)
        last = int(state.epoch(end)) if end else self.end
        METRICS.make(
            (self.account, region),
            key(namespace, name, dimensions),
            first - first % step,
            last,
            shape,
            step,
            unit,
            self.begin,
        )


def truth(estate: Estate) -> dict[str, Any]:
    """The right answers, as JSON."""
    inventory = {}
    for region in estate.regions:
        backend = estate.backend(region)
        inventory[region] = {
            "instances": len([each for each in backend.all_instances() if each.state != "terminated"]),
            "volumes": len(backend.volumes),
            "snapshots": len(backend.snapshots),
            "addresses": len(backend.addresses),
            "nat_gateways": len(backend.nat_gateways),
            "network_interfaces": len(backend.enis),
        }
    as_of = re.sub(r"\+00:00$", "", estate.as_of.isoformat()) + "Z"
    return {
        "n": estate.n, "as_of": as_of, "seed": estate.seed, "account": estate.account, "regions": list(estate.regions),
        "classes": estate.classes, "inventory": inventory,
    }  # fmt: skip
