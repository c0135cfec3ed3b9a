"""Charges in, anomalies out."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from finops.errors import UsageError
from finops.pipeline.watching import anomalies_told
from finops.pipeline.watching.deciding import Acceptance, Announcement, accept, expect
from tests.finops.pipeline.watching.conftest import BEGIN, World, at

LAST = "2026-10-20"  # of the bill; its days through the 17th are settled
NIGHT = "2026-10-21"


def step(day: str, before: float, after: float):
    return lambda one: after if one >= date.fromisoformat(day) else before


def once(day: str, usual: float, then: float):
    return lambda one: then if one == date.fromisoformat(day) else usual


def told(found):
    return [(one.level, one.service or one.account or one.cloud or one.team, one.kind) for one in found]


def test_a_level_cost_raises_no_alarm(world: World):
    world.days(LAST, 500.0)
    assert world.night(NIGHT) == []
    assert world.states() == []


def test_a_charge_on_each_first_of_a_month_is_none(world: World):
    world.days("2026-11-05", lambda day: 1500.0 if day.day == 1 else 500.0)
    for night in ("2026-10-04", "2026-11-06"):
        assert world.night(night) == []


def test_a_first_of_a_month_that_costs_more_than_earlier_ones_is_told(world: World):
    world.days("2026-11-05", lambda day: (4000.0 if day.month == 11 else 1500.0) if day.day == 1 else 500.0)
    (one,) = world.night("2026-11-06")
    assert (one.kind, one.first_day) == ("spike", date(2026, 11, 1))


def test_a_quiet_weekend_is_none(world: World):
    world.days(LAST, lambda day: 90.0 if day.weekday() >= 5 else 500.0)
    assert world.night(NIGHT) == []


def test_days_that_may_still_grow_are_none(world: World):
    world.days(LAST, step("2026-10-18", 500.0, 60.0))
    assert world.night(NIGHT) == []


def test_a_step_of_one_service_is_told_once_and_at_the_service(world: World):
    world.days(LAST, step("2026-10-10", 500.0, 900.0))
    world.days(LAST, 300.0, service="Storage")
    world.days(LAST, 400.0, cloud="gcp", account="project", payer="A-1")
    (one,) = world.night(NIGHT)
    assert (one.level, one.cloud, one.account, one.service) == ("service", "aws", "000000000007", "Compute")
    assert (one.kind, one.first_day, one.last_day) == ("drift", date(2026, 10, 10), date(2026, 10, 17))
    assert one.expected == pytest.approx(8 * 500, rel=0.02)
    assert one.actual == pytest.approx(8 * 900, rel=0.02)
    assert one.low < one.expected < one.high < one.actual
    assert (
        "cost $7,178.40 on 8 days from 2026-10-10 to 2026-10-17 where $4,017.95 was expected" in one.message
    )


def test_the_next_night_keeps_it_up_to_date_and_tells_nobody_again(world: World):
    world.days("2026-10-25", step("2026-10-10", 500.0, 900.0))
    (first,) = world.night(NIGHT)
    assert world.night("2026-10-26") == []
    (now,) = anomalies_told(world.con, at("2026-10-26"))
    assert (now.id, now.last_day, now.state) == (first.id, date(2026, 10, 22), "open")


def test_a_day_that_was_dear_and_passed_is_over(world: World):
    world.days(LAST, once("2026-10-10", 500.0, 2000.0))
    (one,) = world.night(NIGHT)
    assert (one.kind, one.first_day, one.last_day, one.state) == (
        "spike",
        date(2026, 10, 10),
        date(2026, 10, 10),
        "over",
    )


def test_a_day_without_charges_is_lost_data_until_proven_otherwise(world: World):
    world.days(LAST, once("2026-10-16", 500.0, 0.0))
    (one,) = world.night(NIGHT)
    assert one.kind == "drop"
    assert "lost data until proven otherwise" in one.message


def test_an_account_that_was_not_there_before_is_told(world: World):
    world.days(LAST, 500.0)
    world.days(LAST, 200.0, account="000000000008", service="Machine learning", first="2026-10-12")
    (one,) = world.night(NIGHT)
    assert (one.account, one.service, one.expected) == ("000000000008", "Machine learning", pytest.approx(0))
    assert "next to nothing, before" in one.message


def test_a_service_that_ends_is_told_as_a_drop(world: World):
    world.days(LAST, 500.0)
    world.days("2026-10-12", 200.0, service="Storage")
    (one,) = world.night(NIGHT)
    assert (one.service, one.kind, one.actual) == ("Storage", "drop", 0)


def test_a_credit_on_one_day_is_none(world: World):
    world.days(LAST, 500.0)
    world.days("2026-10-12", -4000.0, first="2026-10-12", category="Credit")
    assert world.night(NIGHT) == []


def test_a_day_below_nothing_is_a_drop_and_no_error(world: World):
    world.days(LAST, once("2026-10-12", 500.0, -300.0))
    (one,) = world.night(NIGHT)
    assert (one.kind, one.actual < 0) == ("drop", True)


def test_two_currencies_are_never_added(world: World):
    world.days(LAST, step("2026-10-12", 500.0, 650.0))
    world.days(
        LAST, step("2026-10-12", 500.0, 350.0), cloud="alibaba", account="5", payer="5", currency="CNY"
    )
    found = world.night(NIGHT)
    assert {(one.currency, one.kind) for one in found} == {("USD", "drift"), ("CNY", "drop")}


def test_a_history_of_less_than_eight_weeks_is_not_judged(world: World):
    world.days(LAST, step("2026-10-12", 500.0, 2000.0), first="2026-09-01")
    assert world.night(NIGHT) == []


def test_what_is_below_the_floor_in_money_is_none(world: World):
    world.days(LAST, step("2026-10-12", 30.0, 50.0))
    assert world.night(NIGHT) == []
    assert len(world.night(NIGHT, money_floor=5.0)) == 1


def test_a_slow_rise_is_told_as_a_drift(world: World):
    begun = date(2026, 9, 20)
    world.days(LAST, lambda day: 500.0 * (1 + 0.015 * max((day - begun).days, 0)))
    (one,) = world.night(NIGHT)
    assert one.kind == "drift"
    assert date(2026, 9, 20) <= one.first_day <= date(2026, 10, 1)


def test_a_team_over_several_services_is_told_as_the_team(world: World):
    mine = json.dumps({"team": "ml"})
    for number in range(4):
        world.days(LAST, 2000.0, service=f"S{number}", account=str(number))
        world.days(
            LAST, step("2026-10-12", 60.0, 110.0), service=f"S{number}", account=str(number), tags=mine
        )
    (one,) = world.night(NIGHT)
    assert (one.level, one.team) == ("team", "ml")


def test_a_team_whose_one_service_is_told_already_is_not_told_again(world: World):
    world.days(LAST, 300.0, service="Storage", tags=json.dumps({"team": "ml"}))
    world.days(LAST, step("2026-10-12", 500.0, 900.0), tags=json.dumps({"team": "ml"}))
    assert told(world.night(NIGHT)) == [("service", "Compute", "drift")]


def test_what_is_accepted_is_silent_until_it_ends_and_returns_if_it_is_still_outside(world: World):
    world.days("2026-12-10", step("2026-10-12", 500.0, 900.0))
    (one,) = world.night(NIGHT)
    accept(world.con, Acceptance(one.id[:6], "Ann", "new region", at("2026-11-30")), at("2026-10-21T09:00"))
    assert world.night("2026-10-28") == [] == world.night("2026-11-20")
    assert world.states() == [("service", "accepted")]
    (again,) = world.night("2026-12-05")
    assert (again.id, again.state) == (one.id, "open")
    assert "It was accepted until 2026-11-30: accept it again or bring it down." in again.message
    assert world.night("2026-12-06") == []
    assert world.states() == [("service", "open")]


def test_what_was_accepted_and_is_back_to_normal_does_not_return(world: World):
    world.days("2026-12-10", lambda day: 900.0 if date(2026, 10, 12) <= day < date(2026, 11, 10) else 500.0)
    (one,) = world.night(NIGHT)
    accept(world.con, Acceptance(one.id, "Ann", "load test", at("2026-11-30")), at(NIGHT))
    for night in ("2026-11-05", "2026-11-20", "2026-12-05"):
        assert world.night(night) == []
    assert world.states() == [("service", "over")]


def test_a_further_step_on_an_accepted_level_is_told(world: World):
    second = date(2026, 11, 15)
    world.days("2026-11-25", lambda day: 1500.0 if day >= second else step("2026-10-12", 500.0, 900.0)(day))
    (one,) = world.night(NIGHT)
    accept(world.con, Acceptance(one.id, "Ann", "new region"), at(NIGHT))
    (other,) = world.night("2026-11-26")
    assert (other.id != one.id, other.first_day) == (True, second)
    assert other.expected / ((other.last_day - second).days + 1) == pytest.approx(900, rel=0.03)


def test_an_announced_event_is_silent(world: World):
    world.days(LAST, lambda day: 2500.0 if date(2026, 10, 10) <= day <= date(2026, 10, 13) else 500.0)
    world.days(LAST, 300.0, service="Storage")
    expect(
        world.con,
        Announcement(at("2026-10-10"), at("2026-10-13"), "Ann", "load test", account="000000000007"),
        at("2026-10-01"),
    )
    assert world.night(NIGHT) == []


def test_another_account_is_not_silenced_by_it(world: World):
    world.days(LAST, 500.0)
    world.days(LAST, step("2026-10-10", 500.0, 900.0), account="000000000008")
    expect(
        world.con,
        Announcement(at("2026-10-01"), at("2026-10-31"), "Ann", "load test", account="000000000007"),
        at("2026-10-01"),
    )
    assert told(world.night(NIGHT)) == [("service", "Compute", "drift")]


def test_an_acceptance_that_is_wrong_is_refused_in_a_sentence(world: World):
    world.days(LAST, step("2026-10-10", 500.0, 900.0))
    (one,) = world.night(NIGHT)
    right = Acceptance(one.id, "Ann", "so")
    for over, sentence in (
        ({"start": "zzz"}, "There is no anomaly zzz"),
        ({"reason": " "}, "--reason is empty"),
        ({"by": ""}, "--by is empty"),
        ({"until": at("2026-10-01")}, "has passed"),
        ({"until": at("2029-10-01")}, "over a year away"),
        ({"start": one.id[:-1] + "x"}, f"Did you mean {one.id}"),
    ):
        with pytest.raises(UsageError, match=sentence):
            accept(world.con, replace(right, **over), at(NIGHT))


def test_an_event_of_an_account_with_a_slip_is_refused(world: World):
    world.days(LAST, 500.0)
    with pytest.raises(UsageError, match="Did you mean 000000000007"):
        expect(
            world.con,
            Announcement(at("2026-10-10"), at("2026-10-13"), "Ann", "so", account="00000000007"),
            at(NIGHT),
        )


def test_nothing_is_looked_for_where_it_is_switched_off(world: World):
    world.days(LAST, step("2026-10-10", 500.0, 900.0))
    assert world.night(NIGHT, enabled=False) == []


def test_rows_that_fall_sharply_are_lost_data_until_proven_otherwise(world: World):
    for number in range(80):
        night = at("2026-08-02") + timedelta(days=number)
        rows = 100.0 if number >= 78 else 5000.0
        world.con.execute(
            "INSERT INTO figures VALUES ('r', ?, 'rows', 'aws instances', ?), ('r', ?, 'seconds', 'collect', ?)",
            [night, rows + number % 7, night, 300.0 if number < 78 else 1.0],
        )
    (one,) = world.night(NIGHT)
    assert (one.level, one.figure, one.kind) == ("figure", "rows of aws instances", "drop")
    assert "lost data until proven otherwise" in one.message


def test_a_night_without_any_charges_finds_nothing(world: World):
    assert world.night(NIGHT) == []


def test_a_bill_that_has_just_begun_does_not_blind_the_whole_of_the_others(world: World):
    for account in "12345678":
        world.days(LAST, step("2026-10-12", 100.0, 120.0), account=account)  # each below the floor
    world.days(LAST, 70.0, account="new", payer="new", first="2026-09-20")
    (one,) = world.night(NIGHT)
    assert (one.level, one.cloud, one.kind) == ("provider", "aws", "drift")


def test_the_same_night_again_changes_nothing(world: World):
    world.days(LAST, step("2026-10-10", 500.0, 900.0))
    world.night(NIGHT)
    before = world.con.execute("FROM anomalies").fetchall()
    assert world.night(NIGHT) == []
    assert world.con.execute("FROM anomalies").fetchall() == before


def test_an_account_whose_bill_ended_long_ago_does_not_hold_the_rest_back(world: World):
    world.days("2026-08-20", 500.0, account="old", payer="old")
    world.days(LAST, step("2026-10-10", 500.0, 900.0), first=BEGIN)
    assert told(world.night(NIGHT)) == [("service", "Compute", "drift")]


@pytest.mark.parametrize(("told_of", "found"), [("2026-10-20", 1), ("2026-10-13", 0)])
def test_days_count_as_far_as_the_bill_is_said_to_be_settled(world: World, told_of, found):
    world.days(LAST, step("2026-10-12", 500.0, 900.0))
    world.con.execute(
        "INSERT INTO bill_days (source, cloud, billing_account_id, account_id, billing_period_start, day, currency, "
        "rows, metered, invoiced, billed_cost, effective_cost, told_at, run_id) VALUES ('bill.csv', 'aws', "
        "'000000000042', '000000000007', '2026-10-01', ?, 'USD', 1, 1, 0, 1, 1, ?, 'r')",
        [told_of, told_of],
    )
    assert len(world.night(NIGHT)) == found


def test_what_was_open_when_its_bill_broke_off_is_not_over(world: World):
    world.days(LAST, step("2026-10-15", 500.0, 900.0), account="8", payer="8")
    world.days("2026-12-31", 500.0)
    world.night(NIGHT)
    assert world.states() == [("service", "open")]
    world.night("2026-11-12")  # the bill of 8 ended more than ten days ago
    assert world.states() == [("service", "open")]
    world.night("2026-12-31")  # nothing was heard of it for eight weeks
    assert world.states() == [("service", "over")]


def test_a_figure_that_is_measured_no_more_is_not_over(world: World):
    for number in range(80):
        night = at("2026-08-02") + timedelta(days=number)
        world.con.execute(
            "INSERT INTO figures VALUES ('r', ?, 'rows', 'a', ?), ('r', ?, 'rows', 'b', 5000)",
            [night, 100.0 if number == 79 else 5000.0, night],
        )
    assert len(world.night(NIGHT)) == 1
    for number in range(10):
        night = at("2026-10-21") + timedelta(days=number)
        world.con.execute("INSERT INTO figures VALUES ('r', ?, 'rows', 'b', 5000)", [night])
    world.night("2026-10-30")
    assert world.states() == [("figure", "open")]
