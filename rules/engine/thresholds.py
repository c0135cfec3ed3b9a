"""Threshold overrides: which values of its parameters a rule runs with, for which resources.

In finops.toml, from the widest to the narrowest; a narrower one wins value by value:

    [rules.idle-instance]                     # everywhere
    cpu_peak_max = 0.03
    [rules.idle-instance.cloud.gcp]           # one cloud
    [rules.idle-instance.account."0123"]      # one account or project
    [rules.idle-instance.tag."env=prod"]      # resources with this tag
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from finops.errors import ConfigError
from rules.engine.catalogue import Rule
from rules.engine.header import Parameter
from rules.engine.rollups import bounds

_KINDS = ("cloud", "account", "tag")


@dataclass(frozen=True, slots=True)
class Override:
    """Values for the resources that a selector matches."""

    kind: str
    value: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What finops.toml says about one rule."""

    enabled: bool
    base: Mapping[str, Any]
    overrides: tuple[Override, ...]


def thresholds(rule: Rule, settings: Mapping[str, Any]) -> Thresholds:
    """The thresholds of `rule` under its table of finops.toml.

    Raises ConfigError naming the key when it is unknown or of the wrong type.
    """
    where = f"rules.{rule.id}"
    plain = {key: value for key, value in settings.items() if key not in (*_KINDS, "enabled")}
    overrides = tuple(
        Override(kind, str(value), _checked(rule, values, f"{where}.{kind}.{value}"))
        for kind in _KINDS
        for value, values in _table(settings.get(kind, {}), f"{where}.{kind}").items()
    )
    for override in overrides:
        if override.kind == "tag" and "=" not in override.value:
            raise ConfigError(f"{where}.tag: write the selector as key=value, not '{override.value}'.")
    enabled = settings.get("enabled", True)
    if not isinstance(enabled, bool):
        raise ConfigError(f"{where}.enabled = {enabled!r} is not true or false.")
    return Thresholds(enabled, _checked(rule, plain, where), overrides)


def values_for(rule: Rule, chosen: list[Mapping[str, Any]], as_of: datetime) -> dict[str, Any]:
    """What to bind for one run: defaults, the chosen layers over them, cutoffs and the instant."""
    values: dict[str, Any] = {name: spec.default for name, spec in rule.header.parameters.items()}
    for layer in chosen:
        values.update(layer)
    for name, spec in rule.header.parameters.items():
        if spec.unit == "days":
            values[f"{name}_cutoff"] = as_of - timedelta(days=float(values[name]))
    values.update(bounds(as_of))
    return {name: value for name, value in values.items() if name in rule.parameters_used}


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} must be a table of selectors.")
    return value


def _checked(rule: Rule, values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} must be a table of values.")
    known = rule.header.parameters
    for name, value in values.items():
        if name not in known:
            raise ConfigError(
                f"{where}: {name} is not a parameter of the rule; it has {', '.join(known) or 'none'}."
            )
        of_its_type(known[name], value, f"{where}.{name}")
    return dict(values)


def of_its_type(parameter: Parameter, value: Any, where: str) -> None:
    """Raises ConfigError for a value that is of another type than the default of its parameter."""
    default = parameter.default
    if _is_number(default):
        if not _is_number(value):
            raise ConfigError(f"{where} = {value!r} is not a number.")
        if value < 0 <= default:
            raise ConfigError(f"{where} = {value!r} is below zero.")
    elif not isinstance(value, type(default)):
        kind = "true or false" if isinstance(default, bool) else "text"
        raise ConfigError(f"{where} = {value!r} is not {kind}.")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
