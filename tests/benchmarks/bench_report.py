"""Writing and opening a report of so many findings: times, sizes, and what a reader waits for.

    python -m tests.benchmarks.bench_report [--findings 100,5000,50000] [--repeat 3]

The baselines are of the same run: for writing, the JSON artefact of the same report (what every rendering is made
from); for opening, a page with nothing but a heading. Opening is a cold start of the page in Chromium: first paint,
everything drawn, then a filter and a sort, each to the next frame. Without Chromium only writing is measured.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from finops.model import AuditReport
from finops.pipeline.reporting import write_reports
from tests.reports import sample
from tests.reports.finance_sample import with_finance

FORMATS = ("json", "html", "csv", "markdown", "xlsx")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
# A change in the search box, or a click on a heading, until the frame after it.
_FRAME = """async (act) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await frame();
    const begin = performance.now();
    if (act === "filter") {
        const box = document.getElementById("search");
        box.value = "node-1";
        box.dispatchEvent(new Event("input", {bubbles: true}));
    } else document.querySelectorAll("#findings thead th button")[3].click();
    await frame();
    return performance.now() - begin;
}"""


def main() -> None:
    asked = _arguments()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    lines = [("findings", *(f"{name}: s, kB" for name in FORMATS), "first paint", "drawn", "filter", "sort")]
    with tempfile.TemporaryDirectory() as name:
        for number in asked.findings:
            folder = Path(name) / str(number)
            report = with_finance(sample.large(number))
            made = [_written(report, folder, one, asked.repeat) for one in FORMATS]
            base = made[0][0]
            cells = [f"{seconds:.2f} ({seconds / base:.1f}x), {size / 1000:,.0f}" for seconds, size in made]
            lines.append(
                (f"{number:,}", *cells, *_opened(chromium, folder / "finops-report.html", asked.repeat))
            )
    print("| " + " | ".join(lines[0]) + " |\n|" + "---|" * len(lines[0]))
    for line in lines[1:]:
        print("| " + " | ".join(line) + " |")
    if chromium:
        print("\nOpening in milliseconds, behind it how often the empty page of the same run.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers: Callable[[str], list[int]] = lambda text: [int(one) for one in text.split(",")]  # noqa: E731
    parser.add_argument("--findings", type=numbers, default=[100, 5_000, 50_000])
    parser.add_argument("--repeat", type=int, default=3)
    return parser.parse_args()


def _written(report: AuditReport, folder: Path, name: str, repeat: int) -> tuple[float, int]:
    """The least seconds of so many times, and the size in bytes."""
    taken, path = [], folder
    for _ in range(repeat):
        begin = time.perf_counter()
        (path,) = write_reports(report, folder, [name])
        taken.append(time.perf_counter() - begin)
    return min(taken), path.stat().st_size


def _opened(chromium: str | None, path: Path, repeat: int) -> tuple[str, str, str, str]:
    """First paint, all drawn, filter and sort, as text."""
    if chromium is None:
        return ("no Chromium",) * 4
    empty = path.with_name("empty.html")
    empty.write_text("<!doctype html><title>empty</title><h1>empty</h1>", encoding="utf-8")
    with _browser(chromium) as browser:
        base = statistics.median(_visit(browser, empty)[0] for _ in range(repeat))
        visits = [_visit(browser, path) for _ in range(repeat)]
    paint, drawn, filtered, sorted_ = (statistics.median(column) for column in zip(*visits, strict=True))
    return (f"{paint:.0f} ({paint / base:.1f}x)", f"{drawn:.0f}", f"{filtered:.0f}", f"{sorted_:.0f}")


@contextmanager
def _browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def _visit(browser: Any, path: Path) -> tuple[float, float, float, float]:
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    try:
        page.goto(path.as_uri())
        if page.query_selector("[data-chart]"):
            page.wait_for_selector("html.drawn", state="attached", timeout=120_000)
        drawn = page.evaluate("performance.now()")
        paint = page.evaluate(_PAINT) or drawn
        if not page.query_selector("#findings"):
            return paint, drawn, 0.0, 0.0
        return paint, drawn, page.evaluate(_FRAME, "filter"), page.evaluate(_FRAME, "sort")
    finally:
        page.context.close()


if __name__ == "__main__":
    main()
