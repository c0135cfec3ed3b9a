"""The table with the billing export, as BigQuery is asked for it: what it is, its marks, the rows of a day.

Google's library makes jobs, waits for them and turns pages; it retries nothing here but a page that broke off, for
a few seconds, because what it does by itself is ten minutes of silence.
"""

import concurrent.futures
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa
import requests
from google.api_core import client_info, exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery

from collectors.calls import CallError
from collectors.gcp.api import Api
from collectors.gcp.billing_cells import batch_of
from collectors.gcp.billing_days import Day
from collectors.gcp.billing_query import Export, Parts, Query, TableName, export_of
from collectors.gcp.client import NOT_THERE, Client, Session
from collectors.gcp.services import SERVICES
from finops import __version__
from finops.errors import InputError

GET_TABLE = Api(
    "bigquery", "bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}", "bigquery.tables.get"
)
QUERY = Api(
    "bigquery", "bigquery/v2/projects/{project}/queries", "bigquery.jobs.create", "bigquery.tables.getData"
)

_NO_PERMISSION = ("accessDenied", "forbidden", "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "403")
_INVALID = ("invalidQuery", "invalid", "INVALID_ARGUMENT", "400")
# What is answered where there are jobs only; whether there is such a table has been asked before.
_NO_QUERIES = (*NOT_THERE, "405", "501")
_REQUEST = 60.0  # seconds for one request
_JOB = 300.0  # seconds for one query
_PAGE = 10_000  # rows; an answer has 10 MB at most
_AGAIN = Retry(
    if_exception_type(
        exceptions.InternalServerError, exceptions.BadGateway, exceptions.ServiceUnavailable, exceptions.GatewayTimeout,
        requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, ConnectionError,
    ),
    initial=0.5, maximum=2.0, timeout=6.0,
)  # fmt: skip
T = TypeVar("T")
Days = dict[date, dict[date, Day]]  # by the first day of the billing period, and by day


@dataclass(frozen=True, slots=True)
class Marks:
    """What the table tells of its days; `parts` are the partitions of each, `nowhere` counts rows without either."""

    days: Days
    parts: dict[tuple[date, date], Parts]
    nowhere: int = 0

    def parts_of(self, month: date, days: Iterable[date]) -> Parts:
        """The first and last partition of several days."""
        found = [self.parts.get((month, day)) for day in days]
        ends = [each for each in found if each and None not in each]
        if len(ends) < len(found):
            return None
        return min(first for first, _ in ends), max(last for _, last in ends)


class Table:
    """One table, asked in the name of the project that runs the jobs."""

    def __init__(self, session: Session, name: TableName, run_in: str | None) -> None:
        """Looks at the table. Raises InputError when there is none or it is no export, CallError when it may not be
        looked at."""
        self._client: Client = session.client(run_in or name.project)
        self._bigquery = _library(session, run_in or name.project)
        self._location: str | None = None
        self._jobs_only = False
        self.expires_after: float | None = None  # seconds for which the table keeps a partition
        self.export = self._described(name)

    def marks(self, since: date) -> Marks:
        """What tells whether a day has changed, of all days of the billing periods from `since` on."""
        return self._pruned(
            lambda: marks_of(self._asked(self.export.marks(since), lambda rows: [dict(row) for row in rows]))
        )

    def fetch(
        self,
        month: date,
        days: Sequence[date],
        parts: Parts,
        keep: Callable[[Iterator[pa.RecordBatch]], None],
    ) -> None:
        """Hands the rows of some days to `keep`, page by page; from the first one again when that breaks off."""
        self._asked(self.export.rows(month, days, parts), lambda rows: keep(_batches(rows)))

    def estimate(self, since: date, until: date) -> int:
        """Bytes that BigQuery would process for everything from `since` on, as it bills them. It runs nothing."""
        return self._pruned(
            lambda: self._dry(self.export.marks(since)) + self._dry(self.export.all_rows(since, until))
        )

    def _pruned(self, ask: Callable[[], T]) -> T:
        """An answer; where its partitions cannot be asked for, as in some copies of a table, without them: they only
        save."""
        try:
            return ask()
        except CallError as error:
            if self.export.partition is None or error.code not in _INVALID:
                raise
            self.export = replace(self.export, partition=None)
            return ask()

    def _described(self, name: TableName) -> Export:
        reference = bigquery.DatasetReference(name.project, name.dataset).table(name.table)
        try:
            table = self._client.call(
                GET_TABLE,
                lambda: self._bigquery.get_table(reference, retry=None, timeout=_REQUEST),  # type: ignore[arg-type]
                counted=False,
            )
        except CallError as error:
            if error.code in ("notFound", "NOT_FOUND", "404"):
                raise InputError(
                    f"There is no table {name} in BigQuery: name the billing export as PROJECT.DATASET.TABLE."
                ) from error
            raise
        self._location = table.location
        cut = table.time_partitioning if table.streaming_buffer is None else None
        if cut and cut.expiration_ms:
            self.expires_after = float(cut.expiration_ms) / 1000
        return export_of(name, table.schema, (cut.field, cut.type_ or "DAY") if cut else None)

    def _asked(self, query: Query, understand: Callable[[Any], T]) -> T:
        """What a query brings. The function reads all pages, because one that broke off cannot be gone on with."""

        def ask() -> T:
            try:
                return understand(self._by_job(query) if self._jobs_only else self._at_once(query))
            except concurrent.futures.TimeoutError as error:
                raise CallError(
                    "failed",
                    "Timeout",
                    f"A query of {self.export.name} took more than {_JOB:.0f} seconds and was given up.",
                ) from error

        try:
            return self._called(ask)
        except CallError as error:
            if self._jobs_only or error.code not in _NO_QUERIES:
                raise
            self._jobs_only = True
            return self._called(ask)

    def _at_once(self, query: Query) -> Any:
        """A query whose first rows come with the answer to it."""
        return self._bigquery.query_and_wait(
            query.sql,
            job_config=_config(query),
            location=self._location,
            api_timeout=_REQUEST,
            wait_timeout=_JOB,
            retry=_AGAIN,
            job_retry=None,  # type: ignore[arg-type] # None is documented
            page_size=_PAGE,
        )

    def _by_job(self, query: Query) -> Any:
        """A query as a job whose rows are asked for afterwards, where a private endpoint knows nothing else."""
        job = self._bigquery.query(
            query.sql,
            job_config=_config(query),
            location=self._location,
            retry=_AGAIN,
            job_retry=None,
            timeout=_REQUEST,
        )
        return job.result(page_size=_PAGE, retry=_AGAIN, job_retry=None, timeout=_JOB)

    def _dry(self, query: Query) -> int:
        def ask() -> int:
            job = self._bigquery.query(
                query.sql,
                job_config=_config(query, dry_run=True, use_query_cache=False),
                location=self._location,
                retry=_AGAIN,
                job_retry=None,
                timeout=_REQUEST,
            )
            return int(job.total_bytes_processed or 0)

        return self._called(ask)

    def _called(self, ask: Callable[[], T]) -> T:
        try:
            return self._client.call(QUERY, ask, counted=False)
        except CallError as error:
            if error.code not in _NO_PERMISSION:
                raise
            jobs, data = QUERY.actions
            raise CallError(
                "denied",
                error.code,
                f"The billing export {self.export.name} may not be read ({error.code}): it takes {jobs} in project "
                f"{self._client.project} and {data} on the table; finops permissions gcp prints the role.",
            ) from error


def _library(session: Session, project: str) -> bigquery.Client:
    return bigquery.Client(
        project=project,
        credentials=session.credentials.of(SERVICES["bigquery"].scope),
        _http=session.http("bigquery", counted=True),
        client_options={"api_endpoint": session.address("bigquery")[0]},
        client_info=client_info.ClientInfo(user_agent=f"finops/{__version__}"),  # type: ignore[no-untyped-call]
    )


def _batches(rows: Any) -> Iterator[pa.RecordBatch]:
    for page in rows.pages:
        found = page.raw_page.get("rows") or []
        batch = batch_of(rows.schema, found)
        found.clear()  # or two pages of small objects would be here at a time: the library keeps the last one
        yield batch


def _config(query: Query, **more: Any) -> bigquery.QueryJobConfig:
    parameters = [bigquery.ScalarQueryParameter(one.name, one.type, one.value) for one in query.parameters]
    return bigquery.QueryJobConfig(query_parameters=parameters, use_legacy_sql=False, **more)


def marks_of(rows: list[dict[str, Any]]) -> Marks:
    """The answer of the query for marks, by billing period and day."""
    marks = Marks({}, {})
    nowhere = 0
    for row in rows:
        month, day = _month(row["period"]), row["day"]
        if month is None or day is None:
            nowhere += int(row["items"])
            continue
        known = marks.days.setdefault(month, {}).setdefault(day, Day())
        latest = next((str(row[name]) for name in ("latest", "last_part") if row.get(name) is not None), "")
        known.add(
            int(row["items"]),
            str(row["currency"] or ""),
            _amount(row["amount"]),
            _amount(row["second"]),
            latest,
        )
        parts, before = (row.get("first_part"), row.get("last_part")), marks.parts.get((month, day))
        if before and None not in (*before, *parts):
            parts = (min(before[0], parts[0]), max(before[1], parts[1]))
        marks.parts[month, day] = parts
    return Marks(marks.days, marks.parts, nowhere)


def _month(period: object) -> date | None:
    """The first day of a billing period, which an export has as 202610 or as an instant in its first hours."""
    if isinstance(period, datetime | date):
        return date(period.year, period.month, 1)
    text = str(period or "")
    if len(text) == 6 and text.isdigit() and 1 <= int(text[4:]) <= 12:
        return date(int(text[:4]), int(text[4:]), 1)
    return None


def _amount(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)
