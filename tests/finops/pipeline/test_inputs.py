"""Inputs of audits: what is common is kept once, the oldest are forgotten, nothing of them is lost on the way."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.config import Settings
from finops.errors import WarehouseError
from finops.model import AuditReport, Totals
from finops.pipeline.filters import Filters
from finops.pipeline.inputs import keep, replaying
from finops.schema_comments import schema_sql
from finops.warehouse.derived import derive

AT = datetime(2026, 11, 1)
EVERY_FILTER = Filters(
    ("aws",), ("1",), ("p",), ("r",), ("idle-instance",), (("team", "a"), ("team", "b")), Decimal("12.50")
)


@pytest.fixture
def con() -> Any:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        yield con


def report(run: str) -> AuditReport:
    totals = Totals(
        monthly_cost=None, gross_monthly_savings=None, net_monthly_savings=None, net_low=None, net_high=None,
        monthly_co2e_kg=None, co2e_saved_kg=None, evaluated_cost_share=None, findings=0, not_evaluated=0,
    )  # fmt: skip
    return AuditReport(
        run_id=run, as_of=AT, currency=None, totals=totals, totals_by_currency={}, costs=[], findings=[],
        not_evaluated=[], coverage=[],
    )  # fmt: skip


def put(con: Any, name: str) -> None:
    con.execute(
        "INSERT INTO instances (cloud, account_id, region, instance_id, state, name) VALUES ('aws', '1', 'r', ?, 'running', ?)",
        [name, "日本 \"'; DROP TABLE x"],
    )


def test_rows_come_back_with_their_types_and_order(con: Any, tmp_path: Path) -> None:
    for name in ("i-2", "i-1"):
        put(con, name)
    derive(
        con, "usage",
        "SELECT 1.5::DECIMAL(38, 18) AS money, 2::HUGEINT AS big, NULL::TIMESTAMP AS never, 'x' AS \"odd \"\"name\" FROM range(2)",
    )  # fmt: skip
    derive(con, "traffic", "SELECT 7 AS a_rollup_that_hides_a_table")
    keep(con, tmp_path, report("a1"), Settings(), EVERY_FILTER)
    with replaying(tmp_path, "a1") as (again, kept):
        assert again.execute("FROM instances").fetchall() == con.execute("FROM instances").fetchall()
        for name in ("usage", "traffic"):
            assert again.execute(f"DESCRIBE {name}").fetchall() == con.execute(f"DESCRIBE {name}").fetchall()
            assert again.execute(f"FROM {name}").fetchall() == con.execute(f"FROM {name}").fetchall()
        derive(again, "usage", "SELECT 'made anew'")
        assert again.execute("SELECT count(*) FROM usage").fetchall() == [(2,)]
        assert kept.filters == EVERY_FILTER
        assert kept.as_of == AT


def test_what_audits_have_in_common_is_kept_once_and_the_oldest_are_forgotten(
    con: Any, tmp_path: Path
) -> None:
    settings = Settings(keep_audits=2)
    for run in ("a1", "a2", "a3"):
        put(con, run)
        derive(con, "usage", "SELECT 'the same in all' AS it")
        keep(con, tmp_path, report(run), settings, Filters())
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == ["a2", "a3"]
    # One table of machines each, and the rollup of both.
    assert len(list((tmp_path / "tables").glob("*.parquet"))) == 3
    with replaying(tmp_path, "a2") as (again, _):
        assert again.execute("SELECT count(*) FROM instances").fetchall() == [(2,)]


def test_nothing_is_kept_where_nobody_wants_it(con: Any, tmp_path: Path) -> None:
    keep(con, tmp_path / "none", report("a1"), Settings(keep_audits=0), Filters())
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"tables": 1}', '{"tables": [{"name": "usage"}]}', '{"tables": []}']
)
def test_a_damaged_record_is_told_and_keeps_no_later_audit_from_being_kept(
    text: str, con: Any, tmp_path: Path
) -> None:
    keep(con, tmp_path, report("a1"), Settings(), Filters())
    (tmp_path / "a1.json").write_text(text)
    told = r"a1\.json is not as it was written"
    with pytest.raises(WarehouseError, match=told), replaying(tmp_path, "a1"):
        pass
    for run, damaged in (("a2", text), ("a3", text[:-1]), ("a4", "")):
        keep(con, tmp_path, report(run), Settings(keep_audits=2), Filters())
        (tmp_path / f"{run}.json").write_text(damaged)
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == ["a3", "a4"]
