"""VPC flow logs that AWS delivers to S3 or CloudWatch Logs: found by asking, read day by day, each file once.

find    the flow logs of a region, and where they are delivered to
list    the objects of each day of the window, those of this log only; of CloudWatch Logs the whole days
read    each that is not known yet, one at a time

Those that go to Firehose are told and not read. What is read of CloudWatch Logs is in flow_events.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from collectors.aws.client import Api, Session
from collectors.aws.flow_events import FILTER_LOG_EVENTS, EventLog, event_log, write_day
from collectors.aws.storage import GET_OBJECT, LIST_OBJECTS, Bucket
from collectors.bills import FileResult
from collectors.bills.remote import Remote, downloaded, known, remember
from collectors.calls import METER, CallError
from collectors.flow_logs import ingest_file
from collectors.scopes import Billed, nothing
from finops.errors import IncompleteError, InputError
from finops.warehouse import Scope, Writer, record_failure

__all__ = ["DESCRIBE_FLOW_LOGS", "FILTER_LOG_EVENTS", "GET_OBJECT", "LIST_OBJECTS", "collect_flows"]

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
    """Reads what one region's flow logs brought to S3 and CloudWatch Logs in the last DAYS days.

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
    logs = [log for raw in found if (log := flow_log(raw) or event_log(raw))]
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
    """A region without a flow log that can be read: nothing is lacking, and why is told."""
    why = "No flow log is set up in this region."
    if others:
        why = f"{others:,} flow logs here go elsewhere than to S3 and CloudWatch: give files of them to finops ingest."
    record_failure(writer.con, writer.run_id, scope, "skipped", why, at=at, calls=calls)
    return Billed(scope, f"{_named(scope)}: none that can be read", calls)


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

    def take(self, log: FlowLog | EventLog) -> None:
        """Reads what is new of one flow log; what cannot be had is added to `failed`."""
        try:
            with TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as folder:
                if isinstance(log, EventLog):
                    self._take_events(log, Path(folder))
                else:
                    self._take_objects(log, Path(folder))
        except (CallError, IncompleteError, InputError) as error:
            self.failed.append(f"{log.log_id}: {error}")

    def _take_objects(self, log: FlowLog, folder: Path) -> None:
        bucket = Bucket(self._session.client(self._region), log.bucket)
        new = [
            one for one in self._objects(bucket, log) if known(self._writer.con, one, replace=False) is None
        ]
        size = sum(file.size for one in new for file in one.files)
        self._say(f"Reading {len(new):,} files ({size / 1e6:,.1f} MB) of flow log {log.log_id}.")
        for one in new:
            self._read(one, folder)

    def _take_events(self, log: EventLog, folder: Path) -> None:
        """Days that are over, so that each is the same whenever it is read; those that are known stay as they are."""
        today = self._at.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
        sources = {log.source(self._session.account, self._region, day): day for day in days}
        rows = self._writer.con.execute(
            "SELECT source FROM flow_files WHERE list_contains(?, source)", [list(sources)]
        ).fetchall()
        new = {source: day for source, day in sources.items() if (source,) not in rows}
        self._say(f"Reading {len(new):,} days of flow log {log.log_id} from CloudWatch Logs.")
        for source, day in new.items():
            path = folder / "day.log.gz"
            write_day(self._session.client(self._region), log, day, path)
            self._load(path, source)

    def _objects(self, bucket: Bucket, log: FlowLog) -> Iterator[Remote]:
        """Other flow logs of the account may be delivered into the same folders."""
        for back in range(DAYS, -1, -1):
            prefix = log.of_day(self._session.account, self._region, self._at - timedelta(days=back))
            for each in bucket.objects(prefix):
                if f"_{log.log_id}_" in each.name:
                    yield Remote(bucket, (each,))

    def _read(self, remote: Remote, folder: Path) -> None:
        with downloaded(remote, folder) as paths:
            result = self._load(next(iter(paths.values())), remote.source)
        remember(self._writer.con, remote, [result], self._writer.run_id)

    def _load(self, path: Path, source: str) -> FileResult:
        try:
            result = ingest_file(self._writer, path, at=self._at, source=source)
        except InputError as error:
            raise InputError(str(error).replace(str(path), source)) from error
        self.files += 1
        self.records += result.rows
        return result
