"""Bytes that a bill meters, into `traffic`: between zones and regions, to the internet, over public addresses, by NAT.

Which lines meter bytes is told by finops/meters.csv. A bill knows one end of a transfer: the sender of what goes out,
the receiver of what comes in. AWS meters a transfer between zones at both ends, in two lines; of lines that do not say
which end they are, the resource counts as the sender.
"""

import duckdb

from finops import meters

# Where the bytes of a flow go: `path` of the table traffic.
_PATHS = {
    "cross_zone": "private",
    "inter_region": "private",
    "internet": "public",
    "nat": "nat",
    "public_ip": "public",
}
# FOCUS's categories tell no flow: without them there is less to read.
_TELLING = {name: told for name, told in meters.METER.items() if name not in ("category", "subcategory")}
_METER = ", ".join(f"{expression} AS {name}" for name, expression in _TELLING.items())
_SAME_METER = " AND ".join(f"f.{name} = {expression}" for name, expression in _TELLING.items())


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """Tells `traffic` anew for every account and day whose charges changed since partitions.forget_touched().

    Runs inside the transaction of those charges and reads the temporary table `touched`; the macros of
    finops.meters are on the connection.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS SELECT cloud, account_id, CAST(min(first) AS DATE) AS first, "
        "CAST(max(last) AS DATE) + 1 AS after FROM touched WHERE first IS NOT NULL GROUP BY ALL"
    )
    con.execute(
        "DELETE FROM traffic USING changed WHERE source = 'bill' AND traffic.cloud = changed.cloud "
        "AND traffic.account_id = changed.account_id AND day >= first AND day < after"
    )
    # In steps, because taking the patterns of all clouds in costs more than most bills have to be looked through.
    for step in (_CANDIDATES, _FLOWING):
        row = con.execute(step).fetchone()
        if not row or not row[0]:
            return
    con.execute(_INSERT)


_CHANGED_CHARGES = """
    FROM charges JOIN changed ON x_Cloud = changed.cloud AND x_AccountId = changed.account_id
    {more}
    WHERE ChargeCategory = 'Usage' AND (is_bytes(ConsumedUnit) OR is_bytes(PricingUnit))
      AND ChargePeriodStart >= first AND ChargePeriodStart < after
"""
_CANDIDATES = f"""
CREATE OR REPLACE TEMP TABLE candidates AS SELECT DISTINCT {_METER} {_CHANGED_CHARGES.format(more="")}
"""
_FLOWING = f"""
CREATE OR REPLACE TEMP TABLE flowing AS
SELECT *, split_part(flow, ' ', 1) AS kind, split_part(flow, ' ', 2) AS direction, split_part(flow, ' ', 3) AS priced
FROM (SELECT *, charge_flow({", ".join(_TELLING)}, '', '') AS flow FROM candidates)
WHERE flow IS NOT NULL
"""  # noqa: S608 - put together from constants
_INSERT = f"""
INSERT INTO traffic BY NAME
SELECT cloud, account_id, region, source_resource, source_zone, destination_resource, destination_zone,
    destination_region, day, sum(gib) * 1073741824 AS bytes, path, 'bill' AS source, kind
FROM (
    SELECT x_Cloud AS cloud, x_AccountId AS account_id, coalesce(RegionId, 'global') AS region,
        CASE WHEN direction <> 'in' THEN x_ResourceKey END AS source_resource,
        CASE WHEN direction <> 'in' THEN AvailabilityZone END AS source_zone,
        CASE WHEN direction = 'in' THEN x_ResourceKey END AS destination_resource,
        CASE WHEN direction = 'in' THEN AvailabilityZone END AS destination_zone,
        CASE WHEN kind IN ('cross_zone', 'public_ip') THEN RegionId
             WHEN kind = 'inter_region' THEN TRY(SkuPriceDetails ->> 'to_region_code') END AS destination_region,
        CAST(CAST(ChargePeriodStart AS DATE) AS TIMESTAMP) AS day,
        coalesce(consumed(ConsumedQuantity, ConsumedUnit), consumed(PricingQuantity, PricingUnit)) AS gib,
        CASE kind {" ".join(f"WHEN '{kind}' THEN '{path}'" for kind, path in _PATHS.items())} END AS path,
        kind
    {_CHANGED_CHARGES.format(more=f"JOIN flowing AS f ON {_SAME_METER}")}
      AND (priced = '' OR x_Cost <> 0)
)
WHERE gib <> 0
GROUP BY ALL
"""  # noqa: S608 - put together from constants
