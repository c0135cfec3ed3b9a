"""Runs a script of nights against the local clouds and keeps what each said, for checks.py."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from finops.warehouse import reading
from rules.engine.catalogue import catalogue
from tests.end_to_end.command import Done
from tests.nights import books as bookkeeping
from tests.nights.books import HISTORY, Books
from tests.nights.clouds import Alibaba, Aws, Estate, Gcp, Totals, iso
from tests.nights.running import Machine
from tests.nights.script import IDLE_DAYS, Life, Night, Script
from tests.servers.alibaba.cloud import Cloud as AlibabaCloud
from tests.servers.aws.cloud import Cloud as AwsCloud
from tests.servers.gcp.cloud import Cloud as GcpCloud

# What nights are about is how they go on, not what of 60 datasets they bring: the services that a small estate has none of
# are asked for all the same.
SETTINGS = """
[nightly]
clouds = {clouds}
formats = ["json"]

[[deliver]]
name = "folder"
to = "told"
when = "always"
attach = ["json"]

[rules.unattached-volume]
min_days = {unattached}
"""


@dataclass
class Ran:
    """What came of a night: its command, that of the retry, what a second run changed, and seconds."""

    night: Night
    done: Done
    retry: Done | None = None
    killed: bool = False
    again: Done | None = None
    changed: list[str] = field(default_factory=list)
    coverage: list[tuple[Any, ...]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    report_again: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0
    cpu: float = 0  # seconds

    @property
    def last(self) -> Done:
        """The command that says how the night ended."""
        return self.retry or self.done


@dataclass
class Outcome:
    """A simulation at its end."""

    script: Script
    books: Books
    estates: dict[str, Estate]
    folder: Path
    ran: list[Ran]

    @property
    def db(self) -> Path:
        """The warehouse."""
        return self.folder / "finops.duckdb"

    @property
    def end(self) -> datetime:
        """The instant of the last night."""
        return self.script.nights[-1].at

    def truth(self) -> Totals:
        """What all providers charged by the last night."""
        return {
            (f"{name} {account}", day, currency): amount
            for name, estate in self.estates.items()
            for (account, day, currency), amount in estate.truth(self.books, self.end).items()
        }

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the warehouse answers."""
        with reading(self.db) as con:
            return con.execute(sql, list(values)).fetchall()


KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "aws": (Aws, AwsCloud),
    "alibaba": (Alibaba, AlibabaCloud),
    "gcp": (Gcp, GcpCloud),
}


@contextmanager
def clouds(*names: str) -> Iterator[dict[str, Estate]]:
    """Processes of these clouds, with nothing in them yet."""
    with ExitStack() as stack:
        yield {name: KINDS[name][0](stack.enter_context(KINDS[name][1]())) for name in names or tuple(KINDS)}


def play(
    script: Script,
    estates: dict[str, Estate],
    folder: Path,
    *,
    seed: int,
    machines: int = 6,
    rules: Sequence[str] = (),
    say: Callable[[Ran], None] = lambda _: None,
) -> Outcome:
    """All nights, one after the other; of the rules only these run, where any are named."""
    # From the beginning of a month on: bills come by the month.
    first = (script.nights[0].at.date() - timedelta(days=HISTORY)).replace(day=1)
    made = bookkeeping.write(
        {name: one.accounts for name, one in estates.items()},
        {name: one.services for name, one in estates.items()},
        first,
        [night.at for night in script.nights],
        script.changes,
        random.Random(seed),
    )
    for estate in estates.values():
        estate.build(machines, script.nights[-1].at)
    (folder / "finops.toml").write_text(_settings(estates, script, rules), encoding="utf-8")
    outcome = Outcome(script, made, estates, folder, [])
    env = {name: value for estate in estates.values() for name, value in estate.env.items()}
    machine = Machine(folder, env)
    for night in script.nights:
        outcome.ran.append(_night(machine, night, outcome, env))
        say(outcome.ran[-1])
    return outcome


def _settings(estates: dict[str, Estate], script: Script, rules: Sequence[str]) -> str:
    told = SETTINGS.format(clouds=json.dumps(list(estates)), unattached=script.unattached_days)
    if not rules or "idle-instance" in rules:
        told += f"[rules.idle-instance]\nmin_days = {IDLE_DAYS}\n"
    off = [one.id for one in catalogue() if rules and one.id not in rules]
    told += "".join(f"[rules.{name}]\nenabled = false\n" for name in off)
    return told + "".join(one.toml for one in estates.values())


def _night(machine: Machine, night: Night, outcome: Outcome, env: dict[str, str]) -> Ran:
    """What happened by day, then the night itself, whatever goes wrong."""
    for name, estate in outcome.estates.items():
        before = night.at - timedelta(hours=2)
        estate.trouble()
        estate.cloud.clock(iso(before))
        _act([one for one in outcome.script.lives if one.cloud == name], estate, night.number, before)
        estate.cloud.clock(iso(night.at))
        estate.publish(outcome.books, night.at, again=night.redelivered)
        estate.trouble(
            [account for cloud, account in sorted(night.denied) if cloud == name],
            expired=name in night.expired,
            throttled=0.08 if night.throttled else 0,
            down=night.down.get(name) == "503",
        )
        if night.down.get(name) == "refused":
            env = {**env, **estate.env_down}
    machine.env = env
    began, used = time.monotonic(), machine.cpu
    ran = Ran(night, machine.finops("nightly", at=night.at, kill=night.kill))
    ran.killed = bool(night.kill) and ran.done.code in (-9, 137, 143, -15)
    if ran.killed and night.retried:
        ran.retry = machine.finops("retry", at=night.at + timedelta(minutes=30))
    ran.seconds, ran.cpu = time.monotonic() - began, machine.cpu - used
    ran.coverage = outcome.rows(
        "SELECT cloud, account_id, region, dataset, status, collected_at, rows, attempted_at FROM coverage"
    ) if outcome.db.exists() else []  # fmt: skip
    ran.report = _report(outcome.folder)
    if night.twice:
        _again(machine, ran, outcome)
    return ran


def _act(lives: list[Life], estate: Estate, number: int, at: datetime) -> None:
    for life in lives:
        for act in life.acts:
            if act.night == number:
                made = estate.act(act.action, life.account, life.resource, at)
                life.resource = made


def _report(folder: Path) -> dict[str, Any]:
    """The night's report as its reader finds it."""
    found = sorted((folder / "finops-reports").glob("*.json"))
    told: dict[str, Any] = json.loads(found[0].read_text(encoding="utf-8")) if found else {}
    return told


# What a second run of the same night must leave as it was; the runs themselves are told apart.
UNCHANGED = {
    "charges": "SELECT count(*), sum(BilledCost), bit_xor(hash(x_AccountId, ChargePeriodStart, BilledCost)) FROM charges",
    "findings": "SELECT id, status, resolution, first_seen, resolved_at, reopened FROM finding_history ORDER BY id",
    "events": "SELECT finding_id, as_of, event, resolution FROM finding_events WHERE event IN ('resolved', 'reopened') ORDER BY ALL",
    "deliveries": "SELECT target, count(*) FROM deliveries WHERE status = 'done' GROUP BY ALL ORDER BY ALL",
    "anomalies": "SELECT DISTINCT anomaly_id FROM anomalies ORDER BY ALL",
}


def _again(machine: Machine, ran: Ran, outcome: Outcome) -> None:
    before = {name: outcome.rows(sql) for name, sql in UNCHANGED.items()}
    ran.again = machine.finops("nightly", at=ran.night.at + timedelta(minutes=40))
    after = {name: outcome.rows(sql) for name, sql in UNCHANGED.items()}
    ran.report_again = _report(outcome.folder)
    ran.changed = [name for name in UNCHANGED if before[name] != after[name]]
