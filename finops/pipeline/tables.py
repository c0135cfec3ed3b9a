"""Plain tables of any query: for a terminal, a pipe, a spreadsheet or a program."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from finops.instants import iso

Records = Sequence[Mapping[str, Any]]


def as_tables(tables: Mapping[str, Records], width: int, *, color: bool, names: Sequence[str] = ()) -> str:
    """Rich tables under their titles; what is hostile in a value is made harmless."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, no_color=not color, highlight=False
    )
    for title, records in tables.items():
        columns = list(records[0]) if records else list(names)
        table = Table(title=title.replace("_", " ").capitalize() or None, title_justify="left")
        for column in columns:
            numeric = bool(records) and isinstance(records[0][column], (int, float, Decimal))
            table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
        for record in records:
            table.add_row(*(Text(_cell(record[column])) for column in columns))
        console.print(table if columns else f"{title}: none" if title else "no rows")
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def as_tsv(tables: Mapping[str, Records], names: Sequence[str] = ()) -> str:
    """Tab-separated tables with a header line each, a blank line between them."""
    blocks = []
    for title, records in tables.items():
        columns = list(records[0]) if records else list(names)
        lines = ["\t".join(columns)] if columns else []
        lines += ["\t".join(_cell(record[column]) for column in columns) for record in records]
        blocks.append("\n".join([f"# {title}", *lines] if title else lines))
    return "\n\n".join(blocks) + "\n"


def as_csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """RFC 4180 with a header; text that a spreadsheet would run as a formula is neutralised."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_harmless(name) for name in names])
    writer.writerows(
        [[_harmless(value) if isinstance(value, str) else _cell(value) for value in row] for row in rows]
    )
    return file.getvalue()


def as_json(value: Any) -> str:
    """JSON text; decimals keep their digits as numbers where a double can hold them, else as text."""
    return json.dumps(_finite(value), default=_plain, indent=2, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """The same without NaN and infinities, which JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _exactly(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    return "".join(char if char.isprintable() else " " for char in str(value))


def _exactly(at: datetime) -> str:
    """The instant with its microseconds, where it has any."""
    return f"{iso(at)[:-1]}.{at.microsecond:06d}Z" if at.microsecond else iso(at)


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) else text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _exactly(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else _decimal(value)
    return str(value)
