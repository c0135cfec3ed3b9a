"""Charts as pictures for a mail, drawn from the figures of the report page by a browser of this machine."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finops.model import AuditReport
from reports.plain import shortened

if TYPE_CHECKING:
    from reports.html.charts import Chart

MOST = 3
_SAID = 600  # characters of what a chart says in words
WIDTH, SCALE = 630, 2  # pixels in the mail; the picture has twice as many
# What finance asks first: why it changed, where it is heading, where the saving is.
_WANTED = ("bridge-", "trend-", "by-kind-")
_DRAWING = """
const { figures, template } = JSON.parse(document.getElementById("figures").textContent);
(async () => {
  for (const [id, { data, layout }] of Object.entries(figures)) {
    const size = { width: %(width)d, height: layout.height || 320 };
    const whole = { ...layout, ...size, template: { layout: template.layout }, paper_bgcolor: "#ffffff" };
    const made = await Plotly.toImage({ data, layout: whole }, { format: "png", scale: %(scale)d, ...size });
    document.body.insertAdjacentHTML("beforeend", `<i data-made="${id}">${made}</i>`);
  }
})();
"""
_MADE = re.compile(r'<i data-made="([\w-]+)">data:image/png;base64,([\w+/=]+)</i>')


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG. `name` is its file and content id, `alt` what it says, `width` how wide it is shown."""

    name: str
    title: str
    alt: str
    png: bytes
    width: int = WIDTH


def pictures(report: AuditReport) -> list[Picture]:
    """At most three charts; none where there is nothing to draw or no browser.

    Raises UsageError where there is a browser that fails.
    """
    from reports.chromium import browser, left_in
    from reports.html import charts

    if browser() is None:
        return []
    chosen = {one.id: one for one in _chosen(charts.charts(report))}
    if not chosen:
        return []
    drawings = charts.drawings([*chosen.values()])
    made = dict(_MADE.findall(left_in(_page(drawings))))
    return [
        Picture(
            f"finops-{name}.png",
            one.title,
            shortened(one.description, _SAID),
            base64.b64decode(made[name]),
        )
        for name, one in chosen.items()
        if name in made
    ]


def _chosen(drawn: "list[Chart]") -> "Iterator[Chart]":
    wanted = [one for start in _WANTED for one in drawn if one.id.startswith(start)]
    yield from wanted[:MOST]


def _page(drawings: dict[str, Any]) -> str:
    """A page that leaves each figure as a picture in itself."""
    from reports.html.page import plotly_js

    # As in the page of the report: no name can end the element that holds the data.
    data = json.dumps(drawings).replace("<", "\\u003c")
    script = _DRAWING % {"width": WIDTH, "scale": SCALE}
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charts</title>'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data: blob:; font-src data:\"></head><body>"
        f'<script type="application/json" id="figures">{data}</script>'
        f"<script>{plotly_js()}</script><script>{script}</script></body></html>"
    )
