"""`traffic` and its coverage, from all flow logs that are loaded and the inventory as it is now."""

from datetime import datetime
from functools import cache
from importlib.resources import files

import duckdb

from collectors.flow_logs.reading import macros


@cache
def _sql() -> str:
    return files(__package__).joinpath("telling.sql").read_text(encoding="utf-8")


def tell_traffic(con: duckdb.DuckDBPyConnection, *, at: datetime, run_id: str) -> None:
    """Writes the rows of `traffic` that come from flow logs anew, and their coverage, in one transaction.

    To be called whenever flow logs were loaded or the inventory was renewed; it does nothing where none are loaded.
    """
    row = con.execute("SELECT count(*) FROM flow_files").fetchone()
    if not row or not row[0]:
        return
    con.execute(macros())
    con.begin()
    try:
        con.execute(_sql())
        con.execute("DELETE FROM coverage WHERE dataset = 'traffic' AND status IN ('complete', 'partial')")
        con.execute(_COVERAGE, {"at": at, "run_id": run_id})
        con.commit()
    except BaseException:
        con.rollback()
        raise


# An account and region is partial while records of its logs could not be read or were lost by the cloud.
_COVERAGE = """
INSERT INTO coverage
WITH doubts AS (
    SELECT cloud, account_id, sum(rejected) AS rejected, sum(skipped) AS skipped
    FROM (SELECT cloud, unnest(string_split(account_id, ',')) AS account_id, rejected, skipped FROM flow_files)
    WHERE account_id <> ''
    GROUP BY ALL
), held AS (
    SELECT cloud, account_id, region, count(*) AS rows, max(day) + INTERVAL 1 DAY AS until
    FROM traffic WHERE source = 'flow log' GROUP BY ALL
    UNION ALL
    SELECT cloud, account_id, 'global', 0, NULL FROM doubts
    WHERE (cloud, account_id) NOT IN (SELECT (cloud, account_id) FROM traffic WHERE source = 'flow log')
)
SELECT h.cloud, h.account_id, h.region, 'traffic',
    if(coalesce(rejected, 0) + coalesce(skipped, 0) > 0, 'partial', 'complete'),
    nullif(concat_ws(' and ',
        CASE WHEN rejected > 0
            THEN format('{:,} records of its flow logs could not be read', CAST(rejected AS BIGINT)) END,
        CASE WHEN skipped > 0 THEN format('the cloud lost records of {:,} windows', CAST(skipped AS BIGINT)) END), ''),
    rows, 0, least(until, $at), $at, $run_id
FROM held AS h LEFT JOIN doubts USING (cloud, account_id)
WHERE (h.cloud, h.account_id, h.region, 'traffic') NOT IN (SELECT (cloud, account_id, region, dataset) FROM coverage)
"""
