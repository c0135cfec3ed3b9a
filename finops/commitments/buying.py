"""The money of a finding that says buy: what the commitment takes off the bill, and what it costs instead."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from finops.money import CENT, cents
from finops.verdicts import Key, Verdict

CELL = "commitment"  # the component of the one cell of cost that a purchase changes
_MOST = 20  # alternatives that the evidence lists; it says how many there are


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase in 730 hours: what its usage costs on demand, `before` of it is what the commitment covers, `after`
    what the commitment costs; the saving's interval; the share of the usage that each account has."""

    monthly_cost: Decimal
    before: Decimal
    after: Decimal
    low: Decimal
    high: Decimal
    currency: str
    listed: bool
    accounts: dict[str, Decimal]

    @property
    def saving(self) -> Decimal:
        return self.before - self.after


class Purchases:
    """The options of this audit, as the table commitment_options holds them."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        cursor = con.execute("SELECT * FROM temp.commitment_options WHERE saving IS NOT NULL ORDER BY ALL")
        names = [column[0] for column in cursor.description or []]
        self._rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        self._by_option = {(_key(row), row["option_id"]): row for row in self._rows}

    def of(self, verdict: Verdict) -> Bought | None:
        """The money of a verdict of the rule commitment-coverage; tells in its evidence what else could be bought.

        None for a verdict that names no option of this audit.
        """
        row = self._by_option.get((verdict.key, verdict.proposed.get("option")))
        if row is None:
            return None
        others = [other for other in self._rows if other is not row and _overlaps(row, other)]
        others.sort(key=lambda other: (-other["saving_if_10_less"], other["resource_id"], other["option_id"]))
        verdict.evidence["alternatives"] = [_told(other) for other in others[:_MOST]]
        if len(others) > _MOST:
            verdict.evidence["alternatives_not_listed"] = len(others) - _MOST
        return Bought(
            monthly_cost=_exact(row["usage_month"]),
            before=_exact(row["covered_month"]),
            after=_exact(row["commitment_month"]),
            low=cents(_exact(row["saving_low"])),
            high=cents(_exact(row["saving_high"])),
            currency=row["currency"],
            listed=str(row["price_basis"]).startswith("list price"),
            accounts={name: Decimal(repr(share)) for name, share in json.loads(row["accounts"]).items()},
        )


def by_account(bought: Bought, net: Decimal) -> dict[str, Decimal]:
    """A net saving to the cent, split over the accounts whose usage is covered: the parts sum up to it."""
    names = sorted(bought.accounts, key=lambda name: (-bought.accounts[name], name))
    parts = {name: (net * bought.accounts[name]).quantize(CENT) for name in names}
    if names:
        parts[names[0]] += net - sum(parts.values(), Decimal(0))
    return parts


def _key(row: dict[str, Any]) -> Key:
    return Key(row["cloud"], row["account_id"], row["resource_id"])


def _overlaps(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two options cover some of the same usage: of the same pool, or one of a pool within the other's."""
    if (one["cloud"], one["currency"], one["payer_group"]) != (
        other["cloud"],
        other["currency"],
        other["payer_group"],
    ):
        return False
    if one["resource_id"] == other["resource_id"] or 3 in (one["level"], other["level"]):
        return True
    return bool(one["family_group"] == other["family_group"] and one["level"] != other["level"])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """An alternative in a few figures of 730 hours; it is never added to another."""
    return {
        "instrument": row["instrument"],
        "covers": row["covers"],
        "term_months": row["term_months"],
        "payment": row["payment"],
        "commitment": row["commitment"],
        "monthly_savings": float(cents(_exact(row["saving"]))),
        "monthly_savings_if_usage_falls_10_percent": float(cents(_exact(row["saving_if_10_less"]))),
        "upfront": float(cents(_exact(row["upfront"]))),
        "break_even_month": row["break_even_month"],
    }


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number)))
