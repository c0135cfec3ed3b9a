"""The benchmark of rightsizing: what it calls the truth, and that the rule is wrong about none of a few machines."""

from datetime import datetime

import numpy as np
import pytest

from tests.benchmarks.bench_rightsizing import OTHERS, Tally, estate, is_false, keeps_headroom, ours, shares
from tests.benchmarks.traces import DAYS, FUTURE, KINDS, POINTS, Trace, calendar

AT = datetime(2026, 11, 9)
COUNT = (DAYS + FUTURE) * POINTS


def trace(cpu: float, memory: float = 0.1, *, soon: int = 0) -> Trace:
    """Always the same, but for so many points at 90 % in the days to come."""
    values = np.full(COUNT, cpu)
    values[COUNT - soon :] = 0.9 if soon else cpu
    return Trace("steady", values, np.full(COUNT, memory))


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (trace(0.4), False),
        (trace(0.4, soon=8), False),  # 40 of 43 minutes
        (trace(0.4, soon=9), True),
        (trace(0.6), True),
        (trace(0.4, memory=0.6), True),
    ],
)
def test_a_proposal_is_false_when_the_days_to_come_need_more(one: Trace, wrong: bool) -> None:
    assert is_false(one, 0.5) == wrong


def test_headroom_is_kept_at_every_moment_or_not() -> None:
    assert keeps_headroom(trace(0.4), 0.5, 0.2)
    assert not keeps_headroom(trace(0.41), 0.5, 0.2)
    assert not keeps_headroom(trace(0.3, soon=1), 0.5, 0.2)
    assert not keeps_headroom(trace(0.3, memory=0.41), 0.5, 0.2)


def test_sizes_are_tried_from_the_smallest() -> None:
    assert shares(8) == [0.25, 0.5]
    assert shares(2) == []


def test_the_end_of_a_month_is_where_the_calendar_has_it() -> None:
    when = calendar(AT)
    ends = {int(day) for day in when.day[when.to_month_end == 0]}
    # 95 days before November the 9th is August the 6th; 30 days after it the 9th of December.
    assert ends == {25, 55, 86, 116}


def test_of_a_few_machines_ours_is_wrong_about_none() -> None:
    machines = estate(AT, 3, seed=7)
    assert len(machines) == 3 * len(KINDS)
    told = {name: [method(one, vcpu) for one, vcpu in machines] for name, method in OTHERS.items()}
    told["ours"] = ours(machines, AT, 0.2, by_hour=False)
    tallies = {name: Tally() for name in told}
    for name, said in told.items():
        for (one, vcpu), share in zip(machines, said, strict=True):
            tallies[name].add(one, vcpu, share, 0.2)
    mine = tallies.pop("ours")
    assert (mine.false, mine.missed) == (0, 0)
    assert mine.proposed >= mine.could > 0
    # Those that see no month end and no memory are wrong about some of them, or the machines would tell nothing.
    assert all(tallies[name].false for name in list(OTHERS)[:3])
