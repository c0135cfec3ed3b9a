"""Collection from a local AWS: calls against the fewest its API allows, CPU against bare botocore, a peer beside it.

    python -m tests.benchmarks.bench_collect [--instances 2000] [--custodian-instances N | --no-custodian]

An estate of known truth in three regions. finops runs three times in processes of its own: on an empty warehouse,
again at once, and one day later. The same data are then fetched by bare botocore, and Cloud Custodian (installed once
into .bench/c7n) judges the same estate by policies like our rules. Calls are counted by the server. Wall seconds are
mostly the server's, which works on the same machine; calls and CPU seconds are what may be compared.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.custodian import Verdict, custodian, installed
from tests.benchmarks.floor import least_calls
from tests.benchmarks.measured import Run, measure
from tests.servers.aws.cloud import AS_OF, REGIONS, Cloud, Truth
from tests.servers.facade import ROOT

CALLS_TARGET = 1.1  # times the floor
CPU_TARGET = 2.0  # times bare botocore, per datapoint
DAY = 86_400

Log = list[dict[str, Any]]


@dataclass(frozen=True)
class Measured:
    """One run of whatever: what it took here and on the server."""

    name: str
    run: Run
    log: Log

    @property
    def calls(self) -> int:
        return len(self.log)

    @property
    def datapoints(self) -> int:
        return sum(call["datapoints"] for call in self.log)


@dataclass(frozen=True)
class Shown:
    """What finops found on an estate, by rule."""

    measured: Measured
    findings: Mapping[str, frozenset[str]]


# --- runs -------------------------------------------------------------------------------------------------


def audited(cloud: Cloud, folder: Path, name: str, as_of: str, max_age: str | None = None) -> Measured:
    """`finops audit aws` in the folder, whose warehouse it makes or brings up to date."""
    cloud.clock(as_of)
    cloud.reset_calls()
    where = (word for region in REGIONS for word in ("--region", region))
    command = [sys.executable, "-m", "finops", "audit", "aws", *where, "--as-of", as_of, "--format", "json"]
    run = measure([*command, *(["--max-age", max_age] if max_age else [])], folder, cloud.env)
    if run.code:
        sys.exit(f"finops ended with {run.code}: {(folder / 'err').read_text()[-2000:]}")
    return Measured(name, run, cloud.calls())


def bare(cloud: Cloud, folder: Path, log: Log) -> Measured:
    """The same metrics, and the large lists, by a client that does nothing with them."""
    wanted = folder / "wanted.json"
    wanted.write_text(json.dumps(list(series_of(log))))
    cloud.reset_calls()
    run = measure(
        [sys.executable, "-m", "tests.benchmarks.bare_client", wanted],
        folder,
        {**cloud.env, "PYTHONPATH": str(ROOT)},
    )
    if run.code:
        sys.exit(f"the bare client ended with {run.code}: {(folder / 'err').read_text()[-2000:]}")
    return Measured("bare botocore, kept in memory", run, cloud.calls())


def series_of(log: Log) -> Iterator[dict[str, Any]]:
    """The metric queries in a log by region and window, each once."""
    found: dict[tuple[str, int, int, int], dict[str, Any]] = {}
    for call in log:
        if call["operation"] == "GetMetricData":
            asked = call["asked"]
            window = int(asked["StartTime"]), int(asked["EndTime"])
            for query in asked["Queries"]:
                place = found.setdefault((call["region"], *window, query[3]), {})
                place[json.dumps(query)] = query
    for (region, start, end, period), queries in found.items():
        yield {
            "region": region, "start": start, "end": end, "period": period, "queries": list(queries.values()),
        }  # fmt: skip


def peer(cloud: Cloud, folder: Path, version: str, as_of: str) -> tuple[Measured, list[Verdict]]:
    """Cloud Custodian on the estate that is there."""
    cloud.clock(as_of)
    cloud.reset_calls()
    run, verdicts = custodian(folder, REGIONS, as_of, cloud.env)
    return Measured(f"Cloud Custodian {version}", run, cloud.calls()), verdicts


def found_by_rule(folder: Path) -> dict[str, frozenset[str]]:
    """Resources by rule in the audit's JSON. Of machines only the best proposal for each counts, as it does in money."""
    report = json.loads((folder / "out").read_text())
    found: dict[str, set[str]] = {}
    for one in report["findings"]:
        if one["superseded_by"] is None or not one["rule"].endswith("-instance"):
            found.setdefault(one["rule"], set()).add(one["resource_id"])
    return {rule: frozenset(ids) for rule, ids in found.items()}


# --- tables -----------------------------------------------------------------------------------------------


def show_runs(runs: Sequence[Measured], base: Measured) -> None:
    """What each run took, and how that compares with the first one of finops."""
    print(
        f"{'':36}{'calls':>7}{'ratio':>8}{'CPU s':>8}{'ratio':>7}{'wall s':>8}{'ratio':>7}{'MiB':>6}{'datapoints':>12}"
    )
    for one in runs:
        ours = base.run
        print(
            f"{one.name:36}{one.calls:7,}{one.calls / base.calls:8.2f}{one.run.cpu:8.1f}{one.run.cpu / ours.cpu:7.2f}"
            f"{one.run.wall:8.1f}{one.run.wall / ours.wall:7.2f}{one.run.rss:6.0f}{one.datapoints:12,}",
            flush=True,
        )


def show_floor(log: Log, series: Mapping[str, int]) -> None:
    """Calls against the floor, and the operations that have more."""
    floor = least_calls(log, series)
    made = Counter((call["service"], call["operation"]) for call in log)
    least = sum(floor.values())
    ratio = sum(made.values()) / least
    told = f"target {CALLS_TARGET} {'met' if ratio <= CALLS_TARGET else 'missed'}"
    print(f"\nAPI calls: {sum(made.values()):,}, floor {least:,}, ratio {ratio:.3f} ({told})")
    extra = {each: made[each] - floor[each] for each in made if made[each] > floor[each]}
    for service, operation in sorted(extra, key=lambda each: -extra[each]):
        both = (service, operation)
        print(f"  {service + ':' + operation:36}{made[both]:7,} for {floor[both]:,}")
    equal = sum(made[each] for each in made if each not in extra)
    print(f"  {'all other operations':36}{equal:7,} for {equal:,}")


def show_cpu(first: Measured, cached: Measured, least: Measured) -> None:
    """CPU per datapoint against the bare client; what the audit itself takes is known from the run without a call."""
    whole, collecting = (cpu / first.datapoints for cpu in (first.run.cpu, first.run.cpu - cached.run.cpu))
    unit = least.run.cpu / least.datapoints
    told = f"target {CPU_TARGET} {'met' if whole / unit <= CPU_TARGET else 'missed'}"
    print(
        f"Client CPU: {whole * 1e6:.2f} s per million datapoints, {whole / unit:.2f} times bare botocore's {unit * 1e6:.2f} "
        f"({told}); {collecting / unit:.2f} times without the audit itself"
    )


def show_next_day(first: Measured, later: Measured, series: Mapping[str, int]) -> None:
    """What the next day costs."""
    share = later.datapoints / first.datapoints
    least = sum(least_calls(later.log, series).values())
    print(
        f"One day later: {later.calls:,} calls (floor {least:,}), {later.datapoints:,} datapoints, {share:.1%} of the first run's"
    )


def show_findings(truth: Truth, ours: Mapping[str, frozenset[str]], verdicts: Iterable[Verdict]) -> None:
    """Precision and recall of each policy and of our rule for the same, and whom the policy wrongly flags."""
    kinds = {one["id"]: kind for kind, found in truth.classes.items() if kind != "gp2" for one in found}
    print(
        f"\n{'':19}{'real':>5} | {'finops: precision recall':24} | {'Custodian: calls precision recall':33}  wrongly flagged"
    )
    for one in verdicts:
        policy = one.policy
        wanted, allowed = truth.ids(*policy.wanted), truth.ids(*policy.wanted, *policy.allowed)
        mine = scored(ours.get(policy.rule, frozenset()), wanted, allowed) if policy.rule else "no rule"
        wrong = Counter(kinds.get(each, "other") for each in one.flagged - allowed)
        print(
            f"{policy.name:19}{len(wanted):5,} | {mine:>24} | {one.calls:16,}{scored(one.flagged, wanted, allowed):>17}  "
            + ", ".join(f"{kind} {count}" for kind, count in wrong.most_common(4))
        )


def scored(flagged: frozenset[str], wanted: set[str], allowed: set[str]) -> str:
    """Precision and recall; a dash where nothing was flagged, or there was nothing to find."""
    precision = f"{len(flagged & allowed) / len(flagged):.3f}" if flagged else "-"
    recall = f"{len(flagged & wanted) / len(wanted):.3f}" if wanted else "-"
    return f"{precision:>9}{recall:>7}"


# --- the benchmark ----------------------------------------------------------------------------------------


def next_day(as_of: str) -> str:
    return f"{datetime.fromisoformat(as_of) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def agent_series(cloud: Cloud) -> dict[str, int]:
    """How many series the agents report in each region."""
    return {
        region: sum(
            len(page["Metrics"])
            for page in cloud.client("cloudwatch", region).get_paginator("list_metrics").paginate(Namespace="CWAgent")
        )
        for region in REGIONS
    }  # fmt: skip


def ours(cloud: Cloud, truth: Truth, folder: Path) -> Shown:
    """All that is measured of finops alone, printed as it comes."""
    as_of = truth.as_of
    first = audited(cloud, folder, "finops, empty warehouse", as_of)
    findings = found_by_rule(folder)
    cached = audited(cloud, folder, "finops, again within --max-age", as_of)
    later = audited(cloud, folder, "finops, one day later", next_day(as_of), "1h")
    cloud.clock(as_of)
    least = bare(cloud, folder, first.log)
    series = agent_series(cloud)
    print(f"{truth.n:,} instances in {len(truth.regions)} regions as of {as_of}; ratios to the first run\n")
    show_runs([first, cached, later, least], first)
    show_floor(first.log, series)
    show_cpu(first, cached, least)
    show_next_day(first, later, series)
    return Shown(first, findings)


def compare(cloud: Cloud, shown: Shown, truth: Truth, number: int, folder: Path) -> None:
    """Cloud Custodian beside finops, on the same estate or on a smaller one that both judge."""
    try:
        version = installed()
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"\nCloud Custodian could not be installed and is left out: {error}")
        return
    if number != truth.n:
        truth = cloud.estate(number, as_of=truth.as_of)
        own = folder / "ours"
        own.mkdir()
        first = audited(cloud, own, "finops, empty warehouse", truth.as_of)
        shown = Shown(first, found_by_rule(own))
    theirs, verdicts = peer(cloud, folder, version, truth.as_of)
    if theirs.run.code:
        print(f"\nCloud Custodian ended with {theirs.run.code}: {(folder / 'err').read_text()[-2000:]}")
        return
    print(
        f"\nBeside Cloud Custodian, {truth.n:,} instances, one process for all policies and regions, cache off\n"
    )
    show_runs([shown.measured, theirs], shown.measured)
    show_findings(truth, shown.findings, verdicts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=2_000)
    parser.add_argument("--as-of", default=AS_OF, help="the instant of the estate, at midnight UTC")
    parser.add_argument("--custodian-instances", type=int, help="an estate of its own for the comparison")
    parser.add_argument("--no-custodian", action="store_true", help="leave the comparison out")
    given = parser.parse_args()
    with Cloud() as cloud, tempfile.TemporaryDirectory() as name:
        folder, theirs = Path(name) / "ours", Path(name) / "theirs"
        folder.mkdir()
        theirs.mkdir()
        truth = cloud.estate(given.instances, as_of=given.as_of)
        shown = ours(cloud, truth, folder)
        if not given.no_custodian:
            compare(cloud, shown, truth, given.custodian_instances or given.instances, theirs)


if __name__ == "__main__":
    main()
