"""The way of savings to the bill: found, agreed, done, on the bill; and how good the estimates were."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

import duckdb

from finops.errors import UsageError
from finops.history.answers import Accuracy, Amounts, Funnel, RealisedLine, SavingsAnswer, Subject
from finops.history.episodes import CAME_AND_WENT

_SUBJECT = tuple(Subject.model_fields)
_LINE = tuple(name for name in RealisedLine.model_fields if name not in _SUBJECT)
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class _Known:
    """A finding of the history: its state, what was decided, its estimate, and where it stands on the bill."""

    id: str
    status: str
    resolution: str | None
    decision: str | None
    net: Decimal | None
    currency: str | None
    on_bill: str | None
    came_and_went: bool

    @property
    def found(self) -> bool:
        return self.status not in ("resolved", "exempt") or (
            self.resolution in ("changed", "gone") and not self.vanished
        )

    @property
    def vanished(self) -> bool:
        """Gone without anybody's doing."""
        return self.status == "resolved" and self.resolution == "gone" and self.came_and_went

    @property
    def done(self) -> bool:
        return self.found and (self.status == "resolved" or self.decision == "done")

    @property
    def agreed(self) -> bool:
        return self.done or (self.found and self.decision == "agreed")


def savings(con: duckdb.DuckDBPyConnection) -> SavingsAnswer:
    """What was found, agreed and done so far, and what of it the bill shows.

    Raises UsageError when no audit was stored yet.
    """
    row = con.execute("SELECT max(as_of) FROM audits WHERE forward").fetchone()
    if not row or row[0] is None:
        raise UsageError("There is no audit yet: run finops audit first.")
    known, lines = _known(con), _lines(con)
    groups: dict[str, list[_Known]] = defaultdict(list)
    for one in known:
        groups[one.currency or ""].append(one)
    measured: dict[str, list[RealisedLine]] = defaultdict(list)
    for line in lines:
        if line.state == "measured" and line.currency:
            measured[line.currency].append(line)
            groups[line.currency] += []
    return SavingsAnswer(
        as_of=row[0],
        currencies={code: _funnel(groups[code], measured[code]) for code in sorted(groups)},
        accuracy={code: found for code in sorted(measured) if (found := _accuracy(measured[code]))},
        lines=lines,
        notes=_notes(con, lines),
    )


def _known(con: duckdb.DuckDBPyConnection) -> list[_Known]:
    """Every finding; one that is counted with another stands on the bill where that one does."""
    rows = con.execute(
        f"""
        SELECT h.id, h.status, h.resolution, d.decision, h.net_monthly_savings, h.currency, coalesce(w.state, r.state),
            {CAME_AND_WENT}
        FROM finding_history AS h
        LEFT JOIN (
            SELECT finding_id, last(decision ORDER BY decided_at, rowid) AS decision FROM decisions GROUP BY finding_id
        ) AS d ON d.finding_id = h.id
        LEFT JOIN realised_savings AS r ON r.finding_id = h.id
        LEFT JOIN realised_savings AS w ON w.finding_id = r.counted_with
        WHERE h.rule IS NOT NULL
        ORDER BY h.id
        """  # noqa: S608 - from a constant
    ).fetchall()
    return [_Known(*row) for row in rows]


def _lines(con: duckdb.DuckDBPyConnection) -> list[RealisedLine]:
    columns = [*(f"h.{name}" for name in _SUBJECT), *(f"r.{name}" for name in _LINE)]
    rows = con.execute(
        f"SELECT {', '.join(columns)} FROM realised_savings AS r JOIN finding_history AS h ON h.id = r.finding_id "  # noqa: S608
        "ORDER BY r.resolved_at DESC, abs(r.realised) DESC NULLS LAST, abs(r.estimate) DESC NULLS LAST, h.id"
    ).fetchall()
    names = (*_SUBJECT, *_LINE)
    return [RealisedLine(**dict(zip(names, row, strict=True))) for row in rows]


def _funnel(known: Sequence[_Known], measured: Sequence[RealisedLine]) -> Funnel:
    def those(wanted: Callable[[_Known], bool]) -> list[_Known]:
        return [one for one in known if wanted(one)]

    on_bill = those(lambda one: one.done and one.on_bill == "measured")
    return Funnel(
        found=_amounts(those(lambda one: one.found)),
        agreed=_amounts(those(lambda one: one.agreed)),
        done=_amounts(those(lambda one: one.done)),
        on_the_bill=Amounts(
            findings=len(on_bill),
            monthly=sum((line.realised or _ZERO for line in measured), _ZERO) if measured else None,
            without_amount=0,
        ),
        pending=_amounts(those(lambda one: one.done and one.on_bill == "pending")),
        unknown=_amounts(those(lambda one: one.done and one.on_bill == "unknown")),
        rejected=_amounts(those(lambda one: one.found and not one.done and one.decision == "rejected")),
        exempt=_amounts(those(lambda one: one.status == "exempt")),
        no_longer_true=_amounts(those(lambda one: one.resolution == "no_longer_true" or one.vanished)),
    )


def _amounts(known: Sequence[_Known]) -> Amounts:
    amounts = [one.net for one in known if one.net is not None]
    return Amounts(
        findings=len(known),
        monthly=sum(amounts, _ZERO) if amounts else None,
        without_amount=len(known) - len(amounts),
    )


def _accuracy(measured: Iterable[RealisedLine]) -> Accuracy | None:
    """How realised amounts compare with their estimates; None where none had one."""
    pairs = [
        (line, line.estimate, line.realised)
        for line in measured
        if line.estimate is not None and line.realised is not None
    ]
    if not pairs:
        return None
    estimated = sum((estimate for _, estimate, _ in pairs), _ZERO)
    realised = sum((amount for _, _, amount in pairs), _ZERO)
    ratios = [float(amount / estimate) for _, estimate, amount in pairs if estimate > 0]
    within = [
        line.estimate_low <= amount <= line.estimate_high
        for line, _, amount in pairs
        if line.estimate_low is not None and line.estimate_high is not None
    ]
    return Accuracy(
        findings=len(pairs),
        estimated=estimated,
        realised=realised,
        ratio=round(float(realised / estimated), 4) if estimated > 0 else None,
        median_ratio=round(median(ratios), 4) if ratios else None,
        within_interval=round(sum(within) / len(within), 4) if within else None,
        with_interval=len(within),
    )


def _notes(con: duckdb.DuckDBPyConnection, lines: Sequence[RealisedLine]) -> list[str]:
    notes = []
    losses = sum(line.realised is not None and line.realised < 0 for line in lines)
    if losses:
        notes.append(
            f"{_counted(losses, 'action')} cost more than nothing done would have; that is in the sums."
        )
    bare = sum(line.state == "measured" and line.control_factor is None for line in lines)
    if bare:
        notes.append(
            f"{_counted(bare, 'amount')} could not be compared with untouched resources of the same kind: a change in "
            "price or use meanwhile is in there."
        )
    row = con.execute("SELECT count(*) FROM finding_history WHERE rule IS NULL").fetchone()
    if row and row[0]:
        notes.append(
            f"{_counted(row[0], 'finding')} of an older version, of which nothing but the state is known: left out."
        )
    return notes


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
