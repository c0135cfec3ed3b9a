"""The messages of the sources, as Babel finds them: t, tn, tc and marks in Python, templates and the page's scripts."""

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

LANGUAGES = ("de", "zh")
_REPORTS = Path(__file__).parents[1]
# Dates, which would change with every run, and people, who are in git.
_OF_NO_USE = ('"POT-', '"PO-', '"Project', '"Report', '"Last', '"Language-Team', '"Generated')
_IN_CONTEXT = ((1, "c"), 2)  # the context, then the message
_KEYWORDS = {"t": None, "mark": None, "tn": (1, 2), "tc": _IN_CONTEXT, "markc": _IN_CONTEXT}


def _of_python(
    file: Any, keywords: Any, *_: Any, **_options: Any
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """The calls in a Python file, in its order, as Babel wants them.

    Babel's own reader skips what stands within an f-string before Python 3.12: the catalogues would depend on who
    brings them up to date.
    """
    calls = [
        (one.lineno, one.col_offset, one.func.id, one.args)
        for one in ast.walk(ast.parse(file.read()))
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in keywords
    ]
    for line, _column, name, args in sorted(calls, key=lambda call: call[:2]):
        told = [one.value if isinstance(one, ast.Constant) else None for one in args]
        if told and isinstance(told[0], str):
            yield line, name, told[0] if len(told) == 1 else tuple(told), []


_SOURCES: list[tuple[str, Any]] = [
    ("**/vendor/**", "ignore"),
    ("**.py", _of_python),
    ("**.j2", "jinja2"),
    ("**.js", "javascript"),
]


def gathered() -> Catalog:
    """Every message there is, with the file it is in (lines would change with every edit)."""
    found = Catalog()
    walk = extract_from_dir(
        _REPORTS,
        method_map=_SOURCES,
        keywords=_KEYWORDS,
        options_map={"**.j2": {"trimmed": "true"}},
        directory_filter=lambda folder: "vendor" not in folder and "__pycache__" not in folder,
    )
    for path, _, message, _, context in sorted(walk, key=lambda one: (one[0], one[1])):
        found.add(message, locations=[(f"reports/{path}", 0)], context=context)
    return found


def path_of(language: str) -> Path:
    return Path(__file__).parent / f"{language}.po"


def read(language: str) -> Catalog:
    """The catalogue as it lies there; an empty one where there is none yet."""
    if not path_of(language).exists():
        return Catalog(locale=language)
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def written(catalogue: Catalog) -> bytes:
    """The catalogue as a file without dates, in the order of the sources."""
    file = io.BytesIO()
    write_po(
        file,
        catalogue,
        width=0,
        omit_header=False,
        sort_by_file=True,
        include_lineno=False,
        ignore_obsolete=True,
    )
    lines = (line for line in file.getvalue().decode().splitlines() if not line.startswith(_OF_NO_USE))
    return ("\n".join(lines) + "\n").encode()


def missing(catalogue: Catalog) -> list[Any]:
    """The messages without a translation."""
    return [one.id for one in catalogue if one.id and not _forms(one)]


def _forms(message: Any) -> bool:
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(forms) and not message.fuzzy
