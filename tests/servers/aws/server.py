"""The process: sets moto up, serves HTTP/1.1 with keep-alive and without Nagle, ends with its parent."""

import os
import signal
import sys
import threading

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
os.environ["TZ"] = "UTC"

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from tests.servers.aws import account, cloudwatch, control, costs, ec2_extras, ec2_paging, pricing, services
from tests.servers.aws.front import Front, Reply


class Handler(MotoRequestHandler):
    """Keeps connections open (werkzeug never does) and writes each answer at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = self.make_environ()
        reply: Reply = self.server.app.answer(self.environ)  # type: ignore[attr-defined]
        # A body that nobody read would be taken for the next request.
        unread = "HTTP_TRANSFER_ENCODING" in self.environ or (
            reply.status >= 400 and int(self.environ.get("CONTENT_LENGTH") or 0) > 0
        )
        self.close_connection = self.close_connection or unread
        self.wfile.write(self.head(reply) + (b"" if self.command == "HEAD" else reply.body))
        self.wfile.flush()

    def head(self, reply: Reply) -> bytes:
        kept = [pair for pair in reply.headers if pair[0].lower() not in ("connection", "transfer-encoding")]
        if not any(name.lower() == "content-length" for name, _ in kept) or self.command != "HEAD":
            kept = [pair for pair in kept if pair[0].lower() != "content-length"]
            kept.append(("Content-Length", str(len(reply.body))))
        if self.close_connection:
            kept.append(("Connection", "close"))
        lines = "".join(f"{name}: {value}\r\n" for name, value in kept)
        return f"HTTP/1.1 {reply.line}\r\n{lines}\r\n".encode("latin-1", "replace")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent; the call log says more."""

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """Clients go away, and so do we, on purpose."""


class Server(ThreadedWSGIServer):
    """Many requests at once; none of them keeps the process alive."""

    daemon_threads = True
    request_queue_size = 128

    def log(self, type: str, message: str, *args: object) -> None:
        sys.stderr.write(f"local AWS: {message % args if args else message}\n")


def main() -> None:
    """Serve until told to end or until the parent is gone."""
    cloudwatch.install()
    ec2_extras.install()
    ec2_paging.install()
    front = Front(
        {**pricing.ANSWERS, **account.ANSWERS, **costs.ANSWERS, **cloudwatch.ANSWERS, **services.ANSWERS},
        control.answer,
    )
    server = Server("127.0.0.1", 0, front, Handler)  # type: ignore[arg-type]
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(f"port {server.server_port}", flush=True)
    server.serve_forever()


def end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
