"""What tests tell the process while it runs."""

import random
import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.servers.alibaba import by_hand, estate, ledger, loads, sts
from tests.servers.alibaba.front import Front
from tests.servers.alibaba.machines import build_instances
from tests.servers.alibaba.more import build_more
from tests.servers.alibaba.network import build_network
from tests.servers.alibaba.state import ACCOUNT, MONITORED_DISKS, WORLD, Account, Identity, Role, epoch, parse
from tests.servers.alibaba.storage import build_storage
from tests.servers.series import key

_building = threading.Lock()
_built: dict[str, Any] = {}


def obey(front: Front, command: str, asked: dict[str, Any]) -> Any:
    """One command."""
    with _building:
        WORLD.revision += command not in ("calls", "reset-calls", "charged")
        return _COMMANDS[command](front, asked)


def calls(front: Front, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return list(front.log)


def reset_calls(front: Front, asked: dict[str, Any]) -> None:
    front.log.clear()


def fresh(front: Front, asked: dict[str, Any]) -> None:
    """As if just started."""
    WORLD.clear()
    _built.clear()
    calm(front)


def calm(front: Front) -> None:
    """Nothing goes wrong, nothing was asked."""
    front.trouble.clear()
    front.log.clear()
    WORLD.soothe()


def build(front: Front, asked: dict[str, Any]) -> dict[str, Any]:
    """A new estate, or the one that is there if it is the same and nobody changed it."""
    wish = {name: asked[name] for name in ("n", "regions", "as_of", "seed", "site")}
    calm(front)
    if _built.get("wish") == wish:
        found: dict[str, Any] = _built["truth"]
        return found
    WORLD.clear()
    WORLD.stop_clock(asked["as_of"])
    found = populated(Account(ACCOUNT, site=asked["site"]), asked["n"], asked["regions"], asked["seed"])
    _built.update(wish=wish, truth=found)
    return found


def populated(account: Account, n: int, regions: list[str], seed: int) -> dict[str, Any]:
    """An estate in an account."""
    WORLD.accounts[account.id] = account
    made = estate.Estate(account, tuple(regions), WORLD.now(), seed, n, random.Random(f"{account.id}|{seed}"))
    build_instances(made)
    build_storage(made)
    build_network(made)
    loads.instance_disks(made)
    build_more(made)
    return estate.truth(made)


MEMBERS = (("2222222222222222", "team-1"), ("3333333333333333", "team-2"), ("4444444444444444", "队伍三"))
REMOVED = "5555555555555555"
ROLE = "finops-reader"


def organize(front: Front, asked: dict[str, Any]) -> dict[str, Any]:
    """A resource directory of the main account with three members and one that is gone; those in `deny` have no role for us."""
    management = WORLD.account(ACCOUNT)
    regions = list(_built["truth"]["regions"])[:2] if _built else ["cn-hangzhou"]
    management.pays_for = tuple(member for member, _ in MEMBERS) if asked["pays"] else ()
    _built.clear()
    common = {
        "ResourceDirectoryId": "rd-3G****",
        "ResourceDirectoryManager": ACCOUNT,
        "FolderId": "fd-bVaRIG****",
        "JoinMethod": "created",
    }
    WORLD.members, members = [], {}
    for number, (member, name) in enumerate(MEMBERS):
        account = Account(member, name, management.site)
        truth = populated(account, asked["small"], regions, int(member) % 1000)
        if member not in asked["deny"]:
            account.roles[ROLE] = Role(ROLE, (ACCOUNT,), asked["external_id"])
        arn = f"acs:ram::{member}:role/{ROLE}"
        members[member] = {"role": None if member in asked["deny"] else arn, "truth": truth, "name": name}
        WORLD.members.append({"AccountId": member, "DisplayName": name, "Status": "CreateSuccess", "Type": "ResourceAccount", "JoinTime": f"202{number}-01-01T00:00:00.000Z", "ModifyTime": "2026-01-01T00:00:00.000Z", "AccountName": f"{name}@example.aliyunid.com", **common})  # fmt: skip
    WORLD.members.append(
        {**WORLD.members[-1], "AccountId": REMOVED, "DisplayName": "gone", "Status": "Removed"}
    )
    return {"management": ACCOUNT, "members": members, "removed": [REMOVED], "role_name": ROLE}


def role(front: Front, asked: dict[str, Any]) -> str:
    """A role in an account; returns its ARN."""
    account = asked["account"]
    made = Role(asked["name"], tuple(asked["trusts"]), asked["external_id"], asked["policy"])
    WORLD.account(account).roles[asked["name"].lower()] = made
    return f"acs:ram::{account}:role/{asked['name']}"


def user(front: Front, asked: dict[str, Any]) -> dict[str, str]:
    """A RAM user with exactly this policy, and a key."""
    number = len(WORLD.identities)
    who = WORLD.add(
        Identity(
            f"LTAI5tUser{number:014d}",
            f"secret-of-user-{number}",
            asked["account"],
            name=f"user-{number}",
            policy=asked["policy"],
        )
    )
    return {"key": who.key, "secret": who.secret}


def oidc(front: Front, asked: dict[str, Any]) -> None:
    WORLD.oidc_tokens[asked["token"]] = asked["provider"]


def expire(front: Front, asked: dict[str, Any]) -> None:
    """All temporary keys are over."""
    for who in list(WORLD.identities.values()):
        if who.token:
            sts.expire(who.key)


def series(front: Front, asked: dict[str, Any]) -> None:
    """A hand-made series, and what its maxima are where they differ."""
    start = epoch(parse(asked["start"]))
    where = (asked["account"], asked["region"])
    for suffix, values in (("", asked["values"]), ("#Maximum", asked["maxima"])):
        points = [
            (start + number * asked["step"], value)
            for number, value in enumerate(values or [])
            if value is not None
        ]
        name = key(asked["namespace"], asked["metric"] + suffix, asked["dimensions"])
        if values is not None:
            WORLD.metrics.put(where, name, [time for time, _ in points], [value for _, value in points])
    _built.clear()


def disk_series(front: Front, asked: dict[str, Any]) -> None:
    """Reads and writes per second of one disk."""
    base = {"namespace": MONITORED_DISKS, "dimensions": {"DiskId": asked["disk"]}, "maxima": None}
    for metric, factor in (("IOPSRead", 1), ("IOPSWrite", 1), ("BPSRead", 16384), ("BPSWrite", 16384)):
        values = asked["reads" if metric.endswith("Read") else "writes"]
        scaled = [None if value is None else value * factor for value in values]
        series(front, {**asked, **base, "metric": metric, "values": scaled})


def put(front: Front, asked: dict[str, Any]) -> str:
    _built.clear()
    return by_hand.put(WORLD.account(asked["account"]), asked["kind"], asked["region"], asked["item"])


def change(front: Front, asked: dict[str, Any]) -> None:
    """Fields of an item that is there; an item of None goes away."""
    _built.clear()
    held = WORLD.account(asked["account"]).of(
        asked["kind"], "" if asked["kind"] in by_hand.ACCOUNT_WIDE else asked["region"]
    )
    if asked["fields"] is None:
        del held[asked["id"]]
    else:
        held[asked["id"]].update(asked["fields"])


def bill(front: Front, asked: dict[str, Any]) -> None:
    _built.clear()
    WORLD.billed_by_hand.setdefault(asked["account"], {}).setdefault(asked["day"], []).extend(asked["items"])


def charged(front: Front, asked: dict[str, Any]) -> list[list[str]]:
    """What the bill of an account sums up to, by day (Beijing's) and currency."""
    sums: dict[tuple[str, str], Decimal] = {}
    account, day = WORLD.account(asked["account"]), date.fromisoformat(asked["first"])
    while day <= ledger.newest_day():
        for one in ledger.lines(account, day):
            key = (day.isoformat(), str(one["Currency"]))
            sums[key] = sums.get(key, Decimal(0)) + Decimal(str(one["PretaxAmount"]))
        day += timedelta(days=1)
    return [[*key, str(amount)] for key, amount in sums.items()]


def clock(front: Front, asked: dict[str, Any]) -> None:
    WORLD.stop_clock(asked["as_of"])
    _built.clear()


def site(front: Front, asked: dict[str, Any]) -> None:
    WORLD.account(asked["account"]).site = asked["site"]
    _built.clear()


def deny(front: Front, asked: dict[str, Any]) -> None:
    WORLD.denied = list(asked["actions"])


def quota(front: Front, asked: dict[str, Any]) -> None:
    WORLD.monthly_metric_calls = asked["calls"]


def faults(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.set_rules(asked["rules"])


def latency(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.latency = {name: float(each) for name, each in asked["seconds"].items()}


def buckets(front: Front, asked: dict[str, Any]) -> None:
    front.trouble.set_limits(asked["rules"])


_COMMANDS = {
    "calls": calls, "reset-calls": reset_calls, "fresh": fresh, "estate": build, "organize": organize, "role": role, "user": user,
    "oidc": oidc, "expire": expire, "series": series, "disk-series": disk_series, "put": put, "change": change, "bill": bill, "charged": charged,
    "clock": clock, "site": site, "deny": deny, "quota": quota, "faults": faults, "latency": latency, "buckets": buckets,
}  # fmt: skip
