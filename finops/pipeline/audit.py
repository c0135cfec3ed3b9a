"""The audit: rollups, rules, money, netting, carbon, history, into one report model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from finops.config import Rate, Settings
from finops.emissions import Footprints, carbon_method, co2e, footprint_lines, net_savings, total_of
from finops.errors import IncompleteError, UsageError
from finops.exemptions import Exemptions, Mute, load_mutes
from finops.history.decisions import decided
from finops.history.life import Past, life, past
from finops.history.observing import Observed, observe
from finops.history.realised import realise
from finops.model import AuditReport, Co2e, CostLine, Coverage, Decided, Finding, NotEvaluated
from finops.money import cents
from finops.pipeline.arithmetic import arithmetic
from finops.pipeline.commands import filled
from finops.pipeline.filters import (
    Filters,
    audited,
    beyond,
    chosen,
    in_scope,
    passes,
    refuse_unknown_accounts,
    refuse_unknown_rules,
)
from finops.pipeline.totals import currency_totals, overall
from finops.savings import Assessment, Priced, assess
from finops.savings.costs import AccountCost
from finops.verdicts import Key, Unjudged, Verdict, Verdicts


@dataclass(slots=True)
class Timings:
    """Seconds spent, for the benchmark and --debug."""

    rollups: dict[str, float] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)


def audit(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    run_id: str,
    as_of: datetime | None = None,
    filters: Filters | None = None,
    timings: Timings | None = None,
    mutes: Sequence[Mute] | None = None,
    observed: Observed | None = None,
) -> AuditReport:
    """Audits an open warehouse and returns the report; writes nothing.

    `as_of` defaults to the instant of the newest data, so that the same data always give the same report.
    `mutes` are the entries of the file of exemptions, by default read from the one in the settings. `observed` is
    filled with what the audit saw beside its report, which is kept with it.
    Raises UsageError when the warehouse holds no data or a filter names an unknown rule, RuleError for a
    broken rule.
    """
    from finops.commitments import fill
    from rules.engine import catalogue, rollups, running

    filters = filters or Filters()
    at = as_of or latest_data(con)
    rules = catalogue.catalogue(settings.rule_folders)
    known = {rule.id for rule in rules}
    refuse_unknown_rules(settings, known)
    exemptions = Exemptions(load_mutes(settings.mutes, known) if mutes is None else mutes, known, at)
    rules = chosen(rules, filters)
    refuse_unknown_accounts(con, filters)
    spent = rollups.build(con, at)
    about_usage, about_rates = (
        [rule for rule in rules if rule.header.stage == stage] for stage in ("usage", "rates")
    )
    verdicts = running.run(con, about_usage, at, settings.rules)
    tags = _tags(con, verdicts.findings)

    def buy() -> list[Verdict]:
        fill(con, at, "accepted")
        more = running.run(con, about_rates, at, settings.rules, again=True)
        verdicts.add(more)
        chosen_ones = [one for one in more.findings if passes(one, tags, filters)]
        left_out = {one.key: told for one in chosen_ones if (told := beyond(one, filters))}
        verdicts.unjudged += left_out.values()
        return exemptions.apply([one for one in chosen_ones if one.key not in left_out], tags)

    wanted = [verdict for verdict in verdicts.findings if passes(verdict, tags, filters)]
    usage = exemptions.apply(wanted, tags)
    assessment = assess(con, usage, at, filters.min_savings, buy if about_rates else None)
    if timings is not None:
        timings.rollups, timings.rules = spent, verdicts.seconds
    report = _report(con, settings, run_id, at, filters, verdicts, assessment, tags, exemptions)
    if observed is not None:
        ahead = as_of is not None and as_of > latest_data(con) + timedelta(days=1)
        observe(con, report, audited(con, filters, verdicts.counts, ahead=ahead), observed)
        observed.realised = realise(con, at, observed)
    return report


def latest_data(con: duckdb.DuckDBPyConnection) -> datetime:
    """The instant of the newest data in the warehouse.

    Raises UsageError when there are none.
    """
    row = con.execute(
        "SELECT coalesce((SELECT max(collected_at) FROM coverage), "
        "(SELECT max(bucket_start + to_seconds(bucket_seconds)) FROM metrics), "
        "(SELECT max(ChargePeriodEnd) FROM charges))"
    ).fetchone()
    if not row or row[0] is None:
        raise UsageError(
            "The warehouse holds no data yet: load a bill with finops ingest FILE, or see finops demo."
        )
    return row[0]  # type: ignore[no-any-return]


def incomplete(found: AuditReport) -> IncompleteError | None:
    """What a command ends with whose audit could not see everything; None where it could."""
    unread = [
        scope for scope in found.coverage if scope.status in ("denied", "throttled", "failed", "partial")
    ]
    if not unread:
        return None
    first = unread[0]
    return IncompleteError(
        f"{len(unread)} of {len(found.coverage)} scopes could not be read whole, {first.dataset} of {first.cloud} "
        f"{first.account} {first.region} ({first.status}) among them; finops status tells them all."
    )


# --- the report -------------------------------------------------------------------------------------------


def _report(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: str,
    at: datetime,
    filters: Filters,
    verdicts: Verdicts,
    assessment: Assessment,
    tags: Mapping[Key, Mapping[str, str]],
    exemptions: Exemptions,
) -> AuditReport:
    footprints = Footprints(con, assessment.estate)
    saved = net_savings(assessment.priced, footprints)
    seen, said = past(con, at), decided(con)
    findings = sorted(
        (
            _finding(one, assessment, co2e(one, footprints, saved[one.id]), tags, seen, said, at)
            for one in assessment.priced
        ),
        key=lambda finding: (
            -(finding.net_monthly_savings or 0),
            -(finding.monthly_savings or 0),
            finding.id,
        ),
    )
    unjudged = [
        _not_evaluated(item)
        for item in verdicts.unjudged
        if in_scope(item.cloud, item.account_id, item.region, filters)
    ]
    accounts = [one for one in assessment.accounts if in_scope(one.cloud, one.account_id, None, filters)]
    by_currency = currency_totals(accounts, findings, assessment.spans)
    currency = settings.currency or _main_currency(by_currency)

    def wanted(key: Key) -> bool:
        return in_scope(key.cloud, key.account_id, None, filters)

    told = {(one.verdict.rule.id, one.verdict.region, one.verdict.key) for one in assessment.priced}
    return AuditReport(
        run_id=run_id,
        as_of=at,
        currency=currency,
        totals=overall(
            by_currency,
            findings,
            len(unjudged),
            currency,
            _rates(settings.rates, currency),
            total_of(footprints, wanted),
        ),
        totals_by_currency=by_currency,
        costs=[_cost_line(one) for one in accounts],
        findings=findings,
        not_evaluated=unjudged,
        coverage=[one for one in _coverage(con) if in_scope(one.cloud, one.account, one.region, filters)],
        exemptions=exemptions.lines(told),
        footprint=footprint_lines(footprints, wanted),
        carbon_method=carbon_method(footprints, wanted),
    )


def _main_currency(by_currency: Mapping[str, Any]) -> str | None:
    """The only currency, or the one most is spent in."""
    return max(by_currency, key=lambda code: (by_currency[code].monthly_cost or 0, code), default=None)


def _rates(rates: Iterable[Rate], currency: str | None) -> dict[str, Decimal]:
    """Latest rate of each currency into the report's currency."""
    latest: dict[str, tuple[Any, Decimal]] = {}
    for rate in rates:
        for base, quote, factor in (
            (rate.base, rate.quote, rate.rate),
            (rate.quote, rate.base, 1 / rate.rate),
        ):
            if quote == currency and (base not in latest or rate.day > latest[base][0]):
                latest[base] = (rate.day, factor)
    return {base: factor for base, (_, factor) in latest.items()}


def _finding(
    one: Priced,
    assessment: Assessment,
    emissions: Co2e,
    tags: Mapping[Key, Mapping[str, str]],
    seen: Mapping[str, Past],
    said: Mapping[str, Decided],
    at: datetime,
) -> Finding:
    verdict = one.verdict
    resource = assessment.estate.find(verdict)
    first_seen, status = life(one.id, seen, at)
    exemption = verdict.exemption and verdict.exemption.model_copy(update={"monthly_waste": one.waste})
    return Finding(
        id=one.id,
        rule=verdict.rule.id,
        class_=verdict.rule.class_,
        cloud=verdict.key.cloud,
        account=verdict.key.account_id,
        region=verdict.region,
        zone=getattr(resource, "zone", None),
        resource_type=verdict.resource_type,
        resource_id=verdict.key.resource_id,
        resource_name=resource.name if resource else None,
        tags=dict(tags.get(verdict.key, {})),
        reason=verdict.reason,
        action=verdict.action,
        current=verdict.current,
        proposed=verdict.proposed,
        monthly_cost=one.monthly_cost,
        monthly_savings=one.monthly_savings,
        net_monthly_savings=one.net_savings,
        savings_low=one.span[0] if one.span else None,
        savings_high=one.span[1] if one.span else None,
        currency=one.currency,
        price_basis=one.basis,
        conflict_group=one.choice.group,
        superseded_by=one.choice.superseded_by,
        confidence=one.confidence,
        confidence_reasons=one.reasons,
        effort=verdict.rule.effort,
        risk=verdict.rule.risk,
        co2e=emissions,
        evidence={**verdict.evidence, **arithmetic(one, assessment.priced)},
        remediation=_remediation(verdict, resource),
        status="exempt" if exemption else status,
        first_seen=first_seen,
        sources=list(verdict.rule.sources),
        exemption=exemption,
        overlap=assessment.overlaps.get(one.id),
        decision=said.get(one.id),
    )


def _remediation(verdict: Verdict, resource: Any) -> list[str]:
    """The command lines of a finding, with its values."""
    values = {
        "account_id": verdict.key.account_id,
        "region": verdict.region,
        "zone": getattr(resource, "zone", None),
        "resource_id": verdict.key.resource_id,
        "resource_name": getattr(resource, "name", None),
        **{f"current_{name}": value for name, value in verdict.current.items()},
        **{f"proposed_{name}": value for name, value in verdict.proposed.items()},
    }
    return filled(verdict.rule.remediation.get(verdict.key.cloud, ()), values)


def _not_evaluated(item: Unjudged) -> NotEvaluated:
    return NotEvaluated(
        rule=item.rule,
        cloud=item.cloud,
        account=item.account_id,
        region=item.region,
        resource_id=item.resource_id,
        reason=item.reason,
    )


def _cost_line(one: AccountCost) -> CostLine:
    return CostLine(
        cloud=one.cloud,
        account=one.account_id,
        currency=one.currency,
        basis=one.basis,
        monthly_cost=cents(one.total),
        window_start=one.window_start,
        window_end=one.window_end,
        note=one.note,
        unnamed=cents(one.unnamed) if one.basis == "billed" else None,
    )


# --- what the warehouse knows -----------------------------------------------------------------------------


def _tags(con: duckdb.DuckDBPyConnection, findings: Iterable[Verdict]) -> dict[Key, dict[str, str]]:
    keys = sorted({verdict.key for verdict in findings})
    if not keys:
        return {}
    clouds, accounts, ids = (list(column) for column in zip(*keys, strict=True))
    rows = con.execute(
        "SELECT t.cloud, t.account_id, t.resource_id, t.key, coalesce(t.value, '') FROM tags AS t "
        "SEMI JOIN (SELECT unnest(?) AS cloud, unnest(?) AS account_id, unnest(?) AS resource_id) AS w "
        "ON w.cloud = t.cloud AND w.account_id = t.account_id AND w.resource_id = t.resource_id ORDER BY ALL",
        [clouds, accounts, ids],
    ).fetchall()
    tags: dict[Key, dict[str, str]] = {}
    for cloud, account, resource, name, value in rows:
        tags.setdefault(Key(cloud, account, resource), {})[name] = value
    return tags


def _coverage(con: duckdb.DuckDBPyConnection) -> list[Coverage]:
    rows = con.execute(
        "SELECT cloud, account_id, region, dataset, status, error, rows, calls, collected_at "
        "FROM coverage ORDER BY ALL"
    ).fetchall()
    names = ("cloud", "account", "region", "dataset", "status", "error", "rows", "calls", "collected_at")
    return [Coverage(**dict(zip(names, row, strict=True))) for row in rows]
