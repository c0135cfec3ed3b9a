"""What is wrong with a finops.toml: every mistake at once, also those that only a run would meet."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from finops.config import Settings, mistakes_in
from finops.config_layers import Layer, find, merged, of_file, of_variables
from finops.errors import UsageError
from finops.nightly_settings import Target
from finops.pipeline.editions import for_target, formats_of
from finops.pipeline.gates import parse_gates
from finops.pipeline.reporting import unmakeable

if TYPE_CHECKING:
    from finops.readership import Locale


def mistakes_of(config: Path | None, environ: Mapping[str, str]) -> tuple[Path | None, list[str]]:
    """The file that was looked at and the mistakes in it, in each of its profiles and in the variables, in sentences.

    Where `config` names a file only that is looked at. Asks nobody and resolves no secret.
    Raises ConfigError for a file that is not there or no TOML.
    """
    path = find(config, environ)
    base, profiles = of_file(path) if path else (Layer("default", {}), {})
    stacks = [[base], *([base, profile] for profile in profiles.values())]
    if config is None:
        stacks.append([base, of_variables(environ, Settings.model_fields, [base, *profiles.values()])])
    found: dict[str, None] = {}  # in order, each once: a mistake of the base is one of every profile
    for layers in stacks:
        found.update(dict.fromkeys(_of_layers(layers)))
    return path, list(found)


def _of_layers(layers: list[Layer]) -> list[str]:
    try:
        settings = Settings.model_validate(merged(layers))
    except ValidationError as error:
        return mistakes_in(error, layers)
    where = layers[-1].name
    return [f"{where}: {words}" for words in _of_settings(settings)]


def _of_settings(settings: Settings) -> Iterator[str]:
    """What is well formed and cannot be."""
    for key, folders in (("rule_folders", settings.rule_folders), ("test_folders", settings.test_folders)):
        yield from (f"{key} names {one}, which is no folder." for one in folders if not one.is_dir())
    if settings.mutes and not settings.mutes.is_file():
        yield f"mutes names {settings.mutes}, which is no file."
    if settings.nightly.copy_of and not settings.nightly.copy_of.is_file():
        yield f"nightly.copy_of names {settings.nightly.copy_of}, which is no warehouse."
    yield from (_unwritable("nightly.folder", settings.nightly.folder))
    if settings.backup.folder:
        yield from _unwritable("backup.folder", settings.backup.folder)
    for target in settings.deliver:
        yield from _of_target(target)
    yield from _of_formats(settings)
    try:
        parse_gates(settings.nightly.fail_on)
    except UsageError as error:
        yield f"nightly.fail_on: {error}"
    yield from _of_rules(settings)


def _of_target(target: Target) -> Iterator[str]:
    if target.kind == "folder":
        yield from _unwritable(f"deliver.{target.name}.to", Path(target.to))


def _of_formats(settings: Settings) -> Iterator[str]:
    """Whether the files can be written here: a PDF needs a browser, and one in Chinese a font."""
    yield from _unmakeable("nightly.formats", settings.nightly.formats, settings.locale)
    for one in settings.deliver:
        locale = for_target(settings, one).locale
        if one.attach is not None:
            yield from _unmakeable(f"deliver.{one.name}.attach", one.attach, locale)
        elif locale != settings.locale:  # else its files are those of the night
            yield from _unmakeable(f"deliver.{one.name}.locale", formats_of(settings, one) or [], locale)


def _unmakeable(key: str, formats: Sequence[str], locale: "Locale") -> Iterator[str]:
    yield from (f"{key}: {why}" for why in unmakeable(formats, locale).values())


def _unwritable(key: str, folder: Path) -> Iterator[str]:
    """Whether something else is in the way of a folder."""
    folder = folder.expanduser()
    first = next((one for one in (folder, *folder.parents) if one.exists()), None)
    if first is not None and not first.is_dir():
        yield f"{key} names {folder}, but {first} is no folder."


def _of_rules(settings: Settings) -> Iterator[str]:
    from rules.engine.catalogue import catalogue

    try:
        known = {rule.id for rule in catalogue([one for one in settings.rule_folders if one.is_dir()])}
    except UsageError as error:
        yield f"rule_folders: {error}"
        return
    for name in settings.rules:
        if name not in known:
            yield f"rules.{name} sets something of a rule that there is not; finops rules list names them."
