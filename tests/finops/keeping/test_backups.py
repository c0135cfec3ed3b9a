"""Backups: the same content back, whole or not at all, damage found, the right ones kept."""

import hashlib
import json
import os
import random
import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.errors import UsageError, WarehouseError
from finops.schema_comments import Column, tables
from finops.warehouse import Limits, backups, migrations, reading, writing
from finops.warehouse.backup_files import MANIFEST, ColumnKept, measure, quoted, read_manifest, verify
from finops.warehouse.backups import NOT_KEPT, back_up, backups_in
from finops.warehouse.connections import told_plainly
from finops.warehouse.restoring import restore
from finops.warehouse.rotation import rotate, staying

AT = datetime(2026, 11, 21, 5, 10)
LIMITS = Limits(threads=2)
HOSTILE = (
    "", "null", "NULL", "=cmd()", "a'b\"c`d", "x\0y", "\n\r\t", "é漢🤷", "'; DROP TABLE charges; --", "\\N", " pad ",
    "{\"a\": 1}", "../../etc", "0042", "\u202e", "a" * 3000,
)  # fmt: skip
DOUBLES = (0.0, -0.0, 1e308, -1e-308, float("inf"), float("-inf"), float("nan"), 0.1, 1 / 3)
AMOUNTS = (
    Decimal(0), Decimal("0.000000000000000001"), Decimal("-99999999999999999999.999999999999999999"),
    Decimal("99999999999999999999.999999999999999999"), Decimal("-0.5"), Decimal("1234.56"),
)  # fmt: skip
TIMES = (
    datetime(1970, 1, 1), datetime(2026, 2, 28, 23, 59, 59, 999999), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59),
)  # fmt: skip
ROWS = 16


def value(column: Column, pick: random.Random) -> Any:
    """Any value that a column can hold, NULL too where it may be."""
    if not column.required and pick.random() < 0.2:
        return None
    kind = column.type.partition("(")[0]
    if kind == "DECIMAL":
        amount = pick.choice(AMOUNTS)
        return amount if column.type.endswith("18)") else amount.quantize(Decimal("0.01"))
    return {
        "VARCHAR": lambda: pick.choice(HOSTILE) + str(pick.randrange(9)),
        "JSON": lambda: json.dumps({pick.choice(HOSTILE): [pick.choice(HOSTILE), None, 1.5, {}]}),
        "TIMESTAMP": lambda: pick.choice(TIMES),
        "DATE": lambda: pick.choice(TIMES).date(),
        "DOUBLE": lambda: pick.choice(DOUBLES),
        "BOOLEAN": lambda: pick.random() < 0.5,
        "BIGINT": lambda: pick.choice((0, -1, 2**63 - 1, -(2**63))),
        "UBIGINT": lambda: pick.choice((0, 2**64 - 1)),
        "INTEGER": lambda: pick.choice((0, -1, 2**31 - 1)),
    }[kind]()


def fill(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Rows of every kind in every table."""
    pick = random.Random(seed)
    con.begin()
    for table in tables():
        if table.name in {*NOT_KEPT, "emission_factors"}:  # which are those of the tool
            continue
        marks = ", ".join("?" for _ in table.columns)
        names = ", ".join(quoted(column.name) for column in table.columns)
        many = max(pick.randrange(ROWS), 2 if table.name == "charges" else 0)
        rows = [[value(column, pick) for column in table.columns] for _ in range(many)]
        if rows:
            con.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
    con.commit()


def content(db: Path) -> dict[str, list[Any]]:
    """Every row of every table as text, in its order, by the columns of the schema."""
    told = {}
    with reading(db, LIMITS) as con:
        for table in tables():
            if table.name not in NOT_KEPT:
                names = ", ".join(f"CAST({quoted(column.name)} AS VARCHAR)" for column in table.columns)
                told[table.name] = con.execute(f"SELECT {names} FROM {table.name} ORDER BY rowid").fetchall()
    return told


def change(db: Path, name: str = "one", at: datetime = AT) -> None:
    with writing(db, "test", at=at) as writer:
        writer.con.execute(
            "INSERT INTO data_tests VALUES (?, 's', 'warn', 'passed', 'm', 'r', ?, NULL, NULL)", [name, at]
        )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A warehouse with something of everything, and a backup of it."""
    folder = tmp_path_factory.mktemp("kept")
    db = folder / "w.duckdb"
    with writing(db, "test", at=AT) as writer:
        fill(writer.con, seed=9)
    made, written = back_up(db, folder / "backups", at=AT, limits=LIMITS)
    assert written
    return db, made.folder


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    change(path)
    return path


@pytest.fixture
def copied(kept: tuple[Path, Path], tmp_path: Path) -> Path:
    """A backup that a test may spoil."""
    return Path(shutil.copytree(kept[1], tmp_path / kept[1].name))


def spoil(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


# --- there and back ---------------------------------------------------------------------------------------


def test_a_restored_warehouse_has_every_row_of_every_table_in_its_order(
    kept: tuple[Path, Path], tmp_path: Path
) -> None:
    db, folder = kept
    target = tmp_path / "restored.duckdb"
    done = restore(folder, target, at=AT, limits=LIMITS)
    assert content(target) == content(db)
    assert done.rows == sum(len(rows) for rows in content(db).values())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["restored.duckdb", "restored.duckdb.lock"]
    assert views(target) == views(db)


def views(db: Path) -> list[Any]:
    with reading(db, LIMITS) as con:
        return con.execute(
            "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY 1"
        ).fetchall()


def test_the_manifest_adds_amounts_up_exactly(kept: tuple[Path, Path]) -> None:
    db, folder = kept
    sums = read_manifest(folder).tables["charges"].sums
    with reading(db, LIMITS) as con:
        for name in ("BilledCost", "ListUnitPrice"):
            rows = con.execute(f"SELECT {name} FROM charges WHERE {name} IS NOT NULL").fetchall()
            assert Fraction(sums[name]) == sum((Fraction(row[0]) for row in rows), Fraction(0))


def test_what_is_in_a_backup_only_its_owner_may_read(kept: tuple[Path, Path]) -> None:
    folder = kept[1]
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_backup_of_the_schema_before_is_migrated(copied: Path, tmp_path: Path) -> None:
    step = migrations.STEPS[migrations.CURRENT]
    told = json.loads((copied / MANIFEST).read_text())
    told["tables"] = {
        name: {
            **table,
            "columns": [one for one in table["columns"] if f"{name} ADD COLUMN {one['name']}" not in step],
        }
        for name, table in told["tables"].items()
        if f"CREATE TABLE {name} (" not in step
    }
    spoil(copied, tables=told["tables"], schema_version=migrations.CURRENT - 1, duckdb="another")
    target = tmp_path / "old.duckdb"
    restore(copied, target, at=AT, limits=LIMITS)
    with reading(target, LIMITS) as con:
        assert migrations.version_of(con) == migrations.CURRENT
        for name in ("data_tests", "decisions"):
            rows = con.execute(f"SELECT count(*) FROM {name}").fetchall()
            assert rows == [(told["tables"][name]["rows"],)]
        assert con.execute("SELECT count(*) FROM decisions WHERE due IS NOT NULL").fetchall() == [(0,)]


def test_a_run_that_was_under_way_is_aborted_in_what_is_restored(warehouse: Path, tmp_path: Path) -> None:
    with writing(warehouse, "nightly close", at=AT) as writer:
        writer.con.execute(
            "INSERT INTO runs (run_id, command, started_at, status, tool) "
            "VALUES ('n', 'nightly', ?, 'running', 'x')",
            [AT],
        )
    made, _ = back_up(warehouse, tmp_path / "b", at=AT, limits=LIMITS)
    restore(made.folder, tmp_path / "new.duckdb", at=AT, limits=LIMITS)
    with reading(tmp_path / "new.duckdb") as con:
        assert con.execute("SELECT status, finished_at FROM runs WHERE run_id = 'n'").fetchall() == [
            ("aborted", AT)
        ]


# --- the same again ---------------------------------------------------------------------------------------


def test_the_same_content_is_backed_up_once(warehouse: Path, tmp_path: Path) -> None:
    first, _ = back_up(warehouse, tmp_path / "b", at=AT, limits=LIMITS)
    again, written = back_up(warehouse, tmp_path / "b", at=AT + timedelta(hours=1), limits=LIMITS)
    assert (again.folder, written) == (first.folder, False)
    change(warehouse, "two")
    later, written = back_up(warehouse, tmp_path / "b", at=AT, limits=LIMITS)
    assert written
    assert later.folder.name == "finops-20261121T051001Z"  # the name of that second was taken
    (later.folder / "charges.parquet").write_bytes(b"")
    assert back_up(warehouse, tmp_path / "b", at=AT, limits=LIMITS)[1]  # the last one is damaged


def test_backups_of_two_warehouses_in_one_folder_do_not_count_as_each_other(
    warehouse: Path, tmp_path: Path
) -> None:
    other, folder = tmp_path / "other.duckdb", tmp_path / "b"
    shutil.copy(warehouse, other)
    first, _ = back_up(warehouse, folder, at=AT, limits=LIMITS)
    second, written = back_up(other, folder, at=AT + timedelta(days=1), limits=LIMITS)
    assert written
    assert rotate(folder, warehouse, daily=1, weekly=0, monthly=0) == []
    assert [one.folder for one in backups_in(folder)] == [first.folder, second.folder]


def test_a_backup_of_a_clock_that_went_back_is_not_removed_by_the_night_that_made_it(
    warehouse: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "b"
    before, _ = back_up(warehouse, folder, at=AT, limits=LIMITS)
    with writing(warehouse, "test", at=AT) as writer:
        writer.con.execute("DELETE FROM metrics")
    made, written = back_up(warehouse, folder, at=AT - timedelta(days=9000), limits=LIMITS)
    assert written
    assert rotate(folder, warehouse, daily=1, weekly=0, monthly=0, made=made.folder) == []
    assert [one.folder for one in backups_in(folder)] == [made.folder, before.folder]


# --- killed, damaged, refused -----------------------------------------------------------------------------


def test_a_backup_that_is_killed_leaves_nothing_that_counts(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "b"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backups, "verify", killed)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)  # as kill -9, which cleans nothing up
        with pytest.raises(KeyboardInterrupt):
            back_up(warehouse, folder, at=AT, limits=LIMITS)
    left = [one for one in folder.iterdir() if one.is_dir()]
    assert [one.name.startswith(backups.UNDER_WAY) for one in left] == [True]
    assert (left[0] / MANIFEST).exists()
    assert backups_in(folder) == []
    made, _ = back_up(warehouse, folder, at=AT, limits=LIMITS)
    assert [one for one in folder.iterdir() if one.is_dir()] == [made.folder]


def test_a_rotation_that_is_killed_leaves_no_half_backup(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "b"
    for day in range(2):
        change(warehouse, str(day))
        back_up(warehouse, folder, at=AT + timedelta(days=day), limits=LIMITS)

    def killed(path: Path) -> None:
        (path / "runs.parquet").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate(folder, warehouse, daily=1, weekly=0, monthly=0)
    assert [one.at for one in backups_in(folder)] == [AT + timedelta(days=1)]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def other_rows(path: Path) -> None:
    """A file that is whole, but not what was written; the manifest is made to believe in its bytes."""
    with duckdb.connect() as con:
        con.execute(f"COPY (FROM '{path}' LIMIT 1) TO '{path}.new' (FORMAT parquet)")
    os.replace(f"{path}.new", path)
    told = json.loads((path.parent / MANIFEST).read_text())
    told["tables"][path.stem]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    spoil(path.parent, tables=told["tables"])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flip, "is not the file that was written"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "is not the file that was written"),
        (lambda path: path.unlink(), "No such file"),
        (other_rows, "it has 1 rows instead of"),
    ],
    ids=["a flipped byte", "a cut end", "a missing file", "other rows"],
)
def test_a_damaged_file_is_named_and_nothing_is_restored_from_it(
    copied: Path, warehouse: Path, damage: Any, words: str
) -> None:
    before = warehouse.read_bytes()
    damage(copied / "charges.parquet")
    with pytest.raises(WarehouseError, match=f"charges.parquet: .*{words}"):
        verify(copied, LIMITS)
    with pytest.raises(WarehouseError, match="is damaged"):
        restore(copied, warehouse, at=AT, limits=LIMITS, force=True)
    assert warehouse.read_bytes() == before
    assert not list(warehouse.parent.glob("*.before-restore*")) + list(warehouse.parent.glob("*.restoring*"))


def test_rows_that_add_up_alike_but_differ_are_found(copied: Path) -> None:
    told = json.loads((copied / MANIFEST).read_text())
    told["tables"]["charges"]["content"] = "1"
    spoil(copied, tables=told["tables"])
    with pytest.raises(WarehouseError, match="its rows are not those that were written"):
        verify(copied, LIMITS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": migrations.CURRENT + 1}, "was written by a newer finops"),
        ({"format": 2}, "was written by a newer finops"),
        ({"tables": []}, "manifest.json is damaged"),
        ({"tables": {"../x": None}}, "manifest.json is damaged"),
    ],
)
def test_a_manifest_that_is_newer_or_damaged_is_refused(
    copied: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    spoil(copied, **changes)
    with pytest.raises(WarehouseError, match=words):
        restore(copied, tmp_path / "x.duckdb", at=AT, limits=LIMITS)
    assert not (tmp_path / "x.duckdb").exists()


def test_names_and_types_of_a_manifest_reach_no_statement_and_no_other_file(copied: Path) -> None:
    told = json.loads((copied / MANIFEST).read_text())["tables"]
    spoil(copied, tables={"../runs": told["runs"]})
    with pytest.raises(WarehouseError, match="no name of a table"):
        verify(copied, LIMITS)
    runs = {**told["runs"], "columns": [{"name": "run_id", "type": "VARCHAR); DROP", "required": True}]}
    spoil(copied, tables={"runs": runs})
    with pytest.raises(WarehouseError, match="no type of a column"):
        verify(copied, LIMITS)


def test_a_full_disk_is_told_of_the_disk_and_not_as_damage(tmp_path: Path) -> None:
    words = "Could not write file: No space left on device"
    with (
        pytest.raises(WarehouseError, match=r"The disk that holds .*w\.duckdb is full"),
        told_plainly(tmp_path / "w.duckdb"),
    ):
        raise duckdb.FatalException(words)
    with pytest.raises(WarehouseError, match=r"The disk that holds .* is full"), backups.told_of(tmp_path):
        raise duckdb.IOException(words)


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"is no backup: its manifest\.json cannot be read"):
        restore(tmp_path, tmp_path / "x.duckdb", at=AT, limits=LIMITS)


def test_a_warehouse_is_replaced_only_by_force_and_each_one_before_is_kept(
    kept: tuple[Path, Path], warehouse: Path
) -> None:
    work = warehouse.with_name(warehouse.name + ".work")  # of a run that was killed
    shutil.copy(warehouse, work)
    with pytest.raises(UsageError, match="pass --force"):
        restore(kept[1], warehouse, at=AT, limits=LIMITS)
    first = warehouse.read_bytes()
    done = restore(kept[1], warehouse, at=AT, limits=LIMITS, force=True)
    second = warehouse.read_bytes()
    again = restore(kept[1], warehouse, at=AT, limits=LIMITS, force=True)
    assert done.before is not None
    assert again.before is not None
    assert (done.before.read_bytes(), again.before.read_bytes()) == (first, second)
    assert done.before.name == "w.duckdb.before-restore"
    assert not work.exists()
    change(warehouse, "a writer goes on from it")


# --- which ones stay --------------------------------------------------------------------------------------


def test_over_two_years_of_nights_the_last_days_weeks_and_months_stay() -> None:
    there: set[datetime] = set()
    for day in range(730):
        there.add(datetime(2025, 1, 1, 5) + timedelta(days=day))
        there = staying(sorted(there), daily=7, weekly=5, monthly=13)
    last = datetime(2026, 12, 31, 5)
    days = {last - timedelta(days=number) for number in range(7)}
    sundays = {datetime(2026, 12, day, 5) for day in (6, 13, 20, 27)}
    ends = {datetime(2025 + (month + 10) // 12, (month + 10) % 12 + 1, 1, 5) for month in range(2, 15)}
    assert there == days | sundays | {first - timedelta(days=1) for first in ends}


def test_the_newest_backup_stays_whatever_is_asked() -> None:
    at = [AT - timedelta(days=day) for day in range(3)]
    assert staying(at, daily=1, weekly=0, monthly=0) == {AT}
    assert staying([], daily=1, weekly=0, monthly=0) == set()


def test_measuring_does_not_depend_on_the_order_of_rows_or_columns() -> None:
    shape = read_columns()
    with duckdb.connect() as con:
        con.execute("CREATE TABLE a AS SELECT 1::DECIMAL(38, 18) AS x, 'p' AS y UNION ALL SELECT 2, 'q'")
        con.execute("CREATE TABLE b AS SELECT y, x FROM a ORDER BY y DESC")
        assert measure(con, "a", shape) == measure(con, "b", shape[::-1])
        con.execute("UPDATE b SET y = 'r' WHERE y = 'q'")
        assert measure(con, "a", shape) != measure(con, "b", shape)


def read_columns() -> list[Any]:
    return [
        ColumnKept(name="x", type="DECIMAL(38,18)", required=False),
        ColumnKept(name="y", type="VARCHAR", required=False),
    ]
