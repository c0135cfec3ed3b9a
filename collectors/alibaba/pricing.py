"""Which prices are asked for because of what was found in a region: of what is there and of what it could become."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.alibaba import classes, instance_types, prices
from collectors.alibaba.related import Place
from collectors.conduct import Crew, Rows
from collectors.regions import (
    Asked,
    Estate,
    Problems,
    ask,
    ask_shared,
    ask_telling,
    firsts,
    types_by_platform,
    without_machines,
)


def ask_prices(
    place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]], offered: classes.Offered
) -> list[tuple[Asked, Callable[[Any], Rows]]]:
    """List prices of what is there and of what it could be changed into, spot prices of the types in use."""
    listed, spot = place.scope("prices"), place.scope("spot_prices")
    asked: list[tuple[Asked, Callable[[Any], Rows]]] = []
    if crew.wants(listed):
        one = _ask_list(place, crew, estate, types)
        of_databases = classes.price_rows(offered.classes, listed, place.at)
        if one:
            one.problems.extend(offered.problems)
            asked.append((one, lambda raw: _with(prices.transform_list(raw, listed, place.at), of_databases)))
        elif of_databases and not estate.why("instances"):
            crew.whole(listed, {"prices": of_databases}, calls=0, problems=offered.problems)
        else:
            without_machines(crew, listed, estate)
    running = [one for one in estate.running if one["purchase_model"] != "subscription"]
    used = _by_platform(running, [])
    if crew.wants(spot) and used:
        one = ask(spot, crew, prices.get_spot, place.client, used, place.at)
        one.problems.extend(estate.why("instances"))
        asked.append((one, lambda raw: prices.transform_spot(raw, spot)))
    elif crew.wants(spot):
        without_machines(crew, spot, estate)
    return asked


def _with(rows: Rows, more: list[dict[str, Any]]) -> Rows:
    return {"prices": [*rows["prices"], *more]}


@dataclass(frozen=True, slots=True)
class _Priced:
    """What prices are wanted of: types by platform, kinds of disks, types that are or could be subscribed to."""

    types: Mapping[str, set[str]]
    kinds: list[prices.Kind]
    subscribed: set[str]

    def new(self, crew: Crew, key: tuple[str, str]) -> "_Priced":
        """What nobody has asked about before. Call it with `sharing` held."""
        kinds = [kind for kind in self.kinds if crew.first((*key, "disk", kind))]
        months = {name for name in self.subscribed if crew.first((*key, "month", name))}
        return _Priced(firsts(crew, key, self.types), kinds, months)

    def __bool__(self) -> bool:
        return bool(self.types or self.kinds or self.subscribed)


def _ask_list(place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]]) -> Asked | None:
    """What no account of this run has asked about in this region; all accounts share its prices."""
    machines = estate.of("instances")
    subscribed = {str(one["instance_type"]) for one in machines if _by_the_month(one)}
    problems: Problems = []
    successors = _successors(place, crew, machines, types, problems)
    every = _Priced(
        _by_platform(machines, types, successors), prices.kinds_of(estate.of("volumes")), subscribed
    )
    key = ("prices", place.region)
    one = ask_shared(
        crew, key, every, lambda wanted: wanted.new(crew, key), lambda wanted: _ask_for(place, crew, wanted)
    )
    if one:
        one.problems.extend([*problems, *estate.why("instances", "volumes")])
    return one


def _successors(
    place: Place,
    crew: Crew,
    machines: list[Mapping[str, Any]],
    types: list[Mapping[str, Any]],
    problems: Problems,
) -> dict[str, set[str]]:
    """Types that could take the place of those that run and can be had in the region, by these."""
    known = {str(one["instance_type"]): one for one in types}
    used = {str(one["instance_type"]) for one in machines if one["state"] == "running"}
    found = {
        name: {str(one["instance_type"]) for one in types if instance_types.is_successor(one, known[name])}
        for name in used & known.keys()
    }
    if not any(found.values()):
        return {}
    with crew.sharing(("offered", place.region)) as asked:
        if not asked:
            asked.append(crew.get("types on offer", instance_types.get_offered, place.client, problems))
    offered = asked[0].result().value or set()
    return {name: each & offered for name, each in found.items()}


def _by_the_month(machine: Mapping[str, Any]) -> bool:
    """Whether its price by the month says what it costs, or what it would: one that runs on pay-as-you-go could be
    subscribed to. Licences are in no price by the month that is asked for."""
    model, runs = machine["purchase_model"], machine["state"] == "running"
    return bool(
        model == "subscription" or (model == "on_demand" and runs and machine["platform"] != "windows")
    )


def _ask_for(place: Place, crew: Crew, of: _Priced) -> Asked:
    return ask_telling(
        place.scope("prices"),
        crew,
        prices.get_list,
        place.session,
        place.client,
        of.types,
        of.kinds,
        of.subscribed,
    )


def _by_platform(
    machines: list[Mapping[str, Any]],
    types: list[Mapping[str, Any]],
    successors: Mapping[str, set[str]] | None = None,
) -> dict[str, set[str]]:
    """Types of the machines by operating system; with `types`, all sizes of their families that are not larger, and
    their successors."""
    known = {str(one["instance_type"]): one for one in types}

    def sizes(name: str) -> set[str]:
        mine = known.get(name)
        sizes_ = {str(one["instance_type"]) for one in types if mine and _fits_in(one, mine)}
        return sizes_ | (successors or {}).get(name, set())

    return types_by_platform(machines, lambda name: "windows" if name == "windows" else "linux", sizes)


def _fits_in(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether one type of a family is not larger than another."""
    return one["family"] == other["family"] and all(
        (one[size] or 0) <= (other[size] or 0) for size in ("vcpu", "memory_gib")
    )
