"""What the whole process shares: organisation, folders, projects with their resources, metrics, and a clock."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.gcp.places import region_of
from tests.servers.series import Key, Metrics

ORGANIZATION, DOMAIN = "433637338589", "acme.example"
BILLING_ACCOUNT = "01A2B3-C4D5E6-F70819"
CUSTOMER = "C01abcdef"
COMPUTE = "https://www.googleapis.com/compute/v1"

Item = dict[str, Any]


@dataclass
class Folder:
    """A folder of the organisation."""

    number: str
    name: str
    parent: str  # organizations/N or folders/N
    state: str = "ACTIVE"
    made: datetime = datetime(2021, 3, 4, 10, 0, 0, 123000)


@dataclass
class Project:
    """A project and what it has: API items by collection and scope ("zones/Z", "regions/R", "global")."""

    id: str
    number: str
    name: str
    parent: str
    state: str = "ACTIVE"
    labels: dict[str, str] = field(default_factory=dict)
    billed: bool = True
    made: datetime = datetime(2022, 5, 6, 9, 30, 0, 456000)
    resources: dict[tuple[str, str], dict[str, Item]] = field(default_factory=dict)

    def of(self, kind: str, scope: str) -> dict[str, Item]:
        """What is there by name, to be read."""
        return self.resources.get((kind, scope), {})

    def add(self, kind: str, scope: str, item: Item) -> Item:
        """One more, under its name."""
        self.resources.setdefault((kind, scope), {})[item["name"]] = item
        return item

    def every(self, kind: str) -> Iterator[tuple[str, Item]]:
        """Scope and item of all scopes, in the order in which lists tell them."""
        for each, scope in sorted(self.resources):
            if each == kind:
                for item in list(self.resources[each, scope].values()):
                    yield scope, item

    def link(self, kind: str, scope: str, name: str) -> str:
        """The full URL of a resource, by which others refer to it."""
        return f"{COMPUTE}/projects/{self.id}/{scope}/{kind}/{name}"


@dataclass(frozen=True)
class Told:
    """One time series as Monitoring tells it; its points are the store's under `key`."""

    key: Key
    resource_type: str
    resource: dict[str, str]
    labels: dict[str, str]
    system: dict[str, str] = field(default_factory=dict)  # which an answer has when it is grouped by


class World:
    """Everything there is."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.metrics = Metrics()
        self.revision = 0  # grows with everything that changes what is on the bill
        self.clear()

    def clear(self) -> None:
        self.projects: dict[str, Project] = {}
        self.folders: dict[str, Folder] = {}
        self.told: dict[tuple[str, str], dict[Key, Told]] = {}  # by project and metric type
        self.rows_by_hand: list[Item] = []
        self.bill_days = 10
        self.partition_by = "_PARTITIONTIME"  # or usage_start_time, or nothing
        self.second_account = False
        self.only_jobs = False  # no answer without a job of its own
        self.flows: list[Item] = []  # entries that a sink of Logging wrote to BigQuery
        self.flows_by_day = False  # into a table for each day
        self.gone: list[tuple[str, str, Item]] = []  # project, scope, machine that no list tells any more
        self.big_catalogue = False
        self.skus_by_hand: list[Item] = []
        self.metrics.clear()
        self._fixed: datetime | None = None
        self.soothe()

    def soothe(self) -> None:
        """Nothing refused, switched off or out of reach; resources stay."""
        self.denied: list[dict[str, str]] = []  # {"permission": pattern, "project": pattern}
        self.disabled: set[tuple[str, str]] = set()  # (service, project)
        self.unreachable: set[str] = set()  # zones/Z, regions/R
        self.signed_in_only = False
        self.callers: dict[str, Item] = {}  # service accounts by mail address
        self.tokens: dict[str, tuple[str, datetime]] = {}

    def project(self, name: str) -> Project | None:
        """By id or number, as most APIs take either."""
        found = self.projects.get(name)
        if found is None and name.isdigit():
            return next((each for each in self.projects.values() if each.number == name), None)
        return found

    def stop_clock(self, instant: str | None) -> None:
        self._fixed = parse(instant) if instant else None

    def now(self) -> datetime:
        """The instant, naive UTC: what metrics, prices and bills go by. Tokens go by the real time."""
        return self._fixed or datetime.now(UTC).replace(tzinfo=None)


def parse(instant: str) -> datetime:
    """RFC 3339 with Z, an offset or nothing, as naive UTC."""
    moment = datetime.fromisoformat(instant)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def epoch(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


def pacific(moment: datetime) -> str:
    """As Compute tells a time: California's clock with its offset and milliseconds."""
    hours = 7 if _summer(moment) else 8
    local = moment - timedelta(hours=hours)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}-0{hours}:00"


def _summer(moment: datetime) -> bool:
    """Daylight saving: second Sunday of March, 2 a.m., to the first of November, 2 a.m. (10 and 9 o'clock UTC)."""
    march, november = datetime(moment.year, 3, 8, 10), datetime(moment.year, 11, 1, 9)
    begins = march + timedelta(days=(6 - march.weekday()) % 7)
    ends = november + timedelta(days=(6 - november.weekday()) % 7)
    return begins <= moment < ends


def month_start(month: str) -> datetime:
    """The instant at which a month (202611) begins in California, by which invoices go."""
    first = datetime(int(month[:4]), int(month[4:]), 1, 8)
    return first - timedelta(hours=1) if _summer(first) else first


def zulu(moment: datetime) -> str:
    """As Monitoring, Billing and most newer APIs tell a time."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def millis(moment: datetime) -> str:
    """As Resource Manager, SQL Admin and Storage tell a time."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def public(item: Item) -> Item:
    """An item without what is for us alone, and without what is absent."""
    return {name: value for name, value in item.items() if name[0] != "_" and value is not None}


__all__ = ["WORLD", "Folder", "Item", "Project", "Told", "World", "epoch", "millis", "month_start", "pacific", "parse", "public", "region_of", "zulu"]  # fmt: skip

WORLD = World()
