"""From one month to the next, and who spends: the answers of `finops costs`, with the savings beside them."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import duckdb

from finops.finance_model import Bridge, By, Spend, SpendLine
from finops.history.episodes import CAME_AND_WENT
from finops.model import AuditReport, Finding
from finops.pipeline.costing import Question, answer
from finops.pipeline.costing.bills import month_before, period
from finops.pipeline.costing.dimensions import DIMENSIONS, PREFIXES, Dimension, tag
from finops.pipeline.costing.question import Condition, narrowed
from finops.spending import CostAnswer, CurrencyCosts, Line

TOP = 20
_NIL = Decimal("0.00")
_ACTED = Dimension(
    "acted",
    "CASE WHEN (x_Cloud, x_AccountId, x_ResourceKey) IN (SELECT (cloud, account, resource) FROM finance_acted) "
    "THEN 'acted' END",
)


def bridges(
    con: duckdb.DuckDBPyConnection,
    month: datetime,
    until: datetime | None = None,
    at: datetime | None = None,
) -> list[Bridge]:
    """The steps from the month before to this one (to `until` in it), of each currency that has both.

    What was seen to be done after `at` is not acted upon yet.
    """
    acted = _acted_upon(con, month_before(month), at)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE finance_acted (cloud VARCHAR, account VARCHAR, resource VARCHAR)"
    )
    try:
        if acted:
            columns = [list(column) for column in zip(*sorted(acted), strict=True)]
            con.execute("INSERT INTO finance_acted SELECT unnest(?), unnest(?), unnest(?)", columns)
        told = answer(con, Question(by=(_ACTED,), month=month, until=until))
        resources = _charged(con, month, until) if acted else {}
    finally:
        con.execute("DROP TABLE finance_acted")
    if told.previous_month is None or told.compared is None:
        return []
    found = [_bridge(told, code, one, resources.get(code, 0)) for code, one in told.currencies.items()]
    return [one for one in found if one is not None]


def _acted_upon(
    con: duckdb.DuckDBPyConnection, since: datetime, at: datetime | None
) -> set[tuple[str, str, str]]:
    """What findings were about that are done between the two, what went with it, and what took its place."""
    rows = con.execute(
        "SELECT cloud, account, resource_id, cells, replaced_by FROM finding_history AS h "  # noqa: S608 - a constant
        "WHERE rule IS NOT NULL AND status = 'resolved' AND resolved_at BETWEEN ? AND coalesce(?, resolved_at) "
        f"AND (resolution = 'changed' OR (resolution = 'gone' AND NOT {CAME_AND_WENT}))",
        [since, at],
    ).fetchall()
    acted = set()
    for cloud, account, resource, cells, replaced in rows:
        names = {resource, *(one[0] for text in (cells, replaced) if text for one in json.loads(text))}
        acted |= {(cloud, account, name) for name in names}
    return acted


def _charged(con: duckdb.DuckDBPyConnection, month: datetime, until: datetime | None) -> dict[str, int]:
    """How many of those that were acted upon have charges in the two months, by currency."""
    months = Condition(f"({period(month).sql}) OR ({period(month_before(month)).sql})", {})
    during = narrowed(Question(until=until), months)
    rows = con.execute(
        "SELECT coalesce(BillingCurrency, 'XXX'), count(DISTINCT (x_Cloud, x_AccountId, x_ResourceKey)) "  # noqa: S608
        f"FROM charges WHERE ({during.sql}) AND {_ACTED.sql} = 'acted' GROUP BY ALL",
        during.values,
    ).fetchall()
    return dict(rows)


def _bridge(told: CostAnswer, code: str, costs: CurrencyCosts, acted: int) -> Bridge | None:
    """The steps add up because the lines and their effects do, which was checked where they were made."""
    whole = costs.totals
    if whole.cost is None or whole.previous is None or whole.effects is None or told.compared is None:
        return None
    done, others = _split(costs.lines)
    effects = {
        name: sum((getattr(line.effects, name) for line in others if line.effects), _NIL)
        for name in ("price", "quantity", "new", "gone", "other")
    }
    return Bridge(
        currency=code,
        month=told.month,
        previous_month=told.previous_month or "",
        compared=told.compared,
        complete=told.complete,
        days=costs.days,
        previous_days=costs.previous_days,
        previous=whole.previous,
        price=effects["price"],
        volume=effects["quantity"],
        new=effects["new"],
        gone=effects["gone"],
        one_off=effects["other"],
        savings=sum((line.change or _NIL for line in done), _NIL),
        not_compared=whole.not_compared or _NIL,
        cost=whole.cost,
        acted_on=acted,
    )


def _split(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    done = [line for line in lines if line.keys.get("acted")]
    return done, [line for line in lines if not line.keys.get("acted")]


# --- who spends -------------------------------------------------------------------------------------------


def spending(
    con: duckdb.DuckDBPyConnection,
    report: AuditReport,
    question: Question,
    by_service: CostAnswer,
    team_tag: str,
) -> list[Spend]:
    """What `by_service` answers, the same question by account, region and team, of each currency."""
    kinds: list[tuple[By, Dimension]] = [
        ("account", DIMENSIONS["account"]), ("team", tag(team_tag)), ("region", DIMENSIONS["region"]),
    ]  # fmt: skip
    found = _spend("service", "service", by_service, report, None)
    for by, dimension in kinds:
        told = answer(con, replace(question, by=(dimension,)))
        found += _spend(by, dimension.name, told, report, team_tag if by == "team" else None)
    return found


def _spend(by: By, name: str, told: CostAnswer, report: AuditReport, team_tag: str | None) -> list[Spend]:
    return [
        Spend(
            by=by,
            tag=team_tag,
            currency=code,
            month=told.month,
            previous_month=told.previous_month,
            compared=told.compared,
            cost=costs.totals.cost,
            previous=costs.totals.previous,
            lines=_lines(name, costs.lines, _Savings(by, code, report.findings, team_tag)),
        )
        for code, costs in told.currencies.items()
    ]


class _Savings:
    """Net savings of the findings that count, by what a spending is split by; a service has none of its own."""

    def __init__(self, by: By, currency: str, findings: Sequence[Finding], team_tag: str | None) -> None:
        self._known = by != "service"
        self._net: dict[str | None, Decimal] = defaultdict(Decimal)
        self._count: Counter[str | None] = Counter()
        for one in findings:
            if one.currency != currency or not one.net_monthly_savings or one.status == "exempt":
                continue
            key = {"account": one.account, "region": one.region, "team": _team(one, team_tag)}.get(by)
            self._net[key] += one.net_monthly_savings
            self._count[key] += 1

    def take(self, key: str | None) -> tuple[int | None, Decimal | None]:
        """Number and net of the findings of a line, each once; None where a line cannot have any."""
        if not self._known:
            return None, None
        return self._count.pop(key, 0), self._net.pop(key, _NIL)

    def rest(self) -> tuple[int | None, Decimal | None]:
        """Of all that no line took."""
        if not self._known:
            return None, None
        left = sum(self._count.values()), sum(self._net.values(), _NIL)
        self._count.clear()
        self._net.clear()
        return left


def _team(one: Finding, tag_key: str | None) -> str | None:
    """As the bill names it: the inventory of some clouds writes the key as their bills do."""
    names = [f"{prefix}{tag_key}" for prefix in PREFIXES]
    return next((one.tags[name] for name in names if name in one.tags), None) or None


def _lines(name: str, lines: Sequence[Line], savings: _Savings) -> list[SpendLine]:
    """The largest lines and one for the rest, which holds the savings of everything that has no line."""
    ordered = sorted(_nobody(name, lines), key=lambda one: (-abs(one.cost or _NIL), one.keys.get(name) or ""))
    found = []
    for one in ordered[:TOP]:
        key = one.keys.get(name)
        count, net = savings.take(key)
        found.append(
            SpendLine(
                key=key,
                name=one.names.get(name),
                cost=one.cost,
                previous=one.previous,
                change=one.change,
                findings=count,
                net_monthly_savings=net,
            )
        )
    small = ordered[TOP:]
    count, net = savings.rest()
    if small or count:
        found.append(_others(small, count, net))
    return found


def _nobody(name: str, lines: Sequence[Line]) -> list[Line]:
    """The lines, with that of an empty tag in that of none: neither names anybody."""
    named = [one for one in lines if one.keys.get(name)]
    rest = [one for one in lines if not one.keys.get(name)]
    if len(rest) < 2:
        return [*named, *(one.model_copy(update={"keys": {name: None}}) for one in rest)]
    sums = {what: _known([getattr(one, what) for one in rest]) for what in ("cost", "previous", "change")}
    return [*named, rest[0].model_copy(update={"keys": {name: None}, **sums})]


def _known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None where nothing is."""
    known = [one for one in amounts if one is not None]
    return sum(known, _NIL) if known else None


def _others(small: Sequence[Line], count: int | None, net: Decimal | None) -> SpendLine:
    sums = {name: _known([getattr(one, name) for one in small]) for name in ("cost", "previous", "change")}
    return SpendLine(key=None, others=max(len(small), 1), findings=count, net_monthly_savings=net, **sums)
