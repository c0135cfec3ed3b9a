"""What tests tell the process while it runs: JSON under /_control/."""

import json
import random
import threading
import traceback
from typing import Any

from moto.moto_api._internal.models import moto_api_backend

from tests.servers.aws import account, costs, ec2_extras, organization, services, state
from tests.servers.aws.estate import Estate, truth
from tests.servers.aws.front import Front, Reply
from tests.servers.aws.machines import build_instances
from tests.servers.aws.moves import move
from tests.servers.aws.network import Builder, build_network
from tests.servers.aws.storage import build_storage
from tests.servers.series import METRICS, key

_building = threading.Lock()
_built: dict[str, Any] = {}


def answer(front: Front, environ: dict[str, Any]) -> Reply:
    """One control request; an error is a 500 that says what went wrong."""
    path = environ["PATH_INFO"].removeprefix("/_control/")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    asked = json.loads(environ["wsgi.input"].read(length)) if length else {}
    try:
        with _building:
            content = _COMMANDS[path](
                front, {**asked, "endpoint": f"http://127.0.0.1:{environ['SERVER_PORT']}"}
            )
    except Exception:  # noqa: BLE001 (the test that asked is told)
        return Reply(500, [("Content-Type", "text/plain")], traceback.format_exc().encode())
    return Reply(200, [("Content-Type", "application/json")], json.dumps(content).encode())


def calls(front: Front, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in entry.items() if name != "since"} for entry in list(front.log)]


def reset_calls(front: Front, asked: dict[str, Any]) -> None:
    front.log.clear()


def fresh(front: Front, asked: dict[str, Any]) -> None:
    """As if just started."""
    wipe(front)
    calm(front)


def wipe(front: Front) -> None:
    """No resources any more."""
    moto_api_backend.reset()
    METRICS.clear()
    for held in (ec2_extras.RESERVED, ec2_extras.OFFERS, ec2_extras.LOCKS):
        held.clear()
    services.WARM.clear()
    account.SAVINGS_PLANS.clear()
    state.CLOCK.set(None)
    _built.clear()


def calm(front: Front) -> None:
    """Nothing goes wrong, nobody is refused, nothing was asked."""
    front.trouble.clear()
    front.gate.enforcing = False
    front.log.clear()
    costs.BOOK.steady()
    front.changed = False


def build_estate(front: Front, asked: dict[str, Any]) -> dict[str, Any]:
    """A new estate, or the one that is there if it is the same and nobody changed it."""
    wish = {name: asked[name] for name in ("n", "regions", "as_of", "seed")}
    if asked.get("keep") and not front.changed and _built.get("wish") == wish:
        calm(front)
        METRICS.forget_by_hand()
        state.CLOCK.set(asked["as_of"])
        found: dict[str, Any] = _built["truth"]
        return found
    wipe(front)
    calm(front)
    state.CLOCK.set(asked["as_of"])
    found = populated(state.ACCOUNT, asked["n"], asked["regions"], asked["seed"], asked["endpoint"])
    ec2_extras.RESERVED[state.ACCOUNT, asked["regions"][0]] = organization.reservations()
    account.SAVINGS_PLANS[state.ACCOUNT] = organization.savings_plans()
    front.changed = False
    _built.update(wish=wish, truth=found)
    return found


def populated(owner: str, n: int, regions: list[str], seed: int, endpoint: str) -> dict[str, Any]:
    """An estate in one account."""
    estate = Estate(owner, tuple(regions), state.CLOCK.now(), seed, n, random.Random(seed))
    build_instances(estate)
    build_storage(estate)
    build_network(estate, Builder(endpoint, owner))
    return truth(estate)


def organize(front: Front, asked: dict[str, Any]) -> dict[str, Any]:
    """Member accounts beside the estate."""
    regions = list(_built["truth"]["regions"])[:2] if _built else ["us-east-1"]
    if not _built:
        state.CLOCK.set("2026-11-20T00:00:00Z")
    _built.clear()
    return organization.build(
        asked["deny"],
        lambda owner: populated(owner, asked["small"], regions, int(owner) % 1000, asked["endpoint"]),
    )


def clock(front: Front, asked: dict[str, Any]) -> None:
    state.CLOCK.set(asked["as_of"])


def series(front: Front, asked: dict[str, Any]) -> None:
    """A hand-made series."""
    start = state.epoch(state.parse(asked["start"]))
    points = [
        (start + number * asked["step"], value)
        for number, value in enumerate(asked["values"])
        if value is not None
    ]
    where = (asked["account"], asked["region"])
    metric = key(asked["namespace"], asked["name"], asked["dimensions"])
    new = METRICS.put_by_hand(where, metric, [time for time, _ in points], [value for _, value in points])
    front.changed = front.changed or not new


def moved(front: Front, asked: dict[str, Any]) -> str | None:
    front.changed = True
    return move(asked)


def faults(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.set_rules(asked["rules"])


def latency(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.latency = {name: float(seconds) for name, seconds in asked["seconds"].items()}


def buckets(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.set_limits(asked["rules"])


def set_costs(front: Front, asked: dict[str, Any]) -> None:
    costs.BOOK.write(asked["charges"], asked["page"])


def iam(front: Front, asked: dict[str, Any]) -> dict[str, str]:
    """IAM on with a new user, or off."""
    front.gate.enforcing = bool(asked["enforce"])
    return organization.user(asked.get("policy")) if front.gate.enforcing else {}


_COMMANDS = {
    "calls": calls, "reset-calls": reset_calls, "fresh": fresh, "estate": build_estate, "organization": organize, "clock": clock,
    "series": series, "move": moved, "faults": faults, "latency": latency, "buckets": buckets, "iam": iam,
    "costs": set_costs,
}  # fmt: skip
