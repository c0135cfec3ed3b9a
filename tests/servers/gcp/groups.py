"""Managed instance groups: of a zone or a region, with autoscalers, stateful ones, and those of a Kubernetes cluster."""

from tests.servers.gcp import items, plan
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.state import COMPUTE, Item, Project


def group_of(estate: Estate, name: str, project: Project, region: str) -> Item:
    """The group of this class in this project and region, made when first asked for.

    In the second region groups are regional: their members are in all of its zones (`_zone` empty).
    """
    label = plan.GROUPS[name]
    regional = len(estate.regions) > 1 and region == estate.regions[1] and name != "gke_node"
    zone = "" if regional else estate.zone(region, len(label))
    scope = f"regions/{region}" if regional else f"zones/{zone}"
    held = project.of("instanceGroupManagers", scope).get(label)
    if held:
        return held
    made, prefix = estate.ago(700), f"{COMPUTE}/projects/{project.id}/{scope}"
    base = label.removesuffix("-grp") if name == "gke_node" else label
    group = project.add("instanceGroupManagers", scope, items.base(project, "instanceGroupManagers", scope, label, estate.id(), made) | {
        "instanceTemplate": f"{COMPUTE}/projects/{project.id}/global/instanceTemplates/{base}", "instanceGroup": f"{prefix}/instanceGroups/{label}",
        "baseInstanceName": base, "fingerprint": "42WmSpB8rSM=", "targetSize": 0, "_zone": zone, "_scope": scope,
        "currentActions": {"none": 0, "creating": 0, "deleting": 0, "recreating": 0, "refreshing": 0, "restarting": 0, "abandoning": 0, "verifying": 0},
        "status": {"isStable": True, "stateful": {"hasStatefulConfig": name == "stateful", "perInstanceConfigs": {"allEffective": True}}},
        "updatePolicy": {"type": "OPPORTUNISTIC", "minimalAction": "REPLACE"}, "versions": [{"instanceTemplate": base, "targetSize": {"calculated": 0}}],
    })  # fmt: skip
    if name == "stateful":
        group["statefulPolicy"] = {"preservedState": {"disks": {"data": {"autoDelete": "NEVER"}}}}
    project.add(
        "instanceGroups",
        scope,
        items.base(project, "instanceGroups", scope, label, estate.id(), made)
        | {"size": 0, "fingerprint": "42WmSpB8rSM="},
    )
    if name in ("spot_eligible", "gke_node"):
        autoscaler(estate, project, scope, group)
    estate.note("scaling_group", project, scope, group, members=[], of=name)
    return group


def autoscaler(estate: Estate, project: Project, scope: str, group: Item) -> None:
    made = project.add("autoscalers", scope, items.base(project, "autoscalers", scope, group["name"], estate.id(), group["_from"]) | {
        "target": group["selfLink"], "status": "ACTIVE", "recommendedSize": 0, "autoscalingPolicy": {
            "minNumReplicas": 1, "maxNumReplicas": 20, "coolDownPeriodSec": 60, "cpuUtilization": {"utilizationTarget": 0.6}, "mode": "ON",
        },
    })  # fmt: skip
    group["status"]["autoscaler"] = made["selfLink"]


def join(estate: Estate, project: Project, group: Item, item: Item) -> None:
    """One more member; its metadata name the group by the project's number."""
    group["targetSize"] += 1
    group["currentActions"]["none"] += 1
    project.of("instanceGroups", group["_scope"])[group["name"]]["size"] += 1
    scaler = project.of("autoscalers", group["_scope"]).get(group["name"])
    if scaler:
        scaler["recommendedSize"] += 1
    owner = f"projects/{project.number}/{group['_scope']}/instanceGroupManagers/{group['name']}"
    item["metadata"]["items"] += [
        {"key": "instance-template", "value": group["instanceTemplate"].partition("/v1/")[2]},
        {"key": "created-by", "value": owner},
    ]
    if group["baseInstanceName"].startswith("gke-"):
        item["metadata"]["items"].append({"key": "cluster-name", "value": "prod"})
    item["_group"] = group["id"]
    noted = next(each for each in estate.classes["scaling_group"] if each["id"] == group["id"])
    noted["members"].append(item["id"])
