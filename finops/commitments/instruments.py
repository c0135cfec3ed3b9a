"""What can be bought, and the pool of usage that one purchase covers.

Pools are nested: a reservation covers machines of a family and system, an EC2 Instance Savings Plan the family, a
Compute Savings Plan all compute of the payer. Levels tell how wide: 1 is the narrowest.
"""

from typing import NamedTuple

MACHINE, CORE, MEMORY = "machine", "core", "memory"
# Systems whose reservations cover every size of the family. Source: EC2 user guide, how Reserved Instances are applied.
_FLEXIBLE = ("linux",)


class Series(NamedTuple):
    """One kind of usage: a SKU in a region, of one payer, on demand or under one commitment.

    `account_id` is the project for Google, whose resource commitments belong to projects, and empty elsewhere.
    """

    cloud: str
    payer: str
    account_id: str
    region: str
    service: str
    sku: str
    platform: str
    currency: str


class Instrument(NamedTuple):
    """A kind of commitment; `model` is its prices.purchase_model, `step` the smallest part of it that is sold."""

    name: str
    title: str
    cloud: str
    model: str
    level: int
    services: frozenset[str]
    step: str  # money: a thousandth of it an hour | smallest: one of the smallest type in use | one: whole units


class Pool(NamedTuple):
    """The usage that one purchase covers. `family_group` and `payer_group` are the wider pools it lies in."""

    id: str
    payer: str
    region: str
    family_group: str
    payer_group: str
    covers: str


COMPUTE_PLAN = Instrument(
    "compute-savings-plan", "Compute Savings Plan", "aws", "compute_savings_plan", 3,
    frozenset({MACHINE, "fargate", "lambda"}), "money",
)  # fmt: skip
INSTANCE_PLAN = Instrument(
    "ec2-instance-savings-plan", "EC2 Instance Savings Plan", "aws", "instance_savings_plan", 2,
    frozenset({MACHINE}), "money",
)  # fmt: skip
RESERVED = Instrument(
    "reserved-instances",
    "Standard Reserved Instances",
    "aws",
    "reserved",
    1,
    frozenset({MACHINE}),
    "smallest",
)
RESOURCE_CUD = Instrument(
    "committed-use", "resource-based committed use", "gcp", "reserved", 1, frozenset({CORE, MEMORY}), "one"
)
SUBSCRIPTION = Instrument(
    "subscription", "subscription", "alibaba", "subscription", 1, frozenset({MACHINE}), "one"
)
POOLED = (COMPUTE_PLAN, INSTANCE_PLAN, RESERVED, RESOURCE_CUD)


def family(series: Series) -> str:
    """m5 of m5.large, n2 of n2:core."""
    return series.sku.partition(":" if series.cloud == "gcp" else ".")[0]


def is_flexible(series: Series) -> bool:
    """Whether a reservation of one size covers the others of the family."""
    return series.platform in _FLEXIBLE


def pool_of(instrument: Instrument, series: Series) -> Pool | None:
    """The pool of `instrument` that this usage is in; None where the instrument does not cover it."""
    if series.cloud != instrument.cloud or series.service not in instrument.services:
        return None
    payer, currency = series.payer, series.currency
    group = "/".join((payer, series.region, family(series), currency))
    wide = f"{payer}/{currency}"
    if instrument is COMPUTE_PLAN:
        return _pool(instrument, wide, payer, "global", "", wide, "compute of the payer")
    if instrument is INSTANCE_PLAN:
        return _pool(instrument, group, payer, series.region, group, wide, f"{family(series)} machines")
    if instrument is RESERVED:
        if series.platform in ("special", "unknown"):
            return None
        what = family(series) if is_flexible(series) else series.sku
        own = "/".join((payer, series.region, what, series.platform, currency))
        return _pool(
            instrument, own, payer, series.region, group, wide, f"{what} machines ({series.platform})"
        )
    own = "/".join((series.account_id, series.region, family(series), currency))
    return _pool(instrument, own, payer, series.region, own, own, f"{family(series)} cores and memory")


def _pool(
    instrument: Instrument,
    own: str,
    payer: str,
    region: str,
    family_group: str,
    payer_group: str,
    covers: str,
) -> Pool:
    where = "" if region == "global" else f" in {region}"
    return Pool(f"{instrument.name}/{own}", payer, region, family_group, payer_group, f"{covers}{where}")
