"""What fills each dataset, and what Cloud Monitoring calls what is measured; docs/catalogue.md is written from it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from collectors.feeds import calls_of
from collectors.gcp import catalogue, kinds, measures, queries, types
from collectors.gcp.api import Api
from collectors.gcp.datasets import INVENTORY
from collectors.gcp.following import collect_metrics
from collectors.gcp.pricing import collect_prices

FEEDS: Mapping[str, Any] = {
    **INVENTORY,
    # Made of what other lists tell.
    "network_addresses": (INVENTORY["instances"], INVENTORY["load_balancers"], INVENTORY["public_ips"]),
    "instance_types": types,
    "metrics": collect_metrics,
    "prices": (collect_prices, catalogue),
    "spot_prices": (collect_prices, catalogue),
    "region_prices": (collect_prices, catalogue),
}


def calls() -> dict[str, list[Api]]:
    """The calls of each dataset."""
    found = {
        name: calls_of(Api, "collectors.gcp", *(root if isinstance(root, tuple) else (root,)))
        for name, root in FEEDS.items()
    }
    return {**found, "charges": calls_of(Api, "collectors.gcp", queries)}


def metrics() -> dict[tuple[str, str], list[str]]:
    """The names of Cloud Monitoring by table and our metric."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for measure in (*measures._ALWAYS, measures.GPU, measures.BALLOON):
        for table in ("instances", "volumes") if measure.by_device else ("instances",):
            found[table, measure.metric].add(measure.google)
    for kind in vars(kinds).values():
        if isinstance(kind, kinds.Kind):
            for told in kind.measures:
                found[kind.table, told.measure.metric] |= {source.google for source in told.sources}
    return {key: sorted(names) for key, names in sorted(found.items())}
