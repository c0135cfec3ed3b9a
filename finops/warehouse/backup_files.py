"""What is in a backup: its manifest, its files, and whether they are what was written."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from finops.errors import WarehouseError
from finops.warehouse.connections import Limits
from finops.warehouse.migrations import CURRENT

FORMAT = 1
MANIFEST = "manifest.json"
_TYPE = re.compile(r"^[A-Z]+(\(\d+, ?\d+\))?$")
_EXACT = Context(prec=80)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnKept(_Part):
    """A column of a table as it was."""

    name: str
    type: str
    required: bool


class TableKept(_Part):
    """What a backup holds of a table; without rows there is no file.

    `content` is the sum of hash(row), `sums` are those of its DECIMAL columns as text.
    """

    columns: list[ColumnKept]
    rows: int
    content: str
    sums: dict[str, str]
    bytes: int
    sha256: str


class Manifest(_Part):
    """What a backup is of. `content` tells two backups with the same rows apart from others."""

    format: int
    schema_version: int
    tool: str
    duckdb: str
    warehouse: str
    written_at: str
    content: str
    tables: dict[str, TableKept]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows of a table, the sum of their hashes, the sums of its amounts."""

    rows: int
    content: str
    sums: dict[str, str]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Raises WarehouseError when there is none, a damaged or a newer one."""
    path = folder / MANIFEST
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise WarehouseError(
            f"{folder} is no backup: its {MANIFEST} cannot be read ({error.strerror}). Name a folder such as "
            "finops-20261121T051000Z."
        ) from error
    except ValueError as error:
        raise WarehouseError(f"{path} is damaged ({error}): take another backup.") from error
    newer = {"format": FORMAT, "schema_version": CURRENT}
    for name, known in newer.items():
        if isinstance(told, dict) and isinstance(told.get(name), int) and told[name] > known:
            raise WarehouseError(
                f"{folder} was written by a newer finops ({name.replace('_', ' ')} {told[name]}, this one knows "
                f"{known}): upgrade finops-analyzer."
            )
    try:
        return Manifest.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise WarehouseError(f"{path} is damaged ({where}: {first['msg']}): take another backup.") from error


def verify(folder: Path, limits: Limits) -> tuple[Manifest, dict[str, Measured]]:
    """Reads every file of a backup, compares it with the manifest, and returns this and what each table measures.

    Raises WarehouseError that names the table when a file is missing, damaged, or holds anything else.
    """
    manifest = read_manifest(folder)
    settings = limits.settings(folder / "verifying")
    same_hash = manifest.duckdb == duckdb.__version__
    with duckdb.connect(config=settings) as con:
        found = {
            name: _verified(con, folder, name, table, same_hash=same_hash)
            for name, table in manifest.tables.items()
        }
    return manifest, found


def _verified(
    con: duckdb.DuckDBPyConnection, folder: Path, name: str, table: TableKept, *, same_hash: bool
) -> Measured:
    path = file_of(folder, name)
    if not table.rows and not path.exists():
        return Measured(0, table.content, table.sums)
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != table.sha256:
            raise _damaged(path, f"it has {path.stat().st_size:,} bytes and is not the file that was written")
        found = measure(con, source_of(path, table), table.columns)
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    except duckdb.Error as error:
        raise _damaged(path, str(error).splitlines()[0][:200]) from error
    if found.rows != table.rows:
        raise _damaged(path, f"it has {found.rows:,} rows instead of {table.rows:,}")
    if found.sums != table.sums:
        wrong = next(column for column in table.sums if found.sums.get(column) != table.sums[column])
        raise _damaged(path, f"{wrong} adds up to {found.sums.get(wrong)} instead of {table.sums[wrong]}")
    if same_hash and found.content != table.content:  # how DuckDB hashes may change with its version
        raise _damaged(path, "its rows are not those that were written")
    return found


def _damaged(path: Path, why: str) -> WarehouseError:
    return WarehouseError(f"The backup {path.parent} is damaged: {path.name}: {why}. Take another one.")


# --- what is in a table -----------------------------------------------------------------------------------


def measure(con: duckdb.DuckDBPyConnection, source: str, columns: Sequence[ColumnKept]) -> Measured:
    """Measures a relation by these columns, in whatever order its rows are."""
    names = ", ".join(quoted(column.name) for column in sorted(columns, key=lambda one: one.name))
    amounts = [column.name for column in columns if column.type.startswith("DECIMAL")]
    # The parts before and after the point by themselves: together they might not fit 38 digits.
    sums = "".join(
        f", sum(CAST(trunc({quoted(name)}) AS HUGEINT)), sum({quoted(name)} % 1)" for name in amounts
    )
    row = con.execute(
        f"SELECT count(*), CAST(coalesce(sum(CAST(hash(t) AS HUGEINT)), 0) AS VARCHAR){sums} "  # noqa: S608
        f"FROM (SELECT {names} FROM {source}) AS t"
    ).fetchone()
    rows, content, *parts = row or (0, "0")
    pairs = zip(amounts, parts[::2], parts[1::2], strict=True)
    return Measured(int(rows), str(content), {name: _sum(whole, rest) for name, whole, rest in pairs})


def _sum(whole: int | None, rest: Decimal | None) -> str:
    """A sum from its parts as text; 0 of nothing."""
    return f"{_EXACT.add(Decimal(whole or 0), rest or Decimal(0)).normalize(_EXACT):f}"


def source_of(path: Path, table: TableKept) -> str:
    """A backup's file as a relation with the types that the table had."""
    casts = ", ".join(
        f"CAST({quoted(one.name)} AS {typed(one)}) AS {quoted(one.name)}" for one in table.columns
    )
    return f"(SELECT {casts} FROM read_parquet({literal(str(path))}, hive_partitioning = false))"  # noqa: S608


def typed(column: ColumnKept) -> str:
    """The type of a column, to be put into a statement. Raises WarehouseError for what is none."""
    if not _TYPE.match(column.type):
        raise WarehouseError(f"The backup is damaged: {column.type} is no type of a column ({column.name}).")
    return column.type


def file_of(folder: Path, table: str) -> Path:
    """The file of a table. Raises WarehouseError for what is no name of a table."""
    if not re.fullmatch(r"\w+", table):
        raise WarehouseError(f"The backup {folder} is damaged: {table!r} is no name of a table.")
    return folder / f"{table}.parquet"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
