"""How often a rightsizing rule is wrong: ours beside four others, on machines whose future is known.

    python -m tests.benchmarks.bench_rightsizing [--machines 60] [--seed 2000] [--headroom 0.2]

Ours is the rule itself, on a warehouse that holds what the collectors store: daily mean, 95th percentile and maximum over 95
days, hourly mean and maximum of the processor over 14. The others see the five-minute points. Every method proposes the
smallest size of one ladder that its own criterion allows; those that name no size, one step down.

A proposal is *false* when in the 30 days that follow more than 0.1 % of the time (43 minutes) asks for more processor than
the proposed size has, or its memory does not hold once. A machine is *missed* when a smaller size would have kept the
head-room free at every moment of the 95 days and of the 30, and nothing was proposed. What is neither is a matter of taste;
`mostly missed` counts more strictly: head-room for 99.5 % of the time, and above the capacity as rarely as is not false.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from finops.warehouse import writing
from rules.engine import catalogue, rollups, running
from tests.benchmarks.traces import DAYS, KINDS, POINTS, Floats, Trace, calendar, make

VCPUS = (2, 4, 8, 16, 32)
INSTANTS = tuple(datetime(2026, 10, day) + timedelta(days=32) for day in (1, 8, 16, 24))
ABOVE_MAX = 0.001  # of the time to come
RULE = "oversized-instance"
Machine = tuple[Trace, int]  # and how many vCPUs it has


# --- the truth --------------------------------------------------------------------------------------------


def is_false(trace: Trace, share: float) -> bool:
    """Whether a size of so much of the present one would be too small in the days to come."""
    return bool((trace.future() > share).mean() > ABOVE_MAX or trace.memory[DAYS * POINTS :].max() > share)


def keeps_headroom(trace: Trace, share: float, headroom: float) -> bool:
    """Whether a size of so much of the present one keeps the head-room free at every moment."""
    return bool(max(trace.cpu.max(), trace.memory.max()) <= share * (1 - headroom))


def mostly_keeps_headroom(trace: Trace, share: float, headroom: float) -> bool:
    """Whether it does for 99.5 % of the time, and for the rest is as rarely too small as is not called false."""
    halves = (trace.past(), trace.future())
    roomy = all(np.percentile(half, 99.5) <= share * (1 - headroom) for half in halves)
    carried = all((half > share).mean() <= ABOVE_MAX for half in halves)
    return bool(roomy and carried and trace.memory.max() <= share * (1 - headroom))


# --- the others -------------------------------------------------------------------------------------------


def shares(vcpu: int) -> list[float]:
    """The smaller sizes of the ladder, the smallest first, as shares of this one."""
    return [size / vcpu for size in VCPUS if size < vcpu]


def mean_below_20(trace: Trace, vcpu: int) -> float | None:
    """Mean CPU below 20 % over 30 days (Thrifty, Kosty, finops-mcp and others)."""
    return shares(vcpu)[-1] if shares(vcpu) and trace.past(30).mean() < 0.2 else None


def p99_of_quarters(trace: Trace, vcpu: int) -> float | None:
    """The 99th percentile of 15-minute means over three days is at most 80 % of the target (OptScale)."""
    top = np.percentile(trace.past(3).reshape(-1, 3).mean(axis=1), 99)
    return next((share for share in shares(vcpu) if top <= 0.8 * share), None)


def four_of_14_days(trace: Trace, vcpu: int) -> float | None:
    """The mean of four of 14 days is at most 10 % (Trusted Advisor)."""
    quiet = (trace.past(14).reshape(14, -1).mean(axis=1) <= 0.1).sum()
    return shares(vcpu)[-1] if shares(vcpu) and quiet >= 4 else None


def p995_of_14_days(trace: Trace, vcpu: int) -> float | None:
    """The 99.5th percentile over 14 days leaves 20 %, of processor and of memory (as Compute Optimizer)."""
    memory = trace.memory[(DAYS - 14) * POINTS : DAYS * POINTS]
    top = max(np.percentile(trace.past(14), 99.5), np.percentile(memory, 99.5))
    return next((share for share in shares(vcpu) if top <= 0.8 * share), None)


OTHERS: Mapping[str, Callable[[Trace, int], float | None]] = {
    "mean < 20 %, 30 days": mean_below_20,
    "p99 of 15 min, 3 days": p99_of_quarters,
    "4 of 14 days <= 10 %": four_of_14_days,
    "P99.5, 14 days, 20 %": p995_of_14_days,
}
# Ours, on what CloudWatch tells of a day, and on what Alibaba Cloud and Google tell: percentiles of hourly means only.
OURS = {"finops": False, "finops, by the hour": True}


# --- ours -------------------------------------------------------------------------------------------------


def ours(
    machines: Sequence[Machine], as_of: datetime, headroom: float, *, by_hour: bool
) -> list[float | None]:
    """What the rule proposes, as shares of the present sizes, on a warehouse of its own."""
    (rule,) = (one for one in catalogue.catalogue() if one.id == RULE)
    with (
        tempfile.TemporaryDirectory() as folder,
        writing(Path(folder) / "bench.duckdb", "bench", at=as_of) as writer,
    ):
        fill(writer.con, machines, as_of, by_hour)
        rollups.build(writer.con, as_of)
        said = running.run(writer.con, [rule], as_of, {RULE: {"headroom": headroom}})
    found = {one.key.resource_id: float(one.proposed["vcpu"]) for one in said.findings}
    return [
        found[f"i-{number}"] / vcpu if f"i-{number}" in found else None
        for number, (_, vcpu) in enumerate(machines)
    ]


def fill(con: duckdb.DuckDBPyConnection, machines: Sequence[Machine], as_of: datetime, by_hour: bool) -> None:
    """Writes types, prices, machines and what collectors would store of the past."""
    for vcpu in VCPUS:
        con.execute(
            "INSERT INTO instance_types BY NAME SELECT 'aws' AS cloud, ? AS instance_type, ? AS vcpu, ? AS memory_gib, "
            "'x86_64' AS architecture, 'm5' AS family, 5 AS generation",
            [f"m5.{vcpu}", vcpu, 4.0 * vcpu],
        )
        con.execute(
            "INSERT INTO prices BY NAME SELECT 'aws' AS cloud, 'us-east-1' AS region, ? AS sku, 'on_demand' AS purchase_model, "
            "'hour' AS unit, ?::DOUBLE::DECIMAL(38, 18) AS price, 'USD' AS currency, ?::TIMESTAMP AS as_of, 'bench' AS source",
            [f"m5.{vcpu}", 0.048 * vcpu, as_of - timedelta(days=1)],
        )
    con.executemany(
        "INSERT INTO instances BY NAME SELECT 'aws' AS cloud, '1' AS account_id, 'us-east-1' AS region, ? AS instance_id, "
        "'running' AS state, ? AS instance_type, 'on_demand' AS purchase_model",
        [[f"i-{number}", f"m5.{vcpu}"] for number, (_, vcpu) in enumerate(machines)],
    )
    rows = pa.concat_tables(
        table for number, one in enumerate(machines) for table in stored(number, one, as_of, by_hour)
    )
    con.register("rows", rows)
    con.execute("INSERT INTO metrics BY NAME SELECT * FROM rows")
    con.unregister("rows")


def stored(number: int, machine: Machine, as_of: datetime, by_hour: bool) -> Iterator[pa.Table]:
    """Rows of metrics of one machine: by the day over 95 days, of the processor by the hour over 14."""
    trace, _ = machine
    start = as_of - timedelta(days=DAYS)
    for metric, values in (("cpu_utilization", trace.cpu), ("memory_utilization", trace.memory)):
        past = np.minimum(values[: DAYS * POINTS], 1.0)
        days = past.reshape(-1, POINTS)
        finest = past.reshape(-1, 24, POINTS // 24).mean(axis=2) if by_hour else days
        yield _buckets(number, metric, days, start, 86400, np.percentile(finest, 95, axis=1))
    recent = np.minimum(trace.past(14), 1.0).reshape(-1, POINTS // 24)
    yield _buckets(number, "cpu_utilization", recent, as_of - timedelta(days=14), 3600, None)


def _buckets(
    number: int, metric: str, points: Floats, start: datetime, seconds: int, p95: Floats | None
) -> pa.Table:
    count = len(points)
    same = {
        "cloud": "aws",
        "account_id": "1",
        "region": "us-east-1",
        "resource_id": f"i-{number}",
        "metric": metric,
    }
    columns: dict[str, Any] = {name: [value] * count for name, value in same.items()}
    columns["bucket_start"] = np.datetime64(start, "us") + np.arange(count) * np.timedelta64(seconds, "s")
    columns["bucket_seconds"] = np.full(count, seconds, dtype=np.int32)
    columns["avg"] = points.mean(axis=1)
    columns["p95"] = pa.nulls(count, pa.float64()) if p95 is None else p95
    columns["max"] = points.max(axis=1)
    return pa.table(columns)


# --- the table --------------------------------------------------------------------------------------------


def estate(as_of: datetime, machines: int, seed: int) -> list[Machine]:
    """So many machines of every kind, of all sizes that have a smaller one."""
    when = calendar(as_of)
    rng = np.random.default_rng([seed, as_of.toordinal()])
    return [(make(kind, rng, when), int(rng.choice(VCPUS[1:]))) for kind in KINDS for _ in range(machines)]


@dataclass
class Tally:
    """What became of one method on one kind of machine."""

    judged: int = 0
    proposed: int = 0
    false: int = 0
    could: int = 0
    missed: int = 0
    mostly_could: int = 0
    mostly_missed: int = 0

    def add(self, trace: Trace, vcpu: int, share: float | None, headroom: float) -> None:
        """Counts one machine and what was proposed for it."""
        could = any(keeps_headroom(trace, each, headroom) for each in shares(vcpu))
        mostly = any(mostly_keeps_headroom(trace, each, headroom) for each in shares(vcpu))
        self.judged += 1
        self.proposed += share is not None
        self.false += share is not None and is_false(trace, share)
        self.could += could
        self.missed += could and share is None
        self.mostly_could += mostly
        self.mostly_missed += mostly and share is None


Tallies = dict[str, dict[str, Tally]]


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return Tally(*(sum(column) for column in zip(*map(astuple, tallies), strict=True)))


def measure(machines: int, seed: int, headroom: float) -> Tallies:
    """By method and kind of machine."""
    tallies: Tallies = {method: {kind: Tally() for kind in KINDS} for method in (*OTHERS, *OURS)}
    for as_of in INSTANTS:
        made = estate(as_of, machines, seed)
        proposals: dict[str, list[float | None]] = {
            name: [method(trace, vcpu) for trace, vcpu in made] for name, method in OTHERS.items()
        }
        for name, by_hour in OURS.items():
            proposals[name] = ours(made, as_of, headroom, by_hour=by_hour)
        for method, said in proposals.items():
            for (trace, vcpu), share in zip(made, said, strict=True):
                tallies[method][trace.kind].add(trace, vcpu, share, headroom)
    return tallies


def tell(tallies: Tallies) -> None:
    """Prints false proposals of all machines, and misses of those that could be smaller, by kind and method."""
    print("false, of all machines / missed, of those that keep the head-room in a smaller size")
    print(f"{'':16}" + "".join(f"{method:>24}" for method in tallies))
    for kind in KINDS:
        _line(kind, [by_kind[kind] for by_kind in tallies.values()])
    everything = [total(by_kind.values()) for by_kind in tallies.values()]
    _line("all", everything)
    cells = [f"{one.mostly_missed / max(1, one.mostly_could):.1%}" for one in everything]
    print(f"{'mostly missed':16}" + "".join(f"{cell:>24}" for cell in cells))
    one = everything[0]
    print(
        f"of {one.judged:,} machines {one.could:,} keep it all the time, {one.mostly_could:,} mostly; proposed were:"
    )
    print(f"{'':16}" + "".join(f"{one.proposed / one.judged:>24.1%}" for one in everything))


def _line(name: str, tallies: Iterable[Tally]) -> None:
    cells = [f"{one.false / one.judged:.1%} / {one.missed / max(1, one.could):.1%}" for one in tallies]
    print(f"{name:16}" + "".join(f"{cell:>24}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--machines", type=int, default=60, help="of every kind and instant")
    parser.add_argument(
        "--seed", type=int, default=2000, help="below 2000 are those that the rule was tuned on"
    )
    parser.add_argument("--headroom", type=float, default=0.2)
    options = parser.parse_args()
    count = options.machines * len(KINDS) * len(INSTANTS)
    print(f"Rightsizing of {count:,} machines whose future is known, seed {options.seed}")
    tell(measure(options.machines, options.seed, options.headroom))


if __name__ == "__main__":
    main()
