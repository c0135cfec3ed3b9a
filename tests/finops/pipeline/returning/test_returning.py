"""What people write into a workbook comes back, all or nothing, and takes nothing back that others decided."""

from datetime import date, datetime
from pathlib import Path

import pytest

from finops.errors import UsageError
from finops.history.decisions import Decision, Verb, decide, decided
from finops.history.funnel import savings
from finops.model import AuditReport
from finops.pipeline.record import last_audit
from finops.pipeline.returning import Plan, plan, read_edits, told
from reports import csv
from reports.redaction import redact
from tests.finops.history.world import World, day, idle
from tests.finops.pipeline.returning.files import Edits, as_csv, edited

ONE, TWO, THREE = idle("i-1"), idle("i-2"), idle("i-3", "30.00", resource_name="=HYPERLINK(1)")


@pytest.fixture
def known(world: World) -> World:
    for name in ("i-1", "i-2", "i-3"):
        world.machine(name)
    world.collect(0)
    world.audit(0, ONE, TWO, THREE)
    return world


def say(
    world: World,
    finding: str,
    verb: Verb,
    owner: str | None = None,
    comment: str | None = None,
    at: float = 1,
    due: date | None = None,
) -> None:
    one = Decision(finding, verb, owner, comment, "command line", due)
    assert decide(world.con, [one], day(at)) == 1


def report(world: World) -> AuditReport:
    return last_audit(world.con)


def bring(world: World, path: Path, at: float = 5) -> Plan:
    found = plan(world.con, read_edits(path))
    decide(world.con, found.decisions(f"file {path.name}"), day(at))
    return found


def said(world: World) -> dict[str, tuple[str, str | None, str | None]]:
    return {name: (one.decision, one.owner, one.comment) for name, one in decided(world.con).items()}


def test_what_was_written_is_stored_once_and_stands_in_the_next_report(known: World, tmp_path: Path) -> None:
    edits: Edits = {
        ONE.id: {"Status": "Agreed ", "Owner": "Ann", "Comment": "after\nthe release"},
        THREE.id: {"Status": "rejected", "Comment": "-not ours"},
    }
    path = edited(report(known), edits, tmp_path / "book.xlsx")
    found = bring(known, path)
    assert [(one.finding_id, told(one)) for one in found.changes] == [
        (ONE.id, "status: none → agreed, owner: none → Ann, comment: none → after\nthe release"),
        (THREE.id, "status: none → rejected, comment: none → -not ours"),
    ]
    assert found.same == 1
    assert said(known) == {
        ONE.id: ("agreed", "Ann", "after\nthe release"),
        THREE.id: ("rejected", None, "-not ours"),
    }
    assert {row[0] for row in known.all("SELECT source FROM decisions")} == {"file book.xlsx"}
    again = bring(known, path, at=6)
    assert (again.changes, again.same) == ([], 3)
    shown = {
        one.id: one.decision and (one.decision.decision, one.decision.owner) for one in report(known).findings
    }
    assert shown == {ONE.id: ("agreed", "Ann"), TWO.id: None, THREE.id: ("rejected", None)}


def test_a_workbook_that_nobody_edited_changes_nothing(known: World, tmp_path: Path) -> None:
    say(known, ONE.id, "agreed", "Ann", " =a comment\nof two lines\x1b[31m")
    say(known, ONE.id, "done", None, "'=odd", at=2)
    say(known, TWO.id, "rejected", None, "x" * 9_000)
    assert bring(known, edited(report(known), {}, tmp_path / "book.xlsx")).changes == []
    assert bring(known, as_csv(report(known), {}, tmp_path / "book.csv")).changes == []


def test_an_empty_cell_changes_nothing_and_a_new_comment_keeps_the_rest(known: World, tmp_path: Path) -> None:
    say(known, ONE.id, "agreed", "Ann", "why")
    say(known, TWO.id, "agreed", "Ann", "why")
    edits: Edits = {ONE.id: {"Status": None, "Owner": None, "Comment": None}, TWO.id: {"Comment": "better"}}
    bring(known, edited(report(known), edits, tmp_path / "book.xlsx"))
    assert said(known) == {ONE.id: ("agreed", "Ann", "why"), TWO.id: ("agreed", "Ann", "better")}


def test_an_old_workbook_takes_nothing_back_that_others_decided_since(known: World, tmp_path: Path) -> None:
    say(known, ONE.id, "agreed", "Ann")
    path = edited(report(known), {TWO.id: {"Status": "agreed"}}, tmp_path / "book.xlsx")
    say(known, ONE.id, "done", "Bob", "it is gone", at=3)
    bring(known, path)
    assert said(known) == {ONE.id: ("done", "Bob", "it is gone"), TWO.id: ("agreed", None, None)}


def test_what_both_changed_is_refused_and_what_only_one_changed_is_taken(
    known: World, tmp_path: Path
) -> None:
    say(known, ONE.id, "agreed", "Ann")
    both = edited(
        report(known), {ONE.id: {"Status": "rejected"}, TWO.id: {"Status": "done"}}, tmp_path / "both.xlsx"
    )
    mine = edited(report(known), {ONE.id: {"Comment": "soon"}}, tmp_path / "mine.xlsx")
    equal = edited(report(known), {ONE.id: {"Status": "done"}}, tmp_path / "equal.xlsx")
    say(known, ONE.id, "done", at=3)
    with pytest.raises(UsageError, match=r"both\.xlsx, sheet Findings, row 3: Status is 'rejected' here, and was recorded as "
                       r"'done' at .*, after this file was written: decide which holds"):  # fmt: skip
        bring(known, both)
    assert said(known) == {ONE.id: ("done", "Ann", None)}
    assert bring(known, equal).changes == []
    bring(known, mine)
    assert said(known) == {ONE.id: ("done", "Ann", "soon")}


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16"), (",", "utf-8")]
)
def test_csv_of_the_sheet_comes_back_however_a_spreadsheet_saves_it(
    known: World, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    edits: Edits = {TWO.id: {"Status": "done", "Owner": "Zoë, and Ben; both", "Comment": 'a "quoted"\nline'}}
    bring(known, as_csv(report(known), edits, tmp_path / "sheet.csv", delimiter, encoding))
    assert said(known) == {TWO.id: ("done", "Zoë, and Ben; both", 'a "quoted"\nline')}


def test_the_csv_of_the_tool_itself_comes_back_by_its_own_columns(known: World, tmp_path: Path) -> None:
    say(known, ONE.id, "agreed", "Ann", "=x")
    path = tmp_path / "finops-findings.csv"
    path.write_text(csv.render(report(known), bom=True), encoding="utf-8", newline="")
    assert bring(known, path).changes == []
    path.write_text(f"id,decision,decision_owner\n{TWO.id},agreed,Ben\n")
    bring(known, path)
    assert said(known)[TWO.id] == ("agreed", "Ben", None)


def test_a_list_made_by_hand_is_taken_and_counts_against_what_is_decided_now(
    known: World, tmp_path: Path
) -> None:
    say(known, ONE.id, "agreed", "Ann")
    path = tmp_path / "mine.csv"
    path.write_text(f"Status;Id\ndone;{ONE.id}\n;\nagreed;{TWO.id}\n")
    bring(known, path)
    assert said(known) == {ONE.id: ("done", "Ann", None), TWO.id: ("agreed", None, None)}


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_stored(known: World, tmp_path: Path) -> None:
    edits: Edits = {
        ONE.id: {"Status": "maybe"},
        TWO.id: {"Status": "done"},
        THREE.id: {"Decided": "yesterday"},
    }
    with pytest.raises(UsageError) as found:
        bring(known, edited(report(known), edits, tmp_path / "book.xlsx"))
    assert str(found.value).splitlines() == [
        f"{tmp_path}/book.xlsx, sheet Findings, row 3: Status 'maybe' is none of agreed, done, rejected: write one of them, or "
        "empty the cell.",
        f"{tmp_path}/book.xlsx, sheet Findings, row 5: Decided 'yesterday' is nothing that finops writes: undo that change, or "
        "take the line from a new workbook.",
        "Nothing was stored.",
    ]
    assert said(known) == {}


def test_findings_that_are_not_there_or_say_two_things_are_named(known: World, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"Id,Status\n{ONE.id},done\nnope,agreed\n")
    with pytest.raises(
        UsageError, match=r"mine\.csv, line 3: there is no finding 'nope' in this warehouse: put the id back"
    ):
        bring(known, path)
    path.write_text(f"Id,Status\n{ONE.id},done\n{ONE.id},agreed\n,done\n")
    with pytest.raises(
        UsageError,
        match=r"line 3: .* says something else than before \(.*line 2\)(?s:.*)line 4: it says something",
    ):
        bring(known, path)
    path.write_text(f"Id,Status\n{ONE.id},done\n{ONE.id},done\n")
    assert len(bring(known, path).changes) == 1
    path.write_text("Id,Status\n1.23E+15,done\n")
    with pytest.raises(
        UsageError, match=r"line 2: a spreadsheet took the id for a number and left '1\.23E\+15': bring"
    ):
        bring(known, path)
    path.write_text("Id,Status\n" + "nope,agreed\n" * 1 + "".join(f"no{n},done\n" for n in range(20)))
    with pytest.raises(UsageError, match=r"and 11 more\nNothing was stored\."):
        bring(known, path)


def test_an_owner_or_a_comment_without_a_status_is_noted_and_decides_nothing(
    known: World, tmp_path: Path
) -> None:
    say(known, THREE.id, "agreed", "Ann")
    edits: Edits = {ONE.id: {"Owner": "Ann"}, TWO.id: {"Comment": "why?"}, THREE.id: {"Comment": "soon"}}
    found = bring(known, edited(report(known), edits, tmp_path / "book.xlsx"))
    assert {one.finding_id: told(one) for one in found.changes} == {
        ONE.id: "owner: none → Ann",
        TWO.id: "comment: none → why?",
        THREE.id: "comment: none → soon",
    }
    noted = {
        ONE.id: ("noted", "Ann", None),
        TWO.id: ("noted", None, "why?"),
        THREE.id: ("agreed", "Ann", "soon"),
    }
    assert said(known) == noted
    funnel = savings(known.con).currencies["USD"]
    assert (funnel.agreed.findings, funnel.rejected.findings, funnel.done.findings) == (1, 0, 0)
    assert bring(known, edited(report(known), {}, tmp_path / "again.xlsx"), at=6).changes == []
    mine = tmp_path / "finops-findings.csv"
    mine.write_text(csv.render(report(known)), encoding="utf-8", newline="")
    assert bring(known, mine, at=7).changes == []
    later = bring(known, edited(report(known), {ONE.id: {"Status": "done"}}, tmp_path / "later.xlsx"), at=8)
    assert [told(one) for one in later.changes] == ["status: none → done"]
    assert said(known) == noted | {ONE.id: ("done", "Ann", None)}


def dues(world: World) -> dict[str, date | None]:
    return {name: one.due for name, one in decided(world.con).items()}


def test_due_dates_come_back_as_dates_and_as_text_and_an_empty_cell_changes_none(
    known: World, tmp_path: Path
) -> None:
    say(known, THREE.id, "agreed", due=date(2026, 12, 1))
    edits: Edits = {
        ONE.id: {"Status": "agreed", "Due": datetime(2026, 12, 24)},
        TWO.id: {"Due": " 2027-01-31 "},
        THREE.id: {"Due": None},
    }
    path = edited(report(known), edits, tmp_path / "book.xlsx")
    found = bring(known, path)
    assert {one.finding_id: told(one) for one in found.changes} == {
        ONE.id: "status: none → agreed, due: none → 2026-12-24",
        TWO.id: "due: none → 2027-01-31",
    }
    assert dues(known) == {
        ONE.id: date(2026, 12, 24), TWO.id: date(2027, 1, 31), THREE.id: date(2026, 12, 1),
    }  # fmt: skip
    assert decided(known.con)[TWO.id].decision == "noted"
    assert bring(known, path, at=6).changes == []
    assert bring(known, edited(report(known), {}, tmp_path / "again.xlsx"), at=7).changes == []
    assert bring(known, as_csv(report(known), {}, tmp_path / "again.csv"), at=8).changes == []
    own = tmp_path / "finops-findings.csv"
    own.write_text(csv.render(report(known)), encoding="utf-8", newline="")
    assert bring(known, own, at=9).changes == []


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("next week", "next week"), ("24.12.2026", "24.12.2026"), ("2026-02-30", "2026-02-30"),
        (datetime(2026, 12, 24, 8, 30), "2026-12-24 08:30:00"), ("20261224", "20261224"),
        ("0026-12-24", "0026-12-24"),
    ],
)  # fmt: skip
def test_a_due_date_that_is_none_is_refused_by_its_row_and_column(
    known: World, tmp_path: Path, cell: str | date, shown: str
) -> None:
    path = edited(report(known), {TWO.id: {"Status": "done", "Due": cell}}, tmp_path / "book.xlsx")
    with pytest.raises(UsageError) as found:
        bring(known, path)
    assert str(found.value).splitlines() == [
        f"{path}, sheet Findings, row 4: Due {shown!r} is no day: write one like 2026-12-01, or empty the cell.",
        "Nothing was stored.",
    ]
    assert dues(known) == {}


def test_a_due_date_that_two_changed_is_refused_and_lines_that_name_two_are(
    known: World, tmp_path: Path
) -> None:
    say(known, ONE.id, "agreed", "Ann", due=date(2026, 12, 1))
    path = edited(report(known), {ONE.id: {"Due": date(2026, 12, 24)}}, tmp_path / "book.xlsx")
    say(known, ONE.id, "agreed", due=date(2027, 1, 31), at=3)
    with pytest.raises(UsageError, match="Due is '2026-12-24' here, and was recorded as '2027-01-31' at "):
        bring(known, path)
    mine = tmp_path / "mine.csv"
    mine.write_text(f"Id,Status,Due\n{TWO.id},done,2026-12-01\n{TWO.id},done,2026-12-02\n")
    with pytest.raises(UsageError, match=r"line 3: .* says something else than before"):
        bring(known, mine)


def test_a_redacted_workbook_says_what_to_bring_instead(known: World, tmp_path: Path) -> None:
    say(known, ONE.id, "agreed", "Ann", "why")
    path = edited(redact(report(known), "all", key=b"k"), {}, tmp_path / "book.xlsx")
    with pytest.raises(
        UsageError, match=r"sheet Findings: the report was written redacted.*: write one without --redact"
    ):
        bring(known, path)
    names_only = edited(
        redact(report(known), "names", key=b"k"), {TWO.id: {"Status": "done"}}, tmp_path / "names.xlsx"
    )
    bring(known, names_only)
    assert said(known) == {ONE.id: ("agreed", "Ann", "why"), TWO.id: ("done", None, None)}
