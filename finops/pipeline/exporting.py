"""Writes `charges` as a FOCUS data set: Parquet by month, proven equal to the warehouse before anybody sees it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from finops import __version__
from finops.config import Settings
from finops.errors import InvariantError, UsageError
from finops.pipeline import focus_columns
from finops.pipeline.focus_checks import COSTS, Sums, filled, gaps, of_bill, of_files
from finops.pipeline.folders import whole_folder
from finops.warehouse import reading

# Spark, Hive and Athena pass over names that begin with an underscore: the folder is a table as it is.
MANIFEST = "_manifest.json"
# As AWS's own Data Exports name the folder of a month.
PARTITION = "BILLING_PERIOD="
_FILE_SIZE = "512MB"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to export: a FOCUS version, and which months (YYYY-MM) and clouds; empty means all."""

    version: str = focus_columns.VERSIONS[-1]
    months: tuple[str, ...] = ()
    clouds: tuple[str, ...] = ()

    def filters(self) -> dict[str, list[str]]:
        """The filters as the manifest tells them."""
        return {"months": sorted(set(self.months)), "clouds": sorted(set(self.clouds))}


@dataclass(frozen=True, slots=True)
class Month:
    """One written month. `filled` and `gaps` count rows by column: filled by rule, and left empty against FOCUS."""

    month: str
    files: dict[str, int]
    sums: Sums
    filled: dict[str, int]
    gaps: dict[str, int]

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.sums.values())


@dataclass(frozen=True, slots=True)
class Exported:
    """A data set that was written, and how many rows of Cost Explorer totals it leaves out."""

    folder: Path
    months: list[Month]
    left_out: int


def export_focus(
    db: Path,
    folder: Path,
    settings: Settings,
    asked: Asked,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Writes the data set to `folder`, which appears whole or stays as it was.

    Raises UsageError (unknown version, nothing to export, a folder that is not ours or cannot be written),
    WarehouseError or BusyError in one sentence; InvariantError when what was written is not what the warehouse holds.
    """
    if asked.version not in focus_columns.VERSIONS:
        raise UsageError(
            f"FOCUS {asked.version} cannot be written: --focus-version is {', '.join(focus_columns.VERSIONS[:-1])} "
            f"or {focus_columns.VERSIONS[-1]}."
        )
    target = folder.expanduser().resolve()
    _check_ours(target, asked)
    _check_holds(db, settings, asked)
    with whole_folder(target) as partial:
        with reading(db, settings.limits(), writes_to=partial) as con:
            months = list(_written(con, partial, asked, progress))
            totals = _count_totals(con, asked)
        (partial / MANIFEST).write_text(_manifest(months, totals, asked), encoding="utf-8")
    return Exported(target, months, totals)


# --- what is there already ----------------------------------------------------------------------------------


def _check_ours(target: Path, asked: Asked) -> None:
    """Raises UsageError unless the folder is absent, empty, or an export that this one may replace."""
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file: name a folder with -o.")
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    if not found:
        return
    manifest = _read_manifest(target / MANIFEST)
    if manifest is None:
        raise UsageError(
            f"{target} holds files that finops export did not write: name another folder with -o."
        )
    listed = {name for month in manifest["months"] for name in month["files"]} | {MANIFEST}
    if strange := sorted(found - listed):
        raise UsageError(
            f"{target} holds {strange[0]}, which is not of the export there: move it away, or name another folder "
            "with -o."
        )
    narrow = asked.filters()
    if any(narrow.values()) and narrow != manifest["filters"]:
        raise UsageError(
            f"{target} holds an export of other months or clouds, which would be lost: name another folder with -o."
        )


def _read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of an export of ours; None where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["written_by"] == "finops" and found["dataset"] == "FOCUS":
            return {
                "months": [{"files": list(one["files"])} for one in found["months"]],
                "filters": found["filters"],
            }
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


# --- what the warehouse has ---------------------------------------------------------------------------------


def _check_holds(db: Path, settings: Settings, asked: Asked) -> None:
    """Raises UsageError when there is nothing to export, or nothing of what was asked for."""
    with reading(db, settings.limits()) as con:
        rows = con.execute(
            "SELECT x_Cloud, strftime(BillingPeriodStart + INTERVAL 12 HOUR, '%Y-%m'), "
            "count(*) FILTER (x_CostBasis <> 'total') FROM charges GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    if not rows:
        raise UsageError(f"There are no charges in {db}: load a bill with finops ingest FILE.")
    bills = [(cloud, month) for cloud, month, count in rows if count]
    if not bills:
        raise UsageError(
            f"{db} has only totals from Cost Explorer, which are no bill: load one with finops ingest FILE."
        )
    clouds, months = ({pair[place] for pair in bills} for place in (0, 1))
    for option, wanted, there in (("--cloud", asked.clouds, clouds), ("--month", asked.months, months)):
        if lacking := sorted(set(wanted) - there):
            raise UsageError(
                f"{option} {lacking[0]}: there are no charges of it; there are {', '.join(sorted(there))}."
            )
    if not [pair for pair in bills if _asked_for(pair, asked)]:
        raise UsageError(
            "There are no charges of these clouds in these months; finops sql tells which there are."
        )


def _asked_for(pair: tuple[str, str], asked: Asked) -> bool:
    cloud, month = pair
    return (not asked.clouds or cloud in asked.clouds) and (not asked.months or month in asked.months)


def _count_totals(con: duckdb.DuckDBPyConnection, asked: Asked) -> int:
    row = con.execute(
        f"SELECT count(*) FROM charges WHERE x_CostBasis = 'total' AND {_where(asked)}"  # noqa: S608 - quoted below
    ).fetchone()
    return int(row[0]) if row else 0


def _where(asked: Asked, month: str | None = None) -> str:
    """The charges asked for, as SQL; a month as bounds, which DuckDB checks by block."""
    parts = ["true"]
    if asked.clouds:
        parts.append(f"x_Cloud IN ({', '.join(map(_text, asked.clouds))})")
    if month:
        start = (
            f"CAST('{month}-01' AS TIMESTAMP) - INTERVAL 12 HOUR"  # some bills begin at midnight elsewhere
        )
        parts.append(f"BillingPeriodStart >= {start} AND BillingPeriodStart < {start} + INTERVAL 1 MONTH")
    elif asked.months:
        months = ", ".join(map(_text, asked.months))
        parts.append(f"strftime(BillingPeriodStart + INTERVAL 12 HOUR, '%Y-%m') IN ({months})")
    return " AND ".join(parts)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# --- writing ------------------------------------------------------------------------------------------------


def _written(
    con: duckdb.DuckDBPyConnection, partial: Path, asked: Asked, progress: Callable[[str], None]
) -> Iterator[Month]:
    """Each month, written and compared with the warehouse."""
    from collectors.bills.mapping import macros

    con.execute(macros())
    con.execute(focus_columns.preparation())
    names = [name for name, *_ in con.execute("DESCRIBE charges").fetchall()]
    expected = of_bill(con, f"x_CostBasis <> 'total' AND {_where(asked)}")
    for month, sums in expected.items():
        progress(f"Writing {month}.")
        where = f"x_CostBasis <> 'total' AND {_where(asked, month)}"
        folder = partial / f"{PARTITION}{month}"
        with _told_of(folder):
            con.execute(
                f"COPY ({focus_columns.select(asked.version, names, where)}) TO {_text(str(folder))} "
                f"(FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '{_FILE_SIZE}', FILENAME_PATTERN 'focus-{{i}}')"
            )
            yield _proven(con, month, folder, sums, asked)


def _proven(con: duckdb.DuckDBPyConnection, month: str, folder: Path, bill: Sums, asked: Asked) -> Month:
    """Reads the month back; raises InvariantError unless it adds up to the warehouse."""
    files = f"read_parquet({_text(str(folder / '*.parquet'))}, hive_partitioning = false)"
    written = of_files(con, files)
    for currency in sorted({*bill, *written}):
        ours, theirs = written.get(currency), bill.get(currency)
        if ours is None or theirs is None or (ours.rows, ours.told) != (theirs.rows, theirs.told):
            raise InvariantError(
                f"The export of {month} in {currency} does not add up to the warehouse ({ours} is not {theirs}); "
                "nothing was exported. Please report this."
            )
    sizes = {f"{folder.name}/{path.name}": path.stat().st_size for path in sorted(folder.iterdir())}
    return Month(month, sizes, written, filled(con, files), gaps(con, files, asked.version))


@contextmanager
def _told_of(folder: Path) -> Iterator[None]:
    """A file that cannot be written is told as that, not as a trouble of the warehouse."""
    try:
        yield
    except duckdb.IOException as error:
        reason = str(error).splitlines()[0][:200]
        raise UsageError(
            f"{folder.parent} cannot be written ({reason}): free some room, or name another with -o."
        ) from error


def _manifest(months: Sequence[Month], left_out: int, asked: Asked) -> str:
    """What the data set holds, for people and programs; the same bytes for the same data."""
    return (
        json.dumps(
            {
                "dataset": "FOCUS",
                "focus_version": asked.version,
                "written_by": "finops",
                "tool_version": __version__,
                "filters": asked.filters(),
                "left_out": {"cost_explorer_totals": left_out},
                "months": [
                    {
                        "month": one.month,
                        "rows": one.rows,
                        "files": one.files,
                        "sums": {currency: _sums(of) for currency, of in one.sums.items()},
                        "filled": one.filled,
                        "missing": one.gaps,
                    }
                    for one in months
                ],
            },
            indent=2,
        )
        + "\n"
    )


def _sums(of: Any) -> dict[str, Any]:
    sums: dict[str, Any] = {"rows": of.rows}
    for name in COSTS:
        sums[name] = plain(of.told[name] + of.made[name])
    return sums | {f"{name}_filled": plain(amount) for name, amount in of.made.items() if amount}


def plain(amount: Decimal) -> str:
    """Every digit that is there, at least two after the point."""
    whole, _, rest = f"{amount:f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
