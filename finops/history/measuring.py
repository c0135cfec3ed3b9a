"""What actions saved according to later bills: the cost that was expected, had nothing been done, less what was paid.

Expected is the mean cost of a day before times what the cost of untouched resources of the same kind was multiplied by
meanwhile, so that a busier month, a price change or a growing estate is no saving and no loss. Losses are kept.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from finops.history.episodes import Episode
from finops.money import HOURS_PER_MONTH, cents

SETTLED_DAYS = 7  # fewer say little about a month, and hold no whole week
MIN_CONTROLS = 5
_INTERVAL_CONTROLS = 9  # from so many on, the spread of controls tells an interval of 80 %
_MONTH = HOURS_PER_MONTH / 24
_DIGITS = Decimal("1e-10")


class Control(NamedTuple):
    """An untouched resource: mean cost of a day before and after."""

    same_account: bool
    family: str | None
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a resource: mean cost of a day before and after; None where the bill covers no such day.

    `listed` parts are what the action was to change; `instead` are of what took its place.
    """

    resource_id: str
    component: str
    currency: str
    before: float | None
    after: float | None
    committed: float
    listed: bool
    instead: bool
    controls: Sequence[Control] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The windows that could be compared, and how many of their days the bill covers, settled."""

    before_from: datetime
    before_end: datetime
    after_start: datetime
    after_end: datetime | None
    before_days: int
    after_days: int


class Factor(NamedTuple):
    """What controls' cost was multiplied by, with the interval of a single one of them, and who they are."""

    value: float
    low: float | None
    high: float | None
    controls: int
    kind: str | None


@dataclass(slots=True)
class Measured:
    """The outcome of one episode, per day; None where it is not known. `note` says how, or why not."""

    state: str
    note: str
    currency: str | None = None
    before: Decimal | None = None
    expected: Decimal | None = None
    after: Decimal | None = None
    realised: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    controls: int = 0
    factor: float | None = None


def measure(one: Episode, window: Bounds, parts: Sequence[Part]) -> Measured:
    """What an episode saved in 730 hours, or why nobody can tell yet or ever."""
    if one.members[0].action == "buy":
        return Measured(
            "unknown",
            "What a commitment saves is spread over everything that it covers, and not measured here.",
        )
    mine = [part for part in parts if part.listed and part.before]
    currency = _currency(one.members[0].currency, mine)
    mine = [part for part in mine if part.currency == currency]
    if window.before_days < SETTLED_DAYS:
        days = f"{window.before_days} day{'' if window.before_days == 1 else 's'}"
        return Measured("unknown", f"The bill covers {days} before the action; {SETTLED_DAYS} are needed.")
    if not mine:
        return Measured("unknown", "The bill names no cost of it in the days before.")
    if window.after_days < SETTLED_DAYS:
        return _too_early(one, window, currency)
    return _measured(parts, mine, currency, one, window)


def _too_early(one: Episode, window: Bounds, currency: str | None) -> Measured:
    if one.cut_short:
        return Measured("unknown", "It was acted upon again before seven days had passed.", currency)
    done = window.after_days
    return Measured(
        "pending",
        f"{done} of {SETTLED_DAYS} settled days after the action are on the bill so far.",
        currency,
    )


def _measured(
    parts: Sequence[Part], mine: Sequence[Part], currency: str | None, one: Episode, window: Bounds
) -> Measured:
    factors = [factor_of(part.controls, one.members[0].family) for part in mine]
    pairs = [(part.before or 0.0, factor) for part, factor in zip(mine, factors, strict=True)]
    before = sum(cost for cost, _ in pairs)
    expected = sum(cost * factor.value for cost, factor in pairs)
    brought = [part for part in parts if _brought_along(part) and part.currency == currency]
    paid = sum(part.after or 0.0 for part in (*mine, *brought))
    known = all(factor.low is not None for factor in factors)
    low = sum(cost * (factor.low or 0.0) for cost, factor in pairs) if known else None
    high = sum(cost * (factor.high or 0.0) for cost, factor in pairs) if known else None
    main = max(zip(mine, factors, strict=True), key=lambda pair: (pair[0].before or 0.0, pair[0].component))[
        1
    ]
    committed = sum(part.committed for part in mine)
    return Measured(
        "measured",
        _note(main, window, brought, one, committed / before if before else 0.0),
        currency,
        _exact(before),
        _exact(expected),
        _exact(paid),
        _monthly(expected - paid),
        None if low is None else _monthly(low - paid),
        None if high is None else _monthly(high - paid),
        main.controls,
        round(expected / before, 6) if before and main.kind else None,
    )


def _brought_along(part: Part) -> bool:
    """What costs since the action and did not before: a new component of the resource, or what took its place."""
    return bool(part.after) and (part.instead or (not part.before)) and not (part.listed and part.before)


def factor_of(controls: Sequence[Control], family: str | None) -> Factor:
    """What the cost of untouched resources was multiplied by: those most like it, of which there are enough."""

    def related(one: Control) -> bool:
        return family is not None and one.family == family

    kinds: tuple[tuple[str, Callable[[Control], bool]], ...] = (
        ("of its family in its account", lambda one: one.same_account and related(one)),
        ("of its family in all accounts", related),
        ("of its kind in its account", lambda one: one.same_account),
        ("of its kind in all accounts", lambda _: True),
    )
    for kind, fits in kinds:
        like = [one for one in controls if one.before > 0 and fits(one)]
        if len(like) >= MIN_CONTROLS:
            value = sum(one.after for one in like) / sum(one.before for one in like)
            return Factor(value, *_interval(like), len(like), kind)
    return Factor(1.0, None, None, len(controls), None)


def _interval(controls: Sequence[Control]) -> tuple[float | None, float | None]:
    """Where four of five lie: if the resource had gone on like one of its controls, its factor would be in here."""
    if len(controls) < _INTERVAL_CONTROLS:
        return None, None
    ratios = sorted(one.after / one.before for one in controls)
    cut = (len(ratios) + 1) // 10
    return ratios[max(cut, 1) - 1], ratios[-max(cut, 1)]


def _currency(estimated: str | None, parts: Iterable[Part]) -> str | None:
    totals: dict[str, float] = defaultdict(float)
    for part in parts:
        totals[part.currency] += part.before or 0.0
    if estimated in totals:
        return estimated
    return max(totals, key=lambda code: (totals[code], code), default=estimated)


def _note(factor: Factor, window: Bounds, brought: Sequence[Part], one: Episode, committed: float) -> str:
    told = [f"{window.after_days} settled days after against {window.before_days} before"]
    if factor.kind:
        told.append(
            f"{factor.controls} untouched resources {factor.kind} cost {factor.value:.4g} times as much meanwhile"
        )
    else:
        told.append(
            f"there are fewer than {MIN_CONTROLS} untouched resources of its kind to compare with, so it is taken "
            "that it would have cost what it did"
        )
    instead = sorted({part.resource_id for part in brought if part.instead})
    told += [f"with the cost of {name} ({one.instead[name]})" for name in instead]
    if committed > 0.005:
        told.append(
            f"{committed:.0%} of its cost before was covered by a commitment, which is paid whether it is used or not"
        )
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."


def _monthly(per_day: float) -> Decimal:
    return cents(_exact(per_day) * _MONTH)


def _exact(amount: float) -> Decimal:
    """The amount without what floats add to it."""
    return Decimal(repr(float(amount))).quantize(_DIGITS)
