"""The list of sections at the top of the page: only those that are there."""

from collections.abc import Mapping
from typing import Any

from reports import control as controlling
from reports import trust as trusting

WHY = "Why it changed, and where it is heading"


def contents(there: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Anchor and title in the order of the page, of what its template is given."""
    drawn = there["drawn_in"]
    listed = [
        ("why", WHY, "why" in drawn or there["outlook"] or there["control"]),
        ("control", controlling.TITLE, there["control"]),
        ("who", "Who spends", there["spend_tables"] or there["units"]),
        ("where", "Where the saving is", "where" in drawn),
        ("saved", "What became of savings", "saved" in drawn or there["changed_tables"]),
        ("commitments", "Commitments", there["uses"] or there["expiries"]),
        ("todo", "What to do", True),
        ("accepted", "Accepted", there["accepted"] or there["lapsed"]),
        ("costs", "Costs per account", True),
        ("footprint", "Carbon", there["footprint"]),
        ("trust", trusting.TITLE, there["trust"]),
        ("unseen", "What was not looked at", True),
        ("method", "How these numbers are made", True),
    ]
    return [(anchor, title) for anchor, title, shown in listed if shown]
