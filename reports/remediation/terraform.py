"""Remediation for who keeps the estate in Terraform: blocks to take over by hand, for the three clouds' providers.

Only `import` blocks stand as they are: they change nothing but what Terraform knows. What changes or destroys something
is a comment until somebody takes it over into the configuration that the resource really lives in.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from finops.model import AuditReport, Finding
from reports.plain import one_line
from reports.remediation.telling import about, head

_G = "projects/{account}/"
# Kind of resource, what its id looks like, the provider's type, and the id that an import takes; the first that fits.
_TYPES: tuple[tuple[str, str, str, str, str], ...] = (
    ("aws", "instance", "", "aws_instance", "{id}"),
    ("aws", "volume", "", "aws_ebs_volume", "{id}"),
    ("aws", "snapshot", "", "aws_ebs_snapshot", "{id}"),
    ("aws", "public_ip", "", "aws_eip", "{id}"),
    ("aws", "load_balancer", "loadbalancer/(app|net|gwy)/", "aws_lb", "{id}"),
    ("aws", "load_balancer", "", "aws_elb", "{name}"),
    ("aws", "nat_gateway", "", "aws_nat_gateway", "{id}"),
    ("aws", "database", ":rds:.*:db:", "aws_db_instance", "{name}"),
    ("aws", "bucket", "", "aws_s3_bucket", "{id}"),
    ("aws", "scaling_group", "", "aws_autoscaling_group", "{id}"),
    ("aws", "log_group", "", "aws_cloudwatch_log_group", "{name}"),
    ("aws", "function", "", "aws_lambda_function", "{name}"),
    ("aws", "repository", "", "aws_ecr_repository", "{name}"),
    ("alibaba", "instance", "", "alicloud_instance", "{id}"),
    ("alibaba", "volume", "", "alicloud_ecs_disk", "{id}"),
    ("alibaba", "snapshot", "", "alicloud_ecs_snapshot", "{id}"),
    ("alibaba", "public_ip", "", "alicloud_eip_address", "{id}"),
    ("alibaba", "load_balancer", "^alb-", "alicloud_alb_load_balancer", "{id}"),
    ("alibaba", "load_balancer", "^nlb-", "alicloud_nlb_load_balancer", "{id}"),
    ("alibaba", "load_balancer", "", "alicloud_slb_load_balancer", "{id}"),
    ("alibaba", "nat_gateway", "", "alicloud_nat_gateway", "{id}"),
    ("alibaba", "database", "^r-", "alicloud_kvstore_instance", "{id}"),
    ("alibaba", "database", "^pc-", "alicloud_polardb_cluster", "{id}"),
    ("alibaba", "database", "", "alicloud_db_instance", "{id}"),
    ("alibaba", "bucket", "", "alicloud_oss_bucket", "{id}"),
    ("alibaba", "scaling_group", "", "alicloud_ess_scaling_group", "{id}"),
    ("gcp", "instance", "", "google_compute_instance", _G + "zones/{zone}/instances/{name}"),
    ("gcp", "volume", "", "google_compute_disk", _G + "zones/{zone}/disks/{name}"),
    ("gcp", "volume", "", "google_compute_region_disk", _G + "regions/{region}/disks/{name}"),
    ("gcp", "snapshot", "", "google_compute_snapshot", _G + "global/snapshots/{name}"),
    ("gcp", "database", "/", "google_redis_instance", _G + "{id}"),
    ("gcp", "database", "", "google_sql_database_instance", _G + "instances/{id}"),
    ("gcp", "bucket", "", "google_storage_bucket", "{id}"),
)
# What is of a whole project there is another type than what is of a region.
_PLACED = {
    "public_ip": ("google_compute_address", "google_compute_global_address", "addresses"),
    "load_balancer": (
        "google_compute_forwarding_rule",
        "google_compute_global_forwarding_rule",
        "forwardingRules",
    ),
}
# What a finding proposes, as the attribute of the type.
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "aws_instance": {"instance_type": "instance_type"},
    "aws_ebs_volume": {"volume_type": "type", "iops": "iops", "throughput_mib": "throughput", "size_gib": "size"},
    "aws_db_instance": {"instance_type": "instance_class", "volume_type": "storage_type"},
    "aws_autoscaling_group": {"min_size": "min_size", "instance_type": "instance_type"},
    "aws_cloudwatch_log_group": {"retention_days": "retention_in_days"},
    "aws_ebs_snapshot": {"tier": "storage_tier"},
    "alicloud_instance": {"instance_type": "instance_type"},
    "alicloud_ecs_disk": {"volume_type": "category", "performance_level": "performance_level", "size_gib": "size"},
    "alicloud_db_instance": {"instance_type": "instance_type"},
    "alicloud_ess_scaling_group": {"min_size": "min_size"},
    "google_compute_instance": {"instance_type": "machine_type"},
    "google_compute_disk": {
        "volume_type": "type", "iops": "provisioned_iops", "throughput_mib": "provisioned_throughput",
        "size_gib": "size",
    },
    "google_storage_bucket": {"storage_class": "storage_class"},
}  # fmt: skip
_SPOT: Mapping[str, tuple[str, ...]] = {
    "aws_instance": ("instance_market_options {", '  market_type = "spot"', "}"),
    "alicloud_instance": ('spot_strategy = "SpotAsPriceGo"',),
    "google_compute_instance": (
        "scheduling {",
        '  provisioning_model = "SPOT"',
        "  preemptible        = true",
        "  automatic_restart  = false",
        "}",
    ),
}
_DISKS = ("aws_ebs_volume", "alicloud_ecs_disk", "google_compute_disk", "google_compute_region_disk")
# What follows from the rest of a proposal, and is no attribute.
_FOLLOWS = (
    "state", "vcpu", "memory_gib", "architecture", "generation", "medium", "share", "members", "path",
    "sku", "absolute", "quantity",
)  # fmt: skip
_REMOVES = ("terminate", "delete", "release")


def render(report: AuditReport, findings: list[Finding], *, name: str = "remediation.tf") -> str:
    """The file for some findings of a report."""
    lines = [f"# {line}" for line in head(report, findings)]
    lines += [
        "#",
        f"# Put {one_line(name)} into a folder of its own, with a provider for the account. The import blocks take in",
        "# what is there: terraform plan -generate-config-out=found.tf writes it down and changes nothing. What",
        "# another configuration manages is changed there: leave its import out. What changes a thing is a comment.",
    ]
    for finding in findings:
        lines += ["", *_block(finding)]
    return "\n".join(lines) + "\n"


def _block(finding: Finding) -> Iterator[str]:
    yield from (f"# {line}" for line in about(finding))
    found = _import(finding)
    if found is None:
        yield f"# There is no Terraform for it that finops knows of: {finding.action} with the shell script."
        return
    kind, identity = found
    label = f"{kind}.finding_{re.sub(r'[^0-9A-Za-z_]', '_', finding.id)}"
    yield from ("import {", f"  to = {label}", f"  id = {quoted(identity)}", "}")
    if finding.action in _REMOVES:
        yield from _removed(label)
    else:
        yield from _changed(finding, kind, label)


def _import(finding: Finding) -> tuple[str, str] | None:
    """The type of a resource and the id to import it by; None where there is none, or its name is not known."""
    if finding.action == "buy":
        return None
    values = {
        "id": finding.resource_id,
        "account": finding.account,
        "region": finding.region,
        "zone": finding.zone,
        "name": finding.resource_name,
    }
    for kind, template in _candidates(finding):
        if all(values[name] for name in re.findall(r"\{(\w+)\}", template)):
            return kind, re.sub(r"\{(\w+)\}", lambda hit: str(values[hit[1]]), template)
    return None


def _candidates(finding: Finding) -> Iterator[tuple[str, str]]:
    """Types that a resource may be of, with the ids that their imports take."""
    if finding.cloud == "gcp" and finding.resource_type in _PLACED:
        regional, worldwide, path = _PLACED[finding.resource_type]
        if finding.region == "global":
            yield worldwide, f"{_G}global/{path}/{{name}}"
        else:
            yield regional, f"{_G}regions/{{region}}/{path}/{{name}}"
    for cloud, resource, pattern, kind, template in _TYPES:
        if (cloud, resource) == (finding.cloud, finding.resource_type) and re.search(
            pattern, finding.resource_id
        ):
            yield kind, template


def _removed(label: str) -> Iterator[str]:
    yield "# It is destroyed by the next apply once its resource block is gone and this stands in its place:"
    yield from (
        "# removed {",
        f"#   from = {label}",
        "#   lifecycle {",
        "#     destroy = true",
        "#   }",
        "# }",
    )


def _changed(finding: Finding, kind: str, label: str) -> Iterator[str]:
    """The attributes that change, to be written into the resource's own block."""
    names = _ATTRIBUTES.get(kind.replace("_region_disk", "_disk"), {})
    smaller = kind in _DISKS and _shrinks(finding)
    values = {
        names[key]: value_of(value)
        for key, value in finding.proposed.items()
        if key in names and not (smaller and key == "size_gib")
    }
    width = max(map(len, values), default=0)
    lines = [f"{name:<{width}} = {value}" for name, value in values.items()]
    if finding.action == "spot" and kind in _SPOT:
        lines = [*_SPOT[kind]]
    known = {*names, *_FOLLOWS}
    rest = [key for key in finding.proposed if key not in known] if finding.action != "spot" else []
    if lines:
        yield "# In its resource block:"
        yield f"# resource {quoted(kind)} {quoted(label.partition('.')[2])} {{"
        yield from (f"#   {line}" for line in lines)
        yield "# }"
    if smaller:
        yield "# A disk cannot shrink, and a smaller size here would replace it by an empty one: make a new one of"
        yield f"# {finding.proposed['size_gib']:g} GiB, copy the files, and swap them, as the shell script does."
    for key in rest:
        yield f"# Proposed, and no attribute that finops knows of: {one_line(f'{key} = {finding.proposed[key]}')}"


def _shrinks(finding: Finding) -> bool:
    now, then = finding.current.get("size_gib"), finding.proposed.get("size_gib")
    return now is not None and then is not None and then < now


def value_of(value: Any) -> str:
    """A value as HCL has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else quoted(str(value))


def quoted(text: str) -> str:
    """A text as a string of HCL, in which nothing is a template and nothing ends the string."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return '"' + "".join(char if char.isprintable() else _escaped(char) for char in safe) + '"'


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
