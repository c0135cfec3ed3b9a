"""What is known of a project when everything that follows from its inventory is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.gcp.place import Place
from collectors.gcp.service_prices import Sold
from collectors.regions import Estate

_PRICED = (
    "instances", "volumes", "snapshots", "public_ips", "databases", "buckets", "repositories", "log_groups",
)  # fmt: skip


@dataclass(slots=True)
class Known:
    """What the inventory holds of the regions that were asked for, and the types of its machines."""

    place: Place
    estate: Estate
    types: list[Mapping[str, Any]] = field(default_factory=list)
    _read: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def of(self, table: str) -> list[Mapping[str, Any]]:
        if table not in self._read:
            rows = self.estate.of(table)
            self._read[table] = [one for one in rows if self.place.wants(str(one["region"]))]
        return self._read[table]

    @property
    def regions(self) -> set[str]:
        """Where there is something that has a price."""
        return {str(one["region"]) for table in _PRICED for one in self.of(table)}

    @property
    def sold(self) -> Sold:
        """What has prices of services beside Compute Engine."""
        return Sold(*(self.of(table) for table in ("databases", "buckets", "repositories", "log_groups")))
