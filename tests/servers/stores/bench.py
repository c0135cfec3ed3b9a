"""What the local object stores share: objects, a real HTTP server, calls that are counted, and faults on demand."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Thing:
    """One object as it is stored."""

    content: bytes
    modified: datetime
    number: int  # grows with every write
    encoding: str = ""
    composed: bool = False  # of parts: then no MD5 of the whole is known
    kind: str = ""  # content type


@dataclass
class Fault:
    """What happens to the next requests that `concerns` says yes to."""

    kind: str  # a status, cut, reset, garbage, flip
    times: int = 1
    concerns: Callable[[str], bool] = lambda _: True


@dataclass
class Bench:
    """Buckets, and what was asked."""

    buckets: dict[str, dict[str, Thing]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    after_list: Callable[[], None] | None = None
    clock: datetime = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    written: int = 1_700_000_000_000_000
    page: int = 1000
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, bucket: str, key: str, content: bytes, **about: Any) -> None:
        with self.lock:
            self.clock += timedelta(minutes=1)
            self.written += 1
            self.buckets.setdefault(bucket, {})[key] = Thing(content, self.clock, self.written, **about)

    def fail(self, kind: str, times: int = 1, concerns: Callable[[str], bool] = lambda _: True) -> None:
        self.faults.append(Fault(kind, times, concerns))

    def fault(self, path: str) -> str | None:
        with self.lock:
            for each in self.faults:
                if each.times > 0 and each.concerns(path):
                    each.times -= 1
                    return each.kind
        return None

    def keys(self, bucket: str, prefix: str, after: str) -> list[str]:
        """In the order of their UTF-8 bytes, as both stores list."""
        names = sorted(self.buckets[bucket], key=lambda name: name.encode())
        return [name for name in names if name.startswith(prefix) and name.encode() > after.encode()]


class Handler(BaseHTTPRequestHandler):
    """Answers a request the way `respond` decides, or breaks as a fault says."""

    protocol_version = "HTTP/1.1"
    bench: Bench
    content: bytes = b""  # what came with the request

    def do_GET(self) -> None:
        self.bench.calls.append(self.path)
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.bench.fault(self.path)
        if kind == "reset":
            self.close_connection = True
            self.connection.close()
            return
        status, headers, body = self.respond() if not kind or not kind.isdigit() else self.broken(int(kind))
        if kind == "garbage":
            body = body[: len(body) // 2]
            headers.pop("Content-Length", None)
        if kind == "flip":
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if kind == "cut":
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - which `respond` refuses

    def respond(self) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError

    def broken(self, status: int) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def serving(handler: type[Handler], bench: Bench) -> Iterator[str]:
    """The address of a server with these buckets."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (handler,), {"bench": bench}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
