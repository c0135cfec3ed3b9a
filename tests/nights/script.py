"""What happens in a quarter: the instants of its nights, what goes wrong in each, and the life of what is to be found.

Everything comes from one seed. Nothing goes wrong in the last nights, so that they can see what became of all of it.
"""

import random
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from tests.nights.books import HISTORY, Change
from tests.nights.running import Kill

# 03:10 in Berlin: the night of 25 October has 25 hours, and the quarter and three months end in between.
FIRST, AT, PLACE = datetime(2026, 9, 7), timedelta(hours=3, minutes=10), ZoneInfo("Europe/Berlin")
UNATTACHED_DAYS, IDLE_DAYS = 3, 5  # limits of the rules, as finops.toml sets them
STEPS = (
    "open",
    "collect",
    "collect",
    "collect",
    "test",
    "audit",
    "detect",
    "verify",
    "report",
    "publish",
    "deliver",
    "tidy",
)


@dataclass
class Night:
    """One night: when it runs and what goes wrong."""

    number: int
    at: datetime
    denied: set[tuple[str, str]] = field(default_factory=set)
    down: dict[str, Literal["refused", "503"]] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    throttled: bool = False
    kill: Kill | None = None
    retried: bool = False
    twice: bool = False
    redelivered: bool = False

    def blind(self, cloud: str, account: str | None = None) -> bool:
        """Whether the night cannot see a cloud, or an account of it."""
        return cloud in self.down or cloud in self.expired or (cloud, account) in self.denied

    @property
    def lost(self) -> bool:
        """Whether it was killed and nobody went on with it."""
        return self.kill is not None and not self.retried

    @property
    def incomplete(self) -> bool:
        """Whether something is missing."""
        return bool(self.denied or self.down or self.expired)

    @property
    def words(self) -> str:
        """What is special about it."""
        told = [f"{cloud} {account} denied" for cloud, account in sorted(self.denied)]
        told += [f"{cloud} down ({how})" for cloud, how in sorted(self.down.items())]
        told += [f"{cloud} expired" for cloud in sorted(self.expired)]
        told += ["throttled"] if self.throttled else []
        if self.kill:
            then = ", retried" if self.retried else ""
            told.append(f"{self.kill.number.name} in {self.kill.step}{then}")
        told += ["twice"] if self.twice else []
        told += ["redelivered"] if self.redelivered else []
        return "; ".join(told)


@dataclass(frozen=True)
class Act:
    """Something that is done to a resource before a night, and what its finding becomes, so many nights later."""

    night: int
    action: str
    event: Literal["new", "resolved", "reopened"] | None
    resolution: str | None = None
    after: int = 0


@dataclass
class Life:
    """A resource with something to be found."""

    cloud: str
    account: str
    rule: str
    acts: Sequence[Act]
    resource: str = ""


@dataclass
class Script:
    """A whole simulation."""

    nights: list[Night]
    lives: list[Life]
    changes: list[Change] = field(default_factory=list)
    unattached_days: int = UNATTACHED_DAYS


def instants(count: int) -> list[datetime]:
    """When the nights run, in UTC: at one hour by the clock on the wall."""
    return [
        (FIRST + timedelta(days=number) + AT).replace(tzinfo=PLACE).astimezone(UTC).replace(tzinfo=None)
        for number in range(count)
    ]


def quarter(
    count: int, seed: int, accounts: dict[str, tuple[str, str]], services: dict[str, Sequence[str]]
) -> Script:
    """Nights with everything that a quarter may bring; a shorter one has what begins early enough."""
    dice = random.Random(seed)
    nights = [Night(number, at) for number, at in enumerate(instants(count), 1)]
    calm = count - 6
    _go_wrong(nights[:calm], dice, accounts)
    lives = [
        Life(one.cloud, one.account, one.rule, [act for act in one.acts if act.night <= calm], one.resource)
        for one in _lives(accounts)
        if one.cloud in accounts
    ]
    # A day must be settled for a while before the last night can judge it.
    last = nights[-1].at.date() - timedelta(days=8)
    changes = [one for one in _changes(accounts, services, earlier=75 - count) if one.first <= last]
    return Script(nights, [one for one in lives if one.acts], changes)


def _go_wrong(nights: list[Night], dice: random.Random, accounts: dict[str, tuple[str, str]]) -> None:
    free = {night.number for night in nights[1:]}

    def take(length: int, among: Iterable[int] | None = None) -> list[Night]:
        """So many nights in a row in which nothing is wrong yet, nor in the one before."""
        starts = [
            one
            for one in (among or sorted(free))
            if all(number in free for number in range(one - 1, one + length))
        ]
        if not starts:
            return []
        first = dice.choice(starts)
        free.difference_update(range(first - 1, first + length))
        return nights[first - 1 : first - 1 + length]

    # The volume that goes in night 18 goes while nobody may look.
    for night in take(4, range(15, 19)) if "aws" in accounts else ():
        night.denied.add(("aws", accounts["aws"][1]))
    for number in (signal.SIGKILL, signal.SIGTERM) * max(1, len(nights) // 16):
        for night in take(1):
            step = dice.choice(STEPS)
            night.kill = Kill(number, step, dice.uniform(0, 6.0 if step == "collect" else 0.6))
            night.retried = dice.random() < 0.5
    for _ in range(max(1, len(nights) // 25)):
        for night in take(1):
            night.twice = True
        for night in take(1):
            night.throttled = True
        for night in take(1):
            night.redelivered = True
    for cloud in ("gcp", "alibaba"):
        for night in take(3) if cloud in accounts else ():
            night.denied.add((cloud, accounts[cloud][1]))
    for cloud in accounts:
        for night, how in zip(take(2), ("refused", "503"), strict=False):
            night.down[cloud] = "503" if how == "503" else "refused"
    for cloud in accounts:
        for night in take(1):
            night.expired.add(cloud)
    for night in take(1):
        night.at += timedelta(hours=1)  # late: the next comes 23 hours after it


def _lives(accounts: dict[str, tuple[str, str]]) -> list[Life]:
    loose = "unattached-volume"
    lives = _lives_of_aws(*accounts["aws"]) if "aws" in accounts else []
    others = [(cloud, account) for cloud in ("alibaba", "gcp") for account in accounts.get(cloud, ())]
    for number, (cloud, account) in enumerate(others):
        lives.append(
            Life(cloud, account, loose, [
                Act(3 + number, "create-volume", "new", after=UNATTACHED_DAYS),
                Act(14 + number, "attach-volume", "resolved", "no_longer_true"),
                Act(22 + number, "detach-volume", "reopened", after=UNATTACHED_DAYS),
                Act(33 + 5 * number, "delete-volume", "resolved", "gone"),
            ])
        )  # fmt: skip
    return lives


def _lives_of_aws(own: str, member: str) -> list[Life]:
    loose, idle = "unattached-volume", "idle-instance"
    return [
        Life("aws", own, idle, [
            Act(5, "run-idle", "new", after=IDLE_DAYS), Act(30, "terminate", "resolved", "gone"),
        ]),
        Life("aws", own, idle, [Act(40, "stop", "resolved", "changed")], "class idle"),
        Life("aws", own, "oversized-instance", [Act(25, "shrink", "resolved", "changed")], "class oversized"),
        # Gone while nobody may look: that is told when somebody may again, and not before.
        Life("aws", member, loose, [
            Act(3, "create-volume", "new", after=UNATTACHED_DAYS), Act(18, "delete-volume", "resolved", "gone"),
        ]),
        Life("aws", own, loose, [
            Act(2, "create-volume", "new", after=UNATTACHED_DAYS), Act(12, "attach-volume", "resolved", "no_longer_true"),
            Act(20, "detach-volume", "reopened"), Act(50, "delete-volume", "resolved", "gone"),
        ]),
    ]  # fmt: skip


def _changes(
    accounts: dict[str, tuple[str, str]], services: dict[str, Sequence[str]], earlier: int
) -> list[Change]:
    """Anomalies, after the weeks that a control limit needs: cloud, account, service, nights, factor.

    A script that is so many nights shorter has them so much `earlier`, while there are eight weeks of bills before.
    """
    wanted = (
        ("aws", 1, 1, 61, 99, 1.7, "drift"),
        ("aws", 0, 0, 64, 64, 2.2, "spike"),
        ("gcp", 1, 0, 62, 62, 0.15, "drop"),
        ("gcp", 0, 1, 60, 99, 1.6, "drift"),
        ("alibaba", 0, 0, 65, 65, 2.0, "spike"),
    )
    return [
        Change(
            cloud,
            accounts[cloud][account],
            services[cloud][service],
            _day(first - earlier),
            _day(last - earlier),
            factor,
            kind,
        )
        for cloud, account, service, first, last, factor, kind in wanted
        if cloud in accounts and first - earlier + HISTORY > 62
    ]


def _day(night: int) -> date:
    return (FIRST + timedelta(days=night - 1)).date()
