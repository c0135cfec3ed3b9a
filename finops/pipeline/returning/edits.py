"""What stands in the columns that people may write in, line by line; all that is wrong with it is told at once."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from finops.errors import UsageError
from finops.history.decisions import NOTED
from finops.instants import as_day
from finops.pipeline.returning.lines import Line, Source, read
from reports.csv import neutral
from reports.xlsx import names

_SEARCHED = 20  # lines in which the header may stand
TOLD = 10  # mistakes that are told; the rest is counted
# The columns of the CSV that finops writes itself, whose `status` is something else than that of the sheet.
_CSV = {
    "id": "id", "decision": "status", "decision_owner": "owner", "decision_due": "due", "decision_comment": "comment",
    "decision_decided_at": "decided",
}  # fmt: skip
_MIDNIGHT = " 00:00:00"  # after a day that a spreadsheet holds as a date
_DECIDED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True, slots=True)
class Edit:
    """What a line says of a finding; empty is nothing. `where` is its place in words, `due` a day like 2026-12-01.

    `decided` is when what it was written with had been decided, "" where nothing was; None where the file does not say.
    """

    where: str
    finding_id: str
    status: str
    owner: str
    due: str
    comment: str
    decided: str | None


def read_edits(path: Path) -> list[Edit]:
    """The lines that say something of a finding.

    Raises UsageError with a sentence for each thing that is wrong, naming file, sheet and row and saying what to do.
    """
    source = read(path)
    header, places, lines = _header(source)
    statuses = names.statuses() | {NOTED: ""}
    edits, problems = [], []
    seen: dict[str, Edit] = {}
    for line in lines:
        edit = _edit(source, line, places, statuses)
        if not (any(_said(edit)) or edit.finding_id):
            continue
        wrong = _wrong(edit, seen.get(edit.finding_id))
        problems += wrong
        if not wrong and edit.finding_id not in seen:
            seen[edit.finding_id] = edit
            edits.append(edit)
    if edits and all(names.is_pseudonym(one.finding_id) for one in edits):
        raise UsageError(
            f"{source.name}: the report was written redacted, so its ids (from {source.unit} {header + 1} on) are "
            "replacements and match no finding: write one without --redact, and bring that back."
        )
    refuse(problems)
    return edits


def refuse(problems: Sequence[str]) -> None:
    """Raises UsageError with every problem, where there is one."""
    if not problems:
        return
    more = [f"and {len(problems) - TOLD:,} more"] if len(problems) > TOLD else []
    raise UsageError("\n".join([*problems[:TOLD], *more, "Nothing was stored."]))


def _header(source: Source) -> tuple[int, dict[str, int], Iterator[Line]]:
    """The number of the header's line, the place of each column, and the lines below it."""
    meanings = (_CSV, names.columns())
    for lines in source.readings:
        for at, line in enumerate(lines[:_SEARCHED]):
            for columns in meanings:
                found = _columns(line, columns)
                if "id" in found and "status" in found:
                    places = _places(f"{source.name}, {source.unit} {line.number}", line, found)
                    return line.number, places, iter(lines[at + 1 :])
    raise UsageError(
        f"{source.name}: none of the first {_SEARCHED} {source.unit}s is a header with {names.ID} and {names.STATUS}: "
        "put it back as finops report wrote it."
    )


def _columns(line: Line, meanings: Mapping[str, str]) -> dict[str, list[int]]:
    """Where in a line the columns stand that its cells are headers of."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(line.cells):
        meaning = meanings.get(cell.strip().casefold())
        if meaning:
            found[meaning].append(place)
    return found


def _places(where: str, header: Line, found: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The place of each column.

    Raises UsageError where two are the same, or where what somebody wrote would be lost: a header that is not known,
    among those that people write under, while one of these is missing.
    """
    for several in found.values():
        told = list(dict.fromkeys(repr(header.cells[place].strip().casefold()) for place in several))
        if len(several) > 1:
            raise UsageError(f"{where}: two columns are called {' and '.join(told)}: leave one of them.")
    places = {meaning: several[0] for meaning, several in found.items()}
    missing = [name for name in (names.OWNER, names.DUE, names.COMMENT) if name.casefold() not in places]
    if missing and "decided" in places:
        first, last = sorted((places["status"], places["decided"]))
        between = [
            header.cells[place].strip() for place in range(first, last) if place not in places.values()
        ]
        strange = next(filter(None, between), None)
        if strange:
            raise UsageError(
                f"{where}: {strange[:40]!r} is no column that is known: call it {' or '.join(missing)}, or take it "
                "away."
            )
    return places


def _edit(source: Source, line: Line, places: dict[str, int], statuses: Mapping[str, str]) -> Edit:
    def cell(name: str) -> str:
        place = places.get(name)
        text = line.cells[place] if place is not None and place < len(line.cells) else ""
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        return "" if names.is_pseudonym(text) and name != "id" else _bare(text)

    status = cell("status").casefold()
    return Edit(
        where=f"{source.name}, {source.unit} {line.number}",
        finding_id=cell("id"),
        status=statuses.get(status, status),
        owner=cell("owner"),
        due=cell("due").removesuffix(_MIDNIGHT),
        comment=cell("comment"),
        decided=cell("decided") if "decided" in places else None,
    )


def _said(edit: Edit) -> tuple[str, ...]:
    """What a line says beside which finding it is about."""
    return edit.status, edit.owner, edit.due, edit.comment


def _bare(text: str) -> str:
    """Without the apostrophe that was put before what a spreadsheet would run."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text


def _wrong(edit: Edit, before: Edit | None) -> list[str]:
    """What is wrong with a line by itself."""
    if not edit.finding_id:
        return [f"{edit.where}: it says something and has no {names.ID}: put the id back, or empty the line."]
    found = []
    if edit.status and edit.status not in names.STATUSES:
        found.append(
            f"{edit.where}: {names.STATUS} {edit.status[:40]!r} is none of {', '.join(names.STATUSES)}: "
            "write one of them, or empty the cell."
        )
    for name, text in ((names.OWNER, edit.owner), (names.COMMENT, edit.comment)):
        if len(text) > names.LONGEST:
            found.append(
                f"{edit.where}: {name} has {len(text):,} characters: write at most {names.LONGEST:,}."
            )
    if edit.due and not as_day(edit.due):
        found.append(
            f"{edit.where}: {names.DUE} {edit.due[:40]!r} is no day: write one like 2026-12-01, or empty the cell."
        )
    if edit.decided and not _DECIDED.fullmatch(edit.decided):
        found.append(
            f"{edit.where}: {names.DECIDED} {edit.decided[:40]!r} is nothing that finops writes: undo that change, "
            "or take the line from a new workbook."
        )
    if before and _said(edit) != _said(before):
        found.append(
            f"{edit.where}: {edit.finding_id} says something else than before ({before.where}): "
            "leave one of the two."
        )
    return found
