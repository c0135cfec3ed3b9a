"""What a unit runs: the command with absolute paths, what it writes to, the secrets that it asks for by reference."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finops.config import Settings
from finops.errors import UsageError

_AT = re.compile(r"^(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)$")
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Job:
    """A nightly run as a unit needs it. Paths are absolute; the time is UTC.

    `program` is what the command line begins with, `folder` where relative paths of the configuration begin.
    `variables` and `files` are the secrets that the configuration refers to by env:NAME and file:NAME.
    """

    program: tuple[str, ...]
    folder: Path
    db: Path
    config: Path | None
    profile: str | None
    hour: int
    minute: int
    clouds: tuple[str, ...] = ()
    writes: tuple[Path, ...] = ()
    mutes: Path | None = None
    variables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        config = ["--config", str(self.config)] if self.config else []
        profile = ["--profile", self.profile] if self.profile else []
        return [*self.program, "--db", str(self.db), *config, *profile, "nightly"]

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        program: tuple[str, ...],
        folder: Path,
        db: Path,
        config: Path | None,
        profile: str | None,
        at: str,
    ) -> "Job":
        """The job for a warehouse and its settings, every path absolute from `folder`.

        Raises UsageError for a time that is none, and for what no unit can hold: control characters in a path, a
        secret in a file whose name is no plain one.
        """
        match = _AT.match(at)
        if not match:
            raise UsageError(f"--at {at} is no time: write hours and minutes in UTC, such as 05:10.")
        variables, files = _secrets(settings)
        job = cls(
            program,
            folder,
            (folder / db).absolute(),
            (folder / config).absolute() if config else None,
            profile,
            int(match["hour"]),
            int(match["minute"]),
            tuple(cloud for cloud in settings.nightly.clouds if cloud != "demo"),
            _writes(settings, folder, (folder / db).absolute()),
            (folder / settings.mutes).absolute() if settings.mutes else None,
            variables,
            files,
        )
        for text in (*job.command, str(folder), *map(str, job.writes), str(job.mutes or "")):
            refuse_control(text)
        return job


def refuse_control(text: str) -> None:
    """Raises UsageError for a text that would end the line of a unit it stands in."""
    if _CONTROL.search(text):
        raise UsageError(
            f"{text!r} has a character that no unit can hold (a line break, a control character or none of Unicode): "
            "rename it."
        )


def _writes(settings: Settings, folder: Path, db: Path) -> tuple[Path, ...]:
    """The folders that a night writes to."""
    named = [db.parent, folder / settings.nightly.folder.expanduser()]
    if settings.backup.folder:
        named.append(folder / settings.backup.folder.expanduser())
    addresses = [settings.lake, *(one.to for one in settings.deliver if one.kind == "folder")]
    for address in addresses:
        if address and "://" not in address:
            # The day is a part of the name in a folder of its own for each: what is above it is written to.
            plain = address.partition("{")[0]
            named.append(
                folder / Path(plain if plain == address else str(Path(plain + "x").parent)).expanduser()
            )
    return tuple(sorted({path.absolute() for path in named}))


def _secrets(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the variables and of the relative files that secrets are read from."""
    variables, files = set[str](), set[str]()
    for text in _texts(settings.model_dump(mode="json", by_alias=True)):
        kind, _, name = text.partition(":")
        if kind == "env" and _NAME.match(name):
            variables.add(name)
        elif kind == "file" and name and not name.startswith(("/", "~")):
            if not _NAME.match(name):
                raise UsageError(
                    f"The secret {text} cannot be handed to a unit: in credentials it has a plain name, such as "
                    "file:mail (or name it by an absolute path)."
                )
            files.add(name)
    return tuple(sorted(variables)), tuple(sorted(files))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
