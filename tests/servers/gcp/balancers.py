"""Load balancers: what they listen on, where that leads, and what stands behind."""

from tests.servers import shapes as s
from tests.servers.gcp import items
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.state import COMPUTE, Item, Project


def balancers(estate: Estate, project: Project, region: str, turn: int) -> None:
    """Used, idle and empty ones of the region; the first region's project has global ones besides."""
    network(estate, project, region, "lb_used", backends=True, busy=True)
    network(estate, project, region, "lb_idle", backends=True, busy=False)
    network(estate, project, region, "lb_without_backends", backends=False, busy=False)
    pool(estate, project, region)
    if turn == 0:
        application(estate, project, region, "lb_global_used", backends=True, busy=True)
        application(estate, project, region, "lb_global_without_backends", backends=False, busy=False)


def made(estate: Estate, project: Project, kind: str, scope: str, name: str, **more: object) -> Item:
    return project.add(
        kind, scope, items.base(project, kind, scope, name, estate.id(), estate.ago(250)) | more
    )


def groups(project: Project, region: str) -> list[Item]:
    """The groups of machines in the region, as back ends."""
    found = [
        item
        for scope, item in project.every("instanceGroups")
        if scope == f"regions/{region}" or scope.startswith(f"zones/{region}-")
    ]
    return [
        {"group": each["selfLink"], "balancingMode": "CONNECTION", "capacityScaler": 1.0}
        for each in found[:1]
    ]


def network(estate: Estate, project: Project, region: str, name: str, backends: bool, busy: bool) -> None:
    """A passthrough balancer: rule → back-end service → group."""
    scope, label = f"regions/{region}", name.replace("_", "-")
    back = groups(project, region) if backends else []
    if backends and not back:
        back = [
            {
                "group": f"{COMPUTE}/projects/{project.id}/zones/{region}-b/instanceGroups/by-hand",
                "balancingMode": "CONNECTION",
            }
        ]
    service = made(
        estate, project, "backendServices", scope, label, protocol="TCP", loadBalancingScheme="EXTERNAL", timeoutSec=30, backends=back or None,
    )  # fmt: skip
    rule = made(
        estate, project, "forwardingRules", scope, label, IPAddress=f"34.90.{len(label)}.{len(region)}", IPProtocol="TCP", portRange="443-443",
        backendService=service["selfLink"], loadBalancingScheme="EXTERNAL", networkTier="PREMIUM", labels={"env": "prod"}, fingerprint="a1b2",
    )  # fmt: skip
    estate.note(name, project, scope, rule)
    own = {
        "region": region,
        "forwarding_rule_name": label,
        "backend_service_name": label,
        "load_balancer_name": label,
    }
    if backends:
        flow = s.rate(40_000) if busy else s.zero()
        estate.series(
            project,
            "loadbalancing.googleapis.com/l3/external/ingress_bytes_count",
            "tcp_lb_rule",
            own,
            {},
            flow,
        )


def pool(estate: Estate, project: Project, region: str) -> None:
    """The oldest kind: rule → target pool → machines; here without any."""
    scope = f"regions/{region}"
    target = made(estate, project, "targetPools", scope, "old-pool", sessionAffinity="NONE", instances=None)
    rule = made(
        estate, project, "forwardingRules", scope, "old-pool", IPAddress="34.91.0.7", IPProtocol="TCP", portRange="80-80", target=target["selfLink"],
        loadBalancingScheme="EXTERNAL", networkTier="PREMIUM",
    )  # fmt: skip
    estate.note("lb_without_backends", project, scope, rule)


def application(estate: Estate, project: Project, region: str, name: str, backends: bool, busy: bool) -> None:
    """A global one: rule → HTTPS proxy → URL map → back-end service → group."""
    label = name.replace("_", "-")
    service = made(
        estate, project, "backendServices", "global", label, protocol="HTTP", loadBalancingScheme="EXTERNAL_MANAGED",
        backends=(groups(project, region) or None) if backends else None,
    )  # fmt: skip
    urls = made(estate, project, "urlMaps", "global", label, defaultService=service["selfLink"])
    proxy = made(
        estate, project, "targetHttpsProxies", "global", label, urlMap=urls["selfLink"], sslCertificates=["c"]
    )
    rule = made(
        estate, project, "forwardingRules", "global", label, IPAddress="34.120.0.9", IPProtocol="TCP", portRange="443-443", target=proxy["selfLink"],
        loadBalancingScheme="EXTERNAL_MANAGED", networkTier="PREMIUM",
    )  # fmt: skip
    estate.note(name, project, "global", rule)
    if busy:
        own = {
            "region": "global",
            "forwarding_rule_name": label,
            "url_map_name": label,
            "backend_target_name": label,
        }
        estate.series(
            project,
            "loadbalancing.googleapis.com/https/request_count",
            "https_lb_rule",
            own,
            {"response_code": "200"},
            s.rate(20),
        )
