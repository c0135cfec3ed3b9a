"""What the files of a night's report are, beside them: other settings need other files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finops.config import Settings
from finops.pipeline.editions import of_night


@dataclass(frozen=True, slots=True)
class Files:
    """How they were told, which were asked for, and why some were not made, by format."""

    told: dict[str, Any]
    unmade: dict[str, str]


def as_asked(settings: Settings) -> dict[str, Any]:
    """How the settings want the files of a night."""
    return {**asdict(of_night(settings)), "formats": list(settings.nightly.formats)}


def note(staged: Path, settings: Settings, unmade: Mapping[str, str]) -> None:
    """Keeps what the files in `staged` are."""
    told = {"told": as_asked(settings), "unmade": dict(unmade)}
    _beside(staged).write_text(json.dumps(told), encoding="utf-8")


def noted(staged: Path) -> Files | None:
    """What they are; None where nobody kept that."""
    try:
        told = json.loads(_beside(staged).read_text(encoding="utf-8"))
        return Files(told["told"], told["unmade"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_otherwise(staged: Path, settings: Settings) -> bool:
    """Whether there are files that the settings no longer want so."""
    found = noted(staged)
    return staged.is_dir() and (found is None or found.told != as_asked(settings))


def _beside(staged: Path) -> Path:
    return staged.with_name(f"{staged.name}.json")
