"""kill -9 and signals while Alibaba Cloud is collected: what was whole is kept, the bill included, the next run goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from finops.warehouse import reading
from tests.end_to_end.command import finops
from tests.servers.alibaba.cloud import AS_OF, Cloud

pytestmark = pytest.mark.slow

REGIONS = ("cn-hangzhou", "cn-beijing")
WHERE = [word for region in REGIONS for word in ("--region", region)]


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.estate(n=20, regions=REGIONS)
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Cloud:
    process.faults([])
    process.latency({})
    process.reset_calls()
    return process


def start(cloud: Cloud, folder: Path) -> "subprocess.Popen[bytes]":
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FINOPS_", "ALI"))}
    return subprocess.Popen(
        [sys.executable, "-m", "finops", "collect", "alibaba", *WHERE, "--as-of", AS_OF],
        cwd=folder,
        env={**clean, "HOME": str(folder), **cloud.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def until(seen: Callable[[], bool]) -> None:
    """Waits for something to happen, however slow the machine."""
    patience = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < patience
        time.sleep(0.1)


def finish(cloud: Cloud, folder: Path) -> None:
    cloud.faults([])
    cloud.latency({})
    cloud.reset_calls()
    done = finops("collect", "alibaba", *WHERE, "--as-of", AS_OF, cwd=folder, env=cloud.env)
    assert done.code == 0, done.err


def billed(folder: Path) -> list[tuple[str, int]]:
    """(month, charges)."""
    with reading(folder / "finops.duckdb") as con:
        return con.execute(
            "SELECT strftime(BillingPeriodStart, '%Y-%m'), count(*) FROM charges GROUP BY ALL ORDER BY ALL"
        ).fetchall()


def test_a_run_after_one_that_was_killed_goes_on_from_what_it_had(cloud: Cloud, tmp_path: Path) -> None:
    cloud.latency({"DescribeMetricList": 20.0})
    run = start(cloud, tmp_path)
    until(lambda: cloud.count("DescribeSpotPriceHistory") > 0)
    time.sleep(2.0)
    run.kill()
    run.communicate()
    finish(cloud, tmp_path)
    assert cloud.count("DescribeMetricList") > 0
    assert cloud.count("DescribeDisks") == 0


def test_a_bill_of_which_only_a_month_had_come_is_read_to_its_end(cloud: Cloud, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    finish(cloud, whole)
    folder = tmp_path / "killed"
    folder.mkdir()
    cloud.reset_calls()
    # The days of the second month are slow: the first is stored when the run is killed.
    cloud.faults([{"kind": "hang", "seconds": 60, "action": "DescribeInstanceBill", "every": 40}])
    run = start(cloud, folder)
    until(
        lambda: any(
            call["params"]["BillingCycle"] == "2026-11" for call in cloud.calls("DescribeInstanceBill")
        )
    )
    time.sleep(2.0)
    run.kill()
    run.communicate()
    finish(cloud, folder)
    assert cloud.count("DescribeInstanceBill") > 0
    assert billed(folder) == billed(whole)
    assert len(billed(whole)) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_even_while_a_region_hangs(
    number: signal.Signals, code: int, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.faults([{"kind": "hang", "region": "cn-beijing", "seconds": 60}])
    run = start(cloud, tmp_path)
    until(lambda: cloud.count("DescribeMetricList") > 0)
    time.sleep(2.0)
    sent = time.monotonic()
    run.send_signal(number)
    _, told = run.communicate(timeout=30)
    assert time.monotonic() - sent < 10
    assert run.returncode == code, told
    assert b"Traceback" not in told
    with reading(tmp_path / "finops.duckdb") as con:
        row = con.execute(
            "SELECT count(*) FROM coverage WHERE region = 'cn-hangzhou' AND status = 'complete'"
        ).fetchone()
    assert row is not None
    assert row[0] > 5
