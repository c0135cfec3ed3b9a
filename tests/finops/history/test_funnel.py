"""From found to the bill: counts and amounts, and how good the estimates were."""

from decimal import Decimal

import pytest

from finops.errors import UsageError
from finops.history.funnel import savings
from tests.finops.history.test_realised import monthly
from tests.finops.history.world import World, blind, day, idle


def decided(world: World, number: int, decision: str) -> None:
    world.put(
        "decisions", finding_id=idle(f"i-{number}").id, decision=decision, decided_at=day(1), source="test"
    )


def eight_machines(world: World) -> None:
    """1 and 2 are terminated (2 is not on the bill), 3 is resized to something dearer, 4 is agreed, 5 said to be done,
    6 rejected, 7 not true any more, 8 exempt, 9 of unknown amount."""
    names = [f"i-{number}" for number in range(1, 10)]
    for name in names:
        world.machine(name)
    world.collect(29)
    world.bill("i-1", 2, 0, 30)
    world.bill("i-3", 2, 0, 30)
    world.bill("i-3", 3, 30, 50)
    found = {name: idle(name, saving="50.00") for name in names}
    found["i-9"] = idle("i-9", None, currency=None)
    world.audit(29, *found.values())
    world.con.execute("DELETE FROM instances WHERE instance_id IN ('i-1', 'i-2')")
    world.con.execute("UPDATE instances SET instance_type = 'm5.4xlarge' WHERE instance_id = 'i-3'")
    for number, decision in ((4, "agreed"), (5, "done"), (6, "rejected")):
        decided(world, number, decision)
    world.collect(30)
    still = [found[f"i-{number}"] for number in (4, 5, 6, 9)]
    world.audit(30, *still, idle("i-8", status="exempt"))
    world.audit(50, *still, idle("i-8", status="exempt"))


def test_each_step_has_its_findings_and_its_amount(world: World) -> None:
    eight_machines(world)
    answer = savings(world.con)
    funnel = answer.currencies["USD"]
    told = {name: (one.findings, one.monthly) for name, one in funnel}
    assert told == {
        "found": (6, Decimal(300)),
        "agreed": (5, Decimal(250)),
        "done": (4, Decimal(200)),
        "on_the_bill": (2, monthly(2) + monthly(-1)),
        "pending": (0, None),
        "unknown": (1, Decimal(50)),
        "rejected": (1, Decimal(50)),
        "exempt": (1, Decimal(50)),
        "no_longer_true": (1, Decimal(50)),
    }
    unknown = answer.currencies[""].found
    assert (unknown.findings, unknown.monthly, unknown.without_amount) == (1, None, 1)


def test_the_accuracy_counts_losses_and_the_unknown_is_empty(world: World) -> None:
    eight_machines(world)
    answer = savings(world.con)
    accuracy = answer.accuracy["USD"]
    assert (accuracy.findings, accuracy.estimated) == (2, Decimal(100))
    assert accuracy.realised == sum(line.realised or 0 for line in answer.lines) == monthly(2) + monthly(-1)
    assert accuracy.ratio == round(float(accuracy.realised) / 100, 4)
    assert accuracy.median_ratio == accuracy.ratio, "of two the median is their mean"
    assert (accuracy.with_interval, accuracy.within_interval) == (2, 0.0)
    assert {line.resource_id: line.realised for line in answer.lines}["i-2"] is None
    assert answer.notes[0].startswith("1 action cost more")


def test_the_sum_of_the_lines_is_the_amount_on_the_bill(world: World) -> None:
    eight_machines(world)
    answer = savings(world.con)
    assert answer.currencies["USD"].on_the_bill.monthly == sum(
        (line.realised for line in answer.lines if line.realised is not None), Decimal(0)
    )


def test_before_any_audit_there_is_a_sentence_and_after_the_first_an_empty_bill(world: World) -> None:
    with pytest.raises(UsageError, match="run finops audit first"):
        savings(world.con)
    world.audit(0, idle())
    answer = savings(world.con)
    assert answer.currencies["USD"].on_the_bill.monthly is None
    assert (answer.accuracy, answer.lines) == ({}, [])


@pytest.mark.parametrize(
    "kind",
    [{"scaling_group": "workers"}, {"cluster": "c"}, {"purchase_model": "spot"}],
    ids=lambda kind: str(*kind),
)
def test_a_machine_that_its_group_took_away_is_no_saving_unless_somebody_says_so(
    world: World, kind: dict[str, str]
) -> None:
    for number in (1, 2):
        world.machine(f"i-{number}", **kind)
        world.bill(f"i-{number}", 2, 0, 30)
    world.bill("b-0", 0.1, 0, 50, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3")
    world.collect(29)
    world.audit(29, idle("i-1"), idle("i-2"))
    decided(world, 2, "done")
    world.con.execute("DELETE FROM instances")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    answer = savings(world.con)
    assert [(line.resource_id, line.realised) for line in answer.lines] == [("i-2", monthly(2))]
    funnel = answer.currencies["USD"]
    assert (funnel.found.findings, funnel.done.findings, funnel.no_longer_true.findings) == (1, 1, 1)


def test_a_denied_day_changes_nothing_of_the_way_to_the_bill(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    before = savings(world.con).currencies
    world.collect(1, status="denied")
    world.audit(1, blind=[blind()])
    assert savings(world.con).currencies == before
