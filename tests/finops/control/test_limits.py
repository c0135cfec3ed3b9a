"""Control limits of single series, and the rates that make bench measures, on fewer series."""

import numpy as np
import pytest

from finops.control import Limits, episodes, observe
from finops.control.forecast import ahead
from tests.benchmarks.bench_control import (
    COVERAGE,
    FALSE_A_YEAR,
    MONTHS,
    RECALL,
    SETTLED,
    coverage,
    ours,
    score,
)
from tests.benchmarks.daily_costs import population

DAYS = np.datetime64("2026-01-05") + np.arange(200)  # from a Monday on


def level(height=500.0, noise=0.02, length=200):
    wave = np.sin(np.arange(length) * 2.399) * noise
    return (height * (1 + wave))[None, :].copy()


def alarms(cost, **over):
    found = observe(DAYS[: cost.shape[1]], cost, Limits(**over))
    return [(int(day), int(found.alarm[0, day])) for day in np.flatnonzero(found.alarm[0])]


def test_a_year_of_many_series_keeps_the_rates_that_are_promised():
    world = population(seed=7, series=100)
    told = score(world, ours(world))
    assert told.false_a_year <= FALSE_A_YEAR
    assert told.lasting() >= RECALL
    assert told.recall["lost"] >= 0.9


def test_four_of_five_months_end_within_the_band():
    world = population(seed=8, series=200)
    shares = [share for share, _ in coverage(world, MONTHS[1::3], SETTLED[::2]).values()]
    assert COVERAGE[0] <= np.mean(shares) <= COVERAGE[1]


def test_a_day_outside_alarms_once_and_the_days_after_it_do_not():
    cost = level()
    cost[0, 100] *= 2
    assert alarms(cost) == [(100, 1)]


def test_a_lost_day_hides_no_rise_after_it_and_a_spike_no_loss():
    lost, dear = level(), level()
    lost[0, 100], dear[0, 100] = 0, 1500
    lost[0, 103:109] *= 2
    dear[0, 104:108] = 0
    assert alarms(lost) == [(100, -1), (103, 1)]
    assert alarms(dear) == [(100, 1), (104, -1)]
    found = episodes(observe(DAYS, lost, Limits()))
    assert [(one.kind, one.days) for one in found] == [("drop", (100,)), ("drift", tuple(range(103, 109)))]


def test_a_step_becomes_the_baseline_and_the_next_step_alarms_again():
    cost = level()
    cost[0, 100:] *= 1.5
    cost[0, 150:] *= 1.5
    assert alarms(cost) == [(100, 1), (150, 1)]


def test_a_level_that_goes_back_within_weeks_does_not_alarm_by_that():
    cost = level()
    cost[0, 100:130] *= 1.5
    assert alarms(cost) == [(100, 1)]


def test_a_cost_that_starts_or_stops_is_seen_although_nothing_has_no_logarithm():
    cost = np.zeros((1, 200))
    cost[0, 80:140] = 300.0
    found = alarms(cost)
    assert (80, 1) in found
    assert all(day <= 140 for day, _ in found)
    assert alarms(np.where(np.arange(200) < 80, 300.0, 0.0)[None, :])[0] == (80, -1)


def test_days_that_are_not_known_are_not_judged_and_in_no_baseline():
    cost = level()
    cost[0, 120:125] = np.nan
    found = observe(DAYS, cost, Limits())
    assert not found.evaluated[0, 120:125].any()
    assert not found.alarm.any()


def test_eight_weeks_pass_before_the_first_verdict():
    found = observe(DAYS, level(), Limits())
    assert not found.evaluated[0, :56].any()
    assert found.evaluated[0, 56:].all()


@pytest.mark.parametrize(("over", "told"), [({"money_floor": 300.0}, 0), ({"share_floor": 0.6}, 0), ({}, 1)])
def test_both_floors_must_be_passed(over, told):
    cost = level()
    cost[0, 100] *= 1.5
    assert len(alarms(cost, **over)) == told


def test_what_jumps_by_habit_is_not_told_each_time():
    cost = level()
    cost[0, 3::11] *= 3  # every eleventh day, on another weekday each time
    assert len(alarms(cost)) <= 1
    cost = level()
    cost[0, 100] *= 3
    cost[0, 160] *= 3  # twice in two months is no habit
    assert alarms(cost) == [(100, 1), (160, 1)]


def test_days_of_an_announced_event_raise_nothing_and_change_no_baseline():
    cost = level()
    cost[0, 100:110] *= 3
    quiet = np.zeros(cost.shape, dtype=bool)
    quiet[0, 100:110] = True
    found = observe(DAYS, cost, Limits(), quiet=quiet)
    assert not found.alarm.any()
    assert found.expected[0, 120] == pytest.approx(500, rel=0.03)


def test_a_creep_that_goes_on_is_one_event():
    cost = level()
    cost[0, 100:] *= np.exp(0.01 * np.arange(100))
    found = observe(DAYS, cost, Limits())
    (one,) = episodes(found)
    assert one.kind == "drift"
    assert 100 <= one.first <= 112


def test_a_series_is_judged_alike_alone_and_among_others():
    world = population(seed=9, series=10, length=200)
    together = observe(world.days, world.cost, Limits())
    for one in range(10):
        alone = observe(world.days, world.cost[one : one + 1], Limits())
        np.testing.assert_array_equal(alone.alarm[0], together.alarm[one])


def test_no_verdict_of_a_day_depends_on_days_after_it():
    world = population(seed=10, series=20, length=200)
    whole = observe(world.days, world.cost, Limits())
    part = observe(world.days[:150], world.cost[:, :150], Limits())
    np.testing.assert_array_equal(whole.alarm[:, :150], part.alarm)
    np.testing.assert_array_equal(whole.outside[:, :150], part.outside)


def test_no_series_and_no_days_give_nothing():
    assert not observe(DAYS, np.zeros((0, 200)), Limits()).alarm.any()
    assert observe(DAYS[:0], np.zeros((3, 0)), Limits()).alarm.shape == (3, 0)


def test_a_forecast_of_what_stopped_is_nothing():
    cost = level()
    cost[0, 120:] = 0.0
    told = ahead(DAYS, cost, DAYS[-1] + 10)
    assert (told.expected[0], told.low[0], told.high[0]) == (0, 0, 0)


def test_a_forecast_is_the_same_each_time():
    world = population(seed=11, series=5)
    one, other = (ahead(world.days, world.cost, world.days[-1] + 12) for _ in range(2))
    np.testing.assert_array_equal(one.high, other.high)
