"""Commitments that were proposed and bought: seen among those held, or on the machine that pays by subscription now."""

from collections.abc import Iterable

import duckdb

from finops.history.resolving import Open

_SUBSCRIPTION = "subscription/"  # how a finding names a machine that should pay by subscription


def bought(con: duckdb.DuckDBPyConnection, known: Iterable[Open]) -> set[str]:
    """The ids of purchases that somebody made after they were last proposed."""
    wanted = [one for one in known if one.action == "buy"]
    if not wanted:
        return set()
    started = con.execute(
        "SELECT cloud, account_id, max(started_at) FROM commitments WHERE state = 'active' AND started_at IS NOT NULL "
        "GROUP BY cloud, account_id"
    ).fetchall()
    newest = {(cloud, account): at for cloud, account, at in started}
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
        if (place in newest and newest[place] > since) or (*place, machine) in subscribed:
            made.add(one.id)
    return made
