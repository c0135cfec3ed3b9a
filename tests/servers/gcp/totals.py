"""What the billing export adds up to, as tests see it: known from the ledger, before anybody asks BigQuery."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

KEYS = ("account", "currency", "month", "project", "resource")
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Totals:
    """Rows of {"account", "currency", "month" (the invoice's, 202611), "project", "resource" (its number), "gross", "credits", "rows"}.

    What has no project or resource (tax, support) has None; gross and credits are exact decimals in text.
    """

    rows: Sequence[dict[str, Any]]

    def net(self, **where: str | None) -> Decimal:
        """What is asked for, credits taken off: of all, or of a month, project, resource …"""
        chosen = [each for each in self.rows if all(each[name] == value for name, value in where.items())]
        return sum((Decimal(each["gross"]) + Decimal(each["credits"]) for each in chosen), Decimal(0))

    def by(self, *names: str, **where: str | None) -> dict[Key, Decimal]:
        """The same by some of account, currency, month, project and resource."""
        found: dict[Key, Decimal] = {}
        for each in self.rows:
            if all(each[name] == value for name, value in where.items()):
                key = tuple(each[name] for name in names)
                found[key] = found.get(key, Decimal(0)) + Decimal(each["gross"]) + Decimal(each["credits"])
        return found

    @property
    def count(self) -> int:
        """How many rows the table has."""
        return sum(int(each["rows"]) for each in self.rows)
