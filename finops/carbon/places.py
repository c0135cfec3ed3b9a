"""Where a resource runs: the carbon intensity of its grid and the PUE of its data centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from finops.carbon.model import Interval, Unknown
from finops.carbon.tables import CLOUDS, rows, uncertainty

_FALLBACK = "*"


@dataclass(frozen=True, slots=True)
class Grid:
    """Average location-based intensity in grams CO2e per kWh.

    ``match`` is 'zone' (the grid of this place), 'area' (a country or several regions stand for it) or
    'fallback' (the region is not in the table).
    """

    g_per_kwh: Interval
    match: str
    source: str
    year: int
    basis: str


@dataclass(frozen=True, slots=True)
class Pue:
    """Energy of the whole data centre over the energy of its computers."""

    ratio: Interval
    source: str
    year: int


@dataclass(frozen=True, slots=True)
class Site:
    grid: Grid
    pue: Pue


def site(cloud: str, region: str) -> Site | Unknown:
    """Grid and PUE of a region; one that is not in the table gets the fallback rows, whose sources say so."""
    if cloud not in CLOUDS:
        return Unknown(f"There are no carbon coefficients for the cloud {cloud!r}.")
    if not region:
        return Unknown("The region is not known, so the electricity grid is not either.")
    return _site(cloud, region.lower())


@cache
def _site(cloud: str, region: str) -> Site:
    return Site(_grid(cloud, region), _pue(cloud, region))


def _grid(cloud: str, region: str) -> Grid:
    row = _recommended("grid_intensity", cloud, region)
    source = row["source"]
    if row["match"] == "fallback":
        source = f"fallback for {region}, which is not in the table: {source}"
    return Grid(_grid_interval(row), row["match"], source, int(row["year"]), row["basis"])


def _grid_interval(row: dict[str, str]) -> Interval:
    """The factor of the method, widened to what other sources say of the same place.

    Of a region not in the table nothing is known, so there every region of the cloud counts.
    """
    central = Interval.exactly(float(row["gco2e_per_kwh"]))
    ends = uncertainty("grid", row["match"]).around(central)
    said = [float(r["gco2e_per_kwh"]) for r in rows("grid_intensity") if _speaks_of(row, r)]
    return Interval(min(ends.low, *said), ends.central, max(ends.high, *said))


def _speaks_of(row: dict[str, str], other: dict[str, str]) -> bool:
    if row["cloud"] != other["cloud"]:
        return False
    if row["match"] == "fallback":
        return other["recommended"] == "1"
    return row["region"] == other["region"]


def _pue(cloud: str, region: str) -> Pue:
    row = _recommended("pue", cloud, region)
    source = row["source"]
    if row["region"] == _FALLBACK:
        source = f"average of the cloud, no figure for {region}: {source}"
    return Pue(_pue_interval(row), source, int(row["year"]))


def _pue_interval(row: dict[str, str]) -> Interval:
    """Rows with a high end of their own are sites in leased buildings."""
    ends = uncertainty("pue", row["basis"]).around(Interval.exactly(float(row["pue"])))
    high = float(row["high"]) if row["high"] else ends.high
    return Interval(max(1.0, ends.low), ends.central, high)


@cache
def _index(table: str) -> dict[tuple[str, str], dict[str, str]]:
    return {(r["cloud"], r["region"]): r for r in rows(table) if r["recommended"] == "1"}


def _recommended(table: str, cloud: str, region: str) -> dict[str, str]:
    """The row to use; every cloud has a fallback row."""
    index = _index(table)
    return index.get((cloud, region)) or index[cloud, _FALLBACK]


def factor_rows() -> list[dict[str, Any]]:
    """Every grid and PUE row for the warehouse; recommended rows carry the interval they are used with."""
    return [
        *(_factor_row("grid", "gCO2e/kWh", "gco2e_per_kwh", row) for row in rows("grid_intensity")),
        *(_factor_row("pue", "ratio", "pue", row) for row in rows("pue")),
    ]


def _factor_row(kind: str, unit: str, column: str, row: dict[str, str]) -> dict[str, Any]:
    recommended = row["recommended"] == "1"
    interval = (_grid_interval if kind == "grid" else _pue_interval)(row) if recommended else None
    return {
        "cloud": row["cloud"],
        "region": row["region"],
        "kind": kind,
        "value": float(row[column]),
        "unit": unit,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "source": row["source"],
        "year": int(row["year"]),
        "basis": row["basis"],
        "licence": row["licence"],
        "recommended": recommended,
    }
