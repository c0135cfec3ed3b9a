"""Writes the report files of an audit; every format is a pure function of the model."""

import json
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from finops.errors import UsageError
from finops.model import SCHEMA_VERSION, AuditReport
from finops.pipeline.files import make_folder, write_whole

if TYPE_CHECKING:
    from reports.audience import Audience
    from reports.language import Locale
    from reports.redaction import RedactionLevel

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


def write_reports(
    report: AuditReport,
    folder: Path,
    formats: Sequence[str],
    *,
    redact: "bool | RedactionLevel" = False,
    key: str = "",
    audience: "Audience" = "finance",
    locale: "Locale" = "en",
) -> list[Path]:
    """Writes one file per format into `folder` and returns their paths.

    `key` keeps the replacements of `redact` the same between reports; `audience` is for whom HTML and PDF are put in
    order; `locale` is the language of whatever people read. Raises UsageError for an unknown format or a folder that
    cannot be written.
    """
    from reports.language import speaking

    check_formats(formats)
    make_folder(folder)
    shown = redacted(report, key, "all" if redact is True else redact) if redact else report
    paths = []
    for name in formats:
        path = folder / FILES[name]
        with speaking(locale):
            told = _renderer(name, audience)(shown)
        write_whole(path, told if isinstance(told, bytes) else told.encode())
        paths.append(path)
    return paths


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
        told = json.loads(text)
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
        return AuditReport.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UsageError(f"{path} is not the JSON of an audit: {where}: {first['msg']}{more}.") from None


def check_formats(formats: Sequence[str]) -> None:
    """Raises UsageError unless every name is a format that can be written here."""
    for name in formats or [""]:
        if name not in FILES:
            raise UsageError(f"There is no report format '{name}'; there are {', '.join(FILES)}.")
    if "pdf" in formats:
        from reports.chromium import required

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
        from reports.mail import render as mail
        from reports.mail.pictures import pictures

        return lambda report: mail(report, pictures(report))
    if name == "chat":
        from reports.markdown import render_brief as chat

        return chat
    from reports.markdown import render as markdown

    return markdown
