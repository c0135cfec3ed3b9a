"""What `finops savings` tells, as a page and as records."""

from collections.abc import Iterator, Sequence
from typing import Any

from finops.history.answers import Accuracy, Amounts, Funnel, RealisedLine, SavingsAnswer
from reports import amounts, words
from reports.history.diff import RESOLUTIONS
from reports.history.page import Grid, Page
from reports.language import tn

COLUMNS = tuple(RealisedLine.model_fields)
_STEPS = {
    "found": "Found",
    "agreed": "Agreed",
    "done": "Done",
    "on_the_bill": "On the bill",
    "pending": "  done, too few days on the bill yet",
    "unknown": "  done, and the bill cannot tell",
    "rejected": "Rejected",
    "exempt": "Exempt",
    "no_longer_true": "No longer true",
}
_ALWAYS = ("found", "agreed", "done", "on_the_bill")
_ROWS = 30  # actions that a person reads
_STATES = {"pending": "not yet", "unknown": "cannot tell", "shared": "with another"}


def rows(answer: SavingsAnswer) -> Iterator[list[Any]]:
    """One record per action that was done."""
    for line in answer.lines:
        record = line.model_dump(mode="json")
        yield [getattr(line, name) if isinstance(record[name], float) else record[name] for name in COLUMNS]


def page(answer: SavingsAnswer) -> Page:
    """What a person reads: the way to the bill, how good the estimates were, what each action saved."""
    grids = [_funnel(code, funnel) for code, funnel in answer.currencies.items()]
    grids += [_accuracy(code, found) for code, found in answer.accuracy.items()]
    if answer.lines:
        grids.append(_lines(answer.lines))
    return Page(
        title=f"Savings as of {amounts.clock(answer.as_of)}",
        subtitle="In 730 hours: found at the estimate of the last time it was open, on the bill as measured.",
        notes=answer.notes,
        grids=grids,
    )


def _funnel(code: str, funnel: Funnel) -> Grid:
    told: list[list[str]] = []
    for name, title in _STEPS.items():
        one: Amounts = getattr(funnel, name)
        if one.findings or name in _ALWAYS:
            without = f"{one.without_amount:,}" if one.without_amount else ""
            told.append(
                [title, f"{one.findings:,}", amounts.money(one.monthly, code) if code else "", without]
            )
    heads = [code or "Without an amount", "Findings", "A month", "of unknown amount"]
    if not any(row[-1] for row in told):
        heads, told = heads[:-1], [row[:-1] for row in told]
    return Grid("", heads, told, frozenset(heads[1:]))


def _accuracy(code: str, found: Accuracy) -> Grid:
    heads = ["Measured", "Estimated", "On the bill", "Ratio", "Median ratio", "Within the interval"]
    within = (
        f"{amounts.share(found.within_interval)} of {found.with_interval:,}" if found.with_interval else ""
    )
    row = [
        f"{found.findings:,}",
        amounts.money(found.estimated, code),
        amounts.money(found.realised, code),
        _ratio(found.ratio),
        _ratio(found.median_ratio),
        within or amounts.UNKNOWN,
    ]
    return Grid(f"How good the estimates were, {code}", heads, [row], frozenset(heads))


def _ratio(value: float | None) -> str:
    return amounts.UNKNOWN if value is None else f"{value:.2f}"


def _lines(lines: Sequence[RealisedLine]) -> Grid:
    heads = [
        "Estimate",
        "On the bill",
        "Range",
        "What was proposed",
        "Resource",
        "What became of it",
        "Days",
        "Compared",
    ]
    told = [_row(line) for line in lines[:_ROWS]]
    if lines[_ROWS:]:
        told.append(["", "", "", f"{len(lines) - _ROWS} more: see --format json", "", "", "", ""])
    return Grid(
        tn("{n} action", "{n} actions", len(lines)),
        heads,
        told,
        frozenset(("Estimate", "On the bill", "Range", "Days")),
    )


def _row(line: RealisedLine) -> list[str]:
    shared = line.state == "shared"
    return [
        "" if shared else amounts.money(line.estimate, line.currency),
        _STATES.get(line.state) or amounts.money(line.realised, line.currency),
        ""
        if line.realised_low is None
        else amounts.money_range(line.realised_low, line.realised_high, line.currency),
        f"{line.action}, {words.kind(line.rule).lower()}",
        line.resource_name or line.resource_id,
        f"{RESOLUTIONS.get(line.resolution, line.resolution)}, {amounts.day(line.resolved_at)}",
        "" if shared else f"{line.settled_days:,}",
        _compared(line),
    ]


def _compared(line: RealisedLine) -> str:
    if line.state != "measured":
        return ""
    if line.control_factor is None:
        return "with nothing"
    return f"×{line.control_factor:.2f}, {line.controls:,} others"
