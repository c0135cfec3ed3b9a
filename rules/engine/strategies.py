"""The ids of the catalogue, which are a contract, and the ten classic strategies with the rules that serve them."""

from typing import NamedTuple


class Strategy(NamedTuple):
    """One way to spend less: what it is called, what there is to know about it, and its rules, the main ones first."""

    name: str
    about: str
    rules: tuple[str, ...]


# In the order of a reader who begins with what is plainly waste.
CATALOGUE = (
    "idle-instance", "oversized-instance", "spot-eligible-instance", "stopped-instance", "off-hours-instance",
    "scaling-group-floor", "previous-generation-instance", "cheaper-region",
    "unattached-volume", "low-io-volume", "oversized-volume", "volume-type-upgrade",
    "old-snapshot", "orphan-snapshot",
    "unused-public-ip", "idle-load-balancer", "idle-nat-gateway",
    "cross-zone-traffic", "public-ip-traffic",
    "commitment-coverage", "commitment-underused", "commitment-expiring", "commitment-marketplace",
    "bucket-without-lifecycle", "idle-database", "oversized-database", "untagged-registry-images", "idle-cluster-node",
    "idle-ml-endpoint", "log-retention",
)  # fmt: skip

STRATEGIES = (
    Strategy(
        "Unused instances",
        "A machine that does nothing is ended, and one that is off still pays for its disks and addresses. What waits "
        "for a month end or a quarter end is not idle: the window is as long as the data, up to 95 days.",
        (
            "idle-instance", "stopped-instance", "idle-load-balancer", "idle-nat-gateway", "idle-database",
            "idle-cluster-node", "idle-ml-endpoint",
        ),
    ),
    Strategy(
        "Oversized instances and volumes",
        "Judged on at least a month, seasonal peaks included, and tried on the last days. A volume cannot shrink: the "
        "remediation is a new one, a copy and a swap.",
        (
            "oversized-instance", "oversized-volume", "oversized-database", "volume-type-upgrade",
            "previous-generation-instance", "arm-instance",
        ),
    ),
    Strategy(
        "Private instead of public addresses",
        "Traffic between two machines of a region that goes over public addresses is paid for; so is an address that "
        "nobody uses, or that nobody needs.",
        ("public-ip-traffic", "avoidable-public-ip", "unused-public-ip", "nat-endpoint-traffic"),
    ),
    Strategy(
        "Low-use volumes",
        "After at least a week of silence: a snapshot first, then the deletion. A weekly backup or a daily peak is "
        "use.",
        ("low-io-volume", "unattached-volume", "old-snapshot", "orphan-snapshot"),
    ),
    Strategy(
        "Savings plans",
        "Sized on the hourly usage that is left once what is idle or too large is gone, with what happens if usage "
        "falls.",
        ("commitment-coverage", "commitment-underused", "commitment-expiring"),
    ),
    Strategy(
        "Reserved instances",
        "Cheaper than a plan where the size stays, and a loss where it does not: utilisation, break-even month and the "
        "risk of under-use are told.",
        ("commitment-coverage", "commitment-underused", "commitment-expiring"),
    ),
    Strategy(
        "Second-hand reserved instances",
        "Shorter terms of others on the marketplace, where the cloud has one.",
        ("commitment-marketplace",),
    ),
    Strategy(
        "Spot for fault-tolerant work",
        "By evidence (groups that replace their members, non-production tags, nothing that outlives the machine) and "
        "by the price history of the type in its zone, never by a flat factor.",
        ("spot-eligible-instance",),
    ),
    Strategy(
        "Auto-scaling and schedules",
        "Machines that work in office hours are off at night; a group that never leaves its minimum has too high "
        "a one.",
        ("off-hours-instance", "scaling-group-floor", "idle-cluster-node"),
    ),
    Strategy(
        "Zones and regions",
        "What talks much belongs into one zone, and the same machine may cost less in another region, the way there "
        "included.",
        ("cross-zone-traffic", "cheaper-region", "public-ip-traffic"),
    ),
)  # fmt: skip
