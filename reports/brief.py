"""What a report says in a few lines, for chats, pull requests and mail: words without any markup.

Numbers are those of the first screen of the page, made by the same functions.
"""

from collections.abc import Sequence

from finops.finance_model import TiedOut
from finops.model import AuditReport
from reports import amounts, summary, words
from reports import control as controlling
from reports.decisions import Decision, decisions, rest
from reports.html.seen import caveat
from reports.html.tiles import Tile
from reports.language import flowing, in_brackets, joint, spoken, t, tn, within
from reports.pieces import Piece, joined, pieces
from reports.plain import one_line, shortened

_BILLS = 2  # currencies whose last month is held against its invoices
_LONGEST = 90  # characters of what is to be decided


def tile(one: Tile) -> list[Piece]:
    """A number of the first screen on one line: 'November forecast: $17,200 · $16,800–$17,700 in four of five …'."""
    values = joined([[Piece(value.text, "strong", value.full)] for value in one.values])
    told = pieces(t("{name}: {value}"), name=one.label, value=values)
    for note in one.notes:
        told += [Piece(f" · {note.told}"), Piece(note.said or "")] if note.text else []
    return told


def decided(one: Decision) -> list[Piece]:
    """A decision on one line: what, how much a month, who decides and whether it can be undone."""
    saving = t("{amount} a month", amount=amounts.money(one.net, one.currency))
    owner = shortened(one.owner, 40)
    who = t("{decides}, owner {owner}", decides=one.decides, owner=owner) if one.owner else one.decides
    undo = t("undo: {answer}", answer=within(one.undo))
    return [
        Piece(shortened(one.what, _LONGEST) + joint(": ")),
        Piece(saving, "strong"),
        Piece(f" · {who} · {words.RISKS[one.risk]} · {undo}"),
    ]


def remaining(report: AuditReport, shown: Sequence[Decision]) -> str:
    """What can be saved beside the shown decisions; empty where that is all."""
    left = rest(report, shown)
    if not left:
        return ""
    more = len(decisions(report, None)) - len(shown)
    saved = amounts.joined(
        [t("{amount} a month", amount=amounts.money(net, currency)) for net, currency, _ in left]
    )
    return tn("{n} more decision: {amounts}", "{n} more decisions: {amounts}", more, amounts=saved)


def seen(report: AuditReport) -> str:
    """Which part of the cost was judged and how many sources were not read whole; empty where neither is known."""
    unread, parts = len(summary.unread_scopes(report)), []
    if judged := _judged(report):
        parts.append(t("{shares} of the spend judged", shares=joint(", ").join(judged)))
    if unread:
        parts.append(
            tn(
                "{unread} of {n} source not read whole",
                "{unread} of {n} sources not read whole",
                len(report.coverage),
                unread=amounts.number(unread),
            )
        )
    return joint("; ").join(parts) if spoken() == "zh" else ", ".join(parts)


def _judged(report: AuditReport) -> list[str]:
    whole = report.totals.evaluated_cost_share
    if whole is not None:
        return [amounts.share(whole)]
    return [
        t("{share} of {currency}", share=amounts.share(one.evaluated_cost_share), currency=currency)
        for currency, one in report.totals_by_currency.items()
        if one.evaluated_cost_share is not None
    ]


def warning(report: AuditReport) -> str:
    """What was not seen, in a line; empty where everything was."""
    told = caveat(report)
    if told is None:
        return ""
    lines = [where + in_brackets(why) if why else where for where, why in told.lines]
    return flowing([told.title, t("{sentence}.", sentence=joint("; ").join(lines))])


def alarms(report: AuditReport, most: int) -> list[list[Piece]]:
    """Open anomalies, at most so many lines; the rest is counted in the last."""
    told = controlling.control(report)
    going_on = [one for one in told.alarms if one.grave] if told else []
    lines = [[Piece(f"{one.what} {one.id}{joint(': ')}"), Piece(one.message)] for one in going_on]
    rest = len(lines) - most + 1
    if rest > 1:
        lines[most - 1 :] = [[Piece(tn("{n} more anomaly open", "{n} more anomalies open", rest))]]
    return lines


def tie(report: AuditReport) -> list[str]:
    """The newest month that has invoices, held against them, in each of the first currencies."""
    newest: dict[str, TiedOut] = {}
    for one in report.finance.tie_out if report.finance else []:
        known = newest.get(one.currency)
        if known is None or one.month > known.month:
            newest[one.currency] = one
    return [one_line(_tied(one)) for one in list(newest.values())[:_BILLS]]


def _tied(one: TiedOut) -> str:
    told = {"month": amounts.month(one.month), "amount": amounts.money(one.billed, one.currency)}
    parts = []
    if one.not_invoiced:
        amount = amounts.money(one.not_invoiced, one.currency)
        parts.append(t("{amount} without an invoice", amount=amount))
    if one.residual:
        parts.append(t("{amount} unexplained", amount=amounts.money(one.residual, one.currency)))
    if one.difference:
        amount = amounts.money(one.difference, one.currency)
        parts.append(t("{amount} off the total that came with the bill", amount=amount))
    if parts:
        return t("{month}: {amount} billed, {parts}", parts=joint(", ").join(parts), **told)
    if one.invoices:
        return t("{month} ties to its invoices: {amount}", **told)
    return t("{month} has no invoice to hold it against: {amount}", **told)
