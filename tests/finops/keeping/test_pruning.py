"""What is too old goes, in one transaction; what is remembered for ever stays; nothing comes back the next night."""

import csv
import gzip
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.bills import ingest
from finops.config import Settings
from finops.errors import UsageError
from finops.nightly_settings import BackupSettings, RetentionSettings
from finops.pipeline.comparing import compare
from finops.pipeline.nightly.context import Context
from finops.pipeline.nightly.outgoing import tidy
from finops.pipeline.pruning import first_month, prune
from finops.pipeline.record import last_audit, record
from finops.schema_comments import tables
from finops.warehouse import Limits, backups, reading, writing
from finops.warehouse.backups import backups_in
from finops.warehouse.checking import check, refuse
from finops.warehouse.compacting import compact
from tests.reports import sample

NOW = datetime(2026, 11, 21, 5, 10)
KEEP = Settings(retention=RetentionSettings(charges_months=3, findings_runs=2), threads=2)
OLD, NEW = "2026-08", "2026-09"  # the last month that goes, the first that stays
BILL = {
    "BilledCost": "1.5", "EffectiveCost": "1.25", "ListCost": "2", "BillingCurrency": "USD", "BillingAccountId": "0042",
    "SubAccountId": "0007", "ChargeCategory": "Usage", "ServiceName": "Compute", "ProviderName": "AWS", "ResourceId": "i-1",
    "ChargeDescription": "",
}  # fmt: skip


def bill(path: Path, *months: str, **more: str) -> Path:
    """A bill with two charges in each of these months."""
    rows = []
    for month in months:
        start = datetime.fromisoformat(f"{month}-01")
        for hour in range(2):
            at = start + timedelta(days=3, hours=hour)
            rows.append(
                {
                    **BILL, "BillingPeriodStart": f"{start:%Y-%m-%dT00:00:00Z}",
                    "BillingPeriodEnd": f"{first_month(start, 0):%Y-%m-%dT00:00:00Z}",
                    "ChargePeriodStart": f"{at:%Y-%m-%dT%H:00:00Z}",
                    "ChargePeriodEnd": f"{at + timedelta(hours=1):%Y-%m-%dT%H:00:00Z}", **more,
                }
            )  # fmt: skip
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def load(db: Path, *paths: Path) -> list[str]:
    """Loads bills into a warehouse that has data of today: by the newest data it is told what is old."""
    with writing(db, "ingest", at=NOW) as writer:
        if not writer.con.execute("FROM coverage WHERE dataset = 'instances'").fetchone():
            writer.con.execute(
                "INSERT INTO coverage VALUES ('aws', 'x', 'x', 'instances', 'complete', NULL, 0, 0, $1, $1, 'x')",
                [NOW],
            )
        return [one.status for one in ingest(writer, list(paths), at=NOW).files]


def put(db: Path, **rows: list[dict[str, Any]]) -> None:
    """Rows by table, of which only what matters is told; what else must be there is filled in."""
    filled: dict[str, Any] = {"TIMESTAMP": NOW, "VARCHAR": "x", "JSON": "{}"}
    with writing(db, "test", at=NOW) as writer:
        for table in tables():
            for row in rows.get(table.name, ()):
                values = [
                    row.get(
                        column.name, filled.get(column.type.partition("(")[0], 0) if column.required else None
                    )
                    for column in table.columns
                ]
                names = ", ".join(column.name for column in table.columns)
                marks = ", ".join("?" for _ in values)
                writer.con.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", values)


def ask(db: Path, sql: str) -> list[tuple[Any, ...]]:
    with reading(db) as con:
        return con.execute(sql).fetchall()


def go(db: Path, settings: Settings = KEEP, **options: Any) -> Any:
    return prune(db, settings, as_of=NOW, at=NOW, **options)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


# --- bills ------------------------------------------------------------------------------------------------


def test_old_months_of_a_bill_go_and_the_same_file_does_not_bring_them_back(db: Path, tmp_path: Path) -> None:
    path = bill(tmp_path / "bill.csv", "2024-01", OLD, NEW, "2026-11")
    alone = bill(tmp_path / "old.csv", "2023-05", SubAccountId="0008")
    assert load(db, path, alone) == ["loaded", "loaded"]
    gone = go(db)
    assert gone.told() == "6 charges, 3 days of bills were removed by retention."
    months = ask(db, "SELECT DISTINCT strftime(BillingPeriodStart, '%Y-%m') FROM charges ORDER BY 1")
    assert months == [(NEW,), ("2026-11",)]
    assert ask(db, "SELECT account_id, rows FROM coverage WHERE dataset = 'charges'") == [("0007", 4)]
    assert ask(db, "SELECT count(*) FROM data_tests WHERE subject LIKE '%old.csv'") == [(0,)]
    assert load(db, path, alone) == ["unchanged", "unchanged"]
    assert check(db, Limits()).problems == []
    assert go(db).total == 0


def test_a_pruned_month_may_be_loaded_from_another_bill(db: Path, tmp_path: Path) -> None:
    load(db, bill(tmp_path / "one.csv", OLD, NEW))
    go(db)
    other = bill(tmp_path / "other.csv", OLD, ServiceName="Storage")
    assert load(db, other) == ["loaded"]
    assert go(db).rows["charges"] == 2


def test_a_month_that_begins_by_the_clock_of_china_stays_as_long_as_others(db: Path, tmp_path: Path) -> None:
    start = {"BillingPeriodStart": "2026-08-31T16:00:00Z", "BillingPeriodEnd": "2026-09-30T16:00:00Z"}
    load(db, bill(tmp_path / "one.csv", NEW, **start))
    assert go(db).total == 0


def test_charges_stay_that_an_action_is_still_measured_by(db: Path, tmp_path: Path) -> None:
    load(db, bill(tmp_path / "bill.csv", "2026-06", "2026-07", OLD, NEW))
    seen = {"last_seen": datetime(2026, 8, 10), "observed_at": datetime(2026, 8, 10), "status": "resolved"}
    put(db, finding_history=[{"resolution": "changed", "resolved_at": datetime(2026, 8, 11), **seen}])
    assert go(db).rows["charges"] == 2  # of June; the four weeks before the action begin in July
    later = prune(db, KEEP, as_of=datetime(2026, 12, 20), at=NOW)
    assert later.rows["charges"] == 0  # by the newest data, which judge
    put(db, coverage=[{"collected_at": datetime(2026, 12, 20), "attempted_at": datetime(2026, 12, 20)}])
    assert prune(db, KEEP, as_of=datetime(2026, 12, 20), at=NOW).rows["charges"] == 6  # it is final


def test_months_beside_the_warehouse_go_unless_they_are_asked_for_again(db: Path, tmp_path: Path) -> None:
    load(db, bill(tmp_path / "one.csv", NEW))
    shelf = tmp_path / "w.duckdb.bills" / "alibaba-42"
    for month in ("2025-06", OLD, NEW, "2026-13"):
        (shelf / month).mkdir(parents=True)
        (shelf / month / "days.json").write_text("{}")
    long = KEEP.model_copy(update={"alibaba": KEEP.alibaba.model_copy(update={"bill_days": 540})})
    assert go(db, long).folders == ()
    assert (
        go(db, dry_run=True).told(dry_run=True)
        == "the files of 2 months of bills would be removed by retention."
    )
    assert len(list(shelf.iterdir())) == 4
    go(db)
    assert sorted(path.name for path in shelf.iterdir()) == [NEW, "2026-13"]


def test_the_months_that_stay_count_back_from_the_current_one() -> None:
    assert first_month(datetime(2026, 11, 30, 23), 3) == datetime(2026, 9, 1)
    assert first_month(datetime(2026, 3, 31), 25) == datetime(2024, 3, 1)
    assert first_month(datetime(2026, 12, 1), 12) == datetime(2026, 1, 1)


# --- everything else --------------------------------------------------------------------------------------


def days(number: float) -> datetime:
    return NOW - timedelta(days=number)


def test_rows_of_the_last_whole_day_stay_and_older_ones_go(db: Path) -> None:
    limits = {
        "metrics": ("bucket_start", 100),
        "figures": ("measured_at", 400),
        "run_steps": ("started_at", 400),
        "traffic": ("day", 100),
        "flow_pairs": ("day", 100),
        "flow_windows": ("window_start", 100),
    }
    first = {table: days(limit).replace(hour=0, minute=0) for table, (_, limit) in limits.items()}
    second = timedelta(seconds=1)
    put(
        db,
        **{
            table: [{column: at} for at in (first[table] - second, first[table], NOW)]
            for table, (column, _) in limits.items()
        },
    )
    gone = go(db).rows
    for table, (column, _) in limits.items():
        assert gone[table] == 1
        assert ask(db, f"SELECT {column} FROM {table} ORDER BY 1") == [(first[table],), (NOW,)], table


def test_the_life_of_findings_and_what_people_said_is_never_removed(db: Path) -> None:
    ancient = datetime(2001, 1, 1)
    for_ever = ("finding_history", "finding_events", "decisions", "realised_savings", "anomalies", "anomaly_decisions",
                "flow_files", "instances", "commitments", "prices")  # fmt: skip
    times = {
        one.name: dict.fromkeys((c.name for c in one.columns if c.type == "TIMESTAMP"), ancient)
        for one in tables()
    }
    put(db, **{table: [times[table]] for table in for_ever})
    go(db)
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in for_ever)
    assert ask(db, f"SELECT {counts}") == [(1,) * len(for_ever)]


def audit(db: Path, run_id: str, at: datetime) -> None:
    report = sample.three_clouds().model_copy(update={"run_id": run_id, "as_of": at})
    with writing(db, "audit", at=at, run_id=run_id) as writer:
        record(writer, report)
        writer.con.execute("UPDATE audits SET whole = true, forward = true")


def test_the_newest_audits_stay_and_an_older_one_is_told_to_be_gone(db: Path) -> None:
    for number in range(4):
        audit(db, f"a{number}", days(900 - number))
    before = ask(db, "SELECT count(*) FROM finding_history")
    assert go(db).rows["findings"] == 2 * len(sample.three_clouds().findings)
    for table in ("findings", "not_evaluated", "audits"):
        assert ask(db, f"SELECT DISTINCT run_id FROM {table} ORDER BY 1") == [("a2",), ("a3",)], table
    with reading(db) as con:
        assert last_audit(con).run_id == "a3"
        with pytest.raises(UsageError, match=r"Run a0 .* findings were removed"):
            compare(con, ["a0", "a3"])
        assert compare(con, []).after.run_id == "a3"
    assert ask(db, "SELECT count(*) FROM finding_history") == before


def test_old_runs_go_unless_something_refers_to_them(db: Path) -> None:
    old = {"started_at": days(800), "status": "done"}
    plain = [{**old, "run_id": name} for name in ("plain", "covering", "finding", "measured", "night")]
    put(
        db,
        runs=[
            *plain,
            {"run_id": "part", "parent": "night"},
            {**old, "run_id": "goes on", "status": "running"},
        ],
        coverage=[{"run_id": "covering"}],
        finding_events=[{"run_id": "finding"}],
        figures=[{"run_id": "measured", "measured_at": days(800)}],  # which goes itself
    )
    counted = go(db, dry_run=True).rows["runs"]
    assert (counted, go(db).rows["runs"]) == (2, 3)  # the one that went on is closed as aborted meanwhile
    kept = {name for (name,) in ask(db, "SELECT run_id FROM runs")}
    assert kept >= {"covering", "finding", "night", "part"}
    assert not kept & {"plain", "measured"}


def test_the_last_delivery_to_a_target_stays_however_old_it_is(db: Path) -> None:
    at = [days(900), days(800), days(1)]
    told = [("mail", at[0]), ("mail", at[1]), ("chat", at[0]), ("chat", at[2])]
    put(db, deliveries=[{"target": name, "delivered_at": when} for name, when in told])
    go(db)
    assert ask(db, "SELECT target, delivered_at FROM deliveries ORDER BY 1") == [
        ("chat", at[2]),
        ("mail", at[1]),
    ]


def test_an_old_flow_log_is_not_counted_again_when_it_is_read_again(db: Path, tmp_path: Path) -> None:
    start = int((days(200) - datetime(1970, 1, 1)).total_seconds())
    head = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    line = f"2 000000000042 eni-1 10.0.0.1 10.0.1.9 1 2 6 1 1000 {start} {start + 60} ACCEPT OK"
    path = tmp_path / "flows.log.gz"
    path.write_bytes(gzip.compress(f"{head}\n{line}\n".encode()))
    load(db, path)
    assert go(db).rows["flow_pairs"] == 1
    assert load(db, path) == ["unchanged"]
    assert ask(db, "SELECT (SELECT count(*) FROM traffic), (SELECT count(*) FROM flow_pairs)") == [(0, 0)]


# --- all or nothing ---------------------------------------------------------------------------------------


def test_a_dry_run_counts_and_changes_nothing_and_where_nothing_is_old_nothing_is_written(db: Path) -> None:
    put(db, metrics=[{"bucket_start": days(300)}, {"bucket_start": NOW}])
    before = db.read_bytes()
    assert go(db, dry_run=True).told(dry_run=True) == "1 metrics would be removed by retention."
    assert db.read_bytes() == before
    assert go(db).total == 1
    before = db.read_bytes()
    assert go(db).told() == "Nothing is older than the retention keeps."
    assert db.read_bytes() == before


def test_a_pruning_that_is_stopped_has_removed_nothing(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(db, metrics=[{"bucket_start": days(300)}])
    put(db, figures=[{"measured_at": days(900)}])
    monkeypatch.setattr("finops.pipeline.pruning._IN_LINE", ("SELECT error('stopped')",))
    with pytest.raises(Exception, match="stopped"):
        go(db)
    assert ask(db, "SELECT (SELECT count(*) FROM metrics), (SELECT count(*) FROM figures)") == [(1, 1)]


# --- the step of a night, checking, compacting ------------------------------------------------------------


def context(db: Path, settings: Settings, at: datetime = NOW) -> Context:
    return Context("night", "nightly", db, settings, at, at, lambda: at, lambda _: None)


def test_a_night_backs_up_before_it_prunes_and_keeps_as_many_as_are_wanted(db: Path, tmp_path: Path) -> None:
    put(db, metrics=[{"bucket_start": days(300)}, {"bucket_start": NOW}])
    folder = tmp_path / "backups"
    keep = KEEP.model_copy(update={"backup": BackupSettings(folder=folder, daily=1, weekly=0, monthly=0)})
    done = tidy(context(db, keep), None)
    assert "and verified. 1 metrics were removed" in done.message
    (first,) = backups_in(folder)
    assert first.manifest.tables["metrics"].rows == 2  # what went is in the backup before
    done = tidy(context(db, keep, NOW + timedelta(days=1)), None)
    assert "one older one was removed" in done.message
    (second,) = backups_in(folder)
    assert second.manifest.tables["metrics"].rows == 1
    done = tidy(context(db, keep, NOW + timedelta(days=2)), None)
    assert "holds the same already" in done.message
    assert backups_in(folder) == [second]


def test_nothing_is_pruned_when_the_backup_fails(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(db, metrics=[{"bucket_start": days(300)}])

    def damaged(*_: object) -> None:
        raise UsageError("damaged")

    monkeypatch.setattr(backups, "verify", damaged)
    keep = KEEP.model_copy(update={"backup": BackupSettings(folder=tmp_path / "b")})
    with pytest.raises(UsageError, match="damaged"):
        tidy(context(db, keep), None)
    assert ask(db, "SELECT count(*) FROM metrics") == [(1,)]


def problems(db: Path, *statements: str) -> Sequence[str]:
    with writing(db, "test", at=NOW) as writer:
        for statement in statements:
            writer.con.execute(statement)
    return check(db, Limits()).problems


def test_a_check_names_bills_keys_and_columns_that_are_wrong(db: Path, tmp_path: Path) -> None:
    load(db, bill(tmp_path / "one.csv", NEW))
    put(db, volumes=[{"volume_id": "v"}])
    assert problems(db) == []
    (found,) = problems(db, "UPDATE charges SET BilledCost = BilledCost + 0.000000000000000001")
    assert "one.csv, 0042 2026-09, 2 charges of 3.000000000000000002 are there, and 2 of 3.0" in found
    found, _ = problems(db, "INSERT INTO volumes FROM volumes")
    assert found == "1 keys (cloud, account_id, region, volume_id) are more than once in the table volumes."
    (found,) = problems(db, "ALTER TABLE volumes DROP COLUMN iops")
    assert found == "The table volumes lacks iops."
    with pytest.raises(UsageError, match=r"w\.duckdb is not sound: The table volumes lacks iops"):
        refuse(db, check(db, Limits()))


def test_compacting_gives_room_back_and_changes_no_row_and_no_state(db: Path) -> None:
    with writing(db, "test", at=NOW) as writer:
        writer.con.execute(
            "INSERT INTO figures SELECT 'r', TIMESTAMP '2026-11-01', md5(i::VARCHAR), 's', i FROM range(200000) AS t(i)"
        )
    with writing(db, "test", at=NOW) as writer:
        writer.con.execute("DELETE FROM figures WHERE value > 10")
    shape = (
        "SELECT 'c', table_name || column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    )
    state = [ask(db, sql) for sql in ("FROM publication", "FROM figures", "FROM bill_ends", shape)]
    before, after = compact(db, at=NOW, limits=Limits())
    assert after < before / 2
    assert db.stat().st_size == after
    assert [ask(db, sql) for sql in ("FROM publication", "FROM figures", "FROM bill_ends", shape)] == state
    assert not db.with_name("w.duckdb.compacting").exists()
