"""The bill of the local Google Cloud: what its tables hold is what its ledger says, at the catalogue's prices."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import BadRequest, Forbidden, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.servers.gcp import prices
from tests.servers.gcp.cloud import Cloud, Truth
from tests.servers.gcp.export import FOCUS, STANDARD, TABLE

WEB = "acme-web-prod"
CENT = Decimal("0.005")
NET = "SUM(cost) + SUM(IFNULL((SELECT SUM(c.amount) FROM UNNEST(credits) AS c), 0))"


@pytest.fixture(scope="module")
def served() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def truth(served: Cloud) -> Truth:
    return served.estate(n=30)


@pytest.fixture
def client(served: Cloud, truth: Truth) -> Iterator[bigquery.Client]:
    options = ClientOptions(api_endpoint=served.endpoint)
    made = bigquery.Client(project=WEB, credentials=AnonymousCredentials(), client_options=options)
    yield made
    made.close()


def asked(client: bigquery.Client, sql: str, table: str = TABLE, **options: Any) -> list[Any]:
    """The rows of a query, in which {} is the table."""
    name = f"`{WEB}.billing.{table}`"
    return list(
        client.query(
            sql.format(name), bigquery.QueryJobConfig(**options), retry=None, job_retry=None
        ).result()
    )


def differing(told: dict[Any, Decimal], known: dict[Any, Decimal]) -> list[Any]:
    return [
        key for key in {*told, *known} if abs(told.get(key, Decimal(0)) - known.get(key, Decimal(0))) > CENT
    ]


@pytest.mark.parametrize("second", [False, True])
def test_the_tables_hold_what_the_ledger_says(served: Cloud, client: bigquery.Client, second: bool) -> None:
    served.bill_days(22)
    totals = served.bill_like(second_account=second)
    rows = asked(
        client,
        f"SELECT currency, invoice.month AS month, project.id AS project, resource.global_name AS name, {NET} AS net FROM {{}} GROUP BY 1, 2, 3, 4",
    )
    told: dict[Any, Decimal] = {}
    for row in rows:
        number = row.name.rpartition("/")[2] if row.name else None
        told[row.currency, row.month, row.project, number] = Decimal(str(row.net))
    assert not differing(told, totals.by("currency", "month", "project", "resource"))
    assert {key[0] for key in told} == ({"USD", "EUR"} if second else {"USD"})
    assert {key[1] for key in told} == {"202610", "202611"}
    by_project = {
        (row.project,): Decimal(str(row.net))
        for row in asked(client, f"SELECT project.id AS project, {NET} AS net FROM {{}} GROUP BY 1", STANDARD)
    }
    assert not differing(by_project, totals.by("project"))
    billed = "SELECT BillingCurrency AS currency, SubAccountId AS project, SUM(BilledCost) AS net FROM {} GROUP BY 1, 2"
    focus = {(row.currency, row.project): row.net for row in asked(client, billed, FOCUS)}
    assert focus == totals.by("currency", "project")


def test_a_machine_costs_its_hours_at_the_prices_of_the_catalogue_less_its_discounts(
    served: Cloud, client: bigquery.Client
) -> None:
    item = {"name": "alone", "_type": "n2-standard-4", "_from": "2026-11-10T00:00:00Z"}
    number = served.put("instances", "zones/europe-west1-b", item)
    [(_, net)] = served.totals().by("resource", resource=number).items()
    rows = asked(
        client,
        "SELECT cost, sku.id AS sku, credits FROM {} WHERE resource.global_name LIKE '%/" + number + "'",
    )
    # Of 240 hours the last five have not arrived yet, and an eighth of the last three days; cores and memory each.
    assert 452 <= len(rows) <= 454
    each = prices.hourly("n2-standard-4", "europe-west1")
    assert abs(net - each * Decimal("0.8") * len(rows) / 2) < CENT
    assert {credit["type"] for row in rows for credit in row.credits} == {"SUSTAINED_USAGE_DISCOUNT"}


def test_the_ledger_has_every_kind_of_credit_and_row(served: Cloud, client: bigquery.Client) -> None:
    served.estate(n=120)
    rows = asked(
        client, "SELECT c.type AS type, COUNT(*) AS many FROM {} CROSS JOIN UNNEST(credits) AS c GROUP BY 1"
    )
    assert {row.type for row in rows} == {
        "SUSTAINED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "FREE_TIER", "PROMOTION",
    }  # fmt: skip
    [several] = asked(client, "SELECT COUNT(*) AS many FROM {} WHERE ARRAY_LENGTH(credits) > 1")
    [modelled] = asked(
        client,
        "SELECT COUNT(*) AS many FROM {} WHERE consumption_model.id IS NOT NULL AND cost < cost_at_effective_price_default",
    )
    assert several.many
    assert modelled.many
    kinds = asked(client, "SELECT cost_type, COUNTIF(project.id IS NULL) AS without FROM {} GROUP BY 1")
    assert {row.cost_type for row in kinds} == {"regular", "tax", "rounding_error", "adjustment"}
    assert {row.cost_type for row in kinds if row.without} == {"regular", "tax", "rounding_error"}


def test_the_first_hours_of_a_month_are_on_the_invoice_before(served: Cloud, client: bigquery.Client) -> None:
    served.bill_days(22)
    rows = asked(
        client,
        "SELECT invoice.month AS month, MIN(usage_start_time) AS first, MAX(usage_start_time) AS last FROM {} WHERE cost_type = 'regular' GROUP BY 1 ORDER BY 1",
    )
    assert [(row.month, f"{row.first:%m-%dT%H}", f"{row.last:%m-%dT%H}") for row in rows] == [
        ("202610", "10-29T00", "11-01T06"), ("202611", "11-01T07", "11-19T18"),
    ]  # fmt: skip


def test_rows_that_come_late_and_corrections_are_in_the_table_and_in_its_totals(
    served: Cloud, client: bigquery.Client, truth: Truth
) -> None:
    machine = truth.classes["steady"][0]
    late = served.late_row(
        "2026-11-12T10:00:00Z", "1.25", machine["project"], machine["id"], [("PROMOTION", "-0.25")]
    )
    assert late.net() - truth.totals.net() == 1
    corrected = served.correction("2026-11-12T11:00:00Z", "-0.3", machine["project"], machine["id"])
    assert corrected.net(resource=machine["id"]) - truth.totals.net(resource=machine["id"]) == Decimal("0.7")
    [row] = asked(client, f"SELECT {NET} AS net, COUNT(*) AS many FROM {{}}")
    assert (round(Decimal(row.net) - corrected.net(), 2), row.many) == (0, corrected.count)


@pytest.mark.parametrize(("column", "least"), [("_PARTITIONTIME", 1), ("usage_start_time", 1), (None, 0)])
def test_only_the_partitions_that_are_asked_for_are_billed(
    served: Cloud, client: bigquery.Client, column: str | None, least: int
) -> None:
    totals = served.bill_like(partition=column)
    described = client.get_table(f"{WEB}.billing.{TABLE}").time_partitioning
    assert (described.field if described else None) == (column if column == "usage_start_time" else None)
    options = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    where = f"WHERE {column or 'usage_start_time'} >= TIMESTAMP '2026-11-18'"
    job = client.query(
        f"SELECT cost FROM `{WEB}.billing.{TABLE}` {where}", options, retry=None, job_retry=None
    )
    part = job.total_bytes_processed / (totals.count * 900)
    assert 0 < part < 0.5 if least else part == 1
    if column != "_PARTITIONTIME":
        with pytest.raises(BadRequest, match="Unrecognized name: _PARTITIONTIME"):
            asked(client, "SELECT MAX(_PARTITIONTIME) FROM {}")


def test_a_table_is_listed_and_a_view_is_not(client: bigquery.Client, truth: Truth) -> None:
    rows = list(client.list_rows(f"{WEB}.billing.{STANDARD}", max_results=20, retry=None))
    assert len(rows) == 20
    assert "resource" not in dict(rows[0])
    with pytest.raises(BadRequest, match="VIEW"):
        list(client.list_rows(client.get_table(f"{WEB}.billing.{FOCUS}"), max_results=5, retry=None))


def test_a_column_is_compared_with_its_own_type_only(client: bigquery.Client) -> None:
    for kind, value in (("DATE", "2026-11-15"), ("STRING", "2026-11-15")):
        since = bigquery.ScalarQueryParameter("since", kind, value)
        with pytest.raises(BadRequest, match=f"argument types: TIMESTAMP, {kind}"):
            asked(client, "SELECT cost FROM {} WHERE usage_start_time >= @since", query_parameters=[since])
    month = bigquery.ScalarQueryParameter("month", "INT64", 202611)
    with pytest.raises(BadRequest, match="argument types: STRING, INT64"):
        asked(client, "SELECT cost FROM {} WHERE invoice.month = @month", query_parameters=[month])


def test_rows_take_a_permission_of_their_own_and_jobs_are_there_without_queries(
    served: Cloud, client: bigquery.Client
) -> None:
    served.bill_like(only_jobs=True)
    with pytest.raises(NotFound):
        client.query_and_wait(f"SELECT 1 AS one FROM `{WEB}.billing.{TABLE}`", retry=None, job_retry=None)
    assert len(asked(client, "SELECT 1 AS one FROM {} LIMIT 3")) == 3
    served.deny("bigquery.tables.getData")
    with pytest.raises(Forbidden, match="getData"):
        asked(client, "SELECT 1 AS one FROM {} LIMIT 3")
