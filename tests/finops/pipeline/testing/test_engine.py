"""The engine of data tests: what it runs, refuses, keeps and measures."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.config import Settings, load_settings
from finops.errors import ConfigError, RuleError, StaleError
from finops.night_model import DataTest
from finops.nightly_settings import TestSettings
from finops.pipeline import testing
from finops.pipeline.nightly import steps
from finops.pipeline.nightly.context import Context
from finops.pipeline.testing import running
from finops.pipeline.testing.catalogue import Chosen, catalogue, chosen, load
from finops.pipeline.testing.figures import note_audit, note_collection, note_seconds
from finops.pipeline.testing.keeping import keep
from finops.pipeline.testing.linting import Linter
from finops.pipeline.testing.running import judge
from finops.schema_comments import schema_sql
from finops.warehouse import Writer, reading, writing
from tests.reports.build import finding, report

AT = datetime(2026, 11, 1, 5, 10)
DAY = timedelta(days=1)
HEADER = """/*---
id: {id}
title: A test of the test
stage: {stage}
severity: warn
parameters:
  most: {{default: 3, unit: rows, doc: "So many may be."}}
doc: |
  Counts rows, so that a test of the engine has something to count, and nothing more.
---*/
"""
Write = Callable[..., Path]
Told = dict[tuple[str, str], DataTest]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a data test of the user's and returns its path."""

    def write(sql: str, name: str = "mine", stage: str = "collect") -> Path:
        folder = tmp_path / "tests"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.sql"
        path.write_text(HEADER.format(id=name, stage=stage) + sql, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        yield con


def said(con: duckdb.DuckDBPyConnection, path: Path, *, checked: bool = True) -> list[DataTest]:
    one = Chosen(load(path, checked=checked), True, None, {"most": 3})
    return judge(con, [one], as_of=AT, run_started=AT)


VALUES = "SELECT subject, verdict, message FROM (VALUES ({rows})) AS t(subject, verdict, message) WHERE length(subject) < 99 + $most"


def test_a_row_is_a_result_with_the_severity_of_the_test(
    empty: duckdb.DuckDBPyConnection, write: Write
) -> None:
    sql = "SELECT 'a' AS subject, 'failed' AS verdict, amount($most) || ' may be.' AS message -- the end"
    (result,) = said(empty, write(sql))
    assert (result.subject, result.status, result.severity, result.message) == (
        "a",
        "failed",
        "warn",
        "3 may be.",
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("'a', 'broken', 'm'", "the verdict 'broken' for a"),
        ("'', 'failed', 'm'", "without a subject or a message"),
        ("'a', 'failed', NULL", "without a subject or a message"),
        ("'a', 'failed', 'm'), ('a', 'passed', 'm'", "something of a 2 times instead of once"),
        ("'a', 'failed', CAST(CAST('x' AS INTEGER) AS VARCHAR)", "could not be run: Conversion Error"),
    ],
)
def test_a_test_that_says_what_none_may_say_failed_itself(
    row: str, told: str, empty: duckdb.DuckDBPyConnection, write: Write
) -> None:
    (result,) = said(empty, write(VALUES.format(rows=row)), checked=False)
    assert (result.status, result.severity, result.subject) == ("failed", "error", "the test itself")
    assert told in result.message


@pytest.mark.parametrize("days", [10**10, 10**6, float("nan"), float("inf")])
def test_a_span_beyond_all_dates_is_told_and_breaks_no_other_test(
    days: float, empty: duckdb.DuckDBPyConnection
) -> None:
    (one,) = [one for one in chosen(Settings()) if one.test.id == "provider-totals"]
    far = Chosen(one.test, True, None, {"closed_after": days})
    (result, _) = judge(empty, [far, one], as_of=AT, run_started=AT)
    assert (result.status, result.severity, result.subject) == ("failed", "error", "the test itself")
    assert "further than there are dates (closed_after = " in result.message


def test_a_test_that_would_run_for_ever_is_stopped_and_told(
    empty: duckdb.DuckDBPyConnection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.2)
    empty.begin()
    empty.execute(
        "INSERT INTO figures SELECT 'r', TIMESTAMP '2026-11-01', 'rows', CAST(range AS VARCHAR), 1 FROM range(20000)"
    )
    pairs = "figures AS a, figures AS b, figures AS c, figures AS d WHERE a.value + b.value + c.value + d.value > $most"
    endless = write(f"SELECT 'a' AS subject, 'passed' AS verdict, amount(count(*)) AS message FROM {pairs}")
    (result,) = said(empty, endless, checked=False)
    empty.rollback()
    assert (result.status, result.severity) == ("failed", "error")
    assert result.message.startswith("It was stopped after ")


def test_a_median_of_days_can_be_asked_for(empty: duckdb.DuckDBPyConnection, write: Write) -> None:
    sql = (
        "SELECT 'a' AS subject, 'passed' AS verdict, strftime(median(CAST(day AS TIMESTAMP)) + INTERVAL 1 DAY, '%d') "
        "|| ' of ' || amount($most) AS message FROM (VALUES ('2026-11-01'), ('2026-11-03')) AS t(day)"
    )
    (result,) = said(empty, write(sql))
    assert result.message == "03 of 3"


def test_a_test_about_nothing_is_not_passed(empty: duckdb.DuckDBPyConnection, write: Write) -> None:
    (result,) = said(empty, write("SELECT source AS subject, 'passed' AS verdict, 'm' AS message "
                                  "FROM bill_partitions WHERE rows > $most"))  # fmt: skip
    assert result.status == "not_evaluated"


OUTPUT = "'a' AS subject, 'passed' AS verdict, 'm' || $most AS message"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT {OUTPUT} FROM read_csv('/etc/hostname')",
        f"SELECT {OUTPUT} FROM '/etc/hostname'",
        f"SELECT {OUTPUT} FROM read_text('/etc/hostname')",
        f"SELECT {OUTPUT} FROM duckdb_settings()",
        f"SELECT {OUTPUT} FROM information_schema.tables",
        f"SELECT {OUTPUT}, getenv('HOME') AS severity",
        f"SELECT {OUTPUT}, current_setting('temp_directory') AS severity",
        f"SELECT {OUTPUT} WHERE now() > $as_of",
        f"SELECT {OUTPUT} FROM query('SELECT 1')",
        f"DELETE FROM charges RETURNING {OUTPUT}",
        f"SELECT {OUTPUT}; DELETE FROM charges",
        f"COPY (SELECT {OUTPUT}) TO '/tmp/x'",
        "ATTACH '/tmp/x'",
        "SELECT 'a' AS subject, 'passed' AS verdict FROM charges WHERE rows > $most",
        f"SELECT {OUTPUT} FROM charges WHERE $other",
        f"SELECT {OUTPUT} FROM nowhere",
        f"SELECT {OUTPUT}, 1 AS another",
    ],
)
def test_sql_that_reaches_beyond_the_warehouse_or_writes_is_refused(sql: str, write: Write) -> None:
    path = write(sql)
    with pytest.raises(RuleError, match=r"^mine.sql: .+\.$"):
        load(path)
    told = Linter().look(path)
    assert told
    assert all(one.line > 9 for one in told if "declared but never" not in one.message)


def test_the_connection_can_neither_write_nor_read_files_whatever_a_test_says(
    tmp_path: Path, write: Write
) -> None:
    db = tmp_path / "w.duckdb"
    with writing(db, "test", at=AT):
        pass
    with reading(db) as con:
        for table in ("read_text('/etc/hostname')", "read_csv('/etc/passwd')"):
            (result,) = said(con, write(f"SELECT {OUTPUT} FROM {table}"), checked=False)
            assert "could not be run" in result.message
        with pytest.raises(duckdb.Error):
            con.execute("DELETE FROM runs")


def test_settings_change_severity_parameters_and_whether_a_test_runs(write: Write) -> None:
    folder = write(f"SELECT {OUTPUT}").parent
    settings = Settings(
        test_folders=[folder],
        tests={
            "mine": TestSettings(severity="error", parameters={"most": 9}),
            "keys": TestSettings(enabled=False),
        },
    )
    told = {one.test.id: one for one in chosen(settings)}
    assert (told["mine"].severity, told["mine"].parameters) == ("error", {"most": 9})
    assert not told["keys"].enabled
    assert told["tags-coverage"].parameters["team_tag"] == settings.anomalies.team_tag


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ({"freshnes": {}}, r"there is no data test freshnes; did you mean freshness\?"),
        ({"freshness": {"parameters": {"warn_aftr": 1}}}, r"warn_aftr is not a parameter .* did you mean warn_after\?"),
        ({"freshness": {"parameters": {"warn_after": "36h"}}}, "warn_after = '36h' is not a number"),
    ],
)  # fmt: skip
def test_settings_of_what_there_is_none_of_are_refused_with_a_hint(tests: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        chosen(Settings.model_validate({"tests": tests}))


def test_a_variable_names_a_test_with_underscores() -> None:
    settings = load_settings(environ={"FINOPS_TESTS__ONE_CURRENCY__ENABLED": "false"})
    assert settings.tests["one-currency"].enabled is False


def test_an_id_of_ours_is_taken(write: Write) -> None:
    path = write(f"SELECT {OUTPUT}", "keys")
    with pytest.raises(RuleError, match="the data test keys exists already"):
        catalogue([path.parent])
    assert "exists already, among ours" in str(Linter().look(path)[0])


class TestWhatIsKept:
    @pytest.fixture
    def night(self, empty: duckdb.DuckDBPyConnection) -> Iterator[Callable[..., Told]]:
        """Keeps results of one test as a night does, and returns all that is kept."""
        empty.execute(
            "INSERT INTO data_tests VALUES ('charges-equal-source', 's', 'error', 'failed', 'm', 'load', $1, 'bill', $1)",
            [AT],
        )

        def night(number: int, known: Iterable[str] = ("mine",), **verdicts: str) -> Told:
            at, run = AT + number * DAY, f"r{number}"
            empty.execute(
                "INSERT INTO runs (run_id, command, started_at, status, tool) VALUES (?, 'test', ?, 'done', 'x')",
                [run, at],
            )
            results = [result("mine", subject, verdict) for subject, verdict in verdicts.items()]
            keep(Writer(empty, run, at), results, ran=list(known), known=[*known, "keys"], at=at)
            return {(one.test, one.subject): one for one in testing.tests_told(empty)}

        yield night
        empty.execute("DELETE FROM data_tests; DELETE FROM runs")

    def test_a_failure_is_kept_since_it_began_and_begins_anew_after_it_passed(
        self, night: Callable[..., Told]
    ) -> None:
        assert night(0, a="failed")["mine", "a"].since == AT
        assert night(1, a="failed")["mine", "a"].since == AT
        assert night(2, a="passed")["mine", "a"].since is None
        assert night(3, a="failed")["mine", "a"].since == AT + 3 * DAY

    def test_subjects_and_tests_that_are_gone_go_and_what_loads_found_stays(
        self, night: Callable[..., Told]
    ) -> None:
        assert {("mine", "a"), ("mine", "b")} <= night(0, a="failed", b="passed").keys()
        kept = night(1, b="passed")
        assert ("mine", "a") not in kept
        assert ("charges-equal-source", "s") in kept
        assert night(2, known=()).keys() == {("charges-equal-source", "s")}

    def test_errors_are_told_first_then_warnings_then_what_could_not_be_judged(
        self, night: Callable[..., Told]
    ) -> None:
        told = night(0, a="passed", b="not_evaluated", c="failed")
        assert [(one.status, one.severity) for one in told.values()] == [
            ("failed", "error"), ("failed", "warn"), ("not_evaluated", "warn"), ("passed", "warn"),
        ]  # fmt: skip


def result(test: str, subject: str, verdict: str) -> DataTest:
    fields = {"test": test, "subject": subject, "stage": "collect", "severity": "warn", "status": verdict}
    return DataTest.model_validate({**fields, "message": "m", "since": None})


def test_the_figures_of_a_night_are_those_of_its_own_runs(tmp_path: Path) -> None:
    with writing(tmp_path / "w.duckdb", "test", at=AT) as writer:
        con = writer.con
        con.execute(
            "INSERT INTO runs (run_id, command, started_at, finished_at, status, tool, parent) VALUES "
            "('r1', 'collect aws', $1, $2, 'done', 'x', 'n1'), ('r0', 'collect aws', $1, $2, 'done', 'x', 'n0')",
            [AT, AT + timedelta(seconds=90)],
        )
        con.execute(
            "INSERT INTO coverage VALUES ('aws', '1', 'r', 'instances', 'complete', NULL, 7, 2, $1, $1, 'r1'), "
            "('aws', '1', 'r', 'volumes', 'denied', 'no', 5, 1, $1, $1, 'r1'), "
            "('aws', '1', 'r', 'buckets', 'complete', NULL, 0, 1, $1, $1, 'r1'), "
            "('aws', '2', 'r', 'instances', 'complete', NULL, 3, 1, $1, $1, 'r0')",
            [AT],
        )
        for _ in range(2):  # a step that is done again measures anew
            note_collection(con, "n1", at=AT)
            note_seconds(con, "n1", at=AT)
        rows = con.execute("SELECT figure, subject, value FROM figures ORDER BY ALL").fetchall()
    assert rows == [
        ("calls", "aws/1", 4.0),
        ("rows", "aws/1/r/instances", 7.0),
        ("seconds", "collect aws", 90.0),
    ]


def test_a_rule_that_found_nothing_has_a_figure_of_zero(empty: duckdb.DuckDBPyConnection) -> None:
    page = report([finding(1, "10"), finding(2, "5")], evaluated=0.9)
    empty.execute(
        "INSERT INTO audits VALUES (?, ?, true, true, '{}', ?)",
        [page.run_id, AT, '["unattached-volume", "idle-instance"]'],
    )
    for _ in range(2):
        note_audit(empty, "n1", page, at=AT)
    rows = empty.execute("SELECT figure, subject, value FROM figures ORDER BY ALL").fetchall()
    empty.execute("DELETE FROM figures; DELETE FROM audits")
    assert rows == [
        ("evaluated", "all", 0.9),
        ("findings", "all", 2.0),
        ("findings", "idle-instance", 0.0),
        ("findings", "unattached-volume", 2.0),
        ("net_savings", "USD", 15.0),
        ("not_evaluated", "all", 0.0),
    ]


class TestTheStepOfANight:
    @pytest.fixture
    def context(self, tmp_path: Path) -> Context:
        db = tmp_path / "w.duckdb"
        with writing(db, "load", at=AT) as writer:
            writer.con.execute(
                "INSERT INTO instances (cloud, account_id, region, instance_id, state) "
                "SELECT 'aws', '1', 'r', 'i-1', 'running' FROM range(2)"
            )
        settings = Settings(tests={"keys": TestSettings(severity="warn")})
        return Context("n1", "nightly", db, settings, AT, AT, lambda: AT, lambda _: None)

    def test_a_warning_is_told_and_leaves_the_night_done(self, context: Context) -> None:
        done = steps.test(context, None)
        assert (done.status, done.error) == ("done", None)
        assert "keys of instances: 1 of 2 rows" in done.message

    def test_an_error_asks_for_exit_code_5_and_is_told_before_warnings(self, context: Context) -> None:
        with writing(context.db, "load", at=AT) as writer:
            writer.con.execute("ALTER TABLE functions DROP COLUMN region")
        done = steps.test(context, None)
        assert done.status == "failed"
        assert isinstance(done.error, StaleError)
        assert "schema of functions" in done.message

    def test_stages_of_the_audit_wait_for_the_step_after_it(self, context: Context) -> None:
        steps.test(context, None)
        with reading(context.db) as con:
            before = {one.test for one in testing.tests_told(con)}
        steps.verify(context, None)
        with reading(context.db) as con:
            after = {one.test for one in testing.tests_told(con)}
        assert after - before == {"findings-dropped", "evaluated-share"}
        assert len(after) == 17

    def test_a_file_of_the_users_that_is_broken_stops_no_other_test(
        self, context: Context, write: Write
    ) -> None:
        folder = write("DELETE FROM charges").parent
        settings = context.settings.model_copy(update={"test_folders": [folder]})
        context.settings = settings
        done = steps.test(context, None)
        assert isinstance(done.error, StaleError)
        with reading(context.db) as con:
            told = {one.test: one for one in testing.tests_told(con)}
        assert "a data test is one SELECT that reads, not DELETE" in told["data-test-file"].message
        assert told["keys"].status == "failed"
        context.settings = settings.model_copy(update={"test_folders": []})
        steps.test(context, None)
        with reading(context.db) as con:
            assert "data-test-file" not in {one.test for one in testing.tests_told(con)}

    def test_both_come_in_their_place(self) -> None:
        names = [one.name for one in steps.STEPS]
        assert names.index("ingest") < names.index("test") < names.index("audit")
        assert names.index("detect") < names.index("verify") < names.index("report")
