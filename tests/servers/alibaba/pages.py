"""The ways in which Alibaba's APIs cut lists into pages, each with its own limits and oddities."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from tests.servers.alibaba.state import WORLD, Item
from tests.servers.alibaba.wire import Call, RefusalError, invalid


def shown(item: Item) -> Item:
    """Without what only we know (names that begin with an underscore) and what is absent (None)."""
    return {name: value for name, value in item.items() if not name.startswith("_") and value is not None}


def token_of(call: Call, offset: int) -> str:
    """Opaque, and good for this operation only."""
    return base64.b64encode(json.dumps([call.action, offset]).encode()).decode()


def offset_of(call: Call, name: str = "NextToken") -> int:
    token = call.params.get(name, "")
    if not token:
        return 0
    try:
        action, offset = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        raise invalid(name) from None
    if action != call.action:
        raise invalid(name)
    return int(offset)


def following(call: Call, offset: int, total: int) -> dict[str, Any]:
    """The next token; at the end it is absent, empty or null in turn, as it is in the real API."""
    if offset < total:
        return {"NextToken": token_of(call, offset)}
    with WORLD.lock:
        WORLD.endings += 1
        turn = WORLD.endings % 3
    endings: tuple[dict[str, Any], ...] = ({"NextToken": ""}, {}, {"NextToken": None})
    return endings[turn]


def clamped(call: Call, default: int, low: int, high: int) -> int:
    """MaxResults of ECS: what is out of range is silently brought in."""
    return min(max(call.number("MaxResults", default, 1, 10**9), low), high)


def by_token(
    call: Call, items: Sequence[Item], size: int, name: str = "NextToken"
) -> tuple[list[Item], dict[str, Any]]:
    """One page by MaxResults and NextToken, and the token that follows."""
    offset = offset_of(call, name)
    page = [shown(item) for item in items[offset : offset + size]]
    call.items = len(page)
    return page, following(call, offset + size, len(items))


def numbered(
    call: Call, items: Sequence[Item], most: int, default: int = 10, number: str = "PageNumber"
) -> tuple[list[Item], dict[str, Any]]:
    """One page by PageNumber (or PageNum) and PageSize, and the counts that go with it."""
    size = call.number("PageSize", default, 1, most)
    current = call.number(number, 1, 1, 10**9)
    page = [shown(item) for item in items[(current - 1) * size : current * size]]
    call.items = len(page)
    return page, {number: current, "PageSize": size, "TotalCount": len(items)}


def both_or_none(call: Call, first: str, second: str) -> None:
    """Two parameters of which neither goes without the other."""
    if bool(call.params.get(first)) != bool(call.params.get(second)):
        missing = second if call.params.get(first) else first
        raise RefusalError(
            400, "MissingParameter", f"The input parameter {missing} is mandatory for this request."
        )
