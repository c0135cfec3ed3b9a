"""The sections of the page, in the order of its readers: only those that are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports import control as controlling
from reports import trust as trusting
from reports.audience import FOLDED, ORDER, Audience
from reports.language import mark, t

WHY = mark("Why it changed, and where it is heading")


@dataclass(frozen=True, slots=True)
class Part:
    """A section. `folded` ones show their title until somebody opens them."""

    name: str
    title: str
    folded: bool


def parts(there: Mapping[str, Any], audience: Audience) -> list[Part]:
    """The sections that have something to say, of what the template is given."""
    drawn = there["drawn_in"]
    told = {
        "why": (t(WHY), "why" in drawn or there["outlook"] or there["control"]),
        "who": (t("Who spends"), there["spend_tables"] or there["units"]),
        "where": (t("Where the saving is"), "where" in drawn),
        "saved": (t("What became of savings"), "saved" in drawn or there["changed_tables"]),
        "commitments": (t("Commitments"), there["uses"] or there["expiries"]),
        "todo": (t("What to do"), True),
        "accepted": (t("Accepted"), there["accepted"] or there["lapsed"]),
        "costs": (t("Costs per account"), True),
        "footprint": (t("Carbon"), there["footprint"]),
        "trust": (t(trusting.TITLE), there["trust"]),
        "unseen": (t("What was not looked at"), True),
        "method": (t("How these numbers are made"), True),
    }
    return [Part(name, told[name][0], name in FOLDED[audience]) for name in ORDER[audience] if told[name][1]]


def contents(shown: list[Part], there: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Anchor and title of each section for the list at the top; what is out of control has a line of its own."""
    listed = []
    for part in shown:
        listed.append((part.name, part.title))
        if part.name == "why" and there["control"]:
            listed.append(("control", t(controlling.TITLE)))
    return listed
