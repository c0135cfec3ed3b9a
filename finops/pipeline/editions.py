"""How a report is told: what it hides, for whom it is put in order, in which language. A target may have its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops.config import Settings
from finops.nightly_settings import Target

if TYPE_CHECKING:
    from finops.readership import Audience, Locale, RedactionLevel

_IDS, _NAMES = ("ids", "all"), ("names", "all")  # the levels that hide them


@dataclass(frozen=True, slots=True)
class Edition:
    """One way to tell a report. Files of one edition are never sent where another one is asked for."""

    redact: "RedactionLevel" = "none"
    audience: "Audience" = "finance"
    locale: "Locale" = "en"


def of_night(settings: Settings) -> Edition:
    """How a night tells its report."""
    return Edition(settings.nightly.redact, settings.nightly.audience, settings.locale)


def for_target(settings: Settings, target: Target) -> Edition:
    """How a target is told: nothing that the night hides is shown to it."""
    night = of_night(settings)
    return Edition(
        stricter(night.redact, target.redact),
        target.audience or night.audience,
        target.locale or night.locale,
    )


def stricter(one: "RedactionLevel", other: "RedactionLevel") -> "RedactionLevel":
    """What both hide together: ids and names are all."""
    ids, names = (any(level in hidden for level in (one, other)) for hidden in (_IDS, _NAMES))
    if ids and names:
        return "all"
    return "ids" if ids else "names" if names else "none"


def formats_of(settings: Settings, target: Target) -> list[str] | None:
    """What goes to a target as files; None where its address, a secret, decides: the HTML report with mail."""
    if target.attach is not None:
        return list(target.attach)
    return None if target.kind == "secret" else list(settings.nightly.formats)
