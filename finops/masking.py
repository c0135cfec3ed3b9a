"""The last line of defence: secrets that this process has resolved are *** in whatever it writes.

Nothing is supposed to write one. A library that puts an address into an error, or a server that answers with what it
was sent, must not carry one into a log all the same.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

_SHORTEST = 4  # characters: what is shorter stands in any text
_SURELY = 6  # of an address, parts of this length may be tokens
# Parts of an address that say what it is and not who may use it.
_PLAIN = re.compile(
    r"^(?:[a-z]{1,3}\.)?(?:services?|webhooks?|hooks?|incoming|incomingwebhook|workflows?|triggers?|invoke|manual|paths?|"
    r"notify|notifications?|messages?|channels?|alerts?|localhost|starttls|insecure|markdown|upstream|truncate|"
    r"split|memory|invisible)$",
    re.IGNORECASE,
)
_NO_SECRETS = {  # parameters of apprise's addresses that hold none
    "from", "to", "cc", "bcc", "reply", "name", "smtp", "mode", "format", "overflow", "verify", "method", "image",
    "footer", "rto", "cto", "retry", "wait", "template", "timestamp", "blocks", "subject", "emojis", "tz",
}  # fmt: skip

_known: set[str] = set()
_pattern: re.Pattern[str] | None = None


def remember(secret: str) -> None:
    """Adds a secret to those that are masked, and the parts of it where it is an address."""
    global _pattern
    _known.update(one for one in {secret, *_parts(secret)} if len(one) >= _SHORTEST)
    lines = (line.strip() for line in secret.splitlines())  # of a key, say: it is told line by line
    _known.update(line for line in lines if len(line) >= _SURELY)
    spellings = {spelling for one in _known for spelling in _spellings(one)}
    longest_first = sorted(spellings, key=lambda text: (-len(text), text))
    _pattern = re.compile("|".join(re.escape(one) for one in longest_first)) if longest_first else None


def masked(text: str) -> str:
    """The text with *** in place of every secret, also where it is quoted for an address or in base64."""
    return _pattern.sub("***", text) if _pattern else text


def _parts(secret: str) -> Iterator[str]:
    """What of an address opens something by itself: password, user, tokens in path and parameters."""
    if "://" not in secret:
        return
    try:
        parts = urlsplit(secret)
    except ValueError:  # it is no address after all
        yield from (one for one in re.split(r"[/?&=#@]", secret) if len(one) >= _SURELY)
        return
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = [password, *(one for one in (user, *parts.path.split("/")) if len(one) >= _SURELY)]
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    if len(host) >= _SURELY and "." not in host:  # a token, as of slack://
        found.append(host)
    for name, value in parse_qsl(parts.query):
        if name.lower() not in _NO_SECRETS and len(value) >= _SURELY:
            found.append(value)
    for one in found:
        if not _PLAIN.match(one):
            yield from (one, unquote(one))
    if user and password:  # as a header of HTTP or SMTP has them
        yield f"{unquote(user)}:{unquote(password)}"
        yield f"\0{unquote(user)}\0{unquote(password)}"


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it may stand in a text: as it is, in an address, in JSON, in a Python string, in base64."""
    ways = (
        quote(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
    )
    yield from {secret, *ways}
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    data = secret.encode(errors="surrogateescape")  # a variable may hold any bytes
    yield base64.b64encode(data).decode()
    yield base64.urlsafe_b64encode(data).decode()
    if len(data) >= _SURELY:
        yield from _inside_base64(data)


def _inside_base64(data: bytes) -> Iterator[str]:
    """What base64 makes of it somewhere inside a longer text: by three places, without the letters it shares."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + data).decode()
            first = {0: 0, 1: 2, 2: 3}[before]
            last = (before + len(data)) * 8 // 6  # what follows changes with what comes after
            if last - first >= _SURELY:
                yield whole[first:last]
