"""How what one question tells of a whole project is handed over: region by region, with what could not be reached.

The scope (project, 'global', dataset) speaks for the question: its calls are counted there, and a denial is told there.
It is handed over last, so that it is whole only when the scopes of all regions are. Every region in which a project has
anything has a scope of each dataset.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES, Crew, Rows
from collectors.gcp.listing import CLOUD, SOMEWHERE, Listed, region_in
from collectors.regions import Asked, what
from collectors.scopes import GLOBAL
from finops.errors import FinopsError
from finops.warehouse import Scope

# In the order they are shown in.
DATASETS = (
    "instances", "instance_types", "scaling_groups", "clusters", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "subnets", "network_addresses", "databases", "buckets", "repositories", "log_groups",
    "ml_endpoints", "functions", "commitments", "metrics", "prices", "spot_prices", "region_prices",
)  # fmt: skip
_OF_PROJECTS = ("instance_types", "region_prices")  # which no region that is collected has for itself
# What a place of several regions, such as `eu`, can have.
_OF_PLACES = ("buckets", "repositories", "log_groups", "metrics", "prices")
_REGION = re.compile(r"^[a-z]+-[a-z]+\d+$")
_ZONED = ("instances", "volumes")  # whose rows tell their zone
_KEYS = {
    "instances": ("instance_id", "instance"), "volumes": ("volume_id", "volume"),
    "scaling_groups": ("scaling_group_id", None), "snapshots": ("snapshot_id", "snapshot"),
    "public_ips": ("ip_id", "public_ip"), "load_balancers": ("load_balancer_id", "load_balancer"),
    "nat_gateways": ("nat_gateway_id", None), "databases": ("database_id", "database"),
    "commitments": ("commitment_id", None), "clusters": ("cluster_id", "cluster"),
    "log_groups": ("log_group_id", "log_group"), "ml_endpoints": ("endpoint_id", "ml_endpoint"),
    "functions": ("function_id", "function"), "subnets": ("subnet_id", None),
}  # fmt: skip


def datasets_of(region: str) -> tuple[str, ...]:
    """The datasets that a region, a place of several, or the project as such has scopes of."""
    if region == GLOBAL:
        return DATASETS
    if not _REGION.match(region):
        return _OF_PLACES
    return tuple(name for name in DATASETS if name not in _OF_PROJECTS)


class Handing:
    """Hands over one project's datasets. `wanted` says which regions were asked for."""

    def __init__(self, crew: Crew, project: str, wanted: Callable[[str], bool]) -> None:
        self._crew, self._project, self._wanted = crew, project, wanted
        known = crew.stored(
            "SELECT region, dataset, status FROM coverage WHERE (cloud, account_id) = (?, ?)",
            (CLOUD, project),
        )
        self._before = {(str(one["region"]), str(one["dataset"])): str(one["status"]) for one in known}
        here = {region for region, dataset in self._before if dataset != "region_prices"}
        self.regions = {region for region in here if wanted(region)} - {GLOBAL}
        self._done: dict[str, set[str]] = {}
        self._missed: dict[str, FinopsError] = {}
        self._partly: set[str] = set()

    def scope(self, dataset: str, region: str = GLOBAL) -> Scope:
        """The scope of a dataset, of the project as such by default."""
        return Scope(CLOUD, self._project, region, dataset)

    def was_whole(self, region: str) -> bool:
        """Whether nothing that could have been measured was missing when metrics of a region were stored; also where
        something is missing still."""
        known = datasets_of(region)
        told = [
            self._before.get((region, name)) for name in ("metrics", "instances", "volumes") if name in known
        ]
        return region in self._partly or all(status == "complete" for status in told)

    def was_known(self, region: str, dataset: str) -> bool:
        """Whether a dataset and the metrics of a region were whole before this run."""
        told = {self._before.get((region, name)) for name in (dataset, "metrics")}
        return told == {"complete"}

    def bring(
        self,
        asked: Asked,
        transform: Callable[[Any], Rows],
        lists: Callable[[Any], Iterable[Listed]] | None = None,
        *,
        more_calls: int = 0,
    ) -> Rows | None:
        """Hands an answer over, or the reason why there is none; returns the rows of the regions asked for.

        `lists` are the lists in the answer, which know what could not be reached; `more_calls` went with it.
        """
        got, dataset = asked.future.result(), asked.scope.dataset
        calls = got.calls + more_calls
        if got.error is not None:
            self.missed(dataset, got.error, calls)
            return None
        try:
            rows = transform(got.value)
            lost = {place for each in (lists(got.value) if lists else ()) for place in each.unreachable}
        except ODD_SHAPES as error:
            told = f"{type(error).__name__}: {error}"
            sentence = f"The {what(asked.scope)} have a shape this version does not know ({told})."
            self.missed(dataset, FinopsError(sentence), calls)
            return None
        return self.whole(dataset, rows, calls=calls, problems=asked.problems, lost=lost)

    def missed(self, dataset: str, error: FinopsError, calls: int) -> None:
        """Says that a dataset could not be had; what is stored of it stays in every region."""
        self._missed[dataset], self._done[dataset] = error, set(self.regions)
        for region in sorted(self.regions):
            if dataset in datasets_of(region):
                self._crew.missed(self.scope(dataset, region), error, 0)
        self._crew.missed(self.scope(dataset), error, calls)

    def whole(
        self, dataset: str, rows: Rows, *, calls: int, problems: Iterable[str] = (), lost: Iterable[str] = ()
    ) -> Rows:
        """Says that a dataset is complete, but for the zones and regions that could not be reached; returns its rows
        with those that are stored of these."""
        told = list(problems)
        by_region = self._by_region(rows)
        by_place: dict[str, set[str]] = {}
        for place in lost:
            if place == SOMEWHERE or self._wanted(region_in(place)):
                by_place.setdefault(region_in(place), set()).add(place)
        everywhere = by_place.get(SOMEWHERE, set())
        self.regions |= set(by_region) | set(by_place)
        self.regions -= {GLOBAL, SOMEWHERE}
        self._done[dataset] = set(self.regions)
        now: Rows = {table: [] for table in rows}
        for region in sorted(self.regions):
            if dataset in datasets_of(region):
                unreached = sorted(by_place.get(region, set()) | everywhere)
                _add(now, self._hand(dataset, region, by_region.get(region, {}), unreached))
        # The question as such is not whole either, so that it is asked again before its answer is old.
        told += [_unreached(sorted(set().union(*by_place.values())))] if by_place else []
        unreached = sorted(by_place.get(GLOBAL, set()) | everywhere)
        own = self._kept(dataset, GLOBAL, by_region.get(GLOBAL, {}), unreached)
        self._crew.whole(self.scope(dataset), own, calls=calls, problems=told)
        return _add(now, own)

    def finish(self) -> None:
        """Gives each region that was found later its scope of every dataset: what is not there is none, and what could
        not be had is told there as well."""
        for dataset, done in self._done.items():
            for region in sorted(self.regions - done):
                if dataset not in datasets_of(region):
                    continue
                if dataset in self._missed:
                    self._crew.missed(self.scope(dataset, region), self._missed[dataset], 0)
                else:
                    self._crew.whole(self.scope(dataset, region), {}, calls=0)

    def _hand(self, dataset: str, region: str, rows: Rows, lost: list[str]) -> Rows:
        scope, kept = self.scope(dataset, region), self._kept(dataset, region, rows, lost)
        if lost and dataset in _ZONED:
            self._partly.add(region)
        if region in lost and not any(rows.values()):
            self._crew.missed(scope, CallError("partial", "Unreachable", _unreached(lost)), 0)
        else:
            self._crew.whole(scope, kept, calls=0, problems=[_unreached(lost)] if lost else [])
        return kept

    def _kept(self, dataset: str, region: str, rows: Rows, lost: list[str]) -> Rows:
        """The rows with those that are stored of what could not be reached."""
        if not lost or dataset not in _KEYS:
            return rows
        identity, kind = _KEYS[dataset]
        place, told = (CLOUD, self._project, region), {one[identity] for one in rows.get(dataset, ())}
        before = self._crew.stored(
            f"SELECT * FROM {dataset} WHERE (cloud, account_id, region) = (?, ?, ?)",  # noqa: S608
            place,
        )
        empty = not any(rows.values())
        mine = [
            one for one in before if one[identity] not in told and _is_lost(dataset, one, region, lost, empty)
        ]
        ids = {one[identity] for one in mine}
        tags = self._crew.stored(
            "SELECT * FROM tags WHERE (cloud, account_id, region, resource_type) = (?, ?, ?, ?)",
            (*place, kind),
        )
        kept = {dataset: mine, "tags": [one for one in tags if one["resource_id"] in ids]}
        return _add({table: list(found) for table, found in rows.items()}, kept)

    def _by_region(self, rows: Rows) -> Mapping[str, Rows]:
        found: dict[str, Rows] = {}
        for table, some in rows.items():
            for one in some:
                if self._wanted(str(one["region"])):
                    found.setdefault(str(one["region"]), {}).setdefault(table, []).append(one)
        return found


def _is_lost(dataset: str, row: Mapping[str, Any], region: str, lost: list[str], empty: bool) -> bool:
    """Whether a stored row is of a place that could not be reached; `empty`: nothing of its region was told."""
    if SOMEWHERE in lost or (region in lost and empty):
        return True
    if dataset in _ZONED:
        return row["zone"] in lost or (row["zone"] is None and region in lost)
    # Groups may be of a zone and do not tell which; all else is of a region or of none.
    return region in lost or dataset == "scaling_groups"


def _add(rows: Rows, more: Rows) -> Rows:
    """The rows with more of them."""
    for table, some in more.items():
        rows.setdefault(table, []).extend(some)
    return rows


def _unreached(places: Iterable[str]) -> str:
    names = ", ".join(places)
    return f"{names} could not be reached: what is there now is not known, and what was known before stays."
