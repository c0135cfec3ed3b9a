"""What is right: a sentence and nothing changed, or every row of the file loaded or told as rejected, to the last digit."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from collectors.bills import FileResult
from tests.fuzz.reading import Row, UnreadableError, money, read

# What would be a program's words, not ours.
_NOT_OURS = re.compile(
    r"Traceback|Error:|\bLINE 1\b|Candidate|0x[0-9a-f]{6}|<[a-z]+ object|\bNone\b.*\bNone\b|read_csv|read_json"
)
_LONGEST = 500


@dataclass(frozen=True)
class Charge:
    """One row of `charges`, or what a row of a file should have become."""

    currency: str | None
    billed: Decimal
    text: str | None


def told_well(message: str, name: str) -> str | None:
    """What is wrong with the sentence that refused a file; None when nothing is."""
    if name not in message:
        return "the sentence does not name the file"
    if "\n" in message or any(ord(letter) < 32 or ord(letter) == 127 for letter in message):
        return "the sentence is more than one line"
    if len(message) > _LONGEST + len(name):
        return "the sentence is too long"
    if not re.sub(r" \([^()]*\)$", "", message).endswith("."):
        return "the sentence has no end"
    said = _NOT_OURS.search(message)
    return f"the sentence speaks in other words than ours ({said[0]})" if said else None


def loaded_well(con: duckdb.DuckDBPyConnection, source: str, data: bytes, result: FileResult) -> str | None:
    """What is wrong with what was loaded of a file; None when every row is accounted for. Raises UnreadableError."""
    rows = read(data)
    family = result.format.split("-")[0]
    listed = [
        line
        for (line,) in con.execute("SELECT line FROM rejected_rows WHERE source = ?", [source]).fetchall()
    ]
    held = _held(con, source)
    parts = sum(_parts(family, row) for row in rows)
    if result.rows != len(held):
        return f"{len(held)} rows are in charges and {result.rows} were told"
    if result.rejected != len(listed):
        return f"{len(listed)} rows are listed as rejected and {result.rejected} were told"
    if result.rows + result.rejected != parts:
        return f"{result.rows} loaded + {result.rejected} rejected are not the {parts} of the file"
    if None in listed:
        return "a rejected row has no line"
    unknown = set(listed) - {row.line for row in rows}
    if unknown:
        return f"no row begins at line {min(unknown)}, which is listed as rejected"
    good = [row for row in rows if row.line not in set(listed)]
    crooked = [row.line for row in good if not row.whole]
    if crooked:
        return f"line {crooked[0]} was loaded and does not have the shape of the file"
    return _compared(family, good, held)


def rejected_lines(con: duckdb.DuckDBPyConnection, source: str) -> dict[int, str]:
    """The reasons by line."""
    rows = con.execute("SELECT line, reason FROM rejected_rows WHERE source = ?", [source]).fetchall()
    return {int(line): str(reason) for line, reason in rows if line is not None}


def _held(con: duckdb.DuckDBPyConnection, source: str) -> list[Charge]:
    rows = con.execute(
        "SELECT BillingCurrency, BilledCost, ChargeDescription FROM charges WHERE x_Source = ?", [source]
    ).fetchall()
    return [Charge(*row) for row in rows]


def _compared(family: str, good: Sequence[Row], held: Sequence[Charge]) -> str | None:
    try:
        expected = [charge for row in good for charge in _charges(family, row)]
    except UnreadableError as error:
        return f"a row was loaded though {error}"
    sums = _sums(expected), _sums(held)
    if sums[0] != sums[1]:
        return f"the billed costs are {sums[1]} and in the file {sums[0]}"
    lacking = Counter(expected) - Counter(held)
    return f"{next(iter(lacking))} is in the file and not in charges" if lacking else None


def _sums(charges: Sequence[Charge]) -> dict[str | None, Decimal]:
    sums: dict[str | None, Decimal] = defaultdict(Decimal)
    for charge in charges:
        sums[charge.currency] += charge.billed
    return dict(sums)


# --- what a row should become ------------------------------------------------------------------------------


def _parts(family: str, row: Row) -> int:
    return 2 if family == "cur" and _is_fee(row) and row.whole else 1  # a row of the wrong shape has no parts


def _is_fee(row: Row) -> bool:
    return row.get("lineitemlineitemtype") in ("RIFee", "SavingsPlanRecurringFee")


def _charges(family: str, row: Row) -> list[Charge]:
    if family == "focus":
        return [_charge(row, money(row.get("billedcost")), "billingcurrency", "chargedescription")]
    if family == "gcp":
        cost = money(row.get("cost"))
        net = None if cost is None else cost + _credits(row.get("credits"))
        return [_charge(row, net, "currency", "skudescription")]
    cost = money(row.get("lineitemnetunblendedcost"))
    cost = money(row.get("lineitemunblendedcost")) if cost is None else cost
    if row.get("splitlineitemparentresourceid"):
        cost = Decimal(0)
    names = "lineitemcurrencycode", "lineitemlineitemdescription"
    unused = [_charge(row, Decimal(0), *names)] if _is_fee(row) else []
    return [_charge(row, cost, *names), *unused]


def _charge(row: Row, billed: Decimal | None, currency: str, text: str) -> Charge:
    if billed is None:
        raise UnreadableError(f"line {row.line} has no cost")
    return Charge(_text(row.get(currency)), billed, _text(row.get(text)))


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, str) else str(value)


def _credits(value: Any) -> Decimal:
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=str, parse_int=str, parse_constant=str)
        except ValueError:
            value = json.loads(
                value.replace("'", '"').replace("None", "null"), parse_float=str, parse_int=str
            )
    total = Decimal(0)
    for credit in value or []:
        amount = money(credit["amount"])
        if amount is None:
            raise UnreadableError("a credit has no amount")
        total += amount
    return total
