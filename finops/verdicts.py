"""What a rule said about a resource: the seam between the rule engine and the arithmetic of savings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from finops.model import Action, Exemption, FindingClass, Level


class Key(NamedTuple):
    """A resource: cloud, account, id. Ids are unique within an account, so the region is not part of it."""

    cloud: str
    account_id: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What the arithmetic and the report need to know of a rule."""

    id: str
    title: str
    class_: FindingClass
    effort: Level
    risk: Level
    sources: tuple[str, ...]
    remediation: Mapping[str, tuple[str, ...]]
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One finding of a rule, before money, carbon and netting.

    `components` names the charge components that the action changes: component names of the cost rollup,
    `all` (every component of the resource), `dependents` (what the cloud deletes with it) or `attached`
    (every volume and address that hangs on it). `exemption` is set on what somebody decided to keep.
    """

    rule: RuleFacts
    key: Key
    region: str
    resource_type: str
    action: Action
    reason: str
    components: tuple[str, ...]
    current: dict[str, Any]
    proposed: dict[str, Any]
    evidence: dict[str, Any]
    confidence: Level = "high"
    confidence_reasons: tuple[str, ...] = ()
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What a rule could not judge; `resource_id` is None for a whole account or region."""

    rule: str
    cloud: str
    account_id: str
    region: str | None
    resource_id: str | None
    reason: str


@dataclass(slots=True)
class Verdicts:
    """Everything the rules said in one run."""

    findings: list[Verdict] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, more: "Verdicts") -> None:
        """Takes up what the rules of a later stage said."""
        self.findings += more.findings
        self.unjudged += more.unjudged
        self.counts |= more.counts
        self.seconds |= more.seconds
