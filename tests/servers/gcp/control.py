"""What tests tell the process while it runs."""

import random
import threading
from typing import Any

from tests.servers.gcp import auth, by_hand, estate, export
from tests.servers.gcp.costing import traffic
from tests.servers.gcp.front import Front
from tests.servers.gcp.ledger import HOURS
from tests.servers.gcp.machines import build_instances
from tests.servers.gcp.network import build_network
from tests.servers.gcp.state import ORGANIZATION, WORLD, Folder, Project, epoch, parse
from tests.servers.gcp.storage import build_storage
from tests.servers.gcp.tenants import build_tenants

_building = threading.Lock()
_built: dict[str, Any] = {}
FOLDERS = (Folder("567890123401", "Production", f"organizations/{ORGANIZATION}"), Folder("567890123402", "<b>Team</b> =1+1", "folders/567890123401"),
           Folder("567890123403", "gone", f"organizations/{ORGANIZATION}", "DELETE_REQUESTED"))  # fmt: skip
# Id, number, display name, parent: display names may be anything and need not differ.
PROJECTS = (("acme-web-prod", "318273645501", "Web", f"organizations/{ORGANIZATION}"), ("acme-data-77", "318273645502", "Data 'n' \"more\"", "folders/567890123401"),
            ("acme-dev-1f2a", "318273645503", "Web", "folders/567890123402"))  # fmt: skip
GONE = ("acme-gone-42", "318273645504", "Gone", "folders/567890123401")


def obey(front: Front, command: str, asked: dict[str, Any]) -> Any:
    """One command."""
    with _building:
        WORLD.revision += command in (
            "fresh",
            "put",
            "change",
            "bill",
            "row",
            "rows",
            "flows",
            "catalogue",
            "clock",
        )
        return _COMMANDS[command](front, asked)


def calls(front: Front, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return list(front.log)


def reset_calls(front: Front, asked: dict[str, Any]) -> None:
    front.log.clear()


def fresh(front: Front, asked: dict[str, Any]) -> None:
    """As if just started, with three empty projects."""
    WORLD.clear()
    _built.clear()
    calm(front)
    hierarchy()


def hierarchy() -> list[Project]:
    """The organisation with its folders and projects, one of which is about to go."""
    WORLD.folders = {each.number: Folder(each.number, each.name, each.parent, each.state) for each in FOLDERS}
    made = [Project(*each, labels={"team": "core"} if each[1][-1] == "2" else {}) for each in PROJECTS]
    WORLD.projects = {
        each.id: each for each in [*made, Project(*GONE, state="DELETE_REQUESTED", billed=False)]
    }
    return made


def calm(front: Front) -> None:
    """Nothing goes wrong, nothing was asked."""
    front.trouble.clear()
    front.log.clear()
    WORLD.soothe()


def build(front: Front, asked: dict[str, Any]) -> dict[str, Any]:
    """A new estate, or the one that is there if it is the same and nobody changed it."""
    wish = {name: asked[name] for name in ("n", "regions", "as_of", "seed", "projects")}
    calm(front)
    if _built.get("wish") == wish:
        found: dict[str, Any] = _built["truth"]
        return found
    WORLD.clear()
    WORLD.revision += 1
    WORLD.stop_clock(asked["as_of"])
    projects = hierarchy()[: asked["projects"]]
    made = estate.Estate(
        projects,
        tuple(asked["regions"]),
        WORLD.now(),
        asked["seed"],
        asked["n"],
        random.Random(f"gcp|{asked['seed']}"),
    )
    build_instances(made)
    build_storage(made)
    build_network(made)
    build_tenants(made)
    talkers(made)
    found = estate.truth(made) | {"bill": export.sums()}
    _built.update(wish=wish, truth=found)
    return found


def talkers(made: estate.Estate) -> None:
    """Which machines pay for traffic to another zone, which the bill tells and no list."""
    for name, project, item in made.instances:
        if name != "deleted" and traffic(item):
            scope = f"zones/{item['zone'].rpartition('/')[2]}"
            made.note("cross_zone", project, scope, item, gib_month=float(traffic(item) * HOURS))


def series(front: Front, asked: dict[str, Any]) -> None:
    """A hand-made series."""
    start = epoch(parse(asked["start"]))
    points = [
        (start + number * asked["step"], value)
        for number, value in enumerate(asked["values"])
        if value is not None
    ]
    name = estate.tell(
        asked["project"], asked["metric"], asked["resource_type"], asked["resource"], asked["labels"]
    )
    WORLD.metrics.put(
        (asked["project"], ""), name, [time for time, _ in points], [value for _, value in points]
    )
    _built.clear()


def put(front: Front, asked: dict[str, Any]) -> str:
    _built.clear()
    return by_hand.put(WORLD.projects[asked["project"]], asked["kind"], asked["scope"], asked["item"])


def change(front: Front, asked: dict[str, Any]) -> None:
    """Fields of an item that is there; an item of None goes away."""
    _built.clear()
    held = WORLD.projects[asked["project"]].of(asked["kind"], asked["scope"])
    if asked["fields"] is None:
        item = held.pop(asked["name"])
        if asked["kind"] == "instances":  # the bill still tells what it has cost
            item.setdefault("_stopped_at", WORLD.now())
            WORLD.gone.append((asked["project"], asked["scope"], item))
    else:
        held[asked["name"]].update(asked["fields"])


def account(front: Front, asked: dict[str, Any]) -> dict[str, Any]:
    return auth.service_account(asked["mail"], asked["project"], asked["token_uri"], asked["permissions"])


def expire(front: Front, asked: dict[str, Any]) -> None:
    auth.expire()


def sign_in(front: Front, asked: dict[str, Any]) -> None:
    WORLD.signed_in_only = asked["wanted"]


def deny(front: Front, asked: dict[str, Any]) -> None:
    WORLD.denied = list(asked["rules"])


def disable(front: Front, asked: dict[str, Any]) -> None:
    WORLD.disabled = {(service, project) for service, project in asked["pairs"]}


def unreachable(front: Front, asked: dict[str, Any]) -> None:
    WORLD.unreachable = set(asked["scopes"])


def bill(front: Front, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What the export is like; what is not said stays, until the next other estate. Tells what it adds up to."""
    _built.clear()
    for name in ("bill_days", "partition_by", "second_account", "only_jobs"):
        setattr(WORLD, name, asked.get(name, getattr(WORLD, name)))
    return export.sums()


def row(front: Front, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """One more row on the bill."""
    _built.clear()
    WORLD.rows_by_hand.append(asked)
    return export.sums()


def rows(front: Front, asked: dict[str, Any]) -> None:
    """Many rows at once, without telling what the bill adds up to now."""
    _built.clear()
    WORLD.rows_by_hand += asked["rows"]


def flows(front: Front, asked: dict[str, Any]) -> None:
    """What a sink of Logging wrote to BigQuery."""
    _built.clear()
    WORLD.flows, WORLD.flows_by_day = list(asked["entries"]), asked["by_day"]


def totals(front: Front, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return export.sums()


def catalogue(front: Front, asked: dict[str, Any]) -> None:
    _built.clear()
    WORLD.big_catalogue, WORLD.skus_by_hand = asked["big"], list(asked["more"])


def clock(front: Front, asked: dict[str, Any]) -> None:
    WORLD.stop_clock(asked["as_of"])
    _built.clear()


def faults(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.set_rules(asked["rules"])


def latency(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.latency = {name: float(each) for name, each in asked["seconds"].items()}


def buckets(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.set_limits(asked["rules"])


_COMMANDS = {
    "calls": calls, "reset-calls": reset_calls, "fresh": fresh, "estate": build, "series": series, "put": put, "change": change, "account": account,
    "expire": expire, "sign-in": sign_in, "deny": deny, "disable": disable, "unreachable": unreachable, "catalogue": catalogue,
    "bill": bill, "row": row, "rows": rows, "totals": totals, "flows": flows, "clock": clock,
    "faults": faults, "latency": latency, "buckets": buckets,
}  # fmt: skip
