"""The billing exports as tables: rows of every hour of the ledger's lines, as Google tells them, and their exact sums."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from tests.servers.gcp import costing, flow_tables
from tests.servers.gcp.ledger import NAMES, UNITS, Line
from tests.servers.gcp.places import region_of
from tests.servers.gcp.state import BILLING_ACCOUNT, ORGANIZATION, WORLD, Project, month_start

DATASET = "billing"
_SUFFIX = BILLING_ACCOUNT.replace("-", "_")
TABLE = "gcp_billing_export_resource_v1_" + _SUFFIX
STANDARD = "gcp_billing_export_v1_" + _SUFFIX
FOCUS = "focus_v1_0"
# What may be asked: the table's name, and what DuckDB has of it.
TABLES = {TABLE: "export", STANDARD: "standard", FOCUS: "focus"}
_LOCK = threading.RLock()
_MADE: dict[str, Any] = {}

_PAIR = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))
_CREDIT = pa.list_(
    pa.struct([("type", pa.string()), ("name", pa.string()), ("id", pa.string()), ("micros", pa.int64())])
)
_TEXTS = ("account", "currency", "service_id", "service", "sku_id", "sku", "project", "number", "title", "key", "resource", "global_name", "region", "zone",
          "cost_type", "unit", "pricing_unit", "price", "model_id", "model", "adjustment_id", "adjustment")  # fmt: skip
LINES = pa.schema([
    *((name, pa.string()) for name in _TEXTS), *((name, pa.float64()) for name in ("rate", "amount", "factor")),
    *((name, pa.int64()) for name in ("place", "step", "cost", "list_cost")),
    *((name, pa.timestamp("us")) for name in ("begins", "ends", "exported")),
    ("labels", _PAIR), ("project_labels", _PAIR), ("system_labels", _PAIR), ("credits", _CREDIT),
])  # fmt: skip


def ledger() -> duckdb.DuckDBPyConnection:
    """The lines of the estate as it is and their hours, made when first asked for."""
    with _LOCK:
        if _MADE.get("revision") != WORLD.revision:
            _MADE.clear()
            _MADE.update(revision=WORLD.revision, connection=made())
        connection: duckdb.DuckDBPyConnection = _MADE["connection"]
        return connection.cursor()


def table() -> duckdb.DuckDBPyConnection:
    """The same with the tables as BigQuery has them."""
    with _LOCK:
        cursor = ledger()
        if "tables" not in _MADE:
            cursor.execute(EXPORT, {"ancestry": f"/{ORGANIZATION}/"})
            cursor.execute(STANDARD_EXPORT)
            cursor.execute(FOCUS_VIEW)
            flow_tables.create(cursor)
            _MADE["tables"] = True
        return cursor


def sums() -> list[dict[str, Any]]:
    """What the table holds by account, currency, invoice month, project and resource, in exact decimals as text.

    Counted from the ledger, so that it does not depend on what the tables are made of.
    """
    columns = ("account", "currency", "month", "project", "resource", "gross", "credits", "rows")
    return [dict(zip(columns, row, strict=True)) for row in ledger().execute(SUMS).fetchall()]


def made() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 2})
    end = WORLD.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = end - timedelta(days=WORLD.bill_days)
    rows = [row_of(number, each) for number, each in enumerate(costing.lines(first, end))]
    told = pa.Table.from_pylist(rows, schema=LINES)
    connection.register("told", told)
    connection.execute("CREATE TABLE line AS SELECT * FROM told")
    connection.execute("CREATE TABLE month (name VARCHAR, begins TIMESTAMP, ends TIMESTAMP)")
    connection.executemany("INSERT INTO month VALUES (?, ?, ?)", months(first - timedelta(days=400), end))
    connection.execute(ENTRIES, {"first": first, "end": end})
    return connection


def months(first: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    """The invoices' months by California's clock."""
    found, name = [], f"{first:%Y%m}"
    while month_start(name) < end:
        following = f"{month_start(name) + timedelta(days=40):%Y%m}"
        found.append((name, month_start(name), month_start(following)))
        name = following
    return found


def row_of(place: int, each: Line) -> dict[str, Any]:
    """A line as a row of the ledger; what it lacks is None."""
    project, item, scope = each.project, each.item, each.scope
    pricing, unit, factor = UNITS[each.unit]
    zone = scope.partition("/")[2] if scope.startswith("zones/") else None
    resource = (item["name"], global_name(project, each)) if item and project else (None, None)
    return {
        "place": place, "account": each.account, "currency": each.currency, "rate": float(each.rate), "service_id": each.service[0],
        "service": each.service[1], "sku_id": each.sku, "sku": each.description, "cost_type": each.cost_type, "step": each.step,
        **({"project": project.id, "number": project.number, "title": project.name, "project_labels": pairs(project.labels)} if project else {}),
        "key": str(item["id"]) if item else None, "resource": resource[0], "global_name": resource[1], "zone": zone,
        "region": each.region or (None if not scope or scope == "global" else region_of(scope)), "amount": float(each.amount), "factor": float(factor),
        "unit": unit, "pricing_unit": pricing, "price": str(each.price.quantize(Decimal("0.000000001"))), "cost": each.cost,
        "list_cost": each.cost if each.list_cost is None else each.list_cost, "model_id": each.model[0] or None, "model": each.model[1] or None,
        "adjustment_id": each.adjustment[0] or None, "adjustment": each.adjustment[1] or None, "begins": each.begins, "ends": each.ends,
        "exported": each.exported, "labels": pairs(item.get("labels") or {}), "system_labels": pairs(each.system),
        "credits": [{"type": kind, "name": NAMES.get(kind, kind), "id": each.sku if kind.startswith("COMMITTED") else "", "micros": amount}
                    for kind, amount in each.credits],
    }  # fmt: skip


def global_name(project: Project, each: Line) -> str:
    """The path with numbers where the resource's own has names."""
    return f"//compute.googleapis.com/projects/{project.number}/{each.scope}/{each.kind}/{each.item['id']}"


def pairs(labels: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in labels.items()]


# Every eighth row arrives three days late, in a later partition of a table that is cut by arrival.
ENTRIES = """
CREATE TABLE entry AS SELECT place, h, month.name AS month, arrived
FROM (SELECT place, h, h + to_hours(step) + CASE WHEN (place + date_diff('hour', TIMESTAMP '2020-01-01', h)) % 8 = 0 THEN INTERVAL 72 HOUR
                                                 ELSE INTERVAL 4 HOUR END AS arrived
      FROM line, range(CAST($first AS TIMESTAMP), CAST($end AS TIMESTAMP), INTERVAL 1 HOUR) AS hours(h)
      WHERE exported IS NULL AND h >= begins AND (ends IS NULL OR h < ends) AND (step = 1 OR hour(h) = 0) AND arrived < CAST($end AS TIMESTAMP)
      UNION ALL SELECT place, begins, exported FROM line WHERE exported IS NOT NULL)
JOIN month ON h >= month.begins AND h < month.ends
"""
SUMS = """
SELECT account, currency, month, project, key, CAST(CAST(sum(items * cost) AS DECIMAL(38, 6)) / 1000000 AS DECIMAL(38, 6)) :: VARCHAR,
  CAST(CAST(sum(items * coalesce(list_sum(list_transform(credits, lambda c : c.micros)), 0)) AS DECIMAL(38, 6)) / 1000000 AS DECIMAL(38, 6)) :: VARCHAR,
  sum(items) :: BIGINT
FROM line JOIN (SELECT place, month, count(*) AS items FROM entry GROUP BY ALL) AS counted USING (place)
GROUP BY ALL ORDER BY ALL
"""
EXPORT = """
CREATE TABLE export AS SELECT
  account AS billing_account_id, {'id': service_id, 'description': service} AS service, {'id': sku_id, 'description': sku} AS sku,
  h AS usage_start_time, h + to_hours(step) AS usage_end_time,
  CASE WHEN project IS NOT NULL THEN {'id': project, 'number': number, 'name': title, 'labels': project_labels, 'ancestry_numbers': $ancestry,
    'ancestors': [{'resource_name': 'projects/' || number, 'display_name': title},
                  {'resource_name': 'organizations/' || trim($ancestry, '/'), 'display_name': 'acme.example'}]} END AS project,
  labels, system_labels,
  {'location': coalesce(region, CASE WHEN key IS NOT NULL THEN 'us' END), 'country': CASE WHEN starts_with(region, 'us-') THEN 'US' END,
   'region': region, 'zone': zone} AS location,
  CASE WHEN key IS NOT NULL THEN {'name': resource, 'global_name': global_name} END AS resource,
  CASE WHEN project_labels <> [] THEN [{'key': 'cost-center', 'value': '007', 'inherited': true, 'namespace': trim($ancestry, '/')}] ELSE [] END AS tags,
  {'effective_price': CAST(CAST(price AS DECIMAL(38, 9)) * CASE WHEN model_id IS NULL THEN 1 ELSE 0.72 END AS DECIMAL(38, 9)),
   'tier_start_amount': CAST(0 AS DECIMAL(38, 9)), 'unit': pricing_unit, 'pricing_unit_quantity': CAST(1 AS DECIMAL(38, 9)),
   'list_price': CAST(price AS DECIMAL(38, 9)), 'effective_price_default': CAST(price AS DECIMAL(38, 9)),
   'list_price_consumption_model': CAST(price AS DECIMAL(38, 9))} AS price,
  {'instance_id': CAST(NULL AS VARCHAR)} AS subscription, 'GOOGLE' AS transaction_type, CAST(NULL AS VARCHAR) AS seller_name,
  arrived AS export_time, cost / 1e6 AS cost, currency, rate AS currency_conversion_rate,
  {'amount': amount * factor, 'unit': unit, 'amount_in_pricing_units': amount, 'pricing_unit': pricing_unit} AS usage,
  list_transform(credits, lambda c : {'id': c.id, 'full_name': c.name, 'type': c.type, 'name': c.name, 'amount': c.micros / 1e6}) AS credits,
  {'month': month, 'publisher_type': 'GOOGLE'} AS invoice, cost_type,
  CASE WHEN adjustment_id IS NOT NULL THEN {'id': adjustment_id, 'description': adjustment, 'mode': 'MANUAL_ADJUSTMENT',
    'type': 'GENERAL_ADJUSTMENT'} END AS adjustment_info,
  list_cost / 1e6 AS cost_at_list, list_cost / 1e6 AS cost_at_effective_price_default, list_cost / 1e6 AS cost_at_list_consumption_model,
  CASE WHEN model_id IS NOT NULL THEN {'id': model_id, 'description': model} END AS consumption_model,
  date_trunc('day', arrived) AS _PARTITIONTIME
FROM entry JOIN line USING (place)
"""
STANDARD_EXPORT = "CREATE VIEW standard AS SELECT * EXCLUDE (resource) FROM export"
# As Google's template for a view in FOCUS has it, whose periods are California's and end on the last day of the month.
FOCUS_VIEW = """
CREATE VIEW focus AS SELECT
  location.zone AS AvailabilityZone, CAST(cost AS DECIMAL(38, 9)) + net AS BilledCost, billing_account_id AS BillingAccountId, currency AS BillingCurrency,
  month.begins AS BillingPeriodStart, month.ends - INTERVAL 1 DAY AS BillingPeriodEnd,
  CASE cost_type WHEN 'regular' THEN 'Usage' WHEN 'tax' THEN 'Tax' WHEN 'rounding_error' THEN 'Adjustment' WHEN 'adjustment' THEN 'Adjustment' ELSE cost_type END AS ChargeCategory,
  CASE WHEN adjustment_info.id IS NOT NULL THEN 'Correction' END AS ChargeClass, sku.description AS ChargeDescription,
  usage_start_time AS ChargePeriodStart, usage_end_time AS ChargePeriodEnd,
  CASE WHEN contains(spent, 'DOLLAR_BASE') THEN 'Spend' WHEN contains(spent, 'COMMITTED_USAGE') THEN 'Usage' END AS CommitmentDiscountCategory,
  list_filter(credits, lambda c : starts_with(c.type, 'COMMITTED_USAGE'))[1].id AS CommitmentDiscountId,
  list_filter(credits, lambda c : starts_with(c.type, 'COMMITTED_USAGE'))[1].name AS CommitmentDiscountName,
  usage.amount AS ConsumedQuantity, usage.unit AS ConsumedUnit, CAST(cost AS DECIMAL(38, 9)) AS ContractedCost,
  price.effective_price AS ContractedUnitPrice, CAST(cost AS DECIMAL(38, 9)) + net AS EffectiveCost, CAST(cost_at_list AS DECIMAL(38, 9)) AS ListCost,
  price.list_price AS ListUnitPrice, CASE WHEN contains(spent, 'COMMITTED_USAGE') THEN 'Committed' ELSE 'Standard' END AS PricingCategory,
  usage.amount_in_pricing_units AS PricingQuantity, usage.pricing_unit AS PricingUnit, 'Google Cloud' AS ProviderName, 'Google Cloud' AS PublisherName,
  location.region AS RegionId, location.region AS RegionName, resource.global_name AS ResourceId, resource.name AS ResourceName,
  nullif(regexp_extract(resource.global_name, '([^/]+)/[^/]+$', 1), '') AS ResourceType, 'Compute' AS ServiceCategory,
  service.description AS ServiceName, sku.id AS SkuId, sku.id AS SkuPriceId, project.id AS SubAccountId,
  list_transform(labels, lambda l : {'key': l.key, 'value': l.value, 'x_type': 'label', 'x_inherited': false, 'x_namespace': ''}) AS Tags,
  list_transform(credits, lambda c : {'id': c.id, 'full_name': c.full_name, 'type': c.type, 'name': c.name, 'amount': CAST(c.amount AS DECIMAL(38, 9))}) AS x_Credits,
  cost_type AS x_CostType, currency_conversion_rate AS x_CurrencyConversionRate, export_time AS x_ExportTime, location.location AS x_Location,
  project AS x_Project, service.id AS x_ServiceId
FROM (SELECT *, coalesce(list_sum(list_transform(credits, lambda c : CAST(c.amount AS DECIMAL(38, 9)))), 0) AS net,
        array_to_string(list_transform(credits, lambda c : c.type), ' ') AS spent FROM export) AS export
JOIN month ON month.name = export.invoice.month
"""
