"""Puts the page together: one file, no network, script allowed by its hash only, readable without script.

plotly's bundle travels compressed and is unpacked in the browser after text and tables are painted; its hash is in
the policy, so nothing else could take its place. Of its bundles the one for finance is enough, a quarter of the whole:
it draws lines, bars, waterfalls and funnels (vendor/README.md). Same report, same bytes: no clock, no random.
"""

import base64
import gzip
import hashlib
import json
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from finops.model import AuditReport
from reports import amounts, summary, words
from reports import control as controlling
from reports import trust as trusting
from reports.audience import ORDER, Audience
from reports.html import charts, contents, facets, method, netting, sections
from reports.html.asked import asked
from reports.html.basis import basis
from reports.html.headline import headline
from reports.html.rows import SORT_KEYS, Row, blank, rows
from reports.html.seen import caveat
from reports.html.telling import english, filled, lang_of
from reports.html.tiles import tiles
from reports.language import TAGS, begun, for_script, in_brackets, punctuated, spoken, t, tc, tn
from reports.plain import one_line

# In this order, and one script: what comes later uses what came before.
SCRIPTS = (
    "words.js", "inflate.js", "decimals.js", "choosing.js", "renetting.js", "filters.js", "download.js", "table.js",
    "report.js",
)  # fmt: skip
IN_MARKUP = 200  # findings written as HTML; the rest travels as compressed data and is shown page by page
_TEMPLATES = (
    "report.html.j2", "first.html.j2", "chart.html.j2", "filter.html.j2", "macros.html.j2",
    *(f"parts/{name}.html.j2" for name in ORDER["finance"]),
)  # fmt: skip


def render(report: AuditReport, audience: Audience = "finance") -> str:
    """The whole page as text; for whom it is decides on the order and on what is folded, never on a number."""
    drawn = charts.charts(report)
    script = _script()
    context = {
        **_first_screen(report),
        **_around(report),
        **_sections(report),
        **_charts(drawn),
        **_findings(report),
        "method": method.method(report),
        "glossary": method.glossary(report),
    }
    parts = contents.parts(context, audience)
    page: str = _template().render(
        report=report,
        css=_markup("report.css"),
        js=Markup(script),  # noqa: S704
        csp=_policy([script, plotly_js()] if drawn else [script]),
        day=amounts.day(report.as_of),
        contents=contents.contents(parts, context),
        parts=parts,
        why_title=t(contents.WHY),
        lang=TAGS[spoken()],
        words=for_script(),
        separators=[punctuated(","), punctuated(".")],
        **context,
    )
    return page


def _first_screen(report: AuditReport) -> dict[str, Any]:
    decisions, totals = asked(report)
    return {
        "basis": basis(report),
        "headline": headline(report),
        "nothing": words.headline(report).before,
        "tiles": tiles(report),
        "caveat": caveat(report),
        "asked": decisions,
        "asked_totals": totals,
    }


def _around(report: AuditReport) -> dict[str, Any]:
    """What the bill, the history and the settings tell beside the findings; empty where they tell nothing."""
    return {
        "notes": [one_line(note) for note in report.finance.notes] if report.finance else [],
        "unallocated": [*sections.unallocated(report)],
        "spend_tables": sections.spend_tables(report),
        "units": sections.unit_table(report),
        "uses": sections.use_table(report),
        "expiries": sections.expiry_table(report),
        "changed_tables": sections.changed_tables(report),
        "tied_tables": sections.tied_tables(report),
        "command": sections.command(report),
        "provenance": sections.provenance(report),
        "provenance_tables": sections.provenance_tables(report),
    }


def _sections(report: AuditReport) -> dict[str, Any]:
    return {
        "unread": sections.unread_lines(report),
        "control": controlling.control(report),
        "control_title": t(controlling.TITLE),
        "control_answer": controlling.answer,
        "alarms": sections.alarm_table(report),
        "outlook": sections.outlook_tables(report),
        "trust": trusting.trust(report),
        "trust_title": t(trusting.TITLE),
        "doubts": sections.doubt_table(report),
        "accepted": sections.accepted_table(report),
        "lapsed": sections.lapsed_table(report),
        "costs": sections.cost_table(report),
        "footprint": sections.footprint_table(report),
        "coverage": sections.coverage_table(report),
        "gaps": sections.gap_table(report),
    }


def _charts(drawn: list[charts.Chart]) -> dict[str, Any]:
    return {
        "charts": drawn,
        "drawn_in": {one.section for one in drawn},
        "figures": charts.drawings(drawn),
        "plotly": _plotly() if drawn else "",
    }


def _findings(report: AuditReport) -> dict[str, Any]:
    listed = rows(report)
    return {
        "rows": listed[:IN_MARKUP],
        "blank": blank(),
        "rest": _packed(json.dumps([_compact(row) for row in listed[IN_MARKUP:]], ensure_ascii=False)),
        "facets": facets.facets(report),
        "facet_keys": facets.KEYS,
        "sort_keys": SORT_KEYS,
        "netting": _netting(report),
        "netted": netting.can_be_netted_anew(report),
        "total_rows": len(listed),
        "in_markup": IN_MARKUP,
        "totals": _totals(report),
        "zeros": {currency: amounts.money(Decimal(0), currency) for currency in report.totals_by_currency},
    }


def _netting(report: AuditReport) -> str:
    """The data for netting anew; empty where no finding meets another, so that sums are all it takes."""
    if not netting.can_be_netted_anew(report) or not any(one.overlap for one in summary.pending(report)):
        return ""
    return _packed(json.dumps(netting.netting(report), separators=(",", ":")))


@cache
def _template() -> Any:
    environment = Environment(
        loader=DictLoader({name: _asset(name) for name in _TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        t=t,
        tn=tn,
        tc=tc,
        in_brackets=in_brackets,
        number=amounts.number,
        english=english,
        lang_of=lang_of,
        begun=begun,
    )
    environment.filters["filled"] = filled
    return environment.get_template("report.html.j2")


def _asset(name: str) -> str:
    return files("reports.html").joinpath(name).read_text(encoding="utf-8")


def _script() -> str:
    return "".join(map(_asset, SCRIPTS))


def _markup(name: str) -> Markup:
    """One of our own files as it is, not escaped."""
    return Markup(_asset(name))  # noqa: S704


def _policy(scripts: list[str]) -> str:
    """No address, no script but ours and plotly's. plotly writes styles, hence unsafe-inline for those."""
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def plotly_js() -> str:
    """The script that draws the charts, as its makers publish it."""
    return _asset("vendor/plotly-finance.min.js")


@cache
def _plotly() -> str:
    return _packed(plotly_js())


def _packed(text: str) -> str:
    """gzip and base64, which holds no character that means anything in HTML; empty for an empty list."""
    return "" if text == "[]" else base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _compact(row: Row) -> list[Any]:
    """The values in the order of Row's keys; the keys are written once, in the markup's blank row."""
    return list(row.values())


def _totals(report: AuditReport) -> list[dict[str, str]]:
    """The foot of the table of findings: one line per currency, each the sum of its rows."""
    return [
        {
            "currency": currency,
            "cost": amounts.money(totals.monthly_cost, currency),
            "net": amounts.money(totals.net_monthly_savings, currency),
            "gross": amounts.money(totals.gross_monthly_savings, currency),
            "overlap": amounts.money(summary.overlap(totals), currency),
            "range": amounts.money_range(totals.net_low, totals.net_high, currency),
        }
        for currency, totals in report.totals_by_currency.items()
    ]
