"""The process: HTTP/1.1 with keep-alive and without Nagle; ends with its parent."""

import contextlib
import json
import os
import signal
import sys
import threading
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers import trouble
from tests.servers.alibaba import (
    balancers,
    bss,
    cms,
    control,
    ecs,
    kubernetes,
    oss,
    platform,
    rest,
    scaling,
    services,
    sls,
    sts,
    vpc,
)
from tests.servers.alibaba.front import BrokenError, Front, Reply, sign_in
from tests.servers.alibaba.wire import PRODUCTS, Call, parameters

PARTS = (ecs, vpc, balancers, services, scaling, kubernetes, platform, cms, bss, sts)
FRONT = Front({name: answer for part in PARTS for name, answer in part.ANSWERS.items()})


class Handler(BaseHTTPRequestHandler):
    """RPC requests go by Version and Action, REST ones by what their signature begins with, others to OSS; the Host is nobody's business."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        if path.startswith("/_control/"):
            self.reply(*self.controlled(path.removeprefix("/_control/"), body))
            return
        try:
            self.reply(*self.answered(path, query, body))
        except BrokenError as wish:
            self.break_off(wish.reply)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def answered(self, path: str, query: str, body: bytes) -> Reply:
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        params = parameters(query, body, form)
        if rest.is_meant(self.headers):
            return FRONT.answer(*rest.understood(self.command, path, query, self.headers))
        if sls.is_meant(self.headers):
            return FRONT.answer(*sls.understood(self.command, path, query, self.headers))
        if "Action" not in params:
            return FRONT.answer(*oss.understood(self.command, path, query, self.headers))
        version = params.get("Version", "")
        product = PRODUCTS.get(version, "unknown")
        region = params.get("RegionId", "")
        call = Call(product, version, params["Action"], params, self.command, region=region)
        return FRONT.answer(call, sign_in)

    def controlled(self, command: str, body: bytes) -> Reply:
        """What tests tell the process; an error is a 500 that says what went wrong."""
        try:
            content = control.obey(FRONT, command, json.loads(body or b"{}"))
        except Exception:  # noqa: BLE001 (the test that asked is told)
            return 500, "text/plain", traceback.format_exc().encode()
        return 200, "application/json", json.dumps(content).encode()

    def reply(self, status: int, kind: str, body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Length: {len(body)}"]
        lines += [f"Content-Type: {kind}"] if kind else []
        lines += ["Connection: close"] if self.close_connection else []
        head = "\r\n".join([*lines, "", ""]).encode()
        self.wfile.write(head + (b"" if self.command == "HEAD" else body))

    def break_off(self, reply: Reply | None) -> None:
        self.close_connection = True
        if reply is None:
            trouble.cut(self.connection)
        else:
            trouble.truncated(self.connection, f"{reply[0]} OK", [("Content-Type", reply[1])], reply[2])

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the connection was broken on purpose
            super().finish()

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent; the call log says more."""


class Server(ThreadingHTTPServer):
    """Many requests at once; none of them keeps the process alive."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients go away, and so do we, on purpose."""
        if not isinstance(sys.exception(), (OSError, ValueError)):
            traceback.print_exc()


def main() -> None:
    """Serve until told to end or until the parent is gone."""
    server = Server(("127.0.0.1", 0), Handler)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(f"port {server.server_port}", flush=True)
    server.serve_forever()


def end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
