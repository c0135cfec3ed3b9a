"""The bills whose exports are judged: every shared FOCUS sample, its providers alone, and the built-in estate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb

from finops.config import Settings
from finops.pipeline.exporting import Asked, Exported, export_focus
from finops.pipeline.loading import ingest_files

AT = datetime(2026, 11, 20)
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
# The validator needs a minute and gigabytes for a million rows; rows of this many are drawn where there are more.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class DataSet:
    """One export to judge. `bill` is a file below the shared samples; None is the built-in estate."""

    name: str
    bill: str | None
    clouds: tuple[str, ...] = ()

    def absent(self) -> str | None:
        """Why it cannot be made here; None when it can."""
        if self.bill and not (SAMPLES / self.bill).exists():
            return f"the shared sample {self.bill} is not on this machine"
        return None


DATA_SETS = (
    DataSet("demo", None),
    *(DataSet(f"demo-{cloud}", None, (cloud,)) for cloud in ("aws", "alibaba", "gcp")),
    DataSet("aws-focus-1.0", "aws/billing/focus_1_0_aws_rows.csv"),
    DataSet("sample-1.0", "focus/focus/focus_sample_1000.csv"),
    *(DataSet(f"sample-1.0-{cloud}", "focus/focus/focus_sample_1000.csv", (cloud,)) for cloud in ("aws", "azure", "oracle")),
    DataSet("aws-focus-1.2", "focus/focus/synthetic_aws_1_2_rows100.csv"),
    DataSet("aws-focus-1.3", "focus/focus/synthetic_aws_1_3_rows100.csv"),
    DataSet("azure-focus-1.2", "focus/focus/synthetic_azure_1_2_rows100.csv"),
    DataSet("azure-focus-1.3", "focus/focus/synthetic_azure_1_3_rows100.csv"),
    DataSet("gcp-focus-1.2", "focus/focus/synthetic_gcp_1_2_rows100.csv"),
    DataSet("gcp-focus-1.3", "focus/focus/synthetic_gcp_1_3_rows100.csv"),
)  # fmt: skip


def export(one: DataSet, folder: Path, version: str = "1.2") -> tuple[Path, Exported]:
    """The warehouse of a data set (made once per folder), and its export."""
    warehouse = _warehouse(one.bill, folder)
    target = folder / f"export-{one.name}-{version}"
    return warehouse, export_focus(warehouse, target, Settings(), Asked(version, clouds=one.clouds))


@cache
def _warehouse(bill: str | None, folder: Path) -> Path:
    warehouse = folder / f"{Path(bill).stem if bill else 'demo'}.duckdb"
    bills = [str(SAMPLES / bill)] if bill else [str(path) for path in _demo_bills(folder)]
    ingest_files(warehouse, bills, Settings(), at=AT)
    return warehouse


def _demo_bills(folder: Path) -> Iterator[Path]:
    from collectors import sample

    yield from sample.write_bills(folder / "bills")


def one_file(folder: Path, into: Path) -> Path:
    """All months of an export as the one file that the validator takes."""
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(
            f"COPY (FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = false) "
            f"USING SAMPLE reservoir({MOST_ROWS} ROWS) REPEATABLE (1)) TO '{into}' (FORMAT parquet)"
        )
    return into
