"""What was not looked at: scopes that could not be read, checks without an answer, and how far reading came."""

from collections import Counter, defaultdict

from finops.model import AuditReport, Coverage
from reports import amounts, summary, words
from reports.html.sections.table import MOST, Table, beyond
from reports.plain import one_line

_MOST_GAPS = 100


def unread_lines(report: AuditReport) -> list[tuple[str, str]]:
    """What could not be read: where and what, and why."""
    lines = []
    for group in summary.unread_groups(report):
        places = ", ".join(group.regions) if len(group.regions) <= 4 else f"{len(group.regions)} regions"
        where = f"{group.cloud} {group.account}: {', '.join(group.datasets)} in {places}"
        why = words.STATUSES[group.status] + (f" ({one_line(group.error)})" if group.error else "")
        lines.append((one_line(where), why))
    return lines


def gap_table(report: AuditReport) -> Table | None:
    """What was not evaluated, by reason."""
    groups = summary.gaps(report)
    if not groups:
        return None
    rows = [
        (words.kind(g.rule), one_line(g.reason), f"{g.accounts:,}", f"{g.count:,}")
        for g in groups[:_MOST_GAPS]
    ]
    rest = groups[_MOST_GAPS:]
    if rest:
        rows.append((f"{len(rest):,} more reasons", "", "", f"{sum(g.count for g in rest):,}"))
    total = [("Total", "", "", f"{len(report.not_evaluated):,}")]
    header = ("Looked for", "Why there is no answer", "Accounts", "Times")
    return Table("Checks without an answer, by reason", header, rows, total, frozenset({2, 3}))


def coverage_table(report: AuditReport) -> Table | None:
    """Per account and data set how much was read; the single scopes that failed are listed in the warning."""
    groups: defaultdict[tuple[str, str, str], list[Coverage]] = defaultdict(list)
    for scope in report.coverage:
        groups[scope.cloud, scope.account, scope.dataset].append(scope)
    if not groups:
        return None
    rows = [_coverage_row(key, groups[key]) for key in sorted(groups)]
    header = ("Account", "Data", "Regions", "State", "Rows", "Read last")
    more = beyond(rows, "finops status")
    return Table("What was read, and when", header, rows[:MOST], more, frozenset({2, 4}))


def _coverage_row(key: tuple[str, str, str], scopes: list[Coverage]) -> tuple[str, ...]:
    states = Counter(words.STATUSES[scope.status] for scope in scopes)
    state = ", ".join(s if len(states) == 1 else f"{n} {s}" for s, n in states.most_common())
    dates = [scope.collected_at for scope in scopes if scope.collected_at]
    oldest = amounts.clock(min(dates)) if dates else amounts.UNKNOWN
    return (
        one_line(f"{key[0]} {key[1]}"),
        one_line(key[2]),
        f"{len(scopes):,}",
        state,
        f"{sum(s.rows for s in scopes):,}",
        oldest,
    )
