"""The detailed billing export as a table: hourly rows of what runs, with credits as records, and a tax without a project."""

import threading
from datetime import datetime, timedelta
from typing import Any

import duckdb

from tests.servers.gcp import prices
from tests.servers.gcp.machine_types import BILLED, SHARED, billed, family
from tests.servers.gcp.state import BILLING_ACCOUNT, WORLD, Item, Project

DATASET = "billing"
TABLE = "gcp_billing_export_resource_v1_" + BILLING_ACCOUNT.replace("-", "_")
PAIRS = "STRUCT(key VARCHAR, value VARCHAR)[]"
COLUMNS = f"""
  billing_account_id VARCHAR, service STRUCT(id VARCHAR, description VARCHAR), sku STRUCT(id VARCHAR, description VARCHAR),
  usage_start_time TIMESTAMP, usage_end_time TIMESTAMP,
  project STRUCT(id VARCHAR, "number" VARCHAR, name VARCHAR, labels {PAIRS}, ancestry_numbers VARCHAR), labels {PAIRS}, system_labels {PAIRS},
  location STRUCT(location VARCHAR, country VARCHAR, region VARCHAR, zone VARCHAR), resource STRUCT(name VARCHAR, global_name VARCHAR),
  export_time TIMESTAMP, cost DOUBLE, currency VARCHAR, currency_conversion_rate DOUBLE,
  usage STRUCT(amount DOUBLE, unit VARCHAR, amount_in_pricing_units DOUBLE, pricing_unit VARCHAR),
  credits STRUCT(name VARCHAR, amount DOUBLE, full_name VARCHAR, id VARCHAR, type VARCHAR)[],
  invoice STRUCT(month VARCHAR, publisher_type VARCHAR), cost_type VARCHAR, cost_at_list DOUBLE, _PARTITIONTIME TIMESTAMP
"""
_LOCK = threading.RLock()
_MADE: dict[str, Any] = {}


def table() -> duckdb.DuckDBPyConnection:
    """The table of the estate as it is, made when first asked for."""
    with _LOCK:
        if _MADE.get("revision") != WORLD.revision:
            _MADE.update(revision=WORLD.revision, connection=made())
        connection: duckdb.DuckDBPyConnection = _MADE["connection"]
        return connection.cursor()


def made() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE export ({COLUMNS})")
    connection.execute(
        "CREATE TABLE charge (project VARCHAR, number VARCHAR, title VARCHAR, id VARCHAR, name VARCHAR, kind VARCHAR, place VARCHAR, "
        "region VARCHAR, zone VARCHAR, sku VARCHAR, amount DOUBLE, unit VARCHAR, cost DOUBLE, credit VARCHAR, begins TIMESTAMP, ends TIMESTAMP)"
    )
    rows = [row for project in WORLD.projects.values() for row in charges(project)]
    if rows:
        connection.executemany(f"INSERT INTO charge VALUES ({', '.join('?' * 16)})", rows)
    end = WORLD.now().replace(hour=0, minute=0, second=0, microsecond=0)
    connection.execute(
        HOURS, {"account": BILLING_ACCOUNT, "first": end - timedelta(days=WORLD.bill_days), "end": end}
    )
    connection.execute(TAX, {"account": BILLING_ACCOUNT, "end": end})
    return connection


# Every eighth row arrives three days late, in a later partition of a table that is cut by arrival.
HOURS = """
INSERT INTO export SELECT $account, {'id': '6F81-5844-456A', 'description': 'Compute Engine'}, {'id': md5(sku)[:14], 'description': sku},
  h, h + INTERVAL 1 HOUR, {'id': project, 'number': number, 'name': title, 'labels': [], 'ancestry_numbers': '/433637338589/'},
  CASE WHEN kind = 'instances' THEN [{'key': 'env', 'value': 'prod'}] ELSE [] END, [],
  {'location': region, 'country': 'US', 'region': region, 'zone': zone},
  {'name': name, 'global_name': '//compute.googleapis.com/projects/' || number || '/' || place || '/' || kind || '/' || id},
  h + late, cost, 'USD', 1.0, {'amount': amount * 3600, 'unit': 'seconds', 'amount_in_pricing_units': amount, 'pricing_unit': unit},
  CASE WHEN credit = '' THEN [] ELSE [{'name': credit, 'amount': -round(cost * 0.2, 6), 'full_name': credit, 'id': credit, 'type': credit}] END,
  {'month': strftime(h - INTERVAL 8 HOUR, '%Y%m'), 'publisher_type': 'GOOGLE'}, 'regular', cost, date_trunc('day', h + late)
FROM (SELECT charge.*, h, CASE WHEN hash(id, h) % 8 = 0 THEN INTERVAL 72 HOUR ELSE INTERVAL 5 HOUR END AS late
      FROM charge, range(CAST($first AS TIMESTAMP), CAST($end AS TIMESTAMP), INTERVAL 1 HOUR) AS hours(h)
      WHERE h >= begins AND (ends IS NULL OR h < ends)) WHERE h + late < CAST($end AS TIMESTAMP)
"""
TAX = """
INSERT INTO export BY NAME SELECT $account AS billing_account_id, {'id': '', 'description': 'Invoice'} AS service, {'id': '', 'description': 'Tax'} AS sku,
  CAST($end AS TIMESTAMP) - INTERVAL 2 DAY AS usage_start_time, CAST($end AS TIMESTAMP) - INTERVAL 1 DAY AS usage_end_time, 12.34 AS cost, 'USD' AS currency,
  1.0 AS currency_conversion_rate, [] AS credits, [] AS labels, [] AS system_labels, 'tax' AS cost_type, CAST($end AS TIMESTAMP) - INTERVAL 1 DAY AS export_time,
  {'month': strftime(CAST($end AS TIMESTAMP) - INTERVAL 2 DAY, '%Y%m'), 'publisher_type': 'GOOGLE'} AS invoice, CAST($end AS TIMESTAMP) - INTERVAL 1 DAY AS _PARTITIONTIME
"""


def charges(project: Project) -> list[tuple[Any, ...]]:
    """What costs by the hour in a project: cores and memory while a machine runs, disks always."""
    found = []
    for scope, item in project.every("instances"):
        machine = item.get("_type", "e2-standard-2")
        if machine in SHARED and machine not in BILLED:
            continue
        name, region, spot = family(machine), scope.partition("/")[2][:-2], item["scheduling"]["preemptible"]
        cpus, gib = billed(machine)
        for memory, amount in ((False, float(cpus)), (True, float(gib))):
            stem = f"{'Spot Preemptible ' if spot else ''}{prices.FAMILIES[name][0]} {'Ram' if memory else 'Core'} running in {region}"
            cost = float(prices.core(name, region, spot, "custom" in machine, memory)) * amount
            credit = {"n1": "SUSTAINED_USAGE_DISCOUNT", "n2": "COMMITTED_USAGE_DISCOUNT"}.get(name, "")
            unit = "gibibyte hour" if memory else "hour"
            found.append(
                charge(
                    project,
                    scope,
                    "instances",
                    item,
                    stem,
                    amount,
                    unit,
                    cost,
                    "" if spot else credit,
                    item.get("_stopped_at"),
                )
            )
    for scope, item in project.every("disks"):
        kind, region = item["type"].rpartition("/")[2], scope.partition("/")[2]
        region = region[:-2] if scope.startswith("zones/") else region
        cost = float(prices.DISKS[kind]) * int(item["sizeGb"]) / 730 * float(prices.factor(region))
        found.append(
            charge(
                project,
                scope,
                "disks",
                item,
                f"{kind} Capacity in {region}",
                int(item["sizeGb"]) / 730,
                "gibibyte month",
                cost,
                "",
                None,
            )
        )
    return found


def charge(
    project: Project, scope: str, kind: str, item: Item, sku: str, amount: float, unit: str, cost: float, credit: str, ends: datetime | None
) -> tuple[Any, ...]:  # fmt: skip
    where = scope.partition("/")[2]
    region, zone = (where[:-2], where) if scope.startswith("zones/") else (where, None)
    return (
        project.id,
        project.number,
        project.name,
        item["id"],
        item["name"],
        kind,
        scope,
        region,
        zone,
        sku,
        amount,
        unit,
        round(cost, 6),
        credit,
        item["_from"],
        ends,
    )
