"""Who may do what: policies of RAM, denials on demand, and the words in which each product refuses."""

from fnmatch import fnmatchcase
from typing import Any

from tests.servers.alibaba.state import WORLD
from tests.servers.alibaba.wire import Call, RefusalError

# Everybody may, whatever the policy.
FREE = {("sts", "GetCallerIdentity"), ("ecs", "DescribeRegions")}
# The names in policies are the operations' except here.
_BILL_LIST = "bss:DescribeBillList"
NAMES = {
    "QueryInstanceBill": _BILL_LIST,
    "QueryBillOverview": _BILL_LIST,
    "QueryAccountBill": _BILL_LIST,
    "QueryAvailableInstances": "bss:QueryAvailableInstances",
    "ListRepoTag": "cr:ListRepositoryTag",
}
PREFIXES = {"dsw": "paidsw", "sls": "log", "bss": "bssapi", "resourcedirectory": "resourcemanager"}
_REFUSALS = {
    "bss": ("NotAuthorized", "This API is not authorized for caller."),
    "cms": ("AccessForbidden", "The caller is not authorized to perform this action."),
    "sts": ("NoPermission", "You are not authorized to do this action. You should be authorized by RAM."),
    "resourcedirectory": ("NoPermission", "You are not authorized to do this action."),
    "resourcemanager": ("NoPermission", "You are not authorized to do this action."),
    "oss": ("AccessDenied", "You have no right to access this object because of bucket acl."),
}
_FORBIDDEN = (
    "Forbidden.RAM",
    "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
)


def permission(call: Call) -> str:
    """What a policy calls the operation."""
    return NAMES.get(call.action) or f"{PREFIXES.get(call.product, call.product)}:{call.action}"


def denial(call: Call) -> RefusalError:
    """As this product says that somebody may not."""
    code, message = _REFUSALS.get(call.product, _FORBIDDEN)
    detail = {
        "AuthAction": permission(call), "AuthPrincipalType": "SubUser", "AuthPrincipalOwnerId": call.account,
        "AuthPrincipalDisplayName": call.identity.number, "NoPermissionType": "ImplicitDeny", "PolicyType": "AccountLevelIdentityBasedPolicy",
    }  # fmt: skip
    return RefusalError(403, code, message, AccessDeniedDetail=detail)


def authorize(call: Call) -> None:
    """Raises RefusalError when the caller may not."""
    names = (permission(call), f"{call.product}:{call.action}")
    if any(fnmatchcase(name, pattern) for name in names for pattern in WORLD.denied):
        raise denial(call)
    if (call.product, call.action) in FREE:
        return
    if call.identity.policy is not None and not allowed(call.identity.policy, names[0]):
        raise denial(call)


def allowed(policy: dict[str, Any], action: str) -> bool:
    """Whether a RAM policy allows an action on everything: an explicit Deny wins, no word means no."""
    verdict = False
    for statement in policy.get("Statement", []):
        if not any(matches(pattern, action) for pattern in as_list(statement.get("Action", []))):
            continue
        if statement.get("Effect") == "Deny":
            return False
        verdict = verdict or "*" in as_list(statement.get("Resource", []))
    return verdict


def matches(pattern: str, action: str) -> bool:
    """Actions in policies are the same in capitals and small letters."""
    return fnmatchcase(action.lower(), pattern.lower())


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
