"""Flow logs in S3: found by asking, read day by day, nothing downloaded twice; against moto over the wire."""

import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import duckdb
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from collectors.aws.accounts import Request
from collectors.aws.client import Api, Session
from collectors.aws.flow_events import FILTER_LOG_EVENTS, EventLog, event_log, write_day
from collectors.aws.flows import DESCRIBE_FLOW_LOGS, collect_flows, flow_log
from collectors.aws.permissions import policy
from collectors.flow_logs import tell_traffic
from collectors.scopes import Billed
from finops.errors import InputError
from finops.warehouse import Writer
from tests.shelf import empty_warehouse

AT = datetime(2026, 11, 1)
ACCOUNT, REGION, BUCKET = "123456789012", "eu-west-1", "flows-of-acme"
START = 1793318400  # 2026-10-30
HEADER = "version account-id interface-id srcaddr dstaddr bytes start end action log-status"


class Cloud:
    """One region of an account with a network, a bucket, and the flow logs that are delivered there."""

    def __init__(self, endpoint: str, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.said = con, list[str]()
        keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret", "region_name": REGION}
        self.boto = boto3.Session(**keys)
        self.session = Session(self.boto, ACCOUNT)
        more: dict[str, Any] = {"endpoint_url": endpoint, "config": Config(retries={"max_attempts": 1})}
        self.ec2, self.s3 = self.boto.client("ec2", **more), self.boto.client("s3", **more)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def bucket(self) -> None:
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def log(self, where: str = f"arn:aws:s3:::{BUCKET}", kind: str = "s3", **more: Any) -> str:
        made = self.ec2.create_flow_logs(
            ResourceIds=[self.vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType=kind,
            **({"LogDestination": where} if kind == "s3" else more),
        )  # fmt: skip
        return str(made["FlowLogIds"][0])

    def deliver(self, log: str, day: str = "2026/10/30", number: int = 1, size: int = 1000) -> None:
        name = f"{ACCOUNT}_vpcflowlogs_{REGION}_{log}_20261030T0000Z_{number}.log.gz"
        record = f"2 {ACCOUNT} eni-a 10.0.0.5 10.0.1.9 {size} {START + 60 * number} {START + 60} ACCEPT OK"
        content = gzip.compress(f"{HEADER}\n{record}\n".encode())
        folder = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{day}"
        self.s3.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=content)

    def collect(self) -> Billed:
        self.said.clear()
        writer = Writer(self.con, "run", AT)
        done = collect_flows(writer, self.session, REGION, at=AT, say=self.said.append)
        done.record(writer, AT)
        tell_traffic(self.con, at=AT, run_id="run")
        return done

    def bytes(self) -> float | None:
        return self.con.execute("SELECT sum(bytes) FROM traffic").fetchall()[0][0]

    def coverage(self) -> list[tuple[Any, ...]]:
        return self.con.execute(
            "SELECT region, status, error FROM coverage WHERE dataset = 'traffic'"
        ).fetchall()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    import requests

    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    with empty_warehouse() as con:
        yield Cloud(endpoint, con)


def test_files_of_the_window_are_read_once(cloud: Cloud) -> None:
    cloud.bucket()
    log = cloud.log()
    cloud.deliver(log, number=1)
    cloud.deliver(log, number=2)
    cloud.deliver(log, day="2026/09/30", number=3)  # before the window
    cloud.deliver("fl-other", number=4)  # of another flow log in the same folder
    done = cloud.collect()
    assert (done.failed, cloud.bytes()) == (None, 2000)
    assert done.sentence == f"flow logs of {ACCOUNT} {REGION}: 2 records of 2 files"
    assert cloud.coverage() == [(REGION, "complete", None)]
    cloud.deliver(log, number=5)
    again = cloud.collect()
    assert (again.sentence.rpartition(": ")[2], cloud.bytes()) == ("1 records of 1 files", 3000)
    assert cloud.said == [f"Reading 1 files (0.0 MB) of flow log {log}."]


def test_a_region_without_a_flow_log_lacks_nothing_and_says_so(cloud: Cloud) -> None:
    assert cloud.collect().failed is None
    assert cloud.coverage() == [(REGION, "skipped", "No flow log is set up in this region.")]


class Group:
    """A log group that answers as CloudWatch Logs does, an event a page; moto takes no events of long ago."""

    def __init__(self, *events: tuple[int, str]) -> None:
        self.events, self.asked = events, 0

    def pages(self, api: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        if api is DESCRIBE_FLOW_LOGS:
            form = " ".join(f"${{{field}}}" for field in HEADER.split())
            yield {"FlowLogs": [{"FlowLogId": "fl-1", "LogGroupName": "net", "LogFormat": form}]}
            return
        assert (api, parameters["logGroupName"]) == (FILTER_LOG_EVENTS, "net")
        self.asked += 1
        for at, message in self.events:
            if parameters["startTime"] <= at * 1000 <= parameters["endTime"]:
                yield {"events": [{"timestamp": at * 1000, "message": message}]}


def test_whole_days_of_cloudwatch_logs_are_read_once(cloud: Cloud) -> None:
    def event(at: int, card: str) -> tuple[int, str]:
        return at, f"2 {ACCOUNT} {card} 10.0.0.5 10.0.1.9 1000 {at} {at + 60} ACCEPT OK"

    over = START + 2 * 86400  # on the day that is not over
    group = Group(
        event(START, "eni-a"), event(START + 60, "eni-a"), event(START, "eni-b"), event(over, "eni-a")
    )
    cloud.session = cast("Session", SimpleNamespace(account=ACCOUNT, client=lambda region: group))
    assert (cloud.collect().failed, cloud.bytes(), group.asked) == (None, 2000, 30)
    assert cloud.coverage() == [(REGION, "complete", None)]
    assert cloud.said == ["Reading 30 days of flow log fl-1 from CloudWatch Logs."]
    cloud.collect()
    assert (cloud.bytes(), group.asked) == (2000, 30)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"LogDestinationType": "kinesis-data-firehose", "LogDestination": "arn:aws:firehose:x"}, None),
        (
            {"LogGroupName": "net", "LogFormat": "${srcaddr} ${bytes}"},
            EventLog("fl-1", "net", "srcaddr bytes"),
        ),
        ({"LogGroupName": "net"}, None),
    ],
)
def test_a_log_group_is_read_by_the_format_of_its_flow_log(
    raw: dict[str, Any], expected: EventLog | None
) -> None:
    assert event_log({"FlowLogId": "fl-1", **raw}) == expected


def test_a_day_that_takes_too_many_calls_is_left_out_with_what_to_do(tmp_path: Path) -> None:
    class Endless:
        def pages(self, *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
            while True:
                yield {"events": []}

    with pytest.raises(
        InputError, match=r"net has more than 2,000 MB on 2026-11-01: have flow logs of this size"
    ):
        write_day(cast("Any", Endless()), EventLog("fl-1", "net", "srcaddr"), AT, tmp_path / "day")


def test_a_bucket_that_is_gone_is_told_and_what_was_read_stays(cloud: Cloud) -> None:
    cloud.bucket()
    log = cloud.log()
    cloud.deliver(log)
    cloud.collect()
    bucket = cloud.s3.list_objects_v2(Bucket=BUCKET)
    for each in bucket["Contents"]:
        cloud.s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    cloud.s3.delete_bucket(Bucket=BUCKET)
    done = cloud.collect()
    assert done.failed == f"{log}: There is no bucket {BUCKET} in S3: check the address."
    assert cloud.bytes() == 1000
    assert [row[1] for row in cloud.coverage()] == ["failed"]


@pytest.mark.parametrize(
    ("options", "prefix"),
    [
        ({}, "AWSLogs/1/vpcflowlogs/eu-west-1/2026/11/01/"),
        (
            {"HiveCompatiblePartitions": True},
            "AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=11/day=01/",
        ),
    ],
)
def test_the_folder_of_a_day_is_that_of_the_flow_log(options: dict[str, Any], prefix: str) -> None:
    raw = {"FlowLogId": "fl-1", "LogDestinationType": "s3", "LogDestination": "arn:aws-cn:s3:::b/x/", "DestinationOptions": options}  # fmt: skip
    log = flow_log(raw)
    assert log is not None
    assert (log.bucket, log.of_day("1", REGION, AT)) == ("b", f"x/{prefix}")


def test_the_policy_has_what_flow_logs_need_only_when_they_are_asked_for() -> None:
    def actions(**options: bool) -> set[str]:
        return {one for each in policy(Request(), **options)["Statement"] for one in each["Action"]}

    assert actions(flow_logs=True) - actions() == {
        "ec2:DescribeFlowLogs",
        "logs:FilterLogEvents",
        "s3:ListBucket",
        "s3:GetObject",
    }
