"""What `finops diff` tells, as a page and as records."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from finops.history.answers import DiffAnswer, DiffLine
from reports import amounts, words
from reports.history.page import Grid, Page
from reports.language import tn

RESOLUTIONS = {
    "changed": "acted upon",
    "gone": "resource gone",
    "no_longer_true": "no longer true",
    "exempt": "exempt",
    None: "not known",
}
_TITLES = {
    "new": "New",
    "reopened": "Back again",
    "gone": "Gone",
    "changed": "Changed",
    "unseen": "Could not be judged in one of the two, so nothing is known to have happened",
}
_ROWS = {"unseen": 5}  # lines of a kind that a person reads
_MOST = 20
COLUMNS = (
    "kind", "id", "rule", "cloud", "account", "region", "resource_type", "resource_id", "resource_name", "action",
    "resolution", "changes", "currency", "saving_before", "saving_after", "proposed_before", "proposed_after",
)  # fmt: skip


def rows(answer: DiffAnswer) -> Iterator[list[Any]]:
    """One record per finding that differs."""
    for line in answer.lines:
        record = line.model_dump(mode="python")
        record["changes"] = ", ".join(line.changes)
        yield [record[name] for name in COLUMNS]


def page(answer: DiffAnswer) -> Page:
    """What a person reads: totals, then what is new, back, gone, changed and unseen."""
    grids = [_totals(answer)] if answer.totals else []
    for kind, title in _TITLES.items():
        lines = [line for line in answer.lines if line.kind == kind]
        if lines:
            grids.append(_lines(kind, f"{title}: {tn('{n} finding', '{n} findings', len(lines))}", lines))
    before, after = answer.before, answer.after
    return Page(
        title=f"Findings of {amounts.clock(after.as_of)}, against {amounts.clock(before.as_of)}",
        subtitle=f"Runs {before.run_id} and {after.run_id}; net savings in 730 hours."
        + ("" if answer.lines else " Nothing differs."),
        notes=answer.notes,
        grids=grids,
    )


def _totals(answer: DiffAnswer) -> Grid:
    rows = [
        [
            code or "without an amount",
            f"{total.findings_before:,}",
            f"{total.findings_after:,}",
            amounts.money(total.net_before, code),
            amounts.money(total.net_after, code),
            signed(total.net_change, code),
        ]
        for code, total in answer.totals.items()
    ]
    heads = ["", "Findings before", "after", "Net before", "Net after", "Change"]
    return Grid("", heads, rows, frozenset(heads[1:]))


def _lines(kind: str, title: str, lines: Sequence[DiffLine]) -> Grid:
    heads = ["Net saving", "What to do", "Resource", "Where"]
    if kind == "gone":
        heads.append("Why")
    if kind == "changed":
        heads[:1] = ["Before", "After"]
    most = _ROWS.get(kind, _MOST)
    rows = [_row(kind, line) for line in lines[:most]]
    if lines[most:]:
        more = [""] * len(heads)
        more[heads.index("What to do")] = f"{len(lines) - most} more: see --format json"
        rows.append(more)
    return Grid(title, heads, rows, frozenset(("Net saving", "Before", "After")))


def _row(kind: str, line: DiffLine) -> list[str]:
    after = line.saving_after if line.saving_after is not None else line.saving_before
    shown = [amounts.money(after, line.currency)]
    if kind == "changed":
        shown = [
            amounts.money(line.saving_before, line.currency),
            amounts.money(line.saving_after, line.currency),
        ]
    name = line.resource_name or line.resource_id
    told = f"{line.action}, {words.kind(line.rule).lower()}"
    if "proposal" in line.changes:
        told += f": {_proposal(line.proposed_before)} → {_proposal(line.proposed_after)}"
    why = [RESOLUTIONS.get(line.resolution, str(line.resolution))] if kind == "gone" else []
    return [*shown, told, name, f"{line.cloud} {line.account} {line.region}", *why]


def _proposal(proposed: dict[str, Any] | None) -> str:
    return ", ".join(str(value) for value in (proposed or {}).values()) or amounts.UNKNOWN


def signed(amount: Decimal | None, currency: str | None) -> str:
    """An amount with its sign."""
    return ("+" if amount is not None and amount > 0 else "") + amounts.money(amount, currency)
