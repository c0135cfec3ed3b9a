"""A few nights on a bill that grows, with an account denied, a night that is killed and one that runs twice.

The same simulation as tests/benchmarks/bench_nights.py, which plays a whole quarter on three clouds.
"""

import signal
from collections.abc import Iterator

import pytest

from tests.nights import checks
from tests.nights.clouds import Gcp
from tests.nights.quarter import Outcome, clouds, play
from tests.nights.running import Kill
from tests.nights.script import Act, Life, Night, Script, instants

pytestmark = pytest.mark.slow

MEMBER = Gcp.accounts[1]
RULE = "unattached-volume"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Found in the first night, which is killed and goes on; gone in the second, when nobody may look; told in the
    third, which runs twice."""
    nights = [Night(number, at) for number, at in enumerate(instants(3), 1)]
    nights[0].kill, nights[0].retried = Kill(signal.SIGKILL, "collect", 1.0), True
    nights[1].denied = {("gcp", MEMBER)}
    nights[2].twice = True
    volume = [
        Act(1, "create-volume", "new"),
        Act(2, "delete-volume", "resolved", "gone"),
    ]
    script = Script(nights, [Life("gcp", MEMBER, RULE, volume)], unattached_days=0)
    with clouds("gcp") as estates:
        folder = tmp_path_factory.mktemp("nights")
        yield play(script, estates, folder, seed=1, machines=1, rules=(RULE,))


def test_the_charges_are_the_provider_s_to_the_cent_however_they_arrived(outcome: Outcome) -> None:
    assert list(checks.bills(outcome)) == []
    assert sum(checks.held(outcome).values()) > 10_000


def test_a_volume_that_went_while_nobody_might_look_is_gone_when_somebody_may(outcome: Outcome) -> None:
    assert list(checks.lives(outcome)) == []
    assert list(checks.nothing_else_went(outcome)) == []


def test_a_night_that_was_killed_is_on_record_and_its_retry_completes_it(outcome: Outcome) -> None:
    killed = outcome.ran[0]
    assert killed.killed
    assert killed.retry is not None
    assert killed.retry.code == 0
    assert list(checks.runs(outcome)) == []
    assert list(checks.nothing_lost(outcome)) == []


def test_only_the_night_that_lacks_something_says_so(outcome: Outcome) -> None:
    assert [ran.last.code for ran in outcome.ran] == [0, 3, 0]
    assert MEMBER in outcome.ran[1].done.err
    assert list(checks.said(outcome)) == []


def test_a_night_that_runs_twice_changes_nothing(outcome: Outcome) -> None:
    assert outcome.ran[2].again is not None
    assert list(checks.twice(outcome)) == []
