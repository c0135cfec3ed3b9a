"""What the table of findings can be filtered by: the values there are, of everything that has more than one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from unicodedata import normalize

from finops.model import AuditReport, Finding
from reports import summary, words
from reports.language import Worded, begun, mark, t
from reports.plain import one_line

UNTAGGED = "(none)"
_TEAM_TAG = "team"  # where the report does not tell which tag names teams
_PREFIXES = ("", "user:", "user_")  # of tags in bills
_FEW = 5  # up to so many values are boxes to tick, of which several may be; more are a list to choose from
_ORDER = ("low", "medium", "high")
_STATUSES = Worded({"new": mark("New"), "open": mark("Open"), "reopened": mark("Reopened")})


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing to filter by: its key in the address, its label, and value and text of what can be chosen."""

    key: str
    label: str
    boxes: bool
    options: tuple[tuple[str, str], ...]


# Keys in the order of the values of a row; the address and the page's script know them by these names.
KEYS = ("cloud", "account", "team", "rule", "class", "action", "confidence", "risk", "status")
_LABELS = Worded(
    {
        "cloud": mark("Cloud"),
        "account": mark("Account"),
        "team": mark("Team"),
        "rule": mark("Kind of finding"),
        "class": mark("Why"),
        "action": mark("Action"),
        "confidence": mark("How sure"),
        "risk": mark("Risk"),
        "status": mark("Status"),
    }
)
_BOXES = frozenset({"cloud", "confidence", "risk", "status"})


def values(finding: Finding, tag: str) -> list[str]:
    """What a finding is, by KEYS."""
    return [
        one_line(finding.cloud), one_line(finding.account), team(finding, tag), one_line(finding.rule),
        finding.class_, finding.action, finding.confidence, finding.risk, finding.status,
    ]  # fmt: skip


def team_tag(report: AuditReport) -> str:
    """The key of the tag that names a team."""
    spends = report.finance.spend if report.finance else []
    return next((one.tag for one in spends if one.by == "team" and one.tag), _TEAM_TAG)


def team(finding: Finding, tag: str) -> str:
    """Whose it is by its tags; UNTAGGED where no tag says so."""
    return tagged(finding, tag) or UNTAGGED


def tagged(finding: Finding, tag: str) -> str:
    """The value of a tag, by whatever key bills give it; empty where it has none."""
    return next(
        (
            one_line(finding.tags[name])
            for name in (prefix + tag for prefix in _PREFIXES)
            if finding.tags.get(name)
        ),
        "",
    )


def facets(report: AuditReport) -> list[Facet]:
    """Everything that has more than one value among the pending findings."""
    findings, tag = summary.pending(report), team_tag(report)
    if not findings:
        return []
    columns = list(zip(*(values(finding, tag) for finding in findings), strict=True))
    clouds = {one_line(finding.account): one_line(finding.cloud) for finding in findings}
    texts = _texts(clouds)
    return [
        _facet(key, set(column), texts.get(key, str))
        for key, column in zip(KEYS, columns, strict=True)
        if len(set(column)) > 1
    ]


def _texts(clouds: Mapping[str, str]) -> dict[str, Callable[[str], str]]:
    return {
        "cloud": lambda it: words.CLOUDS.get(it, it),
        "account": lambda it: words.account(clouds[it], it),
        "team": lambda it: t("No team's tag") if it == UNTAGGED else it,
        "rule": words.kind,
        "class": lambda it: begun(words.CLASSES[it]),
        "action": lambda it: words.ACTIONS[it],
        "confidence": lambda it: words.CONFIDENCES[it],
        "risk": lambda it: words.CONFIDENCES[it],
        "status": lambda it: _STATUSES.get(it, it),
    }


def _facet(key: str, found: set[str], text: Callable[[str], str]) -> Facet:
    ordered = sorted(found, key=lambda it: (it == UNTAGGED, _rank(it), _letters(text(it)), it))
    boxes = key in _BOXES and len(ordered) <= _FEW
    return Facet(key, _LABELS[key], boxes, tuple((it, text(it)) for it in ordered))


def _rank(value: str) -> int:
    return _ORDER.index(value) if value in _ORDER else 0


def _letters(text: str) -> str:
    """What texts are put in order by: an ä comes after an a."""
    return normalize("NFD", text.casefold())
