"""Filter expressions of Compute (=, !=, eq, ne, :, numbers) and Monitoring (=, !=, :, one_of(), starts_with() …)."""

import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Callable[[str], Any]], bool]
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>!=|>=|<=|=|<|>|:|\(|\)|,)"""
    r"""|(?P<word>[^\s"'=!<>:(),]+))"""
)


class FilterError(ValueError):
    """The expression is not one."""


def tokens(text: str) -> list[tuple[str, str]]:
    """Kind (text, sign, word) and content."""
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.end() == place:
            raise FilterError(text)
        kind = match.lastgroup or ""
        content = match.group(kind)
        if kind == "text":
            content = re.sub(r"\\(.)", r"\1", content[1:-1])
        found.append((kind, content))
        place = match.end()
    return found


class Parser:
    """Recursive descent over AND, OR, NOT, parentheses and comparisons; neighbours without a word are ANDed."""

    def __init__(self, text: str) -> None:
        self.left = tokens(text)
        self.equalities: list[tuple[str, str]] = []  # field and value of every "=", in order
        if not self.left:
            raise FilterError(text)

    def parsed(self) -> Test:
        test = self.either()
        if self.left:
            raise FilterError(self.left[0][1])
        return test

    def peek(self) -> tuple[str, str]:
        return self.left[0] if self.left else ("", "")

    def take(self) -> tuple[str, str]:
        if not self.left:
            raise FilterError("unexpected end")
        return self.left.pop(0)

    def either(self) -> Test:
        parts = [self.both()]
        while self.peek() == ("word", "OR"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda get: any(part(get) for part in parts)

    def both(self) -> Test:
        parts = [self.one()]
        while self.left and self.peek() not in (("word", "OR"), ("sign", ")")):
            if self.peek() == ("word", "AND"):
                self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda get: all(part(get) for part in parts)

    def one(self) -> Test:
        if self.peek() == ("word", "NOT"):
            self.take()
            inner = self.one()
            return lambda get: not inner(get)
        if self.peek() == ("sign", "("):
            self.take()
            inner = self.either()
            if self.take() != ("sign", ")"):
                raise FilterError("missing )")
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        kind, name = self.take()
        if kind == "sign" or not re.match(r"[A-Za-z]", name):
            raise FilterError(name)
        sign = self.take()[1]
        if sign not in ("=", "!=", ":", ">", "<", ">=", "<=", "eq", "ne"):
            raise FilterError(sign)
        kind, value = self.take()
        if kind == "sign":
            raise FilterError(value)
        if kind == "word" and self.peek() == ("sign", "("):
            return self.function(name, sign, value)
        if sign == "=":
            self.equalities.append((name, value))
        return lambda get: compared(get(name), sign, value)

    def function(self, name: str, sign: str, function: str) -> Test:
        """one_of("a", "b"), starts_with("a"), ends_with, has_substring, monitoring.regex.full_match."""
        self.take()
        values = []
        while self.peek() != ("sign", ")"):
            kind, value = self.take()
            if kind == "sign" and value != ",":
                raise FilterError(value)
            values += [value] if kind != "sign" else []
        self.take()
        known = {
            "one_of": lambda text: text in values,
            "starts_with": lambda text: text.startswith(values[0]),
            "ends_with": lambda text: text.endswith(values[0]),
            "has_substring": lambda text: values[0] in text,
            "monitoring.regex.full_match": lambda text: re.fullmatch(values[0], text) is not None,
        }
        if function not in known or not values or sign not in ("=", "!="):
            raise FilterError(function)
        test = known[function]
        return lambda get: test(str(get(name) if get(name) is not None else "")) is (sign == "=")


def compared(held: Any, sign: str, value: str) -> bool:
    """One comparison; what is absent equals nothing."""
    text = {True: "true", False: "false", None: ""}.get(held, held) if isinstance(held, bool | None) else held
    if (sign in ("=", "eq") and held is None) or isinstance(text, dict | list):
        return False
    if sign == ":":
        return held is not None if value == "*" else value.lower() in str(text).lower()
    if sign in ("eq", "ne"):  # a regular expression that matches the whole
        return (re.fullmatch(value, str(text)) is not None) is (sign == "eq")
    try:
        left, right = float(text), float(value)
    except (TypeError, ValueError):
        if sign in ("=", "!="):
            return (str(text) == value) is (sign == "=")
        return {
            ">": str(text) > value,
            "<": str(text) < value,
            ">=": str(text) >= value,
            "<=": str(text) <= value,
        }[sign]
    return {"=": left == right, "!=": left != right, ">": left > right, "<": left < right, ">=": left >= right,
            "<=": left <= right}[sign]  # fmt: skip


def field_of(item: Any) -> Callable[[str], Any]:
    """Looks up a dotted name in an item."""

    def get(name: str) -> Any:
        held = item
        for part in name.split("."):
            if not isinstance(held, dict):
                return None
            held = held.get(part)
        return held

    return get
