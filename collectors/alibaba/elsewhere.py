"""What the types in use would cost in a few other regions of the same part of the world.

Billing tells fifty prices a call, and none of them when one type is not sold there: so it is asked first what is. Each
region that is asked takes two calls; only those are asked that are known to be cheap, and at most fifty types.
"""

from collections.abc import Iterable
from typing import Any

from collectors.alibaba import instance_types, prices
from collectors.alibaba.client import Session
from collectors.alibaba.related import CLOUD, Place
from collectors.calls import CallError
from collectors.conduct import Crew
from collectors.regions import Estate, Problems, ask_telling, without_machines
from finops.warehouse import Scope

# Regions that are often the cheapest of a part of the world, by the beginning of the region's id; the longest counts.
_CHEAP: dict[str, tuple[str, ...]] = {
    "cn-": ("cn-wulanchabu", "cn-heyuan", "cn-zhangjiakou"),
    "cn-hongkong": ("ap-southeast-5", "ap-southeast-3", "ap-southeast-1"),
    "ap-": ("ap-southeast-5", "ap-southeast-3", "ap-southeast-1"),
    "us-": ("us-east-1", "us-west-1"),
    "eu-": ("eu-central-1", "eu-west-1"),
    "me-": ("me-central-1", "me-east-1"),
}
_MOST = prices.GET_PRICES.page  # types that are asked about


def regions_for(region: str) -> tuple[str, ...]:
    """The other regions that are asked."""
    fitting = [prefix for prefix in _CHEAP if region.startswith(prefix)]
    return tuple(one for one in _CHEAP.get(max(fitting, key=len, default=""), ()) if one != region)


def collect_region_prices(place: Place, crew: Crew, estate: Estate) -> None:
    """Prices in other regions, each in the scope of its region; whatever was asked before in this run is left out."""
    scope = place.scope("region_prices")
    if not crew.wants(scope):
        return
    used = {
        str(one["instance_type"])
        for one in estate.running
        if one["instance_type"] and one["platform"] in ("linux", None)
    }
    if not used:
        without_machines(crew, scope, estate)
        return
    with crew.sharing("elsewhere"):
        new = {
            region: sorted(name for name in used if crew.first(("elsewhere", region, name)))[:_MOST]
            for region in regions_for(place.region)
        }
    asked = ask_telling(scope, crew, get_elsewhere, place.session, new)
    got = asked.future.result()
    if got.error is not None:
        crew.missed(scope, got.error, got.calls)
        return
    for region, found in (got.value or {}).items():
        there = Scope(CLOUD, scope.account_id, region, "region_prices")
        crew.whole(there, {"prices": prices.transform_list(found, there, place.at)["prices"]}, calls=0)
    crew.whole(scope, {}, calls=got.calls, problems=[*asked.problems, *estate.why("instances")])


def get_elsewhere(
    session: Session, wanted: dict[str, list[str]], problems: Problems
) -> dict[str, list[dict[str, Any]]]:
    """Raw prices by region; regions that the account cannot use, and types they do not have, are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for region, names in wanted.items():
        told: Problems = []
        offered = instance_types.get_offered(session.client(region), told) if names else None
        sold = [name for name in names if name in (offered or ())]
        if told:
            problems += told  # for one region, so for the others
            return found
        if sold:
            try:
                found[region] = _prices(session, region, sold)
            except CallError as error:
                problems.append(str(error))
                return found
    return found


def _prices(session: Session, region: str, names: Iterable[str]) -> list[dict[str, Any]]:
    return list(prices.listed_by_billing(session, region, "linux", sorted(names)))
