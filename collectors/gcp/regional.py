"""What is collected of one project in all its regions, and in which order.

Inventory first, all of it at once: one question tells of every region. What is asked region by region next, then what
follows from it: types, prices, what everything did. What could not be had is told in its scope and does not stop the
rest.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from collectors.conduct import Crew, Rows
from collectors.gcp.datasets import INVENTORY, ask_for
from collectors.gcp.following import collect_metrics, collect_types
from collectors.gcp.handing import Handing
from collectors.gcp.known import Known
from collectors.gcp.place import Place
from collectors.gcp.pricing import collect_prices
from collectors.gcp.told import MADE_OF_OTHERS, Told
from collectors.regions import Asked, Estate
from collectors.scopes import GLOBAL
from finops.errors import FinopsError

# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices", "region_prices")


def collect_project(place: Place, crew: Crew) -> None:
    """Everything of one project, in order."""
    handing = Handing(crew, place.project, place.wants)
    wanted = [name for name in INVENTORY if crew.wants(place.scope(name))]
    later = [name for name in wanted if INVENTORY[name].later]
    asked = {name: ask_for(place, crew, name) for name in wanted if name not in later}
    told = Told(place, crew, asked)
    rows = dict(_brought(place, handing, asked, told))
    more = {name: ask_for(place, crew, name, sorted(handing.regions)) for name in later}
    rows |= dict(_brought(place, handing, more, told))
    asked |= more
    estate = Estate(
        crew, (place.scope("").cloud, place.project, GLOBAL), rows, asked, INVENTORY, everywhere=True
    )
    known = Known(place, estate)
    known.types = collect_types(place, crew, known)
    collect_prices(place, crew, handing, known)
    handing.finish()
    collect_metrics(place, crew, handing, known)
    place.filled = handing.regions


def _brought(
    place: Place, handing: Handing, asked: dict[str, Asked], told: Told
) -> Iterable[tuple[str, Rows]]:
    """Hands over what was asked for; returns the rows of what could be had."""
    for name, one in asked.items():
        dataset = INVENTORY[name]
        if name in MADE_OF_OTHERS and one.problems:  # which it is made of; what is stored stays
            handing.missed(name, FinopsError(" ".join(one.problems)), told.calls[name])
            continue
        found = handing.bring(
            one, partial(_rows, name, place, told), dataset.lists, more_calls=told.calls[name]
        )
        if found is not None:
            yield name, found
        elif _none_can_be(one):
            yield name, {name: []}


def _rows(name: str, place: Place, told: Told, answer: Any) -> Rows:
    return INVENTORY[name].transform(answer, place, told)


def _none_can_be(asked: Asked) -> bool:
    """Whether a project has nothing of a kind because the API for it is not enabled."""
    return getattr(asked.future.result().error, "status", None) == "skipped"
