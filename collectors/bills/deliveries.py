"""What the warehouse holds of an export and billing period, and which of two deliveries is the newer one.

A delivery is known by the folder it came from, and by the name that its manifest has for export and period: a copy of
the same export in another folder, archive or bucket is the same bill.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from collectors.bills import partitions


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery stands to what is held.

    `own` says that the same folder holds it. `holders` are the sources that hold its files' contents. `elsewhere` are
    other folders that the same export was loaded from. `why_older` is set when a newer delivery is held, `why_unknown`
    when nothing tells which one is newer.
    """

    unchanged: bool = False
    own: bool = False
    holders: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    why_older: str = ""
    why_unknown: str = ""


def standing(
    con: duckdb.DuckDBPyConnection, source: str, export: str, at: datetime | None, content: Mapping[str, str]
) -> Standing:
    """Compares a delivery (fingerprints by source) with what is held of it, and of the same export elsewhere."""
    if is_held(con, source, content):
        return Standing(unchanged=True, own=True, holders={name: name for name in content})
    others = _others(con, source, export)
    holders = {name: partitions.holder_of(con, fingerprint) or "" for name, fingerprint in content.items()}
    if all(holders.values()) and not _brought(con, source) and _all_of_it(con, others, content):
        return Standing(unchanged=True, holders=holders)
    own = [(source, _at(con, source))] if _brought(con, source) else []
    for folder, held_at in [*own, *others]:
        if at and held_at and at < held_at:
            older = (
                f"A newer delivery of this export ({held_at:%Y-%m-%d %H:%M:%S} UTC, from {folder}) is loaded"
            )
            return Standing(
                holders=holders,
                elsewhere=tuple(name for name, _ in others),
                why_older=f"{older}: this one of {at:%Y-%m-%d %H:%M:%S} is left out; --replace loads it nonetheless.",
            )
    unknown = next((folder for folder, held_at in others if not at or not held_at), None)
    return Standing(
        holders=holders,
        elsewhere=tuple(name for name, _ in others),
        why_unknown=f"{source} and {unknown}, which is loaded, are deliveries of the same export and period, and "
        "nothing tells which is newer: pass --replace to let this one replace the other."
        if unknown
        else "",
    )


def is_held(con: duckdb.DuckDBPyConnection, source: str, content: Mapping[str, str]) -> bool:
    """Whether exactly these files (fingerprints by source) are what the warehouse holds of a delivery."""
    return bool(content) and _brought(con, source) == set(content.items())


def _brought(con: duckdb.DuckDBPyConnection, source: str) -> set[tuple[str, str]]:
    rows = con.execute(
        "SELECT DISTINCT source, fingerprint FROM bill_partitions WHERE starts_with(source, ?)", [source]
    ).fetchall()
    return {(str(name), str(fingerprint)) for name, fingerprint in rows}


def _others(con: duckdb.DuckDBPyConnection, source: str, export: str) -> list[tuple[str, datetime | None]]:
    """The other folders of which the same export and period is held, and the instants of their deliveries."""
    rows = con.execute(
        "SELECT source, delivered_at FROM bill_deliveries AS d WHERE export = ? AND source <> ? AND EXISTS "
        "(FROM bill_partitions AS p WHERE starts_with(p.source, d.source)) ORDER BY source",
        [export or source, source],
    ).fetchall()
    return [(str(folder), at) for folder, at in rows]


def _all_of_it(
    con: duckdb.DuckDBPyConnection, others: list[tuple[str, datetime | None]], content: Mapping[str, str]
) -> bool:
    """Whether what is held of the export elsewhere is nothing but this content."""
    held = {fingerprint for folder, _ in others for _, fingerprint in _brought(con, folder)}
    return held <= set(content.values())


def _at(con: duckdb.DuckDBPyConnection, source: str) -> datetime | None:
    row = con.execute("SELECT delivered_at FROM bill_deliveries WHERE source = ?", [source]).fetchone()
    return row[0] if row else None


def clear(con: duckdb.DuckDBPyConnection, folders: Iterable[str]) -> bool:
    """Removes everything that earlier deliveries brought, of whichever files. Returns whether there was any."""
    found = False
    for folder in folders:
        held = {name for name, _ in _brought(con, folder)}
        for name in held:
            partitions.drop(con, name)
        con.execute("DELETE FROM bill_deliveries WHERE source = ?", [folder])
        found = found or bool(held)
    return found


def record(
    con: duckdb.DuckDBPyConnection,
    source: str,
    export: str,
    delivered: datetime | None,
    *,
    at: datetime,
    run_id: str,
) -> None:
    """Remembers a delivery that was loaded; of the same one again nothing changes."""
    if con.execute(
        "FROM bill_deliveries WHERE source = ? AND export = ? AND delivered_at IS NOT DISTINCT FROM ?",
        [source, export or source, delivered],
    ).fetchone():
        return
    con.execute("DELETE FROM bill_deliveries WHERE source = ?", [source])
    con.execute(
        "INSERT INTO bill_deliveries VALUES (?, ?, ?, ?, ?)",
        [source, export or source, delivered, at, run_id],
    )
