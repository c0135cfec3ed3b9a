"""VPC flow logs that a sink of Logging writes to BigQuery: each day that is over once, added up there.

A query is billed by the bytes of the columns and partitions it reads, so each day is read once and known afterwards
by its source; what a day would be billed for is limited, and finops doctor tells it beforehand.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb

from collectors.calls import METER, CallError
from collectors.conduct import ODD_SHAPES
from collectors.flow_logs import known_parts, load_sums
from collectors.gcp.billing_query import TableName
from collectors.gcp.client import Session
from collectors.gcp.flow_tables import KEYS, FlowTable, entries_of, flow_table, flow_table_of
from collectors.gcp.listing import CLOUD
from collectors.gcp.queries import TOO_LARGE, Queries, batches
from collectors.scopes import GLOBAL, Billed
from finops.errors import CredentialsError, InputError
from finops.warehouse import Scope, Writer, record_failure

DAYS = 30  # a month of the bill is judged by a month of traffic
MOST_BYTES = 1 << 40  # that BigQuery may bill for one day: 1 TiB, about 6 USD
_LATE = timedelta(hours=3)  # after which the entries of a day are there
_NO_TABLE = (
    "Flow logs were not read: BigQuery has them where a sink of Logging writes them; give its table with --flow-logs "
    "PROJECT.DATASET.TABLE, or load exported files with finops ingest."
)
_ANSWER = "flow_answer"
_UNREADABLE = (CallError, CredentialsError, InputError)


def days_of(at: datetime) -> list[datetime]:
    """The days of the window whose entries are all there, the oldest first."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    return [day for day in days if day + timedelta(days=1) + _LATE <= at]


def tell_none(writer: Writer, accounts: list[str], at: datetime, say: Callable[[str], None]) -> None:
    """Flow logs were asked for and nobody said where they are: told, and kept for each project."""
    say(_NO_TABLE)
    for account in accounts:
        scope = Scope(CLOUD, account, GLOBAL, "traffic")
        record_failure(writer.con, writer.run_id, scope, "skipped", _NO_TABLE, at=at, calls=0)


def collect_flows(
    writer: Writer, session: Session, table: str, *, at: datetime, say: Callable[[str], None]
) -> Billed:
    """Reads the days of the window that are not known yet; `traffic` is told of them by tell_traffic().

    What cannot be had is told in the scope `traffic` of the table's project; the days before it stay.
    """
    name = flow_table(table)
    scope = Scope(CLOUD, name.project, GLOBAL, "traffic")
    before = METER.sent
    work = _Work(writer, session, name, at, say)
    failed, status = None, "failed"
    try:
        work.run()
        failed = "; ".join(work.failed) or None
    except _UNREADABLE as error:
        failed, status = str(error), getattr(error, "status", "failed")
    except ODD_SHAPES as error:
        failed = f"BigQuery's answer about {name} is not what this version understands ({error!r})."
    if failed is None:
        _tell_of_whole(writer, scope, work, at)
    told = f"flow logs of {name}: {work.records:,} records of {work.days:,} days"
    return Billed(scope, told, METER.sent - before, failed, status if failed else None)


def _tell_of_whole(writer: Writer, scope: Scope, work: "_Work", at: datetime) -> None:
    """Nothing is lacking by now, here and where a table was not given before; a table without entries is told."""
    writer.con.execute(
        "DELETE FROM coverage WHERE cloud = ? AND dataset = 'traffic' AND region = ? "
        "AND (account_id = ? AND status NOT IN ('complete', 'partial') OR error = ?)",
        [CLOUD, GLOBAL, scope.account_id, _NO_TABLE],
    )
    if work.empty:
        why = f"{work.name} has no entries of the last {DAYS} days."
        record_failure(writer.con, writer.run_id, scope, "skipped", why, at=at, calls=0)


def estimate(session: Session, table: str, at: datetime) -> int:
    """Bytes that BigQuery would process (and bill) for the whole window; a later run takes the new days only.

    Raises InputError and CallError as a collection would tell them.
    """
    source = _Source(session, flow_table(table))
    found = [(day, one) for day in days_of(at) if (one := source.of_day(day))]
    if not found:
        raise source.missing()
    return sum(source.queries.dry(one.query(day)) for day, one in found)


class _Source:
    """The table, or those of single days."""

    def __init__(self, session: Session, name: TableName) -> None:
        self._name = name
        self.queries = Queries(session, name.project, f"table of flow logs {name}", most_bytes=MOST_BYTES)
        self._whole = self._described(name, daily=False)

    def of_day(self, day: datetime) -> FlowTable | None:
        """What has the entries of a day; None where there is no table of that day."""
        if self._whole:
            return self._whole
        one = TableName(self._name.project, self._name.dataset, f"{self._name.table}_{day:%Y%m%d}")
        return self._described(one, daily=True)

    def missing(self) -> InputError:
        return InputError(
            f"There is no table {self._name} in BigQuery, nor one of a day such as {self._name}_20261030: name the one "
            "that a sink of Logging fills, as PROJECT.DATASET.TABLE."
        )

    def _described(self, name: TableName, *, daily: bool) -> FlowTable | None:
        table = self.queries.described(name)
        if table is None:
            return None
        cut = table.time_partitioning
        column = (cut.field or "_PARTITIONTIME") if cut else None
        return flow_table_of(name, table.schema, column, daily=daily)


class _Work:
    """The days of one table on their way in."""

    def __init__(
        self, writer: Writer, session: Session, name: TableName, at: datetime, say: Callable[[str], None]
    ) -> None:
        self._writer, self._session, self.name, self._at, self._say = writer, session, name, at, say
        self.records = self.days = 0
        self.empty = False
        self.failed: list[str] = []  # days that would cost too much

    def run(self) -> None:
        """Reads what is new, day by day."""
        sources = {f"bigquery://{self.name}/{day:%Y-%m-%d}": day for day in days_of(self._at)}
        known = known_parts(self._writer.con, list(sources))
        new = {source: day for source, day in sources.items() if source not in known}
        self.empty = not sum(known.values())
        if not new:
            return
        source_of = _Source(self._session, self.name)
        self._say(f"Reading {len(new):,} days of flow logs from {self.name}.")
        found = 0
        for source, day in new.items():
            if table := source_of.of_day(day):
                found += 1
                self._try(source_of.queries, table, source, day)
        if not found and not known:
            raise source_of.missing()
        self.empty = not self.days and not sum(known.values())

    def _try(self, queries: Queries, table: FlowTable, source: str, day: datetime) -> None:
        """A day that is too large is told, and the next one is read; after any other error it would fail as well."""
        try:
            self._read(queries, table, source, day)
        except CallError as error:
            if error.code != TOO_LARGE:
                raise
            self.failed.append(f"{day:%Y-%m-%d}: {error}")

    def _read(self, queries: Queries, table: FlowTable, source: str, day: datetime) -> None:
        fingerprint = queries.asked(
            table.query(day), lambda rows: _keep(self._writer.con, source, batches(rows))
        )
        part = load_sums(self._writer, entries_of(_ANSWER), source, fingerprint, self._at)
        self._writer.con.execute(f"DROP TABLE {_ANSWER}")
        self.records += part.records
        self.days += bool(part.records)


def _keep(con: duckdb.DuckDBPyConnection, source: str, pages: Iterator[Any]) -> str:
    """The pages of an answer into a table of its own, which may wait on the disk; returns the SHA-256 of them."""
    columns = ", ".join(f"{name} VARCHAR" for name in ("flow_day", *KEYS, "first_at", "last_at"))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_ANSWER} ({columns}, records BIGINT, bytes DOUBLE)")
    digest = hashlib.sha256(source.encode())
    for page in pages:
        digest.update(page.serialize())
        con.register("flow_page", page)
        con.execute(f"INSERT INTO {_ANSWER} BY NAME SELECT * FROM flow_page")  # noqa: S608
        con.unregister("flow_page")
    return digest.hexdigest()
