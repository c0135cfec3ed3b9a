"""`finops audit gcp --billing-export`: live inventory and the bill from BigQuery, joined and priced by the bill."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import reading
from tests.end_to_end.command import Done, finops
from tests.servers.gcp.cloud import AS_OF, Cloud, Truth
from tests.servers.gcp.export import DATASET, TABLE
from tests.servers.gcp.totals import Totals

pytestmark = pytest.mark.slow

EXPORT = f"acme-web-prod.{DATASET}.{TABLE}"
NEXT_DAY = "2026-11-21T00:00:00Z"
DAYS = 10  # that the bill goes back
HERE = ("--region", "us-central1")
Sums = dict[str | None, Decimal]


@dataclass
class Billed:
    """An audit with a bill, its collection within its age and a day later; and what the table summed up to at each."""

    folder: Path
    truth: Truth
    done: Done
    ledger: Sums
    held: Sums
    calls_again: int
    resources: Totals
    later: Done
    ledger_later: Sums
    held_later: Sums
    queries: list[dict[str, Any]]
    queries_later: list[dict[str, Any]]


def ledger(cloud: Cloud) -> Sums:
    """What the cloud's own books say by project; a tax has none."""
    return {project: round(cost, 2) for (project,), cost in cloud.totals().by("project").items()}


def held(folder: Path) -> Sums:
    with reading(folder / "finops.duckdb") as con:
        found = con.execute("SELECT SubAccountId, sum(BilledCost) FROM charges GROUP BY 1").fetchall()
    return {project: round(cost, 2) for project, cost in found}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def billed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Billed:
    folder = tmp_path_factory.mktemp("billed")
    truth = cloud.estate(n=24, regions=("us-central1",), projects=2)

    export = ("--billing-export", EXPORT, "--max-age", "1h")

    def collect(as_of: str, *more: str) -> Done:
        words = ("collect", "gcp", *HERE, *more, "--as-of", as_of, *export)
        return finops(*words, cwd=folder, env=cloud.env)

    before, resources = ledger(cloud), cloud.totals()
    cloud.reset_calls()
    words = ("audit", "gcp", *HERE, "--as-of", AS_OF, "--format", "json", *export)
    done = finops(*words, cwd=folder, env=cloud.env)
    queries = cloud.calls("jobs.query") + cloud.calls("jobs.insert")
    now = held(folder)
    cloud.reset_calls()
    assert collect(AS_OF).code == 0
    again = cloud.count()
    cloud.bill_days(DAYS + 1)  # the same first day, a day later
    cloud.clock(NEXT_DAY)
    after = ledger(cloud)
    cloud.reset_calls()
    later = collect(NEXT_DAY, "--only", "charges")
    queries_later = cloud.calls("jobs.query") + cloud.calls("jobs.insert")
    return Billed(
        folder, truth, done, before, now, again, resources, later, after, held(folder), queries, queries_later
    )


def findings(billed: Billed, rule: str) -> dict[str, Any]:
    return {one["resource_id"]: one for one in billed.done.json["findings"] if one["rule"] == rule}


def test_the_charges_of_every_project_are_those_of_the_table_to_the_cent(billed: Billed) -> None:
    assert billed.done.code == 0, billed.done.err
    assert billed.held == billed.ledger
    assert {*billed.truth.projects, None} == set(billed.held)


def test_rows_that_arrive_late_are_fetched_the_next_day_and_none_twice(billed: Billed) -> None:
    assert billed.later.code == 0, billed.later.err
    assert billed.ledger_later != billed.ledger
    assert billed.held_later == billed.ledger_later


def test_within_its_age_nothing_is_asked_and_a_day_later_in_no_more_queries(billed: Billed) -> None:
    assert billed.calls_again == 0
    assert 0 < len(billed.queries_later) <= len(billed.queries) <= 3


def test_machines_and_addresses_cost_what_the_bill_says_from_its_first_hour_on(billed: Billed) -> None:
    """The export was switched on within the month; of its last three days some rows are still to come."""
    costs = {
        identity: float(cost) for (identity,), cost in billed.resources.by("resource").items() if identity
    }
    idle, unused = findings(billed, "idle-instance"), findings(billed, "unused-public-ip")
    assert set(idle) == billed.truth.ids("idle")
    assert set(unused) == billed.truth.ids("address_unused")
    for identity, one in {**idle, **unused}.items():
        assert one["price_basis"] == "billed"
        (own,) = (each for each in one["evidence"]["cost_pieces"] if each["resource_id"] == identity)
        assert one["evidence"]["billed_hours"] == pytest.approx(24 * DAYS, abs=6)
        assert own["monthly_cost"] == pytest.approx(costs[identity] / (24 * DAYS) * 730, rel=0.03)


def test_savings_stay_below_what_the_projects_cost(billed: Billed) -> None:
    totals = billed.done.json["totals"]
    assert 0 < totals["net_monthly_savings"] <= totals["monthly_cost"]
    assert set(billed.done.json["totals_by_currency"]) == {"USD"}
