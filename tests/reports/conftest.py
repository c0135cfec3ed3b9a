"""One Chromium for all tests of a module, and pages in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from finops.model import AuditReport
from reports import html
from tests.reports.browsing import CHROMIUM, FLAGS, Visit, needed


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    needed()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def visit(browser: Any, folder: Path) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def opened(given: AuditReport, **context: Any) -> Visit:
        path = folder / "page.html"
        path.write_text(html.render(given), "utf-8")
        visits.append(Visit(browser, path, **context))
        return visits[-1]

    yield opened
    for seen in visits:
        seen.page.context.close()
