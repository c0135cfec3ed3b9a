"""kill -9 and signals while a cloud is collected: the warehouse opens, every scope is as it was or as it should be."""

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
from tests.servers.aws.cloud import Cloud

pytestmark = pytest.mark.slow

KILLS = 8
REGIONS = ("us-east-1", "eu-west-1")
WHERE = [word for region in REGIONS for word in ("--region", region)]
YESTERDAY, TODAY = "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"
TABLES = ("instances", "volumes", "snapshots", "public_ips", "nat_gateways", "scaling_groups", "metrics")
State = dict[tuple[str, str], tuple[Any, ...]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.estate(n=20, regions=REGIONS)
        yield cloud


def collect(cloud: Cloud, folder: Path, as_of: str) -> None:
    done = finops("collect", "aws", *WHERE, "--as-of", as_of, cwd=folder, env=cloud.env)
    assert done.code == 0, done.err


def start(cloud: Cloud, folder: Path) -> "subprocess.Popen[bytes]":
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FINOPS_", "AWS_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "finops", "collect", "aws", *WHERE, "--as-of", TODAY],
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
    """(table, region) → rows and a hash of them all."""
    with reading(folder / "finops.duckdb") as con:
        return {
            (table, region): tuple(found)
            for table in TABLES
            for region, *found in con.execute(
                f"SELECT region, count(*), bit_xor(hash(COLUMNS(* EXCLUDE (region))::VARCHAR)) FROM {table} GROUP BY region"
            ).fetchall()
        }


def test_killed_at_any_moment_the_last_good_state_is_kept_and_the_next_run_completes(
    cloud: Cloud, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    collect(cloud, whole, YESTERDAY)
    before = held(whole)
    collect(cloud, whole, TODAY)
    after = held(whole)
    assert before != after
    folder = tmp_path / "killed"
    folder.mkdir()
    collect(cloud, folder, YESTERDAY)
    dice = random.Random(7)
    killed = 0
    for _ in range(KILLS):
        run = start(cloud, folder)
        time.sleep(dice.uniform(0.3, 3.0))
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
    cloud.latency({"cloudwatch": 20.0})
    run = start(cloud, tmp_path)
    until(lambda: any(call["operation"] == "DescribeSpotPriceHistory" for call in cloud.calls()))
    time.sleep(2.0)
    run.kill()
    run.communicate()
    cloud.latency({})
    cloud.reset_calls()
    collect(cloud, tmp_path, TODAY)
    assert cloud.count("GetMetricData") > 0
    assert cloud.count("DescribeVolumes") == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_even_while_a_region_hangs(
    number: signal.Signals, code: int, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.faults([{"kind": "hang", "region": "eu-west-1", "seconds": 60}])
    cloud.reset_calls()
    run = start(cloud, tmp_path)
    until(lambda: any(call["operation"] == "GetMetricData" for call in cloud.calls()))
    time.sleep(2.0)
    sent = time.monotonic()
    run.send_signal(number)
    _, told = run.communicate(timeout=30)
    cloud.faults([])
    assert time.monotonic() - sent < 10
    assert run.returncode == code, told
    assert b"Traceback" not in told
    with reading(tmp_path / "finops.duckdb") as con:
        whole = "SELECT count(*) FROM coverage WHERE region = 'us-east-1' AND status = 'complete'"
        row = con.execute(whole).fetchone()
        assert row is not None
        assert row[0] > 5
