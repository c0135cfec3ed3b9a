"""kill -9 and signals while Alibaba Cloud is collected: every scope is as it was or as it should be, the next run completes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import reading
from tests.end_to_end.command import finops
from tests.servers.alibaba.cloud import Cloud

pytestmark = pytest.mark.slow

KILLS = 4
REGIONS = ("cn-hangzhou", "ap-southeast-1")
WHERE = [*(word for region in REGIONS for word in ("--region", region)), "--since", "20d"]
YESTERDAY, TODAY = "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"
TABLES = ("instances", "volumes", "snapshots", "public_ips", "nat_gateways", "scaling_groups", "metrics")
State = dict[tuple[str, str], tuple[Any, ...]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.estate(n=12, regions=REGIONS)
        yield cloud


def collect(cloud: Cloud, folder: Path, as_of: str) -> None:
    done = finops("collect", "alibaba", *WHERE, "--as-of", as_of, cwd=folder, env=cloud.env)
    assert done.code == 0, done.err


def start(cloud: Cloud, folder: Path) -> "subprocess.Popen[bytes]":
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FINOPS_", "ALI"))}
    return subprocess.Popen(
        [sys.executable, "-m", "finops", "collect", "alibaba", *WHERE, "--as-of", TODAY],
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


def held(folder: Path) -> State:
    """(table, region) → rows and a hash of them all; the bill's cycles by what they sum up to."""
    with reading(folder / "finops.duckdb") as con:
        found: State = {
            (table, region): tuple(told)
            for table in TABLES
            for region, *told in con.execute(
                f"SELECT region, count(*), bit_xor(hash(COLUMNS(* EXCLUDE (region))::VARCHAR)) FROM {table} GROUP BY region"
            ).fetchall()
        }
        cycles = "SELECT BillingPeriodStart, count(*), sum(BilledCost) FROM charges GROUP BY 1"
        return found | {
            ("charges", str(cycle)): tuple(told) for cycle, *told in con.execute(cycles).fetchall()
        }


def test_killed_at_any_moment_the_last_good_state_is_kept_and_the_next_run_completes(
    cloud: Cloud, tmp_path: Path
) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    for each in (whole, folder):
        each.mkdir()
        collect(cloud, each, YESTERDAY)
    before = held(whole)
    collect(cloud, whole, TODAY)
    after = held(whole)
    assert before != after
    dice = random.Random(7)
    killed = 0
    for _ in range(KILLS):
        run = start(cloud, folder)
        time.sleep(dice.uniform(0.5, 4.0))
        run.kill()
        run.communicate()
        killed += run.returncode == -signal.SIGKILL
        now = held(folder)
        assert all(now[key] in (before[key], after[key]) for key in before)
    assert killed > KILLS / 2
    collect(cloud, folder, TODAY)
    assert held(folder) == after


def test_a_run_after_one_that_was_killed_goes_on_from_what_it_had(cloud: Cloud, tmp_path: Path) -> None:
    cloud.reset_calls()
    cloud.latency({"cms": 20.0})
    run = start(cloud, tmp_path)
    until(lambda: any(call["action"] == "DescribeMetricList" for call in cloud.calls()))
    time.sleep(2.0)
    run.kill()
    run.communicate()
    cloud.latency({})
    cloud.reset_calls()
    collect(cloud, tmp_path, TODAY)
    assert cloud.count("DescribeMetricList") > 0
    assert cloud.count("DescribeDisks") == 0


def test_a_bill_of_which_only_a_month_had_come_is_read_to_its_end(cloud: Cloud, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    for each in (whole, folder):
        each.mkdir()
    collect(cloud, whole, TODAY)
    cloud.reset_calls()
    # A day of the second month hangs: the first is beside the warehouse when the run is killed.
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
    cloud.faults([])
    cloud.reset_calls()
    collect(cloud, folder, TODAY)
    assert 0 < cloud.count("DescribeInstanceBill") < 25, "days that had come are not asked for again"
    months = [key for key in held(folder) if key[0] == "charges"]
    assert len(months) == 2
    assert held(folder) == held(whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_even_while_a_region_hangs(
    number: signal.Signals, code: int, cloud: Cloud, tmp_path: Path
) -> None:
    products = ("ecs", "vpc", "slb", "cms", "rds")
    cloud.faults(
        [{"kind": "hang", "region": REGIONS[1], "product": name, "seconds": 60} for name in products]
    )
    cloud.reset_calls()
    run = start(cloud, tmp_path)
    until(lambda: any(call["action"] == "DescribeMetricList" for call in cloud.calls()))
    time.sleep(2.0)
    sent = time.monotonic()
    run.send_signal(number)
    _, told = run.communicate(timeout=30)
    cloud.faults([])
    assert time.monotonic() - sent < 10
    assert run.returncode == code, told
    assert b"Traceback" not in told
    with reading(tmp_path / "finops.duckdb") as con:
        row = con.execute(
            "SELECT count(*) FROM coverage WHERE region = 'cn-hangzhou' AND status = 'complete'"
        ).fetchone()
        assert row is not None
        assert row[0] > 5
