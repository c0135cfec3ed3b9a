"""What people decide is kept beside the history, by unique starts of ids, all or none."""

from datetime import date
from typing import Any

import pytest

from finops.errors import UsageError
from finops.history.decisions import Decision, decide, decided, find, latest_decisions, listing
from tests.finops.history.world import World, day, idle

ONE, TWO = idle("i-1"), idle("i-2")
MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


@pytest.fixture
def known(world: World) -> World:
    world.machine()
    world.machine("i-2")
    world.collect(0)
    world.audit(0, ONE, TWO)
    return world


def said(decision: str, finding: str = ONE.id, **more: Any) -> Decision:
    fields = {"owner": None, "comment": None, "source": "command line", **more}
    return Decision(finding, decision, **fields)  # type: ignore[arg-type]


def test_the_latest_decision_counts_and_keeps_its_owner(known: World) -> None:
    assert decide(known.con, [said("agreed", owner="Ann", comment="in May")], day(1)) == 1
    assert decide(known.con, [said("done")], day(2)) == 1
    assert latest_decisions(known.con)[ONE.id].decision == "done"
    shown = {row["id"]: (row["decision"], row["owner"]) for row in listing(known.con, ["new"])}
    assert shown == {ONE.id: ("done", "Ann"), TWO.id: (None, None)}


def test_what_says_nothing_new_is_not_recorded_again(known: World) -> None:
    decide(known.con, [said("agreed", owner="Ann")], day(1))
    assert decide(known.con, [said("agreed"), said("agreed", TWO.id)], day(2)) == 1
    assert decide(known.con, [said("agreed", owner="Bob")], day(3)) == 1


def test_the_due_date_that_was_named_last_counts_until_another_is_named(known: World) -> None:
    decide(known.con, [said("agreed", owner="Ann", due=MAY)], day(1))
    decide(known.con, [said("agreed", due=JUNE, comment="later")], day(2))
    decide(known.con, [said("done")], day(3))
    one = latest_decisions(known.con)[ONE.id]
    assert (one.decision, one.owner, one.due) == ("done", "Ann", JUNE)
    told = decided(known.con)[ONE.id]
    assert (told.owner, told.due) == ("Ann", JUNE)
    assert {row["id"]: row["due"] for row in listing(known.con, ["new"])} == {ONE.id: JUNE, TWO.id: None}


def test_a_due_date_that_was_named_before_says_nothing_new_and_another_does(known: World) -> None:
    decide(known.con, [said("agreed", owner="Ann", due=MAY)], day(1))
    decide(known.con, [said("agreed", comment="soon")], day(2))
    assert decide(known.con, [said("agreed"), said("agreed", owner="Ann", due=MAY)], day(3)) == 0
    assert decide(known.con, [said("agreed", due=JUNE)], day(4)) == 1


def test_one_unknown_finding_or_decision_stops_them_all(known: World) -> None:
    with pytest.raises(UsageError, match="there is no finding nope"):
        decide(known.con, [said("agreed"), said("agreed", "nope")], day(1))
    with pytest.raises(UsageError, match="a decision is agreed, rejected or done, and not 'maybe'"):
        decide(known.con, [said("agreed"), said("maybe", source="file.xlsx")], day(1))
    assert known.all("FROM decisions") == []


def test_findings_are_named_by_unique_starts(known: World) -> None:
    assert find(known.con, [ONE.id, TWO.id, ONE.id]) == [ONE.id, TWO.id]
    with pytest.raises(UsageError, match=r"There is no finding zzz; finops findings list"):
        find(known.con, ["zzz"])
    with pytest.raises(UsageError, match="Several findings begin with f0: "):
        find(known.con, ["f0"])
    with pytest.raises(UsageError, match="There is no finding"):
        find(known.con, [""])
