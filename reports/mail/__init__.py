"""The report as a mail.

letter     subject, body as HTML and as text, and the whole as a message (`render`)
pictures   charts as PNG, where a browser is installed
"""

from reports.mail.letter import (
    LIMIT,
    SUBJECT,
    Line,
    Section,
    body,
    illustrated,
    render,
    subject,
    text,
    text_of,
)

__all__ = [
    "LIMIT",
    "SUBJECT",
    "Line",
    "Section",
    "body",
    "illustrated",
    "render",
    "subject",
    "text",
    "text_of",
]
