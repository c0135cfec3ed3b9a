"""Notebooks and endpoints of SageMaker, which run on machines of their own, by the verbs of inventory."""

from collections.abc import Mapping
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.aws.tagging import tagged
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

LIST_NOTEBOOKS = Api(
    "sagemaker", "list_notebook_instances", "sagemaker:ListNotebookInstances", probe={"MaxResults": 1}
)
LIST_ENDPOINTS = Api("sagemaker", "list_endpoints", "sagemaker:ListEndpoints", probe={"MaxResults": 1})
DESCRIBE_ENDPOINT = Api(
    "sagemaker", "describe_endpoint", "sagemaker:DescribeEndpoint", probe={"EndpointName": "finops-doctor"}
)
DESCRIBE_ENDPOINT_CONFIG = Api(
    "sagemaker",
    "describe_endpoint_config",
    "sagemaker:DescribeEndpointConfig",
    probe={"EndpointConfigName": "finops-doctor"},
)
_STATES = {
    "InService": "running", "Updating": "running", "SystemUpdating": "running", "RollingBack": "running",
    "Stopped": "stopped",
}  # fmt: skip


def get_endpoints(client: Client, problems: Problems) -> dict[str, Any]:
    """Notebooks, endpoints with what they run on, and tags by ARN."""
    notebooks = all_of(client, LIST_NOTEBOOKS, "NotebookInstances")
    endpoints = [
        {**one, **(beside(problems, lambda one=one: _described(client, one)) or {})}  # type: ignore[misc]
        for one in all_of(client, LIST_ENDPOINTS, "Endpoints")
    ]
    tags = tagged(client, "sagemaker", problems) if notebooks or endpoints else {}
    return {"notebooks": notebooks, "endpoints": endpoints, "tags": tags}


def _described(client: Client, endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """How many machines an endpoint has now, and of which type, which only its configuration tells."""
    told = client.get(DESCRIBE_ENDPOINT, EndpointName=endpoint["EndpointName"])
    config = client.get(DESCRIBE_ENDPOINT_CONFIG, EndpointConfigName=told["EndpointConfigName"])
    return {"now": told.get("ProductionVariants") or [], "variants": config.get("ProductionVariants") or []}


def transform_endpoints(raw: Mapping[str, Any], scope: Scope) -> Rows:
    """Rows of ml_endpoints and their tags. The id is the ARN, as bills write it."""
    rows: Rows = {"ml_endpoints": [], "tags": []}
    found = [
        *(_notebook(one) for one in once(raw["notebooks"], "NotebookInstanceArn")),
        *(_endpoint(one) for one in once(raw["endpoints"], "EndpointArn")),
    ]
    for one in found:
        rows["ml_endpoints"].append({**place(scope), **one})
        identity = one["endpoint_id"]
        rows["tags"] += tag_rows(scope, "ml_endpoint", identity, raw["tags"].get(identity, {}))
    return rows


def _notebook(one: Mapping[str, Any]) -> dict[str, Any]:
    state = _STATES.get(str(one.get("NotebookInstanceStatus")), "other")
    return {
        "endpoint_id": one["NotebookInstanceArn"],
        "name": one["NotebookInstanceName"],
        "kind": "notebook",
        "state": state,
        # A notebook is modified when it starts and stops, and can be changed only while it is stopped.
        "state_since": utc(one.get("LastModifiedTime")) if state != "other" else None,
        "instance_type": one.get("InstanceType"),
        "instances": 1,
        "created_at": utc(one.get("CreationTime")),
    }


def _endpoint(one: Mapping[str, Any]) -> dict[str, Any]:
    types = {each["InstanceType"] for each in one.get("variants") or () if each.get("InstanceType")}
    return {
        "endpoint_id": one["EndpointArn"],
        "name": one["EndpointName"],
        "kind": "endpoint",
        "state": _STATES.get(str(one.get("EndpointStatus")), "other"),
        "state_since": None,
        "instance_type": types.pop() if len(types) == 1 else None,
        "instances": _always(one["now"]) if "now" in one else None,
        "created_at": utc(one.get("CreationTime")),
    }


def _always(variants: Raw) -> int:
    """Machines that an endpoint never goes below; a variant without machines of its own has none."""
    total = 0
    for one in variants:
        scaling = one.get("ManagedInstanceScaling") or {}
        least = scaling.get("MinInstanceCount") if scaling.get("Status") == "ENABLED" else None
        serverless = one.get("CurrentServerlessConfig") is not None
        total += (
            0 if serverless else int(one.get("CurrentInstanceCount") or 0) if least is None else int(least)
        )
    return total
