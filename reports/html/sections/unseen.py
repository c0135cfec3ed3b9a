"""What was not looked at: scopes that could not be read, checks without an answer, and how far reading came."""

from collections import Counter, defaultdict

from finops.model import AuditReport, Coverage
from reports import amounts, summary, words
from reports.html.sections.table import MOST, Table, beyond
from reports.language import joint, t, tn
from reports.plain import in_english, one_line

_MOST_GAPS = 100


def unread_lines(report: AuditReport) -> list[tuple[str, str, str]]:
    """What could not be read: where and what, why, and what the cloud said, in English."""
    return [
        (words.unread_place(group), words.STATUSES[group.status], in_english(group.error))
        for group in summary.unread_groups(report)
    ]


def gap_table(report: AuditReport) -> Table | None:
    """What was not evaluated, by reason."""
    groups = summary.gaps(report)
    if not groups:
        return None
    rows: list[tuple[str, ...]] = [
        (words.kind(g.rule), in_english(g.reason), amounts.number(g.accounts), amounts.number(g.count))
        for g in groups[:_MOST_GAPS]
    ]
    rest = groups[_MOST_GAPS:]
    if rest:
        more = tn("{n} more reason", "{n} more reasons", len(rest))
        rows.append((more, "", "", amounts.number(sum(g.count for g in rest))))
    total = [(t("Total"), "", "", amounts.number(len(report.not_evaluated)))]
    header = (t("Looked for"), t("Why there is no answer"), t("Accounts"), t("Times"))
    return Table(t("Checks without an answer, by reason"), header, rows, total, frozenset({2, 3}))


def coverage_table(report: AuditReport) -> Table | None:
    """Per account and data set how much was read; the single scopes that failed are listed in the warning."""
    groups: defaultdict[tuple[str, str, str], list[Coverage]] = defaultdict(list)
    for scope in report.coverage:
        groups[scope.cloud, scope.account, scope.dataset].append(scope)
    if not groups:
        return None
    rows = [_coverage_row(key, groups[key]) for key in sorted(groups)]
    header = (t("Account"), t("Data"), t("Regions"), t("State"), t("Rows"), t("Read last"))
    more = beyond(rows, "status")
    return Table(t("What was read, and when"), header, rows[:MOST], more, frozenset({2, 4}))


def _coverage_row(key: tuple[str, str, str], scopes: list[Coverage]) -> tuple[str, ...]:
    states = Counter(scope.status for scope in scopes).most_common()
    told = [(words.STATUSES[status], amounts.number(n)) for status, n in states]
    state = joint(", ").join(s if len(told) == 1 else t("{n} {state}", n=n, state=s) for s, n in told)
    dates = [scope.collected_at for scope in scopes if scope.collected_at]
    oldest = amounts.clock(min(dates)) if dates else amounts.UNKNOWN
    return (
        one_line(f"{key[0]} {key[1]}"),
        in_english(key[2]),
        amounts.number(len(scopes)),
        state,
        amounts.number(sum(s.rows for s in scopes)),
        oldest,
    )
