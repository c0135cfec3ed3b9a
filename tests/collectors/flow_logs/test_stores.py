"""Flow logs below an address: told by the names of objects, beside bills, each downloaded once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.bills import find_files, remote
from collectors.bills.intake import How, bring_in, taking_in
from collectors.bills.objects import Stored
from collectors.bills.stores.reading import Body
from collectors.flow_logs import named_like_one
from finops.warehouse import Writer
from tests.collectors.flow_logs.conftest import ACCOUNT, AT, START, Desk

FOLDERS = (
    f"AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1/2026/10/01/",
    f"AWSLogs/aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=10/day=01/",
)
LOGS = (
    f"AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1",
    f"AWSLogs/aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=eu-west-1",
)
NAME = f"{ACCOUNT}_vpcflowlogs_eu-west-1_fl-1_20261001T0000Z_{{}}.log.gz"


class Bucket:
    """Files of a folder as objects."""

    place = "s3://logs/"

    def __init__(self, folder: Path) -> None:
        self.folder, self.got = folder, list[str]()

    def objects(self, prefix: str, *, most: int | None = None) -> Iterator[Stored]:
        for path in sorted(each for each in self.folder.rglob("*") if each.is_file()):
            key = path.relative_to(self.folder).as_posix()
            if key.startswith(prefix):
                yield Stored(key, path.stat().st_size, datetime(2026, 10, 2), key)

    @contextmanager
    def open(self, stored: Stored) -> Iterator[Body]:
        self.got.append(stored.name)
        yield Body(iter([(self.folder / stored.path).read_bytes()]))


@pytest.fixture
def bucket(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = Bucket(desk.folder / "bucket")
    monkeypatch.setattr(remote, "opened", lambda address: made)
    return made


def take(desk: Desk, *addresses: str) -> list[Any]:
    with taking_in(addresses, lambda _: None) as intake:
        return list(bring_in(Writer(desk.con, "run", AT), intake, How(AT)).files)


@pytest.mark.parametrize(("folder", "log"), list(zip(FOLDERS, LOGS, strict=True)))
def test_files_of_a_flow_log_are_told_by_their_names_and_downloaded_once(
    folder: str, log: str, desk: Desk, bucket: Bucket
) -> None:
    flow = {"interface-id": "eni-a", "srcaddr": "10.0.0.5", "dstaddr": "10.0.1.9", "bytes": 1000}
    for number in (1, 2):
        desk.aws(f"bucket/{folder}{NAME.format(number)}", {**flow, "start": START + 60 * number})
    assert [each.rows for each in take(desk, "s3://logs/AWSLogs")] == [1, 1]
    assert desk.traffic("region", "bytes", "flow_source") == [("eu-west-1", 2000.0, f"s3://logs/{log}")]
    assert [each.status for each in take(desk, "s3://logs/AWSLogs")] == ["unchanged", "unchanged"]
    assert len(bucket.got) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (FOLDERS[0] + NAME.format("a"), True),
        ("compute.googleapis.com/vpc_flows/2026/10/01/00:00:00_00:59:59_S0.json", True),
        ("net/vpc-flow-logs/part-0.parquet", True),
        ("sls/flow_log/2026/10/01/00.json", True),
        ("bills/workflow_logs.csv", False),
        ("exports/acme/data/BILLING_PERIOD=2026-10/acme-00001.csv.gz", False),
    ],
)
def test_a_name_says_whether_an_object_is_part_of_a_flow_log(name: str, expected: bool) -> None:
    assert named_like_one(name) is expected


def test_a_pattern_takes_flow_logs_by_their_names_and_not_by_the_folder_they_lie_in(desk: Desk) -> None:
    folder = desk.folder / "flow-logs"
    log = desk.file(f"flow-logs/{NAME.format('a')}", "x")
    bill = desk.file("flow-logs/bill.csv", "x")
    desk.file("flow-logs/notes.md", "x")
    assert find_files([f"{folder}/*"]) == [log, bill]
