"""What the templates need to tell in a language: markup within a message, and the mark of what stays English."""

import html

from markupsafe import Markup

from reports.language import spoken
from reports.plain import English


def english() -> Markup:
    """The attribute of an element whose text is English on every page; nothing where the page is English too."""
    return Markup("") if spoken() == "en" else Markup(' lang="en"')


def lang_of(text: object) -> Markup:
    """The same for an element that holds such a text only now and then."""
    return english() if text and isinstance(text, English) else Markup("")


def filled(message: str, **parts: object) -> Markup:
    """A message, told without values, as the text of an element, with markup in its {placeholders}.

    What is not markup is escaped; quotes in the message, which mean nothing there, stay.
    """
    return Markup(html.escape(message, quote=False)).format(**parts)  # noqa: S704
