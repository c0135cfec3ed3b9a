"""What a file would change: what people wrote into it, held against what is decided by now.

A cell counts as written where it differs from what the file was made with, which the history of decisions still knows.
So a file that lay around takes nothing back that others decided meanwhile; where both touched the same, it is refused.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import cast

import duckdb

from finops.history.decisions import NOTED, Decision, Verb
from finops.instants import as_day
from finops.pipeline.returning.edits import Edit, refuse
from reports.xlsx import names

_NUMBER = re.compile(r"\d+([.,]\d+)?(E[+-]?\d{1,3})?", re.IGNORECASE)
_FEWEST, _KEPT = 3, 15  # digits of a number that tell an id; those that Excel keeps of a longer one
_FIELDS = ("status", "owner", "due", "comment")


@dataclass(frozen=True, slots=True)
class State:
    """What is decided about a finding; empty is nothing, also beside an owner, a due date or a comment. `due` is a day
    like 2026-12-01, `decided` is when, as the workbook says it."""

    status: str = ""
    owner: str = ""
    due: str = ""
    comment: str = ""
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a finding's decision becomes. `what` names the resource and the rule."""

    finding_id: str
    what: str
    before: State
    after: State

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """Name, text before and text after of each thing that differs."""
        pairs = ((name, getattr(self.before, name), getattr(self.after, name)) for name in _FIELDS)
        return [one for one in pairs if one[1] != one[2]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change, and how many findings of the file would stay as they are."""

    changes: Sequence[Change]
    same: int

    def decisions(self, source: str) -> list[Decision]:
        """The changes as decisions to record, each whole."""
        return [
            Decision(
                one.finding_id,
                cast(Verb, one.after.status or NOTED),  # a status was checked where the file was read
                one.after.owner or None,
                one.after.comment or None,
                source,
                as_day(one.after.due),
            )
            for one in self.changes
        ]


def plan(con: duckdb.DuckDBPyConnection, edits: Iterable[Edit]) -> Plan:
    """What the lines of a file come to; writes nothing.

    Raises UsageError with a sentence for each line that is about no finding, or was decided by others since.
    """
    known, history = _known(con), _history(con)
    changes, problems, same = [], [], 0
    lines = list(edits)
    spoiled = _spoiled(lines, known)
    for edit in lines:
        name = spoiled.get(edit.finding_id, edit.finding_id)
        if name not in known:
            problems.append(_unknown(edit))
            continue
        found = _merged(edit, history.get(name, []))
        if isinstance(found, str):
            problems.append(f"{edit.where}: {found}")
        elif found is None:
            same += 1
        else:
            changes.append(Change(name, known[name], *found))
    refuse(problems)
    return Plan(changes, same)


def _known(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = con.execute("SELECT id, rule, resource_name, resource_id FROM finding_history").fetchall()
    return {
        row[0]: f"{row[1] or 'rule not known'}: {row[2] or row[3] or 'resource not known'}" for row in rows
    }


def _history(con: duckdb.DuckDBPyConnection) -> dict[str, list[State]]:
    """What was decided about each finding after each decision: whoever and whichever day was named last stays."""
    states: dict[str, list[State]] = {}
    rows = con.execute(
        "SELECT finding_id, decision, owner, due, comment, decided_at FROM decisions ORDER BY decided_at, rowid"
    ).fetchall()
    for name, status, owner, due, comment, at in rows:
        past = states.setdefault(name, [])
        last = past[-1] if past else State()
        said, day = "" if status == NOTED else status, due.isoformat() if due else last.due
        past.append(State(said, owner or last.owner, day, comment or "", names.decided(at)))
    return states


def _merged(edit: Edit, past: Sequence[State]) -> tuple[State, State] | str | None:
    """The state before and after, None where nothing changes, or what is wrong."""
    now = past[-1] if past else State()
    base = now if edit.decided is None else _as_of(past, edit.decided)
    after = {}
    for name in _FIELDS:
        said, was, here = getattr(edit, name), getattr(base, name), getattr(now, name)
        if not said or _same(said, was) or _same(said, here):
            after[name] = here
        elif was != here:
            return (
                f"{name.capitalize()} is {said[:60]!r} here, and was recorded as {here[:60]!r} at {now.decided}, "
                "after this file was written: decide which holds, and write it into a new workbook."
            )
        else:
            after[name] = said
    merged = State(**after, decided=now.decided)
    return None if merged == now else (now, merged)


def _as_of(past: Sequence[State], decided: str) -> State:
    """What was decided when a file was written that shows this instant; nothing where it shows none."""
    told = [one for one in past if decided and one.decided <= decided]
    return told[-1] if told else State()


def _same(said: str, known: str) -> bool:
    """Whether a cell says what is known, as it is or as a cell shows it."""
    return said == known or (bool(known) and names.shown(said) == names.shown(known))


def _spoiled(edits: Sequence[Edit], known: Collection[str]) -> dict[str, str]:
    """The ids that numbers of a file were, where each can have been one only and no other line is about that.

    An id of digits, or of digits around an e, is a number to a spreadsheet that opens a CSV file, and what it saves
    has lost digits: 1.23457E+15.
    """
    named = {edit.finding_id for edit in edits}
    numbers = [name for name in named if name not in known and _NUMBER.fullmatch(name)]
    ids = {name: Decimal(name) for name in known if numbers and _NUMBER.fullmatch(name)}
    found = {
        number: fitting[0]
        for number in numbers
        if len(fitting := [name for name, value in ids.items() if _reads(value, number)]) == 1
    }
    meant = Counter(found.values())
    return {number: name for number, name in found.items() if meant[name] == 1 and name not in named}


def _reads(value: Decimal, number: str) -> bool:
    """Whether a spreadsheet may have made this number of the value: rounded to the digits that it shows, or cut."""
    said = Decimal(number.replace(",", "."))
    digits = len(said.normalize().as_tuple().digits)
    if value == said or (math.isfinite(float(said)) and float(value) == float(said)):
        return True
    if digits < _FEWEST:
        return False
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).plus(value)
    cut = Context(prec=_KEPT, rounding=ROUND_DOWN).plus(value)
    return said in (rounded, cut)


def _unknown(edit: Edit) -> str:
    if names.is_pseudonym(edit.finding_id):
        return (
            f"{edit.where}: {edit.finding_id} is an id of a redacted report: write one without --redact, "
            "and bring that back."
        )
    if _NUMBER.fullmatch(edit.finding_id):
        return (
            f"{edit.where}: a spreadsheet took the id for a number and left {edit.finding_id[:60]!r}: "
            "bring back the workbook instead of the CSV."
        )
    return (
        f"{edit.where}: there is no finding {edit.finding_id[:60]!r} in this warehouse: put the id back, or name the "
        "warehouse that the workbook is from (--db)."
    )


def told(change: Change) -> str:
    """A change in words, as in 'status: agreed → done'."""
    return ", ".join(
        f"{name}: {before or 'none'} → {after or 'none'}" for name, before, after in change.fields
    )
