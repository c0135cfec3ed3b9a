"""The wording every rendering shares, for readers who know no cloud.

One place for each thing: what a rule finds, what an action is, the headline. A rule that is not in the list
(a user's own) is called by its id.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from finops.model import AuditReport, Finding
from reports import amounts, summary
from reports.language import Worded, begun, flowing, joint, mark, punctuated, t, tn, within
from reports.pieces import Piece, kept, literal, pieces, plain
from reports.plain import one_line

CLOUDS = {"aws": "Amazon Web Services", "alibaba": "Alibaba Cloud", "gcp": "Google Cloud"}

KINDS = Worded(
    {
        "idle-instance": mark("Servers that do nothing"),
        "oversized-instance": mark("Servers larger than they need to be"),
        "spot-eligible-instance": mark("Servers that could run on spare capacity"),
        "stopped-instance": mark("Switched-off servers that still cost"),
        "off-hours-instance": mark("Servers needed in office hours only"),
        "scaling-group-floor": mark("Server groups with too high a minimum"),
        "previous-generation-instance": mark("Servers of an older model"),
        "cheaper-region": mark("Servers that cost less elsewhere"),
        "unattached-volume": mark("Disks attached to nothing"),
        "low-io-volume": mark("Disks hardly read or written"),
        "oversized-volume": mark("Disks larger than they need to be"),
        "volume-type-upgrade": mark("Disks of a dearer type than needed"),
        "old-snapshot": mark("Old copies of disks (snapshots)"),
        "orphan-snapshot": mark("Snapshots of disks that are gone"),
        "unused-public-ip": mark("Public addresses nobody uses"),
        "idle-load-balancer": mark("Load balancers without traffic"),
        "idle-nat-gateway": mark("Network gateways without traffic"),
        "cross-zone-traffic": mark("Traffic between data centres"),
        "public-ip-traffic": mark("Inside traffic that goes by the internet"),
        "commitment-coverage": mark("Commitment discounts not yet bought"),
        "commitment-underused": mark("Commitments paid for and not used"),
        "commitment-expiring": mark("Commitments that end soon"),
        "commitment-marketplace": mark("Commitments sold cheaper second-hand"),
        "bucket-without-lifecycle": mark("File stores nobody tidies up"),
        "idle-database": mark("Databases nobody asks"),
        "oversized-database": mark("Databases larger than they need to be"),
        "untagged-registry-images": mark("Leftover program images"),
        "idle-cluster-node": mark("Cluster servers without work"),
        "idle-ml-endpoint": mark("Machine-learning services nobody calls"),
        "log-retention": mark("Logs kept too long"),
        "arm-instance": mark("Servers that could use cheaper chips"),
        "avoidable-public-ip": mark("Public addresses not needed"),
        "nat-endpoint-traffic": mark("Paid traffic that could go for free"),
        "snapshot-archive-tier": mark("Snapshots that belong in the archive"),
        "bucket-storage-class": mark("Files nobody reads, kept at hand"),
        "unfinished-uploads": mark("Uploads begun and never finished"),
        "idle-function": mark("Programs kept ready for no calls"),
        "idle-subscription": mark("Unused things that renew themselves"),
    }
)
CLASSES = Worded(
    {
        "unused": mark("not used"),
        "oversized": mark("larger than needed"),
        "rate": mark("cheaper terms exist"),
        "placement": mark("in a dearer place than needed"),
        "schedule": mark("runs when nobody needs it"),
        "modernise": mark("a newer model gives the same for less"),
    }
)
_ACTIONS = {
    "terminate": mark("Terminate"),
    "stop": mark("Stop"),
    "resize": mark("Resize"),
    "change-type": mark("Change type"),
    "delete": mark("Delete"),
    "release": mark("Release"),
    "move": mark("Move"),
    "buy": mark("Buy"),
    "schedule": mark("Schedule"),
    "spot": mark("Run as spot"),
}
# An action by itself: as one of a list, and as the term that MEANINGS explains.
ACTIONS = Worded(_ACTIONS)
TERMS = Worded(_ACTIONS | {"change-type": mark("Change type of")})
# What an action means, for somebody who has never done it.
# What people decided about a finding.
DECISIONS = Worded({"agreed": mark("agreed"), "done": mark("done"), "rejected": mark("rejected")})
MEANINGS = Worded(
    {
        "terminate": mark("shut the server down for good; it cannot be started again"),
        "stop": mark("switch it off; it can be switched on again"),
        "resize": mark("replace it by a smaller size of the same thing"),
        "change-type": mark("let it run as a cheaper type of the same thing"),
        "delete": mark("remove it for good; take a last copy before"),
        "release": mark("give it back to the provider"),
        "move": mark("let it run in another place"),
        "buy": mark("commit to pay for a term and get a lower price"),
        "schedule": mark("switch it off at night and at weekends"),
        "spot": mark("use the provider's spare capacity: much cheaper, but may be withdrawn at short notice"),
    }
)
# The same with what it is done to: to a thing, to a part of one, to several of a kind, and with what changes.
_TO_ONE = Worded(
    {
        "terminate": mark("terminate {resource}"),
        "stop": mark("stop {resource}"),
        "resize": mark("resize {resource}"),
        "change-type": mark("change type of {resource}"),
        "delete": mark("delete {resource}"),
        "release": mark("release {resource}"),
        "move": mark("move {resource}"),
        "buy": mark("buy {resource}"),
        "schedule": mark("schedule {resource}"),
        "spot": mark("run as spot"),
    }
)
_TO_A_PART = Worded(
    {
        "terminate": mark("terminate part of {resource}"),
        "stop": mark("stop part of {resource}"),
        "delete": mark("delete part of {resource}"),
        "release": mark("release part of {resource}"),
        "spot": mark("run as spot"),
    }
)
_TO_SEVERAL = Worded(
    {
        "terminate": mark("Terminate {n} {kind}"),
        "stop": mark("Stop {n} {kind}"),
        "resize": mark("Resize {n} {kind}"),
        "change-type": mark("Change the type of {n} {kind}"),
        "delete": mark("Delete {n} {kind}"),
        "release": mark("Release {n} {kind}"),
        "move": mark("Move {n} {kind}"),
        "buy": mark("Buy {n} {kind}"),
        "schedule": mark("Schedule {n} {kind}"),
        "spot": mark("Run as spot {n} {kind}"),
    }
)
_WITH_CHANGE = Worded(
    {
        "resize": mark("resize {change}"),
        "change-type": mark("change {change}"),
        "move": mark("move {change}"),
        "buy": mark("buy {change}"),
        "schedule": mark("schedule {change}"),
    }
)
# Of what these are about there is no number that says anything.
_MASS = frozenset({"cross-zone-traffic", "public-ip-traffic", "nat-endpoint-traffic"})
# Whether a step can be taken back, by its action.
UNDO = Worded(
    {
        "terminate": mark("No, it is gone for good"),
        "stop": mark("Yes, switch it on again"),
        "resize": mark("Yes, back to the old size"),
        "change-type": mark("Yes, back to the old type"),
        "delete": mark("No, only from a copy made before"),
        "release": mark("No, it goes back to the provider"),
        "move": mark("Yes, by moving it back"),
        "buy": mark("No, it is paid to the end of its term"),
        "schedule": mark("Yes, at once"),
        "spot": mark("Yes, back to on demand"),
    }
)
RESOURCES = Worded(
    {
        "instance": mark("server"),
        "volume": mark("disk"),
        "snapshot": mark("snapshot"),
        "public_ip": mark("public address"),
        "load_balancer": mark("load balancer"),
        "nat_gateway": mark("network gateway"),
        "bucket": mark("file store"),
        "scaling_group": mark("server group"),
        "database": mark("database"),
        "commitment": mark("commitment"),
        "repository": mark("image store"),
        "ml_endpoint": mark("machine-learning service"),
        "log_group": mark("log store"),
        "function": mark("function"),
        "cluster": mark("cluster"),
        "network": mark("traffic"),
    }
)
# How a scope of the inventory was read: in a word, and for somebody who knows no cloud.
READ = Worded(
    {
        "denied": mark("denied"),
        "failed": mark("failed"),
        "throttled": mark("throttled"),
        "partial": mark("partial"),
        "skipped": mark("skipped"),
        "complete": mark("complete"),
    }
)
STATUSES = Worded(
    {
        "denied": mark("access refused"),
        "failed": mark("failed"),
        "throttled": mark("cut off by the provider's rate limit"),
        "partial": mark("read in part"),
        "skipped": mark("not offered or not switched on there"),
        "complete": mark("read whole"),
    }
)
BASES = Worded(
    {
        "billed": mark("what was billed (effective cost, before tax and credits)"),
        "list": mark("list prices of what exists, because no bill is loaded"),
        "none": mark("no known price"),
    }
)
EXEMPTIONS = Worded({"in_force": mark("in force"), "expired": mark("ended"), "refused": mark("not honoured")})
CONFIDENCES = Worded({"high": mark("High"), "medium": mark("Medium"), "low": mark("Low")})
LEVELS = Worded({"high": mark("high"), "medium": mark("medium"), "low": mark("low")})
RISKS = Worded({"high": mark("high risk"), "medium": mark("medium risk"), "low": mark("low risk")})
# The same at the beginning of a line.
RISKS_ALONE = Worded({"high": mark("High risk"), "medium": mark("Medium risk"), "low": mark("Low risk")})

# A value with its unit, by the end of its key.
_UNITS = Worded(
    {
        "_gib": mark("{value} GiB"),
        "_iops": mark("{value} IOPS"),
        "_mibps": mark("{value} MiB/s"),
        "_hours": mark("{value} hours"),
        "_days": mark("{value} days"),
        "hours_a_week": mark("{value} hours a week"),
        "members": mark("{value} servers"),
    }
)
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
_SMALL = 0.001  # from which down four decimals would leave too little of a number, or nothing
_ENDS = ("terminate", "stop", "delete", "release", "spot")


class Headline(NamedTuple):
    """The headline in pieces, so that a rendering may set the saving in bold: what is around it, how many amounts are
    not known, and what was not seen."""

    before: str
    saving: str
    after: str
    unpriced: str
    caveat: str

    @property
    def text(self) -> str:
        return flowing([self.before + self.saving + self.after, self.unpriced, self.caveat])


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


def action(finding: Finding, *, begins: bool = False) -> str:
    """What to do, as in 'resize m5.4xlarge → m5.xlarge' or 'delete disk'; `begins` with a capital."""
    change = "" if finding.action in _ENDS else _change(finding.current, finding.proposed)
    template = _template(finding, bool(change))
    return (begun(template) if begins else template).format(
        resource=resource(finding.resource_type), change=change
    )


def _template(finding: Finding, changes: bool) -> str:
    if changes:
        return _WITH_CHANGE[finding.action]
    # What leaves a share of its cost takes only a part of the thing away: never say that all of it goes.
    in_part = finding.action in _ENDS and "share" in finding.proposed
    return (_TO_A_PART if in_part else _TO_ONE)[finding.action]


def action_on(findings: Sequence[Finding]) -> str:
    """What to do with several of one kind and one action, as in 'Delete 3 disks attached to nothing'."""
    first, n = findings[0], amounts.number(len(findings))
    what = within(kind(first.rule))
    if first.rule in _MASS and first.action == "move":
        return t("Move {kind} ({n} places)", kind=what, n=n)
    return _TO_SEVERAL[first.action].format(n=n, kind=what)


def _change(current: dict[str, Any], proposed: dict[str, Any]) -> str:
    differing = [key for key in proposed if key not in _SILENT and proposed[key] != current.get(key)]
    before_after = [key for key in differing if key in current]
    if not before_after:
        return joint(", ").join(value(key, proposed[key]) for key in differing[:3])
    telling = next((key for key in _TELLING if key in before_after), before_after[0])
    return f"{_bare(current[telling])} → {value(telling, proposed[telling])}"


def value(key: str, content: object) -> str:
    """A value of `current`, `proposed` or `evidence`, with the unit its key ends in."""
    unit = next((ending for ending in _UNITS if key.endswith(ending)), None)
    return _bare(content) if unit is None else _UNITS[unit].format(value=_bare(content))


def _bare(content: object) -> str:
    if isinstance(content, bool):
        return t("yes") if content else t("no")
    if isinstance(content, float) and 0 < abs(content) < _SMALL:
        return amounts.digits(content, 3)
    if isinstance(content, float):
        digits = f"{content:,.{4 if abs(content) < 100 else 1}f}"
        return punctuated(digits.rstrip("0").rstrip("."))
    if isinstance(content, Decimal):
        return punctuated(str(content))
    return amounts.number(content) if isinstance(content, int) else one_line(str(content))


def spent(report: AuditReport, currency: str | None) -> str:
    """What the cost of a month is called, with which part of it is not from a bill."""
    listed, accounts = summary.at_list(report, currency)
    if not listed:
        return t("spent")
    if listed == accounts:
        return t("spent, at list prices: no bill is loaded")
    return t(
        "spent, {listed} of {accounts} accounts of it at list prices: their bill is not loaded",
        listed=amounts.number(listed),
        accounts=amounts.number(accounts),
    )


def unread_place(group: summary.Unread, most: int = 4) -> str:
    """Where something could not be read and what; more regions than `most` are counted."""
    regions = (
        joint(", ").join(group.regions)
        if len(group.regions) <= most
        else tn("{n} region", "{n} regions", len(group.regions))
    )
    who = account(group.cloud, group.account)
    return one_line(
        t(
            "{account}: {datasets} in {regions}",
            account=who,
            datasets=joint(", ").join(group.datasets),
            regions=regions,
        )
    )


def headline(report: AuditReport) -> Headline:
    """One sentence that a reader may stop after, and what it leaves out."""
    steps = summary.counted(report)
    known = [step for step in steps if step.net_monthly_savings is not None]
    if not steps:
        return Headline(_nothing(report), "", "", "", _caveat(report))
    if not known:
        lead = tn(
            "{n} thing to do was found; what can be saved is not known, because no price or bill is loaded.",
            "{n} things to do were found; what can be saved is not known, because no price or bill is loaded.",
            len(steps),
        )
        return Headline(lead, "", "", "", _caveat(report))
    saving = amounts.joined(
        [amounts.rounded(*amount) for amount in summary.amounts(report, "net_monthly_savings")]
    )
    found = pieces(_sure(report, steps, known), saving=Piece(saving, "saving"))
    place = next(number for number, piece in enumerate(found) if piece.tone)
    before, after = plain(found[:place]), plain(found[place + 1 :])
    return Headline(before, saving, after, _unpriced(steps), _caveat(report))


def _nothing(report: AuditReport) -> str:
    spending = amounts.joined(
        [amounts.rounded(*amount) for amount in summary.amounts(report, "monthly_cost")]
    )
    if not report.costs and not report.coverage and not report.not_evaluated:
        return t("Nothing has been looked at yet: no bill and no inventory is loaded.")
    if report.not_evaluated and not report.totals.evaluated_cost_share:
        return t("Nothing to save was found, but nothing could be judged either.")
    if not spending:
        return t("Nothing to save was found; what is spent is not known.")
    return t("Nothing to save was found in the {amount} spent a month.", amount=spending)


def _of_the_spend(report: AuditReport, steps: int) -> str:
    """What can be saved of what, with {saving} left to be filled."""
    total, saved = report.totals.monthly_cost, report.totals.net_monthly_savings
    if total is not None and saved is not None and total > 0:
        return tn(
            "Of {total} spent a month, {saving} ({share}) can be saved in {n} step",
            "Of {total} spent a month, {saving} ({share}) can be saved in {n} steps",
            steps,
            total=literal(amounts.rounded(total, report.currency)),
            share=amounts.share(float(saved / total)),
            **kept("saving"),
        )
    if total is not None and saved is not None:
        return tn(
            "Of {total} spent a month, {saving} can be saved in {n} step",
            "Of {total} spent a month, {saving} can be saved in {n} steps",
            steps,
            total=literal(amounts.rounded(total, report.currency)),
            **kept("saving"),
        )
    if saved is None and len(report.totals_by_currency) > 1:
        return tn(
            "{saving} a month can be saved (not added up, as no exchange rate was given) in {n} step",
            "{saving} a month can be saved (not added up, as no exchange rate was given) in {n} steps",
            steps,
            **kept("saving"),
        )
    return tn(
        "What is spent in all is not known; {saving} a month can be saved in {n} step",
        "What is spent in all is not known; {saving} a month can be saved in {n} steps",
        steps,
        **kept("saving"),
    )


def _sure(report: AuditReport, steps: list[Finding], priced: list[Finding]) -> str:
    """The sentence with {saving} left to be filled, and how much of it is sure, where not all of it is equally so."""
    sentence = _of_the_spend(report, len(steps))
    sure = [step for step in priced if step.confidence == "high"]
    if len(sure) in (0, len(priced)):
        return t("{sentence}.", sentence=sentence)
    amount = amounts.joined([amounts.rounded(*amount) for amount in summary.together(sure)])
    return t("{sentence}, {amount} of it with high confidence.", sentence=sentence, amount=literal(amount))


def _unpriced(steps: list[Finding]) -> str:
    unknown = sum(step.net_monthly_savings is None for step in steps)
    if not unknown:
        return ""
    return t("For {number} of them the amount is not known.", number=amounts.number(unknown))


def _caveat(report: AuditReport) -> str:
    unread, scopes = len(summary.unread_scopes(report)), len(report.coverage)
    if not unread:
        return ""
    return tn(
        "Not everything was seen: {unread} of {n} source could not be read whole, so there may be more to find.",
        "Not everything was seen: {unread} of {n} sources could not be read whole, so there may be more to find.",
        scopes,
        unread=amounts.number(unread),
    )
