"""What was bought ahead: reserved instances of a region; savings plans and resource packages of an account."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.alibaba.answers import utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session
from collectors.alibaba.products import BILLING_NUMBERS, NUMBERS
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place
from finops.warehouse import Scope

DESCRIBE_RESERVED = Api(
    "ecs", "DescribeReservedInstances", "ecs:DescribeReservedInstances", items="ReservedInstances.ReservedInstance",
    paging=NUMBERS, probe={"PageNumber": 1, "PageSize": 1},
)  # fmt: skip
QUERY_PLANS = Api(
    "bss", "QuerySavingsPlansInstance", "bssapi:QuerySavingsPlansInstance", items="Data.Items", paging=BILLING_NUMBERS,
    probe={"PageNum": 1, "PageSize": 1},
)  # fmt: skip
QUERY_PACKAGES = Api(
    "bss", "QueryResourcePackageInstances", "bssapi:QueryResourcePackageInstances", items="Data.Instances.Instance",
    paging=BILLING_NUMBERS, page=300, probe={"PageNum": 1, "PageSize": 1},
)  # fmt: skip

_PAYMENT = {
    "All Upfront": "all_upfront", "Partial Upfront": "partial_upfront", "No Upfront": "no_upfront",
    "total": "all_upfront", "half": "partial_upfront", "zero": "no_upfront",
}  # fmt: skip
_ACTIVE, _ENDED = ("Active", "NORMAL", "Available"), ("Expired", "RELEASE", "Unavailable", "Released")
_PLATFORMS = {"linux": "linux", "windows": "windows"}
_CYCLE_HOURS = {"HOUR": 1, "DAY": 24}
_LOCAL = timedelta(hours=8)  # times without a zone are Beijing's


def get_reserved(client: Client) -> Raw:
    """Reserved instances of the region, ended ones too."""
    return client.all(DESCRIBE_RESERVED, RegionId=client.region)


def transform_reserved(raw: Raw, scope: Scope) -> Rows:
    """Rows of commitments. What a reservation costs is not told with it."""
    return {
        "commitments": [
            {
                **place(scope),
                "commitment_id": str(one["ReservedInstanceId"]),
                "kind": "reserved",
                "name": one.get("ReservedInstanceName") or None,
                "platform": _PLATFORMS.get(str(one.get("Platform")).lower()),
                "scope": one.get("InstanceType"),
                "quantity": number(one.get("InstanceAmount")),
                "unit": "instances",
                "started_at": utc(one.get("StartTime")),
                "ends_at": utc(one.get("ExpiredTime")),
                "payment": _PAYMENT.get(str(one.get("OfferingType"))),
                "state": _state(one),
            }
            for one in once(raw, "ReservedInstanceId")
        ]
    }


def get_bought(session: Session, problems: Problems) -> tuple[Raw, Raw]:
    """Savings plans and resource packages of the account."""
    plans = session.billing(lambda client: client.all(QUERY_PLANS))
    packages = beside(problems, lambda: session.billing(lambda client: client.all(QUERY_PACKAGES)))
    return plans, packages or []


def transform_bought(raw: tuple[Raw, Raw], scope: Scope) -> Rows:
    """Rows of commitments; a plan commits to an amount of money per hour or day, a package to an amount of use."""
    plans, packages = raw
    rows = [{**place(scope), **_plan(one)} for one in once(plans, "InstanceId")]
    return {"commitments": rows + [{**place(scope), **_package(one)} for one in once(packages, "InstanceId")]}


def _plan(one: dict[str, Any]) -> dict[str, Any]:
    pool = Decimal(str(one["PoolValue"])) if one.get("PoolValue") not in (None, "") else None
    cycle = str(one.get("DeductCycleType") or "")
    hours = _CYCLE_HOURS.get(cycle)
    return {
        "commitment_id": str(one["InstanceId"]),
        "kind": "savings_plan",
        "scope": " ".join(
            str(one[key]) for key in ("SavingsType", "InstanceFamily", "Region") if one.get(key)
        ),
        "quantity": None if pool is None else float(pool),
        "unit": f"{one.get('Currency') or ''} per {cycle.lower() or 'cycle'}".strip(),
        "hourly_cost": (pool / hours).quantize(Decimal("1e-12")) if pool is not None and hours else None,
        "currency": one.get("Currency") or None,
        "started_at": _instant(one, "Start"),
        "ends_at": _instant(one, "End"),
        "payment": _PAYMENT.get(str(one.get("PayMode"))),
        "state": _state(one),
    }


def _package(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "commitment_id": str(one["InstanceId"]),
        "kind": "resource_package",
        "scope": one.get("Remark") or one.get("PackageType") or one.get("CommodityCode"),
        "quantity": number(one.get("TotalAmount")),
        "unit": one.get("TotalAmountUnit") or None,
        "started_at": utc(one.get("EffectiveTime")),
        "ends_at": utc(one.get("ExpiryTime")),
        "state": _state(one),
        "remaining": _remaining(one),
        "name": one.get("Remark") or None,
    }


# Powers of 1024; other units are only compared with themselves.
_SIZES = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5, "EB": 6}


def _remaining(one: dict[str, Any]) -> float | None:
    """What is left of a package, in the unit of all of it."""
    left = number(one.get("RemainingAmount"))
    units = [str(one.get(name) or "").upper() for name in ("RemainingAmountUnit", "TotalAmountUnit")]
    if left is None or units[0] == units[1]:
        return left
    if units[0] not in _SIZES or units[1] not in _SIZES:
        return None
    return left * 1024.0 ** (_SIZES[units[0]] - _SIZES[units[1]])


def _instant(one: dict[str, Any], name: str) -> datetime | None:
    """A time as milliseconds since 1970 where they are told, else as text in Beijing's time."""
    stamp = one.get(f"{name}Timestamp")
    if stamp:
        return datetime(1970, 1, 1) + timedelta(milliseconds=int(stamp))  # noqa: DTZ001 - naive UTC throughout
    told = utc(one.get(f"{name}Time"))
    return told - _LOCAL if told else None


def _state(one: dict[str, Any]) -> str:
    status = str(one.get("Status"))
    return "active" if status in _ACTIVE else "expired" if status in _ENDED else "other"
