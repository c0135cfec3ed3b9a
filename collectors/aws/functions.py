"""Lambda functions and what is kept warm of them, by the verbs of inventory."""

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.aws.tagging import tagged
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems
from collectors.rows import Raw, number, once, place, tag_rows
from finops.warehouse import Scope

LIST_FUNCTIONS = Api("lambda", "list_functions", "lambda:ListFunctions", probe={"MaxItems": 1})
LIST_WARM = Api(
    "lambda",
    "list_provisioned_concurrency_configs",
    "lambda:ListProvisionedConcurrencyConfigs",
    probe={"FunctionName": "finops-doctor"},
)
_UNPUBLISHED = "$LATEST"  # of which nothing can be kept warm


def get_functions(client: Client, problems: Problems) -> dict[str, Any]:
    """Functions with their published versions, and their tags by ARN."""
    versions = all_of(client, LIST_FUNCTIONS, "Functions", FunctionVersion="ALL")
    published = {one["FunctionName"] for one in versions if one.get("Version") != _UNPUBLISHED}
    functions = [
        {**one, "published": one["FunctionName"] in published}
        for one in versions
        if one.get("Version", _UNPUBLISHED) == _UNPUBLISHED
    ]
    return {"each": functions, "tags": tagged(client, "lambda:function", problems) if functions else {}}


def get_warm(client: Client, functions: Sequence[Mapping[str, Any]], problems: Problems) -> Raw:
    """The functions, each with what is kept warm of it; only one with a published version can have any."""
    return [{**one, "warm": _warm(client, one, problems) if one["published"] else 0.0} for one in functions]


def _warm(client: Client, function: Mapping[str, Any], problems: Problems) -> float | None:
    try:
        configs = all_of(
            client, LIST_WARM, "ProvisionedConcurrencyConfigs", FunctionName=function["FunctionName"]
        )
    except CallError as error:
        if error.code == "ResourceNotFoundException":  # gone since the list was read
            return None
        problems.append(str(error))
        return None
    return float(sum(one.get("RequestedProvisionedConcurrentExecutions") or 0 for one in configs))


def transform_functions(raw: Mapping[str, Any], scope: Scope) -> Rows:
    """Rows of functions and their tags."""
    rows: Rows = {"functions": [], "tags": []}
    for one in once(raw["each"], "FunctionArn"):
        # The list of all versions names the unpublished one in the ARN; bills do not.
        arn = str(one["FunctionArn"]).removesuffix(f":{_UNPUBLISHED}")
        rows["functions"].append(
            {
                **place(scope),
                "function_id": arn,
                "name": one["FunctionName"],
                "kind": "function",
                "runtime": one.get("Runtime"),
                "architecture": next(iter(one.get("Architectures") or ()), "x86_64"),
                "memory_mib": number(one.get("MemorySize")),
                "kept_warm": one.get("warm"),
                "modified_at": utc(one.get("LastModified")),
            }
        )
        rows["tags"] += tag_rows(scope, "function", arn, raw["tags"].get(arn, {}))
    return rows
