"""Commitments that were proposed and bought: seen among those held, or on the machine that pays by subscription now."""

from collections.abc import Iterable

import duckdb

from finops.history.resolving import Open

_SUBSCRIPTION = "subscription/"  # how a finding names a machine that should pay by subscription
_EVERYWHERE = "global"


def bought(con: duckdb.DuckDBPyConnection, known: Iterable[Open]) -> set[str]:
    """The ids of purchases that somebody made after they were last proposed.

    Any commitment that began since counts that may cover the region: an alternative is often what was bought.
    """
    wanted = [one for one in known if one.action == "buy"]
    if not wanted:
        return set()
    started = con.execute(
        "SELECT cloud, account_id, region, max(started_at) FROM commitments WHERE state = 'active' "
        "AND started_at IS NOT NULL AND kind <> 'resource_package' GROUP BY cloud, account_id, region"
    ).fetchall()
    subscribed = set(
        con.execute(
            "SELECT cloud, account_id, instance_id FROM instances WHERE purchase_model = 'subscription'"
        ).fetchall()
    )
    made = set()
    for one in wanted:
        place = (one.named.cloud, one.named.account)
        machine = one.named.resource_id.removeprefix(_SUBSCRIPTION)
        since = one.observed_at or one.last_seen
        began = any(
            (cloud, account) == place
            and (region == one.named.region or _EVERYWHERE in (region, one.named.region))
            and at > since
            for cloud, account, region, at in started
        )
        if began or (*place, machine) in subscribed:
            made.add(one.id)
    return made
