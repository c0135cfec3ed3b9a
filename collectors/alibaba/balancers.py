"""Load balancers of one region, of the three products: what is before and behind each, and how it is paid for."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from collectors.alibaba.answers import ends, utc, within
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.inventory import tags_of
from collectors.alibaba.products import NUMBERS
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.hours import EPOCH
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

_ONE, _FIRST = {"PageNumber": 1, "PageSize": 1}, {"MaxResults": 1}
DESCRIBE_CLBS = Api(
    "slb", "DescribeLoadBalancers", "slb:DescribeLoadBalancers", items="LoadBalancers.LoadBalancer", paging=NUMBERS,
    probe=_ONE,
)  # fmt: skip
DESCRIBE_CLB = Api(
    "slb", "DescribeLoadBalancerAttribute", "slb:DescribeLoadBalancerAttribute",
    probe={"LoadBalancerId": "lb-finops-doctor"},
)  # fmt: skip
DESCRIBE_CLB_GROUPS = Api(
    "slb", "DescribeVServerGroups", "slb:DescribeVServerGroups", items="VServerGroups.VServerGroup",
    probe={"LoadBalancerId": "lb-finops-doctor"}, optional=True,
)  # fmt: skip
LIST_ALBS = Api("alb", "ListLoadBalancers", "alb:ListLoadBalancers", items="LoadBalancers", probe=_FIRST)
LIST_ALB_LISTENERS = Api("alb", "ListListeners", "alb:ListListeners", items="Listeners", probe=_FIRST)
LIST_ALB_GROUPS = Api("alb", "ListServerGroups", "alb:ListServerGroups", items="ServerGroups", probe=_FIRST)
LIST_ALB_RULES = Api("alb", "ListRules", "alb:ListRules", items="Rules", probe=_FIRST)
LIST_NLBS = Api("nlb", "ListLoadBalancers", "nlb:ListLoadBalancers", items="LoadBalancers", probe=_FIRST)
LIST_NLB_LISTENERS = Api("nlb", "ListListeners", "nlb:ListListeners", items="Listeners", probe=_FIRST)
LIST_NLB_GROUPS = Api("nlb", "ListServerGroups", "nlb:ListServerGroups", items="ServerGroups", probe=_FIRST)

_MODERN = (
    ("application", LIST_ALBS, LIST_ALB_LISTENERS, LIST_ALB_GROUPS),
    ("network", LIST_NLBS, LIST_NLB_LISTENERS, LIST_NLB_GROUPS),
)
LISTS = {"classic": DESCRIBE_CLBS, "application": LIST_ALBS, "network": LIST_NLBS}
# Rules of an application balancer that answer by themselves, with nothing behind them.
_ANSWERS = ("Redirect", "FixedResponse")

# Of a balancer: columns that were found out.
Served = dict[str, dict[str, Any]]


def get_load_balancers(client: Client, problems: Problems) -> dict[str, Any]:
    """Balancers by kind, and under `served` what is before and behind each."""
    found: dict[str, Any] = {"classic": client.all(DESCRIBE_CLBS, RegionId=client.region), "served": {}}
    found["served"] |= _classic(client, found["classic"], problems)
    for kind, balancers, listeners, groups in _MODERN:
        listed = beside(problems, lambda api=balancers: _where_offered(client, api)) or []  # type: ignore[misc]
        found[kind] = listed
        if listed:
            found["served"] |= _modern(client, listed, listeners, groups, problems)
    return found


def _where_offered(client: Client, api: Api) -> Raw | None:
    """All of a list; None where the product, or the operation, is not there."""
    try:
        return client.all(api, RegionId=client.region)
    except CallError as error:
        if error.status == "skipped":
            return None
        raise


# --- application and network balancers ---------------------------------------------------------------------


def _modern(client: Client, balancers: Raw, listeners: Api, groups: Api, problems: Problems) -> Served:
    """Listeners and servers, each by one list for the whole region."""
    before = beside(problems, lambda: _where_offered(client, listeners))
    behind = beside(problems, lambda: _where_offered(client, groups))
    ports = Counter(str(one["LoadBalancerId"]) for one in before or ())
    servers: Counter[str] = Counter()
    for group in behind or ():
        for identity in group.get("RelatedLoadBalancerIds") or ():
            servers[str(identity)] += int(group.get("ServerCount") or 0)
    ids = [str(one["LoadBalancerId"]) for one in balancers]
    empty = {one for one in ids if behind is not None and ports[one] and not servers[one]}
    alone = _answering(client, problems) if empty and groups is LIST_ALB_GROUPS else set()
    return {
        one: {
            "listeners": None if before is None else ports[one],
            "targets": None if behind is None else servers[one],
            "backends_known": None if behind is None else alone is not None and one not in alone,
        }
        for one in ids
    }


def _answering(client: Client, problems: Problems) -> set[str] | None:
    """Application balancers with a rule that answers by itself; None where rules cannot be read."""
    rules = beside(problems, lambda: _where_offered(client, LIST_ALB_RULES))
    if rules is None:
        return None
    return {
        str(rule.get("LoadBalancerId"))
        for rule in rules
        if any(action.get("Type") in _ANSWERS for action in rule.get("RuleActions") or ())
    }


# --- classic balancers ------------------------------------------------------------------------------------


def _classic(client: Client, balancers: Raw, problems: Problems) -> Served:
    """What each balancer says of itself; nothing of one that was deleted since, nor after the first refusal."""
    found: Served = {}
    refused: set[str] = set()
    for one in balancers:
        identity = str(one["LoadBalancerId"])
        detail = _asked(client, DESCRIBE_CLB, identity, refused, problems)
        if detail is None:
            continue
        found[identity] = _served(detail)
        if found[identity]["listeners"] and found[identity]["targets"] == 0:
            groups = _asked(client, DESCRIBE_CLB_GROUPS, identity, refused, problems)
            found[identity] |= _in_groups(groups)
    return found


def _asked(
    client: Client, api: Api, identity: str, refused: set[str], problems: Problems
) -> dict[str, Any] | None:
    """One balancer's answer to one question."""
    if api.operation in refused:
        return None
    try:
        return client.get(api, RegionId=client.region, LoadBalancerId=identity)
    except CallError as error:
        if "LoadBalancerId.NotFound" not in error.code:
            refused.add(api.operation)
            problems += [] if error.status == "skipped" else [str(error)]
        return None


def _served(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Listeners, servers of the default group, and the end of a subscription.

    Only where there is no listener, or no server at all, is it known what is behind: listeners may lead to groups of
    their own.
    """
    listed = within(detail, "ListenerPortsAndProtocol.ListenerPortAndProtocol")
    if listed is None:
        listed = within(detail, "ListenerPorts.ListenerPort")
    servers = within(detail, "BackendServers.BackendServer")
    until = detail.get("EndTimeStamp")
    return {
        "listeners": None if listed is None else len(listed),
        "targets": None if servers is None else len(servers),
        "backends_known": None if listed is None or servers is None else not listed,
        "expires_at": _instant(until) if until else ends(detail.get("EndTime")),
        "auto_renew": _RENEWALS.get(str(detail.get("RenewalStatus"))),
    }


_RENEWALS = {"AutoRenewal": True, "Normal": False, "NotRenewal": False}


def _instant(milliseconds: Any) -> datetime | None:
    return ends((EPOCH + timedelta(milliseconds=int(milliseconds))).isoformat())


def _in_groups(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """Servers in groups of a balancer whose default group is empty; older answers do not count them."""
    groups = within(answer or {}, "VServerGroups.VServerGroup")
    if groups is None or any(one.get("ServerCount") is None for one in groups):
        known = groups == []
        return {"targets": 0 if known else None, "backends_known": known}
    return {"targets": sum(int(one["ServerCount"]) for one in groups), "backends_known": True}


# --- rows -------------------------------------------------------------------------------------------------


def transform_load_balancers(raw: Mapping[str, Any], scope: Scope) -> Rows:
    """Rows of load_balancers and their tags."""
    rows: Rows = {"load_balancers": [], "tags": []}
    for kind in ("classic", "application", "network"):
        for one in once(raw[kind], "LoadBalancerId"):
            identity = str(one["LoadBalancerId"])
            state = str(one.get("LoadBalancerStatus") or "").lower()
            told = _NOTHING | raw["served"].get(identity, {})
            subscribed = str(one.get("PayType")).lower() == "prepay"
            row = {
                **place(scope),
                "load_balancer_id": identity,
                "name": one.get("LoadBalancerName"),
                "kind": kind,
                "state": state if state in ("active", "inactive") else "other",
                "created_at": utc(one.get("CreateTime")),
                **told,
                "purchase_model": "subscription" if subscribed else "on_demand",
                "expires_at": told["expires_at"] if subscribed else None,
                "auto_renew": told["auto_renew"] if subscribed else None,
            }
            rows["load_balancers"].append(row)
            rows["tags"] += tag_rows(scope, "load_balancer", identity, tags_of(one))
    return rows


_NOTHING: dict[str, Any] = {
    "listeners": None, "targets": None, "backends_known": None, "expires_at": None, "auto_renew": None,
}  # fmt: skip
