"""What a report says in a few lines, for chats, pull requests and mail: words without any markup.

Numbers are those of the first screen of the page, made by the same functions.
"""

from collections.abc import Sequence

from finops.finance_model import TiedOut
from finops.model import AuditReport
from reports import amounts, summary
from reports import control as controlling
from reports.decisions import Decision, decisions, rest
from reports.html.headline import Piece
from reports.html.seen import caveat
from reports.html.tiles import Tile
from reports.plain import one_line, shortened

_BILLS = 2  # currencies whose last month is held against its invoices
_LONGEST = 90  # characters of what is to be decided


def tile(one: Tile) -> list[Piece]:
    """A number of the first screen on one line: 'November forecast: $17,200 · $16,800–$17,700 in four of five …'."""
    pieces = [Piece(f"{one.label}: ")]
    for place, value in enumerate(one.values):
        pieces += [Piece(" and ")] * bool(place) + [Piece(value.text, "strong", value.full)]
    return [*pieces, *(Piece(f" · {note.text}") for note in one.notes if note.text)]


def decided(one: Decision) -> list[Piece]:
    """A decision on one line: what, how much a month, who decides and whether it can be undone."""
    owner = f", owner {shortened(one.owner, 40)}" if one.owner else ""
    return [
        Piece(f"{shortened(one.what, _LONGEST)}: "),
        Piece(f"{amounts.money(one.net, one.currency)} a month", "strong"),
        Piece(f" · {one.decides}{owner} · {one.risk} risk · undo: {one.undo[0].lower()}{one.undo[1:]}"),
    ]


def remaining(report: AuditReport, shown: Sequence[Decision]) -> str:
    """What can be saved beside the shown decisions; empty where that is all."""
    left = rest(report, shown)
    if not left:
        return ""
    more = len(decisions(report, None)) - len(shown)
    saved = " and ".join(f"{amounts.money(net, currency)} a month" for net, currency, _ in left)
    return f"{amounts.count(more, 'more decision')}: {saved}"


def seen(report: AuditReport) -> str:
    """Which part of the cost was judged and how many sources were not read whole; empty where neither is known."""
    shares = [(report.totals.evaluated_cost_share, "")]
    if shares[0][0] is None:
        shares = [
            (one.evaluated_cost_share, f" of {currency}")
            for currency, one in report.totals_by_currency.items()
        ]
    judged = [f"{amounts.share(share)}{of}" for share, of in shares if share is not None]
    unread, scopes = len(summary.unread_scopes(report)), len(report.coverage)
    parts = [f"{', '.join(judged)} of the spend judged"] if judged else []
    if unread:
        parts.append(f"{unread:,} of {amounts.count(scopes, 'source')} not read whole")
    return ", ".join(parts)


def warning(report: AuditReport) -> str:
    """What was not seen, in a line; empty where everything was."""
    told = caveat(report)
    if told is None:
        return ""
    lines = [f"{where} ({why})" if why else where for where, why in told.lines]
    return f"{told.title} {'; '.join(lines)}."


def alarms(report: AuditReport, most: int) -> list[str]:
    """Open anomalies, at most so many lines; the rest is counted in the last."""
    told = controlling.control(report)
    going_on = [one for one in told.alarms if one.grave] if told else []
    lines = [f"{one.what} {one.id}: {one.message}" for one in going_on]
    if len(lines) > most:
        lines[most - 1 :] = [f"{amounts.count(len(lines) - most + 1, 'more anomaly', 'more anomalies')} open"]
    return lines


def tie(report: AuditReport) -> list[str]:
    """The newest month that has invoices, held against them, in each of the first currencies."""
    newest: dict[str, TiedOut] = {}
    for one in report.finance.tie_out if report.finance else []:
        known = newest.get(one.currency)
        if known is None or one.month > known.month:
            newest[one.currency] = one
    return [_tied(one) for one in list(newest.values())[:_BILLS]]


def _tied(one: TiedOut) -> str:
    month, billed = amounts.month(one.month), amounts.money(one.billed, one.currency)
    parts = []
    if one.not_invoiced:
        parts.append(f"{amounts.money(one.not_invoiced, one.currency)} without an invoice")
    if one.residual:
        parts.append(f"{amounts.money(one.residual, one.currency)} unexplained")
    if one.difference:
        parts.append(f"{amounts.money(one.difference, one.currency)} off the total that came with the bill")
    if not parts:
        ties = "ties to its invoices" if one.invoices else "has no invoice to hold it against"
        return one_line(f"{month} {ties}: {billed}")
    return one_line(f"{month}: {billed} billed, {', '.join(parts)}")
