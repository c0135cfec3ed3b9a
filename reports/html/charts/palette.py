"""Colours of charts in light and dark, and how they are told apart without seeing colours.

A figure is drawn in the light colours; the page's script puts the dark ones in their places, and the light ones back
for paper. Every colour stands out from its page by at least 4.3:1, and all six differ for the colour-blind (measured).
Colour never says anything alone: labels, dashes, patterns and places say the same.
"""

PALETTE = {
    "light": ("#00795A", "#0072B2", "#B8620A", "#8E3B87", "#4A4F57", "#B3261E"),
    "dark": ("#5CC9A7", "#6CB8E8", "#E8A15C", "#D79AD2", "#B4BAC4", "#F2928B"),
}
SAVE, SPEND, RISE, OTHER, GREY, ALARM = PALETTE["light"]
INK = {"light": "#1B1D22", "dark": "#ECEEF2"}
PAPER = {"light": "#FFFFFF", "dark": "#14161B"}
SOFT = {"light": "#4A505C", "dark": "#B4BAC5"}  # text of axes
GRID = {"light": "#D9DDE3", "dark": "#363C48"}
BAND = {"light": "rgba(0,114,178,0.24)", "dark": "rgba(108,184,232,0.40)"}
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
# What a machine may have for simplified Chinese, by maker: macOS, Windows, Linux. The page's sheet has the same.
_HAN = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei"'
CHINESE = FONT.replace("sans-serif", f"{_HAN}, sans-serif")


def dark_colours() -> dict[str, str]:
    """What takes the place of each light colour on a dark page."""
    pairs = [*zip(PALETTE["light"], PALETTE["dark"], strict=True)]
    pairs += [(one["light"], one["dark"]) for one in (INK, PAPER, SOFT, GRID, BAND)]
    return dict(pairs)
