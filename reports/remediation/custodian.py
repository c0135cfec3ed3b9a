"""Remediation as Cloud Custodian policies for AWS and Google Cloud; Custodian knows no Alibaba Cloud.

What removes something is marked first and removed two weeks later, by a second policy, after a copy; what changes
something waits for a tag that somebody has to set. Every policy names the ids it is about, its account and its region.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from finops.model import AuditReport, Finding
from reports.plain import one_line
from reports.remediation.telling import about, head

Policy = dict[str, Any]
GRACE_DAYS = 14
MARK = "finops"
APPROVED = "approved"
GP3_IOPS, GP3_MIB = (
    3000,
    125,
)  # what is included; source: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
# Ids that a policy may hold: no spaces, no quotes, and no braces, which Custodian would fill in.
_PLAIN = re.compile(r"[\w.:/+=@-]+")
_VOLUME_TYPES = ("gp2", "gp3", "st1", "sc1")
_REMOVES = ("terminate", "delete", "release")


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource of Custodian: the key of its id, the action that removes it, the copy that is made before.

    `named` says that the key holds its name, `like` what ids of this kind look like.
    """

    resource: str
    key: str
    removal: str = ""
    copy: Any = None
    named: bool = False
    like: str = ""

    def value(self, finding: Finding) -> str:
        """What a policy calls the resource of a finding."""
        return (finding.resource_name or "") if self.named else finding.resource_id


_KINDS: Mapping[tuple[str, str], Kind] = {
    ("aws", "instance"): Kind("aws.ec2", "InstanceId", "terminate", "snapshot"),
    ("aws", "volume"): Kind("aws.ebs", "VolumeId", "delete", "snapshot"),
    ("aws", "snapshot"): Kind("aws.ebs-snapshot", "SnapshotId", "delete"),
    ("aws", "public_ip"): Kind("aws.elastic-ip", "AllocationId", "release"),
    ("aws", "load_balancer"): Kind(
        "aws.app-elb", "LoadBalancerArn", "delete", like=":loadbalancer/(app|net|gwy)/"
    ),
    ("aws", "nat_gateway"): Kind("aws.nat-gateway", "NatGatewayId", "delete"),
    ("aws", "database"): Kind("aws.rds", "DBInstanceArn", "delete", "snapshot", like=":rds:.*:db:"),
    ("aws", "scaling_group"): Kind("aws.asg", "AutoScalingGroupName"),
    ("aws", "log_group"): Kind("aws.log-group", "logGroupName", named=True),
    ("gcp", "instance"): Kind("gcp.instance", "id", "delete", "create-machine-image"),
    ("gcp", "volume"): Kind("gcp.disk", "id", "delete", {"type": "snapshot"}),
    ("gcp", "snapshot"): Kind("gcp.snapshot", "id", "delete"),
    ("gcp", "public_ip"): Kind("gcp.loadbalancer-address", "id", "delete"),
}


def render(report: AuditReport, findings: list[Finding], *, name: str = "remediation.yml") -> str:
    """The policy file for some findings of a report."""
    lines = [f"# {line}" for line in head(report, findings)]
    lines += [
        "#",
        f"# First custodian validate {one_line(name)}, then custodian run --dryrun. What removes something sets",
        f"# the mark {MARK} and comes back after {GRACE_DAYS} days: take the mark away and the resource stays.",
        f"# What changes something waits until somebody sets the tag (on Google Cloud the label) {MARK} to {APPROVED}.",
    ]
    groups, others = _sorted(findings)
    for finding, why in others:
        lines += ["", *(f"# {line}" for line in about(finding)), f"# {why}"]
    lines += ["", "policies:" if groups else "policies: []"]
    for number, group in enumerate(groups, 1):
        lines += ["", *(f"  # {line}" for finding in group for line in about(finding))]
        for policy in _policies(group, number):
            lines += [f"  {line}" for line in _written(policy)]
    return "\n".join(lines) + "\n"


def _sorted(findings: Sequence[Finding]) -> tuple[list[list[Finding]], list[tuple[Finding, str]]]:
    """Findings that one policy can be about, together, and those that none can, with the reason."""
    groups: dict[tuple[Any, ...], list[Finding]] = defaultdict(list)
    others: list[tuple[Finding, str]] = []
    for finding in findings:
        why = _why_not(finding)
        if why:
            others.append((finding, why))
            continue
        change = None if finding.action in _REMOVES else repr(_change(finding))
        groups[finding.rule, finding.cloud, finding.account, finding.region, finding.action, change].append(
            finding
        )
    return list(groups.values()), others


def _why_not(finding: Finding) -> str | None:
    if finding.cloud not in ("aws", "gcp"):
        return "Custodian does not know this cloud: use the shell script."
    kind = _KINDS.get((finding.cloud, finding.resource_type))
    if kind is None or not (kind.removal if finding.action in _REMOVES else _change(finding)):
        return "Custodian has no action for it: use the shell script."
    if not re.search(kind.like, finding.resource_id):
        return "Custodian has no action for it: use the shell script."
    named = (kind.value(finding), finding.account, finding.region)
    if not all(_PLAIN.fullmatch(one) for one in named):
        return "Its id holds characters that a policy must not have: use the shell script, and look twice."
    return None


def _change(finding: Finding) -> Policy | None:
    """The action of Custodian that makes the change, where there is one."""
    proposed, current = finding.proposed, finding.current
    kind = _KINDS[finding.cloud, finding.resource_type].resource
    if kind == "aws.ec2" and finding.action == "resize" and "instance_type" in proposed:
        return {
            "type": "resize",
            "restart": True,
            "type-map": {str(current.get("instance_type")): str(proposed["instance_type"])},
        }
    if kind == "aws.ebs" and proposed.get("volume_type") in _VOLUME_TYPES and not _provisioned(proposed):
        return {"type": "modify", "volume-type": str(proposed["volume_type"])}
    if kind == "aws.asg" and isinstance(proposed.get("min_size"), int):
        return {"type": "resize", "min-size": proposed["min_size"]}
    if kind == "aws.log-group" and isinstance(proposed.get("retention_days"), int):
        return {"type": "retention", "days": proposed["retention_days"]}
    if kind in ("aws.ec2", "gcp.instance") and finding.action == "stop":
        return {"type": "stop"}
    return None


def _provisioned(proposed: Mapping[str, Any]) -> bool:
    """Whether a gp3 gets more than is included, which Custodian cannot ask for."""
    return (proposed.get("iops") or 0) > GP3_IOPS or (proposed.get("throughput_mib") or 0) > GP3_MIB


def _policies(group: Sequence[Finding], number: int) -> Iterator[Policy]:
    first = group[0]
    kind = _KINDS[first.cloud, first.resource_type]
    ids = {"type": "value", "key": kind.key, "op": "in", "value": [kind.value(finding) for finding in group]}
    base = {"resource": kind.resource, "conditions": _conditions(first)}
    name = f"finops-{re.sub(r'[^0-9A-Za-z]+', '-', first.rule).strip('-')}-{number}"
    label = "tag" if first.cloud == "aws" else "label"
    if first.action in _REMOVES:
        mark = {"type": "mark-for-op", label: MARK, "op": kind.removal, "days": GRACE_DAYS}
        unmarked = {
            "type": "value",
            "key": f"tag:{MARK}" if label == "tag" else f"labels.{MARK}",
            "value": "absent",
        }
        due = {"type": "marked-for-op", label: MARK, "op": kind.removal}
        last = [kind.copy] if kind.copy else []
        yield {"name": f"{name}-mark", **base, "filters": [ids, unmarked], "actions": [mark]}
        yield {
            "name": f"{name}-{kind.removal}",
            **base,
            "filters": [ids, due],
            "actions": [*last, kind.removal],
        }
        return
    approved = {
        "type": "value",
        "key": f"tag:{MARK}" if label == "tag" else f"labels.{MARK}",
        "value": APPROVED,
    }
    yield {
        "name": f"{name}-{first.action}",
        **base,
        "filters": [ids, approved, *_also(kind)],
        "actions": [_change(first)],
    }


def _also(kind: Kind) -> list[str]:
    """What Custodian wants to be asked before it changes something of this kind."""
    return ["modifyable"] if kind.resource == "aws.ebs" else []


def _conditions(finding: Finding) -> list[Policy]:
    """Only in its own account and, where a run is about one region, only there."""
    found = [{"type": "value", "key": "account_id", "value": finding.account}]
    if finding.cloud == "aws":
        found.append({"type": "value", "key": "region", "value": finding.region})
    return found


def _written(policy: Policy) -> list[str]:
    text = yaml.safe_dump([policy], sort_keys=False, allow_unicode=False, width=110, default_flow_style=False)
    return text.rstrip("\n").split("\n")
