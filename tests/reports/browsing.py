"""A real Chromium on a page, and everything it did that it should not.

Where there is none its tests are skipped, loudly. In CI (the variable), and where .ci/run installed one (it sets
NEEDS_CHROMIUM), they fail.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from reports.chromium import browser

CHROMIUM = browser()
IN_CI = any(os.environ.get(name, "").lower() not in ("", "0", "false") for name in ("CI", "NEEDS_CHROMIUM"))
_MISSING = (
    "NOTHING OF THIS WAS TESTED: no Chromium is installed. `make browser` installs one on Debian and Ubuntu."
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason=_MISSING),
]


def needed() -> None:
    """Ends a test that needs a browser where there is none."""
    if CHROMIUM is None and IN_CI:
        pytest.fail(f"{_MISSING} In CI that is a failure.", pytrace=False)
    if CHROMIUM is None:
        pytest.skip(_MISSING)


class Visit:
    """A page that was opened, and everything it did that it should not."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        script = context.pop("init", "")
        fragment = context.pop("fragment", "")
        self.page = browser.new_context(**context).new_page()
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("dialog", self.refuse)
        self.page.on("request", lambda request: self.requests.append(request.url))
        if script:
            self.page.add_init_script(script)
        self.page.goto(path.as_uri() + fragment)

    def refuse(self, dialog: Any) -> None:
        self.troubles.append("dialog")
        dialog.dismiss()

    def drawn(self) -> "Visit":
        self.page.wait_for_selector("html.drawn", state="attached", timeout=30_000)
        return self

    def ask(self, script: str) -> Any:
        return self.page.evaluate(script)

    def until(self, script: str) -> None:
        """Waits for it to be true. playwright's own way needs eval in the page, which the policy forbids."""
        for _ in range(100):
            if self.ask(script):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(script)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def nets(self) -> list[str]:
        return list(self.page.locator("#findings tbody .net").all_inner_texts())
