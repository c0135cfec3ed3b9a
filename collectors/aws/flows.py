"""VPC flow logs that AWS delivers to S3: found by asking, read day by day, each file once.

find    the flow logs of a region, and where they are delivered to
list    the objects of each day of the window, those of this log only
read    each object that is not known yet, one at a time

Those that go to CloudWatch Logs or Firehose are told and not read: every query there is paid by the bytes it looks
at. An export of them is a file for `finops ingest`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from collectors.aws.client import Api, Session
from collectors.aws.storage import GET_OBJECT, LIST_OBJECTS, Bucket
from collectors.bills.remote import Remote, downloaded, known, remember
from collectors.calls import METER, CallError
from collectors.flow_logs import ingest_file
from collectors.scopes import Billed, nothing
from finops.errors import IncompleteError, InputError
from finops.warehouse import Scope, Writer, record_failure

__all__ = ["DESCRIBE_FLOW_LOGS", "GET_OBJECT", "LIST_OBJECTS", "collect_flows"]

DESCRIBE_FLOW_LOGS = Api("ec2", "describe_flow_logs", "ec2:DescribeFlowLogs", probe={"MaxResults": 5})
DAYS = 30  # a month of the bill is judged by a month of traffic


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log that is delivered to S3: below `folder` of the bucket, in folders named as Hive wants them or not."""

    log_id: str
    bucket: str
    folder: str
    hive: bool

    def of_day(self, account: str, region: str, day: datetime) -> str:
        """The prefix of a day's objects, of every hour of it."""
        if self.hive:
            place = f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}"
            return f"{self.folder}AWSLogs/{place}/year={day:%Y}/month={day:%m}/day={day:%d}/"
        return f"{self.folder}AWSLogs/{account}/vpcflowlogs/{region}/{day:%Y/%m/%d}/"


def flow_log(raw: dict[str, Any]) -> FlowLog | None:
    """A flow log as DescribeFlowLogs tells it; None where it is not delivered to S3."""
    destination = str(raw.get("LogDestination") or "")
    if raw.get("LogDestinationType") != "s3" or ":::" not in destination:
        return None
    bucket, _, folder = destination.split(":::", 1)[1].partition("/")
    folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
    hive = bool((raw.get("DestinationOptions") or {}).get("HiveCompatiblePartitions"))
    return FlowLog(str(raw["FlowLogId"]), bucket, folder, hive)


def collect_flows(
    writer: Writer, session: Session, region: str, *, at: datetime, say: Callable[[str], None]
) -> Billed:
    """Reads what one region's flow logs brought to S3 in the last DAYS days.

    What cannot be had is told in the scope `traffic` of the region; `traffic` itself is told by tell_traffic().
    """
    scope = Scope("aws", session.account, region, "traffic")
    before = METER.sent
    try:
        found = [
            one
            for page in session.client(region).pages(DESCRIBE_FLOW_LOGS)
            for one in page.get("FlowLogs", [])
        ]
    except CallError as error:
        return nothing(scope, _named(scope), METER.sent - before, error)
    logs = [log for raw in found if (log := flow_log(raw))]
    if not logs:
        return _without(writer, scope, len(found), METER.sent - before, at)
    work = _Work(writer, session, region, at, say)
    for log in logs:
        work.take(log)
    told = f"{_named(scope)}: {work.records:,} records of {work.files:,} files"
    if not work.failed:
        _forget_failure(writer, scope)
    return Billed(scope, told, METER.sent - before, "; ".join(work.failed) or None, "failed")


def _named(scope: Scope) -> str:
    return f"flow logs of {scope.account_id} {scope.region}"


def _without(writer: Writer, scope: Scope, others: int, calls: int, at: datetime) -> Billed:
    """A region without a flow log that is delivered to S3: nothing is lacking, and why is told."""
    why = "No flow log is set up in this region."
    if others:
        why = f"{others:,} flow logs here are not delivered to S3: export them, and give the files to finops ingest."
    record_failure(writer.con, writer.run_id, scope, "skipped", why, at=at, calls=calls)
    return Billed(scope, f"{_named(scope)}: none in S3", calls)


def _forget_failure(writer: Writer, scope: Scope) -> None:
    writer.con.execute(
        "DELETE FROM coverage WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?) "
        "AND status NOT IN ('complete', 'partial')",
        [scope.cloud, scope.account_id, scope.region, scope.dataset],
    )


class _Work:
    """The files of one region on their way in."""

    def __init__(
        self, writer: Writer, session: Session, region: str, at: datetime, say: Callable[[str], None]
    ) -> None:
        self._writer, self._session, self._region, self._at, self._say = writer, session, region, at, say
        self.files = self.records = 0
        self.failed: list[str] = []

    def take(self, log: FlowLog) -> None:
        """Reads what is new of one flow log; what cannot be had is added to `failed`."""
        bucket = Bucket(self._session.client(self._region), log.bucket)
        try:
            new = [
                one
                for one in self._objects(bucket, log)
                if known(self._writer.con, one, replace=False) is None
            ]
            size = sum(file.size for one in new for file in one.files)
            self._say(f"Reading {len(new):,} files ({size / 1e6:,.1f} MB) of flow log {log.log_id}.")
            with TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as folder:
                for one in new:
                    self._read(one, Path(folder))
        except (CallError, IncompleteError, InputError) as error:
            self.failed.append(f"{log.log_id}: {error}")

    def _objects(self, bucket: Bucket, log: FlowLog) -> Iterator[Remote]:
        """Other flow logs of the account may be delivered into the same folders."""
        for back in range(DAYS, -1, -1):
            prefix = log.of_day(self._session.account, self._region, self._at - timedelta(days=back))
            for each in bucket.objects(prefix):
                if f"_{log.log_id}_" in each.name:
                    yield Remote(bucket, (each,))

    def _read(self, remote: Remote, folder: Path) -> None:
        with downloaded(remote, folder) as paths:
            path = next(iter(paths.values()))
            try:
                result = ingest_file(self._writer, path, at=self._at, source=remote.source)
            except InputError as error:
                raise InputError(str(error).replace(str(path), remote.source)) from error
        remember(self._writer.con, remote, [result], self._writer.run_id)
        self.files += 1
        self.records += result.rows
