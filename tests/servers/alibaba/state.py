"""What the whole process shares: accounts with their resources, identities, metrics, and a clock."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.series import Metrics

ACCOUNT = "1234567890123456"
ADMIN_KEY, ADMIN_SECRET = "LTAIadministrator0000000", "secret-of-the-administrator"
MONITORED_DISKS = "disk"  # the namespace of series that only DescribeDiskMonitorData tells
BEIJING = timedelta(hours=8)

Item = dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """Whose key it is. `policy` None: may do everything."""

    key: str
    secret: str
    account: str
    kind: str = "RAMUser"  # Account | RAMUser | AssumedRoleUser
    name: str = "finops"
    number: str = "216959339000654321"
    token: str | None = None
    expires: datetime | None = None
    policy: dict[str, Any] | None = None


@dataclass
class Role:
    """A role that others may assume."""

    name: str
    trusts: tuple[str, ...] = ()  # accounts; OIDC providers' ARNs
    external_id: str | None = None
    policy: dict[str, Any] | None = None
    longest: int = 3600


@dataclass
class Account:
    """An account and what it has: API items by kind and region (account-wide ones under region "")."""

    id: str
    name: str = "main"
    site: str = "china"
    resources: dict[tuple[str, str], dict[str, Item]] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    pays_for: tuple[str, ...] = ()  # other accounts, whose lines are on its bill

    @property
    def currency(self) -> str:
        return "CNY" if self.site == "china" else "USD"

    def of(self, kind: str, region: str) -> dict[str, Item]:
        """What is there, to be read."""
        return self.resources.get((kind, region), {})

    def add(self, kind: str, region: str, name: str, item: Item) -> Item:
        """One more, under its name."""
        self.resources.setdefault((kind, region), {})[name] = item
        return item

    def every(self, kind: str) -> Iterable[tuple[str, Item]]:
        """Region and item of all regions, for our own reckoning: without the oddities that a test put in."""
        for (each, region), items in list(self.resources.items()):
            if each == kind:
                for item in list(items.values()):
                    yield region, item.get("_plain", item)


class World:
    """Everything there is."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.metrics = Metrics()
        self.revision = 0  # grows with everything that a test tells the process
        self.clear()

    def clear(self) -> None:
        self.accounts: dict[str, Account] = {ACCOUNT: Account(ACCOUNT)}
        self.identities: dict[str, Identity] = {}
        self.add(Identity(ADMIN_KEY, ADMIN_SECRET, ACCOUNT, name="administrator"))
        self.members: list[dict[str, Any]] = []  # of the resource directory
        self.oidc_tokens: dict[str, str] = {}  # token to the provider's ARN
        self.billed_by_hand: dict[str, dict[str, list[Item]]] = {}  # by account and day
        self.metrics.clear()
        self._fixed: datetime | None = None
        self.soothe()

    def soothe(self) -> None:
        """Nothing refused and nothing used up; resources stay."""
        self.denied: list[str] = []
        self.monthly_metric_calls: int | None = None  # None: without end
        self.nonces: set[str] = set()
        self.endings = 0  # how many lists have ended; the last token is told in three ways in turn

    def add(self, identity: Identity) -> Identity:
        self.identities[identity.key] = identity
        return identity

    def account(self, account: str) -> Account:
        return self.accounts[account]

    def stop_clock(self, instant: str | None) -> None:
        self._fixed = parse(instant) if instant else None

    def now(self) -> datetime:
        """The instant, naive UTC: what metrics, prices and bills go by. Signatures go by the real time."""
        return self._fixed or datetime.now(UTC).replace(tzinfo=None)


def parse(instant: str) -> datetime:
    """ISO 8601 with Z, an offset or nothing, as naive UTC."""
    moment = datetime.fromisoformat(instant)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def epoch(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


def minutes(moment: datetime) -> str:
    """As instances, reservations and classic load balancers tell a time."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def seconds(moment: datetime) -> str:
    """As disks, snapshots, addresses and most others tell a time."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


WORLD = World()
