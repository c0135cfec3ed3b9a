"""What took the place of things that are gone and costs since: snapshots made of them, new ones of the same name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import duckdb

from finops.history.resolving import Resolved


def with_replacements(con: duckdb.DuckDBPyConnection, resolved: Iterable[Resolved]) -> list[Resolved]:
    """The same outcomes; those that are gone say what the inventory holds in their place."""
    outcomes = list(resolved)
    gone = [one.id for one in outcomes if one.resolution == "gone"]
    if not gone:
        return outcomes
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for finding, name, why in con.execute(_REPLACEMENTS, {"gone": gone}).fetchall():
        found[finding].append((name, why))
    return [replace(one, replaced_by=tuple(found[one.id])) if one.id in found else one for one in outcomes]


# Made after the finding was last open. A name stands for the same thing only where nothing else of the kind bears it.
_REPLACEMENTS = """
WITH went AS (
    SELECT id, cloud, account, region, resource_type, resource_id, resource_name, cells,
        least(last_seen, coalesce(observed_at, last_seen)) AS since
    FROM finding_history
    WHERE list_contains($gone, id) AND cells IS NOT NULL
),
cells AS (
    SELECT DISTINCT w.id, w.cloud, w.account, w.region, w.since, c.value ->> 0 AS resource_id
    FROM went AS w, json_each(w.cells) AS c
),
named AS (
    SELECT cloud, account_id, region, 'instance' AS resource_type, instance_id AS resource_id, name,
        launched_at AS created_at
    FROM instances
    UNION ALL
    SELECT cloud, account_id, region, 'volume', volume_id, name, created_at FROM volumes
),
only_ones AS (
    SELECT cloud, account_id, region, resource_type, name, min(resource_id) AS resource_id,
        min(created_at) AS created_at
    FROM named
    WHERE name <> ''
    GROUP BY cloud, account_id, region, resource_type, name
    HAVING count(*) = 1
)
SELECT c.id, s.snapshot_id AS replacement, 'a snapshot of ' || c.resource_id || ' made since' AS why
FROM cells AS c
JOIN snapshots AS s
    ON s.cloud = c.cloud AND s.account_id = c.account AND s.volume_id = c.resource_id AND s.created_at > c.since
UNION
SELECT w.id, n.resource_id, 'of the same name and made since'
FROM went AS w
JOIN only_ones AS n
    ON n.cloud = w.cloud AND n.account_id = w.account AND n.region = w.region AND n.resource_type = w.resource_type
    AND n.name = w.resource_name AND n.resource_id <> w.resource_id AND n.created_at > w.since
ORDER BY ALL
"""
