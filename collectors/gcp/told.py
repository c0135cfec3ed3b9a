"""What one list tells about others: which disk boots a machine, which group made it, which address is whose.

Each list is asked once. Where a dataset that others need was not asked for, because it is fresh or not wanted, its
list is asked here; its calls are counted by the first that needs it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collectors.conduct import Crew
from collectors.gcp import balancers, clusters, inventory, network
from collectors.gcp.client import Client
from collectors.gcp.inventory import Names
from collectors.gcp.listing import CLOUD, Listed
from collectors.gcp.place import Place
from collectors.regions import Asked
from collectors.rows import Raw

_NEED_MACHINES = ("volumes", "scaling_groups", "network_addresses")
MADE_OF_OTHERS = ("network_addresses",)


class Told:
    """Raw resources that rows of others are made with; names from what is stored where there is no list.

    `calls` are those that were made here, by the dataset that counts them.
    """

    def __init__(self, place: Place, crew: Crew, asked: Mapping[str, Asked]) -> None:
        self._place, self._crew, self._asked = place, crew, asked
        self.calls: Counter[str] = Counter()
        machines = self._listed("instances", inventory.get_instances, _NEED_MACHINES)
        self.machines: Raw | None = None if machines is None else machines.items
        groups = self._answer("scaling_groups")
        managers = None if groups is None else groups[0].items
        self.names: Names = Names.of(self.machines or [], managers or [])
        here = (CLOUD, place.project)
        stored = "SELECT {} AS place, name, {} AS id FROM {} WHERE (cloud, account_id) = (?, ?)"
        if machines is None or machines.unreachable:
            known = crew.stored(stored.format("zone", "instance_id", "instances"), here)
            self.names.instances.update({**_named(known), **self.names.instances})
        if managers is None:  # which are stored without their zone
            known = crew.stored(stored.format("region", "scaling_group_id", "scaling_groups"), here)
            self.names.groups.update(_named(known))
        self.clusters: Raw | None = self._clusters(managers or [])
        self.rules: Raw = self._rules()
        self.addresses: Raw = self._items("public_ips", network.get_public_ips, MADE_OF_OTHERS)

    def _clusters(self, managers: Raw) -> Raw | None:
        """Kubernetes clusters, where groups may be their node pools; None where they could not be read."""
        needed = ("scaling_groups",) if any(map(clusters.may_be_pool, managers)) else ()
        found = self._listed("clusters", clusters.get_clusters, needed)
        return None if found is None else found.items

    def _rules(self) -> Raw:
        """Forwarding rules."""
        if "load_balancers" not in self._asked:
            return self._items("load_balancers", balancers.get_rules, MADE_OF_OTHERS)
        known = self._answer("load_balancers")
        if known is None and "network_addresses" in self._asked:
            self._tell(MADE_OF_OTHERS, self._error("load_balancers"))
        return [] if known is None else list(known["rules"].items)

    def _items(self, dataset: str, get: Callable[[Client], Listed], needed_by: Iterable[str]) -> Raw:
        found = self._listed(dataset, get, needed_by)
        return [] if found is None else found.items

    def _listed(
        self, dataset: str, get: Callable[[Client], Listed], needed_by: Iterable[str]
    ) -> Listed | None:
        """A list that was asked for; else asked now, if any of those who need it was."""
        who = [name for name in needed_by if name in self._asked]
        if dataset in self._asked:
            found: Listed | None = self._answer(dataset)
            if found is None:  # which its own scope tells; what is made of nothing else tells it as well
                self._tell([name for name in who if name in MADE_OF_OTHERS], self._error(dataset))
            return found
        if not who:
            return None
        words = f"{dataset.replace('_', ' ')} of project {self._place.project}"
        got = self._crew.get(words, get, self._place.client).result()
        self.calls[who[0]] += got.calls
        self._tell(who, got.error)
        return got.value

    def _tell(self, datasets: Iterable[str], error: Exception | None) -> None:
        if error is not None and getattr(error, "status", None) != "skipped":
            for name in datasets:
                self._asked[name].problems.append(str(error))

    def _error(self, name: str) -> Exception | None:
        return self._asked[name].future.result().error

    def _answer(self, name: str) -> Any:
        return self._asked[name].future.result().value if name in self._asked else None


def _named(known: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Ids by place and name, where there is no other of that name in the place."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in known:
        found.setdefault((str(one["place"]), str(one["name"])), set()).add(str(one["id"]))
    return {key: ids.pop() for key, ids in found.items() if len(ids) == 1}
