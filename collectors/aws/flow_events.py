"""Flow logs that AWS delivers to CloudWatch Logs, as files: one of each whole day, in the format of the log.

FilterLogEvents costs nothing beside the transfer, while a query of Logs Insights is paid by the bytes it looks at and
answers with at most 10,000 rows. It gives a megabyte a call, so a day of a large network takes too many calls: beyond
MOST_CALLS the day is left out, and that is told.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.aws.client import Api, Client
from finops.errors import InputError

FILTER_LOG_EVENTS = Api("logs", "filter_log_events", "logs:FilterLogEvents", page=10_000)
MOST_CALLS = 2_000  # of one day; about 2 GB of text


@dataclass(frozen=True, slots=True)
class EventLog:
    """A flow log that is delivered to a log group; `fields` as a header names them."""

    log_id: str
    group: str
    fields: str

    def source(self, account: str, region: str, day: datetime) -> str:
        """What the warehouse calls a day of it, with account and region as the name of a file in S3 tells them."""
        return f"cloudwatch://{self.group}/{account}_vpcflowlogs_{region}_{self.log_id}_{day:%Y%m%d}"


def event_log(raw: dict[str, Any]) -> EventLog | None:
    """A flow log as DescribeFlowLogs tells it; None where it is not delivered to CloudWatch Logs."""
    group, form = raw.get("LogGroupName"), str(raw.get("LogFormat") or "")
    if raw.get("LogDestinationType", "cloud-watch-logs") != "cloud-watch-logs" or not group or not form:
        return None
    return EventLog(str(raw["FlowLogId"]), str(group), " ".join(word.strip("${}") for word in form.split()))


def write_day(client: Client, log: EventLog, day: datetime, path: Path) -> None:
    """One day of a log into a file with its header. Raises CallError, InputError when it takes too many calls."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(log.fields + "\n")
        for message in _messages(client, log, day):
            file.write(" ".join(message.split()) + "\n")


def _messages(client: Client, log: EventLog, day: datetime) -> Iterator[str]:
    """Of every interface: their streams are called after them."""
    span = {"startTime": _milliseconds(day), "endTime": _milliseconds(day + timedelta(days=1)) - 1}
    pages = client.pages(FILTER_LOG_EVENTS, logGroupName=log.group, **span)
    for number, page in enumerate(pages):
        if number >= MOST_CALLS:
            raise InputError(
                f"{log.group} has more than {MOST_CALLS:,} MB on {day:%Y-%m-%d}: have flow logs of this size "
                "delivered to S3, or export it and give the files to finops ingest"
            )
        yield from (str(event.get("message") or "") for event in page.get("events", []))


def _milliseconds(instant: datetime) -> int:
    return int(instant.replace(tzinfo=UTC).timestamp() * 1000)
