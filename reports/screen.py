"""Text as a terminal shows it: what rich draws, at a width, in colour or without any escape sequence."""

import io
from collections.abc import Iterable

from rich.console import Console, RenderableType

_NARROWEST = 40


def drawn(parts: Iterable[RenderableType], *, width: int, color: bool) -> str:
    """The parts one below the other for a terminal of that width; nothing depends on the real one."""
    text = io.StringIO()
    console = Console(
        file=text,
        width=max(width, _NARROWEST),
        force_terminal=color,
        color_system="standard" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
