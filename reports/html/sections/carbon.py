"""What the estate emits, by account, region and kind of resource."""

from finops.model import AuditReport, FootprintLine
from reports import amounts, words
from reports.html.sections.table import MOST, Table, more_lines
from reports.language import t
from reports.plain import one_line


def footprint_table(report: AuditReport) -> Table | None:
    """What the estate emits by account, region and kind of resource, with a total that is the one above."""
    lines = [line for line in report.footprint if line.estimated or line.service != "public_ip"]
    if report.totals.monthly_co2e_kg is None or not lines:
        return None
    rows = [_footprint_row(line) for line in lines[:MOST]]
    totals, rest = report.totals, lines[MOST:]
    if rest:
        rows.append((more_lines(len(rest), "json"), *[""] * 7))
    span = amounts.carbon_range(totals.monthly_co2e_low_kg, totals.monthly_co2e_high_kg)
    whole = (totals.monthly_co2e_operational_kg, totals.monthly_co2e_embodied_kg, totals.monthly_co2e_kg)
    counts = (sum(line.estimated for line in lines), sum(line.resources - line.estimated for line in lines))
    foot = [(t("Total"), "", *map(amounts.number, counts), *map(amounts.carbon, whole), span)]
    header = (
        t("Account and region"), t("Kind"), t("Estimated"), t("Not estimated"), t("By electricity"),
        t("By making the hardware"), t("CO₂e a month"), t("Between"),
    )  # fmt: skip
    caption = t("What is emitted in 730 hours, by account, region and kind")
    return Table(caption, header, rows, foot, frozenset({2, 3, 4, 5, 6, 7}))


def _footprint_row(line: FootprintLine) -> tuple[str, ...]:
    return (
        one_line(f"{words.account(line.cloud, line.account)} {line.region}"),
        words.RESOURCES.get(line.service, one_line(line.service)),
        amounts.number(line.estimated),
        amounts.number(line.resources - line.estimated),
        amounts.carbon(line.emitted_operational_kg),
        amounts.carbon(line.emitted_embodied_kg),
        amounts.carbon(line.emitted_kg),
        amounts.carbon_range(line.emitted_low_kg, line.emitted_high_kg),
    )
