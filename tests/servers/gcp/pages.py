"""Opaque page tokens."""

import base64
import json
import zlib

from tests.servers.gcp.wire import Call, RefusalError


def place(call: Call, name: str = "pageToken") -> int:
    """Where the page begins that is asked for; a token is good for its own question only."""
    text = call.params.get(name, "")
    if not text:
        return 0
    try:
        mark, number = json.loads(base64.urlsafe_b64decode(text[1:].encode()))
        if mark != question(call, name):
            raise ValueError
        return int(number)
    except (ValueError, TypeError):
        message = (
            f"Invalid value for field '{name}': '{text}'. The page token is invalid."
            if call.service == "compute"
            else "Page token is invalid."
        )
        raise RefusalError(400, message, "invalid") from None


def token(call: Call, number: int, name: str = "pageToken") -> str:
    text = json.dumps([question(call, name), number])
    return "C" + base64.urlsafe_b64encode(text.encode()).decode()


def question(call: Call, name: str) -> int:
    asked = sorted(
        (key, value)
        for key, value in call.params.items()
        if key not in (name, "maxResults", "pageSize", "fields")
    )
    return zlib.crc32(json.dumps([call.path, asked]).encode())


def cut(call: Call, found: list, size: int) -> tuple[list, str]:  # type: ignore[type-arg]
    """A page of a list, and the token of the next one (empty: there is none)."""
    start = place(call)
    page = found[start : start + size]
    call.items = len(page)
    more = start + size < len(found) and size > 0
    return page, token(call, start + size) if more else ""
