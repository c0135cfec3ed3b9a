"""What runs on the platform: registries (cr 2018-12-01), functions (fc 2023-03-30), services and notebooks of PAI."""

from typing import Any

from tests.servers.alibaba.pages import by_token, numbered
from tests.servers.alibaba.state import Item
from tests.servers.alibaba.wire import Call, RefusalError

CR, FC, EAS, DSW = "2018-12-01", "2023-03-30", "2021-07-01", "2022-01-01"


def of_cr(call: Call, name: str, found: list[Item], most: int = 100) -> dict[str, Any]:
    """A page by PageNo; counts are texts here."""
    page, counts = numbered(call, found, most=most, number="PageNo")
    more = {"TotalCount": str(counts["TotalCount"]), "PageNo": counts["PageNo"]}
    return {"Code": "success", "IsSuccess": True, name: page, **more}


def list_registries(call: Call) -> dict[str, Any]:
    return of_cr(call, "Instances", list(call.owner.of("registry", call.region).values()))


def registry(call: Call) -> Item:
    found = call.owner.of("registry", call.region).get(call.required("InstanceId"))
    if found is None:
        raise RefusalError(400, "INSTANCE_NOT_EXIST", "instance is not exist")
    return found


def list_repositories(call: Call) -> dict[str, Any]:
    wanted = registry(call)["InstanceId"]
    found = [one for one in call.owner.of("repository", call.region).values() if one["InstanceId"] == wanted]
    return of_cr(call, "Repositories", found)


def list_repo_tags(call: Call) -> dict[str, Any]:
    registry(call)
    found = call.owner.of("repository", call.region).get(call.required("RepoId"))
    if found is None:
        raise RefusalError(400, "REPO_NOT_EXIST", "repo is not exist")
    return of_cr(call, "Images", list(found["_images"]))


def list_rules(call: Call) -> dict[str, Any]:
    return of_cr(call, "Rules", list(registry(call)["_rules"]), most=30)


def tokens(call: Call, kind: str, name: str) -> dict[str, Any]:
    """A page by limit and nextToken; no token at the end."""
    size = call.number("limit", 20, 1, 100)
    page, more = by_token(call, list(call.owner.of(kind, call.region).values()), size, "nextToken")
    return {name: page} | ({"nextToken": more["NextToken"]} if more.get("NextToken") else {})


def list_functions(call: Call) -> dict[str, Any]:
    return tokens(call, "function", "functions")


def list_provision_configs(call: Call) -> dict[str, Any]:
    return tokens(call, "provision_config", "provisionConfigs")


def list_services(call: Call) -> dict[str, Any]:
    page, counts = numbered(call, list(call.owner.of("eas_service", call.region).values()), most=100)
    return {"Services": page, **counts}


def list_notebooks(call: Call) -> dict[str, Any]:
    page, counts = numbered(call, list(call.owner.of("dsw_instance", call.region).values()), most=100)
    return {"Success": True, "HttpStatusCode": 200, "Instances": page, "TotalCount": counts["TotalCount"]}


ANSWERS = {
    (CR, "ListInstance"): list_registries,
    (CR, "ListRepository"): list_repositories,
    (CR, "ListRepoTag"): list_repo_tags,
    (CR, "ListArtifactLifecycleRule"): list_rules,
    (FC, "ListFunctions"): list_functions,
    (FC, "ListProvisionConfigs"): list_provision_configs,
    (EAS, "ListServices"): list_services,
    (DSW, "ListInstances"): list_notebooks,
}
