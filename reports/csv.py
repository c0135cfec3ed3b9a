"""The findings as CSV for a spreadsheet: one line each, named like the JSON, safe to open.

RFC 4180 with CRLF. A text that a spreadsheet would run as a formula gets a leading apostrophe (OWASP ASVS
1.2.10); numbers stay numbers, negative ones too.
"""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal

from finops.model import AuditReport, Co2e, Decided, Exemption, Finding

BOM = "\ufeff"  # without it Excel reads UTF-8 as the local code page and shows â‚¬
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_LEFT_OUT = ("overlap",)  # for programs that net anew, and nothing a spreadsheet could sum
# Keys that hold several values: one column each.
_SPREAD = {
    "co2e": tuple(Co2e.model_fields),
    "exemption": tuple(Exemption.model_fields),
    "decision": tuple(Decided.model_fields),
}


def render(report: AuditReport, *, bom: bool = False) -> str:
    """The CSV text; with `bom` for a file. Write it with newline="" so that the line ends stay CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns())
    writer.writerows(list(map(cell, _values(finding))) for finding in report.findings)
    return (BOM if bom else "") + text.getvalue()


def columns() -> list[str]:
    """The header: the JSON's keys in their order; `co2e`, `exemption` and `decision` spread over one column per key."""
    names: list[str] = []
    for name, field in Finding.model_fields.items():
        if name in _LEFT_OUT:
            continue
        spread = [name if key == name else f"{name}_{key}" for key in _SPREAD.get(name, ())]
        names += spread or [field.alias or name]
    return names


def _values(finding: Finding) -> Iterator[object]:
    for name, value in finding.model_dump(mode="json").items():
        if name in _LEFT_OUT:
            continue
        if name in _SPREAD:
            yield from ((value or {}).get(key) for key in _SPREAD[name])
        else:
            yield getattr(finding, name) if isinstance(value, float) else value


def cell(value: object) -> str:
    """The value as a field: empty when unknown, a number as it is, a text that cannot run as a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return neutral(str(value))


def neutral(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
