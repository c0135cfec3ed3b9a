"""The fewest questions that ask for what is missing of everything that is no machine and no disk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.gcp.kinds import KINDS, Kind, Row, Told
from collectors.gcp.measures import DAYS, Measure, windows_of
from collectors.hours import DAY, Newest, Window, midnight

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KindBatch:
    """One of our metrics of all resources of a kind in a project, in one window; `stored` are ids that it is stored
    of."""

    kind: Kind
    told: Told
    window: Window
    rows: tuple[Row, ...]
    stored: frozenset[str]

    @property
    def measure(self) -> Measure:
        return self.told.measure


def plan_kinds(
    rows_of: Callable[[str], Sequence[Row]],
    newest: Mapping[str, Newest],
    at: datetime,
    days: int,
    was_whole: Callable[[str, str], bool] = lambda _, __: False,
) -> list[KindBatch]:
    """The questions about everything but machines and disks.

    `rows_of` are rows of a table, `newest` is what is stored, by region; `was_whole` says whether all of a table and
    its metrics were known in a region.
    """
    first = midnight(at - timedelta(days=min(days, DAYS)))
    end = at.replace(minute=0, second=0, microsecond=0)
    kinds = [(kind, tuple(row for row in rows_of(kind.table) if kind.wanted(row))) for kind in KINDS]
    known = _Known(newest, was_whole, kinds)
    found: list[KindBatch] = []
    for kind, rows in kinds:
        for told in kind.measures:
            some = _asked(told, rows)
            if not some:
                continue
            start = max(first, min(known.begins(kind, told, some, first)))
            stored = frozenset(known.stored(kind, told, some))
            found += [
                KindBatch(kind, told, window, some, stored) for window in windows_of(start, end, len(some))
            ]
    return found


def _asked(told: Told, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The resources that a metric can be of: a share of nothing is none."""
    return tuple(row for row in rows if row[told.per_column]) if told.per_column else rows


class _Known:
    """What is stored of kinds of resources, and from when on they are to be asked about."""

    def __init__(
        self,
        newest: Mapping[str, Newest],
        was_whole: Callable[[str, str], bool],
        kinds: Sequence[tuple[Kind, tuple[Row, ...]]],
    ) -> None:
        self._newest, self._was_whole = newest, was_whole
        # Days that are stored, by region: the last of any resource; and of resources that are no machines.
        self._last = {
            region: max(at for (_, _, seconds), at in known.items() if seconds == DAY)
            for region, known in newest.items()
            if any(seconds == DAY for _, _, seconds in known)
        }
        others = {
            (str(row["region"]), str(row[kind.identity]))
            for kind, rows in kinds
            for row in rows
            if kind.table != "instances"
        }
        self._before = any((region, one) in others for region, known in newest.items() for one, _, _ in known)

    def begins(self, kind: Kind, told: Told, rows: Sequence[Row], first: datetime) -> Iterator[datetime]:
        """From when on each region is asked about: a day before the newest day that is stored of this metric, else of
        any of its resources' metrics; where nothing is stored because nothing happened, of anything at all; else from
        the oldest resource on."""
        for region in {str(row["region"]) for row in rows}:
            mine = [row for row in rows if row["region"] == region]
            newest = self._newest_of(kind, told, mine, region)
            if newest is None and self._before and self._was_whole(region, kind.table):
                newest = self._last.get(region) or max(self._last.values(), default=None)
            created = [row[kind.created] for row in mine]
            if newest is not None:
                yield newest - _ONE_DAY
            else:
                yield first if None in created else midnight(min(created))

    def _newest_of(self, kind: Kind, told: Told, rows: Sequence[Row], region: str) -> datetime | None:
        ids = {str(row[kind.identity]) for row in rows}
        days = [
            (name == told.measure.metric, at)
            for (identity, name, seconds), at in self._newest.get(region, {}).items()
            if seconds == DAY
            and identity in ids
            and (kind.table != "instances" or name == told.measure.metric)
        ]
        return max(days)[1] if days else None

    def stored(self, kind: Kind, told: Told, rows: Sequence[Row]) -> Iterator[str]:
        """Resources of which a metric is stored."""
        names = {(str(row["region"]), str(row[kind.identity])) for row in rows}
        for region, known in self._newest.items():
            for identity, metric, seconds in known:
                if metric == told.measure.metric and seconds == DAY and (region, identity) in names:
                    yield identity
