"""One run of a collection, with a cloud made of Python functions: what is asked, in which order, and what is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pytest

from collectors.conduct import Crew, Pool
from collectors.gathering import Bills, Result, gather
from collectors.scopes import GLOBAL, Billed, Refused
from finops.errors import CredentialsError
from finops.schema_comments import schema_sql
from finops.warehouse import Scope, Writer
from tests.collectors.live import Quiet

AT = datetime(2026, 11, 20)
OF_MACHINES = ("metrics",)


@dataclass
class Account:
    """One account, entered."""

    account: str


@dataclass
class Found:
    """Accounts, and what could not be had."""

    sessions: list[Account] = field(default_factory=lambda: [Account("p-1")])
    refused: list[Refused] = field(default_factory=list)


def scope(dataset: str, region: str = GLOBAL, account: str = "p-1") -> Scope:
    return Scope("gcp", account, region, dataset)


class Desk:
    """A warehouse in memory, a project that has machines in two regions, and what happened in which order."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.told = con, Quiet()
        self.fresh: set[Scope] = set()
        self.asked: list[str] = []

    def project(self, place: str, crew: Crew) -> None:
        """Fills scopes of regions that nobody knew before."""
        self.asked.append("place")
        for region in (GLOBAL, "r-1", "r-2"):
            for dataset in ("instances", "metrics"):
                if crew.wants(one := scope(dataset, region, place)):
                    crew.whole(one, {}, calls=1)

    def run(
        self,
        collect: Callable[[str, Crew], None] | None = None,
        *,
        found: Found | None = None,
        bills: Bills | None = None,
        wanted: Callable[[Scope], bool] | None = None,
    ) -> Result:
        return gather(
            Writer(self.con, "now", AT),
            "gcp",
            found or Found(),
            ["p-1"],
            [scope("instances"), scope("metrics")],
            collect or self.project,
            of_machines=OF_MACHINES,
            filled=lambda: [("p-1", region) for (region,) in self.ask("SELECT DISTINCT region FROM coverage ORDER BY 1")],
            at=AT,
            fresh=self.fresh.__contains__,
            progress=self.told,
            wanted=wanted,
            bills=bills,
        )  # fmt: skip

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(schema_sql())
        yield Desk(con)


def test_only_scopes_that_were_told_of_are_wanted(desk: Desk) -> None:
    result = desk.run()
    assert set(result.outcome.statuses) == {scope("instances"), scope("metrics")}
    assert result.places == [("p-1", GLOBAL)]


def test_a_place_that_fills_scopes_of_several_regions_is_wanted_by_what_it_is_asked(desk: Desk) -> None:
    result = desk.run(wanted=lambda one: one.dataset == "instances")
    assert set(result.outcome.statuses) == {scope("instances", region) for region in (GLOBAL, "r-1", "r-2")}
    assert result.places == [("p-1", GLOBAL), ("p-1", "r-1"), ("p-1", "r-2")]


def test_what_follows_from_machines_rests_only_where_the_machines_do(desk: Desk) -> None:
    every = {scope(name, region) for name in ("instances", "metrics") for region in (GLOBAL, "r-1", "r-2")}
    desk.fresh = every - {scope("instances", "r-2")}
    result = desk.run(wanted=lambda _: True)
    assert set(result.outcome.statuses) == {scope("instances", "r-2"), scope("metrics", "r-2")}
    assert desk.told.said == ["0 scopes"]


class Sources(Bills):
    """A bill of two sources: one that is read before the places, one that goes on beside them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def before(self, calls: Pool) -> list[Billed]:
        self._desk.asked.append("before")
        self._beside = calls.submit(lambda: 2)
        return [Billed(scope("charges"), "export: nothing new", 3)]

    def after(self) -> list[Billed]:
        self._desk.asked.append("after")
        failed = Billed(
            scope("charges"), "other: nothing could be read", self._beside.result(), "No.", "denied"
        )
        return [failed]


def test_a_bill_is_read_before_the_places_and_after_them(desk: Desk) -> None:
    result = desk.run(bills=Sources(desk))
    assert desk.asked == ["before", "place", "after"]
    assert result.bill == "export: nothing new\nother: nothing could be read"
    assert result.outcome.statuses[scope("charges")] == "partial"
    assert result.outcome.errors[scope("charges")] == "No."
    assert result.outcome.calls == 2 + 3 + 2
    assert desk.ask("SELECT status, error FROM coverage WHERE dataset = 'charges'") == [("denied", "No.")]


def test_without_a_bill_nothing_is_told_of_one(desk: Desk) -> None:
    assert desk.run().bill is None


def test_what_was_refused_is_told_and_stored(desk: Desk) -> None:
    refused = Refused("p-2", "accounts", "denied", "Not allowed.")
    result = desk.run(found=Found(refused=[refused]))
    assert result.outcome.errors == {scope("accounts", account="p-2"): "Not allowed."}
    assert desk.ask("SELECT account_id, status FROM coverage WHERE dataset = 'accounts'") == [
        ("p-2", "denied")
    ]


def expired(place: str, crew: Crew) -> None:
    def refuse() -> None:
        raise CredentialsError("The key has expired.")

    got = crew.get("instances", refuse).result()
    assert got.error is not None
    crew.missed(scope("instances", account=place), got.error, got.calls)


def test_credentials_that_are_refused_everywhere_end_the_run(desk: Desk) -> None:
    with pytest.raises(CredentialsError, match="expired"):
        desk.run(expired)


def test_credentials_that_are_refused_at_times_are_what_one_scope_lacks(desk: Desk) -> None:
    def once(place: str, crew: Crew) -> None:
        expired(place, crew)
        crew.whole(scope("metrics"), {}, calls=1)

    result = desk.run(once)
    assert result.outcome.statuses == {scope("instances"): "denied", scope("metrics"): "complete"}
