"""Where settings come from: the file, a profile in it, variables; each a layer over the one before.

A layer knows for each of its keys where it is written: file and line, or the variable.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finops.endpoints import checked_endpoint
from finops.errors import ConfigError

Key = tuple[str, ...]  # of nested tables, as in ("rules", "idle-instance", "min_days")

# Variables that are not keys of the file: where things are, and what the collectors read themselves.
_NOT_KEYS = {"FINOPS_CONFIG", "FINOPS_PROFILE", "FINOPS_DEBUG", "FINOPS_CHROMIUM"}
# Variables that set an endpoint under a name of their own, after all others.
_ENDPOINTS: dict[str, Key] = {
    "FINOPS_ALIBABA_ENDPOINT": ("alibaba", "endpoint"),
    "FINOPS_GCP_ENDPOINT": ("gcp", "endpoint"),
}
# Settings that are text whatever they look like.
_TEXTS = {
    "db", "mutes", "currency", "locale", "lake", "spark_remote", "memory_limit", "spill_limit", "redaction_key",
    "role", "external_id", "billing_export", "endpoint", "site", "organization", "billing_account", "url",
}  # fmt: skip
_HEADER = re.compile(r"^\s*\[\[?.*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*(?P<key>[A-Za-z0-9_.\"' -]+?)\s*=")


@dataclass(frozen=True, slots=True)
class Layer:
    """Values, nested as in the file, and where each of them is written, by the longest key that is known."""

    name: str
    values: Mapping[str, Any]
    places: Mapping[Key, str] = field(default_factory=dict)

    def place(self, key: Key) -> str | None:
        """Where this layer sets a key; None where it does not."""
        below: Any = self.values
        for part in key:
            if not isinstance(below, Mapping):
                break  # a list or a value, which is set as a whole
            if part not in below:
                return None
            below = below[part]
        known = (self.places.get(key[:length]) for length in range(len(key), 0, -1))
        return next((place for place in known if place), self.name)


def find(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file that is read, if there is one. Raises ConfigError where the one that is named is not there."""
    named = config or (Path(environ["FINOPS_CONFIG"]) if environ.get("FINOPS_CONFIG") else None)
    if named:
        if not is_file(named):
            raise ConfigError(f"There is no configuration file {named}.")
        return named
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    candidates = (Path("finops.toml"), home / "finops" / "finops.toml")
    return next((path for path in candidates if is_file(path)), None)


def is_file(path: Path) -> bool:
    """Whether there is such a file. Raises ConfigError where that may not be known."""
    try:
        return path.is_file()
    except PermissionError as error:
        raise ConfigError(f"{path} may not be read by this user: check its permissions.") from error


def of_file(path: Path) -> tuple[Layer, dict[str, Layer]]:
    """What a file sets, and what each of its profiles does over that.

    Raises ConfigError for what is no TOML, or has profiles that are no tables.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    places = {key: f"{path}:{line}" for key, line in _lines(text).items()}
    profiles = values.pop("profile", {})
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
        raise ConfigError(f"{path}: profile must hold tables, as in [profile.prod].")
    return Layer(str(path), values, places), {
        name: Layer(
            f"{path} [profile.{name}]",
            inner,
            {
                key[2:]: f"{place} [profile.{name}]"
                for key, place in places.items()
                if key[:2] == ("profile", name) and key[2:]
            },
        )
        for name, inner in profiles.items()
    }


def of_variables(environ: Mapping[str, str], keys: Collection[str], below: Sequence[Layer] = ()) -> Layer:
    """What variables set. `keys` are the first parts of keys there can be: other programs may use the prefix too.

    A variable that a layer `below` refers to by env:NAME is a secret, whatever it is called, and sets nothing.

    Raises ConfigError for one that cannot be what it is.
    """
    values: dict[str, Any] = {}
    places: dict[Key, str] = {}
    others = _NOT_KEYS.union(*(_referred(layer.values) for layer in below))
    for name in sorted(environ):
        if not name.startswith("FINOPS_") or name in others or not environ[name]:
            continue
        first, *rest = name.removeprefix("FINOPS_").lower().split("__")
        if first not in keys:
            continue
        if first in ("rules", "tests") and rest:
            rest[0] = rest[0].replace("_", "-")
        key = (first, *rest)
        # The variable of this key is the secret itself; as a reference it is never shown.
        text = f"env:{name}" if key == ("redaction_key",) else environ[name]
        _set(
            values,
            key,
            text if key[-1] in _TEXTS and first not in ("rules", "tests") else _parsed(text),
            name,
        )
        places[key] = name
    for name, key in _ENDPOINTS.items():
        if environ.get(name, "").strip():
            try:
                _set(values, key, checked_endpoint(environ[name]), name)
            except ValueError as error:
                raise ConfigError(f"{name} {error}.") from None
            places[key] = name
    return Layer("variables", values, places)


def _referred(value: Any) -> set[str]:
    """The variables that references name anywhere in a value."""
    if isinstance(value, str):
        return {value.removeprefix("env:")} if value.startswith("env:") else set()
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {name for one in inner for name in _referred(one)}


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The values of all layers: tables key by key, everything else, lists of tables too, as the last one has it."""
    values: dict[str, Any] = {}
    for layer in layers:
        values = _overlaid(values, layer.values)
    return values


def _overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = _overlaid(below, value) if nested and isinstance(below, Mapping) else value
    return result


def _set(values: dict[str, Any], path: Sequence[str], value: Any, name: str) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ConfigError(f"The variable {name} reaches into a setting that has no parts.")
    values[path[-1]] = value


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _lines(text: str) -> dict[Key, int]:
    """The line on which each table and key begins, by the parser's own reading of that line."""
    found: dict[Key, int] = {}
    section: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if _HEADER.match(line):
            section = _path(line) or section
            found.setdefault(section, number)
        elif match := _KEY.match(line):
            key = _path(f"{match['key']} = 0")
            if key:
                found.setdefault((*section, *key), number)
    return found


def _path(line: str) -> Key:
    """The key that a line of TOML sets; nothing for a line that is none by itself."""
    try:
        below: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(below, dict | list) and below:
        if isinstance(below, list):
            below = below[0]
            continue
        (name, below), *_ = below.items()
        path.append(name)
    return tuple(path)


Origin = Callable[[Key], str]


def origin_in(layers: Sequence[Layer], default: str = "default") -> Origin:
    """Where a key has its value from: the place in the last layer that sets it."""

    def origin(key: Key) -> str:
        places = (layer.place(key) for layer in reversed(layers))
        return next((place for place in places if place), default)

    return origin
