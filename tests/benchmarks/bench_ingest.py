"""Ingest against the least DuckDB could do with the same file: CREATE TABLE AS SELECT * FROM read_….

    python -m tests.benchmarks.bench_ingest [--rows 1000000 10000000] [--large] [--repeat 3] [--memory 2GB] [--dir DIR]

Prints CPU and wall seconds and the peak resident memory of both and their ratio, and how many rows a second of CPU
loads. The first number of rows is measured in every kind of file (Parquet with amounts that are DOUBLE, DECIMAL or
text, and with maps; CSV; gzipped CSV), the others as Parquet with DOUBLE; --large adds 50,000,000 rows, which take
15 minutes on two processors and 20 GB of disk. Then what pandas and polars (where it is installed) take to read the
first file, to add up the same sums and to store it. Each measurement is a process of its own, imports and the opening
and publishing of the warehouse included; of several the one with the least CPU counts. On a machine that has other
things to do only CPU seconds compare.
"""

import argparse
import importlib.util
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from tests.benchmarks import focus_rows
from tests.benchmarks.measured import Run
from tests.benchmarks.measured import measure as measure_command

ROOT = Path(__file__).parents[2]
LARGE = 50_000_000
SOME = 2_000_000  # from here on once is enough
# Kinds of files: the ending of the name, the type of amounts, whether tags are maps.
KINDS = {
    "parquet": (".parquet", "double", False),
    "parquet, maps": ("-maps.parquet", "double", True),
    "parquet, decimal": ("-decimal.parquet", "decimal", False),
    "parquet, text": ("-text.parquet", "text", False),
    "csv": (".csv", "double", False),
    "csv.gz": (".csv.gz", "double", False),
}
GROUPS = ["ProviderName", "BillingAccountId", "BillingCurrency", "BillingPeriodStart", "ServiceName"]
COSTS = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"]


def bare(file: Path, work: Path, memory: str, threads: int) -> None:
    """The baseline, with whatever types DuckDB finds."""
    import duckdb

    config = {"memory_limit": memory, "threads": threads}
    with duckdb.connect(str(work / "bare.duckdb"), config=config) as con:
        reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
        con.execute(f"CREATE TABLE charges AS SELECT * FROM {reader}('{file}')")


def ours(file: Path, work: Path, memory: str, threads: int) -> None:
    """The product."""
    from collectors.bills import ingest
    from finops.warehouse import Limits, writing

    at = datetime(2026, 11, 20)
    limits = Limits(memory=memory, threads=threads)
    with writing(work / "finops.duckdb", "ingest", at=at, limits=limits) as writer:
        ingest(writer, [file], at=at)


def with_pandas(file: Path, work: Path, *_: object) -> None:
    """Amounts as DOUBLE, no checks."""
    import pandas as pd

    frame = pd.read_parquet(file)
    frame.groupby(GROUPS, dropna=False)[COSTS].sum()
    frame.to_parquet(work / "pandas.parquet")


def with_polars(file: Path, work: Path, *_: object) -> None:
    """The same."""
    import polars as pl

    frame = pl.read_parquet(file)
    frame.group_by(GROUPS).agg(pl.col(COSTS).sum())
    frame.write_parquet(work / "polars.parquet")


CASES = {"bare": bare, "ours": ours, "pandas": with_pandas, "polars": with_polars}


def measure(case: str, file: Path, given: argparse.Namespace, repeat: int) -> Run:
    """The run of one case with the least CPU, each in a process and a folder of its own."""
    runs = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(dir=file.parent) as work:
            command = [sys.executable, "-m", "tests.benchmarks.bench_ingest", "--case", case, "--file", file]
            command += ["--work", work, "--memory", given.memory, "--threads", str(given.threads)]
            run = measure_command(command, Path(work), {"PYTHONPATH": str(ROOT)})
            if run.code:
                sys.exit(f"{case} {file.name} failed: {Path(work, 'err').read_text()}")
            runs.append(run)
    return min(runs, key=lambda run: run.cpu)


def made(folder: Path, rows: int, kind: str) -> Path:
    """The file, made now unless it is there from the last time."""
    ending, amounts, maps = KINDS[kind]
    file = folder / f"bill-{rows}{ending}"
    if not file.exists():
        unfinished = folder / f"unfinished{ending}"
        focus_rows.write(unfinished, rows, amounts=amounts, maps=maps)
        unfinished.rename(file)
    return file


def compare(given: argparse.Namespace, folder: Path) -> None:
    """The table of ingest against the baseline."""
    print(f"{given.threads} threads, memory_limit {given.memory}; of {given.repeat} runs the least CPU\n")
    print(
        "rows       file                 MB |  CPU s: bare    ours  ratio | wall s: bare    ours  ratio "
        "| RSS MB: bare  ours | rows per CPU s"
    )
    for rows in given.rows:
        for kind in KINDS if rows == given.rows[0] else ["parquet"]:
            file = made(folder, rows, kind)
            repeat = given.repeat if rows < SOME else 1
            least, our = measure("bare", file, given, repeat), measure("ours", file, given, repeat)
            print(
                f"{rows:<11,}{kind:16}{file.stat().st_size / 1e6:7,.0f} |"
                f"{least.cpu:13.1f}{our.cpu:8.1f}{our.cpu / least.cpu:7.2f} |"
                f"{least.wall:13.1f}{our.wall:8.1f}{our.wall / least.wall:7.2f} |"
                f"{least.rss:13,.0f}{our.rss:6,.0f} |{rows / our.cpu:15,.0f}",
                flush=True,
            )


def beside(given: argparse.Namespace, folder: Path) -> None:
    """What others take to read the first file, to sum it up and to store it."""
    rows = given.rows[0]
    file = made(folder, rows, "parquet")
    print(f"\n{rows:,} rows: read, summed up and stored by   CPU s   wall s   RSS MB")
    for name in ("pandas", "polars"):
        if importlib.util.find_spec(name):
            run = measure(name, file, given, 1)
            print(f"{name:40}{run.cpu:10.1f}{run.wall:9.1f}{run.rss:9,.0f}", flush=True)
        else:
            print(f"{name} is not installed")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--large", action="store_true", help=f"{LARGE:,} rows too")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dir", type=Path, help="where the files are made, and found the next time")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    given = parse()
    if given.case:
        CASES[given.case](given.file, given.work, given.memory, given.threads)
        return
    given.rows += [LARGE] if given.large else []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.dir.resolve() if given.dir else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        compare(given, folder)
        beside(given, folder)


if __name__ == "__main__":
    main()
