"""What a line of a bill pays for, told from the words that each cloud has for it.

`meters.csv` has a line per pattern, the first that fits decides: `component` is the part of a resource's price
(compute, storage, iops …), `flow` the kind of traffic whose bytes the line meters (cross_zone, inter_region, internet,
nat, public_ip) and `direction` its direction (out, in; empty where the bill does not tell). `cloud` leaves out the
other clouds we know (a reseller's bill has its own name there) or is any; service, meter, operation and description are
regular expressions, category and subcategory FOCUS's words; empty fits everything.
`priced` yes: the line meters bytes a second time unless it costs something. `source` is where the cloud says so.

A meter is what a charge gives to go by: see METER.
"""

import csv
from functools import cache
from importlib.resources import files

# The columns of a meter, by the expression over `charges` that each is.
METER = {
    "cloud": "x_Cloud",
    "service": "coalesce(x_ServiceCode, ServiceName, '')",
    "meter": "coalesce(x_UsageType, SkuMeter, '')",
    "operation": "coalesce(x_Operation, '')",
    # AWS writes the price into its descriptions, so there are many, and the usage type tells all.
    "description": "CASE WHEN x_Cloud = 'aws' AND coalesce(x_UsageType, SkuMeter) IS NOT NULL THEN '' "
    "ELSE coalesce(ChargeDescription, '') END",
    "category": "coalesce(ServiceCategory, '')",
    "subcategory": "coalesce(ServiceSubcategory, '')",
}
DAYS_BETWEEN = (
    "CREATE OR REPLACE TEMP MACRO days_between(earlier, later) AS (epoch(later) - epoch(earlier)) / 86400.0;"
)
_CLOUDS = ("aws", "alibaba", "azure", "gcp", "oracle", "tencent")
_PATTERNS = ("service", "meter", "operation", "description")
_WORDS = ("category", "subcategory")


@cache
def patterns() -> tuple[dict[str, str], ...]:
    """The lines of meters.csv in their order."""
    text = files("finops").joinpath("meters.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def macros() -> str:
    """charge_component(), charge_flow(), consumed() and is_bytes(), as statements to run once per connection.

    Both of the first take the seven columns of a meter. charge_flow() is the flow, its direction and whether the line
    must cost something, with spaces between them, such as 'cross_zone out yes'; NULL where no bytes are metered.
    """
    arguments = ", ".join(f"m_{name}" for name in METER)
    components = " ".join(f"WHEN {_fits(line)} THEN {_literal(line['component'])}" for line in patterns())
    flows = " ".join(f"WHEN {_fits(line)} THEN {_flow(line)}" for line in patterns())
    return (
        f"CREATE OR REPLACE TEMP MACRO charge_component({arguments}) AS CASE {components} ELSE 'other' END;"
        f"CREATE OR REPLACE TEMP MACRO charge_flow({arguments}) AS CASE {flows} END;"
        f"CREATE OR REPLACE TEMP MACRO consumed(quantity, unit) AS {_CONSUMED};"
        "CREATE OR REPLACE TEMP MACRO is_bytes(unit) AS "
        f"contains(lower(unit), 'b') AND regexp_matches(lower(unit), {_literal(_BYTES)});"
    )


def _fits(line: dict[str, str]) -> str:
    # Not as one NOT IN: DuckDB makes a join of it, for each pattern one, and planning them takes longer than a bill.
    others = [cloud for cloud in _CLOUDS if cloud != line["cloud"] and line["cloud"] != "any"]
    parts = [f"m_cloud <> {_literal(cloud)}" for cloud in others]
    parts += [f"regexp_matches(m_{name}, {_literal(line[name])})" for name in _PATTERNS if line[name]]
    parts += [f"m_{name} = {_literal(line[name])}" for name in _WORDS if line[name]]
    return " AND ".join(parts)


def _flow(line: dict[str, str]) -> str:
    told = f"{line['flow']} {line['direction']} {line['priced']}"
    return _literal(told) if line["flow"] else "NULL"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# The units of bytes that are known, those of _CONSUMED.
_BYTES = "^(bytes?|[kmgt]i?b|(kibi|mebi|gibi|giga|tebi)bytes?)$"

# An amount of a bill in hours or GiB, where its unit is one of time or of bytes; unknown otherwise. The clouds' GB
# is a GiB.
_CONSUMED = """CAST(quantity AS DOUBLE) * CASE
    WHEN lower(unit) IN ('second', 'seconds', '秒') THEN 1 / 3600.0
    WHEN lower(unit) IN ('minute', 'minutes', '分钟') THEN 1 / 60.0
    WHEN lower(unit) IN ('hour', 'hours', 'hrs', 'h', '小时') THEN 1.0
    WHEN lower(unit) IN ('day', 'days', '天') THEN 24.0
    WHEN lower(unit) IN ('byte', 'bytes') THEN 1 / 1073741824.0
    WHEN lower(unit) IN ('kb', 'kib', 'kibibyte', 'kibibytes') THEN 1 / 1048576.0
    WHEN lower(unit) IN ('mb', 'mib', 'mebibyte', 'mebibytes') THEN 1 / 1024.0
    WHEN lower(unit) IN ('gb', 'gib', 'gibibyte', 'gibibytes', 'gigabyte', 'gigabytes') THEN 1.0
    WHEN lower(unit) IN ('tb', 'tib', 'tebibyte', 'tebibytes') THEN 1024.0
END"""
