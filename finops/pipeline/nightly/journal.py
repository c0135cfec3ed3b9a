"""What a night has done so far, beside the warehouse: a line when a step begins and one when it ends.

`W.nightly.jsonl` is of the last night only. It survives any kill and costs no copy of the warehouse; the table
`run_steps` is made of it.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from finops.warehouse import nights

ENDED = "the process ended before the step did"


@dataclass(frozen=True, slots=True)
class Entry:
    """A step, or a part of one. What began and did not end is `running`, and `aborted` later."""

    step: str
    part: str | None
    status: str
    started_at: datetime
    finished_at: datetime | None = None
    rows: int | None = None
    calls: int | None = None
    message: str | None = None
    code: int = 0  # the exit code it asks for


@dataclass(frozen=True, slots=True)
class Kept:
    """The journal of a night: its run, its command, its entries in order."""

    run_id: str
    command: str
    started_at: datetime
    as_of: datetime
    entries: tuple[Entry, ...]
    before: frozenset[tuple[str, str | None]] = (
        frozenset()
    )  # what the night that a retry goes on with had done
    closed: bool = False  # whether the warehouse has it

    @property
    def done(self) -> frozenset[tuple[str, str | None]]:
        """Steps and parts that need not be done again."""
        return self.before | {(one.step, one.part) for one in self.entries if one.status == "done"}

    def aborted(self) -> "Kept":
        """As it is once the process is gone."""
        return replace(
            self,
            entries=tuple(
                replace(one, status="aborted", message=ENDED) if one.status == "running" else one
                for one in self.entries
            ),
        )


class Journal:
    """Writes the journal of a night, line by line, each on the disk before anything else happens.

    That of a night that was killed is put aside until somebody has brought it in.
    """

    def __init__(
        self,
        warehouse: Path,
        run_id: str,
        command: str,
        at: datetime,
        as_of: datetime,
        before: frozenset[tuple[str, str | None]] = frozenset(),
    ) -> None:
        self._path = journal_of(warehouse)
        last = kept(warehouse)
        if last and not last.closed:
            os.replace(self._path, _aside(warehouse, last.run_id))
        head = {"run_id": run_id, "command": command, "started_at": at, "as_of": as_of}
        # As a whole: one that is killed here leaves the journal of the night before, or its own.
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(_line({**head, "before": sorted(before, key=str)}), encoding="utf-8")
        os.replace(beside, self._path)

    def begin(self, step: str, part: str | None, at: datetime) -> None:
        """Notes that a step begins."""
        self._add(asdict(Entry(step, part, "running", at)))

    def end(self, entry: Entry) -> None:
        """Notes how it ended."""
        self._add(asdict(entry))

    def close(self) -> None:
        """Notes that the warehouse has it all."""
        self._add({"closed": True})

    def _add(self, told: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(told))
            file.flush()
            os.fsync(file.fileno())


def journal_of(warehouse: Path) -> Path:
    """Where the journal of a warehouse is."""
    return warehouse.with_name(warehouse.name + ".nightly.jsonl")


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, default=datetime.isoformat) + "\n"


_ASIDE = ".nightly.killed."


def _aside(warehouse: Path, run_id: str) -> Path:
    return warehouse.with_name(f"{warehouse.name}{_ASIDE}{run_id}.jsonl")


def killed(warehouse: Path) -> list[Kept]:
    """The journals of nights that were killed and that nobody has brought in yet, the oldest first."""
    begins = f"{warehouse.name}{_ASIDE}"
    paths = (path for path in warehouse.parent.iterdir() if path.name.startswith(begins))
    found = [one.aborted() for one in map(_read, paths) if one]
    return sorted(found, key=lambda one: one.started_at)


def forget_killed(warehouse: Path, left: Iterable[Kept]) -> None:
    """Once they are brought in."""
    for one in left:
        _aside(warehouse, one.run_id).unlink(missing_ok=True)


def kept(warehouse: Path) -> Kept | None:
    """The journal of the last night; None where there is none, or none that can be read."""
    return _read(journal_of(warehouse))


def _read(path: Path) -> Kept | None:
    try:
        lines = list(_lines(path))
        return _kept(lines[0], lines[1:])
    except (OSError, KeyError, TypeError, ValueError, IndexError):
        return None


def _kept(head: dict[str, Any], lines: list[dict[str, Any]]) -> Kept:
    rest = [_entry(line) for line in lines if "closed" not in line]
    last = {(one.step, one.part): one for one in rest}  # a step that ended after it began
    when = datetime.fromisoformat
    return Kept(
        head["run_id"],
        head["command"],
        when(head["started_at"]),
        when(head["as_of"]),
        tuple(last.values()),
        frozenset((step, part) for step, part in head["before"]),
        bool(lines) and "closed" in lines[-1],
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines that are whole: of the last one a kill may have left a part."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def _entry(told: dict[str, Any]) -> Entry:
    times = {
        name: told[name] and datetime.fromisoformat(told[name]) for name in ("started_at", "finished_at")
    }
    return Entry(**{**told, **times})


def night_so_far(warehouse: Path) -> list[dict[str, Any]]:
    """The steps of the last night for a reader: as they are while it goes on, as they ended afterwards."""
    warehouse = warehouse.resolve()
    found = kept(warehouse)
    if found is None:
        return []
    found = found if nights.under_way(warehouse) == found.run_id else found.aborted()
    names = ("step", "part", "status", "started_at", "finished_at", "rows", "message")
    return [{"night": found.run_id, **{name: getattr(one, name) for name in names}} for one in found.entries]
