"""Lines to the cent: columns add up to their totals, effects to the change."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from finops.money import cents
from finops.pipeline.costing.queries import EFFECTS, Row
from finops.pipeline.costing.question import Question
from finops.pipeline.costing.rounding import EXACT, apportion, apportion_table, exact_sum
from finops.spending import Effects, Line

_NIL = Decimal("0.00")


def lines(
    question: Question, rows: Sequence[Row], shown: Mapping[str, Mapping[str, str]], *, compared: bool
) -> list[Line]:
    """Rows to the cent: columns add up to their rounded totals, each line is previous + change + not compared."""
    billed, effective = (_column([getattr(row, name) for row in rows]) for name in ("billed", "effective"))
    cost = {"billed": billed, "effective": effective}.get(question.metric) or _column([r.cost for r in rows])
    apart = _column([row.apart for row in rows])
    previous = _previous(rows, cost, apart)
    known_rows = [compared and bool(row.before or row.compared) for row in rows]
    changes = [(cost[i] or _NIL) - (apart[i] or _NIL) - previous[i] for i in range(len(rows))]
    effects = _effects(rows, changes, known_rows)
    found = []
    for place, row in enumerate(rows):
        known = known_rows[place]
        change = changes[place] if known else None
        found.append(
            Line(
                keys={}
                if row.others
                else {one.name: v for one, v in zip(question.by, row.values, strict=True)},
                names=_names(question, row, shown),
                others=row.others,
                charges=row.charges,
                billed=billed[place],
                effective=effective[place],
                cost=cost[place],
                previous=previous[place] if known else None,
                change=change,
                change_percent=_percent(change, previous[place]) if known else None,
                status=_status(row) if known else None,
                # All of what is not compared, to the cent of its cost, whatever its column rounds to.
                not_compared=((apart if known else cost)[place] or _NIL) if compared else None,
                effects=effects.get(place),
            )
        )
    return found


def _column(amounts: Sequence[Decimal | None]) -> list[Decimal | None]:
    """The amounts to the cent, together the rounded sum; unknown ones stay unknown."""
    known = [amount for amount in amounts if amount is not None]
    rounded = iter(apportion(known, cents(exact_sum(known))))
    return [None if amount is None else next(rounded) for amount in amounts]


def _previous(
    rows: Sequence[Row], cost: Sequence[Decimal | None], apart: Sequence[Decimal | None]
) -> list[Decimal]:
    """What the lines cost before, to the cent: a line that did not change exactly does not change by a cent either."""
    exact = [row.previous or Decimal(0) for row in rows]
    total = cents(exact_sum(exact))
    same = {
        place: (cost[place] or _NIL) - (apart[place] or _NIL)
        for place, row in enumerate(rows)
        if row.before and EXACT.subtract(row.cost or _NIL, row.apart or _NIL) == exact[place]
    }
    rest = [place for place in range(len(rows)) if place not in same]
    left = total - sum(same.values(), _NIL)
    if not any(exact[place] for place in rest):  # nobody to give a cent to but those that did not change
        return [same.get(place, _NIL) for place in range(len(rows))]
    found = dict(same) | dict(zip(rest, apportion([exact[place] for place in rest], left), strict=True))
    return [found[place] for place in range(len(rows))]


def _effects(rows: Sequence[Row], changes: Sequence[Decimal], known: Sequence[bool]) -> dict[int, Effects]:
    """The effects of every line that is compared, by its place."""
    places = [place for place, is_known in enumerate(known) if is_known]
    exact = [[rows[place].effects[name] for name in EFFECTS] for place in places]
    told = apportion_table(exact, [changes[place] for place in places])
    return {
        place: Effects(**dict(zip(EFFECTS, row, strict=True)))
        for place, row in zip(places, told, strict=True)
    }


def _percent(change: Decimal | None, previous: Decimal) -> float | None:
    """The change in per cent; None where nothing, or less than nothing, was paid before."""
    if change is None or previous <= 0:
        return None
    return float(round(100 * change / previous, 1))


def _status(row: Row) -> Literal["new", "gone"] | None:
    if row.others:
        return None
    return "gone" if not row.charges else "new" if not row.before else None


def _names(question: Question, row: Row, shown: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    if row.others:
        return {}
    return {
        one.name: shown[one.name][value]
        for one, value in zip(question.by, row.values, strict=True)
        if value is not None and value in shown.get(one.name, {})
    }


def total(lines: Sequence[Line], rows: Sequence[Row]) -> Line:
    """The sum of the lines, column by column."""
    sums = {
        name: _known([getattr(line, name) for line in lines])
        for name in ("billed", "effective", "cost", "previous", "change", "not_compared")
    }
    effects = [line.effects for line in lines if line.effects]
    return Line(
        keys={},
        others=0,
        charges=sum(row.charges for row in rows),
        **sums,
        change_percent=_percent(sums["change"], sums["previous"] or _NIL),
        status=None,
        effects=Effects(**{name: sum((getattr(one, name) for one in effects), _NIL) for name in EFFECTS})
        if effects
        else None,
    )


def _known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, _NIL) if known else None
