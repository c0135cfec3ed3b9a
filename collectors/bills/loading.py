"""Exported bills into `charges`: each file in one transaction, exact, never twice.

inspect      what the file is, from its beginning
read_through every byte once: fingerprint, gzip's own check sum
measure      a pass over the source: its sums (`control`)
insert       a second pass: its rows into `charges`
settle       rows that cannot be loaded, equality, other files of the same bill, coverage, traffic

A delivery (what an export brings for one billing period, in one or several files) goes the same way, all its files
in one transaction that begins by removing the delivery before it.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb

from collectors.bills import checks, days, deliveries, flows, overlaps, partitions
from collectors.bills.inspection import Bill, EmptyBillError, inspect
from collectors.bills.rejects import Rejects, find_rejects, has_misshapen
from collectors.bills.results import FileResult, IngestResult
from collectors.bills.source import Content, open_view, prepare, read_through, told_of_file
from finops.errors import InputError, InvariantError
from finops.warehouse import Writer


@dataclass(slots=True)
class _Load:
    """One file on its way in."""

    writer: Writer
    bill: Bill
    at: datetime
    replace: bool
    max_rejected: float
    siblings: frozenset[str]
    delivery: str = ""
    name: str = ""
    content: Content = field(init=False)
    rejects: Rejects = field(default_factory=Rejects)
    rows: int = 0
    status: Literal["loaded", "replaced", "unchanged"] = "loaded"
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unusable: list[checks.Provider] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The name under which the warehouse knows the file: the same from whichever folder it is given."""
        return self.delivery + self.name or str(self.bill.path.resolve())


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an export brought for one billing period: its files by their names, which may be others each time.

    `source` names where the export delivers the period, such as s3://bucket/export/data/BILLING_PERIOD=2026-10/; it
    ends with a slash, and each file is known as source + name. `export` names export and period wherever they are
    copied to, `at` is the instant of the delivery (UTC); empty and None where nothing tells.
    """

    source: str
    files: Mapping[str, Path]
    export: str = ""
    at: datetime | None = None


def ingest_file(
    writer: Writer,
    path: str | Path,
    *,
    at: datetime,
    source: str = "",
    replace: bool = False,
    max_rejected: float = 0.01,
    siblings: frozenset[str] = frozenset(),
) -> FileResult:
    """Loads one bill in a transaction of its own, on a connection that is prepared.

    `source` is its name in the warehouse where that is not its path, `siblings` are sources loaded in the same call,
    which it does not replace. Raises InputError when it cannot be trusted; then nothing of it is loaded.
    """
    return _ingest_one(_Load(writer, inspect(path), at, replace, max_rejected, siblings, name=source))


def ingest_delivery(
    writer: Writer,
    delivery: Delivery,
    *,
    at: datetime,
    replace: bool = False,
    max_rejected: float = 0.01,
    siblings: frozenset[str] = frozenset(),
) -> IngestResult:
    """Loads all files of a delivery in place of whatever an earlier one of the same export and period brought.

    All or nothing: when a file cannot be trusted (InputError), the earlier delivery stays; it also stays, with a word,
    when it is known to be newer. Files without rows are passed over; without any rows nothing changes. With `replace`
    it takes the place of newer deliveries too, and of other sources that hold the same bill.
    """
    prepare(writer.con)
    return load_delivery(
        writer, delivery, at=at, replace=replace, max_rejected=max_rejected, siblings=siblings
    )


def load_delivery(
    writer: Writer,
    delivery: Delivery,
    *,
    at: datetime,
    replace: bool = False,
    max_rejected: float = 0.01,
    siblings: frozenset[str] = frozenset(),
) -> IngestResult:
    """As ingest_delivery(), on a connection that is prepared."""
    loads = [
        _Load(writer, bill, at, replace, max_rejected, siblings, delivery.source, name)
        for name, path in delivery.files.items()
        if (bill := _with_rows(path))
    ]
    if not loads:
        return IngestResult(())
    before = [_state(load) for load in loads]
    for load in loads:
        load.content = read_through(load.bill)
    content = {load.source: load.content.fingerprint for load in loads}
    held = deliveries.standing(writer.con, delivery.source, delivery.export, delivery.at, content)
    if held.unchanged and held.own:
        deliveries.record(
            writer.con, delivery.source, delivery.export, delivery.at, at=at, run_id=writer.run_id
        )
    if held.unchanged or (held.why_older and not replace):
        note = held.why_older if not held.unchanged else ""
        return IngestResult(
            tuple(_unchanged(load, held.holders.get(load.source, ""), note) for load in loads)
        )
    if held.why_unknown and not replace:
        raise InputError(held.why_unknown)
    with transaction(writer.con):
        again = deliveries.clear(writer.con, (delivery.source, *held.elsewhere))
        results = [_load_part(load, again=again) for load in loads]
        _refuse_changed(loads, before)
        deliveries.record(
            writer.con, delivery.source, delivery.export, delivery.at, at=at, run_id=writer.run_id
        )
        partitions.cover(writer.con, at=at, run_id=writer.run_id)
        days.tell(writer)
        flows.refresh(writer.con)
    return IngestResult(tuple(results))


def _ingest_one(load: _Load) -> FileResult:
    before = [_state(load)]
    load.content = read_through(load.bill)
    con = load.writer.con
    holder = partitions.holder_of(con, load.content.fingerprint)
    if holder:
        return _unchanged(load, holder)
    with transaction(con):
        with told_of_file(load.bill.path):
            _bring_in(load)
        result = _settle(load)
        partitions.cover(con, at=load.at, run_id=load.writer.run_id)
        days.tell(load.writer)
        flows.refresh(con)
        _refuse_changed([load], before)
    return result


def _state(load: _Load) -> tuple[int, int]:
    about = load.bill.path.stat()
    return about.st_size, about.st_mtime_ns


def _refuse_changed(loads: Sequence[_Load], before: Sequence[tuple[int, int]]) -> None:
    for load, state in zip(loads, before, strict=True):
        if _state(load) != state:
            raise InputError(
                f"{load.bill.path} was changed while it was read: try again when it is complete."
            )


def _with_rows(path: Path) -> Bill | None:
    """The bill, unless it has no rows, as parts of a delivery may."""
    try:
        return inspect(path)
    except EmptyBillError:
        return None


def _load_part(load: _Load, *, again: bool) -> FileResult:
    """One file of a delivery, inside its transaction."""
    with told_of_file(load.bill.path):
        _bring_in(load)
    if again:
        load.status = "replaced"
    return _settle(load)


@contextlib.contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing, and a list of the accounts whose coverage it touches."""
    _begin(con)
    try:
        yield
        con.commit()
    except BaseException:
        # A full disk has taken it back already, or a signal has closed the connection.
        with contextlib.suppress(duckdb.TransactionException, duckdb.ConnectionException):
            con.rollback()
        raise


def _begin(con: duckdb.DuckDBPyConnection) -> None:
    con.begin()
    partitions.forget_touched(con)


def _unchanged(load: _Load, holder: str, note: str = "") -> FileResult:
    if not note and holder and holder != load.source:
        note = f"The same content was loaded from {holder}."
    return FileResult(
        load.bill.path,
        load.bill.format,
        "unchanged",
        notes=(note,) if note else (),
        source=load.source,
        fingerprint=load.content.fingerprint,
    )


# --- rows -------------------------------------------------------------------------------------------------


def _bring_in(load: _Load) -> None:
    """Rows into `charges`, sums into `control`, what cannot be loaded into `load.rejects`.

    A clean file, which nearly every one is, takes two passes. Only when the second one brings fewer rows than
    the first one read, the bad rows are looked for, and all begins again without them.
    """
    con = load.writer.con
    read = _pass(load, good_only=False)
    if load.rows == read and not has_misshapen(con, load.bill):
        return
    load.rejects = find_rejects(con, load.bill, load.content)
    if load.rows + load.rejects.count != read + load.rejects.misshapen:
        raise InvariantError(
            f"Some rows of {load.bill.path} were neither loaded nor rejected: report this as a bug."
        )
    _refuse_too_many(load)
    _begin_again(load)
    _pass(load, good_only=True)


def _begin_again(load: _Load) -> None:
    """Takes back what a pass has done."""
    con = load.writer.con
    if load.delivery:  # whose other files stay in the transaction; of this one nothing was there before
        partitions.drop(con, load.source)
    else:
        con.rollback()
        _begin(con)


def _pass(load: _Load, *, good_only: bool) -> int:
    """Reads the sums, makes room, inserts. Returns how many rows the first reading met."""
    con = load.writer.con
    load.notes.clear()
    if load.bill.delimiter and not load.content.ends_with_newline:
        load.notes.append("Its last line has no end: if the file was cut there, the last value is not whole.")
    if load.bill.omitted:
        load.notes.append(
            f"No record has {', '.join(load.bill.omitted)}: if the query left them out, they are not counted."
        )
    open_view(con, load.bill)
    read = checks.measure(con, good_only=good_only)
    again, kept = partitions.make_room(con, load.source)
    load.status = "replaced" if again else "loaded"
    if kept:
        months = ", ".join(f"{period:%Y-%m}" for period in kept)
        load.notes.append(
            f"An earlier content of this file for {months} is kept: the file no longer speaks of it."
        )
    load.unusable = checks.unusable(con)
    load.rows = _insert(load)
    return read


def _insert(load: _Load) -> int:
    columns = ", ".join(column.target for column in load.bill.mapping.columns)
    billed, cost, basis = [provider.name for provider in load.unusable], "EffectiveCost", "'effective'"
    if billed:
        cost = "if(list_contains($billed, ProviderName), BilledCost, EffectiveCost)"
        basis = "if(list_contains($billed, ProviderName), 'billed', 'effective')"
    row = load.writer.con.execute(
        f"""
        INSERT INTO charges BY NAME
        SELECT {columns}, x_Other,
               cloud_of(ProviderName) AS x_Cloud,
               coalesce(SubAccountId, BillingAccountId) AS x_AccountId,
               resource_key(ResourceId) AS x_ResourceKey,
               {cost} AS x_Cost, {basis} AS x_CostBasis,
               $source AS x_Source
        FROM charge WHERE fault IS NULL
        """,  # noqa: S608
        {"source": load.source, **({"billed": billed} if billed else {})},
    ).fetchone()
    return int(row[0]) if row else 0


def _refuse_too_many(load: _Load) -> None:
    rejects = load.rejects
    rows = load.rows + rejects.count
    if load.rows and rejects.count <= rows * load.max_rejected:
        return
    first = rejects.listed[0]
    where = f"{'line' if load.bill.delimiter else 'row'} {first.line}" if first.line else "the first one"
    allowed = f"more than the {load.max_rejected * 100:g}% allowed" if load.rows else "all of them"
    more = ", or allow more with --max-rejected" if load.rows else ""
    raise InputError(
        f"{load.bill.path} has {rejects.count:,} of {rows:,} rows that cannot be loaded, {allowed} "
        f"({where}: {first.sentence}): export it again{more}."
    )


# --- what goes with them ----------------------------------------------------------------------------------


def _settle(load: _Load) -> FileResult:
    con, run_id = load.writer.con, load.writer.run_id
    sentence = checks.verify(con, load.source)
    _test(load, "charges-equal-source", "error", "passed", sentence)
    _tell_cost_basis(load)
    _face_overlaps(load)
    partitions.record(
        con,
        source=load.source,
        format=load.bill.format,
        fingerprint=load.content.fingerprint,
        at=load.at,
        run_id=run_id,
    )
    _write_rejects(load)
    accounts = partitions.accounts_of(con, load.source)
    return FileResult(
        path=load.bill.path,
        format=load.bill.format,
        status=load.status,
        rows=load.rows,
        rejected=load.rejects.count,
        reasons=dict(load.rejects.reasons),
        sums=checks.sums(con),
        periods=checks.periods(con),
        accounts=tuple(accounts),
        warnings=tuple(load.warnings),
        notes=tuple(load.notes),
        source=load.source,
        fingerprint=load.content.fingerprint,
    )


def _tell_cost_basis(load: _Load) -> None:
    sentence = checks.told(load.unusable)
    _test(load, "effective-cost-usable", "warn", "failed" if load.unusable else "passed", sentence)
    if load.unusable:
        load.warnings.append(sentence)


def _face_overlaps(load: _Load) -> None:
    if given := partitions.give_way(load.writer.con, load.source):
        load.notes.append(f"It takes the place of what Cost Explorer told of {partitions.in_words(given)}.")
    for overlap in overlaps.overlaps(load.writer.con, load.source, load.bill.format, load.delivery):
        if not overlap.same_bill or (
            overlap.source in load.siblings and _shards(overlap.source, load.source)
        ):
            load.notes.append(_beside(overlap))
        elif overlap.source in load.siblings:
            raise InputError(
                f"{load.bill.path} and {overlap.source}, both given now, {overlap.why.removeprefix('both ')} of the "
                "same bill: give only one of them."
            )
        elif not load.replace:
            raise InputError(
                f"{load.bill.path} brings a bill that is loaded from {overlap.source}: {overlap.why}; pass --replace "
                "to let the new file replace the old one."
            )
        else:
            partitions.displace(load.writer.con, overlap.source)
            load.status = "replaced"
            load.notes.append(f"It takes the place of {overlap.source}, which held the same bill.")


def _shards(one: str, other: str) -> bool:
    """Whether BigQuery wrote both for one export: it numbers its files from 000000000000 on, for the * of a name."""
    parts = [re.fullmatch(r"(.*)0{6}[0-9]{6}(\.[^/]*)", name, re.DOTALL) for name in (one, other)]
    return len({each and each.groups() for each in parts}) == 1 and None not in parts


def _beside(overlap: overlaps.Overlap) -> str:
    alike = f"; {overlap.identical:,} rows are alike by chance" if overlap.identical else ""
    return f"It is another part of a bill of which {overlap.source} holds a part{alike}."


def _write_rejects(load: _Load) -> None:
    rejects = load.rejects
    if not rejects.count:
        return
    listed = [
        (load.source, each.line, each.field, each.sentence, load.writer.run_id) for each in rejects.listed
    ]
    rest = rejects.count - len(rejects.listed)
    if rest:
        listed.append((load.source, None, None, f"{rest:,} more rows are not listed", load.writer.run_id))
    load.writer.con.executemany("INSERT INTO rejected_rows VALUES (?, ?, ?, ?, ?)", listed)
    load.warnings.append(
        f"{rejects.count:,} of {load.rows + rejects.count:,} rows could not be loaded; rejected_rows lists them."
    )


def _test(load: _Load, test: str, severity: str, status: str, message: str) -> None:
    checks.record(
        load.writer, test, load.source, severity=severity, status=status, message=message, at=load.at
    )
