"""A bill that is asked for day by day, kept beside the warehouse and loaded a billing month at a time.

A collector fetches the days of each month into files of its own; what becomes of the months in the warehouse is the
same for every cloud.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa

from collectors.bills import checks
from collectors.bills.loading import Delivery, ingest_delivery
from collectors.bills.results import FileResult
from finops.errors import FinopsError, InputError
from finops.warehouse import Writer

# What a file raises that was kept and cannot be read or written.
SHELF_ERRORS = (OSError, pa.ArrowException)


class _Owned(Protocol):
    """A day of a bill, and the accounts whose charges it holds."""

    @property
    def owners(self) -> Collection[str]: ...


D = TypeVar("D", bound=_Owned)


@dataclass(frozen=True, slots=True)
class BillResult:
    """What became of a bill: `accounts` whose charges it holds, months (YYYY-MM) by what became of them, of the failed
    ones with the reason."""

    accounts: frozenset[str]
    files: tuple[FileResult, ...]
    loaded: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    calls: int

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


@dataclass(slots=True)
class Cycle(Generic[D]):
    """One billing month as it was fetched: its days, or the error for which it stays as it was."""

    first: date
    days: dict[date, D] = field(default_factory=dict)
    error: FinopsError | None = None

    @property
    def month(self) -> str:
        return f"{self.first:%Y-%m}"


C = TypeVar("C", bound=Cycle[Any])


class Loading(ABC, Generic[C]):
    """The months of one bill on their way in. A cloud says what they are called, which files they are, and what
    is checked of them."""

    def __init__(self, writer: Writer, at: datetime, folder: Path) -> None:
        self.writer, self.at = writer, at
        self._folder = folder
        self._files: list[FileResult] = []
        self._loaded: list[str] = []
        self._unchanged: list[str] = []
        self._failed: list[tuple[str, str]] = []
        self._owners: set[str] = set()

    @abstractmethod
    def source(self, cycle: C) -> str:
        """The address of a month, with a slash at its end."""

    @abstractmethod
    def files(self, cycle: C) -> Mapping[str, Path]:
        """The files of a month by their names. May raise one of SHELF_ERRORS."""

    @abstractmethod
    def check(self, cycle: C) -> Iterable[str]:
        """Checks a month that is loaded, records the result, and tells what is wrong with it all the same."""

    def load(self, cycles: Sequence[C], calls: int) -> BillResult:
        """Loads every month.

        One that could not be had or trusted keeps its earlier rows and is in `failed`; when that goes for every one,
        its error is raised.
        """
        errors = [error for cycle in cycles if (error := self._take(cycle)) is not None]
        if errors and len(errors) == len(cycles):
            raise errors[0]
        return BillResult(
            frozenset(self._owners),
            tuple(self._files),
            tuple(self._loaded),
            tuple(self._unchanged),
            tuple(self._failed),
            calls,
        )

    def record(self, cycle: C, test: str, status: str, message: str) -> None:
        """The result of a check of a month, for whoever asks what was tested."""
        subject = self.subject(cycle)
        checks.record(self.writer, test, subject, severity="warn", status=status, message=message, at=self.at)

    def subject(self, cycle: C) -> str:
        """The source of its rows in `charges`."""
        return f"{self.source(cycle)}{cycle.month}.parquet"

    def _take(self, cycle: C) -> FinopsError | None:
        """One month; the error when it stays as it was."""
        error = cycle.error or self._brought(cycle)
        if error:
            self._failed.append((cycle.month, str(error)))
            return error
        for day in cycle.days.values():
            self._owners.update(day.owners)
        self._failed += [(cycle.month, problem) for problem in self.check(cycle)]
        return None

    def _brought(self, cycle: C) -> FinopsError | None:
        try:
            done = ingest_delivery(self.writer, Delivery(self.source(cycle), self.files(cycle)), at=self.at)
        except InputError as error:
            return error
        except SHELF_ERRORS as error:
            return not_kept(self._folder, error)
        self._files += done.files
        again = any(file.status != "unchanged" for file in done.files)
        (self._loaded if again else self._unchanged).append(cycle.month)
        return None


def not_kept(folder: Path, error: Exception) -> InputError:
    """That the files of a bill cannot be used."""
    return InputError(f"The files of the bill in {folder} cannot be used ({error}): remove that folder.")
