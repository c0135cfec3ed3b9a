"""What differs between two stored audits: new, reopened, gone and changed findings, over what both looked at."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from finops.errors import UsageError
from finops.history.answers import DiffAnswer, DiffLine, DiffTotals, Kind, RunLine
from finops.pipeline.filters import Filters, in_scope

_ORDER: Mapping[Kind, int] = {"new": 0, "reopened": 1, "gone": 2, "changed": 3, "unseen": 4}
_SUBJECT = (
    "id", "rule", "cloud", "account", "region", "resource_type", "resource_id", "resource_name", "action",
)  # fmt: skip
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class _Found:
    """A finding as one audit had it."""

    subject: dict[str, Any]
    tags: Mapping[str, str]
    status: str
    first_seen: datetime
    currency: str | None
    net: Decimal | None
    proposed: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Audit:
    """A stored audit: what it looked at, what it found, what it could not judge."""

    run: RunLine
    rules: frozenset[str] | None
    findings: Mapping[str, _Found]
    blind: frozenset[tuple[Any, ...]]

    def looked_for(self, one: _Found) -> bool:
        """Whether the finding could have been in it, as far as its limits go."""
        filters, where = _filters(self.run.limits), one.subject
        return (
            (self.rules is None or where["rule"] in self.rules)
            and in_scope(where["cloud"], where["account"], where["region"], filters)
            and (not filters.tags or any(one.tags.get(key) == value for key, value in filters.tags))
            and (filters.min_savings is None or where["id"] in self.findings)
        )

    def could_not_judge(self, one: _Found) -> bool:
        where = one.subject
        place = (where["rule"], where["cloud"], where["account"])
        return any(
            (*place, region, resource) in self.blind
            for region in (None, where["region"])
            for resource in (None, where["resource_id"])
        )


def compare(con: duckdb.DuckDBPyConnection, runs: Sequence[str]) -> DiffAnswer:
    """What differs from the first to the second of two audits, by default from the last but one instant to the last.

    `runs` are run ids, or unique starts of some. Raises UsageError for a run that is unknown or no audit.
    """
    first, second = (_load(con, run) for run in (_named(con, runs) if runs else _last_two(con)))
    resolved = _resolutions(con, first.run.as_of, second.run.as_of)
    lines: list[DiffLine] = []
    totals: dict[str, list[Decimal]] = {}
    counts: Counter[tuple[str, int]] = Counter()
    not_compared = 0
    for name in sorted({*first.findings, *second.findings}):
        before, after = first.findings.get(name), second.findings.get(name)
        either = after or before
        if either is None or not (first.looked_for(either) and second.looked_for(either)):
            not_compared += 1
            continue
        line = _line(before, after, first, second, resolved.get(name))
        if line is not None:
            lines.append(line)
        if line is None or line.kind != "unseen":
            _add(totals, counts, before, after)
    return DiffAnswer(
        before=first.run,
        after=second.run,
        totals={code: _totals(code, sums, counts) for code, sums in sorted(totals.items())},
        lines=sorted(lines, key=_place),
        not_compared=not_compared,
        notes=_notes(first, second, not_compared),
    )


# --- which audits -----------------------------------------------------------------------------------------


def _last_two(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The last whole audit, and the last one of an earlier instant, or else the one before."""
    rows = con.execute(
        "SELECT a.run_id, a.as_of FROM audits AS a JOIN runs AS r USING (run_id) "
        "WHERE a.whole AND a.forward AND r.result IS NOT NULL AND r.status IN ('done', 'incomplete') "
        "ORDER BY a.as_of DESC, r.started_at DESC, r.rowid DESC"
    ).fetchall()
    if len(rows) < 2:
        stored = "one whole audit" if rows else "no whole audit"
        raise UsageError(
            f"There is {stored} to compare with in this warehouse: run finops audit, or name two runs "
            "(finops status lists them)."
        )
    last, at = rows[0]
    earlier = next((run for run, when in rows if when < at), rows[1][0])
    return earlier, last


def _named(con: duckdb.DuckDBPyConnection, runs: Sequence[str]) -> list[str]:
    if len(runs) != 2:
        raise UsageError(f"finops diff compares two runs, and {len(runs)} is named: name both, or none.")
    return [_run(con, run) for run in runs]


def _run(con: duckdb.DuckDBPyConnection, start: str) -> str:
    rows = con.execute(
        "SELECT run_id, command, status, result IS NOT NULL FROM runs WHERE starts_with(run_id, ?) ORDER BY run_id",
        [start],
    ).fetchall()
    rows = [row for row in rows if row[0] == start] or rows
    if not rows or not start:
        raise UsageError(f"There is no run {start} in this warehouse; finops status lists them.")
    if len(rows) > 1:
        raise UsageError(f"Several runs begin with {start}: {', '.join(row[0] for row in rows[:5])}.")
    run, command, status, has_result = rows[0]
    if not has_result:
        what = "is no audit" if command != "audit" else f"is an audit that did not end ({status})"
        if command == "audit" and status in ("done", "incomplete"):
            what = "is an audit whose findings were removed (retention.findings_runs)"
        raise UsageError(f"Run {run} (finops {command}) {what}; finops status lists the audits.")
    return str(run)


def _load(con: duckdb.DuckDBPyConnection, run: str) -> _Audit:
    row = con.execute(
        "SELECT r.as_of, a.whole, a.limits, a.rules FROM runs AS r LEFT JOIN audits AS a USING (run_id) "
        "WHERE r.run_id = ?",
        [run],
    ).fetchone()
    at, whole, limits, rules = row or (None, None, None, None)
    blind = con.execute(
        "SELECT rule, cloud, account, nullif(region, 'global'), resource_id FROM not_evaluated WHERE run_id = ?",
        [run],
    ).fetchall()
    return _Audit(
        RunLine(run_id=run, as_of=at, whole=whole, limits=json.loads(limits) if limits else {}),
        frozenset(json.loads(rules)) if rules and json.loads(rules) else None,
        _findings(con, run),
        frozenset(blind),
    )


def _findings(con: duckdb.DuckDBPyConnection, run: str) -> dict[str, _Found]:
    rows = con.execute(
        f"SELECT {', '.join(_SUBJECT)}, tags, status, first_seen, currency, net_monthly_savings, proposed "  # noqa: S608
        "FROM findings WHERE run_id = ?",
        [run],
    ).fetchall()
    found = {}
    for row in rows:
        subject = dict(zip(_SUBJECT, row, strict=False))
        tags, status, first_seen, currency, net, proposed = row[len(_SUBJECT) :]
        found[subject["id"]] = _Found(
            subject, json.loads(tags), status, first_seen, currency, net, json.loads(proposed)
        )
    return found


def _resolutions(con: duckdb.DuckDBPyConnection, after: datetime, until: datetime) -> dict[str, str | None]:
    """How findings were resolved last between two instants, by id; None where it is not known."""
    rows = con.execute(
        "SELECT finding_id, arg_max(resolution, as_of) FROM finding_events "
        "WHERE event = 'resolved' AND as_of > ? AND as_of <= ? GROUP BY finding_id",
        [min(after, until), max(after, until)],
    ).fetchall()
    return dict(rows)


def _filters(limits: Mapping[str, list[Any]]) -> Filters:
    return Filters(
        **{kind: tuple(values) for kind, values in limits.items() if kind not in ("tags", "min_savings")},
        tags=tuple((key, value) for key, value in limits.get("tags", ())),
        min_savings=Decimal(limits["min_savings"][0]) if limits.get("min_savings") else None,
    )


# --- lines ------------------------------------------------------------------------------------------------


def _line(
    before: _Found | None, after: _Found | None, first: _Audit, second: _Audit, resolution: str | None
) -> DiffLine | None:
    """How one finding differs; None when it does not."""
    was, now = _counts(before), _counts(after)
    if now and not was:
        return _made(_appeared(before, now, first), before, now)
    if was and not now:
        if after is not None:
            return _made("gone", was, after, resolution="exempt")
        kind: Kind = "unseen" if second.could_not_judge(was) and resolution is None else "gone"
        return _made(kind, was, None, resolution=resolution)
    if was and now:
        changes = [
            name
            for name, differs in (
                ("saving", (was.net, was.currency) != (now.net, now.currency)),
                ("proposal", (was.proposed, was.subject["action"]) != (now.proposed, now.subject["action"])),
            )
            if differs
        ]
        return _made("changed", was, now, changes=changes) if changes else None
    return None


def _counts(one: _Found | None) -> _Found | None:
    """The finding unless it is exempt."""
    return one if one is not None and one.status != "exempt" else None


def _appeared(before: _Found | None, now: _Found, first: _Audit) -> Kind:
    if before is not None or now.status == "reopened":
        return "reopened"
    if now.first_seen > first.run.as_of or now.status == "new":
        return "new"
    return "unseen" if first.could_not_judge(now) else "reopened"


def _made(
    kind: Kind,
    before: _Found | None,
    after: _Found | None,
    *,
    changes: Iterable[Any] = (),
    resolution: str | None = None,
) -> DiffLine:
    either = after or before
    if either is None:
        raise ValueError("a line is about a finding")
    was, now = _counts(before), _counts(after)
    return DiffLine(
        **either.subject,
        kind=kind,
        changes=list(changes),
        resolution=resolution,
        currency=either.currency,
        saving_before=was.net if was else None,
        saving_after=now.net if now else None,
        proposed_before=was.proposed if was else None,
        proposed_after=now.proposed if now else None,
    )


def _place(line: DiffLine) -> tuple[Any, ...]:
    moved = (line.saving_after or _ZERO) - (line.saving_before or _ZERO)
    return (_ORDER[line.kind], -abs(moved), line.id)


# --- totals -----------------------------------------------------------------------------------------------


def _add(
    totals: dict[str, list[Decimal]],
    counts: Counter[tuple[str, int]],
    before: _Found | None,
    after: _Found | None,
) -> None:
    for place, one in enumerate((_counts(before), _counts(after))):
        if one is not None:
            code = one.currency or ""
            totals.setdefault(code, [_ZERO, _ZERO])[place] += one.net or _ZERO
            counts[code, place] += 1


def _totals(code: str, sums: Sequence[Decimal], counts: Counter[tuple[str, int]]) -> DiffTotals:
    before, after = sums
    return DiffTotals(
        findings_before=counts[code, 0],
        findings_after=counts[code, 1],
        net_before=before if code else None,
        net_after=after if code else None,
        net_change=after - before if code else None,
    )


def _notes(first: _Audit, second: _Audit, not_compared: int) -> list[str]:
    notes = []
    limited = [one for one in (first, second) if one.run.limits]
    if limited:
        told = "; ".join(f"run {one.run.run_id} to {_told(one.run.limits)}" for one in limited)
        notes.append(
            f"Only what both looked at is compared. Limited were {told}: {not_compared} "
            f"finding{'' if not_compared == 1 else 's'} of the other {'is' if not_compared == 1 else 'are'} left out."
        )
    if first.run.as_of == second.run.as_of:
        notes.append("Both audits judge the same instant, so they differ by settings, rules or filters only.")
    if first.run.as_of > second.run.as_of:
        notes.append(
            "The first of the two judges the later instant: what is new in the other was there before."
        )
    for one in (first, second):
        if one.run.whole is None:
            notes.append(
                f"Run {one.run.run_id} is of an older version that did not keep what limited it, and is taken as whole."
            )
    return notes


def _told(limits: Mapping[str, list[Any]]) -> str:
    return ", ".join(
        f"{kind.replace('_', ' ')} "
        + " or ".join("=".join(one) if isinstance(one, list) else str(one) for one in values)
        for kind, values in limits.items()
    )
