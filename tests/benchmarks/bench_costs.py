"""Ten standard questions about costs: this tool's queries beside the same questions written by hand, in one process.

    python -m tests.benchmarks.bench_costs [--rows 1000000] [--repeat 9] [--threads 2] [--db FILE]

Both run on one warehouse of generated FOCUS charges of two months, in turns; of several the one with the least CPU
counts. `whole` is everything that finops costs does for that question: finding the month, how far each bill goes, the
check of the sums, names, invoices, cents, against the month before with its effects (the hand-written query has only
the one question).
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb

from collectors.bills import ingest
from finops.pipeline.costing import Question, answer, parse
from finops.pipeline.costing.queries import lines_sql
from finops.warehouse import Limits, reading, writing
from tests.benchmarks import focus_rows

AT = datetime(2026, 11, 20)
MONTH, BEFORE = datetime(2026, 10, 1), datetime(2026, 9, 1)
_SUMS = "BillingCurrency, count(*), sum(BilledCost), sum(x_Cost) AS cost"
_OCTOBER = "BillingPeriodStart = TIMESTAMP '2026-10-01'"
_SPLIT = """
WITH prices AS (
    SELECT ServiceName, BillingCurrency, x_Cloud, x_AccountId, RegionId, SkuId, x_Operation, PricingCategory,
        CommitmentDiscountStatus, PricingUnit,
        ChargeCategory = 'Usage' AND PricingQuantity IS NOT NULL AS measured,
        sum(BilledCost) FILTER (BillingPeriodStart = TIMESTAMP '2026-10-01') AS billed,
        sum(x_Cost) FILTER (BillingPeriodStart = TIMESTAMP '2026-10-01') AS c1,
        sum(x_Cost) FILTER (BillingPeriodStart = TIMESTAMP '2026-09-01') AS c0,
        sum(PricingQuantity) FILTER (BillingPeriodStart = TIMESTAMP '2026-10-01') AS q1,
        sum(PricingQuantity) FILTER (BillingPeriodStart = TIMESTAMP '2026-09-01') AS q0
    FROM charges WHERE BillingPeriodStart IN (TIMESTAMP '2026-09-01', TIMESTAMP '2026-10-01') GROUP BY ALL
)
SELECT ServiceName, BillingCurrency, sum(billed), sum(c1) AS cost, sum(c0),
    sum((q1 - q0)::DOUBLE * c0::DOUBLE / q0::DOUBLE) FILTER (measured AND q0 > 0 AND q1 > 0) AS quantity,
    sum(c1 - c0 - (q1 - q0)::DOUBLE * c0::DOUBLE / q0::DOUBLE) FILTER (measured AND q0 > 0 AND q1 > 0) AS price,
    sum(c1) FILTER (measured AND c0 IS NULL) AS new, sum(c0) FILTER (measured AND c1 IS NULL) AS gone,
    sum(coalesce(c1, 0) - coalesce(c0, 0)) FILTER (NOT measured) AS other
FROM prices GROUP BY ALL ORDER BY cost DESC
"""


def by_hand(column: str, *, order: str = "cost DESC", top: int | None = None) -> str:
    """A grouping as an analyst writes it; the largest of many come with the sum of all."""
    grouped = f"SELECT {column} AS d, {_SUMS} FROM charges WHERE {_OCTOBER} GROUP BY ALL"
    if top is None:
        return f"{grouped} ORDER BY {order}"
    return (
        f"WITH grouped AS ({grouped}) (FROM grouped ORDER BY {order} LIMIT {top}) UNION ALL SELECT 'all', "
        "BillingCurrency, sum(COLUMNS(* EXCLUDE (d, BillingCurrency))) FROM grouped GROUP BY BillingCurrency"
    )


QUESTIONS: tuple[tuple[str, Question, bool, str], ...] = (
    ("service", Question(by=parse("service")), False, by_hand("ServiceName")),
    ("account", Question(by=parse("account")), False, by_hand("x_AccountId")),
    ("region", Question(by=parse("region")), False, by_hand("RegionId")),
    ("category", Question(by=parse("category")), False, by_hand("ServiceCategory")),
    ("usage type", Question(by=parse("usage-type")), False, by_hand("x_UsageType")),
    ("commitment", Question(by=parse("commitment")), False, by_hand("CommitmentDiscountId")),
    ("day", Question(by=parse("day")), False, by_hand("CAST(ChargePeriodStart AS DATE)", order="d")),
    ("tag", Question(by=parse("tag:team")), False, by_hand("Tags ->> 'team'")),
    ("resource, top 1000", Question(by=parse("resource"), top=1000), False, by_hand("x_ResourceKey", top=1000)),
    ("service, two months, split", Question(by=parse("service")), True, _SPLIT),
)  # fmt: skip


def make(db: Path, rows: int, threads: int) -> None:
    """A warehouse of October as generated and a September of nine tenths of it, at nine tenths of the price."""
    file = db.with_suffix(".parquet")
    focus_rows.write(file, rows // 2)
    with writing(db, "bench", at=AT, limits=Limits(threads=threads)) as writer:
        ingest(writer, [file], at=AT)
        writer.con.execute(
            "INSERT INTO charges SELECT * REPLACE (BillingPeriodStart - INTERVAL 1 MONTH AS BillingPeriodStart, "
            "BillingPeriodEnd - INTERVAL 1 MONTH AS BillingPeriodEnd, ChargePeriodStart - INTERVAL 30 DAY AS "
            "ChargePeriodStart, ChargePeriodEnd - INTERVAL 30 DAY AS ChargePeriodEnd, x_Cost * 0.9 AS x_Cost, "
            "'before' AS x_Source) FROM charges WHERE hash(ChargePeriodStart, BilledCost) % 10 > 0"
        )


def least(repeat: int, *runs: Callable[[], object]) -> list[float]:
    """CPU seconds of each, in turns, the least of several."""
    best = [float("inf")] * len(runs)
    for _ in range(repeat):
        for place, run in enumerate(runs):
            before = resource.getrusage(resource.RUSAGE_SELF)
            run()
            after = resource.getrusage(resource.RUSAGE_SELF)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            best[place] = min(best[place], spent)
    return best


def compare(con: duckdb.DuckDBPyConnection, repeat: int) -> None:
    print("question                      | CPU ms: by hand    ours  ratio | whole answer")
    ratios = []
    for name, question, both, written in QUESTIONS:
        sql, values = lines_sql(question, MONTH, BEFORE if both else None)
        theirs, ours, whole = least(
            repeat,
            lambda written=written: con.execute(written).fetchall(),
            lambda sql=sql, values=values: con.execute(sql, values).fetchall(),
            lambda question=question: answer(con, question),
        )
        ratios.append(ours / theirs)
        print(
            f"{name:30}|{theirs * 1e3:16.1f}{ours * 1e3:8.1f}{ours / theirs:7.2f} |{whole * 1e3:13.0f}",
            flush=True,
        )
    print(
        f"all ten: at most {max(ratios):.2f}, on average {sum(ratios) / len(ratios):.2f} times the hand-written query"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--db", type=Path, help="where the warehouse is made, and found the next time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = given.db or Path(folder) / "costs.duckdb"
        if not db.exists():
            make(db, given.rows, given.threads)
        with reading(db, Limits(threads=given.threads)) as con:
            row = con.execute("SELECT count(*) FROM charges").fetchone()
            print(
                f"costs: {row[0] if row else 0:,} charges of two months, {given.threads} threads, best of {given.repeat}"
            )
            compare(con, given.repeat)


if __name__ == "__main__":
    main()
