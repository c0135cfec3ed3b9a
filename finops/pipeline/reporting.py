"""Writes the report files of an audit; every format is a pure function of the model."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from finops.errors import UsageError
from finops.model import SCHEMA_VERSION, AuditReport
from finops.pipeline.files import make_folder, write_whole

if TYPE_CHECKING:
    from finops.readership import Audience, Locale, RedactionLevel

_MOST = 1e24  # of a number in a report
# The name of each format's file.
FILES = {
    "html": "finops-report.html",
    "csv": "finops-findings.csv",
    "json": "finops-report.json",
    "markdown": "finops-report.md",
    "xlsx": "finops-report.xlsx",
    "pdf": "finops-report.pdf",
    "mail": "finops-report.eml",
    "chat": "finops-chat.md",
}


@dataclass(frozen=True, slots=True)
class Made:
    """Report files, and why others were not made, by their format."""

    paths: list[Path]
    unmade: dict[str, str]


def write_reports(
    report: AuditReport,
    folder: Path,
    formats: Sequence[str],
    *,
    redact: "RedactionLevel" = "none",
    key: str = "",
    audience: "Audience" = "finance",
    locale: "Locale" = "en",
) -> list[Path]:
    """Writes one file per format into `folder` and returns their paths: all of them, or nothing.

    `key` keeps the replacements of `redact` the same between reports; `audience` is for whom HTML and PDF are put in
    order; `locale` is the language of whatever people read. Raises UsageError for an unknown format, one that cannot be
    made here, or a folder that cannot be written.
    """
    check_formats(formats, locale)
    make_folder(folder)
    shown = redacted(report, key, redact)
    made = {name: _content(shown, name, audience, locale) for name in formats}
    for name, content in made.items():
        write_whole(folder / FILES[name], content)
    return [folder / FILES[name] for name in made]


def write_what_can_be(
    report: AuditReport,
    folder: Path,
    formats: Sequence[str],
    *,
    redact: "RedactionLevel" = "none",
    key: str = "",
    audience: "Audience" = "finance",
    locale: "Locale" = "en",
) -> Made:
    """The same where nobody is there to be asked: a format that cannot be made here costs itself only.

    Raises UsageError for a folder that cannot be written.
    """
    make_folder(folder)
    shown = redacted(report, key, redact)
    paths, unmade = [], unmakeable(formats, locale)
    for name in (one for one in formats if one not in unmade):
        try:
            content = _content(shown, name, audience, locale)
        except UsageError as error:  # a browser that fails
            unmade[name] = str(error)
            continue
        write_whole(folder / FILES[name], content)
        paths.append(folder / FILES[name])
    return Made(paths, unmade)


def unmakeable(formats: Sequence[str], locale: "Locale" = "en") -> dict[str, str]:
    """Of formats those that this machine cannot make, as far as that is known before, and why."""
    found = {}
    for name in formats:
        try:
            check_formats([name], locale)
        except UsageError as error:
            found[name] = str(error)
    return found


def not_made(unmade: Mapping[str, str]) -> str:
    """Which files there are not, and why, in sentences."""
    return " ".join(f"{FILES[name]} was not made: {why}" for name, why in unmade.items())


def _content(shown: AuditReport, name: str, audience: "Audience", locale: "Locale") -> bytes:
    from reports.language import speaking

    with speaking(locale):
        told = _renderer(name, audience)(shown)
    return told if isinstance(told, bytes) else told.encode()


def read_report(path: Path) -> AuditReport:
    """The report that a JSON file holds, of this schema version or from an older tool of the same one.

    Raises UsageError in a sentence that names the file and what of it is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{path} cannot be read: {why}.") from None
    try:
        told = json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_number)
    except RecursionError:
        raise UsageError(f"{path} is not the JSON of an audit: it is nested too deeply.") from None
    except ValueError as error:
        raise UsageError(
            f"{path} is no JSON ({error}): give the output of finops audit --format json."
        ) from None
    version = told.get("schema_version") if isinstance(told, dict) else None
    if version is None:
        raise UsageError(f"{path} is not the JSON of an audit: it has no schema_version.")
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{path} has schema version {version!r} and this finops reads {SCHEMA_VERSION}: use the one that wrote it."
        )
    try:
        found = AuditReport.model_validate(told)
        found.to_json()  # what cannot be written again was never written: half a character, levels without end
        return found
    except (PydanticSerializationError, OverflowError) as error:
        raise UsageError(f"{path} is not the JSON of an audit: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UsageError(f"{path} is not the JSON of an audit: {where}: {first['msg']}{more}.") from None


def _number(text: str) -> float:
    """A number of JSON; none of ours is as large as what decimals cannot be rounded to the cent of, or infinite."""
    number = float(text)
    if not abs(number) < _MOST:
        raise ValueError(f"{text[:30]} is no number that a report has")
    return number


def _whole(text: str) -> int:
    _number(text)
    return int(text)


def check_formats(formats: Sequence[str], locale: "Locale" = "en") -> None:
    """Raises UsageError unless every name is a format that can be written here in this language."""
    from reports.language import speaking

    for name in formats or [""]:
        if name not in FILES:
            raise UsageError(f"There is no report format '{name}'; there are {', '.join(FILES)}.")
    if "pdf" in formats:
        from reports.chromium import required

        with speaking(locale):
            required()


def redacted(report: AuditReport, key: str, level: "RedactionLevel" = "all") -> AuditReport:
    """The report with account ids and resource ids, or names and tag values, or both replaced, the same by the same.

    Without a key one is made up and forgotten, so that nobody can find an account by trying them all.
    """
    from reports.redaction import redact

    return redact(report, level, key=key.encode() or secrets.token_bytes(32))


def _renderer(name: str, audience: "Audience") -> Callable[[AuditReport], str | bytes]:
    if name == "html":
        from reports.html import render as html

        return lambda report: html(report, audience)
    if name == "csv":
        from reports.csv import render as csv

        return lambda report: csv(report, bom=True)
    if name == "json":
        from reports.json import render as json

        return json
    if name == "xlsx":
        from reports.xlsx import render as xlsx

        return xlsx
    if name == "pdf":
        from reports.pdf import render as pdf

        return lambda report: pdf(report, audience)
    if name == "mail":
        return _mail
    if name == "chat":
        from reports.markdown import render_brief as chat

        return chat
    from reports.markdown import render as markdown

    return markdown


def _mail(report: AuditReport) -> str | bytes:
    """With charts where a browser draws them; one that fails costs the pictures, not the mail."""
    from finops import logs
    from reports.mail import render
    from reports.mail.pictures import pictures

    try:
        drawn = pictures(report)
    except UsageError as error:
        logs.write(f"The mail has no pictures: {error}", level="warning")
        drawn = []
    return render(report, drawn)
