"""kill -9 and signals while a cloud is collected: the warehouse opens, every scope is as it was or as it should be."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import reading
from tests.end_to_end.command import CORE, finops
from tests.servers.alibaba.cloud import Cloud as Alibaba
from tests.servers.aws.cloud import Cloud as Aws
from tests.servers.facade import Facade
from tests.servers.gcp.cloud import Cloud as Gcp

pytestmark = pytest.mark.slow

YESTERDAY, TODAY = "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"
TABLES = ("instances", "volumes", "snapshots", "public_ips", "nat_gateways", "scaling_groups", "metrics")
State = dict[tuple[str, str], tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """One cloud: what is there, how it is collected, how often and when its runs are killed.

    `late` is a service that answers after everything else, `late_call` tells that all the rest was asked; `metrics` is
    the call that asks for them, `volumes` one of the inventory. `hanging` are faults with which the second region
    hangs.
    """

    name: str
    cloud: type[Aws | Alibaba | Gcp]
    machines: int
    regions: tuple[str, str]
    variables: str
    kills: int
    moments: tuple[float, float]
    late: str
    late_call: str
    metrics: str
    volumes: str
    hanging: tuple[dict[str, Any], ...]
    more: tuple[str, ...] = ()

    @property
    def under_way(self) -> str:
        """The call that tells that a place has its inventory; Google's buckets ask for a metric of their own before."""
        return self.late_call if self.name == "gcp" else self.metrics

    @property
    def options(self) -> list[str]:
        """What `finops` is asked for."""
        where = [word for region in self.regions for word in ("--region", region)]
        return ["collect", self.name, *where, "--only", CORE, *self.more]


AWS = Case(
    name="aws", cloud=Aws, machines=12, regions=("us-east-1", "eu-west-1"), variables="AWS_",
    kills=2, moments=(0.3, 3.0),
    late="cloudwatch", late_call="DescribeSpotPriceHistory", metrics="GetMetricData", volumes="DescribeVolumes",
    hanging=({"kind": "hang", "region": "eu-west-1", "seconds": 60},),
    more=("--since", "20d"),
)  # fmt: skip
ALIBABA = Case(
    name="alibaba", cloud=Alibaba, machines=12, regions=("cn-hangzhou", "ap-southeast-1"), variables="ALI",
    kills=2, moments=(0.5, 4.0),
    late="cms", late_call="DescribeMetricList", metrics="DescribeMetricList", volumes="DescribeDisks",
    hanging=tuple(
        {"kind": "hang", "region": "ap-southeast-1", "product": product, "seconds": 60}
        for product in ("ecs", "vpc", "slb", "cms", "rds")
    ),
    more=("--since", "20d"),
)  # fmt: skip
# A place is a project here: one of two hangs, not the one that is asked for its regions.
GCP = Case(
    name="gcp", cloud=Gcp, machines=12, regions=("us-central1", "europe-west1"), variables="GOOGLE_",
    kills=2, moments=(1.0, 4.0),
    late="monitoring", late_call="services.skus.list", metrics="projects.timeSeries.list", volumes="disks.aggregatedList",
    hanging=({"kind": "hang", "project": "acme-web-prod", "seconds": 60},),
    more=("--since", "3d", "--project", "acme-web-prod", "--project", "acme-dev-1f2a"),
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A cloud that serves, and the command that collects it."""

    case: Case
    cloud: Facade
    env: dict[str, str]

    def collect(self, folder: Path, as_of: str, *more: str) -> None:
        done = finops(*self.case.options, *more, "--as-of", as_of, cwd=folder, env=self.env)
        assert done.code == 0, done.err

    def start(self, folder: Path, *more: str) -> "subprocess.Popen[bytes]":
        # Compiled modules are kept, or the moments of a run would all be in its imports.
        foreign = ("FINOPS_", "PYTHONDONTWRITEBYTECODE", self.case.variables)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        return subprocess.Popen(
            [sys.executable, "-m", "finops", *self.case.options, *more, "--as-of", TODAY],
            cwd=folder,
            env={**clean, "HOME": str(folder), **self.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def asked(self, operation: str) -> bool:
        return self.cloud.count(operation) > 0


def serving(case: Case) -> Iterator[Desk]:
    with case.cloud() as cloud:
        cloud.estate(n=case.machines, regions=case.regions)
        yield Desk(case, cloud, cloud.env)


@pytest.fixture(scope="module", params=[AWS, ALIBABA, GCP], ids=lambda case: case.name)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    yield from serving(request.param)


def until(seen: Callable[[], bool]) -> None:
    """Waits for something to happen, however slow the machine."""
    patience = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < patience
        time.sleep(0.1)


def held(folder: Path) -> State:
    """(table, region) → rows and a hash of them all; the bill's months by what they sum up to."""
    with reading(folder / "finops.duckdb") as con:
        found: State = {
            (table, region): tuple(told)
            for table in TABLES
            for region, *told in con.execute(
                f"SELECT region, count(*), bit_xor(hash(COLUMNS(* EXCLUDE (region))::VARCHAR)) FROM {table} GROUP BY region"
            ).fetchall()
        }
        months = "SELECT BillingPeriodStart, count(*), sum(BilledCost) FROM charges GROUP BY 1"
        return found | {
            ("charges", str(month)): tuple(told) for month, *told in con.execute(months).fetchall()
        }


def test_killed_at_any_moment_the_last_good_state_is_kept_and_the_next_run_completes(
    desk: Desk, tmp_path: Path
) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    desk.collect(whole, YESTERDAY)
    shutil.copytree(whole, folder)
    before = held(whole)
    desk.collect(whole, TODAY)
    after = held(whole)
    assert before != after
    dice = random.Random(7)
    killed = 0
    for _ in range(desk.case.kills):
        run = desk.start(folder)
        time.sleep(dice.uniform(*desk.case.moments))
        run.kill()
        run.communicate()
        killed += run.returncode == -signal.SIGKILL
        now = held(folder)
        assert all(now[key] in (before[key], after[key]) for key in before)
    assert killed > desk.case.kills / 2
    desk.collect(folder, TODAY)
    assert held(folder) == after


def test_a_run_after_one_that_was_killed_goes_on_from_what_it_had(desk: Desk, tmp_path: Path) -> None:
    desk.cloud.reset_calls()
    desk.cloud.latency({desk.case.late: 20.0})
    run = desk.start(tmp_path)
    until(lambda: desk.asked(desk.case.late_call))
    time.sleep(2.0)
    run.kill()
    run.communicate()
    desk.cloud.latency({})
    desk.cloud.reset_calls()
    desk.collect(tmp_path, TODAY)
    assert desk.cloud.count(desk.case.metrics) > 0
    assert desk.cloud.count(desk.case.volumes) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_even_while_a_region_hangs(
    number: signal.Signals, code: int, desk: Desk, tmp_path: Path
) -> None:
    desk.cloud.faults(desk.case.hanging)
    desk.cloud.reset_calls()
    run = desk.start(tmp_path)
    until(lambda: desk.asked(desk.case.under_way))
    time.sleep(2.0)
    sent = time.monotonic()
    run.send_signal(number)
    _, told = run.communicate(timeout=30)
    desk.cloud.faults([])
    assert time.monotonic() - sent < 10
    assert run.returncode == code, told
    assert b"Traceback" not in told
    with reading(tmp_path / "finops.duckdb") as con:
        whole = "SELECT count(*) FROM coverage WHERE region = ? AND status = 'complete'"
        row = con.execute(whole, [desk.case.regions[0]]).fetchone()
        assert row is not None
        assert row[0] > 5


@pytest.mark.parametrize("desk", [ALIBABA], ids=["alibaba"], indirect=True)
def test_a_bill_of_which_only_a_month_had_come_is_read_to_its_end(desk: Desk, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    for each in (whole, folder):
        each.mkdir()
    bill = ("--only", "charges")
    desk.collect(whole, TODAY, *bill)
    desk.cloud.reset_calls()
    # A day of the second month hangs: the first is beside the warehouse when the run is killed.
    desk.cloud.faults([{"kind": "hang", "seconds": 60, "action": "DescribeInstanceBill", "every": 40}])
    run = desk.start(folder, *bill)
    until(
        lambda: any(
            call["params"]["BillingCycle"] == "2026-11" for call in desk.cloud.calls("DescribeInstanceBill")
        )
    )
    time.sleep(2.0)
    run.kill()
    run.communicate()
    desk.cloud.faults([])
    desk.cloud.reset_calls()
    desk.collect(folder, TODAY, *bill)
    assert 0 < desk.cloud.count("DescribeInstanceBill") < 25, "days that had come are not asked for again"
    months = [key for key in held(folder) if key[0] == "charges"]
    assert len(months) == 2
    assert held(folder) == held(whole)
