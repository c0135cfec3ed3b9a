"""How often a product is asked: as often as it allows, over all threads; slower after it was too often."""

import time
from collections.abc import Iterator

import pytest

from collectors import pace as module
from collectors.alibaba import client as client_module
from collectors.alibaba.client import Client
from collectors.alibaba.inventory import DESCRIBE_DISKS, DESCRIBE_INSTANCES
from collectors.alibaba.metrics import DESCRIBE_METRIC_LIST
from collectors.alibaba.network import DESCRIBE_EIPS
from collectors.alibaba.products import PRODUCTS
from collectors.calls import CallError
from collectors.pace import Pace
from tests.collectors.alibaba.calling import session_of
from tests.collectors.alibaba.live import as_environment
from tests.servers.alibaba.cloud import Cloud


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def taken(pace: Pace, clock: Clock, calls: int) -> float:
    """The seconds that so many turns take, one after the other."""
    begun = clock.now
    for _ in range(calls):
        pace.wait()
    return clock.now - begun


def test_a_second_has_as_many_calls_as_are_allowed_and_half_of_them_may_come_at_once(clock: Clock) -> None:
    pace = Pace(20.0)
    assert taken(pace, clock, 10) == 0.0
    assert taken(pace, clock, 200) == pytest.approx(10.0, abs=0.01)


def test_what_was_not_used_for_long_does_not_add_up(clock: Clock) -> None:
    pace = Pace(20.0)
    clock.now += 3600
    assert taken(pace, clock, 210) == pytest.approx(10.0, abs=0.01)


def test_after_it_was_too_often_half_as_many_are_sent_and_then_more_again(clock: Clock) -> None:
    pace = Pace(20.0)
    taken(pace, clock, 10)
    pace.slower()
    assert taken(pace, clock, 10) == pytest.approx(1.0, abs=0.06)
    for _ in range(100):
        pace.faster()
    assert taken(pace, clock, 20) == pytest.approx(1.0, abs=0.06)


def test_many_refusals_at_once_are_one_reason_to_go_slower(clock: Clock) -> None:
    pace = Pace(20.0)
    taken(pace, clock, 10)
    for _ in range(16):
        pace.slower()
    assert taken(pace, clock, 10) == pytest.approx(1.0, abs=0.06)


def test_refusals_without_end_leave_a_quarter_of_the_pace(clock: Clock) -> None:
    pace = Pace(20.0)
    taken(pace, clock, 10)
    for _ in range(50):
        clock.now += 1.0
        pace.slower()
    taken(pace, clock, 3)  # what may come at once
    assert taken(pace, clock, 10) == pytest.approx(2.0, abs=0.06)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as running, as_environment({}):
        running.fresh()
        yield running


def waits(monkeypatch: pytest.MonkeyPatch) -> list[Pace]:
    """The paces that calls wait for."""
    waited: list[Pace] = []
    monkeypatch.setattr(Pace, "wait", lambda pace: waited.append(pace))
    return waited


def test_what_an_account_may_ask_in_all_regions_together_is_one_pace_and_other_products_have_one_a_region(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, waited = session_of(cloud), waits(monkeypatch)
    for region in ("cn-hangzhou", "cn-beijing"):
        client = session.client(region)
        client.get(DESCRIBE_DISKS)
        client.get(DESCRIBE_INSTANCES)
        client.get(DESCRIBE_EIPS)
        client.get(DESCRIBE_METRIC_LIST, Namespace="acs_ecs_dashboard", MetricName="CPUUtilization")
    here, there = waited[:4], waited[4:]
    assert here[0] is here[1] is not here[2]  # ecs twice, vpc
    assert here[0] is not there[0]
    assert here[3] is there[3]
    assert PRODUCTS["cms"].per_second <= 50
    assert PRODUCTS["bss"].per_second <= 10


def test_a_call_that_is_throttled_slows_its_product_and_no_other(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed: list[Pace] = []
    waited = waits(monkeypatch)
    monkeypatch.setattr(Pace, "slower", lambda pace: slowed.append(pace))
    monkeypatch.setattr(client_module, "_LONGEST_WAIT", 0.01)
    client = Client(session_of(cloud), "cn-hangzhou")
    cloud.faults([{"kind": "throttle", "product": "vpc", "first": 2}])
    client.get(DESCRIBE_EIPS)
    cloud.faults([{"kind": "http500", "product": "ecs"}])
    with pytest.raises(CallError):
        client.get(DESCRIBE_DISKS)
    assert slowed == [waited[0]] * 2


def test_a_limit_of_the_cloud_is_kept_without_being_refused(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.faults([])
    cloud.reset_calls()
    client = Client(session_of(cloud), "cn-hangzhou")
    client._paces["ecs"] = Pace(40.0)
    cloud.buckets([{"product": "ecs", "tokens": 21, "per_second": 40}])
    begun = time.monotonic()
    for _ in range(40):
        client.get(DESCRIBE_DISKS)
    assert time.monotonic() - begun < 5
    assert {call["outcome"] for call in cloud.calls()} == {"ok"}
    cloud.buckets([])
