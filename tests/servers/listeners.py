"""Who a night tells, on this machine: a mail server that speaks SMTP, and a web server that keeps what it is sent."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Post:
    """A post office: what came in, who may send, and how often it refuses first."""

    mails: list[Message] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    refuse: int = 0
    sessions: int = 0
    port: int = 0


class _Smtp(socketserver.StreamRequestHandler):
    """RFC 5321 as far as a client that sends a mail needs it, with AUTH LOGIN and PLAIN."""

    post: Post

    def handle(self) -> None:
        self.post.sessions += 1
        self.sender, self.receivers = "", list[str]()
        self.known = not self.post.users
        self.say("220 mail.example ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                return self.say("221 bye")
            self.answer(verb.upper(), rest)
        return None

    def answer(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            self.say("250-mail.example\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME")
        elif verb == "AUTH":
            self.authenticate(*rest.split())
        elif verb == "MAIL" and not self.known:
            self.say("530 5.7.0 Authentication required")
        elif verb == "MAIL" and self.post.refuse > 0:
            self.post.refuse -= 1
            self.say("451 4.3.0 try again later")
        elif verb == "MAIL":
            self.sender = rest.partition("<")[2].partition(">")[0]
            self.say("250 ok")
        elif verb == "RCPT":
            self.receivers.append(rest.partition("<")[2].partition(">")[0])
            self.say("250 ok")
        elif verb == "DATA":
            self.data()
        else:
            self.say("250 ok" if verb in ("RSET", "NOOP") else "502 5.5.1 not here")

    def authenticate(self, kind: str, first: str = "") -> None:
        if kind == "PLAIN":
            _, user, password = base64.b64decode(first or self.asked("")).decode().split("\0")
        else:
            user = base64.b64decode(first or self.asked("VXNlcm5hbWU6")).decode()
            password = base64.b64decode(self.asked("UGFzc3dvcmQ6")).decode()
        self.known = self.post.users.get(user) == password
        self.say("235 ok" if self.known else f"535 5.7.8 {user} with {password} is refused")

    def asked(self, question: str) -> str:
        self.say(f"334 {question}")
        return self.rfile.readline().decode().strip()

    def data(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.post.mails.append(message_from_bytes(b"".join(lines), policy=default))
        self.post.envelopes.append((self.sender, self.receivers))
        self.say("250 kept")

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@contextmanager
def post_office() -> Iterator[Post]:
    """A mail server of this machine."""
    post = Post()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("Bound", (_Smtp,), {"post": post}))
    server.daemon_threads = True
    post.port = server.server_address[1]
    with _running(server):
        yield post


@dataclass
class Ear:
    """A web server that keeps every request: method, path with its query, body. `answers` are its next statuses."""

    heard: list[tuple[str, str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    status: int = 200
    location: str = ""  # where it sends whoever asks
    port: int = 0


class _Web(BaseHTTPRequestHandler):
    ear: Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.ear.heard.append((self.command, self.path, body))
        status = self.ear.answers.pop(0) if self.ear.answers else self.ear.status
        echo = f"{self.command} {self.path} {self.headers}".encode()
        self.send_response(status, f"no to {self.path}" if status >= 400 else None)
        self.send_header("Content-Length", str(len(echo)))
        if self.ear.location:
            self.send_header("Location", self.ear.location)
        self.end_headers()
        self.wfile.write(echo)

    do_GET = do_PUT = do_POST  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def listener() -> Iterator[Ear]:
    """A web server of this machine; it tells whoever asks what they asked, secrets and all."""
    ear = Ear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Web,), {"ear": ear}))
    server.daemon_threads = True
    ear.port = server.server_port
    with _running(server):
        yield ear


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
