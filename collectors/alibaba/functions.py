"""Functions of one region (Function Compute 3.0), and how many instances of each are kept ready and paid for."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from collectors.alibaba.answers import utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.products import Paging
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place
from finops.warehouse import Scope

_TOKENS = Paging("limit", "nextToken", "nextToken")
LIST_FUNCTIONS = Api(
    "fc", "ListFunctions", "fc:ListFunctions", items="functions", paging=_TOKENS, path="/2023-03-30/functions",
    probe={"limit": 1},
)  # fmt: skip
LIST_PROVISIONED = Api(
    "fc", "ListProvisionConfigs", "fc:ListProvisionConfigs", items="provisionConfigs", paging=_TOKENS,
    path="/2023-03-30/provision-configs", probe={"limit": 1},
)  # fmt: skip


def get_functions(client: Client, problems: Problems) -> Raw:
    """Functions, each with `kept`: how many instances are provisioned; None where that could not be read."""
    found = client.all(LIST_FUNCTIONS)
    if not found:
        return []
    configs = beside(problems, lambda: client.all(LIST_PROVISIONED))
    kept: Counter[str] = Counter()
    for one in configs or ():
        # acs:fc:REGION:ACCOUNT:functions/NAME/QUALIFIER
        name = str(one.get("functionArn")).partition(":functions/")[2].partition("/")[0]
        kept[name] += int(one.get("defaultTarget") or one.get("target") or 0)
    return [{**one, "kept": None if configs is None else kept[str(one["functionName"])]} for one in found]


def transform_functions(raw: Raw, scope: Scope) -> Rows:
    """Rows of functions."""
    return {
        "functions": [
            {**place(scope), "function_id": str(one["functionName"]), **_function(one)}
            for one in once(raw, "functionName")
        ]
    }


def _function(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["functionName"],
        "kind": "function",
        "runtime": one.get("runtime") or None,
        "architecture": "x86_64",
        "memory_mib": number(one.get("memorySize")),
        "vcpu": number(one.get("cpu")),
        "kept_warm": None if one["kept"] is None else float(one["kept"]),
        "created_at": utc(one.get("createdTime")),
        "modified_at": utc(one.get("lastModifiedTime")),
    }
