"""What stands around the findings: title, tiles, the warning, costs, coverage. Texts ready to be shown."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from finops.model import AuditReport, Coverage, Finding, FootprintLine
from reports import amounts, summary, words
from reports import control as controlling
from reports import trust as trusting
from reports.plain import one_line

MAX_SCOPES = 200
MAX_GAPS = 100
_NAMES = {
    "USD": "US dollars",
    "EUR": "euros",
    "CNY": "Chinese yuan",
    "GBP": "pounds sterling",
    "JPY": "Japanese yen",
}


@dataclass(frozen=True)
class Tile:
    """One number of the first screen with its comparison; several values only in several currencies."""

    label: str
    values: tuple[str, ...]
    notes: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A small table: `numeric` are the columns set to the right."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: Sequence[tuple[str, ...]]
    numeric: frozenset[int]


def basis(report: AuditReport) -> list[str]:
    """What a number on this page means and where it comes from, in the order a controller asks."""
    currencies = list(report.totals_by_currency) or [report.currency or ""]
    return [
        part
        for part in [
            ", ".join(f"{_NAMES[c]} ({c})" if c in _NAMES else one_line(c) for c in currencies),
            "effective cost before tax and credits",
            "months of 730 hours",
            _window(report),
            f"prepared for {amounts.clock(report.as_of)}",
            f"run {one_line(report.run_id)}, finops {report.tool_version}",
        ]
        if part
    ]


def _window(report: AuditReport) -> str:
    windows = {(c.window_start, c.window_end) for c in report.costs if c.window_start and c.window_end}
    if len(windows) == 1:
        return f"bills of {amounts.period(*windows.pop())}"
    return "bills of the windows given for each account below" if windows else ""


def tiles(report: AuditReport) -> list[Tile]:
    return [_spent(report), _saving(report), _judged(report), _carbon(report), _count(report)]


def _spent(report: AuditReport) -> Tile:
    bases = Counter(cost.basis for cost in report.costs)
    unknown = sum(cost.monthly_cost is None for cost in report.costs)
    notes = (
        [f"in {amounts.count(len(report.costs), 'account')}"]
        if report.costs
        else ["no bill or inventory loaded"]
    )
    if bases["list"]:
        notes.append(f"{amounts.count(bases['list'], 'account')} at list prices")
    if unknown:
        notes.append(f"without {amounts.count(unknown, 'account')} whose cost is not known")
    return Tile("What we spend a month", _values(report, "monthly_cost"), tuple(notes))


def _saving(report: AuditReport) -> Tile:
    steps = summary.counted(report)
    if steps and all(step.net_monthly_savings is None for step in steps):
        return Tile("What we can save a month", ("not known",), ("no price is known",), "saving")
    notes: list[str] = []
    for currency, totals in summary.per_currency(report):
        if totals.net_low is not None and totals.net_low != totals.net_high:
            notes.append(f"likely {amounts.money_range(totals.net_low, totals.net_high, currency)}")
        gross, twice = totals.gross_monthly_savings, summary.overlap(totals)
        if twice:
            removed = f"{amounts.money(twice, currency)} overlap removed"
            notes.append(f"net of {amounts.money(gross, currency)} gross, {removed}")
    return Tile("What we can save a month", _values(report, "net_monthly_savings"), tuple(notes), "saving")


def _values(report: AuditReport, figure: summary.Figure) -> tuple[str, ...]:
    return tuple(amounts.money(*amount) for amount in summary.amounts(report, figure)) or ("not known",)


def _judged(report: AuditReport) -> Tile:
    whole = report.totals.evaluated_cost_share
    parts = {
        c: t.evaluated_cost_share
        for c, t in report.totals_by_currency.items()
        if t.evaluated_cost_share is not None
    }
    values = (
        [amounts.share(whole)]
        if whole is not None
        else [f"{amounts.share(s)} of {c}" for c, s in parts.items()]
    )
    unread = len(summary.unread_scopes(report))
    note = f"{unread:,} of {amounts.count(len(report.coverage), 'source')} not read whole"
    label = "Share of cost judged"
    return Tile(label, tuple(values) or ("not known",), (note,) if unread else (), "short" if unread else "")


def _carbon(report: AuditReport) -> Tile:
    saved, steps = report.totals.co2e_saved_kg, summary.counted(report)
    if saved is None or (steps and all(summary.carbon_counted(step) is None for step in steps)):
        return Tile("Carbon saved a month", ("not known",), ())
    notes = ["CO₂e, location-based estimate"]
    if report.totals.monthly_co2e_kg is not None:
        notes.insert(0, f"of {amounts.carbon(report.totals.monthly_co2e_kg)} emitted")
    span = amounts.carbon_range(*summary.carbon_interval(report))
    if span != amounts.UNKNOWN and saved:
        notes.insert(0, f"between {span.replace(' to ', ' and ')}")
    unknown = sum(summary.carbon_counted(step) is None for step in steps)
    if unknown:
        notes.append(f"not known for {amounts.count(unknown, 'finding')}")
    return Tile("Carbon saved a month", (amounts.carbon(saved),), tuple(notes))


def _count(report: AuditReport) -> Tile:
    pending, steps = summary.pending(report), summary.counted(report)
    notes = [f"{amounts.count(len(pending) - len(steps), 'is', 'are')} only an alternative"] * (
        len(pending) > len(steps)
    )
    accepted = len(summary.accepted(report))
    notes += [f"{accepted:,} more accepted as they are"] * bool(accepted)
    if report.not_evaluated:
        notes.append(f"{amounts.count(len(report.not_evaluated), 'check')} without an answer")
    looked = report.findings or report.costs or report.coverage or report.not_evaluated
    return Tile("Findings", (f"{len(pending):,}" if looked else "not known",), tuple(notes))


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
        (words.kind(g.rule), one_line(g.reason), f"{g.accounts:,}", f"{g.count:,}") for g in groups[:MAX_GAPS]
    ]
    rest = groups[MAX_GAPS:]
    if rest:
        rows.append((f"{len(rest):,} more reasons", "", "", f"{sum(g.count for g in rest):,}"))
    total = [("Total", "", "", f"{len(report.not_evaluated):,}")]
    header = ("Looked for", "Why there is no answer", "Accounts", "Times")
    return Table("Checks without an answer, by reason", header, rows, total, frozenset({2, 3}))


def doubt_table(report: AuditReport) -> Table | None:
    """The tests of the data that failed, errors first."""
    told = trusting.trust(report)
    if not told or not told.doubts:
        return None
    rows = [
        ("error" if one.grave else "warning", one.test, one.subject, one.message, one.since)
        for one in told.doubts[:MAX_GAPS]
    ]
    rest = len(told.doubts) - MAX_GAPS
    if rest > 0:
        rows.append(("", f"{rest:,} more", "", "see finops status", ""))
    header = ("How grave", "Test", "Of what", "What it found", "Failing")
    return Table("Tests of the data that failed", header, rows, [], frozenset())


def control_tables(report: AuditReport) -> list[Table]:
    """Anomalies, the forecast of the month and budgets, each where there is something to tell."""
    told = controlling.control(report)
    if not told:
        return []
    alarms = [(one.what, one.days, one.message, one.id) for one in told.alarms[:MAX_GAPS]]
    months = [(one.who, one.spent, one.through, one.forecast, one.band) for one in told.months]
    tables = [
        Table(
            "Costs and figures out of control",
            ("What", "When", "What happened", "Id"),
            alarms,
            [],
            frozenset(),
        ),
        Table(
            controlling.FORECAST,
            ("Of whom", "Spent", "Settled through", "Forecast", "Four of five months end between"),
            months,
            [],
            frozenset({1, 3, 4}),
        ),
        Table(controlling.BUDGETS, ("Budget", "State", "Why"), list(told.budgets), [], frozenset()),
    ]
    return [one for one in tables if one.rows]


def cost_table(report: AuditReport) -> Table | None:
    """What each account costs and on what basis, with a total per currency to tie out to the bill."""
    if not report.costs:
        return None
    rows = [
        (
            words.account(cost.cloud, cost.account),
            amounts.money(cost.monthly_cost, cost.currency),
            {"billed": "billed", "list": "list prices", "none": "not known"}[cost.basis],
            amounts.period(cost.window_start, cost.window_end),
            one_line(cost.note or ""),
        )
        for cost in report.costs
    ]
    totals = [
        (f"Total in {currency}", amounts.money(total.monthly_cost, currency), "", "", "")
        for currency, total in report.totals_by_currency.items()
    ]
    header = ("Account", "Cost a month", "Basis", "Window", "Note")
    return Table("What each account costs in 730 hours", header, rows, totals, frozenset({1}))


def footprint_table(report: AuditReport) -> Table | None:
    """What the estate emits by account, region and kind of resource, with a total that is the one above."""
    lines = [line for line in report.footprint if line.estimated or line.service != "public_ip"]
    if report.totals.monthly_co2e_kg is None or not lines:
        return None
    rows = [_footprint_row(line) for line in lines[:MAX_SCOPES]]
    totals, rest = report.totals, lines[MAX_SCOPES:]
    if rest:
        rows.append((f"{len(rest):,} more lines; see the JSON", *[""] * 7))
    span = amounts.carbon_range(totals.monthly_co2e_low_kg, totals.monthly_co2e_high_kg)
    whole = (totals.monthly_co2e_operational_kg, totals.monthly_co2e_embodied_kg, totals.monthly_co2e_kg)
    counts = (sum(line.estimated for line in lines), sum(line.resources - line.estimated for line in lines))
    foot = [("Total", "", *(f"{n:,}" for n in counts), *map(amounts.carbon, whole), span)]
    header = (
        "Account and region", "Kind", "Estimated", "Not estimated", "By electricity", "By making the hardware",
        "CO₂e a month", "Between",
    )  # fmt: skip
    caption = "What is emitted in 730 hours, by account, region and kind"
    return Table(caption, header, rows, foot, frozenset({2, 3, 4, 5, 6, 7}))


def _footprint_row(line: FootprintLine) -> tuple[str, ...]:
    return (
        one_line(f"{words.account(line.cloud, line.account)} {line.region}"),
        words.RESOURCES.get(line.service, one_line(line.service)),
        f"{line.estimated:,}",
        f"{line.resources - line.estimated:,}",
        amounts.carbon(line.emitted_operational_kg),
        amounts.carbon(line.emitted_embodied_kg),
        amounts.carbon(line.emitted_kg),
        amounts.carbon_range(line.emitted_low_kg, line.emitted_high_kg),
    )


def coverage_table(report: AuditReport) -> Table | None:
    """Per account and data set how much was read; the single scopes that failed are listed in the warning."""
    groups: defaultdict[tuple[str, str, str], list[Coverage]] = defaultdict(list)
    for scope in report.coverage:
        groups[scope.cloud, scope.account, scope.dataset].append(scope)
    if not groups:
        return None
    rows = [_coverage_row(key, groups[key]) for key in sorted(groups)]
    header = ("Account", "Data", "Regions", "State", "Rows", "Read last")
    return Table("What was read, and when", header, rows[:MAX_SCOPES], _beyond(rows), frozenset({2, 4}))


def _coverage_row(key: tuple[str, str, str], scopes: list[Coverage]) -> tuple[str, ...]:
    states = Counter(words.STATUSES[scope.status] for scope in scopes)
    state = ", ".join(s if len(states) == 1 else f"{n} {s}" for s, n in states.most_common())
    dates = [scope.collected_at for scope in scopes if scope.collected_at]
    oldest = amounts.clock(min(dates)) if dates else amounts.UNKNOWN
    account = f"{key[0]} {key[1]}"
    return (
        one_line(account),
        one_line(key[2]),
        f"{len(scopes):,}",
        state,
        f"{sum(s.rows for s in scopes):,}",
        oldest,
    )


def _beyond(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    more = len(rows) - MAX_SCOPES
    return [(f"{more:,} more lines; see finops status", "", "", "", "", "")] if more > 0 else []


def accepted_table(report: AuditReport) -> Table | None:
    """Findings somebody has decided to live with: priced, but in no total."""
    accepted = summary.accepted(report)
    if not accepted:
        return None
    rows = [_accepted_row(finding) for finding in accepted]
    foot = [
        (f"Total in {currency}", "", "", "", "", "", "", amounts.money(amount, currency))
        for amount, currency in summary.waste(accepted)
    ]
    header = (
        "Kind of finding", "Resource", "Account", "Why it was found", "Accepted by", "Because", "Until",
        "Cost of it a month",
    )  # fmt: skip
    return Table("Accepted as it is, in no total", header, rows, foot, frozenset({7}))


def _accepted_row(finding: Finding) -> tuple[str, ...]:
    exemption = finding.exemption
    who = (
        (exemption.owner, exemption.reason, amounts.last_day(exemption.expires_at))
        if exemption
        else ("",) * 3
    )
    return (
        words.kind(finding.rule),
        words.name(finding),
        words.account(finding.cloud, finding.account),
        one_line(finding.reason),
        *map(one_line, who),
        amounts.money(exemption.monthly_waste if exemption else None, finding.currency),
    )


def lapsed_table(report: AuditReport) -> Table | None:
    """Exemptions that do not hold, so that their findings count again, or are odd."""
    lapsed = summary.lapsed(report)
    if not lapsed:
        return None
    rows = [
        (
            one_line(line.rule),
            one_line(line.selector),
            one_line(line.owner),
            words.EXEMPTIONS[line.state],
            one_line(line.note or ""),
            one_line(line.source),
        )
        for line in lapsed[:MAX_GAPS]
    ]
    more = len(lapsed) - MAX_GAPS
    foot = [(f"{more:,} more lines; see finops status", "", "", "", "", "")] if more > 0 else []
    header = ("Rule", "What it is about", "By", "State", "Why", "Where it stands")
    return Table("Exemptions to look at", header, rows, foot, frozenset())
