"""What a call looks like on the wire: of the RPC kind, a form with an action, or of the REST kind, a path."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aliyunsdkcore.request import CommonRequest

from collectors.alibaba.api import Api
from collectors.alibaba.credentials import Key


def shaped(request: CommonRequest, api: Api, parameters: Mapping[str, Any], key: Key, region: str) -> None:
    """Puts method, parameters, region and token where the service expects them. The token of a temporary key goes with
    the request: the SDK would rather take a key of the environment."""
    if api.path:
        _as_rest(request, api, parameters, key, region)
    else:
        _as_rpc(request, parameters, key, region)


def _as_rpc(request: CommonRequest, parameters: Mapping[str, Any], key: Key, region: str) -> None:
    request.set_method("POST")
    for name, value in parameters.items():
        if value is not None and name != "RegionId":
            request.add_body_params(name, value if isinstance(value, str) else _text(value))
    request.add_query_param("RegionId", parameters.get("RegionId") or region)
    if key.token:
        request.add_query_param("SecurityToken", key.token)


def _as_rest(request: CommonRequest, api: Api, parameters: Mapping[str, Any], key: Key, region: str) -> None:
    request.set_method("GET")
    path = api.path
    for name, value in parameters.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        elif value is not None:
            request.add_query_param(name, value if isinstance(value, str) else _text(value))
    request.set_uri_pattern(path)
    request.add_header("x-acs-region-id", region)
    if key.token:
        request.add_header("x-acs-security-token", key.token)


def _text(value: Any) -> str:
    """A parameter as it is sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    return str(value)
