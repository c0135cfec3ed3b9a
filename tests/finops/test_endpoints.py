"""Endpoints that a user names: what is one, and what would send secrets in clear."""

import pytest

from finops.endpoints import checked_endpoint, is_loopback


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://ecs.cn-hangzhou.aliyuncs.com", "https://ecs.cn-hangzhou.aliyuncs.com"),
        ("ecs-vpc.cn-hangzhou.aliyuncs.com", "https://ecs-vpc.cn-hangzhou.aliyuncs.com"),
        (" https://private.example:8443/ ", "https://private.example:8443"),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900"),
        ("http://localhost:8900/", "http://localhost:8900"),
        ("http://[::1]:8900", "http://[::1]:8900"),
        ("127.0.0.1:8900", "https://127.0.0.1:8900"),
    ],
)
def test_an_endpoint_is_scheme_host_and_port(text: str, address: str) -> None:
    assert checked_endpoint(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "http://ecs.aliyuncs.com",
        "http://10.0.0.1:80",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil",
    ],
)
def test_plain_http_is_for_this_machine_only(text: str) -> None:
    with pytest.raises(ValueError, match="is plain http"):
        checked_endpoint(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "https://", "ftp://host", "file:///etc/passwd", "https://user:secret@host", "https://host:port",
        "https://host:99999", "http://[::1", "https://host?x=1", "https://host#x", "https://ho st", "https://host\n.evil",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no endpoint"):
        checked_endpoint(text)


@pytest.mark.parametrize(
    ("host", "here"), [("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_this_machine_is_known_by_its_addresses(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="is no endpoint") as error:
        checked_endpoint("https://user:hunter2@host.example")
    assert "hunter2" not in str(error.value)
