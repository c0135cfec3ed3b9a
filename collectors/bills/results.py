"""What became of the files that were given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Sums:
    """The four costs of some charges, exact. Of list and contracted cost some bills have none: then None."""

    billed: Decimal
    effective: Decimal
    list: Decimal | None
    contracted: Decimal | None


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file. Everything but path, format and status is empty when it was unchanged.

    `status` is loaded, replaced (an earlier content of the same path, or of other files with `replace`) or
    unchanged (this content is in the warehouse already). `rejected` rows are told apart by `reasons`;
    `warnings` are about data that should be mended, `notes` about what was decided. `source` is the name under which
    the warehouse knows the file, which `path` need not be: it may be gone by now. `fingerprint` is the SHA-256
    of its bytes.
    """

    path: Path
    format: str
    status: Literal["loaded", "replaced", "unchanged"]
    rows: int = 0
    rejected: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, Sums] = field(default_factory=dict)
    periods: tuple[datetime, ...] = ()
    accounts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """All files of one call, in the order they were taken."""

    files: tuple[FileResult, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def rejected(self) -> int:
        return sum(file.rejected for file in self.files)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(warning for file in self.files for warning in file.warnings)
