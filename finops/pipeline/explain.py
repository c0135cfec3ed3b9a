"""Why a finding: the rule, its SQL with values, the rows it saw, the arithmetic of money and carbon."""

from collections.abc import Iterator
from typing import Any

import duckdb

from finops.config import Settings
from finops.errors import UsageError
from finops.instants import iso
from finops.model import AuditReport, Finding

# Where the rows of a resource are, and the column that holds its id.
_TABLES = {
    "instances": "instance_id",
    "volumes": "volume_id",
    "public_ips": "ip_id",
    "snapshots": "snapshot_id",
    "load_balancers": "load_balancer_id",
    "nat_gateways": "nat_gateway_id",
    "databases": "database_id",
    "buckets": "bucket_id",
    "scaling_groups": "scaling_group_id",
    "commitments": "commitment_id",
    "repositories": "repository_id",
    "ml_endpoints": "endpoint_id",
    "log_groups": "log_group_id",
    "functions": "function_id",
    "keepers": "resource_id",
    "usage": "resource_id",
    "sizing": "resource_id",
    "replay": "resource_id",
    "cost": "resource_id",
    "traffic": "resource_id",
    "traffic_pairs": "resource_id",
}
_ONLY_WHERE_READ = ("sizing", "replay", "traffic_pairs", "keepers")  # which say nothing about other rules


def find(report: AuditReport, finding_id: str) -> Finding:
    """The finding whose id begins with `finding_id`.

    Raises UsageError when there is none, or more than one.
    """
    matches = [finding for finding in report.findings if finding.id.startswith(finding_id)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{len(matches)} findings begin with {finding_id}: give more of the id.")
    raise UsageError(
        f"The last audit has no finding {finding_id}; finops audit --format json lists their ids."
    )


def explain(con: duckdb.DuckDBPyConnection, settings: Settings, report: AuditReport, finding: Finding) -> str:
    """The explanation as Markdown text, recomputed on an open warehouse at the audit's instant."""
    from rules.engine import catalogue, rollups, thresholds

    rules = {rule.id: rule for rule in catalogue.catalogue(settings.rule_folders)}
    rule = rules.get(finding.rule)
    if rule is None:
        raise UsageError(f"The rule {finding.rule} of this finding is not in the catalogue any more.")
    rollups.build(con, report.as_of)
    limits = thresholds.thresholds(rule, settings.rules.get(rule.id, {}))
    layers = [limits.base, *(one.values for one in limits.overrides if _applies(one, finding))]
    values = thresholds.values_for(rule, layers, report.as_of)
    parts = [
        f"# {rule.header.title}",
        f"{_plain(finding.resource_name) or finding.resource_id} · {finding.resource_id} · {finding.cloud} "
        f"{finding.account} {finding.region}",
        f"## Why\n\n{finding.reason}\n\n{rule.header.doc.strip()}",
        *_accepted(finding),
        f"## Money\n\n{_money(finding, report)}",
        f"## Carbon\n\n{_carbon(finding)}",
        f"## Confidence\n\n{finding.confidence}"
        + "".join(f"\n- {reason}" for reason in finding.confidence_reasons),
        f"## The rows it saw\n\n{_rows(con, finding, rule.sql)}",
        f"## The rule\n\n{_values(values)}\n\n```sql\n{rule.sql}\n```",
    ]
    if finding.remediation:
        commands = "\n".join(finding.remediation)
        parts.append(f"## What to do (never run by finops)\n\n```sh\n{commands}\n```")
    parts.append("## Sources\n\n" + "\n".join(f"- {url}" for url in finding.sources))
    return "\n\n".join(parts) + "\n"


def _accepted(finding: Finding) -> Iterator[str]:
    from reports import reckoning

    lines = reckoning.exemption(finding)
    if lines:
        yield "## Accepted as it is\n\n" + "\n".join(f"- {_plain(line)}" for line in lines)


def _applies(override: Any, finding: Finding) -> bool:
    if override.kind == "cloud":
        return bool(override.value == finding.cloud)
    if override.kind == "account":
        return bool(override.value == finding.account)
    key, _, value = str(override.value).partition("=")
    return finding.tags.get(key) == value


def _money(finding: Finding, report: AuditReport) -> str:
    """The arithmetic in sentences, and under it every piece of cost with all its digits."""
    from reports import reckoning

    lines = reckoning.money(finding, reckoning.winners(report))
    if "list_price_now" in finding.evidence:
        now, then = finding.evidence["list_price_now"], finding.evidence["list_price_then"]
        lines.append(
            f"List price a month: {now:,} now, {then:,} then; the cost changes in the same proportion."
        )
    lines += _pieces(finding, "cost_pieces", "")
    lines += _pieces(finding, "net_pieces", " after the steps before")
    return "\n".join(f"- {line}" for line in lines)


def _pieces(finding: Finding, name: str, when: str) -> Iterator[str]:
    for piece in finding.evidence.get(name, []):
        after = piece["monthly_cost_after"]
        left = "what remains is not known" if after is None else f"{after:,} after"
        cost = f"{piece['monthly_cost']:,} {finding.currency}"
        yield f"{piece['resource_id']} {piece['component']}{when}: {cost}, {left}"


def _carbon(finding: Finding) -> str:
    from reports import reckoning

    return "\n".join(f"- {line}" for line in [*reckoning.emissions(finding), *reckoning.factors(finding)])


def _values(values: dict[str, Any]) -> str:
    return "\n".join(
        f"- ${name} = {iso(value) if hasattr(value, 'strftime') else value}"
        for name, value in sorted(values.items())
    )


def _rows(con: duckdb.DuckDBPyConnection, finding: Finding, sql: str) -> str:
    if finding.action == "buy" and "days_of_hourly_usage" in finding.evidence:
        from finops.commitments.telling import explained

        return explained(finding)
    blocks = []
    for table, column in _TABLES.items():
        if table in _ONLY_WHERE_READ and f" {table} " not in sql:
            continue
        cursor = con.execute(
            f"SELECT * FROM {table} WHERE cloud = ? AND account_id = ? AND {column} = ? ORDER BY ALL",  # noqa: S608
            [finding.cloud, finding.account, finding.resource_id],
        )
        names = [description[0] for description in cursor.description or []]
        blocks += [_row(table, names, row) for row in cursor.fetchall()]
    return "\n\n".join(blocks) or "No row names this resource."


def _row(table: str, names: list[str], row: tuple[Any, ...]) -> str:
    told = ", ".join(
        f"{name}={_plain(value)}"
        for name, value in zip(names, row, strict=True)
        if value is not None and name not in ("cloud", "account_id", "region", "resource_id")
    )
    return f"`{table}`: {told}"


def _plain(value: Any) -> str:
    """A value without the characters that could drive a terminal or turn its text around."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "".join(char for char in str(value if value is not None else "") if char.isprintable())
