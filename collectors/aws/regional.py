"""What is collected of one account in one region, and in which order.

Inventory first, all of it at once; then the types of the machines that were found; then what they did and what they
cost. What could not be had is told in its scope and does not stop the rest: metrics of volumes come without machines.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa

from collectors.aws import commitments, inventory, metrics, network, prices
from collectors.aws.client import Client, Session
from collectors.conduct import ODD_SHAPES, Crew, Got, Rows
from finops.errors import FinopsError
from finops.warehouse import Scope

CLOUD = "aws"
GLOBAL = "global"
# In the order they are shown in.
REGIONAL = (
    "instances", "instance_types", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "commitments", "metrics", "prices", "spot_prices",
)  # fmt: skip
# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices")
_BATCHES_AT_A_TIME = 8

Problems = list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """One account in one region, or what an account has once (region 'global')."""

    session: Session
    region: str
    at: datetime
    days: int
    newest: metrics.Newest = field(default_factory=dict)

    def scope(self, dataset: str) -> Scope:
        return Scope(CLOUD, self.session.account, self.region, dataset)

    def client(self, region: str | None = None) -> Client:
        return self.session.client(region or self.region)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A get under way, with the words that what it could not add is told in."""

    scope: Scope
    future: "Future[Got[Any]]"
    problems: Problems


def collect_global(place: Place, crew: Crew) -> None:
    """What an account has once: its savings plans."""
    scope = place.scope("commitments")
    if not crew.wants(scope):
        return
    asked = _ask(place, crew, "commitments", commitments.get_plans, place.client("us-east-1"))
    _bring(crew, asked, lambda raw: commitments.transform_plans(raw, scope))


def collect_region(place: Place, crew: Crew) -> None:
    """Everything of one region, in order."""
    asked = {name: ask(place, crew) for name, ask in _INVENTORY.items() if crew.wants(place.scope(name))}
    raw = {name: one.future.result().value for name, one in asked.items()}
    rows: dict[str, Rows] = {}
    for name, one in asked.items():
        found = _bring(crew, one, lambda answer, name=name: _TRANSFORM[name](answer, place, raw))  # type: ignore[misc]
        if found is not None:
            rows[name] = found
    estate = _Estate(place, crew, rows, asked)
    types = _collect_types(place, crew, estate)
    _collect_prices(place, crew, estate, types)
    _collect_metrics(place, crew, estate, types)


# --- inventory --------------------------------------------------------------------------------------------


def _ask(place: Place, crew: Crew, dataset: str, get: Callable[..., Any], *arguments: Any) -> _Asked:
    what = f"{dataset.replace('_', ' ')} of account {place.session.account}, region {place.region}"
    return _Asked(place.scope(dataset), crew.get(what, get, *arguments), [])


def _ask_telling(place: Place, crew: Crew, dataset: str, get: Callable[..., Any]) -> _Asked:
    """As `_ask`, for a get that tells what it could not add."""
    problems: Problems = []
    asked = _ask(place, crew, dataset, get, place.client(), problems)
    return _Asked(asked.scope, asked.future, problems)


_INVENTORY: Mapping[str, Callable[[Place, Crew], _Asked]] = {
    "instances": lambda p, c: _ask(p, c, "instances", inventory.get_instances, p.client()),
    "volumes": lambda p, c: _ask(p, c, "volumes", inventory.get_volumes, p.client()),
    "scaling_groups": lambda p, c: _ask(p, c, "scaling_groups", inventory.get_scaling_groups, p.client()),
    "snapshots": lambda p, c: _ask_telling(p, c, "snapshots", inventory.get_snapshots),
    "public_ips": lambda p, c: _ask_telling(p, c, "public_ips", network.get_public_ips),
    "load_balancers": lambda p, c: _ask_telling(p, c, "load_balancers", network.get_load_balancers),
    "nat_gateways": lambda p, c: _ask(p, c, "nat_gateways", network.get_nat_gateways, p.client()),
    "commitments": lambda p, c: _ask(p, c, "commitments", commitments.get_reserved, p.client()),
}
_TRANSFORM: Mapping[str, Callable[[Any, Place, Mapping[str, Any]], Rows]] = {
    "instances": lambda raw, p, _: inventory.transform_instances(raw, p.scope("instances")),
    "volumes": lambda raw, p, all_raw: inventory.transform_volumes(
        raw, p.scope("volumes"), all_raw.get("instances")
    ),
    "scaling_groups": lambda raw, p, _: inventory.transform_scaling_groups(raw, p.scope("scaling_groups")),
    "snapshots": lambda raw, p, _: inventory.transform_snapshots(raw, p.scope("snapshots")),
    "public_ips": lambda raw, p, _: network.transform_public_ips(
        raw, p.scope("public_ips"), p.session.partition
    ),
    "load_balancers": lambda raw, p, _: network.transform_load_balancers(
        raw, p.scope("load_balancers"), p.session.partition
    ),
    "nat_gateways": lambda raw, p, _: network.transform_nat_gateways(raw, p.scope("nat_gateways")),
    "commitments": lambda raw, p, _: commitments.transform_reserved(raw, p.scope("commitments")),
}


def _bring(crew: Crew, asked: _Asked, transform: Callable[[Any], Rows]) -> Rows | None:
    """Hands an answer over as rows, or the reason why there is none."""
    got = asked.future.result()
    if got.error is not None:
        crew.missed(asked.scope, got.error, got.calls)
        return None
    try:
        rows = transform(got.value)
    except ODD_SHAPES as error:
        sentence = f"The {asked.scope.dataset.replace('_', ' ')} of account {asked.scope.account_id}, region "
        sentence += (
            f"{asked.scope.region} have a shape this version does not know ({type(error).__name__}: {error})."
        )
        crew.missed(asked.scope, FinopsError(sentence), got.calls)
        return None
    crew.whole(asked.scope, rows, calls=got.calls, problems=asked.problems)
    return rows


class _Estate:
    """The rows of a region's inventory: what was just collected, else what is stored."""

    def __init__(
        self, place: Place, crew: Crew, rows: Mapping[str, Rows], asked: Mapping[str, _Asked]
    ) -> None:
        self._place, self._crew, self._rows = place, crew, rows
        self.missing = [name for name in asked if name not in rows]
        known = crew.stored(
            "SELECT dataset FROM coverage WHERE (cloud, account_id, region) = (?, ?, ?) AND collected_at IS NOT NULL",
            [CLOUD, place.session.account, place.region],
        )
        self.never = set(_INVENTORY) - set(rows) - {one["dataset"] for one in known}

    def of(self, table: str) -> list[Mapping[str, Any]]:
        """Rows of one table."""
        if table in self._rows:
            return list(self._rows[table][table])
        return list(
            self._crew.stored(
                f"SELECT * FROM {table} WHERE (cloud, account_id, region) = (?, ?, ?)",  # noqa: S608
                [CLOUD, self._place.session.account, self._place.region],
            )
        )

    @property
    def running(self) -> list[Mapping[str, Any]]:
        return [one for one in self.of("instances") if one["state"] == "running"]


# --- what follows from it ---------------------------------------------------------------------------------


def _collect_types(place: Place, crew: Crew, estate: _Estate) -> list[Mapping[str, Any]]:
    """Types of the families in use; returns those that are known."""
    scope = place.scope("instance_types")
    families = {inventory.family_of(str(one["instance_type"])) for one in estate.of("instances")}
    if not crew.wants(scope):
        return list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    if not families:
        _without_machines(crew, scope, estate)
        return []
    asked = _ask(
        place, crew, "instance_types", inventory.get_instance_types, place.client(), sorted(families)
    )
    asked.problems.extend(_why(estate, "instances"))
    rows = _bring(crew, asked, inventory.transform_instance_types)
    return list(rows["instance_types"]) if rows else []


def _collect_prices(place: Place, crew: Crew, estate: _Estate, types: list[Mapping[str, Any]]) -> None:
    """List prices of every size that a machine here could have, spot prices of the types in use."""
    spot, used = place.scope("spot_prices"), _by_platform(estate.running, [])
    asked: list[tuple[_Asked, Callable[[Any], Rows]]] = []
    if crew.wants(place.scope("prices")):
        asked += _ask_list(place, crew, estate, types)
    if crew.wants(spot) and used:
        one = _ask(place, crew, "spot_prices", prices.get_spot, place.client(), used, place.at)
        one.problems.extend(_why(estate, "instances"))
        asked.append((one, lambda raw: prices.transform_spot(raw, spot)))
    elif crew.wants(spot):
        _without_machines(crew, spot, estate)
    for one, transform in asked:
        _bring(crew, one, transform)


def _ask_list(
    place: Place, crew: Crew, estate: _Estate, types: list[Mapping[str, Any]]
) -> list[tuple[_Asked, Callable[[Any], Rows]]]:
    """The list prices of a region that no account of this run has asked for before: all accounts share them.

    Where another account was refused what this one relies on, this one asks for itself.
    """
    listed, key = place.scope("prices"), ("prices", place.region)
    wanted = _by_platform(estate.of("instances"), types)
    if wanted:  # what a size costs beside another is reckoned without licences
        wanted["linux"] = set().union(*wanted.values())
    priced = estate.missing or any(estate.of(table) for table in ("instances", "volumes", "public_ips"))
    with crew.sharing(key) as before:
        relied_on = list(before)
        sizes = {
            platform: new
            for platform, names in wanted.items()
            if (new := {name for name in names if crew.first((*key, platform, name))})
        }
        others = bool(priced) and crew.first(key)
        one = _ask_prices(place, crew, sizes, others=others) if sizes or others else None
        if one:
            before.append(one.future)
    if (sizes != wanted or (priced and not others)) and any(each.result().error for each in relied_on):
        one = _ask_prices(place, crew, wanted, others=bool(priced))
    if one is None:
        crew.whole(listed, {}, calls=0, problems=_why(estate, "instances"))
        return []
    one.problems.extend(_why(estate, "instances"))
    return [(one, lambda raw: prices.transform_list(raw, listed, place.at))]


def _ask_prices(place: Place, crew: Crew, sizes: Mapping[str, set[str]], *, others: bool) -> _Asked:
    where = place.client(prices.PLACES.get(place.session.partition, "us-east-1"))
    return _ask(place, crew, "prices", partial(prices.get_list, others=others), where, place.region, sizes)


def _without_machines(crew: Crew, scope: Scope, estate: _Estate) -> None:
    """A scope that follows from the machines, where there are none, or none are known."""
    why = _why(estate, "instances")
    if why:
        crew.missed(scope, FinopsError(why[0]), 0)
    else:
        crew.whole(scope, {}, calls=0)


def _by_platform(machines: list[Mapping[str, Any]], types: list[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Types of the machines by operating system; with `types`, all sizes of their families."""
    found: dict[str, set[str]] = {}
    for one in machines:
        platform = str(one["platform"] if one["platform"] != "other" else "linux")
        family = inventory.family_of(str(one["instance_type"]))
        sizes = {str(each["instance_type"]) for each in types if each["family"] == family}
        found.setdefault(platform, set()).update(sizes | {str(one["instance_type"])})
    return found


def _collect_metrics(place: Place, crew: Crew, estate: _Estate, types: list[Mapping[str, Any]]) -> None:
    """Metrics of everything that runs, batch by batch, so that a large region needs no more memory than a small one."""
    scope = place.scope("metrics")
    if not crew.wants(scope):
        return
    machines = estate.running
    known = {one["instance_type"]: one["gpu_count"] for one in types}
    gpus = any(known.get(one["instance_type"], 1) for one in machines)  # of unknown types: perhaps
    windows = any(one["platform"] == "windows" for one in machines)
    calls, problems = 0, _why(estate, "instances", "volumes", "nat_gateways", "load_balancers")
    agent: list[dict[str, Any]] = []
    if machines:
        series = crew.get(
            "agent metrics", partial(metrics.get_agent_series, windows=windows, gpus=gpus), place.client()
        ).result()
        calls, agent = series.calls, series.value or []
        problems += [str(series.error)] if series.error else []
    assets = metrics.Assets(
        estate.of("instances"), estate.of("volumes"), estate.of("nat_gateways"), estate.of("load_balancers")
    )
    plan = metrics.plan(assets, agent, place.newest, place.at, place.days)
    failed: list[FinopsError] = []
    for got in _measured(place, crew, plan, problems):
        calls += got.calls
        if got.error is not None:
            failed.append(got.error)
        elif got.value is not None:
            crew.add(scope, "metrics", got.value)
    if plan and len(failed) == len(plan):
        crew.missed(scope, failed[0], calls)
        return
    if not plan and problems:
        crew.missed(scope, FinopsError(" ".join(problems)), calls)
        return
    problems += [str(error) for error in failed[:1]]
    if failed:
        problems.append(f"{len(failed)} of {len(plan)} batches of metrics came to nothing.")
    crew.add(scope, "metrics", None)
    crew.whole(scope, calls=calls, problems=problems, keep_from=metrics.keep_from(place.at))


def _measured(
    place: Place, crew: Crew, plan: list[metrics.Batch], problems: Problems
) -> "Iterator[Got[pa.Table | None]]":
    """The answers to a plan as Arrow, a few at a time, so that memory does not grow with the estate."""
    scope, client = place.scope("metrics"), place.client()
    what = f"metrics of account {scope.account_id}, region {scope.region}"

    def get(batch: metrics.Batch) -> pa.Table | None:
        return metrics.transform_metrics(metrics.get_metrics(client, batch, problems), batch, scope)

    under_way: deque[Future[Got[pa.Table | None]]] = deque()
    for batch in plan:
        under_way.append(crew.get(what, get, batch))
        if len(under_way) >= _BATCHES_AT_A_TIME:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _why(estate: _Estate, *datasets: str) -> Problems:
    """Why a scope that follows from others cannot be whole."""
    never = [name.replace("_", " ") for name in datasets if name in estate.never]
    old = [name.replace("_", " ") for name in datasets if name in estate.missing and name not in estate.never]
    told = []
    if never:
        told.append(f"What to ask about is not known: {' and '.join(never)} were never collected.")
    if old:
        told.append(
            f"What to ask about is known from an earlier collection: {' and '.join(old)} could not be read."
        )
    return told
