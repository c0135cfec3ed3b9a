"""The catalogue as the real library gets it from a server: pages, faults, and what of it reaches the warehouse."""

import gzip
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest

from collectors.calls import METER, CallError
from collectors.gcp import client as client_module
from collectors.gcp.catalogue import LIST_SKUS, get_catalogue
from collectors.gcp.client import Client, Session
from collectors.gcp.credentials import Credentials
from collectors.gcp.prices import Wanted, transform_list, transform_spot
from collectors.pace import Pace
from finops.warehouse import load_scope, writing
from tests.collectors.gcp.skus import AT, IOWA, scope, series, sku

Reply = tuple[int, bytes]


class Server:
    """Answers the next of some replies, and keeps what it was asked; compresses as Google does: for whom names gzip twice."""

    def __init__(self) -> None:
        self.compressed = 0
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

    def page(self, *skus: dict[str, Any], following: str = "") -> None:
        self.replies.append((200, json.dumps({"skus": skus, "nextPageToken": following}).encode()))

    def refuse(self, status: int, reason: str) -> None:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
        error = {"code": status, "message": "no", "details": details}
        self.replies.append((status, json.dumps({"error": error}).encode()))

    def answer(self, url: str) -> Reply:
        parts = urlsplit(url)
        self.asked.append((parts.path, parse_qs(parts.query)))
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a server that runs, in no need to wait. A proxy that is named leads nowhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = server.answer(self.path)
            self.send_response(status)
            if "gzip" in self.headers["User-Agent"] and "gzip" in self.headers["Accept-Encoding"]:
                server.compressed += 1
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keeps quiet."""

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(client_module, "_LONGEST_WAIT", 0.01)
    monkeypatch.setattr(Pace, "wait", lambda self: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{http.server_port}"
        yield Session(Credentials(anonymous=True), "shop-prod", endpoint=address).client()
        http.shutdown()
        thread.join()


def test_all_pages_are_asked_once_each_as_large_as_they_may_be(client, server):
    core, ram = series("N2 Instance", "0.031611", "0.004237")
    server.page(core, following="a b/c")
    server.page(ram)
    before = METER.sent
    found = get_catalogue(client)
    assert found.offer("n2:core", "on_demand", IOWA) is not None
    assert found.offer("n2:memory", "on_demand", IOWA) is not None
    assert METER.sent - before == len(server.asked) == server.compressed == 2
    assert {path for path, _ in server.asked} == {f"/{LIST_SKUS.path}"}
    assert [query.get("pageToken") for _, query in server.asked] == [None, ["a b/c"]]
    assert all(
        query["pageSize"] == ["5000"] and "currencyCode" not in query and "startTime" not in query
        for _, query in server.asked
    )


def test_prices_are_asked_for_in_a_currency(client, server):
    server.page(sku("N2 Instance Core running in Iowa", "0.03", currency="EUR"))
    offer = get_catalogue(client, currency="EUR").offer("n2:core", "on_demand", IOWA)
    assert offer is not None
    assert offer.currency == "EUR"
    assert server.asked[0][1]["currencyCode"] == ["EUR"]


@pytest.mark.parametrize(
    "fault",
    [
        (503, b"<html>try later</html>"),
        (429, b"{}"),
        (403, b'{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}}'),
        (200, b'{"skus": [{"skuId": "AA'),
        (200, b"\xff\xfe"),
        (200, b"[" * 100_000),
    ],
    ids=["503", "429", "403 for the rate", "broken off", "no text", "too deep"],
)
def test_a_page_that_fails_is_asked_again_and_only_that_page(client, server, fault):
    core, ram = series("N2 Instance", "0.031611", "0.004237")
    server.page(core, following="two")
    server.replies.append(fault)
    server.page(ram)
    found = get_catalogue(client)
    assert [query.get("pageToken") for _, query in server.asked] == [None, ["two"], ["two"]]
    assert found.skus == 2
    assert found.offer("n2:memory", "on_demand", IOWA) is not None


@pytest.mark.parametrize(
    ("status", "reason", "expected", "sentence"),
    [
        (403, "SERVICE_DISABLED", "denied", "The Cloud Billing API is not enabled in project shop-prod"),
        (403, "IAM_PERMISSION_DENIED", "denied", "cloudbilling:skus is denied in project shop-prod"),
        (503, "BACKEND", "failed", "cloudbilling:skus failed in project shop-prod"),
        (400, "INVALID_ARGUMENT", "failed", "cloudbilling:skus failed in project shop-prod"),
    ],
)
def test_a_catalogue_that_cannot_be_had_whole_is_none(client, server, status, reason, expected, sentence):
    server.page(*series("N2 Instance", "0.031611", "0.004237"), following="two")
    server.refuse(status, reason)
    with pytest.raises(CallError, match=sentence) as raised:
        get_catalogue(client)
    assert raised.value.status == expected


def test_pages_that_never_end_are_noticed(client, server):
    for following in ("two", "three", "two"):
        server.page(sku("N2 Instance Core running in Iowa"), following=following)
    with pytest.raises(CallError, match="the same page again and again"):
        get_catalogue(client)
    assert len(server.asked) == 3


def test_rows_are_stored_to_the_last_digit(client, server, tmp_path: Path):
    server.page(
        *series("N2 Instance", "0.031611001", "0.004237", ("0.007653", "0.001026")),
        sku("SSD backed Local Storage", "0.08", unit="GiBy.mo", family="Storage"),
        sku("Static Ip Charge", [(0, "0"), (0.1, "0.01")], family="Network"),
    )
    row = {"instance_type": "n2-standard-4", "vcpu": 4.0, "memory_gib": 16.0, "local_disk_gib": 375.0}
    wanted, found = Wanted((row,)), get_catalogue(client)
    listed = transform_list(found, wanted, scope(), AT)
    spot = transform_spot(found, wanted, scope(), AT)
    with writing(tmp_path / "w.duckdb", "test", at=AT) as writer:
        for dataset, rows in (("prices", listed), ("spot_prices", spot)):
            tables = {"prices": [pa.Table.from_pylist(rows["prices"])]}
            load_scope(writer.con, writer.run_id, scope(dataset=dataset), tables, at=AT)
        told = writer.con.execute(
            "SELECT sku, purchase_model, price, tier_start, as_of FROM prices ORDER BY ALL"
        ).fetchall()
    hour = 4 * Decimal("0.031611001") + 16 * Decimal("0.004237") + Decimal(30) / 730
    since = datetime(2026, 9, 22, 7)
    assert told == [
        ("local-ssd", "on_demand", Decimal("0.08"), None, since),
        ("n2-standard-4", "on_demand", hour.quantize(Decimal("1e-18")), None, since),
        ("n2:core", "on_demand", Decimal("0.031611001"), None, since),
        ("n2:core", "spot", Decimal("0.007653"), None, since),
        ("n2:memory", "on_demand", Decimal("0.004237"), None, since),
        ("n2:memory", "spot", Decimal("0.001026"), None, since),
        ("public_ip:unused", "on_demand", Decimal(0), None, since),
        ("public_ip:unused", "on_demand", Decimal("0.01"), Decimal("0.1"), since),
    ]
