"""Ingest against the least DuckDB could do with the same file: CREATE TABLE AS SELECT * FROM read_….

    python tests/benchmarks/bench_ingest.py [--rows 1000000] [--repeat 3] [--memory 2GB] [--threads 2] [--dir DIR]

Prints CPU and wall seconds and the peak resident memory of both, and their ratio, for Parquet, CSV and gzipped
CSV of 61 columns. Each measurement is a process of its own, imports and the opening and publishing of the
warehouse included; of several the one with the least CPU counts.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORMATS = ("parquet", "csv", "csv.gz")


def bare(file: Path, work: Path, memory: str, threads: int) -> None:
    """The baseline, with whatever types DuckDB finds."""
    import duckdb

    with duckdb.connect(
        str(work / "bare.duckdb"), config={"memory_limit": memory, "threads": threads}
    ) as con:
        reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
        con.execute(f"CREATE TABLE charges AS SELECT * FROM {reader}('{file}')")


def ours(file: Path, work: Path, memory: str, threads: int) -> None:
    """The product."""
    sys.path.insert(0, str(ROOT))
    from collectors.bills import ingest
    from finops.warehouse import Limits, writing

    at = datetime(2026, 11, 20)
    limits = Limits(memory=memory, threads=threads)
    with writing(work / "finops.duckdb", "ingest", at=at, limits=limits) as writer:
        ingest(writer, [file], at=at)


def measure(case: str, file: Path, given: argparse.Namespace) -> dict[str, float]:
    """CPU and wall seconds and peak memory of one case, in a process of its own."""
    command = [sys.executable, __file__, "--case", case, "--file", str(file)]
    command += ["--memory", given.memory, "--threads", str(given.threads)]
    results = []
    for _ in range(given.repeat):
        began = time.monotonic()
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        results.append({"cpu": told["cpu"], "wall": time.monotonic() - began, "rss": told["rss"]})
    return min(results, key=lambda result: result["cpu"])


def run_case(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=given.file.parent) as work:
        {"bare": bare, "ours": ours}[given.case](given.file, Path(work), given.memory, given.threads)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024}))


def compare(given: argparse.Namespace, folder: Path) -> None:
    print(
        f"{given.rows:,} rows, {given.threads} threads, memory_limit {given.memory}, best of {given.repeat}\n"
    )
    print("format    MB    | CPU s: bare   ours  ratio | wall s: bare   ours  ratio | RSS MB: bare  ours")
    for name in FORMATS:
        file = folder / f"bill-{given.rows}.{name}"
        if not file.exists():
            generator = ROOT / "tests" / "benchmarks" / "focus_rows.py"
            subprocess.run([sys.executable, generator, file, "--rows", str(given.rows)], check=True)
        least, our = measure("bare", file, given), measure("ours", file, given)
        print(
            f"{name:8}{file.stat().st_size / 1e6:6.0f}    |"
            f"{least['cpu']:12.1f}{our['cpu']:7.1f}{our['cpu'] / least['cpu']:7.2f} |"
            f"{least['wall']:13.1f}{our['wall']:7.1f}{our['wall'] / least['wall']:7.2f} |"
            f"{least['rss']:13.0f}{our['rss']:6.0f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dir", type=Path, help="where the files are made, and found the next time")
    parser.add_argument("--case", choices=["bare", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        run_case(given)
    elif given.dir:
        given.dir.mkdir(parents=True, exist_ok=True)
        compare(given, given.dir)
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(given, Path(folder))


if __name__ == "__main__":
    main()
