"""Load balancers of the three kinds: classic (2014-05-15), application (2020-06-16), network (2022-04-30)."""

from typing import Any

from tests.servers.alibaba.pages import both_or_none, by_token, numbered, shown
from tests.servers.alibaba.state import Item
from tests.servers.alibaba.wire import Call, RefusalError, invalid

CLASSIC, APPLICATION, NETWORK = "2014-05-15", "2020-06-16", "2022-04-30"


def describe_load_balancers(call: Call) -> dict[str, Any]:
    """All of the region unless PageSize and PageNumber are given, of which neither goes without the other."""
    both_or_none(call, "PageSize", "PageNumber")
    wanted = [name for name in call.params.get("LoadBalancerId", "").split(",") if name]
    if len(wanted) > 10:
        raise invalid("LoadBalancerId", "there may be at most 10 of them")
    status = call.params.get("LoadBalancerStatus", "")
    found = [
        item
        for item in call.owner.of("slb", call.region).values()
        if (not wanted or item["LoadBalancerId"] in wanted) and status in ("", item["LoadBalancerStatus"])
    ]
    page, counts = numbered(call, found, most=100, default=max(1, len(found)))
    return {"LoadBalancers": {"LoadBalancer": page}, **counts}


def describe_load_balancer_attribute(call: Call) -> dict[str, Any]:
    item = call.owner.of("slb", call.region).get(call.required("LoadBalancerId"))
    if item is None:
        sentence = "The specified LoadBalancerId does not exist."
        raise RefusalError(404, "InvalidLoadBalancerId.NotFound", sentence)
    listeners = listeners_of(call, [item["LoadBalancerId"]])
    ports = [each["ListenerPort"] for each in listeners]
    pairs = [
        {"ListenerPort": each["ListenerPort"], "ListenerProtocol": each["ListenerProtocol"], "Description": "", "ListenerForward": "off"}
        for each in listeners
    ]  # fmt: skip
    servers = [
        {"ServerId": each, "Weight": 100, "Type": "ecs", "Description": "", "ServerIp": ""}
        for each in item["_servers"]
    ]
    return {
        **shown(item),
        "ListenerPorts": {"ListenerPort": ports},
        "ListenerPortsAndProtocol": {"ListenerPortAndProtocol": pairs},
        "ListenerPortsAndProtocal": {
            "ListenerPortAndProtocal": [
                {"ListenerPort": each["ListenerPort"], "ListenerProtocal": each["ListenerProtocol"]}
                for each in pairs
            ]
        },
        "BackendServers": {"BackendServer": servers},
    }


def listeners_of(call: Call, wanted: list[str]) -> list[Item]:
    return [
        item
        for item in call.owner.of("slb_listener", call.region).values()
        if not wanted or item["LoadBalancerId"] in wanted
    ]


def describe_load_balancer_listeners(call: Call) -> dict[str, Any]:
    """A flat list, absent where there is none."""
    wanted = call.repeated("LoadBalancerId", 10)
    size = call.number("MaxResults", 20, 1, 100)
    page, token = by_token(call, listeners_of(call, wanted), size)
    return ({"Listeners": page} if page else {}) | {"MaxResults": size, "TotalCount": len(page), **token}


def describe_v_server_groups(call: Call) -> dict[str, Any]:
    """Groups of servers that listeners of a classic balancer may lead to."""
    balancer = call.required("LoadBalancerId")
    if balancer not in call.owner.of("slb", call.region):
        raise RefusalError(
            404, "InvalidLoadBalancerId.NotFound", "The specified LoadBalancerId does not exist."
        )
    found = [
        shown(item)
        for item in call.owner.of("slb_group", call.region).values()
        if item["_balancer"] == balancer
    ]
    call.items = len(found)
    return {"VServerGroups": {"VServerGroup": found}}


def modern(call: Call, kind: str, ids: str, id_field: str) -> tuple[list[Item], dict[str, Any]]:
    """One page of the flat lists of application and network load balancers, of up to 20 ids or all."""
    wanted = call.repeated(ids, 20)
    size = call.number("MaxResults", 20, 1, 100)
    found = [
        item for item in call.owner.of(kind, call.region).values() if not wanted or item[id_field] in wanted
    ]
    page, token = by_token(call, found, size)
    return page, {"MaxResults": size, "TotalCount": len(found), **token}


def list_load_balancers(call: Call) -> dict[str, Any]:
    page, more = modern(call, call.product, "LoadBalancerIds", "LoadBalancerId")
    return {"LoadBalancers": page, **more}


def list_listeners(call: Call) -> dict[str, Any]:
    page, more = modern(call, f"{call.product}_listener", "LoadBalancerIds", "LoadBalancerId")
    return {"Listeners": page, **more}


def list_server_groups(call: Call) -> dict[str, Any]:
    page, more = modern(call, f"{call.product}_group", "ServerGroupIds", "ServerGroupId")
    return {"ServerGroups": page, **more}


def list_rules(call: Call) -> dict[str, Any]:
    page, more = modern(call, "alb_rule", "LoadBalancerIds", "LoadBalancerId")
    return {"Rules": page, **more}


ANSWERS = {
    (CLASSIC, "DescribeLoadBalancers"): describe_load_balancers,
    (CLASSIC, "DescribeLoadBalancerAttribute"): describe_load_balancer_attribute,
    (CLASSIC, "DescribeLoadBalancerListeners"): describe_load_balancer_listeners,
    (APPLICATION, "ListLoadBalancers"): list_load_balancers,
    (CLASSIC, "DescribeVServerGroups"): describe_v_server_groups,
    (APPLICATION, "ListListeners"): list_listeners,
    (APPLICATION, "ListServerGroups"): list_server_groups,
    (APPLICATION, "ListRules"): list_rules,
    (NETWORK, "ListServerGroups"): list_server_groups,
    (NETWORK, "ListLoadBalancers"): list_load_balancers,
    (NETWORK, "ListListeners"): list_listeners,
}
