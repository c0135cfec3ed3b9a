"""finops.mutes.toml: what somebody decided to keep, who, why and until when. Checked whole before an audit."""

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from finops.config import MUTES
from finops.errors import ConfigError
from finops.exemptions.tags import ALL

FILE = MUTES
_SELECTORS = ("resource", "account", "cloud", "region", "tag")
_ENTRY = re.compile(r"^\s*\[\[\s*(\"mute\"|'mute'|mute)\s*\]\]")

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Mute(BaseModel):
    """One entry: findings of `rule` that every given selector fits are exempt through the day `expires`.

    Values of a selector are exact; `tag` is `key=value`. `everything` stands for no selector.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    rule: Words
    resource: Words | None = None
    account: Words | None = None
    cloud: Literal["aws", "alibaba", "gcp"] | None = None
    region: Words | None = None
    tag: Annotated[str, Field(pattern=r"^[^=]+=")] | None = None
    everything: bool = False
    owner: Words
    reason: Words
    expires: date
    source: str = FILE

    @property
    def selector(self) -> str:
        """The selectors in words, the same for the same entry."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._given) or "everything"

    @property
    def _given(self) -> list[str]:
        return [name for name in _SELECTORS if getattr(self, name) is not None]

    def fits(
        self, rule: str, cloud: str, account: str, region: str, resource: str, tags: Mapping[str, str]
    ) -> bool:
        """Whether a finding is one of those that it is about."""
        key, _, value = (self.tag or "").partition("=")
        return (
            self.rule in (ALL, rule)
            and self.resource in (None, resource)
            and self.account in (None, account)
            and self.cloud in (None, cloud)
            and self.region in (None, region)
            and (self.tag is None or tags.get(key) == value)
        )


def load_mutes(path: Path | None, known: Collection[str]) -> list[Mute]:
    """The entries of the file, in its order; none without a file. `known` are the ids of all rules.

    Raises ConfigError in one sentence with the file, the entry and the field.
    """
    if path is None:
        return []
    text = _text(path)
    entries = _entries(path, text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _ENTRY.match(line)]
    mutes: list[Mute] = []
    for number, values in enumerate(entries, 1):
        line = f" (line {lines[number - 1]})" if len(lines) == len(entries) else ""
        where = f"{path}, entry {number}{line}"
        mute = _entry(values, where, f"{path.name}, entry {number}")
        _check(mute, where, known)
        _refuse_twice(mutes, mute, where)
        mutes.append(mute)
    return mutes


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no file of exemptions {path}: check mutes in the configuration."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error


def _entries(path: Path, text: str) -> list[Any]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from error
    unknown = next((name for name in values if name != "mute"), None)
    if unknown is not None:
        raise ConfigError(f"{path}: there is no key {unknown}; it holds [[mute]] entries only.")
    entries = values.get("mute", [])
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: mute must be a list; begin each entry with [[mute]].")
    return entries


def _entry(values: Any, where: str, source: str) -> Mute:
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: it is no table; begin each entry with [[mute]].")
    allowed = [name for name in Mute.model_fields if name != "source"]
    for name in values:
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(allowed)}."
            raise ConfigError(f"{where}: there is no field {name}; {hint}")
    try:
        return Mute.model_validate({**values, "source": source})
    except ValidationError as error:
        raise ConfigError(f"{where}: {_in_words(error)}") from error


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    field = str(first["loc"][0])
    if first["type"] == "missing":
        return f"it has no {field}, and an exemption needs rule, owner, reason and expires."
    if field == "expires":
        return "expires must be a day, such as 2026-12-31."
    if field == "tag":
        return 'tag must be written as "key=value".'
    return f"{field}: {first['msg'].removesuffix('.')}."


def _check(mute: Mute, where: str, known: Collection[str]) -> None:
    if mute.rule != ALL and mute.rule not in known:
        close = difflib.get_close_matches(mute.rule, sorted(known), n=1)
        hint = f"did you mean {close[0]}?" if close else "finops rules list names them all."
        raise ConfigError(f"{where}: rule {mute.rule} does not exist; {hint}")
    selected = mute.selector != "everything"
    if mute.everything and selected:
        raise ConfigError(
            f"{where}: everything = true and a selector exclude each other; remove one of them."
        )
    if mute.everything and mute.rule == ALL:
        raise ConfigError(f'{where}: rule = "all" needs a selector, or every finding would be exempt.')
    if not mute.everything and not selected:
        raise ConfigError(
            f"{where}: it selects nothing; give one or more of {', '.join(_SELECTORS)}, or everything = true."
        )


def _refuse_twice(before: Sequence[Mute], mute: Mute, where: str) -> None:
    for number, other in enumerate(before, 1):
        if (other.rule, other.selector) == (mute.rule, mute.selector):
            raise ConfigError(
                f"{where}: rule and selector are those of entry {number}; keep one of the two entries."
            )
