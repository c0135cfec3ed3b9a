"""The one published file: locks, private copies, publication, and what is left after a kill."""

import importlib
import multiprocessing
import os
import re
import signal
import time
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from finops import stopping
from finops.errors import BusyError, InputError, WarehouseError
from finops.stopping import Stopped
from finops.warehouse import connections, migrations, reading, writing
from finops.warehouse.migrations import migrate
from finops.warehouse.writing import is_written_by

AT = datetime(2026, 11, 1, 8, 0)
NEXT = migrations.CURRENT + 1
SPAWN = multiprocessing.get_context("spawn")


def mark(path: Path, text: str) -> None:
    """A run that leaves a trace: one row in data_tests."""
    with writing(path, "test", at=AT) as writer:
        insert(writer.con, text)


def insert(con: duckdb.DuckDBPyConnection, text: str) -> None:
    con.execute(
        "INSERT INTO data_tests VALUES (?, 's', 'warn', 'passed', 'm', 'r', ?, NULL, NULL)", [text, AT]
    )


def marks(path: Path) -> list[str]:
    with reading(path) as con:
        return [row[0] for row in con.execute("SELECT test FROM data_tests ORDER BY test").fetchall()]


def hold(path: Path, ready: Event, text: str) -> None:
    """Another process that writes and does not end by itself."""
    with writing(path, "ingest", at=AT) as writer:
        insert(writer.con, text)
        ready.set()
        time.sleep(60)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    mark(path, "first")
    return path


@pytest.fixture
def held(warehouse: Path) -> multiprocessing.Process:
    ready = SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(warehouse, ready, "half"))
    process.start()
    assert ready.wait(30)
    yield process  # type: ignore[misc]
    process.kill()
    process.join()


def test_a_run_that_ends_is_published_and_recorded(warehouse: Path) -> None:
    assert marks(warehouse) == ["first"]
    with reading(warehouse) as con:
        assert con.execute("SELECT command, status FROM runs").fetchall() == [("test", "done")]
    assert sorted(path.name for path in warehouse.parent.iterdir()) == ["w.duckdb", "w.duckdb.lock"]


def test_a_second_writer_is_told_who_writes(warehouse: Path, held: multiprocessing.Process) -> None:
    with pytest.raises(BusyError, match=rf"finops ingest, process {held.pid} ") as error:
        mark(warehouse, "second")
    assert error.value.exit_code == 75
    assert "process" in (is_written_by(warehouse) or "")


def test_readers_see_the_published_state_while_a_run_writes(
    warehouse: Path, held: multiprocessing.Process
) -> None:
    assert marks(warehouse) == ["first"]


def test_a_writer_that_waits_goes_on_when_the_other_is_gone(
    warehouse: Path, held: multiprocessing.Process
) -> None:
    held.kill()
    with writing(warehouse, "test", at=AT, wait_seconds=30) as writer:
        insert(writer.con, "second")
    assert marks(warehouse) == ["first", "half", "second"]


def test_a_killed_run_loses_nothing_and_is_closed_as_aborted_by_the_next(
    warehouse: Path, held: multiprocessing.Process
) -> None:
    assert held.pid is not None
    os.kill(held.pid, signal.SIGKILL)
    held.join()
    assert marks(warehouse) == ["first"]
    assert is_written_by(warehouse) is None
    mark(warehouse, "second")
    assert marks(warehouse) == ["first", "half", "second"]
    with reading(warehouse) as con:
        states = con.execute("SELECT status FROM runs ORDER BY rowid").fetchall()
    assert states == [("done",), ("aborted",), ("done",)]


def test_the_leftover_of_a_killed_run_is_dropped_when_the_published_file_was_restored(
    warehouse: Path, held: multiprocessing.Process, tmp_path: Path
) -> None:
    backup = warehouse.read_bytes()
    held.kill()
    held.join()
    mark(warehouse, "second")
    leftover = tmp_path / "w.duckdb.work"
    leftover.write_bytes(warehouse.read_bytes())
    warehouse.write_bytes(backup)
    mark(warehouse, "third")
    assert marks(warehouse) == ["first", "third"]


def test_a_first_run_that_was_killed_is_continued(tmp_path: Path) -> None:
    path, ready = tmp_path / "new.duckdb", SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(path, ready, "half"))
    process.start()
    assert ready.wait(30)
    process.kill()
    process.join()
    assert not path.exists()
    mark(path, "second")
    assert marks(path) == ["half", "second"]


def test_a_damaged_leftover_is_dropped(warehouse: Path) -> None:
    warehouse.with_name("w.duckdb.work").write_bytes(b"not a database" * 1000)
    mark(warehouse, "second")
    assert marks(warehouse) == ["first", "second"]


def test_an_error_in_the_body_keeps_what_was_committed_and_is_recorded(warehouse: Path) -> None:
    def breaking() -> None:
        with writing(warehouse, "test", at=AT) as writer:
            insert(writer.con, "committed")
            writer.con.begin()
            insert(writer.con, "open")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaking()
    assert marks(warehouse) == ["committed", "first"]
    with reading(warehouse) as con:
        assert con.execute("SELECT status, error FROM runs WHERE error IS NOT NULL").fetchall() == [
            ("failed", "RuntimeError")
        ]


def test_bad_input_on_a_first_run_leaves_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(InputError), writing(tmp_path / "w.duckdb", "ingest", at=AT):
        raise InputError("no bill")
    assert not (tmp_path / "w.duckdb").exists()
    assert not (tmp_path / "w.duckdb.work").exists()


def test_changes_another_program_left_in_its_write_ahead_log_are_kept(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    con.execute("SET wal_autocheckpoint = '1TB'; PRAGMA disable_checkpoint_on_shutdown")
    insert(con, "by hand")
    con.close()
    assert warehouse.with_name("w.duckdb.wal").exists()
    mark(warehouse, "second")
    assert marks(warehouse) == ["by hand", "first", "second"]


def foreign_writer(path: Path, ready: Event) -> None:
    con = duckdb.connect(str(path))
    con.execute("CREATE TABLE IF NOT EXISTS theirs (i INTEGER)")
    ready.set()
    time.sleep(60)


def test_a_file_that_another_program_has_open_for_writing_is_busy(warehouse: Path) -> None:
    ready = SPAWN.Event()
    process = SPAWN.Process(target=foreign_writer, args=(warehouse, ready))
    process.start()
    try:
        assert ready.wait(30)
        with pytest.raises(BusyError, match=f"process {process.pid}"):
            marks(warehouse)
        with pytest.raises(BusyError, match="close it there"):
            mark(warehouse, "second")
    finally:
        process.kill()
        process.join()


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"hello" * 1000)
    for use in (marks, lambda file: mark(file, "x")):
        with pytest.raises(WarehouseError, match="not a readable DuckDB warehouse"):
            use(path)
    assert path.read_bytes() == b"hello" * 1000


def test_a_file_cut_short_is_refused_in_a_sentence(warehouse: Path) -> None:
    whole = warehouse.read_bytes()
    warehouse.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WarehouseError, match="not a readable DuckDB warehouse"):
        marks(warehouse)
    with pytest.raises(WarehouseError, match="not a readable DuckDB warehouse"):
        mark(warehouse, "x")


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    con = duckdb.connect(str(path))
    con.execute("CREATE TABLE mine (i INTEGER)")
    con.close()
    for use in (marks, lambda file: mark(file, "x")):
        with pytest.raises(WarehouseError, match="not a finops warehouse"):
            use(path)


def test_a_missing_warehouse_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="finops ingest FILE or finops demo"):
        marks(tmp_path / "none.duckdb")


def test_a_newer_warehouse_asks_for_an_upgrade_and_stays_as_it_is(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    con.execute("INSERT INTO warehouse_version VALUES (99, now()::TIMESTAMP, '9.9')")
    con.close()
    before = warehouse.read_bytes()
    for use in (marks, lambda file: mark(file, "x")):
        with pytest.raises(WarehouseError, match="schema 99, this one knows"):
            use(warehouse)
    assert warehouse.read_bytes() == before


def test_migrations_go_forward_step_by_step_and_only_once(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    steps = {
        NEXT: "ALTER TABLE runs ADD COLUMN two INTEGER",
        NEXT + 1: "ALTER TABLE runs ADD COLUMN three INTEGER",
    }
    for _ in range(2):
        migrate(con, warehouse, AT, steps)
    assert con.execute("SELECT version FROM warehouse_version ORDER BY version").fetchall() == [
        (NEXT - 1,),
        (NEXT,),
        (NEXT + 1,),
    ]
    assert con.execute("SELECT two, three FROM runs").fetchall() == [(None, None)]
    con.close()


def undo(con: duckdb.DuckDBPyConnection, first: int) -> None:
    """Takes out what the steps from `first` on put in."""
    for number in sorted((n for n in migrations.STEPS if n >= first), reverse=True):
        for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", migrations.STEPS[number]):
            con.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        for table in re.findall(r"CREATE TABLE (\w+)", migrations.STEPS[number]):
            con.execute(f"DROP TABLE {table}")
        if "DROP TABLE finding_history" in migrations.STEPS[number]:
            con.execute(
                "CREATE TABLE finding_history (id VARCHAR, first_seen TIMESTAMP, last_seen TIMESTAMP, "
                "last_audit TIMESTAMP, status VARCHAR, resolution VARCHAR)"
            )


def test_a_file_of_the_first_version_gets_every_column_that_a_new_one_has(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    columns = "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    new = con.execute(columns).fetchall()
    undo(con, 2)
    con.execute("ALTER TABLE bill_partitions ALTER list_cost SET NOT NULL; DELETE FROM warehouse_version")
    con.execute("INSERT INTO warehouse_version VALUES (1, ?, 'old')", [AT])
    migrate(con, warehouse, AT)
    assert con.execute(columns).fetchall() == new
    assert migrations.version_of(con) == migrations.CURRENT
    con.close()


def test_decisions_of_an_older_file_stay_and_have_no_due_date(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    undo(con, 11)
    con.execute("DELETE FROM warehouse_version; INSERT INTO warehouse_version VALUES (10, ?, 'old')", [AT])
    con.execute("INSERT INTO decisions VALUES ('f1', 'agreed', 'Ann', NULL, ?, 'command line')", [AT])
    migrate(con, warehouse, AT)
    assert con.execute("SELECT finding_id, owner, due FROM decisions").fetchall() == [("f1", "Ann", None)]
    con.close()


def test_months_of_google_that_began_by_californias_clock_are_months_like_any_other(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    undo(con, 6)
    con.execute("DELETE FROM warehouse_version; INSERT INTO warehouse_version VALUES (5, ?, 'old')", [AT])
    for cloud, start in (
        ("gcp", datetime(2026, 11, 1, 7)),
        ("gcp", datetime(2026, 12, 1)),
        ("aws", datetime(2026, 11, 1, 7)),
    ):
        con.execute(
            "INSERT INTO charges BY NAME SELECT ? AS x_Cloud, ? AS BillingPeriodStart, 'x' AS x_AccountId, 'x' AS x_CostBasis, 'x' AS x_Source",
            [cloud, start],
        )
    con.execute(
        "INSERT INTO bill_partitions VALUES ('a', 'focus-1.0', 'Google Cloud', '01AA', TIMESTAMP '2026-11-01 07:00:00', 'x', 'USD', 1, 1, 1, 1, ?, 'r')",
        [AT],
    )
    migrate(con, warehouse, AT, {6: migrations.STEPS[6]})
    months = con.execute("SELECT x_Cloud, BillingPeriodStart FROM charges ORDER BY ALL").fetchall()
    assert months == [
        ("aws", datetime(2026, 11, 1, 7)), ("gcp", datetime(2026, 11, 1)), ("gcp", datetime(2026, 12, 1)),
    ]  # fmt: skip
    assert con.execute("SELECT billing_period_start FROM bill_partitions").fetchall() == [
        (datetime(2026, 11, 1),)
    ]
    con.close()


def test_bills_of_an_older_file_are_known_by_day_as_they_were_loaded(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    undo(con, 9)
    con.execute("DELETE FROM warehouse_version; INSERT INTO warehouse_version VALUES (8, ?, 'old')", [AT])
    con.execute(
        "INSERT INTO charges BY NAME SELECT 'aws' AS x_Cloud, 'AWS' AS ProviderName, '42' AS BillingAccountId, "
        "'7' AS x_AccountId, TIMESTAMP '2026-10-01' AS BillingPeriodStart, 'USD' AS BillingCurrency, "
        "TIMESTAMP '2026-10-05' + to_hours(n) AS ChargePeriodStart, TIMESTAMP '2026-10-05 01:00' + to_hours(n) AS ChargePeriodEnd, "
        "'Usage' AS ChargeCategory, 0.1::DECIMAL(38, 18) AS BilledCost, 0.1::DECIMAL(38, 18) AS EffectiveCost, "
        "'effective' AS x_CostBasis, 'a' AS x_Source, CASE WHEN n < 5 THEN 'i' ELSE '' END AS InvoiceId FROM range(30) AS t(n)"
    )
    con.execute(
        "INSERT INTO bill_partitions VALUES ('a', 'focus-1.2', 'AWS', '42', '2026-10-01', 'x', 'USD', 30, 3, 3, 3, ?, 'r')",
        [AT],
    )
    migrate(con, warehouse, AT.replace(year=2027))
    told = con.execute(
        "SELECT source, provider, cloud, billing_account_id, account_id, day(day), currency, rows, billed_cost::VARCHAR, "
        "metered, invoiced, told_at, run_id FROM bill_days ORDER BY day"
    ).fetchall()
    known = ("a", "AWS", "aws", "42", "7")
    assert told == [
        (*known, 5, "USD", 24, "2.400000000000000000", 24, 5, AT, "r"),
        (*known, 6, "USD", 6, "0.600000000000000000", 6, 0, AT, "r"),
    ]
    con.close()


def test_a_migration_that_fails_leaves_the_version_before_it(warehouse: Path) -> None:
    con = duckdb.connect(str(warehouse))
    with pytest.raises(duckdb.Error):
        migrate(
            con, warehouse, AT, {NEXT: "ALTER TABLE runs ADD COLUMN two INTEGER; SELECT no_such_function()"}
        )
    con.rollback()
    assert migrations.version_of(con) == NEXT - 1
    assert "two" not in [row[0] for row in con.execute("DESCRIBE runs").fetchall()]
    con.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WarehouseError, match="cannot be written to"):
        mark(tmp_path / "w.duckdb", "x")


def test_a_folder_that_does_not_exist_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="There is no folder"):
        mark(tmp_path / "no" / "w.duckdb", "x")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY runs TO 'out.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "SET memory_limit = '1TB'",
        "SET enable_external_access = true",
        "CREATE TABLE t (i INTEGER)",
        "DELETE FROM runs",
    ],
)
def test_a_reader_cannot_leave_the_warehouse_or_change_it(warehouse: Path, sql: str) -> None:
    with reading(warehouse) as con, pytest.raises(duckdb.Error):
        con.execute(sql)


# --- stopped at any moment ----------------------------------------------------------------------------------


class Killed(BaseException):
    """Nothing of the process is done any more: what it would do on its way out is kept from it."""


def killed_before_publishing(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module("finops.warehouse.writing"), "_publish", never)
        with pytest.raises(Killed):
            mark(path, text)


def test_a_run_that_is_killed_between_its_end_and_its_publication_loses_nothing(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_publishing(warehouse, "ended", monkeypatch)
    assert marks(warehouse) == ["first"]
    mark(warehouse, "second")
    assert marks(warehouse) == ["ended", "first", "second"]
    assert not warehouse.with_name("w.duckdb.ended").exists()


def test_a_first_run_that_is_killed_before_its_publication_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.duckdb"
    killed_before_publishing(path, "ended", monkeypatch)
    killed_before_publishing(path, "again", monkeypatch)
    mark(path, "second")
    assert marks(path) == ["again", "ended", "second"]


def test_a_signal_while_the_file_is_opened_leaves_nothing_open(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(connections, "_refuse_cut_short", signalled)
        with pytest.raises(KeyboardInterrupt) as stopped:
            mark(warehouse, "never")
    mark(warehouse, "second")  # while the error still holds everything that was there
    assert stopped.value.__traceback__
    assert marks(warehouse) == ["first", "second"]


def test_a_signal_that_is_raised_in_the_clean_up_after_its_own_error_costs_nothing(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> None:
        raise Stopped

    def stopped() -> None:
        with writing(warehouse, "test", at=AT) as writer:
            insert(writer.con, "committed")
            writer.con.begin()
            insert(writer.con, "open")
            raise duckdb.InterruptException

    monkeypatch.setattr(stopping, "settle", told)
    with pytest.raises(Stopped):
        stopped()
    assert marks(warehouse) == ["committed", "first"]
    with reading(warehouse) as con:
        assert con.execute("SELECT status FROM runs ORDER BY rowid DESC LIMIT 1").fetchone() == ("aborted",)
