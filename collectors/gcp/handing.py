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
from collectors.gcp.listing import CLOUD, Listed, region_in
from collectors.regions import Asked, what
from collectors.scopes import GLOBAL
from finops.errors import FinopsError
from finops.warehouse import Scope

# In the order they are shown in.
DATASETS = (
    "instances", "instance_types", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "databases", "buckets", "commitments", "metrics", "prices", "spot_prices",
)  # fmt: skip
_OF_PROJECTS = ("instance_types",)  # which no region has for itself
_OF_PLACES = ("buckets",)  # that a place of several regions, such as `eu`, can have
_REGION = re.compile(r"^[a-z]+-[a-z]+\d+$")
_ZONED = {"instances": ("instance_id", "instance"), "volumes": ("volume_id", "volume")}


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
            "SELECT DISTINCT region FROM coverage WHERE (cloud, account_id) = (?, ?)", (CLOUD, project)
        )
        self.regions = {str(one["region"]) for one in known if wanted(str(one["region"]))} - {GLOBAL}
        self._done: dict[str, set[str]] = {}

    def scope(self, dataset: str, region: str = GLOBAL) -> Scope:
        """The scope of a dataset, of the project as such by default."""
        return Scope(CLOUD, self._project, region, dataset)

    def bring(
        self,
        asked: Asked,
        transform: Callable[[Any], Rows],
        lists: Callable[[Any], Iterable[Listed]] | None = None,
    ) -> Rows | None:
        """Hands an answer over, or the reason why there is none; returns the rows of the regions asked for.

        `lists` are the lists in the answer, which know what could not be reached.
        """
        got, dataset = asked.future.result(), asked.scope.dataset
        if got.error is not None:
            self.missed(dataset, got.error, got.calls)
            return None
        try:
            rows = transform(got.value)
            lost = {place for each in (lists(got.value) if lists else ()) for place in each.unreachable}
        except ODD_SHAPES as error:
            told = f"{type(error).__name__}: {error}"
            sentence = f"The {what(asked.scope)} have a shape this version does not know ({told})."
            self.missed(dataset, FinopsError(sentence), got.calls)
            return None
        return self.whole(dataset, rows, calls=got.calls, problems=asked.problems, lost=lost)

    def missed(self, dataset: str, error: FinopsError, calls: int) -> None:
        """Says that a dataset could not be had; what is stored of it stays in every region."""
        for region in sorted(self.regions):
            if dataset in datasets_of(region):
                self._crew.missed(self.scope(dataset, region), error, 0)
        self._crew.missed(self.scope(dataset), error, calls)

    def whole(
        self, dataset: str, rows: Rows, *, calls: int, problems: Iterable[str] = (), lost: Iterable[str] = ()
    ) -> Rows:
        """Says that a dataset is complete, but for the zones and regions that could not be reached."""
        told = list(problems)
        by_region = self._by_region(rows)
        by_place: dict[str, set[str]] = {}
        for place in lost:
            by_place.setdefault(region_in(place), set()).add(place)
        self.regions |= set(by_region) | {one for one in by_place if self._wanted(one)}
        self.regions -= {GLOBAL}
        self._done[dataset] = set()
        for region in sorted(self.regions):
            if dataset in datasets_of(region):
                self._hand(dataset, region, by_region.get(region, {}), sorted(by_place.get(region, ())))
        # The question as such is not whole either, so that it is asked again before its answer is old.
        told += [_unreached(sorted(set().union(*by_place.values())))] if by_place else []
        self._crew.whole(self.scope(dataset), by_region.get(GLOBAL, {}), calls=calls, problems=told)
        return {
            table: [one for one in found if self._wanted(str(one["region"]))] for table, found in rows.items()
        }

    def finish(self) -> None:
        """Gives each region in use its scope of every dataset that was had: what is not there is none."""
        for dataset, done in self._done.items():
            for region in sorted(self.regions - done):
                if dataset in datasets_of(region):
                    self._crew.whole(self.scope(dataset, region), {}, calls=0)

    def _hand(self, dataset: str, region: str, rows: Rows, lost: list[str]) -> None:
        scope = self.scope(dataset, region)
        self._done[dataset].add(region)
        if region in lost and not any(rows.values()):
            self._crew.missed(scope, CallError("partial", "Unreachable", _unreached(lost)), 0)
            return
        kept = self._kept(dataset, region, rows, lost)
        self._crew.whole(scope, kept, calls=0, problems=[_unreached(lost)] if lost else [])

    def _kept(self, dataset: str, region: str, rows: Rows, lost: list[str]) -> Rows:
        """The rows with those that are stored of zones that could not be reached."""
        if not lost or dataset not in _ZONED:
            return rows
        identity, kind = _ZONED[dataset]
        place = (CLOUD, self._project, region)
        told = {one[identity] for one in rows.get(dataset, ())}
        marks = ", ".join("?" * len(lost))
        before = self._crew.stored(
            f"SELECT * FROM {dataset} WHERE (cloud, account_id, region) = (?, ?, ?) AND zone IN ({marks})",  # noqa: S608
            (*place, *lost),
        )
        mine = [one for one in before if one[identity] not in told]
        ids = {one[identity] for one in mine}
        tags = self._crew.stored(
            "SELECT * FROM tags WHERE (cloud, account_id, region, resource_type) = (?, ?, ?, ?)",
            (*place, kind),
        )
        return {
            **rows,
            dataset: [*rows.get(dataset, ()), *mine],
            "tags": [*rows.get("tags", ()), *(one for one in tags if one["resource_id"] in ids)],
        }

    def _by_region(self, rows: Rows) -> Mapping[str, Rows]:
        found: dict[str, Rows] = {}
        for table, some in rows.items():
            for one in some:
                if self._wanted(str(one["region"])):
                    found.setdefault(str(one["region"]), {}).setdefault(table, []).append(one)
        return found


def _unreached(places: Iterable[str]) -> str:
    names = ", ".join(places)
    return f"{names} could not be reached: what is there now is not known, and what was known before stays."
