"""Keys that end: renewed before they do and when they are told to have; had from a role, a token, a machine; never shown."""

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collectors.alibaba import renewing
from collectors.alibaba.accounts import GET_CALLER_IDENTITY, Found, Request, discover
from collectors.alibaba.client import Session
from collectors.alibaba.inventory import DESCRIBE_DISKS
from collectors.calls import CallError
from finops.errors import CredentialsError
from tests.collectors.alibaba.calling import hurry, key_of, overheard
from tests.collectors.alibaba.live import as_environment, collect
from tests.servers.alibaba.asking import assumed
from tests.servers.alibaba.cloud import ACCOUNT, Cloud

REGION = "cn-hangzhou"
MEMBER = "2222222222222222"
PROVIDER = f"acs:ram::{MEMBER}:oidc-provider/cluster"


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        cloud.estate(n=4, regions=(REGION,))
        cloud.organize(deny=(), small=6)
        cloud.role("pod", MEMBER, trusts=(PROVIDER,))
        cloud.oidc("the-token", PROVIDER)
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    process.reset_calls()
    with as_environment({}):
        yield process
    process.faults([])


def found(environment: Mapping[str, str], **request: Any) -> Found:
    with as_environment(environment):
        return discover(Request(regions=(REGION,), **request))


def member(cloud: Cloud) -> Session:
    """The member's session, by its role."""
    asked: dict[str, Any] = {"role": "finops-reader", "accounts": (MEMBER,), "endpoint": cloud.endpoint}
    (session,) = found(cloud.env, **asked).sessions
    cloud.reset_calls()
    return session


def who(session: Session) -> str:
    return str(session.client(REGION).get(GET_CALLER_IDENTITY)["Arn"])


class Later:
    """The real time, some seconds later."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def time(self) -> float:
        return time.time() + self.seconds


# --- when a key ends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "assumed"), [(0, 0), (3200, 0), (3400, 1)])
def test_a_key_is_renewed_some_minutes_before_it_ends(
    seconds: float, assumed: int, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = member(cloud)
    monkeypatch.setattr(renewing, "time", Later(seconds))
    assert who(session) == f"acs:ram::{MEMBER}:assumed-role/finops-reader/finops"
    assert cloud.count("AssumeRole") == assumed


def test_a_key_that_is_told_to_have_ended_is_renewed_and_the_call_sent_again(cloud: Cloud) -> None:
    session = member(cloud)
    cloud.expire_tokens()
    assert who(session).startswith(f"acs:ram::{MEMBER}:")
    assert [call["outcome"] for call in cloud.calls()] == ["InvalidSecurityToken.Expired", "ok", "ok"]


def test_many_threads_whose_key_ends_at_once_renew_it_once(cloud: Cloud) -> None:
    session = member(cloud)
    cloud.expire_tokens()
    cloud.latency({"GetCallerIdentity": 0.2})
    threads = [threading.Thread(target=who, args=(session,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cloud.latency({})
    outcomes = [call["outcome"] for call in cloud.calls("GetCallerIdentity")]
    assert sorted(outcomes) == ["InvalidSecurityToken.Expired"] * 8 + ["ok"] * 8
    assert cloud.count("AssumeRole") == 1


def test_a_key_that_ends_with_every_other_call_does_not_spoil_a_collection(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.faults([{"kind": "expired", "account": MEMBER, "every": 3}])
    asked = ("instances", "volumes", "snapshots", "load_balancers", "buckets", "commitments")
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.env, REGION, only=asked, role="finops-reader", accounts=(MEMBER,))
    assert done.errors == {}
    renewed = {call["key"] for call in cloud.calls() if call["account"] == MEMBER}
    assert len(renewed) > 5
    assert any(
        call["outcome"] == "expired" for call in cloud.calls("ListBuckets") + cloud.calls("GetBucketStat")
    )


def test_a_key_that_cannot_be_renewed_ends_the_calls_of_its_account(cloud: Cloud) -> None:
    session = member(cloud)
    cloud.expire_tokens()
    cloud.faults([{"kind": "denied", "action": "AssumeRole"}])
    with pytest.raises(CallError, match="sts:AssumeRole is denied"):
        who(session)


def test_a_token_of_the_environment_that_has_ended_is_told(cloud: Cloud) -> None:
    env = assumed(cloud, cloud.role("mine", ACCOUNT))
    assert found(env).sessions[0].arn == f"acs:ram::{ACCOUNT}:assumed-role/mine/test"
    cloud.expire_tokens()
    with pytest.raises(CredentialsError, match=r"refused the credentials .*InvalidSecurityToken\.Expired"):
        found(env)


# --- whose key it is --------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["ALIYUN_", "ALIBABA_CLOUD_"])
def test_a_key_of_the_environment_never_signs_in_the_place_of_an_assumed_role(
    prefix: str, cloud: Cloud
) -> None:
    session = member(cloud)
    stranger = key_of(cloud.user())
    other = {f"{prefix}ACCESS_KEY_ID": stranger.id, f"{prefix}ACCESS_KEY_SECRET": stranger.secret}
    with as_environment(other):
        assert session.client(REGION).get(GET_CALLER_IDENTITY)["AccountId"] == MEMBER
        assert session.client(REGION).get(DESCRIBE_DISKS, RegionId=REGION)["Disks"]
    assert stranger.id not in {call["key"] for call in cloud.calls()}


def test_a_role_of_the_environment_is_assumed_with_the_key_beside_it(cloud: Cloud) -> None:
    arn = cloud.role("audited", MEMBER, external_id="x-1")
    env = {**cloud.env, "ALIBABA_CLOUD_ROLE_ARN": arn, "ALIBABA_CLOUD_ROLE_SESSION_NAME": "night"}
    (session,) = found({**env, "ALIBABA_CLOUD_ROLE_EXTERNAL_ID": "x-1"}).sessions
    assert session.arn == f"acs:ram::{MEMBER}:assumed-role/audited/night"
    with pytest.raises(CredentialsError, match=f"The role {arn} could not be assumed"):
        found(env)


# --- a token of an identity provider ----------------------------------------------------------------------


def pod(cloud: Cloud, folder: Path, token: str = "the-token") -> dict[str, str]:
    """The environment of a Kubernetes pod with a role."""
    (folder / "token").write_text(token + "\n")
    return {
        "FINOPS_ALIBABA_ENDPOINT": cloud.endpoint,
        "ALIBABA_CLOUD_ROLE_ARN": f"acs:ram::{MEMBER}:role/pod",
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(folder / "token"),
    }


def test_a_pod_s_token_is_exchanged_for_a_key_of_its_role(cloud: Cloud, tmp_path: Path) -> None:
    (session,) = found(pod(cloud, tmp_path), endpoint=cloud.endpoint).sessions
    assert session.arn == f"acs:ram::{MEMBER}:assumed-role/pod/finops"
    cloud.expire_tokens()
    assert who(session) == session.arn
    assert cloud.count("AssumeRoleWithOIDC") == 2


def test_a_token_that_is_refused_is_told_without_it(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"did not give a key of acs:ram::.*status 400") as error:
        found(pod(cloud, tmp_path, "forged-token"))
    assert "forged-token" not in str(error.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_token_that_cannot_be_read_is_told(content: bytes | None, cloud: Cloud, tmp_path: Path) -> None:
    env = pod(cloud, tmp_path)
    if content is None:
        (tmp_path / "token").unlink()
    else:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(
        CredentialsError, match="token of ALIBABA_CLOUD_OIDC_TOKEN_FILE could not be exchanged"
    ):
        found(env)


@pytest.mark.parametrize("kind", ["http500", "http502html", "reset", "http503empty"])
def test_a_service_that_breaks_off_is_asked_for_the_key_again(
    kind: str, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.faults([{"kind": kind, "action": "AssumeRoleWithOIDC", "first": 1}])
    assert found(pod(cloud, tmp_path)).sessions
    assert cloud.count("AssumeRoleWithOIDC") == 2


@pytest.mark.parametrize("body", ["<html>", [], {}, {"Credentials": {}}])
def test_an_answer_without_a_key_is_told(body: Any, cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "body", "body": body, "action": "AssumeRoleWithOIDC"}])
    with pytest.raises(CredentialsError, match="did not give a key"):
        found(pod(cloud, tmp_path))


# --- the role of a machine --------------------------------------------------------------------------------


@contextmanager
def machine(
    monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, str]
) -> Iterator[list[tuple[str, str, str]]]:
    """A machine whose metadata service gives these answers by path; method, path and token of what it was asked."""
    asked: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.path, self.headers.get("X-aliyun-ecs-metadata-token", "")))
            body = answers.get(self.path, "<html>404</html>").encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(renewing, "_METADATA", f"http://127.0.0.1:{server.server_port}/latest/")
        yield asked
        server.shutdown()


ROLES = "/latest/meta-data/ram/security-credentials/"


def lent(cloud: Cloud) -> str:
    """What the metadata service says of a role's key."""
    key = key_of(assumed(cloud, cloud.role("machine", ACCOUNT)))
    told = {
        "AccessKeyId": key.id,
        "AccessKeySecret": key.secret,
        "SecurityToken": key.token,
        "Code": "Success",
    }
    return json.dumps({**told, "Expiration": "2099-01-01T00:00:00Z", "LastUpdated": "2026-11-20T00:00:00Z"})


@pytest.mark.parametrize("named", ["", "machine"])
@pytest.mark.parametrize("hardened", [True, False])
def test_the_role_of_the_machine_is_asked_for_its_key_around_any_proxy(
    named: str, hardened: bool, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {ROLES: "machine\n", f"{ROLES}machine": lent(cloud)}
    answers |= {"/latest/api/token": "t0ken"} if hardened else {}
    env = {"FINOPS_ALIBABA_ENDPOINT": cloud.endpoint, "ALIBABA_CLOUD_ECS_METADATA": named, "HOME": "/nowhere"}
    with machine(monkeypatch, answers) as asked:
        (session,) = found(
            {**env, "HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
        ).sessions
    assert session.arn == f"acs:ram::{ACCOUNT}:assumed-role/machine/test"
    token = "t0ken" if hardened else ""
    listed = [] if named else [("GET", ROLES, token)]
    assert asked == [("PUT", "/latest/api/token", ""), *listed, ("GET", f"{ROLES}machine", token)]


@pytest.mark.parametrize(
    "answers", [{}, {ROLES: "machine"}, {ROLES: "machine", f"{ROLES}machine": '{"Code": "Failed"}'}]
)
def test_a_machine_without_a_role_is_told(
    answers: dict[str, str], cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"FINOPS_ALIBABA_ENDPOINT": cloud.endpoint, "ALIBABA_CLOUD_ECS_METADATA": "", "HOME": "/nowhere"}
    with (
        machine(monkeypatch, answers),
        pytest.raises(CredentialsError, match="no ECS instance, or has no role"),
    ):
        found(env)


def test_no_metadata_service_at_all_is_told_as_such(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewing, "_METADATA", "http://127.0.0.1:9/latest/")
    env = {"FINOPS_ALIBABA_ENDPOINT": cloud.endpoint, "ALIBABA_CLOUD_ECS_METADATA": "", "HOME": "/nowhere"}
    with pytest.raises(CredentialsError, match="no ECS instance, or has no role"):
        found(env)


# --- nothing of it is written -----------------------------------------------------------------------------


FAILURES = [
    {"kind": "error", "code": "SignatureDoesNotMatch", "message": "{echo}", "action": "DescribeSnapshots"},
    {"kind": "error", "code": "Odd", "message": "{echo}", "action": "DescribeEipAddresses"},
    {"kind": "inner", "code": "Odd", "message": "{echo}", "product": "bss"},
    {"kind": "reset", "action": "DescribeNatGateways"},
    {"kind": "http502html", "action": "DescribeLoadBalancers"},
    {"kind": "denied", "product": "oss"},
]
ECHO = "Specified signature is not matched. server string to sign is:POST&%2F&AccessKeyId%3DLTAI%26SecurityToken%3DCAIS"


def test_no_secret_token_or_signature_is_in_anything_that_a_run_writes(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Every kind of failure, whose messages echo requests, and the SDK told to show what it sends."""
    caplog.set_level(logging.DEBUG)
    cloud.faults([{name: value.format(echo=ECHO) for name, value in fault.items()} for fault in FAILURES])
    env = {**cloud.env, "DEBUG": "sdk"}
    with overheard(monkeypatch) as heard:
        done = collect(tmp_path / "w.duckdb", env, REGION, role="finops-reader", accounts=(MEMBER,))
    assert len(done.errors) >= 5
    sent = [parse_qs(urlsplit(url).query) for _, url in heard]
    secrets = {
        value for one in sent for name in ("Signature", "SecurityToken") for value in one.get(name, ())
    }
    assert len(secrets) > 20
    secrets |= {cloud.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"], "string to sign", "SignatureNonce", "CAIS"}
    out = capfd.readouterr()
    told = "\n".join([*done.errors.values(), str(done.problem), caplog.text, out.out, out.err])
    assert not [secret for secret in secrets if secret in told]
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert tmp_path / "w.duckdb" in written
    for path, content in written.items():
        assert not [secret for secret in secrets if secret.encode() in content], path
