"""The settings for a reader: every value with where it is from, secrets as where they are, and a schema for editors."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from finops.config import InForce, Settings
from finops.config_layers import Key
from finops.masking import masked

# What may hold credentials although nothing asks for any: a user in an address, a token among parameters.
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_PARAMETER = re.compile(r"(?i)\b([a-z_]*(?:token|password|passwd|secret|apikey|api_key))=[^;&\s\"']+")


@dataclass(frozen=True, slots=True)
class Value:
    """One value in force: key as in the file (elements of lists by their number), value, where it is from."""

    key: str
    value: Any
    origin: str


def values_of(found: InForce) -> list[Value]:
    """Every value, in the order of the sections. Credentials that should not be there are ***."""
    return [
        Value(shown, _harmless(value), found.origin(key) if key else "default")
        for key, shown, value in _leaves(found.settings, (), "")
    ]


def _leaves(value: Any, key: Key, shown: str) -> Iterator[tuple[Key, str, Any]]:
    """Key for the origin (up to the list that it is in; none for what an element does not set), key to show, value."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        inner = {(fields[name].alias or name): getattr(value, name) for name in fields}
        yield from _inside(inner, key, shown)
    elif isinstance(value, Mapping) and value:
        yield from _inside(value, key, shown)
    elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
        for number, one in enumerate(value):
            names = {type(one).model_fields[name].alias or name for name in one.model_fields_set}
            for own, below, leaf in _leaves(one, (), f"{shown}[{number}]"):
                yield (key if own[0] in names else ()), below, leaf
    else:
        yield key, shown, value


def _inside(values: Mapping[str, Any], key: Key, shown: str) -> Iterator[tuple[Key, str, Any]]:
    for name, value in values.items():
        part = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
        yield from _leaves(value, (*key, name), f"{shown}.{part}" if shown else part)


def _harmless(value: Any) -> Any:
    if isinstance(value, list):
        return [_harmless(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _PARAMETER.sub(r"\1=***", _USER.sub("***@", masked(str(value))))


def schema() -> dict[str, Any]:
    """JSON Schema of finops.toml, profiles included, for editors that complete and check."""
    found = Settings.model_json_schema(by_alias=True)
    own = {name: value for name, value in found.items() if name not in ("$defs", "title", "description")}
    settings = {**own, "required": []}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "finops.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **found["properties"],
            "profile": {
                "type": "object",
                "description": "Values over the rest, by name of the profile.",
                "additionalProperties": {"$ref": "#/$defs/Profile"},
            },
        },
        "$defs": {**found.get("$defs", {}), "Profile": settings},
    }
