"""Partial answers: `fields=items(id,name),nextPageToken`."""

from typing import Any

Mask = dict[str, "Mask | None"]  # name to what is wanted of it; None: all


def parsed(text: str) -> Mask:
    """The mask of an expression; ValueError for one that is none."""
    mask, rest = _list(text.replace(" ", ""))
    if rest:
        raise ValueError(text)
    return mask


def _list(text: str) -> tuple[Mask, str]:
    mask: Mask = {}
    while True:
        inner, text = _path(text, mask)
        del inner
        if not text.startswith(","):
            return mask, text
        text = text[1:]


def _path(text: str, mask: Mask) -> tuple[None, str]:
    end = next((place for place, sign in enumerate(text) if sign in ",()/"), len(text))
    name, text = text[:end], text[end:]
    if not name:
        raise ValueError(text)
    if text.startswith("/"):
        held: Mask = mask.get(name) or {}
        mask[name] = held
        return _path(text[1:], held)
    if text.startswith("("):
        held, text = _list(text[1:])
        if not text.startswith(")"):
            raise ValueError(text)
        mask[name] = {**(mask.get(name) or {}), **held}
        return None, text[1:]
    mask[name] = None
    return None, text


def masked(content: Any, mask: Mask | None) -> Any:
    """What is wanted of the content."""
    if mask is None or not isinstance(content, dict | list):
        return content
    if isinstance(content, list):
        return [masked(each, mask) for each in content]
    star = mask.get("*", False)
    return {
        name: masked(value, mask.get(name, star))  # type: ignore[arg-type]
        for name, value in content.items()
        if name in mask or star is not False
    }
