"""What is asked of a table that a sink of Logging fills with flow logs: whether it is one, and the text of the query.

Nothing here is on the network. Such a table is one that is cut by day (`…_vpc_flows`, by `timestamp` or by arrival), or
one for each day (`…_vpc_flows_20261030`). Its columns grow with what entries have, so that any but the few that each
entry has may be absent; those are asked for as NULL. BigQuery adds up by day, pair and end: a terabyte of entries is
some thousands of rows. The result is as an entry again, which is what the mapping beside flow_logs/ reads.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collectors.bills.layout import literal
from collectors.gcp.billing_query import Parameter, Query, SchemaField, TableName, leaves_of
from finops.errors import InputError

_DAILY = re.compile(r"_\d{8}$")
_ENDS = tuple(
    f"{end}_instance.{name}"
    for end in ("src", "dest")
    for name in ("project_id", "region", "zone", "vm_name")
)
# What flows are told apart by: the fields of an entry that the mapping reads, but for the bytes and the instant.
_PAYLOAD = (
    "reporter", "connection.src_ip", "connection.dest_ip", *_ENDS, "src_google_service.type",
    "dest_google_service.type",
)  # fmt: skip
KEYS = {
    "log_name": "logName",
    "label_project_id": "resource.labels.project_id",
    "label_location": "resource.labels.location",
    **{path.replace(".", "_"): f"jsonPayload.{path}" for path in _PAYLOAD},
}
_NEEDED = (
    "timestamp",
    "jsonPayload.connection.src_ip",
    "jsonPayload.connection.dest_ip",
    "jsonPayload.bytes_sent",
)
_ARRIVES = timedelta(days=2)  # within which an entry of a day is there, where a table is cut by arrival


def flow_table(text: str) -> TableName:
    """The table that a user named, without the day. Raises InputError for what is no name of a table."""
    name = TableName.of(text)
    return replace(name, table=_DAILY.sub("", name.table))


@dataclass(frozen=True, slots=True)
class FlowTable:
    """A table with flow logs: its columns, and what it is cut by; `cut` is None for the table of a single day."""

    name: TableName
    columns: frozenset[str]
    cut: str | None

    def query(self, day: datetime) -> Query:
        """What the entries of a day add up to, by the day on which flows began, pair and end."""
        inner = ", ".join(
            [
                *(f"{self._text(path)} AS {name}" for name, path in KEYS.items()),
                self._started(),
                self._bytes(),
            ]
        )
        where, parameters = self._within(day)
        keys = ", ".join(["flow_day", *KEYS])
        # Bytes that are no number make a group of their own, which is counted as what cannot be read.
        counted = "COUNT(*) AS records, SUM(size) AS bytes, MIN(started) AS first_at, MAX(started) AS last_at"
        fits = "sent >= 0 AND sent < 1e18"
        kept = f"IF({fits}, sent, NULL) AS size, IF({fits}, TRUE, FALSE) AS readable"
        rows = f"SELECT *, SUBSTR(started, 1, 10) AS flow_day, {kept} FROM (SELECT {inner} FROM `{self.name}`{where})"  # noqa: S608
        text = f"SELECT {keys}, {counted} FROM ({rows}) GROUP BY {keys}, readable"  # noqa: S608
        return Query(text, parameters)

    def _text(self, path: str) -> str:
        """A column as text; NULL where no entry ever had one."""
        return f"CAST({_quoted(path)} AS STRING)" if path in self.columns else "CAST(NULL AS STRING)"

    def _started(self) -> str:
        return f"COALESCE({self._text('jsonPayload.start_time')}, CAST(`timestamp` AS STRING)) AS started"

    def _bytes(self) -> str:
        return f"SAFE_CAST({self._text('jsonPayload.bytes_sent')} AS FLOAT64) AS sent"

    def _within(self, day: datetime) -> tuple[str, tuple[Parameter, ...]]:
        if self.cut is None:
            return "", ()
        where = " WHERE `timestamp` >= @start AND `timestamp` < @stop"
        parameters = [
            Parameter("start", "TIMESTAMP", day),
            Parameter("stop", "TIMESTAMP", day + timedelta(days=1)),
        ]
        if self.cut == "_PARTITIONTIME":  # which is NULL for what is still being written
            where += " AND (_PARTITIONTIME IS NULL OR _PARTITIONTIME >= @start AND _PARTITIONTIME < @arrived)"
            parameters.append(Parameter("arrived", "TIMESTAMP", day + _ARRIVES))
        return where, tuple(parameters)


def _quoted(path: str) -> str:
    return ".".join(f"`{part}`" for part in path.split("."))


def flow_table_of(
    name: TableName, schema: Iterable[SchemaField], cut: str | None, *, daily: bool
) -> FlowTable:
    """A table as BigQuery describes it; `cut` is the column it is cut by. Raises InputError for one without flow logs,
    and for one of which each day would read all."""
    types = {leaf.dotted: leaf.type for leaf in leaves_of(schema) if not leaf.repeated}
    if lacking := [path for path in _NEEDED if path not in types]:
        raise InputError(
            f"The table {name} has no flow logs (it lacks {', '.join(lacking)}): name the one that a sink of Logging "
            "fills, such as my-project.logs.compute_googleapis_com_vpc_flows."
        )
    if not daily and (cut not in ("timestamp", "_PARTITIONTIME") or types["timestamp"] != "TIMESTAMP"):
        raise InputError(
            f"The table {name} is not partitioned by its timestamp, so that each day would be billed as all: name "
            "the table that a sink of Logging fills, or export files and load them with finops ingest."
        )
    return FlowTable(name, frozenset(types), None if daily else cut)


def entries_of(answer: str) -> str:
    """The rows of an answer as entries, for load_sums(); `answer` is the name of a table with KEYS and the sums."""
    labels = _object({"project_id": "label_project_id", "location": "label_location"})
    tree: dict[str, dict[str, str]] = {}
    for path in _PAYLOAD:
        above, _, leaf = path.rpartition(".")
        tree.setdefault(above, {})[leaf] = path.replace(".", "_")
    payload = {
        "start_time": "first_at",
        "bytes_sent": "CAST(bytes AS VARCHAR)",
        **tree.pop(""),
        **{above: _object(inner) for above, inner in tree.items()},
    }
    entry = {
        "logName": "log_name",
        "timestamp": "first_at",
        "resource": _object({"labels": labels}),
        "jsonPayload": _object(payload),
    }
    return f"SELECT {_object(entry)} AS j, records FROM {answer}"  # noqa: S608


def _object(fields: dict[str, str]) -> str:
    return f"json_object({', '.join(f'{literal(name)}, {value}' for name, value in fields.items())})"
