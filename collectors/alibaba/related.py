"""A place that is collected, and what is asked because of what was found there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.alibaba import clusters, groups, inventory, metrics
from collectors.alibaba.answers import utc
from collectors.alibaba.client import Client, Session
from collectors.conduct import ODD_SHAPES, Crew
from collectors.hours import Newest
from collectors.regions import Asked, what
from finops.warehouse import Scope

CLOUD = "alibaba"


@dataclass(frozen=True, slots=True)
class Place:
    """One account in one region, or what an account has once (region 'global')."""

    session: Session
    region: str
    at: datetime
    days: int
    newest: Newest = field(default_factory=dict)

    def scope(self, dataset: str) -> Scope:
        return Scope(CLOUD, self.session.account, self.region, dataset)

    @property
    def client(self) -> Client:
        return self.session.client(self.region)


class Related:
    """What is asked because of what was found, and what it tells of the instances; problems are told with them."""

    def __init__(self, place: Place, crew: Crew, raw: Mapping[str, Any], asked: Mapping[str, Asked]) -> None:
        self._place, self._crew, self._asked = place, crew, asked
        self.instances: list[dict[str, Any]] | None = raw.get("instances")
        self._problems = asked["instances"].problems if "instances" in asked else []
        self.members: Mapping[str, str] = {}
        self.renewals: Mapping[str, bool] = {}
        self.off_since: Mapping[str, datetime] = {}
        self.calls_of: dict[str, int] = {}
        # Of addresses: rows of public ones, and NAT gateways as they are told; None where they were not asked for.
        self.public_ips: list[dict[str, Any]] | None = None
        self.gateways: list[dict[str, Any]] | None = None
        self.pools = self._pools(raw)
        machines = [one for one in self.instances or () if isinstance(one, dict)]
        if machines:
            self.members = self._known(self._who_is_where, machines, raw.get("scaling_groups"))
            self.renewals = self._who_renews(machines)
            self.off_since = self._known(self._who_is_off, machines)

    def _pools(self, raw: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """What node pools tell of their groups; asked for here where there are groups and no clusters were asked for.
        None where that could not be had."""
        if "clusters" in self._asked:
            error = self._asked["clusters"].future.result().error
            if error is not None:
                return [] if getattr(error, "status", None) == "skipped" else None
            return self._listed(raw.get("clusters"))
        if not raw.get("scaling_groups"):
            return []
        problems = self._asked["scaling_groups"].problems
        got = self._crew.get("clusters", clusters.get_clusters, self._place.client, problems).result()
        self.calls_of["scaling_groups"] = got.calls
        if got.error is not None and getattr(got.error, "status", None) != "skipped":
            problems.append(str(got.error))
            return None
        return self._listed(got.value or [])

    def _listed(self, raw: Any) -> list[dict[str, Any]] | None:
        try:
            return list(clusters.pools_of(raw))
        except ODD_SHAPES:  # which the clusters themselves tell
            return None

    def _known(self, find: Callable[..., Mapping[str, Any]], *raw: Any) -> Mapping[str, Any]:
        """What raw resources lead to; nothing, and a word, where one of them is not built as we know it."""
        try:
            return find(*raw)
        except ODD_SHAPES as error:
            told = f"{type(error).__name__}: {error}"[:200]
            about = what(self._place.scope("instances"))
            self._problems.append(f"Some of the {about} have a shape this version does not know ({told}).")
            return {}

    def _who_is_where(self, machines: list[dict[str, Any]], listed: Any) -> Mapping[str, str]:
        """Members of groups. ESS marks those that it makes; those that were put into a group have to be asked for, and
        also where it cannot be read which groups there are."""
        marked = sum(inventory.GROUP_TAG in inventory.tags_of(one) for one in machines)
        told = sum(groups.members_of(one) for one in listed or ())
        asks = told > marked or self._could_not("scaling_groups")
        return self._get("members", groups.get_members, self._place.client) if asks else {}

    def _could_not(self, dataset: str) -> bool:
        """Whether a dataset was asked for and could not be had, though it is there."""
        error = self._asked[dataset].future.result().error if dataset in self._asked else None
        return error is not None and getattr(error, "status", None) != "skipped"

    def _who_renews(self, machines: list[dict[str, Any]]) -> Mapping[str, bool]:
        """Asked once for all regions of the account."""
        if not any(one.get("InstanceChargeType") == "PrePaid" for one in machines):
            return {}
        session = self._place.session
        with self._crew.sharing(("renewals", session.account)) as asked:
            if not asked:
                asked.append(self._crew.get("renewals", inventory.get_renewals, session))
                self._count(1)
        got = asked[0].result()
        self._problems += [str(got.error)] if got.error else []
        return got.value or {}

    def _who_is_off(self, machines: list[dict[str, Any]]) -> Mapping[str, datetime]:
        off = {
            str(one["InstanceId"]): utc(one.get("StartTime"))
            for one in machines
            if one.get("Status") == "Stopped"
        }
        if not off:
            return {}
        return self._get("hours", metrics.get_off_since, self._place.client, list(off), off, self._place.at)

    def _get(self, name: str, get: Callable[..., Mapping[str, Any]], *arguments: Any) -> Mapping[str, Any]:
        got = self._crew.get(f"{name} of region {self._place.region}", get, *arguments).result()
        self._count(got.calls)
        self._problems += [str(got.error)] if got.error else []
        return got.value or {}

    def _count(self, calls: int) -> None:
        self.calls_of["instances"] = self.calls_of.get("instances", 0) + calls
