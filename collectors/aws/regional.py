"""What is collected of one account in one region, and in which order.

Inventory first, all of it at once; then the types of the machines that were found; then what they did and what they
cost. What could not be had is told in its scope and does not stop the rest: metrics of volumes come without machines.
"""

from collections.abc import Mapping
from typing import Any

from collectors.aws import commitments
from collectors.aws.datasets import INVENTORY, WITH_TYPES, Dataset, ask_for
from collectors.aws.following import (
    collect_metrics,
    collect_offers,
    collect_prices,
    collect_region_prices,
    collect_types,
)
from collectors.aws.place import CLOUD, Place
from collectors.conduct import Crew, Got, Rows
from collectors.regions import Asked, Estate, ask, bring, what
from collectors.scopes import GLOBAL

# In the order they are shown in.
REGIONAL = (
    "instances", "instance_types", "scaling_groups", "clusters", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "subnets", "network_addresses", "databases", "buckets", "repositories", "ml_endpoints",
    "functions", "log_groups", "commitments", "commitment_offers", "metrics", "prices", "spot_prices", "region_prices",
)  # fmt: skip
# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices", "region_prices", "commitment_offers")
_EACH = 20  # resources that one thread asks about one by one


def collect_place(place: Place, crew: Crew) -> None:
    """Everything of one place."""
    (collect_global if place.region == GLOBAL else collect_region)(place, crew)


def collect_global(place: Place, crew: Crew) -> None:
    """What an account has once: its savings plans."""
    scope = place.scope("commitments")
    if not crew.wants(scope):
        return
    asked = ask(scope, crew, commitments.get_plans, place.client("us-east-1"))
    bring(crew, asked, lambda raw: commitments.transform_plans(raw, scope))


def collect_region(place: Place, crew: Crew) -> None:
    """Everything of one region, in order."""
    region = _Region(place, crew)
    region.ask()
    region.bring(name for name in INVENTORY if name not in WITH_TYPES)
    types = collect_types(place, crew, region.estate(), region.raw)
    region.raw["types"] = types.known
    region.bring(WITH_TYPES)
    estate = region.estate()
    collect_prices(place, crew, estate, types)
    collect_region_prices(place, crew, estate)
    collect_offers(place, crew, estate)
    collect_metrics(place, crew, estate, types, region.raw)


class _Region:
    """The inventory of a region on its way in: what was asked, what came, and the rows made of it."""

    def __init__(self, place: Place, crew: Crew) -> None:
        self.place, self.crew = place, crew
        self.asked: dict[str, Asked] = {}
        self.raw: dict[str, Any] = {}
        self.rows: dict[str, Rows] = {}
        self._more: dict[str, int] = {}  # calls that went with an answer

    def ask(self) -> None:
        """Asks for all that is wanted at once, and then about what must be asked about one by one."""
        self.asked = {name: ask_for(self.place, self.crew, name) for name in INVENTORY if self._wants(name)}
        if "public_ips" in self.asked and "network_addresses" not in self.asked:
            shared = ask_for(self.place, self.crew, "network_addresses")
            self._take_interfaces(shared.future.result(), counted=True)
        self.raw |= {name: one.future.result().value for name, one in self.asked.items()}
        if {"public_ips", "network_addresses"} <= set(self.asked):
            self._take_interfaces(self.asked["network_addresses"].future.result(), counted=False)
        for name in self.asked:
            if INVENTORY[name].each and self.raw[name] is not None:
                self._ask_each(name, INVENTORY[name])

    def bring(self, names: Any) -> None:
        """Hands the answers over as rows."""
        for name in names:
            if name in self.asked:
                found = bring(
                    self.crew,
                    self.asked[name],
                    lambda _, name=name: INVENTORY[name].transform(self.raw[name], self.place, self.raw),  # type: ignore[misc]
                    more_calls=self._more.get(name, 0),
                )
                if found is not None:
                    self.rows[name] = found

    def estate(self) -> Estate:
        """The inventory as far as it was brought."""
        return Estate(
            self.crew,
            (CLOUD, self.place.session.account, self.place.region),
            self.rows,
            self.asked,
            INVENTORY,
        )

    def _wants(self, name: str) -> bool:
        return self.crew.wants(self.place.scope(name))

    def _take_interfaces(self, got: Got[Any], *, counted: bool) -> None:
        """Interfaces tell whose an address is; two datasets need them, one of them only for that."""
        self.raw["network_addresses"] = got.value
        if counted:
            self._more["public_ips"] = got.calls
        if got.error is not None:
            self.asked["public_ips"].problems.append(str(got.error))

    def _ask_each(self, name: str, dataset: Dataset) -> None:
        found, problems = self.raw[name]["each"], self.asked[name].problems
        scope, client = self.place.scope(name), self.place.client()
        parts = [
            self.crew.get(what(scope), dataset.each, client, found[start : start + _EACH], problems)  # type: ignore[arg-type]
            for start in range(0, len(found), _EACH)
        ]
        told: list[Mapping[str, Any]] = []
        for number, part in enumerate(parts):
            got = part.result()
            self._more[name] = self._more.get(name, 0) + got.calls
            problems += [str(got.error)] if got.error else []
            told += got.value or found[number * _EACH : (number + 1) * _EACH]
        self.raw[name] = {**self.raw[name], "each": told}
