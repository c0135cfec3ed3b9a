"""What a reader is asked to decide: the steps that count, together by what they are, the largest saving first.

A decision is of one kind of finding, one action and one currency. Its saving is the sum of the net savings of its
findings, so the decisions and what is left over sum up to the total.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from finops.model import AuditReport, Finding, Level
from reports import summary, words
from reports.language import t, tn
from reports.plain import one_line

MOST = 7
OWNER_TAGS = ("owner", "team", "service", "app", "application", "cost-center", "costcenter")
_LEVELS: tuple[Level, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide. `net`, `low` and `high` are money in 730 hours, the last two None where unknown; the
    interval of several is the sum of theirs. `owner` is empty where no tag names one. `findings` are ids."""

    rule: str
    action: str
    what: str
    decides: str
    owner: str
    currency: str
    net: Decimal
    low: Decimal | None
    high: Decimal | None
    risk: Level
    effort: Level
    confidence: Level
    undo: str
    findings: tuple[str, ...]


def decisions(report: AuditReport, most: int | None = MOST) -> list[Decision]:
    """The largest decisions (all of them with None); what has no amount asks for none."""
    groups: defaultdict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in summary.counted(report):
        if finding.net_monthly_savings and finding.currency:
            groups[finding.rule, finding.action, finding.currency].append(finding)
    found = [_decision(group) for group in groups.values()]
    found.sort(key=lambda one: (-one.net, one.currency, one.rule, one.action))
    return found[:most]


def rest(report: AuditReport, shown: Sequence[Decision]) -> list[tuple[Decimal, str, int]]:
    """What is left beside the shown decisions: net saving, currency and number of findings, where there is any."""
    told = {name for one in shown for name in one.findings}
    left = [one for one in summary.counted(report) if one.id not in told and one.net_monthly_savings]
    sums: defaultdict[str, list[Decimal]] = defaultdict(list)
    for finding in left:
        sums[finding.currency or ""].append(finding.net_monthly_savings or Decimal(0))
    return [(sum(some, Decimal(0)), currency, len(some)) for currency, some in sorted(sums.items())]


def owner(finding: Finding) -> str:
    """Who answers for the resource by its tags; empty where none says so."""
    by_key = {key.casefold(): value for key, value in finding.tags.items()}
    return next((one_line(by_key[key]) for key in OWNER_TAGS if by_key.get(key)), "")


def _decision(group: list[Finding]) -> Decision:
    first = group[0]
    lows, highs = ([getattr(one, end) for one in group] for end in ("savings_low", "savings_high"))
    return Decision(
        rule=first.rule,
        action=first.action,
        what=_what(group),
        decides=t("Finance") if first.class_ == "rate" and first.action == "buy" else t("Engineering"),
        owner=_owners(group),
        currency=first.currency or "",
        net=sum((one.net_monthly_savings or Decimal(0) for one in group), Decimal(0)),
        low=None if None in lows else sum(lows, Decimal(0)),
        high=None if None in highs else sum(highs, Decimal(0)),
        risk=max((one.risk for one in group), key=_LEVELS.index),
        effort=max((one.effort for one in group), key=_LEVELS.index),
        confidence=min((one.confidence for one in group), key=_LEVELS.index),
        undo=words.UNDO[first.action],
        findings=tuple(one.id for one in group),
    )


def _what(group: list[Finding]) -> str:
    first = group[0]
    if len(group) > 1:
        return words.action_on(group)
    return t("{action}: {resource}", action=words.action(first, begins=True), resource=words.name(first))


def _owners(group: list[Finding]) -> str:
    """The owner of most, and how many more there are."""
    counts = Counter(name for one in group if (name := owner(one)))
    if not counts:
        return ""
    (most, _), more = min(counts.items(), key=lambda item: (-item[1], item[0])), len(counts) - 1
    return tn("{name} and {n} more", "{name} and {n} more", more, name=most) if more else most
