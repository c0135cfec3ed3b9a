"""A finding as one row of the page: every text ready to be shown, by jinja or by the page's script."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, cast, get_type_hints

from finops.model import AuditReport, Finding
from finops.money import cents
from reports import amounts, reckoning, summary, words
from reports.html import facets
from reports.language import Worded, joint, mark, speaking, spoken, t
from reports.plain import one_line

# What the columns are called in the address of a sorted table.
SORT_KEYS = ("do", "name", "account", "cost", "net", "sure", "risk", "co2")
_LEVELS = {"low": 1, "medium": 2, "high": 3}
_EFFORTS = Worded({"low": mark("low effort"), "medium": mark("medium effort"), "high": mark("high effort")})
_UNDO = re.compile(r"#\s*undo(?:,\s*([^:]*))?:\s*(.*)", re.DOTALL)
_FOR_GOOD = re.compile(r"#\s*cannot be undone:\s*(.*)", re.DOTALL)
_WEB = re.compile(r"https?://[^\s\"'<>\\]+", re.ASCII)


# A way back: our words and those of the rule, which are English, apart; one text where both are.
Taken = str | list[str]


class Row(TypedDict):
    """Keys are the data-f and data-list names of the template; `sort` follows the columns.

    `csv` holds `do` and `seen` in English for the download, which programs read; nothing where they are English.
    """

    id: str
    do: str
    kind: str
    new: str
    counted: str
    counted_id: str
    name: str
    rid: str
    account: str
    place: str
    cost: str
    net: str
    net_note: str
    range: str
    sure: str
    risk: str
    effort: str
    co2: str
    reason: str
    why_sure: list[str]
    money: list[str]
    carbon: list[str]
    entrusted: list[str]
    evidence: list[list[str]]
    commands: list[str]
    undo: list[Taken]
    sources: list[list[str]]
    seen: str
    csv: list[str]
    sort: list[str | int | float | None]
    facets: list[str]
    gross: int | None
    cents: int | None
    currency: str


def rows(report: AuditReport) -> list[Row]:
    """The pending findings in the report's order."""
    others = reckoning.winners(report)
    findings = summary.pending(report)
    mark_new = not all(
        finding.status == "new" for finding in findings
    )  # on a first run the mark says nothing
    tag = facets.team_tag(report)
    return [row(finding, others, tag, report.as_of, mark_new) for finding in findings]


def row(
    finding: Finding, others: dict[str, Finding], tag: str, as_of: datetime, mark_new: bool = False
) -> Row:
    currency = finding.currency
    net = finding.net_monthly_savings
    counted = reckoning.counted_in(finding, others)
    return Row(
        id=one_line(finding.id),
        do=_do(finding),
        kind=words.kind(finding.rule),
        new=t("new") if mark_new and finding.status == "new" else "",
        counted=counted,
        counted_id=finding.superseded_by if counted and finding.superseded_by in others else "",
        name=words.name(finding),
        rid=one_line(finding.resource_id) if finding.resource_name else "",
        account=one_line(finding.account),
        place=one_line(f"{finding.cloud} {finding.zone or finding.region}"),
        cost=amounts.money(finding.monthly_cost, currency),
        net=amounts.money(net, currency),
        net_note=_before_overlap(finding),
        range=_range(finding),
        sure=words.CONFIDENCES[finding.confidence],
        risk=words.CONFIDENCES[finding.risk],
        effort=_EFFORTS[finding.effort],
        co2=amounts.carbon(summary.carbon_counted(finding)),
        reason=one_line(finding.reason),
        why_sure=[one_line(reason) for reason in finding.confidence_reasons],
        money=reckoning.money(finding, others),
        carbon=reckoning.emissions(finding),
        entrusted=reckoning.entrusted(finding, as_of),
        evidence=list(_flat(_seen(finding))),
        commands=[_lines(command) for command in finding.remediation if not _taken_back(command)],
        undo=[told for command in finding.remediation if (told := _taken_back(command))] or [_undo(finding)],
        sources=[_source(source) for source in finding.sources],
        seen=amounts.day(finding.first_seen),
        csv=_for_programs(finding),
        sort=_sort(finding),
        facets=facets.values(finding, tag),
        gross=_whole(finding.monthly_savings),
        cents=_whole(net),
        currency=currency or "",
    )


def _do(finding: Finding) -> str:
    action = words.action(finding)
    return action[0].upper() + action[1:]


def _for_programs(finding: Finding) -> list[str]:
    if spoken() == "en":
        return []
    with speaking("en"):
        return [_do(finding), amounts.day(finding.first_seen)]


def _lines(command: str) -> str:
    return "\n".join(map(one_line, command.splitlines()))


def _taken_back(command: str) -> Taken:
    """What a line of the remediation says of taking the step back; empty for one that is part of the step."""
    if found := _FOR_GOOD.fullmatch(command):
        return _taken(t("It cannot be undone:"), _lines(found[1]))
    if found := _UNDO.fullmatch(command):
        when = f"{one_line(found[1]).capitalize()}: " if found[1] else ""
        return _taken("", when + _lines(found[2]))
    return ""


def _undo(finding: Finding) -> Taken:
    return _taken(t("{sentence}.", sentence=words.UNDO[finding.action]), "")


def _taken(ours: str, theirs: str) -> Taken:
    if spoken() != "en" and (ours or theirs):
        return [ours, theirs]
    return f"{ours} {theirs}" if ours and theirs else ours or theirs


def _whole(amount: Decimal | None) -> int | None:
    return None if amount is None else int(cents(amount) * 100)


def blank() -> Row:
    """A row without content, from which the page's script makes the rows that are not in the markup."""
    taken: Taken = "" if spoken() == "en" else ["", ""]
    content = {str: "", list[str]: [""], list[list[str]]: [["", ""]], list[Taken]: [taken]}
    empty: dict[str, Any] = {key: content.get(kind) for key, kind in get_type_hints(Row).items()}
    return cast(Row, empty | {"sort": [None] * len(SORT_KEYS), "facets": [], "csv": []})


def _range(finding: Finding) -> str:
    """The interval where it says more than the amount itself."""
    low, high, net = finding.savings_low, finding.savings_high, finding.net_monthly_savings
    if finding.superseded_by is not None or low is None or high is None or low == high == net:
        return ""
    return amounts.money_span(low, high, finding.currency)


def _before_overlap(finding: Finding) -> str:
    if finding.monthly_savings == finding.net_monthly_savings or finding.monthly_savings is None:
        return ""
    return t("of {gross} gross", gross=amounts.money(finding.monthly_savings, finding.currency))


def _sort(finding: Finding) -> list[str | int | float | None]:
    """What the columns are sorted by; numbers as numbers."""
    net, cost = finding.net_monthly_savings, finding.monthly_cost
    return [
        words.action(finding).casefold(),
        words.name(finding).casefold(),
        words.account(finding.cloud, finding.account).casefold(),
        _whole(cost),
        _whole(net),
        _LEVELS[finding.confidence],
        _LEVELS[finding.risk] * 10 + _LEVELS[finding.effort],
        summary.carbon_counted(finding),
    ]


def _seen(finding: Finding) -> dict[str, Any]:
    """The evidence of the rule; the arithmetic of the money is told in sentences."""
    return {key: value for key, value in finding.evidence.items() if key not in reckoning.ARITHMETIC}


def _flat(evidence: dict[str, Any], above: str = "") -> Iterator[list[str]]:
    """Evidence as pairs; what is nested is named by its path."""
    for key, content in evidence.items():
        path = above + one_line(str(key)).replace("_", " ")
        if isinstance(content, dict):
            yield from _flat(content, f"{path} › ")
        elif isinstance(content, list | tuple) and all(isinstance(item, dict) for item in content):
            for number, item in enumerate(content, start=1):
                yield from _flat(item, f"{path} {number} › ")
        elif isinstance(content, list | tuple):
            yield [path, joint(", ").join(words.value(str(key), item) for item in content)]
        else:
            yield [path, t("not known") if content is None else words.value(str(key), content)]


def _source(source: str) -> list[str]:
    """The text and, only for http and https, where it links to."""
    return [one_line(source), source if _WEB.fullmatch(source) and source.isprintable() else ""]
