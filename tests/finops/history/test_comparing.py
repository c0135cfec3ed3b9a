"""Two audits compared: new, reopened, gone and changed findings, over what both looked at."""

from decimal import Decimal

import pytest

from finops.errors import UsageError
from finops.history.answers import DiffAnswer
from finops.pipeline.comparing import compare
from tests.finops.history.world import World, blind, day, idle


def kinds(answer: DiffAnswer) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in answer.lines:
        found.setdefault(line.kind, []).append(line.resource_id)
    return found


def two_days(world: World) -> None:
    """i-1 stays, i-2 goes, i-3 is resized, i-4 is cheaper to have, i-5 is new."""
    for name in ("i-1", "i-2", "i-3", "i-4"):
        world.machine(name)
    world.collect(0)
    world.audit(0, *(idle(name) for name in ("i-1", "i-2", "i-3", "i-4")))
    world.con.execute("DELETE FROM instances WHERE instance_id = 'i-2'")
    world.con.execute("UPDATE instances SET instance_type = 'm5.large' WHERE instance_id = 'i-3'")
    world.machine("i-5")
    world.collect(1)
    world.audit(1, idle("i-1"), idle("i-4", "80.00"), idle("i-5", "30.00"))


def test_the_last_two_audits_differ_by_what_happened_between_them(world: World) -> None:
    two_days(world)
    answer = compare(world.con, [])
    assert kinds(answer) == {"new": ["i-5"], "gone": ["i-2", "i-3"], "changed": ["i-4"]}
    assert {line.resource_id: line.resolution for line in answer.lines if line.kind == "gone"} == {
        "i-2": "gone",
        "i-3": "changed",
    }
    changed = next(line for line in answer.lines if line.kind == "changed")
    assert (changed.saving_before, changed.saving_after, changed.changes) == (
        Decimal(100),
        Decimal(80),
        ["saving"],
    )
    total = answer.totals["USD"]
    assert (total.findings_before, total.findings_after) == (4, 3)
    assert (total.net_before, total.net_after, total.net_change) == (
        Decimal(400),
        Decimal(210),
        Decimal(-190),
    )


def test_the_lines_explain_the_difference_of_the_totals_to_the_cent(world: World) -> None:
    two_days(world)
    answer = compare(world.con, [])
    moved = sum((line.saving_after or 0) - (line.saving_before or 0) for line in answer.lines)
    assert moved == answer.totals["USD"].net_change


def test_the_other_way_round_what_was_new_is_gone_without_a_resolution(world: World) -> None:
    two_days(world)
    answer = compare(world.con, ["run002", "run001"])
    assert kinds(answer)["gone"] == ["i-5"]
    assert kinds(answer)["new"] == ["i-2", "i-3"]
    assert "judges the later instant" in " ".join(answer.notes)


def test_what_came_back_is_reopened_and_an_exemption_is_a_way_to_go(world: World) -> None:
    world.machine()
    world.machine("i-2")
    world.collect(0)
    world.audit(0, idle(), idle("i-2"))
    world.collect(1)
    world.audit(1, idle("i-2", status="exempt"))
    world.collect(2)
    world.audit(2, idle(), idle("i-2"))
    first = compare(world.con, ["run001", "run002"])
    assert {line.resource_id: line.resolution for line in first.lines} == {
        "i-1": "no_longer_true",
        "i-2": "exempt",
    }
    assert first.totals["USD"].findings_after == 0
    assert kinds(compare(world.con, [])) == {"reopened": ["i-1", "i-2"]}
    assert kinds(compare(world.con, ["run001", "run003"])) == {}, "the same at both ends"


def test_what_one_of_the_two_could_not_judge_is_neither_gone_nor_new_and_in_no_total(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.audit(1, blind=[blind()])
    world.audit(2, idle())
    there = compare(world.con, ["run001", "run002"])
    back = compare(world.con, ["run002", "run003"])
    assert kinds(there) == {"unseen": ["i-1"]} == kinds(back)
    assert there.totals == {} == back.totals


def test_a_filtered_audit_is_compared_with_what_it_looked_at_only(world: World) -> None:
    for name in ("i-1", "i-2", "i-3"):
        world.machine(name)
    world.collect(0)
    world.audit(0, idle(), idle("i-2", region="r2"), idle("i-3", rule="oversized-instance"))
    world.audit(
        1,
        idle("i-4"),
        whole=False,
        limits={"regions": ["r"], "rules": ["idle-instance"]},
        rules=["idle-instance"],
    )
    answer = compare(world.con, ["run001", "run002"])
    assert kinds(answer) == {"new": ["i-4"], "gone": ["i-1"]}
    assert answer.not_compared == 2
    assert answer.totals["USD"].net_before == Decimal(100)
    assert "Only what both looked at is compared" in answer.notes[0]
    assert "regions r, rules idle-instance" in answer.notes[0]


def test_below_the_least_saving_nobody_knows_what_is_gone(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle(), idle("i-2"))
    world.audit(1, idle("i-2"), whole=False, limits={"min_savings": ["50"]})
    answer = compare(world.con, ["run001", "run002"])
    assert kinds(answer) == {}
    assert answer.not_compared == 1


def test_the_last_two_are_whole_and_of_two_instants_where_there_are_such(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.audit(1, idle(saving="90.00"))
    world.audit(1, idle(saving="90.00"))
    world.audit(2, whole=False, limits={"clouds": ["gcp"]})
    world.audit(0.5, idle())
    world.audit(300, idle(), ahead=True)
    answer = compare(world.con, [])
    assert (answer.before.as_of, answer.after.as_of) == (day(0), day(1))
    assert answer.after.run_id == "run003"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "There is no whole audit to compare with"),
        (["run001"], "compares two runs, and 1 is named"),
        (["nope", "run001"], "There is no run nope in this warehouse"),
        (["run001", "collect1"], r"Run collect1 \(finops collect aws\) is no audit"),
        (["run001", "killed1"], r"Run killed1 \(finops audit\) is an audit that did not end \(aborted\)"),
        (["run", "run001"], "Several runs begin with run: run001, run002"),
    ],
)
def test_runs_that_cannot_be_compared_get_one_sentence(world: World, runs: list[str], said: str) -> None:
    if runs:
        world.audit(0, idle())
        world.audit(1, idle())
    for run, command, status in (("collect1", "collect aws", "done"), ("killed1", "audit", "aborted")):
        world.put("runs", run_id=run, command=command, started_at=day(0), status=status, tool="")
    with pytest.raises(UsageError, match=said):
        compare(world.con, runs)


def test_amounts_in_two_currencies_are_never_added_and_unknown_ones_are_empty(world: World) -> None:
    world.audit(0, idle(), idle("i-2", currency="CNY"), idle("i-3", None, currency=None))
    world.audit(1, idle(), idle("i-2", "70.00", currency="CNY"), idle("i-3", None, currency=None))
    answer = compare(world.con, [])
    assert {code: total.net_change for code, total in answer.totals.items()} == {
        "": None,
        "CNY": Decimal("-30.00"),
        "USD": Decimal("0.00"),
    }
