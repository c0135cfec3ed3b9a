"""What the steps of a night share: the night so far, and what came of a step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from finops.config import Settings
from finops.errors import FinopsError
from finops.model import AuditReport

PATIENCE = 600  # seconds that a step waits for somebody else who writes


@dataclass(slots=True)
class Context:
    """The night so far. `as_of` is the instant the data speak about, `clock` tells the time.

    `unmade` are formats of the report that could not be made, and why.
    """

    run_id: str
    command: str
    db: Path
    settings: Settings
    started_at: datetime
    as_of: datetime
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    dry_run: bool = False
    report: AuditReport | None = None
    continues: str | None = None  # the night that a retry goes on with
    files: list[Path] = field(default_factory=list)
    unmade: dict[str, str] = field(default_factory=dict)

    @property
    def staged(self) -> Path:
        """Where the report is made before it is published."""
        return self.db.with_name(self.db.name + ".nightly") / "report"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a step. `error` decides the exit code of the night."""

    message: str
    status: str = "done"
    rows: int | None = None
    calls: int | None = None
    error: FinopsError | None = None
    also: FinopsError | None = None  # what is true besides, and told


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its parts (one without a name where it has one), what it does, what must be done before it can."""

    name: str
    run: Callable[[Context, str | None], Done]
    parts: Callable[[Settings], Sequence[str | None]] = lambda _: (None,)
    after: tuple[str, ...] = ()
