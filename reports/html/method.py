"""How the numbers are made and what the actions mean, in plain words, with the figures of this report."""

from collections import Counter
from collections.abc import Iterator

from finops.model import AuditReport
from reports import amounts, control, summary, words
from reports.language import joint, t, tn
from reports.plain import one_line


def method(report: AuditReport) -> list[tuple[str, str]]:
    """Terms and explanations, in the order the numbers are met on the page."""
    return [
        (t("Price"), _price(report)),
        (t("Month"), t("A month is 730 hours for every provider, a twelfth of a year.")),
        (
            t("Net saving"),
            t(
                "Where several steps are possible for one thing, only the best is counted; a step on what "
                "another step removes is not counted again. Gross is everything added up, net is what can really "
                "be saved. Net never exceeds what the thing costs."
            ),
        ),
        (
            t("Interval"),
            t(
                "The lower and upper amount come from how use and price varied in the window. The interval of a "
                "total is the sum of the intervals, the most cautious way."
            ),
        ),
        (
            t("How sure"),
            t(
                "High, medium or low, with the reasons given at each finding. Without enough data no finding is "
                "made; the check is then listed under “What was not looked at”."
            ),
        ),
        (t("Carbon"), _carbon(report)),
        *_outlook(report),
        (
            t("As of"),
            t(
                "Everything is judged as of {instant}. The same data give the same report, to the byte.",
                instant=amounts.clock(report.as_of),
            ),
        ),
    ]


def _outlook(report: AuditReport) -> Iterator[tuple[str, str]]:
    """How the month is foreseen, and whose the budgets are; nothing where there are none."""
    if any(one.forecast is not None for one in control.forecasts(report)):
        yield (
            t("Forecast"),
            t(
                "What is settled of the month, and for the days to come the level of the last weeks with the pattern "
                "of their weekdays and part of their trend. The band comes from how far the same forecast was off on "
                "past days: four of five months end in it. Tax and credits that are to come are not foreseen."
            ),
        )
    if control.budgets(report):
        yield t("Budgets"), t("They are those of the configuration (finops.toml).")


def glossary(report: AuditReport) -> list[tuple[str, str]]:
    """The actions that occur here, explained."""
    used = {finding.action for finding in report.findings}
    return [(words.TERMS[action], meaning) for action, meaning in words.MEANINGS.items() if action in used]


def _carbon(report: AuditReport) -> str:
    explained = t(
        "Estimated from processors, memory, storage, the data centre's overhead and the electricity of "
        "its place (location-based), plus a share of making the hardware. Steps that only change the "
        "price save none, and less traffic saves nothing that could be claimed. Each gram is counted once. An "
        "estimate of what is attributed to us: no offset, and not meant for statutory reporting."
    )
    sources = joint(", ").join(map(one_line, summary.carbon_sources(report)))
    return (
        t("{explained} Factors: {sources}.", explained=explained, sources=sources) if sources else explained
    )


def _price(report: AuditReport) -> str:
    explained = t(
        "A cost is what was really charged for the thing itself (the effective cost, with discounts and "
        "commitments, before tax and credits); where no bill is loaded it is the provider's list price, and "
        "said so."
    )
    bases: Counter[str] = Counter(finding.price_basis for finding in summary.pending(report))
    used = joint("; ").join(
        tn("{n} finding by {basis}", "{n} findings by {basis}", bases[basis], basis=words.BASES[basis])
        for basis in words.BASES
        if bases[basis]
    )
    return t("{explained} Here: {used}.", explained=explained, used=used) if used else explained
