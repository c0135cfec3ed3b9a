"""Where each product is asked: its own host over https, an endpoint somebody names, a site, a proxy or none."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.alibaba.accounts import GET_CALLER_IDENTITY, Request, discover
from collectors.alibaba.client import Client, Session, Site
from collectors.alibaba.commitments import QUERY_PLANS
from collectors.alibaba.inventory import DESCRIBE_DISKS
from collectors.alibaba.products import PRODUCTS, address_of
from collectors.calls import CallError
from collectors.endpoints import proxies_for
from finops.errors import ConfigError, UsageError
from tests.collectors.alibaba.calling import REGION, hurry, session_of
from tests.collectors.alibaba.live import as_environment, collect
from tests.servers.alibaba.cloud import Cloud

MINE, THEIRS = "https://mine.example", "https://theirs.example"


@pytest.fixture(autouse=True)
def no_settings() -> Iterator[None]:
    with as_environment({}):
        yield


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as running:
        yield running


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    process.fresh()
    hurry(monkeypatch)
    return process


# --- hosts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("region", ["cn-hangzhou", "ap-southeast-7", "me-central-1"])
def test_every_product_is_asked_over_https_at_a_host_of_alibaba_s(product: str, region: str) -> None:
    address, local = address_of(product, region, None)
    assert address.startswith("https://")
    assert address.endswith(".aliyuncs.com")
    assert not local


@pytest.mark.parametrize(
    ("product", "region", "host"),
    [
        ("ecs", "ap-southeast-7", "ecs.ap-southeast-7.aliyuncs.com"),
        ("cms", "cn-hangzhou", "metrics.cn-hangzhou.aliyuncs.com"),
        ("bss", "cn-hangzhou", "business.aliyuncs.com"),
        ("bss", "ap-southeast-1", "business.ap-southeast-1.aliyuncs.com"),
        ("sts", "cn-beijing", "sts.aliyuncs.com"),
        ("rds", "cn-hangzhou", "rds.aliyuncs.com"),
        ("rds", "cn-chengdu", "rds.cn-chengdu.aliyuncs.com"),
        ("oss", "cn-hangzhou", "oss-cn-hangzhou.aliyuncs.com"),
    ],
)
def test_hosts_are_those_of_the_region_or_the_one_for_all(product: str, region: str, host: str) -> None:
    assert address_of(product, region, None) == (f"https://{host}", False)


def test_a_product_s_own_variable_is_before_the_option_which_is_before_the_variable_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FINOPS_ALIBABA_ENDPOINT", THEIRS)
    assert address_of("ecs", REGION, None)[0] == THEIRS
    assert address_of("ecs", REGION, MINE)[0] == MINE
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_ECS", "own.example:8443")
    assert address_of("ecs", REGION, MINE)[0] == "https://own.example:8443"
    assert address_of("vpc", REGION, MINE)[0] == MINE


@pytest.mark.parametrize(
    ("product", "variable"),
    [
        *((name, f"ALIBABA_CLOUD_ENDPOINT_{name.upper()}") for name in PRODUCTS if "-" not in name),
        ("bss", "ALIBABA_CLOUD_ENDPOINT_BSSOPENAPI"),
        ("ess-2022", "ALIBABA_CLOUD_ENDPOINT_ESS"),
    ],
)
def test_every_product_has_a_variable_of_its_own(
    product: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, MINE)
    assert address_of(product, REGION, THEIRS) == (MINE, False)


@pytest.mark.parametrize("named", ["FINOPS_ALIBABA_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_ECS", "--endpoint"])
@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("http://ecs.example", "plain http"),
        ("http://10.0.0.1:8080", "plain http"),
        ("http://127.0.0.1.example", "plain http"),
        ("ftp://ecs.example", "no endpoint"),
        ("https://somebody:secret@ecs.example", "no endpoint"),
        ("https://", "no endpoint"),
    ],
)
def test_plain_http_to_anywhere_else_and_what_is_no_endpoint_are_refused(
    named: str, value: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not named.startswith("--"):
        monkeypatch.setenv(named, value)
    with pytest.raises(ConfigError, match=f"{named} is .*{wrong}") as error:
        address_of("ecs", REGION, value if named.startswith("--") else None)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert address_of("ecs", REGION, host) == (host, True)


# --- proxies ----------------------------------------------------------------------------------------------


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Something that listens where a proxy would, and the first line of whatever it is asked; it answers nobody."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096).decode("latin-1").partition("\r\n")[0])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_call_goes_to_alibaba_s_host_over_tls_and_through_the_proxy_of_the_environment(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(cloud)
    session.endpoint = None
    with proxy() as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(CallError, match="got no answer"):
            session.client("cn-beijing").get(DESCRIBE_DISKS)
    assert set(asked) == {"CONNECT ecs.cn-beijing.aliyuncs.com:443 HTTP/1.0"}


def test_a_proxy_is_asked_for_some_products_and_not_for_one_that_is_on_this_machine(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(cloud)
    session.endpoint = None
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_ECS", cloud.endpoint)
    client = session.client(REGION)
    with proxy() as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        monkeypatch.setenv("HTTP_PROXY", address)
        assert client.get(DESCRIBE_DISKS)["Disks"] == {"Disk": []}
        with pytest.raises(CallError):
            client.get(GET_CALLER_IDENTITY)
        assert client.get(DESCRIBE_DISKS)["Disks"] == {"Disk": []}
    assert set(asked) == {"CONNECT sts.aliyuncs.com:443 HTTP/1.0"}


@pytest.mark.parametrize(
    ("exempt", "host", "proxied"),
    [
        ("", "ecs.cn-beijing.aliyuncs.com", True),
        (".aliyuncs.com", "ecs.cn-beijing.aliyuncs.com", False),
        ("ecs.cn-beijing.aliyuncs.com", "ecs.cn-beijing.aliyuncs.com", False),
        ("ecs.cn-beijing.aliyuncs.com", "vpc.cn-beijing.aliyuncs.com", True),
        ("*", "ecs.cn-beijing.aliyuncs.com", False),
        ("", "127.0.0.1:8000", False),
        ("", "localhost:8000", False),
    ],
)
def test_what_is_exempt_from_proxies_does_not_go_through_one(
    exempt: str, host: str, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", exempt)
    expected = "http://proxy.example:3128" if proxied else None
    assert proxies_for(f"https://{host}") == {"http": expected, "https": expected}


def test_a_whole_collection_from_this_machine_goes_around_the_proxy(cloud: Cloud, tmp_path: Path) -> None:
    cloud.estate(n=2, regions=(REGION,))
    with proxy() as (address, asked):
        env = {**cloud.env, "HTTPS_PROXY": address, "HTTP_PROXY": address, "ALL_PROXY": address}
        done = collect(tmp_path / "w.duckdb", env, REGION, only=("volumes", "buckets", "commitments"))
    assert (done.errors, asked) == ({}, [])
    assert {call["product"] for call in cloud.calls()} >= {"ecs", "oss", "bss", "sts"}


# --- sites ------------------------------------------------------------------------------------------------


def plans(session: Session) -> list[object]:
    return session.billing(lambda client: client.all(QUERY_PLANS))


@pytest.mark.parametrize(
    ("site", "asked"),
    [("china", ["cn-hangzhou"] * 2), ("international", ["cn-hangzhou", "ap-southeast-1", "ap-southeast-1"])],
)
def test_the_site_is_found_out_by_asking_and_remembered(site: str, asked: list[str], cloud: Cloud) -> None:
    cloud.site(site)
    session = session_of(cloud)
    assert plans(session) == plans(session) == []
    assert [call["region"] for call in cloud.calls()] == asked
    assert (session.site.name, session.site.certain) == (site, True)


def test_many_who_ask_at_once_find_out_once(cloud: Cloud) -> None:
    cloud.site("international")
    session = session_of(cloud)
    threads = [threading.Thread(target=plans, args=(session,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [call["region"] for call in cloud.calls()].count("cn-hangzhou") == 1
    assert cloud.count() == 7


def test_a_site_that_was_named_is_the_only_one_asked(cloud: Cloud) -> None:
    session = session_of(cloud)
    session.site = Site("international", certain=True)
    with pytest.raises(CallError, match="NotApplicable") as error:
        plans(session)
    assert error.value.status == "failed"
    assert [call["region"] for call in cloud.calls()] == ["ap-southeast-1"]


def test_an_account_of_neither_site_is_told_after_both_were_asked(cloud: Cloud) -> None:
    cloud.faults([{"kind": "error", "code": "NotApplicable", "status": 400}])
    with pytest.raises(CallError, match="NotApplicable"):
        plans(session_of(cloud))
    assert [call["region"] for call in cloud.calls()] == ["cn-hangzhou", "ap-southeast-1"]


def test_a_denial_says_nothing_about_the_site(cloud: Cloud) -> None:
    cloud.site("international")
    session = session_of(cloud)
    cloud.faults([{"kind": "denied", "region": "cn-hangzhou"}])
    with pytest.raises(CallError, match="denied"):
        plans(session)
    cloud.faults([])
    assert plans(session) == []
    assert session.site.name == "international"


def test_a_site_that_does_not_exist_is_told_with_those_that_do(cloud: Cloud) -> None:
    with as_environment(cloud.env), pytest.raises(UsageError, match="no site mars: there are china and int"):
        discover(Request(site="mars"))


def test_requests_for_one_region_say_so_whatever_the_address(cloud: Cloud) -> None:
    Client(session_of(cloud), "eu-central-1").get(DESCRIBE_DISKS)
    assert cloud.calls()[0]["region"] == "eu-central-1"
