"""Where the numbers of a report come from: the command, what is configured, the rules, the rates, the bills."""

import hashlib
import json
import shlex
from collections.abc import Sequence
from typing import Any

import duckdb

from finops.config import Settings
from finops.finance_model import ExchangeRate, Provenance, Source
from finops.instants import iso
from finops.model import AuditReport
from finops.spending import Bill

# What changes no number: where things are kept, who is told and in what language, how fast it goes,
# and what would be a secret.
_NO_NUMBERS = {
    "db", "memory_limit", "spill_limit", "threads", "lake", "spark_remote", "redaction_key", "aws", "alibaba", "gcp",
    "nightly", "deliver", "heartbeat", "backup", "retention", "keep_audits", "locale",
}  # fmt: skip
_OPTIONS = {
    "clouds": "--cloud", "accounts": "--account", "projects": "--project", "regions": "--region", "rules": "--rule",
    "tags": "--tag", "min_savings": "--min-savings",
}  # fmt: skip


def provenance(
    con: duckdb.DuckDBPyConnection, report: AuditReport, settings: Settings, bills: Sequence[Bill]
) -> Provenance:
    """Of a stored audit and the bills of its newest month; what limited it is known while it is stored."""
    row = con.execute("SELECT limits, rules FROM audits WHERE run_id = ?", [report.run_id]).fetchone()
    limits, ran = (json.loads(row[0]), json.loads(row[1])) if row else ({}, [])
    options = [text for kind, values in limits.items() for text in _options(kind, values)]
    return Provenance(
        command=shlex.join(["finops", "audit", "--as-of", iso(report.as_of), *options, "--format", "json"]),
        settings=_fingerprint(settings.model_dump(mode="json", exclude=_NO_NUMBERS)),
        rules=_rules(settings, ran),
        rule_count=len(ran),
        thresholds=list(_thresholds(settings.rules)),
        limits=[" ".join(options[place : place + 2]) for place in range(0, len(options), 2)],
        rates=[
            ExchangeRate(currency=one.base, to=one.quote, rate=float(one.rate), on=one.day, source=one.source)
            for one in settings.rates
        ],
        sources=_sources(con, bills),
    )


def _options(kind: str, values: list[Any]) -> list[str]:
    """The options that limit an audit so again."""
    told = ["=".join(one) if isinstance(one, list) else str(one) for one in values]
    return [text for one in told for text in (_OPTIONS[kind], one)]


def _fingerprint(told: Any) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _rules(settings: Settings, ran: list[str]) -> str:
    """One for the texts of the rules that ran."""
    from rules.engine.catalogue import catalogue

    wanted = set(ran)
    texts = [
        rule.path.read_text(encoding="utf-8-sig")
        for rule in catalogue(settings.rule_folders)
        if not wanted or rule.id in wanted
    ]
    return _fingerprint(texts)


def _thresholds(changed: dict[str, Any], above: str = "") -> list[str]:
    """Every threshold that is not the rule's own, as rule.parameter = value."""
    told = []
    for name, value in sorted(changed.items()):
        if isinstance(value, dict):
            told += _thresholds(value, f"{above}{name}.")
        else:
            told.append(f"{above}{name} = {json.dumps(value, default=str)}")
    return told


def _sources(con: duckdb.DuckDBPyConnection, bills: Sequence[Bill]) -> list[Source]:
    """How far each bill goes, and from which day on it may still change."""
    settled = {
        (cloud, payer): until
        for cloud, payer, until in con.execute(
            "SELECT cloud, billing_account_id, min(settled_until) FROM bill_ends GROUP BY ALL"
        ).fetchall()
    }
    found = []
    for bill in bills:
        until = settled.get((bill.cloud, bill.billing_account))
        open_from = until.date() if until and bill.through and until < bill.through else None
        found.append(
            Source(
                cloud=bill.cloud,
                billing_account=bill.billing_account,
                through=bill.through,
                provisional_from=open_from,
                rejected_rows=bill.rejected_rows,
            )
        )
    return sorted(found, key=lambda one: (one.cloud, one.billing_account))
