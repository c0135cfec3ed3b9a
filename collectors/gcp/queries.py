"""Queries of BigQuery through Google's library: tables described, queries asked, estimated, their pages as Arrow.

The library makes jobs, waits for them and turns pages; it retries nothing here but a page that broke off, for
a few seconds, because what it does by itself is ten minutes of silence.
"""

import concurrent.futures
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pyarrow as pa
import requests
from google.api_core import client_info, exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery

from collectors.calls import CallError
from collectors.gcp.api import Api
from collectors.gcp.billing_cells import batch_of
from collectors.gcp.billing_query import Query, TableName
from collectors.gcp.client import NOT_THERE, Client, Session
from collectors.gcp.services import SERVICES
from finops import __version__

GET_TABLE = Api(
    "bigquery", "bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}", "bigquery.tables.get"
)
QUERY = Api(
    "bigquery", "bigquery/v2/projects/{project}/queries", "bigquery.jobs.create", "bigquery.tables.getData"
)

TOO_LARGE = "bytesBilledLimitExceeded"  # which is answered where a limit was set
_NO_PERMISSION = ("accessDenied", "forbidden", "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "403")
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


class Queries:
    """Queries of one project, about tables of one place.

    `title` is what sentences call what is read; a query that would be billed for more than `most_bytes` does not run.
    """

    def __init__(self, session: Session, project: str, title: str, *, most_bytes: int | None = None) -> None:
        self._client: Client = session.client(project)
        self._bigquery = _library(session, project)
        self._location: str | None = None
        self._jobs_only = False
        self._title = title
        self._limits = {} if most_bytes is None else {"maximum_bytes_billed": most_bytes}

    def described(self, name: TableName) -> bigquery.Table | None:
        """What a table is; None where there is none. Raises CallError when it may not be looked at."""
        reference = bigquery.DatasetReference(name.project, name.dataset).table(name.table)
        try:
            table: bigquery.Table = self._client.call(
                GET_TABLE,
                lambda: self._bigquery.get_table(reference, retry=None, timeout=_REQUEST),  # type: ignore[arg-type]
                counted=False,
            )
        except CallError as error:
            if error.code in ("notFound", "NOT_FOUND", "404"):
                return None
            raise
        self._location = table.location
        return table

    def asked(self, query: Query, understand: Callable[[Any], T]) -> T:
        """What a query brings. The function reads all pages, because one that broke off cannot be gone on with."""

        def ask() -> T:
            try:
                return understand(self._by_job(query) if self._jobs_only else self._at_once(query))
            except concurrent.futures.TimeoutError as error:
                raise CallError(
                    "failed",
                    "Timeout",
                    f"A query of the {self._title} took more than {_JOB:.0f} seconds and was given up.",
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
            job_config=_config(query, **self._limits),
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
            job_config=_config(query, **self._limits),
            location=self._location,
            retry=_AGAIN,
            job_retry=None,
            timeout=_REQUEST,
        )
        return job.result(page_size=_PAGE, retry=_AGAIN, job_retry=None, timeout=_JOB)

    def dry(self, query: Query) -> int:
        """Bytes that BigQuery would process for a query, as it bills them. It runs nothing."""

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
            if error.code == TOO_LARGE:
                raise self._too_large(error) from error
            if error.code not in _NO_PERMISSION:
                raise
            jobs, data = QUERY.actions
            raise CallError(
                "denied",
                error.code,
                f"The {self._title} may not be read ({error.code}): it takes {jobs} in project "
                f"{self._client.project} and {data} on the table; finops permissions gcp prints the role.",
            ) from error

    def _too_large(self, error: CallError) -> CallError:
        return CallError(
            "failed",
            error.code,
            f"A query of the {self._title} was not run: it would be billed for more than "
            f"{self._limits['maximum_bytes_billed'] / (1 << 30):,.0f} GiB. "
            "Export files and load them with finops ingest.",
        )


def _library(session: Session, project: str) -> bigquery.Client:
    return bigquery.Client(
        project=project,
        credentials=session.credentials.of(SERVICES["bigquery"].scope),
        _http=session.http("bigquery", counted=True),
        client_options={"api_endpoint": session.address("bigquery")[0]},
        client_info=client_info.ClientInfo(user_agent=f"finops/{__version__}"),  # type: ignore[no-untyped-call]
    )


def batches(rows: Any) -> Iterator[pa.RecordBatch]:
    """The pages of an answer."""
    for page in rows.pages:
        found = page.raw_page.get("rows") or []
        batch = batch_of(rows.schema, found)
        found.clear()  # or two pages of small objects would be here at a time: the library keeps the last one
        yield batch


def _config(query: Query, **more: Any) -> bigquery.QueryJobConfig:
    parameters = [bigquery.ScalarQueryParameter(one.name, one.type, one.value) for one in query.parameters]
    return bigquery.QueryJobConfig(query_parameters=parameters, use_legacy_sql=False, **more)
