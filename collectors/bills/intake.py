"""What `finops ingest` is given, as bills and deliveries on this machine; and their loading, one after the other."""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collectors.bills.archives import Archive, in_archive, is_archive
from collectors.bills.files import find, is_address
from collectors.bills.folders import in_folder
from collectors.bills.inspection import EmptyBillError, inspect
from collectors.bills.loading import Delivery, ingest_file, load_delivery
from collectors.bills.objects import Delivered, Say
from collectors.bills.remote import Remote, below, downloaded, known, remember
from collectors.bills.results import FileResult, IngestResult
from collectors.bills.source import prepare
from collectors.flow_logs.recognising import recognise
from finops.errors import InputError, InvariantError
from finops.warehouse import Writer


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill or flow log by itself. `source` is its name where that is not its path: it was unpacked or downloaded."""

    path: Path
    source: str = ""

    @property
    def is_flow_log(self) -> bool:
        return recognise(self.path) is not None


Unit = Bill | Delivery  # what is loaded in one transaction, on this machine


@dataclass(frozen=True, slots=True)
class How:
    """How bills are loaded: the instant, and what the user allows."""

    at: datetime
    replace: bool = False
    max_rejected: float = 0.01


@dataclass(slots=True)
class Intake:
    """Everything that was given. Temporary files are in `folder`."""

    folder: Path
    say: Say
    units: list[Unit | Remote] = dataclasses.field(default_factory=list)
    taken: set[str] = dataclasses.field(default_factory=set)

    @property
    def files(self) -> int:
        return sum(1 if isinstance(unit, Bill) else len(unit.files) for unit in self.units)

    def add(self, given: str | Path) -> None:
        """Takes what an argument names: a file, all of a folder, what a pattern matches, what is below an address."""
        if is_address(given):
            for remote in below(str(given), self.say):
                self._keep(remote)
        else:
            for path in find([given]):
                self._add_path(path)

    def _add_path(self, path: Path) -> None:
        if not path.is_dir():
            self._add_file(path)
            return
        delivered, bills = in_folder(path, self.say)
        for each in delivered:
            self._keep(self._delivery(each))
        for bill in bills:
            self._add_file(path / Path(bill.path).relative_to(path.resolve()))

    def look_into(self) -> None:
        """Raises InputError for what cannot be a bill, so that a warehouse is not touched for its sake."""
        for unit in self.units:
            if not isinstance(unit, Remote):
                look_into(unit)

    def _add_file(self, path: Path) -> None:
        if not is_archive(path):
            self._keep(Bill(path))
            return
        name = str(path.resolve())
        if name in self.taken:
            return
        self.taken.add(name)
        for unit in unpacked(Archive(path, name), self.folder, self.say):
            self._keep(unit)

    def _keep(self, unit: Unit | Remote) -> None:
        name = unit.source or str(unit.path.resolve()) if isinstance(unit, Bill) else unit.source
        if name not in self.taken:
            self.taken.add(name)
            self.units.append(unit)

    def _delivery(self, delivered: Delivered) -> Delivery:
        paths = {each.path: Path(each.path) for each in delivered.files}
        return delivery_of(delivered, "", paths, self.folder, self.say)


def delivery_of(
    delivered: Delivered, place: str, paths: Mapping[str, Path], folder: Path, say: Say
) -> Delivery:
    """A delivery whose files are on this machine, `paths` by their keys; archives among them unpacked."""
    files: dict[str, Path] = {}
    for each in delivered.files:
        numbered = "*" in delivered.source  # the source is no folder then, and each name is the only one
        name = each.name if numbered else each.path.removeprefix(delivered.source)
        path = paths[each.path]
        if is_archive(path):  # as AWS delivers a report that is compressed so
            address = place + each.path
            files |= members_of(name, address, unpacked(Archive(path, address), folder, say))
        else:
            files[name] = path
    return Delivery(place + delivered.source, files, delivered.export, delivered.at)


def unpacked(archive: Archive, folder: Path, say: Say) -> list[Unit]:
    """The bills and deliveries of an archive, unpacked into a new folder inside `folder`."""
    inside = Path(tempfile.mkdtemp(dir=folder))
    delivered, bills = in_archive(archive, inside, say)
    units: list[Unit] = [
        Delivery(f"{archive.place}{each.source}", files, each.export, each.at) for each, files in delivered
    ]
    return units + [Bill(path, f"{archive.place}{name}") for name, path in bills]


def members_of(name: str, address: str, units: Sequence[Unit]) -> dict[str, Path]:
    """The files of an archive that is a file of a delivery itself, by their names in the delivery."""
    files: dict[str, Path] = {}
    for unit in units:
        if isinstance(unit, Delivery):
            raise InputError(f"{address} is an archive of an export inside an export: unpack it first.")
        files[f"{name}/{unit.source.removeprefix(f'{address}/')}"] = unit.path
    return files


@contextmanager
def taking_in(paths: Sequence[str | Path], say: Say) -> Iterator[Intake]:
    """All that `paths` name. Raises InputError for what names nothing, or an archive or manifest that is none."""
    with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as folder:
        intake = Intake(Path(folder), say)
        for given in paths or find(paths):
            intake.add(given)
        yield intake


def ingest(
    writer: Writer,
    paths: Sequence[str | Path],
    *,
    at: datetime,
    replace: bool = False,
    max_rejected: float = 0.01,
    say: Say = lambda _: None,
) -> IngestResult:
    """Loads every bill that `paths` name (files, folders, patterns, zip archives) and says what became of each.

    `at` is the instant of loading. Rows that cannot be loaded are counted and listed in `rejected_rows`, up
    to `max_rejected` of a file's rows. With `replace`, a file that holds a bill again which another file
    brought takes its place. Raises InputError for a file that cannot be trusted; bills before it are loaded,
    of that one and its delivery nothing is.
    """
    with taking_in(paths, say) as intake:
        return bring_in(writer, intake, How(at, replace, max_rejected))


def bring_in(writer: Writer, intake: Intake, how: How) -> IngestResult:
    """Loads bills and deliveries, each in a transaction of its own; those in stores are downloaded one by one."""
    prepare(writer.con)
    results: list[FileResult] = []
    for unit in intake.units:
        siblings = frozenset(each.source for each in results)
        if isinstance(unit, Remote):
            results += _bring_remote(writer, unit, intake, how, siblings)
        else:
            results += load(writer, unit, how, siblings)
    if any(each.format.endswith("-flow-log") for each in results):
        from collectors.flow_logs import tell_traffic

        tell_traffic(writer.con, at=how.at, run_id=writer.run_id)
    return IngestResult(tuple(results))


def _bring_remote(
    writer: Writer, remote: Remote, intake: Intake, how: How, siblings: frozenset[str]
) -> list[FileResult]:
    same = known(writer.con, remote, replace=how.replace)
    if same is not None:
        return same
    results: list[FileResult] = []
    with downloaded(remote, intake.folder) as paths:
        for unit in _here(remote, {each.path: path for each, path in paths.items()}, intake.say):
            results += load(writer, unit, how, siblings)
    remember(writer.con, remote, results, writer.run_id)
    return results


def _here(remote: Remote, paths: Mapping[str, Path], say: Say) -> list[Unit]:
    """A bill or delivery of a store as what it is on this machine; archives are unpacked beside themselves."""
    path = next(iter(paths.values()))
    if remote.delivered:
        return [delivery_of(remote.delivered, remote.store.place, paths, path.parent, say)]
    if is_archive(path):
        return unpacked(Archive(path, remote.source), path.parent, say)
    return [Bill(path, remote.source)]


def load(writer: Writer, unit: Unit, how: How, siblings: frozenset[str]) -> list[FileResult]:
    """One bill or delivery; `siblings` are the sources that were given in the same call."""
    with named(unit):
        if isinstance(unit, Delivery):
            return list(
                load_delivery(
                    writer,
                    unit,
                    at=how.at,
                    replace=how.replace,
                    max_rejected=how.max_rejected,
                    siblings=siblings,
                ).files
            )
        if unit.is_flow_log:
            from collectors.flow_logs import (
                ingest_file as ingest_flow_log,
            )  # which is made of parts of this package

            return [
                ingest_flow_log(
                    writer, unit.path, at=how.at, source=unit.source, max_rejected=how.max_rejected
                )
            ]
        return [
            ingest_file(
                writer,
                unit.path,
                at=how.at,
                source=unit.source,
                replace=how.replace,
                max_rejected=how.max_rejected,
                siblings=siblings,
            )
        ]


def look_into(unit: Unit) -> None:
    """Raises InputError for what is neither bill nor flow log; a delivery may have files without rows."""
    with named(unit):
        if isinstance(unit, Bill) and unit.is_flow_log:
            return
        for path in unit.files.values() if isinstance(unit, Delivery) else [unit.path]:
            try:
                inspect(path)
            except EmptyBillError:
                if isinstance(unit, Bill):
                    raise


@contextmanager
def named(unit: Unit) -> Iterator[None]:
    """Has what is said about temporary files say where they came from."""
    try:
        yield
    except (InputError, InvariantError) as error:
        said = str(error)
        for path, name in _names(unit).items():
            said = said.replace(path, name)
        if said == str(error):
            raise
        raise type(error)(said) from error


def _names(unit: Unit) -> Mapping[str, str]:
    if isinstance(unit, Bill):
        return {str(unit.path): unit.source} if unit.source else {}
    return {str(path): unit.source + name for name, path in unit.files.items()}
