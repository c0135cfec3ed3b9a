"""How a collection is conducted, with a cloud made of Python functions: who writes when, and what is kept."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from collectors.conduct import Crew, Outcome, Pool, Stored, conduct
from finops.errors import CredentialsError, FinopsError, WarehouseError
from finops.schema_comments import schema_sql
from finops.warehouse import Scope, Writer, load_scope

EARLIER, AT = datetime(2026, 11, 1), datetime(2026, 11, 20)
ACCOUNT = "012345678901"
Collect = Callable[[str, Crew], None]


def scope(dataset: str = "instances", region: str = "eu-west-1") -> Scope:
    return Scope("aws", ACCOUNT, region, dataset)


def machines(*ids: str, region: str = "eu-west-1") -> list[dict[str, Any]]:
    place = {"cloud": "aws", "account_id": ACCOUNT, "region": region}
    return [{**place, "instance_id": each, "state": "running"} for each in ids]


def bucket(day: int, avg: float, seconds: int = 86400, resource: str = "i-1") -> dict[str, Any]:
    return {
        "cloud": "aws",
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "resource_id": resource,
        "metric": "cpu_utilization",
        "bucket_start": datetime(2026, 11, day),
        "bucket_seconds": seconds,
        "avg": avg,
    }


class DeniedError(FinopsError):
    """A call that the cloud refused."""

    status = "denied"


class Told:
    """Progress that remembers, and may do something when it is told."""

    def __init__(self) -> None:
        self.scopes: list[tuple[str, str, str]] = []
        self.then: Callable[[Scope], None] = lambda _: None

    def begin(self, scopes: int) -> None: ...

    def say(self, message: str) -> None: ...

    def scope(self, scope: Scope, status: str) -> None:
        self.scopes.append((scope.region, scope.dataset, status))
        self.then(scope)


class Desk:
    """A warehouse in memory and everything a collection needs."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.told, self.meter = con, Told(), SimpleNamespace(sent=0)
        self.fresh: set[Scope] = set()

    def run(self, collect: Collect, *places: str, run_id: str = "now") -> Outcome:
        """Collects these places (regions); one when none is told."""
        calls, stored = Pool(4, "call"), Stored(self.con)
        self.crew = Crew(self.meter, calls, stored, lambda one: one not in self.fresh)
        try:
            return conduct(
                Writer(self.con, run_id, AT), self.crew, places or ("eu-west-1",), collect, at=AT, progress=self.told
            )  # fmt: skip
        finally:
            calls.close()
            stored.close()

    def before(self, what: Scope, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """What an earlier run brought."""
        load_scope(
            self.con, "earlier", what, {table: [pa.Table.from_pylist(list(rows))]}, at=EARLIER, calls=3
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def ids(self) -> list[str]:
        return [row[0] for row in self.ask("SELECT instance_id FROM instances ORDER BY 1")]

    def coverage(self) -> dict[str, tuple[Any, ...]]:
        """dataset → status, error, rows, calls, when it was collected, when it was tried."""
        told = self.ask(
            "SELECT dataset, status, error, rows, calls, collected_at, attempted_at FROM coverage"
        )
        return {row[0]: row[1:] for row in told}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(schema_sql())
        yield Desk(con)


# --- what is written when ---------------------------------------------------------------------------------


def test_each_scope_is_committed_as_soon_as_it_is_whole(desk: Desk) -> None:
    seen: dict[str, int] = {}
    written = threading.Event()

    def then(_: Scope) -> None:
        with desk.con.cursor() as other:  # what another transaction can see
            (seen["rows"],) = other.execute("SELECT count(*) FROM instances").fetchone() or (0,)
        written.set()

    def collect(place: str, crew: Crew) -> None:
        crew.whole(scope(), {"instances": machines("i-1", "i-2")}, calls=2)
        assert written.wait(10)
        crew.whole(scope("volumes"), {"volumes": []}, calls=1)

    desk.told.then = then
    outcome = desk.run(collect)
    assert seen == {"rows": 2}
    assert desk.told.scopes == [("eu-west-1", "instances", "complete"), ("eu-west-1", "volumes", "complete")]
    assert (outcome.rows, outcome.calls, outcome.errors) == (2, 3, {})
    assert desk.coverage() == {
        "instances": ("complete", None, 2, 2, AT, AT),
        "volumes": ("complete", None, 0, 1, AT, AT),
    }


def test_rows_that_were_handed_over_are_not_seen_before_their_scope_is_whole(desk: Desk) -> None:
    desk.before(scope(), "instances", machines("i-old"))
    seen: list[list[str]] = []

    def collect(place: str, crew: Crew) -> None:
        crew.add(scope(), "instances", pa.Table.from_pylist(machines("i-1")))
        crew.whole(scope("volumes"), {"volumes": []}, calls=0)
        crew.add(scope(), "instances", pa.Table.from_pylist(machines("i-2")))
        crew.whole(scope(), calls=1)

    desk.told.then = lambda _: seen.append(desk.ids())
    desk.run(collect)
    assert seen == [["i-old"], ["i-1", "i-2"]]


def test_places_are_collected_side_by_side(desk: Desk) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def collect(place: str, crew: Crew) -> None:
        meeting.wait()  # passes only when all are under way
        crew.whole(scope(region=place), {"instances": machines(f"i-{place}", region=place)}, calls=1)

    outcome = desk.run(collect, "a", "b", "c")
    assert desk.ids() == ["i-a", "i-b", "i-c"]
    assert outcome.calls == 3


def test_more_places_than_threads_are_all_collected(desk: Desk) -> None:
    def collect(place: str, crew: Crew) -> None:
        crew.whole(scope(region=place), {"instances": machines(f"i-{place}", region=place)}, calls=1)

    places = [f"{number:02}" for number in range(30)]
    assert desk.run(collect, *places).rows == 30
    assert desk.ids() == [f"i-{place}" for place in places]


def test_a_place_waits_while_the_writer_is_behind_and_loses_nothing(desk: Desk) -> None:
    def collect(place: str, crew: Crew) -> None:
        for number in range(200):  # more than may wait
            crew.add(scope(), "instances", pa.Table.from_pylist(machines(f"i-{number:03}")))
        crew.whole(scope(), calls=1)

    assert desk.run(collect).rows == 200


def test_a_scope_with_problems_is_partial_and_tells_each_once(desk: Desk) -> None:
    def collect(place: str, crew: Crew) -> None:
        crew.whole(scope(), {"instances": machines("i-1")}, calls=1, problems=["One.", "Two.", "One."])

    outcome = desk.run(collect)
    assert desk.coverage()["instances"][:3] == ("partial", "One. Two.", 1)
    assert outcome.errors == {scope(): "One. Two."}
    assert list(outcome.errors) == [scope()]


def test_a_collection_without_places_is_empty(desk: Desk) -> None:
    calls, stored = Pool(1, "call"), Stored(desk.con)
    crew = Crew(desk.meter, calls, stored, lambda _: True)
    outcome = conduct(Writer(desk.con, "now", AT), crew, [], lambda *_: None, at=AT, progress=desk.told)
    calls.close()
    stored.close()
    assert (outcome.statuses, outcome.rows) == ({}, 0)


# --- what cannot be had -----------------------------------------------------------------------------------


def test_a_failed_scope_keeps_its_rows_with_their_date_and_the_rest_goes_on(desk: Desk) -> None:
    desk.before(scope(), "instances", machines("i-old"))

    def collect(place: str, crew: Crew) -> None:
        crew.add(scope(), "instances", pa.Table.from_pylist(machines("i-half")))
        crew.missed(scope(), DeniedError("It is denied."), 2)
        crew.whole(scope("volumes"), {"volumes": []}, calls=1)

    outcome = desk.run(collect)
    assert desk.ids() == ["i-old"]
    assert desk.coverage() == {
        "instances": ("denied", "It is denied.", 1, 2, EARLIER, AT),
        "volumes": ("complete", None, 0, 1, AT, AT),
    }
    assert outcome.statuses == {scope(): "denied", scope("volumes"): "complete"}
    assert outcome.errors == {scope(): "It is denied."}
    assert desk.ask("SELECT count(*) FROM duckdb_tables() WHERE temporary") == [(0,)]


def test_a_scope_that_never_worked_has_no_date(desk: Desk) -> None:
    desk.run(lambda place, crew: crew.missed(scope(), FinopsError("It failed."), 1))
    assert desk.coverage() == {"instances": ("failed", "It failed.", 0, 1, None, AT)}


@pytest.mark.parametrize(
    ("error", "status"),
    [(DeniedError("x"), "denied"), (CredentialsError("x"), "denied"), (FinopsError("x"), "failed")],
)
def test_the_status_of_a_missed_scope_is_the_error_s(error: FinopsError, status: str, desk: Desk) -> None:
    outcome = desk.run(lambda place, crew: crew.missed(scope(), error, 0))
    assert outcome.statuses == {scope(): status}


class NotOfferedError(FinopsError):
    """A product that a region does not have."""

    status = "skipped"


def test_what_a_place_does_not_offer_is_told_and_is_nothing_that_is_missing(desk: Desk) -> None:
    outcome = desk.run(lambda _, crew: crew.missed(scope(), NotOfferedError("not offered here"), 1))
    assert outcome.statuses == {scope(): "skipped"}
    assert outcome.errors == {}
    assert desk.con.execute("SELECT status, error FROM coverage").fetchall() == [
        ("skipped", "not offered here")
    ]


@pytest.mark.parametrize(
    ("get", "said"),
    [
        (lambda: dict[str, int]()["Reservations"], "KeyError: 'Reservations'"),
        (lambda: len(None), "TypeError"),  # type: ignore[arg-type]
        (lambda: int("many"), "ValueError: invalid literal"),
        (lambda: None.pages, "AttributeError"),  # type: ignore[attr-defined]
        (lambda: [][0], "IndexError"),
        (lambda: Decimal("many"), "InvalidOperation"),
    ],
)
def test_an_answer_of_a_shape_nobody_knows_is_a_failed_scope_with_a_sentence(
    get: Callable[[], Any], said: str, desk: Desk
) -> None:
    desk.before(scope(), "instances", machines("i-old"))

    def collect(place: str, crew: Crew) -> None:
        got = crew.get(f"instances of {place}", get).result()
        assert got.value is None
        assert got.error is not None
        crew.missed(scope(), got.error, got.calls)

    desk.run(collect)
    status, error, *_ = desk.coverage()["instances"]
    assert status == "failed"
    assert error.startswith(
        "The answer for instances of eu-west-1 has a shape that this version does not know ("
    )
    assert said in error
    assert desk.ids() == ["i-old"]


def test_a_very_long_error_is_told_in_short(desk: Desk) -> None:
    def get() -> None:
        raise ValueError("x" * 5000)

    def collect(place: str, crew: Crew) -> None:
        got = crew.get("it", get).result()
        assert got.error is not None
        crew.missed(scope(), got.error, 0)

    outcome = desk.run(collect)
    assert len(outcome.errors[scope()]) < 400


def test_an_error_of_a_get_comes_back_as_it_is(desk: Desk) -> None:
    error = DeniedError("It is denied.")

    def get() -> None:
        raise error

    def collect(place: str, crew: Crew) -> None:
        assert crew.get("it", get).result().error is error
        assert crew.credentials_error is None

    desk.run(collect)


def test_refused_credentials_are_remembered(desk: Desk) -> None:
    def get() -> None:
        raise CredentialsError("They have expired.")

    def collect(place: str, crew: Crew) -> None:
        got = crew.get("it", get).result()
        assert isinstance(got.error, CredentialsError)

    desk.run(collect)
    assert str(desk.crew.credentials_error) == "They have expired."


def test_a_get_counts_its_own_calls_also_when_it_fails(desk: Desk) -> None:
    def get(calls: int, fails: bool) -> str:
        desk.meter.sent += calls
        if fails:
            raise DeniedError("It is denied.")
        return "value"

    def collect(place: str, crew: Crew) -> None:
        well = crew.get("it", get, 3, False).result()
        ill = crew.get("it", get, 2, True).result()
        assert (well.value, well.calls) == ("value", 3)
        assert (ill.value, ill.calls) == (None, 2)

    desk.run(collect)


# --- bugs -------------------------------------------------------------------------------------------------


def test_a_bug_in_a_place_is_raised_in_the_main_thread_and_what_was_whole_is_kept(desk: Desk) -> None:
    def collect(place: str, crew: Crew) -> None:
        crew.whole(scope(), {"instances": machines("i-1")}, calls=1)
        crew.add(scope("volumes"), "volumes", None)
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        desk.run(collect)
    assert desk.ids() == ["i-1"]
    assert set(desk.coverage()) == {"instances"}


def test_a_bug_in_a_get_is_raised_in_the_main_thread(desk: Desk) -> None:
    def get() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        desk.run(lambda place, crew: print(crew.get("it", get).result()))


def test_rows_that_do_not_fit_their_table_are_raised_and_change_nothing(desk: Desk) -> None:
    desk.before(scope(), "instances", machines("i-old"))
    odd = [{**machines("i-1")[0], "colour": "red"}]
    with pytest.raises(WarehouseError, match="no column colour"):
        desk.run(lambda place, crew: crew.whole(scope(), {"instances": odd}, calls=1))
    assert desk.ids() == ["i-old"]


# --- what is fresh, shared, stored ------------------------------------------------------------------------


def test_what_is_fresh_is_left_alone(desk: Desk) -> None:
    desk.before(scope(), "instances", machines("i-old"))
    desk.fresh = {scope()}

    def collect(place: str, crew: Crew) -> None:
        for dataset in ("instances", "volumes"):
            if crew.wants(scope(dataset)):
                crew.whole(scope(dataset), {dataset: []}, calls=1)

    outcome = desk.run(collect)
    assert set(outcome.statuses) == {scope("volumes")}
    assert desk.ids() == ["i-old"]
    assert desk.coverage()["instances"] == ("complete", None, 1, 3, EARLIER, EARLIER)


def test_what_places_share_is_for_the_first_of_them(desk: Desk) -> None:
    won: list[str] = []
    meeting = threading.Barrier(5, timeout=10)

    def collect(place: str, crew: Crew) -> None:
        meeting.wait()
        if crew.first(("prices", "eu-west-1")):
            won.append(place)
        assert crew.first(("prices", place))

    desk.run(collect, "a", "b", "c", "d", "e")
    assert len(won) == 1


def test_a_place_reads_what_is_stored_while_the_writer_writes(desk: Desk) -> None:
    desk.before(scope(), "instances", machines("i-old"))
    found: list[Any] = []

    def collect(place: str, crew: Crew) -> None:
        crew.add(scope("volumes"), "volumes", None)
        found.extend(crew.stored("SELECT instance_id, state FROM instances WHERE account_id = ?", [ACCOUNT]))
        crew.whole(scope("volumes"), calls=0)

    desk.run(collect)
    assert found == [{"instance_id": "i-old", "state": "running"}]


# --- metrics ----------------------------------------------------------------------------------------------


def test_metrics_are_merged_by_key_and_old_buckets_are_forgotten(desk: Desk) -> None:
    metrics = scope("metrics")
    desk.before(
        metrics,
        "metrics",
        [bucket(1, 0.1), bucket(17, 0.2), bucket(18, 0.3), bucket(18, 0.9, resource="i-gone"), bucket(17, 0.4, 3600)],
    )  # fmt: skip

    def collect(place: str, crew: Crew) -> None:
        crew.add(metrics, "metrics", pa.Table.from_pylist([bucket(18, 0.35)]))
        crew.add(metrics, "metrics", pa.Table.from_pylist([bucket(19, 0.4)]))
        crew.whole(metrics, calls=2, keep_from={86400: datetime(2026, 11, 17), 3600: datetime(2026, 11, 18)})

    outcome = desk.run(collect)
    assert desk.ask(
        "SELECT resource_id, day(bucket_start), bucket_seconds, avg FROM metrics ORDER BY ALL"
    ) == [
        ("i-1", 17, 86400, 0.2),
        ("i-1", 18, 86400, 0.35),
        ("i-1", 19, 86400, 0.4),
        ("i-gone", 18, 86400, 0.9),
    ]
    assert outcome.rows == 4


def test_metrics_without_anything_new_keep_what_is_stored(desk: Desk) -> None:
    metrics = scope("metrics")
    desk.before(metrics, "metrics", [bucket(17, 0.2)])

    def collect(place: str, crew: Crew) -> None:
        crew.add(metrics, "metrics", None)
        crew.whole(metrics, calls=1, keep_from={86400: datetime(2026, 11, 1)})

    assert desk.run(collect).rows == 1


# --- the pool ---------------------------------------------------------------------------------------------


def test_a_pool_hands_back_results_and_errors_and_ends_its_threads() -> None:
    pool = Pool(2, "helper")
    assert [pool.submit(lambda n: n * n, number).result() for number in range(5)] == [0, 1, 4, 9, 16]
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).result()
    threads = [each for each in threading.enumerate() if each.name.startswith("helper-")]
    assert len(threads) == 2
    assert all(each.daemon for each in threads)
    pool.close()
    for each in threads:
        each.join(10)
    assert not any(each.is_alive() for each in threads)
