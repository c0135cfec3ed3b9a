"""Who talks to whom in the sample, as flow logs would have it: rows of `traffic`, one a day and pair."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from collectors.sample.bill import TALKERS
from collectors.sample.estate import Machine

_DAYS = 30
# Whose machines answer: the first of them that is in another zone.
_PEERS = {"shop-api": "orders-db", "orders-db": "shop-api", "store-db": "store-web", "shop-web": "shop-api"}


def traffic_rows(machines: Iterable[Machine], as_of: datetime) -> list[dict[str, Any]]:
    """What each talker sends to its peer in another zone: the bytes that its bill has, named."""
    here = list(machines)
    return [row for one in here for row in _rows(one, here, as_of)]


def _rows(machine: Machine, here: list[Machine], as_of: datetime) -> Iterator[dict[str, Any]]:
    group = machine.name.rsplit("-", 1)[0]
    peer = next(
        (one for one in here if one.name.startswith(_PEERS.get(group, "?")) and one.zone != machine.zone),
        None,
    )
    if peer is None:
        return
    for back in range(1, _DAYS + 1):
        yield {
            "cloud": machine.cloud,
            "account_id": machine.account,
            "region": machine.region,
            "source_resource": machine.id,
            "source_zone": machine.zone,
            "destination_resource": peer.id,
            "destination_zone": peer.zone,
            "destination_region": peer.region,
            "day": as_of - timedelta(days=back),
            "bytes": float(TALKERS[group]) * 1024**3,
            "path": "private",
            "source": "flow log",
            "flow_source": "sample",
        }
