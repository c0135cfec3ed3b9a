"""EC2 operations that moto lacks or fakes: spot price history, reservations, types with wildcards, opted-in regions."""

import fnmatch
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidInstanceIdError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instance_types import InstanceTypeBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses import EC2Response

from tests.servers.aws import catalogue, state
from tests.servers.series import DAY

HISTORY = 90 * DAY
SYSTEMS = {
    "Linux/UNIX": "Linux",
    "Windows": "Windows",
    "Red Hat Enterprise Linux": "RHEL",
    "SUSE Linux": "SUSE",
}


class Change(NamedTuple):
    """A spot price that began to hold."""

    at: int
    zone: str
    instance_type: str
    product: str
    price: str


# Reserved instances, offers of them on the marketplace and locks of snapshots by account and region.
RESERVED: dict[tuple[str, str], list[dict[str, Any]]] = {}
OFFERS: dict[tuple[str, str], list[dict[str, Any]]] = {}
LOCKS: dict[tuple[str, str], list[dict[str, Any]]] = {}


def install() -> None:
    """Replace moto's methods, and leave out what AWS leaves out."""
    for path in (
        "InstanceNetworkInterface.Association",
        "InstanceNetworkInterfaceList.Association",
        "NetworkInterfaces.Association",
        "Instance.StateReason",
    ):
        EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER[path] = said
    for path in ("Address.InstanceId", "Address.NetworkInterfaceId"):
        EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER[path] = lambda value: value or None
    setattr(InstanceBackend, "get_instance", get_instance)  # noqa: B010
    setattr(NetworkInterface, "association", property(association))  # noqa: B010
    for method in (
        describe_spot_price_history,
        describe_locked_snapshots,
        describe_reserved_instances,
        describe_reserved_instances_offerings,
        describe_instance_types,
        describe_regions,
    ):
        setattr(EC2Response, method.__name__, method)


def get_instance(self: Any, instance_id: str) -> Any:
    """The newest first and no copies: moto copies all reservations for each instance that it looks up."""
    for reservation in reversed(self.reservations.values()):
        for instance in reservation.instances:
            if instance.id == instance_id:
                return instance
    raise InvalidInstanceIdError(instance_id)


def association(self: Any) -> dict[str, Any]:
    """The public address of an interface: the account's own when elastic, else Amazon's, lent while it runs."""
    if not self.public_ip:
        return {}
    elastic = self.ec2_backend.address_by_ip([self.public_ip], fail_if_not_found=False)
    name = f"ec2-{self.public_ip.replace('.', '-')}.compute.amazonaws.com"
    result = {"publicIp": self.public_ip, "publicDnsName": name, "ipOwnerId": "amazon"}
    if elastic:
        result |= {
            "ipOwnerId": self.ec2_backend.account_id,
            "allocationId": elastic[0].allocation_id,
            "associationId": elastic[0].association_id,
        }
    return result


def said(value: Any) -> Any:
    """A structure that says something, or nothing at all."""
    return None if not value or not (value if isinstance(value, dict) else vars(value).get("code")) else value


def describe_spot_price_history(self: Any) -> ActionResult:
    """The changes between start and end, and for each the price that held at the start; newest first."""
    self.error_on_dryrun()
    asked = self.params
    now = int(state.CLOCK.epoch())
    start = max(instant(asked.get("StartTime"), now - HISTORY), now - HISTORY)
    end = min(instant(asked.get("EndTime"), now), now)
    filters = {each["Name"]: each.get("Values", []) for each in asked.get("Filters", [])}
    unknown = set(filters) - {"availability-zone", "instance-type", "product-description", "spot-price"}
    if unknown:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{unknown.pop()}' is invalid.")
    types = chosen(asked.get("InstanceTypes") or catalogue.priced_types(), filters.get("instance-type"))
    products = chosen(asked.get("ProductDescriptions") or SYSTEMS, filters.get("product-description"))
    zones = chosen(
        [asked["AvailabilityZone"]] if asked.get("AvailabilityZone") else zones_of(self),
        filters.get("availability-zone"),
    )
    found: list[Change] = []
    for zone in [each for each in zones_of(self) if each in zones]:
        for name in types:
            if name in catalogue.offered(self.region) and (
                catalogue.family(name) in catalogue.FAMILIES or name in catalogue.EXACT
            ):
                for product in dict.fromkeys(each.removesuffix(" (Amazon VPC)") for each in products):
                    if product in SYSTEMS:
                        found += between(changes(self.region, zone, name, product, now // DAY), start, end)
    if "spot-price" in filters:
        found = [each for each in found if each.price in filters["spot-price"]]
    found.sort(key=lambda change: (-change.at, change.instance_type, change.zone, change.product))
    return ActionResult({"SpotPriceHistory": [shown(change) for change in found]})


def chosen(values: Any, patterns: list[str] | None) -> list[str]:
    """The values that match a pattern; all when there is no filter."""
    if patterns is None:
        return list(values)
    return [
        value
        for value in values
        if any(fnmatch.fnmatchcase(value, each.removesuffix(" (Amazon VPC)")) for each in patterns)
    ]


def zones_of(self: Any) -> list[str]:
    return [zone.name for zone in self.ec2_backend.describe_availability_zones()]


def between(history: tuple[Change, ...], start: int, end: int) -> Iterator[Change]:
    """Changes within start and end, and the last one before."""
    before = [change for change in history if change.at <= start]
    yield from before[-1:]
    yield from (change for change in history if start < change.at <= end)


@lru_cache(maxsize=4096)
def changes(region: str, zone: str, instance_type: str, product: str, today: int) -> tuple[Change, ...]:
    """90 days and a little of prices that wander around a discount, changing every 5 to 30 hours, oldest first.

    Made from a fixed beginning by absolute time, so that tomorrow's history agrees with today's.
    """
    rng = np.random.default_rng(zlib.crc32(f"{zone}|{instance_type}|{product}".encode()))
    price = catalogue.on_demand(instance_type, region, SYSTEMS[product])
    discount = rng.uniform(0.35, 0.72)
    begin = (today - 100) // 100 * 100 * DAY  # a multiple of 100 days
    steps = np.cumsum(rng.uniform(5, 30, 500) * 3600).astype(np.int64) + begin
    noise = np.convolve(rng.normal(0, 0.03, 504), [0.3, 0.25, 0.2, 0.15, 0.1], mode="valid")
    shares = np.clip(1 - discount + noise, 0.12, 0.95)
    limit = (today + 1) * DAY
    return tuple(
        Change(int(at), zone, instance_type, product, f"{price * share:.6f}")
        for at, share in zip(steps, shares, strict=True)
        if at < limit
    )


def shown(change: Change) -> dict[str, Any]:
    return {
        "AvailabilityZone": change.zone,
        "InstanceType": change.instance_type,
        "ProductDescription": change.product,
        "SpotPrice": change.price,
        "Timestamp": datetime.fromtimestamp(change.at, UTC).replace(tzinfo=None),
    }


def instant(value: Any, otherwise: int) -> int:
    if value is None:
        return otherwise
    moment = state.parse(value) if isinstance(value, str) else value
    return int(moment.timestamp() if moment.tzinfo else state.epoch(moment))


def describe_reserved_instances(self: Any) -> ActionResult:
    """No paging here, in AWS neither."""
    held = RESERVED.get((self.current_account, self.region), [])
    filters = {each["Name"]: each.get("Values", []) for each in self.params.get("Filters", [])}
    unknown = set(filters) - {"state", "instance-type", "scope"}
    if unknown:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{unknown.pop()}' is invalid.")
    fields = {"state": "State", "instance-type": "InstanceType", "scope": "Scope"}
    ids = self.params.get("ReservedInstancesIds") or [each["ReservedInstancesId"] for each in held]
    shown = [
        each for each in held
        if each["ReservedInstancesId"] in ids and all(each[fields[name]] in values for name, values in filters.items())
    ]  # fmt: skip
    state.note(items=len(shown))
    return ActionResult({"ReservedInstances": shown})


def describe_reserved_instances_offerings(self: Any) -> ActionResult:
    """Only what others sell; what AWS sells itself nobody asks for here."""
    self.error_on_dryrun()
    asked = self.params
    filters = {each["Name"]: each.get("Values", []) for each in asked.get("Filters", [])}
    if filters.get("marketplace") != ["true"] or not asked.get("IncludeMarketplace"):
        raise NotImplementedError("offers of AWS itself are not modelled")
    held = OFFERS.get((self.current_account, self.region), [])
    found = [
        each for each in held if each["InstanceType"] in filters.get("instance-type", [each["InstanceType"]])
    ]
    return ActionResult({"ReservedInstancesOfferings": found})


def describe_locked_snapshots(self: Any) -> ActionResult:
    self.error_on_dryrun()
    return ActionResult({"Snapshots": LOCKS.get((self.current_account, self.region), [])})


def describe_instance_types(self: Any) -> ActionResult:
    """Only what the region offers; filter values may have * and ?, and case counts."""
    asked = self.params
    offered = catalogue.offered(self.region)
    names = asked.get("InstanceTypes") or []
    if len(names) > 100:
        raise EC2ClientError(
            "InvalidParameterValue", "The maximum number of instance types that can be specified is 100."
        )
    wrong = [name for name in names if name not in offered]
    if wrong:
        raise EC2ClientError(
            "InvalidInstanceType", f"The following supplied instance types do not exist: [{', '.join(wrong)}]"
        )
    filters = [(each["Name"], each.get("Values", [])) for each in asked.get("Filters", [])]
    found = [
        each for each in sorted(InstanceTypeBackend.instance_types, key=lambda kind: kind.name)
        if each.name in offered and (not names or each.name in names)
        and all(fits(each.get_filter_value(name), values) for name, values in filters)
    ]  # fmt: skip
    return ActionResult({"InstanceTypes": found})


def fits(value: Any, patterns: list[str]) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(fnmatch.fnmatchcase(str(each), pattern) for each in values for pattern in patterns)


def describe_regions(self: Any) -> ActionResult:
    """Enabled ones; with AllRegions also those that the account has not opted in to."""
    everything = str(self.params.get("AllRegions", "")).lower() == "true"
    status = dict.fromkeys(state.DEFAULT_REGIONS, "opt-in-not-required") | dict.fromkeys(
        state.OPTED_IN_REGIONS, "opted-in"
    )
    if everything:
        status |= dict.fromkeys(state.DISABLED_REGIONS, "not-opted-in")
    names = self.params.get("RegionNames") or list(status)
    wrong = [name for name in names if name not in status]
    if wrong:
        raise EC2ClientError("InvalidParameterValue", f"Invalid region provided: [{', '.join(wrong)}]")
    filters = {each["Name"]: each.get("Values", []) for each in self.params.get("Filters", [])}
    wanted = filters.get("opt-in-status", list(status.values()))
    shown = [
        {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status[name]}
        for name in sorted(names)
        if status[name] in wanted and name in filters.get("region-name", names)
    ]
    return ActionResult({"Regions": shown})


def backend(where: tuple[str, str]) -> Any:
    """moto's EC2 of an account and region."""
    account, region = where
    return ec2_backends[account][region]
