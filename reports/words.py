"""The wording every rendering shares, for readers who know no cloud.

One place for each thing: what a rule finds, what an action is, the headline. A rule that is not in the list
(a user's own) is called by its id.
"""

from typing import Any, NamedTuple

from finops.model import AuditReport, Finding
from reports import amounts, summary
from reports.plain import one_line

CLOUDS = {"aws": "Amazon Web Services", "alibaba": "Alibaba Cloud", "gcp": "Google Cloud"}

KINDS = {
    "idle-instance": "Servers that do nothing",
    "oversized-instance": "Servers larger than they need to be",
    "spot-eligible-instance": "Servers that could run on spare capacity",
    "stopped-instance": "Switched-off servers that still cost",
    "off-hours-instance": "Servers needed in office hours only",
    "scaling-group-floor": "Server groups with too high a minimum",
    "previous-generation-instance": "Servers of an older model",
    "cheaper-region": "Servers that cost less elsewhere",
    "unattached-volume": "Disks attached to nothing",
    "low-io-volume": "Disks hardly read or written",
    "oversized-volume": "Disks larger than they need to be",
    "volume-type-upgrade": "Disks of a dearer type than needed",
    "old-snapshot": "Old copies of disks (snapshots)",
    "orphan-snapshot": "Snapshots of disks that are gone",
    "unused-public-ip": "Public addresses nobody uses",
    "idle-load-balancer": "Load balancers without traffic",
    "idle-nat-gateway": "Network gateways without traffic",
    "cross-zone-traffic": "Traffic between data centres",
    "public-ip-traffic": "Inside traffic that goes by the internet",
    "commitment-coverage": "Commitment discounts not yet bought",
    "commitment-underused": "Commitments paid for and not used",
    "commitment-expiring": "Commitments that end soon",
    "commitment-marketplace": "Commitments sold cheaper second-hand",
    "bucket-without-lifecycle": "File stores nobody tidies up",
    "idle-database": "Databases nobody asks",
    "oversized-database": "Databases larger than they need to be",
    "untagged-registry-images": "Leftover program images",
    "idle-cluster-node": "Cluster servers without work",
    "idle-ml-endpoint": "Machine-learning services nobody calls",
    "log-retention": "Logs kept too long",
    "arm-instance": "Servers that could use cheaper chips",
    "avoidable-public-ip": "Public addresses not needed",
    "nat-endpoint-traffic": "Paid traffic that could go for free",
    "snapshot-archive-tier": "Snapshots that belong in the archive",
    "bucket-storage-class": "Files nobody reads, kept at hand",
    "unfinished-uploads": "Uploads begun and never finished",
    "idle-function": "Programs kept ready for no calls",
    "idle-subscription": "Unused things that renew themselves",
}
CLASSES = {
    "unused": "not used",
    "oversized": "larger than needed",
    "rate": "cheaper terms exist",
    "placement": "in a dearer place than needed",
    "schedule": "runs when nobody needs it",
    "modernise": "a newer model gives the same for less",
}
# The verb, and what it means for somebody who has never done it.
ACTIONS = {
    "terminate": ("terminate", "shut the server down for good; it cannot be started again"),
    "stop": ("stop", "switch it off; it can be switched on again"),
    "resize": ("resize", "replace it by a smaller size of the same thing"),
    "change-type": ("change type of", "let it run as a cheaper type of the same thing"),
    "delete": ("delete", "remove it for good; take a last copy before"),
    "release": ("release", "give it back to the provider"),
    "move": ("move", "let it run in another place"),
    "buy": ("buy", "commit to pay for a term and get a lower price"),
    "schedule": ("schedule", "switch it off at night and at weekends"),
    "spot": (
        "run as spot",
        "use the provider's spare capacity: much cheaper, but may be withdrawn at short notice",
    ),
}
# Whether a step can be taken back, by its action.
UNDO = {
    "terminate": "No, it is gone for good",
    "stop": "Yes, switch it on again",
    "resize": "Yes, back to the old size",
    "change-type": "Yes, back to the old type",
    "delete": "No, only from a copy made before",
    "release": "No, it goes back to the provider",
    "move": "Yes, by moving it back",
    "buy": "No, it is paid to the end of its term",
    "schedule": "Yes, at once",
    "spot": "Yes, back to on demand",
}
RESOURCES = {
    "instance": "server",
    "volume": "disk",
    "snapshot": "snapshot",
    "public_ip": "public address",
    "load_balancer": "load balancer",
    "nat_gateway": "network gateway",
    "bucket": "file store",
    "scaling_group": "server group",
    "database": "database",
    "commitment": "commitment",
    "repository": "image store",
    "ml_endpoint": "machine-learning service",
    "log_group": "log store",
    "function": "function",
    "cluster": "cluster",
    "network": "traffic",
}
STATUSES = {
    "denied": "access refused",
    "failed": "failed",
    "throttled": "cut off by the provider's rate limit",
    "partial": "read in part",
    "skipped": "not offered or not switched on there",
    "complete": "read whole",
}
BASES = {
    "billed": "what was billed (effective cost, before tax and credits)",
    "list": "list prices of what exists, because no bill is loaded",
    "none": "no known price",
}
EXEMPTIONS = {"in_force": "in force", "expired": "ended", "refused": "not honoured"}
CONFIDENCES = {"high": "High", "medium": "Medium", "low": "Low"}

_UNITS = {
    "_gib": "GiB",
    "_iops": "IOPS",
    "_mibps": "MiB/s",
    "_hours": "hours",
    "_days": "days",
    "hours_a_week": "hours a week",
    "members": "servers",
}
# What names a thing best, of all that a change may touch.
_TELLING = (
    "instance_type",
    "machine_type",
    "volume_type",
    "disk_type",
    "type",
    "category",
    "performance_level",
    "size_gib",
    "region",
    "zone",
    "hours_a_week",
    "members",
    "min_size",
    "storage_class",
    "tier",
    "retention_days",
    "kept_warm",
)
# What the arithmetic needs beside, and no reader.
_SILENT = ("sku", "quantity", "absolute", "share")
_ENDS = ("terminate", "stop", "delete", "release", "spot")


class Headline(NamedTuple):
    """The headline in pieces, so that a rendering may set the saving in bold."""

    before: str
    saving: str
    after: str
    caveat: str

    @property
    def text(self) -> str:
        return " ".join(filter(None, [self.before + self.saving + self.after, self.caveat]))


def kind(rule: str) -> str:
    """What a rule finds, in plain words."""
    return KINDS.get(rule) or one_line(rule).replace("-", " ").capitalize()


def resource(resource_type: str) -> str:
    return RESOURCES.get(resource_type) or one_line(resource_type).replace("_", " ")


def account(cloud: str, account_id: str) -> str:
    """An account with its cloud, as in 'aws 123456789012'."""
    return one_line(f"{cloud} {account_id}")


def name(finding: Finding) -> str:
    """What to call the resource: its name, else its id."""
    return one_line(finding.resource_name or finding.resource_id)


def action(finding: Finding) -> str:
    """What to do, as in 'resize m5.4xlarge → m5.xlarge' or 'delete disk'."""
    verb = ACTIONS[finding.action][0]
    if finding.action in _ENDS:
        # What leaves a share of its cost takes only a part of the thing away: never say that all of it goes.
        what = "part of " if "share" in finding.proposed else ""
        return verb if finding.action == "spot" else f"{verb} {what}{resource(finding.resource_type)}"
    change = _change(finding.current, finding.proposed)
    if finding.action == "change-type":
        return f"change {change}" if change else f"change type of {resource(finding.resource_type)}"
    return f"{verb} {change or resource(finding.resource_type)}"


def _change(current: dict[str, Any], proposed: dict[str, Any]) -> str:
    differing = [key for key in proposed if key not in _SILENT and proposed[key] != current.get(key)]
    before_after = [key for key in differing if key in current]
    if not before_after:
        return ", ".join(value(key, proposed[key]) for key in differing[:3])
    telling = next((key for key in _TELLING if key in before_after), before_after[0])
    return f"{_bare(current[telling])} → {value(telling, proposed[telling])}"


def value(key: str, content: object) -> str:
    """A value of `current`, `proposed` or `evidence`, with the unit its key ends in."""
    unit = next((shown for ending, shown in _UNITS.items() if key.endswith(ending)), "")
    return f"{_bare(content)} {unit}".rstrip()


def _bare(content: object) -> str:
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, float):
        return f"{content:,.{4 if abs(content) < 100 else 1}f}".rstrip("0").rstrip(".")
    return one_line(f"{content:,}" if isinstance(content, int) else str(content))


def headline(report: AuditReport) -> Headline:
    """One sentence that a reader may stop after, and what it leaves out."""
    steps = summary.counted(report)
    known = [step for step in steps if step.net_monthly_savings is not None]
    if not steps:
        return Headline(_nothing(report), "", "", _caveat(report))
    if not known:
        found = amounts.count(len(steps), "thing")
        lead = f"{found} to do {'was' if len(steps) == 1 else 'were'} found; what can be saved is not known"
        return Headline(lead + ", because no price or bill is loaded.", "", "", _caveat(report))
    saving = " and ".join(
        amounts.rounded(*amount) for amount in summary.amounts(report, "net_monthly_savings")
    )
    lead, tail = _of_the_spend(report)
    return Headline(
        lead,
        saving,
        f"{tail} in {amounts.count(len(steps), 'step')}{_sure(known)}." + _unpriced(steps),
        _caveat(report),
    )


def _nothing(report: AuditReport) -> str:
    spent = " and ".join(amounts.rounded(*amount) for amount in summary.amounts(report, "monthly_cost"))
    if not report.costs and not report.coverage and not report.not_evaluated:
        return "Nothing has been looked at yet: no bill and no inventory is loaded."
    if report.not_evaluated and not report.totals.evaluated_cost_share:
        return "Nothing to save was found, but nothing could be judged either."
    where = f" in the {spent} spent a month" if spent else "; what is spent is not known"
    return f"Nothing to save was found{where}."


def _of_the_spend(report: AuditReport) -> tuple[str, str]:
    """What comes before and after the saving."""
    total, saved = report.totals.monthly_cost, report.totals.net_monthly_savings
    if total is not None and saved is not None:
        part = f" ({amounts.share(float(saved / total))})" if total > 0 else ""
        return f"Of {amounts.rounded(total, report.currency)} spent a month, ", f"{part} can be saved"
    if saved is None and len(report.totals_by_currency) > 1:
        return "", " a month can be saved (not added up, as no exchange rate was given)"
    return "What is spent in all is not known; ", " a month can be saved"


def _sure(priced: list[Finding]) -> str:
    """How much of the saving is sure, where not all of it is equally so."""
    sure = [step for step in priced if step.confidence == "high"]
    if len(sure) in (0, len(priced)):
        return ""
    return f", {' and '.join(amounts.rounded(*amount) for amount in summary.together(sure))} of it with high confidence"


def _unpriced(steps: list[Finding]) -> str:
    unknown = sum(step.net_monthly_savings is None for step in steps)
    return f" For {unknown:,} of them the amount is not known." if unknown else ""


def _caveat(report: AuditReport) -> str:
    unread, scopes = len(summary.unread_scopes(report)), len(report.coverage)
    if not unread:
        return ""
    found = (
        f"Not everything was seen: {unread:,} of {amounts.count(scopes, 'source')} could not be read whole"
    )
    return f"{found}, so there may be more to find."
