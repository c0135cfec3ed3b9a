"""Answers of services that moto does not give: what of a Lambda function is kept warm."""

from typing import Any

from tests.servers.aws.wire import Call

# Configurations by the name of their function; a test puts some here.
WARM: dict[str, list[dict[str, Any]]] = {}


def list_provisioned_concurrency_configs(call: Call) -> dict[str, Any]:
    return {"ProvisionedConcurrencyConfigs": []}


ANSWERS = {("lambda", "ListProvisionedConcurrencyConfigs"): list_provisioned_concurrency_configs}
