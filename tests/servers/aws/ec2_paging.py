"""EC2's paging, which moto lacks: MaxResults with its real bounds, NextToken, and what may not go together."""

import base64
import binascii
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from tests.servers.aws import state


class Paging(NamedTuple):
    """How one operation pages."""

    result: str
    least: int
    most: int
    ids: str = ""  # may not be given together with MaxResults
    usual: int | None = None  # page size when MaxResults is left out (None: everything)


OPERATIONS = {
    "describe_instances": Paging("Reservations", 5, 1000, "InstanceIds"),
    "describe_instance_status": Paging("InstanceStatuses", 5, 1000, "InstanceIds"),
    "describe_volumes": Paging("Volumes", 5, 1000, "VolumeIds"),
    "describe_volumes_modifications": Paging("VolumesModifications", 1, 500),
    "describe_snapshots": Paging("Snapshots", 5, 1000, "SnapshotIds"),
    "describe_images": Paging("Images", 5, 1000),
    "describe_network_interfaces": Paging("NetworkInterfaces", 5, 1000, "NetworkInterfaceIds"),
    "describe_nat_gateways": Paging("NatGateways", 5, 1000),
    "describe_subnets": Paging("Subnets", 5, 1000),
    "describe_route_tables": Paging("RouteTables", 5, 100),
    "describe_security_groups": Paging("SecurityGroups", 5, 1000),
    "describe_vpc_endpoints": Paging("VpcEndpoints", 5, 1000),
    "describe_instance_type_offerings": Paging("InstanceTypeOfferings", 5, 1000, "", 1000),
    "describe_instance_types": Paging("InstanceTypes", 5, 100, "", 100),
    "describe_locked_snapshots": Paging("Snapshots", 5, 1000),
    "describe_reserved_instances_offerings": Paging("ReservedInstancesOfferings", 5, 100, "", 100),
    "describe_spot_price_history": Paging("SpotPriceHistory", 1, 1000, "", 1000),
}


def install() -> None:
    """Wrap moto's methods; to be called after other replacements of the same methods."""
    for name, paging in OPERATIONS.items():
        setattr(EC2Response, name, paged(getattr(EC2Response, name), name, paging))


def paged(method: Callable[[Any], ActionResult], name: str, paging: Paging) -> Callable[[Any], ActionResult]:
    """The method, one page of it."""

    def page(self: Any) -> ActionResult:
        asked = dict(self.params)
        size = asked.get("MaxResults")
        size = None if size is None else int(size)
        if size is not None and not paging.least <= size <= paging.most:
            message = f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value between {paging.least} and {paging.most}."
            raise EC2ClientError("InvalidParameterValue", message)
        if size is not None and paging.ids and asked.get(paging.ids):
            message = f"The parameter {paging.ids} cannot be used with the parameter maxResults"
            raise EC2ClientError("InvalidParameterCombination", message)
        token = asked.get("NextToken")
        asked_for = {key: value for key, value in asked.items() if key not in ("NextToken", "MaxResults")}
        digest = zlib.crc32(repr((name, self.region, sorted(asked_for.items()))).encode())
        start = opened(token, digest) if token else 0
        for key in ("NextToken", "MaxResults"):
            self.params.pop(key, None)
        everything = whole(self, method, paging)
        stop = cut(everything, start, size or paging.usual)
        state.note(items=stop - start)
        content: dict[str, Any] = {paging.result: everything[start:stop]}
        if stop < len(everything):
            content["NextToken"] = base64.urlsafe_b64encode(f"{stop}.{digest}".encode()).decode()
        elif name == "describe_spot_price_history":
            content["NextToken"] = ""  # the real one says the end in this way
        return ActionResult(content)

    return page


def whole(self: Any, method: Callable[[Any], ActionResult], paging: Paging) -> list[Any]:
    """All results; moto cuts reservations at 100 by itself."""
    if paging.result == "Reservations":
        self.params["MaxResults"] = 10**9
    content = method(self).result
    assert isinstance(content, dict)
    return list(content[paging.result])


def cut(everything: list[Any], start: int, size: int | None) -> int:
    """Where the page ends. Reservations count by their instances and are never split."""
    if size is None:
        return len(everything)
    if not everything or not hasattr(everything[0], "instances"):
        return min(start + size, len(everything))
    stop, instances = start, 0
    while stop < len(everything) and (stop == start or instances + len(everything[stop].instances) <= size):
        instances += len(everything[stop].instances)
        stop += 1
    return stop


def opened(token: str, digest: int) -> int:
    """The place in a token; a token of another request is as unknown as a made-up one."""
    try:
        place, of = base64.urlsafe_b64decode(token.encode()).decode().split(".")
        if int(of) == digest:
            return int(place)
    except (ValueError, binascii.Error):
        pass
    raise EC2ClientError("InvalidNextToken", "The specified NextToken is not valid.")
