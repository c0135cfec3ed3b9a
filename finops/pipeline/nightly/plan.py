"""What a night would do, from its settings alone: nobody is asked, no secret is had, nothing is written."""

from collections.abc import Callable, Sequence
from pathlib import Path

from finops.config import Settings
from finops.nightly_settings import Target
from finops.pipeline.editions import Edition, for_target, formats_of, of_night
from finops.pipeline.nightly.steps import STEPS
from finops.pipeline.reporting import unmakeable

Row = dict[str, str]


def planned(db: Path, settings: Settings) -> list[Row]:
    """A row for each step and part: step, part, what it does."""
    rows = [
        {"step": step.name, "part": part or "", "what": _WHAT[step.name](db, settings, part)}
        for step in STEPS
        for part in step.parts(settings)
    ]
    if settings.heartbeat.url:
        rows.append({"step": "heartbeat", "part": "", "what": f"tell the URL of {settings.heartbeat.url}"})
    return rows


def _target(settings: Settings, name: str | None) -> str:
    target = next(one for one in settings.deliver if one.name == name)
    edition = for_target(settings, target)
    return f"{_WHEN[target.when]} to {where(target)}, {_files(settings, target, edition)}"


def _files(settings: Settings, target: Target, edition: Edition) -> str:
    formats = formats_of(settings, target)
    if formats is None:  # the address says whether it is mail
        return f"with the HTML report where it is mail{_told(edition)}"
    return _named(formats, edition, "with ", "without files")


def _named(formats: Sequence[str], edition: Edition, before: str, none: str) -> str:
    """The formats that can be made here, how they are told, and why others are missing."""
    unmade = unmakeable(formats, edition.locale)
    made = [one for one in formats if one not in unmade]
    missing = (f"; not {name}: {why.rstrip('.')}" for name, why in unmade.items())
    return f"{before + ', '.join(made) if made else none}{_told(edition)}{''.join(missing)}"


def _told(edition: Edition) -> str:
    """What of an edition is not as usual."""
    return (
        _HIDDEN[edition.redact]
        + (f", for {edition.audience}" if edition.audience != "finance" else "")
        + (f", in {_LANGUAGES[edition.locale]}" if edition.locale != "en" else "")
    )


def where(target: Target) -> str:
    """Where a target is: its folder or bucket, or where its address is."""
    return f"the address of {target.to}" if target.kind == "secret" else target.to


def _report(settings: Settings) -> str:
    return _named(settings.nightly.formats, of_night(settings), "make ", "make no files")


def _collect(settings: Settings, cloud: str | None) -> str:
    if cloud == "demo":
        return "load the sample estate"
    return f"collect what is older than {settings.nightly.max_age}"


def _publish(settings: Settings) -> str:
    lake = f", and bring the lake {settings.lake} up to date" if settings.lake else ""
    return f"put the files into {settings.nightly.folder}{lake}"


_HIDDEN = {"none": "", "ids": ", ids redacted", "names": ", names redacted", "all": ", redacted"}
_LANGUAGES = {"en": "English", "de": "German", "zh": "Chinese"}
_WHEN = {"always": "every night", "news": "when there is news", "trouble": "when something went wrong"}
_WHAT: dict[str, Callable[[Path, Settings, str | None], str]] = {
    "copy": lambda _, settings, __: f"copy {settings.nightly.copy_of}",
    "open": lambda db, _, __: f"{'open' if db.exists() else 'make'} {db}",
    "collect": lambda _, settings, cloud: _collect(settings, cloud),
    "ingest": lambda _, __, ___: "load what has changed",
    "test": lambda _, __, ___: "test what came in",
    "audit": lambda _, __, ___: "run the rules",
    "detect": lambda _, __, ___: "look for costs and figures out of their limits",
    "verify": lambda _, __, ___: "test what was made of it",
    "report": lambda _, settings, __: _report(settings),
    "publish": lambda _, settings, __: _publish(settings),
    "deliver": lambda _, settings, name: _target(settings, name),
    "tidy": lambda _, settings, __: (
        f"back up to {settings.backup.folder} and remove what is too old"
        if settings.backup.folder
        else "remove what is too old"
    ),
}
