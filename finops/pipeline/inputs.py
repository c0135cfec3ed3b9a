"""What an audit was made from, kept beside the warehouse, so that it can be run again to the same bytes.

An audit depends on the tables of resources, on what it derives from charges and metrics, on the settings and rules, and
on its instant. All of them are kept: tables as Parquet files named by their content, so that what two audits have in
common is there once, and one manifest per audit. The large tables themselves are not needed.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from finops import __version__
from finops.config import Settings
from finops.errors import UsageError, WarehouseError
from finops.model import AuditReport
from finops.pipeline.files import write_whole
from finops.pipeline.filters import Filters
from finops.schema_comments import schema_sql
from finops.warehouse.derived import mark_replayed

# Large, or not read by an audit: what it needs of them is derived.
_LEFT_OUT = frozenset(
    {
        "charges", "metrics", "bill_partitions", "bill_deliveries", "bill_objects", "rejected_rows", "collections",
        "publication", "runs", "warehouse_version", "findings", "not_evaluated", "emission_factors", "data_tests",
        "exemptions", "audits", "finding_history", "decisions", "realised_savings", "bill_days", "run_steps", "figures",
        "anomalies", "anomaly_decisions", "deliveries",
    }
)  # fmt: skip
# Temporary tables that are made anew, or hold what comes out.
_WORKING = frozenset(
    {
        "judged", "said", "said_under", "wanted", "wanted_spot", "replayed_tables", "accepted", "commitment_options",
    }
)  # fmt: skip
_SETTINGS = ("currency", "rates", "rules")


@dataclass(frozen=True, slots=True)
class Kept:
    """An audit as it was asked for."""

    run_id: str
    as_of: datetime
    tool_version: str
    settings: Settings
    filters: Filters


def keep(
    con: duckdb.DuckDBPyConnection, folder: Path, report: AuditReport, settings: Settings, filters: Filters
) -> None:
    """Keeps the inputs of an audit that has just run on this connection; then forgets all but the newest ones.

    Raises UsageError when the folder cannot be written.
    """
    if settings.keep_audits:
        make = folder / "tables"
        try:
            make.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(f"{folder} cannot be made ({error.strerror}).") from error
        manifest = _manifest(report, settings, filters)
        manifest["tables"] = [_stored(con, name, temporary, make) for name, temporary in _tables(con)]
        write_whole(folder / f"{report.run_id}.json", json.dumps(manifest, indent=1).encode())
    _forget(folder, settings.keep_audits)


def folder_of(warehouse: Path) -> Path:
    """Where the inputs of a warehouse's audits are."""
    return warehouse.with_name(f"{warehouse.name}.audits")


@contextmanager
def replaying(folder: Path, run: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Kept]]:
    """A connection in memory on which that audit finds what it found then.

    `run` is an id of a run, or the start of one. Raises UsageError when its inputs are not kept, WarehouseError when
    they are damaged.
    """
    path = _find(folder, run)
    manifest = _read(path)
    with TemporaryDirectory() as files, duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        try:
            for table in manifest["tables"]:
                _put_back(con, table, folder / "tables")
            mark_replayed(con, [table["name"] for table in manifest["tables"] if table["derived"]])
            kept = _kept(manifest, Path(files))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WarehouseError(
                f"{path} is not as it was written: something changed it, or another version of finops wrote it."
            ) from error
        yield con, kept


# --- the manifest -----------------------------------------------------------------------------------------


def _manifest(report: AuditReport, settings: Settings, filters: Filters) -> dict[str, Any]:
    dumped = settings.model_dump(mode="json", by_alias=True)
    return {
        "run_id": report.run_id,
        "as_of": report.as_of.isoformat(),
        "tool_version": __version__,
        "settings": {name: dumped[name] for name in _SETTINGS},
        "filters": {name: _plain(value) for name, value in asdict(filters).items()},
        "rules": {
            f"{number}/{path.name}": path.read_text(encoding="utf-8")
            for number, folder in enumerate(settings.rule_folders)
            for path in sorted(Path(folder).rglob("*.sql"))
        },
        "mutes": _mutes(settings.mutes),
    }


def _mutes(path: Path | None) -> dict[str, str] | None:
    """Name and text of the file of exemptions."""
    return None if path is None else {"name": path.name, "text": path.read_text(encoding="utf-8")}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _kept(manifest: dict[str, Any], folder: Path) -> Kept:
    """The audit that a manifest tells of, the files it read put back into the folder."""
    for name, text in manifest["rules"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    rules = sorted(path for path in folder.iterdir() if path.is_dir())
    mutes = manifest["mutes"] and folder / manifest["mutes"]["name"]
    if mutes:
        mutes.write_text(manifest["mutes"]["text"], encoding="utf-8")
    return Kept(
        manifest["run_id"],
        datetime.fromisoformat(manifest["as_of"]),
        manifest["tool_version"],
        Settings.model_validate({**manifest["settings"], "rule_folders": rules, "mutes": mutes or None}),
        _filters(manifest["filters"]),
    )


def _filters(stored: dict[str, Any]) -> Filters:
    """Filters from what JSON makes of them: lists are tuples, pairs among them."""
    values: dict[str, Any] = {
        name: tuple(tuple(item) if isinstance(item, list) else item for item in value)
        for name, value in stored.items()
        if isinstance(value, list)
    }
    least = stored["min_savings"]
    return Filters(**values, min_savings=None if least is None else Decimal(least))


def _find(folder: Path, run: str) -> Path:
    names = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
    found = [name for name in names if name.startswith(run)] if run else []
    if len(found) == 1:
        return folder / f"{found[0]}.json"
    if found:
        raise UsageError(f"{len(found)} audits begin with {run}: give more of the id.")
    known = f"kept are {', '.join(names[-3:])}" if names else "none are kept"
    raise UsageError(f"The inputs of the audit {run} are not kept ({known}; keep_audits says how many are).")


def _read(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return manifest if isinstance(manifest, dict) else {}
    except (OSError, ValueError) as error:
        raise WarehouseError(f"{path} cannot be read: {error}.") from error


# --- the tables -------------------------------------------------------------------------------------------


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    rows = con.execute(
        "SELECT table_name, temporary FROM duckdb_tables() WHERE NOT internal ORDER BY temporary, table_name"
    ).fetchall()
    return [
        (name, temporary)
        for name, temporary in rows
        if (name not in _WORKING if temporary else name not in _LEFT_OUT)
    ]


def _whole_name(con: duckdb.DuckDBPyConnection, name: str, *, temporary: bool) -> str:
    """The name that no rollup hides: the warehouse's table of traffic is called like one."""
    if temporary:
        return f"temp.main.{_quoted(name)}"
    ((database,),) = con.execute("SELECT current_database()").fetchall()
    return f"{_quoted(database)}.main.{_quoted(name)}"


def _stored(con: duckdb.DuckDBPyConnection, name: str, temporary: bool, folder: Path) -> dict[str, Any]:
    """Writes one table, unless the same is there, and returns what the manifest says of it."""
    import pyarrow.parquet as pq

    source = _whole_name(con, name, temporary=temporary)
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE {source}").fetchall()}
    content = con.sql(f"SELECT * FROM {source} ORDER BY rowid").to_arrow_table()  # noqa: S608
    written = io.BytesIO()
    pq.write_table(content, written, compression="zstd")
    digest = hashlib.sha256(written.getvalue()).hexdigest()
    path = folder / f"{digest}.parquet"
    if content.num_rows and not path.exists():
        write_whole(path, written.getvalue())
    return {
        "name": name,
        "derived": temporary,
        "rows": content.num_rows,
        "columns": types,
        "content": digest if content.num_rows else None,
    }


def _put_back(con: duckdb.DuckDBPyConnection, table: dict[str, Any], folder: Path) -> None:
    name, columns = table["name"], table["columns"]
    if table["derived"]:
        con.execute(
            f"CREATE TEMP TABLE {name} ({', '.join(f'{_quoted(one)} {kind}' for one, kind in columns.items())})"
        )
    if table["content"] is None:
        return
    path = folder / f"{table['content']}.parquet"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WarehouseError(f"{path}, which the audit was made from, cannot be read: {error}.") from error
    if hashlib.sha256(content).hexdigest() != table["content"]:
        raise WarehouseError(f"{path} is not what the audit was made from: it was changed since.")
    _fill(con, _whole_name(con, name, temporary=table["derived"]), columns, content)


def _fill(con: duckdb.DuckDBPyConnection, target: str, columns: dict[str, str], content: bytes) -> None:
    import pyarrow.parquet as pq

    con.register("kept_rows", pq.read_table(io.BytesIO(content)))
    names = ", ".join(_quoted(name) for name in columns)
    casts = ", ".join(f"CAST({_quoted(name)} AS {kind})" for name, kind in columns.items())
    try:
        con.execute(f"INSERT INTO {target} ({names}) SELECT {casts} FROM kept_rows")  # noqa: S608
    except duckdb.Error as error:
        raise WarehouseError(
            f"The inputs of this audit do not fit this version of finops: {str(error).splitlines()[0]}"
        ) from error
    finally:
        con.unregister("kept_rows")


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _forget(folder: Path, most: int) -> None:
    """Removes all but the newest manifests, and the tables that none of these names."""
    manifests = sorted(folder.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in manifests[: max(0, len(manifests) - most)]:
        path.unlink(missing_ok=True)
    if len(manifests) <= most:
        return
    used = {name for path in folder.glob("*.json") for name in _contents(path)}
    for path in (folder / "tables").glob("*.parquet"):
        if path.stem not in used:
            path.unlink(missing_ok=True)


def _contents(path: Path) -> set[str | None]:
    """The tables that a manifest names; none of one that is damaged, which nothing can be run from any more."""
    try:
        return {table["content"] for table in _read(path)["tables"]}
    except (WarehouseError, KeyError, TypeError):
        return set()
