"""What an audit sees of the findings that are known: made on its own connection, kept later (keeping.py)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from finops.history import inventory
from finops.history.decisions import latest_decisions
from finops.history.inventory import Inventory, Named
from finops.history.purchases import bought
from finops.history.replacing import with_replacements
from finops.history.resolving import Look, Open, Resolved, resolve
from finops.model import AuditReport, Finding, NotEvaluated


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the inventory held of a finding's resource when an audit found it."""

    was: Mapping[str, Any] | None
    family: str | None
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit looked at: `limits` by kind, empty for a whole one; `rules` that ran.

    `ahead` says that it judges an instant well after the newest data: what it says is of no day that has been.
    """

    whole: bool
    limits: Mapping[str, list[Any]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    ahead: bool = False


@dataclass(slots=True)
class Observed:
    """What an audit saw beside its report."""

    audited: Audited | None = None
    sightings: dict[str, Sighting] = field(default_factory=dict)
    resolved: list[Resolved] = field(default_factory=list)
    realised: list[dict[str, Any]] = field(default_factory=list)  # rows of realised_savings


def observe(con: duckdb.DuckDBPyConnection, report: AuditReport, audited: Audited, into: Observed) -> None:
    """Fills `into` with what this audit saw: its findings in the inventory, and what became of those it does not have.

    Only a whole audit resolves anything.
    """
    found = {finding.id for finding in report.findings}
    missing = [one for one in _open(con, report.as_of) if one.id not in found] if audited.whole else []
    named = {finding.id: _named(finding) for finding in report.findings}
    seen = inventory.load(con, [*named.values(), *(one.named for one in missing)])
    into.audited = audited
    into.sightings = {name: _sighting(one, seen) for name, one in named.items()}
    blind = _Blind(report.not_evaluated)
    done = {one.finding_id for one in latest_decisions(con).values() if one.decision == "done"}
    done |= bought(con, missing)
    resolved: list[Resolved] = []
    for known in missing:
        look = Look(
            thing=seen.things.get(known.named),
            scope=seen.scope(known.named),
            judged=known.rule in audited.rules and not blind.to(known),
            done=known.id in done,
        )
        outcome = resolve(known, look)
        if outcome is not None:
            resolved.append(outcome)
    into.resolved = with_replacements(con, resolved)


def _open(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Open]:
    """Findings that are not resolved and that were last seen before `at`."""
    rows = con.execute(
        "SELECT id, rule, resource_type, cloud, account, region, resource_id, action, was, last_seen, observed_at "
        "FROM finding_history WHERE status <> 'resolved' AND last_seen < ? AND rule IS NOT NULL ORDER BY id",
        [at],
    ).fetchall()
    return [
        Open(name, rule, Named(*of), action, json.loads(was) if was else None, last_seen, observed_at)
        for name, rule, *of, action, was, last_seen, observed_at in rows
    ]


def _named(finding: Finding) -> Named:
    return Named(finding.resource_type, finding.cloud, finding.account, finding.region, finding.resource_id)


def _sighting(one: Named, seen: Inventory) -> Sighting:
    thing, scope = seen.things.get(one), seen.scope(one)
    if thing is None:
        return Sighting(None, None, None)
    return Sighting(thing.attributes, thing.family, scope.collected_at if scope else None)


class _Blind:
    """Where rules could not look. What has no region, or the region `global`, is about the whole account."""

    def __init__(self, items: Iterable[NotEvaluated]) -> None:
        self._places = {
            (
                item.rule,
                item.cloud,
                item.account,
                None if item.region == "global" else item.region,
                item.resource_id,
            )
            for item in items
        }

    def to(self, known: Open) -> bool:
        """Whether the finding's rule could not judge it, its region or its account."""
        at = known.named
        return any(
            (known.rule, at.cloud, at.account, region, resource) in self._places
            for region in (None, at.region)
            for resource in (None, at.resource_id)
        )
