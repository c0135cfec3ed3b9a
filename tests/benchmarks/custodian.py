"""Cloud Custodian as the peer: an environment of its own, policies like our rules, what they flag."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measured import Run, measure

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".bench" / "c7n"  # made once; it pins an older botocore than ours
RUNNING = {"State.Name": "running"}
IDS = {
    "ec2": "InstanceId", "ebs": "VolumeId", "network-addr": "AllocationId", "ebs-snapshot": "SnapshotId",
    "nat-gateway": "NatGatewayId", "app-elb": "LoadBalancerArn",
}  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """A policy, the classes of the estate it should flag, those it may flag too, and our rule for the same."""

    name: str
    resource: str
    filters: Sequence[Mapping[str, Any]]
    wanted: tuple[str, ...]
    allowed: tuple[str, ...] = ()
    rule: str | None = None


def metric(name: str, statistic: str, days: int, below: float, **more: Any) -> dict[str, Any]:
    """A filter by a metric over so many days, all of them one datapoint."""
    return {
        "type": "metrics",
        "name": name,
        "statistics": statistic,
        "days": days,
        "op": "lt",
        "value": below,
    } | more


# Typical thresholds, and for idle machines also the strictest that it offers: the peak of 95 days, as ours.
POLICIES = (
    Policy("idle-average", "ec2", [RUNNING, metric("CPUUtilization", "Average", 14, 5)], ("idle",), (), "idle-instance"),
    Policy(
        "idle-maximum", "ec2",
        [RUNNING, {"type": "instance-age", "days": 14, "op": "ge"}, metric("CPUUtilization", "Maximum", 95, 5)],
        ("idle",), (), "idle-instance",
    ),
    Policy("oversized-average", "ec2", [RUNNING, metric("CPUUtilization", "Average", 14, 20)], ("oversized",), ("idle",), "oversized-instance"),
    Policy("oversized-p95", "ec2", [RUNNING, metric("CPUUtilization", "p95", 30, 40)], ("oversized",), ("idle",), "oversized-instance"),
    Policy("stopped", "ec2", [{"State.Name": "stopped"}, {"type": "state-age", "days": 30, "op": "ge"}], ("stopped",), (), "stopped-instance"),
    Policy(
        "low-io", "ebs",  # both below 0.01 operations a second, on what no machine boots from
        [
            {"State": "in-use"}, {"type": "value", "key": "Attachments[0].Device", "op": "ne", "value": "/dev/xvda"},
            metric("VolumeReadOps", "Sum", 30, 25_920), metric("VolumeWriteOps", "Sum", 30, 25_920),
        ],
        ("low_io",), (), "low-io-volume",
    ),
    Policy("unattached", "ebs", [{"State": "available"}], ("unattached",), (), "unattached-volume"),
    Policy("gp2", "ebs", [{"VolumeType": "gp2"}], ("gp2",), (), "volume-type-upgrade"),
    Policy("unused-address", "network-addr", [{"AssociationId": "absent"}], ("unused_ip",), (), "unused-public-ip"),
    Policy(
        "old-snapshot", "ebs-snapshot",
        [{"type": "age", "days": 365, "op": "ge"}, {"type": "skip-ami-snapshots", "value": True}], ("old_snapshot",),
    ),
    Policy("idle-nat-gateway", "nat-gateway", [metric("BytesOutToDestination", "Sum", 14, 1)], ("idle_nat_gateway",)),
    Policy(
        "idle-balancer", "app-elb",
        [{"Type": "application"}, metric("RequestCount", "Sum", 14, 1, **{"missing-value": 0})],
        ("idle_alb", "alb_without_targets"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What one policy flagged, and the calls it took."""

    policy: Policy
    flagged: frozenset[str]
    calls: int


def installed() -> str:
    """Makes the environment where there is none; returns the version."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "bin" / "custodian").exists():
        print(f"Installing Cloud Custodian into {ENVIRONMENT} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "c7n"]
        subprocess.run(pip, check=True)
    ask = "from importlib.metadata import version; print(version('c7n'))"
    return subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def custodian(
    folder: Path, regions: Sequence[str], as_of: str, env: Mapping[str, str]
) -> tuple[Run, list[Verdict]]:
    """Runs all policies in all regions, one process, its cache off; no verdicts when it fails."""
    policies = [{"name": one.name, "resource": one.resource, "filters": one.filters} for one in POLICIES]
    (folder / "policies.json").write_text(json.dumps({"policies": policies}))
    run = measure(
        [
            ENVIRONMENT / "bin" / "python", Path(__file__).with_name("custodian_then.py"), as_of,
            "run", "--output-dir", "found", "--cache-period", "0",
            *(word for region in regions for word in ("--region", region)), "policies.json",
        ],
        folder, env,
    )  # fmt: skip
    return run, [] if run.code else [verdict(folder / "found", one, regions) for one in POLICIES]


def verdict(folder: Path, policy: Policy, regions: Sequence[str]) -> Verdict:
    """What a policy left in its folders."""
    flagged: set[str] = set()
    calls = 0
    for place in [folder / region / policy.name for region in regions]:
        flagged |= {one[IDS[policy.resource]] for one in json.loads((place / "resources.json").read_text())}
        calls += sum(json.loads((place / "metadata.json").read_text())["api-stats"].values())
    return Verdict(policy, frozenset(flagged), calls)
