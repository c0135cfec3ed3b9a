"""What the estate emits, by region: electricity and the making of the hardware, with how far it may be off."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from finops.model import AuditReport, FootprintLine
from reports import amounts
from reports.html.charts.bars import MOST, Series, bar_figure
from reports.html.charts.chart import Chart, described, sentences, values
from reports.html.charts.palette import GREY, SPEND
from reports.language import in_brackets, t, tn
from reports.plain import one_line


@dataclass(frozen=True, slots=True)
class _Region:
    """Kilograms of one region, or of several small ones together."""

    name: str
    electricity: float
    hardware: float
    low: float
    high: float

    @property
    def whole(self) -> float:
        return self.electricity + self.hardware

    def text(self) -> str:
        return amounts.carbon(self.whole) + in_brackets(amounts.carbon_span(self.low, self.high))


def carbon_chart(report: AuditReport) -> Chart | None:
    """Emissions by region, the largest first; None where nothing could be estimated."""
    groups: defaultdict[tuple[str, str], list[FootprintLine]] = defaultdict(list)
    for line in report.footprint:
        if line.emitted_kg is not None:
            groups[line.cloud, line.region].append(line)
    regions = [_region(one_line(f"{cloud} {region}"), lines) for (cloud, region), lines in groups.items()]
    regions = sorted((one for one in regions if one.whole), key=lambda one: (-one.whole, one.name))
    if not regions:
        return None
    shown = _folded(regions)
    return Chart(
        id="carbon",
        section="footprint",
        title=t("What is emitted a month, by region"),
        said=described(
            t("Horizontal bars. {values}.", values=values([(one.name, one.text()) for one in shown[:5]]))
        ),
        figure=_figure(shown),
        header=(
            t("Region"),
            t("By electricity"),
            t("By making the hardware"),
            t("CO₂e a month"),
            t("Between"),
        ),
        rows=[_row(one) for one in regions],
        foot=_row(_together(t("Total"), regions)),
        remarks=sentences(
            t("Kilograms of CO₂e in 730 hours, location-based."),
            t("The thin line is how far the estimate may be off."),
        ),
    )


def _region(name: str, lines: Iterable[FootprintLine]) -> _Region:
    def summed(*fields: str) -> float:
        return sum(
            next((getattr(one, f) for f in fields if getattr(one, f) is not None), 0.0) for one in lines
        )

    lines = list(lines)
    whole, hardware = summed("emitted_kg"), summed("emitted_embodied_kg")
    return _Region(
        name,
        whole - hardware,
        hardware,
        summed("emitted_low_kg", "emitted_kg"),
        summed("emitted_high_kg", "emitted_kg"),
    )


def _together(name: str, regions: list[_Region]) -> _Region:
    parts = [(one.electricity, one.hardware, one.low, one.high) for one in regions]
    return _Region(name, *(sum(column) for column in zip(*parts, strict=True)))


def _folded(regions: list[_Region]) -> list[_Region]:
    if len(regions) <= MOST:
        return regions
    rest = regions[MOST - 1 :]
    return [*regions[: MOST - 1], _together(tn("{n} other region", "{n} other regions", len(rest)), rest)]


def _row(one: _Region) -> tuple[str, ...]:
    span = amounts.carbon_range(one.low, one.high)
    return one.name, *(amounts.carbon(value) for value in (one.electricity, one.hardware, one.whole)), span


def _figure(regions: list[_Region]) -> dict[str, object]:
    labels = [(one.name, one.text()) for one in regions]
    errors = (
        [max(one.high - one.whole, 0.0) for one in regions],
        [max(one.whole - one.low, 0.0) for one in regions],
    )
    electricity = Series(
        name=t("by electricity"),
        lengths=[one.electricity for one in regions],
        texts=[
            t("{name}, by electricity: {amount}", name=one.name, amount=amounts.carbon(one.electricity))
            for one in regions
        ],
        colour=SPEND,
    )
    hardware = Series(
        name=t("by making the hardware"),
        lengths=[one.hardware for one in regions],
        texts=[
            t("{name}, by making the hardware: {amount}", name=one.name, amount=amounts.carbon(one.hardware))
            for one in regions
        ],
        colour=GREY,
        pattern="/",
        errors=errors,
    )
    return bar_figure(labels, [electricity, hardware], stacked=True)
