"""Questions to the local Alibaba Cloud: through the real SDK, and by hand where the SDK is too well-behaved."""

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import CommonRequest

from tests.servers.alibaba.cloud import Cloud

VERSIONS = {
    "ecs": "2014-05-26", "vpc": "2016-04-28", "slb": "2014-05-15", "alb": "2020-06-16", "nlb": "2022-04-30", "rds": "2014-08-15",
    "ess": "2014-08-28", "ess2022": "2022-02-22", "cms": "2019-01-01", "bss": "2017-12-14", "sts": "2015-04-01",
    "directory": "2022-04-19", "manager": "2020-03-31",
}  # fmt: skip


def raw(
    cloud: Cloud, product: str, action: str, *, env: dict[str, str] | None = None, region: str = "cn-hangzhou", method: str = "POST",
    form: str = "json", **params: Any,
) -> bytes:  # fmt: skip
    """The body of an answer to the real SDK; underscores in names of parameters stand for dots."""
    who = env or cloud.env
    key, secret = who["ALIBABA_CLOUD_ACCESS_KEY_ID"], who["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    token = who.get("ALIBABA_CLOUD_SECURITY_TOKEN")
    no_proxy = {"http": None, "https": None}
    settings = {"auto_retry": False, "proxy": no_proxy, "timeout": 10}
    if token:
        client = AcsClient(region_id=region, credential=StsTokenCredential(key, secret, token), **settings)
    else:
        client = AcsClient(key, secret, region, **settings)
    request = CommonRequest(
        domain=f"127.0.0.1:{cloud.port}", version=VERSIONS.get(product, product), action_name=action
    )
    request.set_method(method)
    request.set_protocol_type(protocol_type.HTTP)
    request.set_accept_format(form)
    for name, value in params.items():
        request.add_query_param(name.replace("_", "."), value)
    body: bytes = client.do_action_with_exception(request)
    return body


def ask(cloud: Cloud, product: str, action: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(raw(cloud, product, action, **more))
    return answer


def refused(cloud: Cloud, product: str, action: str, **more: Any) -> tuple[str, int]:
    """Code and status with which a call is refused."""
    with pytest.raises(ServerException) as error:
        raw(cloud, product, action, **more)
    return error.value.get_error_code(), error.value.get_http_status()


def plain(cloud: Cloud, params: dict[str, str], method: str = "GET") -> tuple[int, bytes]:
    """A request without the SDK."""
    query = urllib.parse.urlencode(params)
    url = f"{cloud.endpoint}/" + (f"?{query}" if method == "GET" else "")
    request = urllib.request.Request(url, query.encode() if method == "POST" else None, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def signed(cloud: Cloud, method: str = "GET", **changes: str | None) -> dict[str, str]:
    """Parameters of GetCallerIdentity signed by hand, after and not with the changes that begin with a small letter."""
    env = cloud.env
    params = {
        "Action": "GetCallerIdentity", "Version": "2015-04-01", "Format": "JSON", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
        "AccessKeyId": env["ALIBABA_CLOUD_ACCESS_KEY_ID"], "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "Odd": "a*b c~d/é+'",
    }  # fmt: skip
    params = {name: value for name, value in {**params, **changes}.items() if value is not None}
    pairs = "&".join(
        f"{urllib.parse.quote(name, safe='~')}={urllib.parse.quote(value, safe='~')}"
        for name, value in sorted(params.items())
    )
    text = f"{method}&%2F&{urllib.parse.quote(pairs, safe='~')}"
    digest = hmac.new(f"{env['ALIBABA_CLOUD_ACCESS_KEY_SECRET']}&".encode(), text.encode(), hashlib.sha1)
    return {**params, "Signature": base64.b64encode(digest.digest()).decode()}


def code_of(answer: tuple[int, bytes]) -> tuple[str, int]:
    return json.loads(answer[1])["Code"], answer[0]


def walked(cloud: Cloud, product: str, action: str, **more: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """All pages by NextToken, and what the token of the last page was ("absent" if it was)."""
    pages = [ask(cloud, product, action, **more)]
    while pages[-1].get("NextToken"):
        pages.append(ask(cloud, product, action, NextToken=pages[-1]["NextToken"], **more))
    return pages, [page.get("NextToken", "absent") for page in pages]


def assumed(cloud: Cloud, arn: str, **more: str) -> dict[str, str]:
    lent = ask(cloud, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="test", **more)["Credentials"]
    return cloud.env_of(lent["AccessKeyId"], lent["AccessKeySecret"], lent["SecurityToken"])
