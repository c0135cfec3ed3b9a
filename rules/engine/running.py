"""Runs rules over the rollups of an open warehouse and collects what they say."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from time import perf_counter
from typing import Any, get_args

import duckdb

from finops.errors import RuleError
from finops.instants import iso
from finops.model import Action, Level
from finops.verdicts import Key, RuleFacts, Unjudged, Verdict, Verdicts
from rules.engine.catalogue import Rule
from rules.engine.checking import COMPONENTS, KEY_COLUMNS, OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from rules.engine.thresholds import Override, Thresholds, thresholds, values_for

_NOT_INVENTORY = ("charges", "prices", "spot_prices", "tags", "instance_types")
# The dataset that fills a table, where it is not called like the table.
_DERIVED = {"commitment_usage": "charges", "registry_images": "repositories"}
# A billing account of Google Cloud: tax and support on the bill are its own, and nothing else can be.
_PAYER = "cloud = 'gcp' AND regexp_full_match(account_id, '([0-9A-F]{6}-){2}[0-9A-F]{6}')"
_RESERVED = {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS}
_WORDS = {"components": COMPONENTS, "action": get_args(Action), "confidence": get_args(Level)}


def run(
    con: duckdb.DuckDBPyConnection,
    rules: Iterable[Rule],
    as_of: datetime,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    again: bool = False,
) -> Verdicts:
    """Runs every enabled rule over the rollups that `rollups.build` made on this connection.

    `again`: what an earlier call of the same audit judged stays in `judged`, as for the rules of the next stage.

    Leaves a temporary table `judged` (rule, cloud, account_id, region, resource_id, verdict, components) behind, which
    tells what was looked at. Raises RuleError when a rule fails or breaks its contract.
    """
    verdicts = Verdicts()
    made = "TEMP TABLE IF NOT EXISTS" if again else "OR REPLACE TEMP TABLE"
    con.execute(
        f"CREATE {made} judged (rule VARCHAR, cloud VARCHAR, account_id VARCHAR, region VARCHAR, "
        "resource_id VARCHAR, verdict VARCHAR, components VARCHAR)"
    )
    for rule in rules:
        limits = thresholds(rule, (settings or {}).get(rule.id, {}))
        if limits.enabled:
            started = perf_counter()
            _run_one(con, rule, limits, as_of, verdicts)
            verdicts.unjudged.extend(_unseen(con, rule))
            verdicts.seconds[rule.id] = perf_counter() - started
    return verdicts


def facts(rule: Rule, action: Action | None = None, case: str | None = None) -> RuleFacts:
    """The part of a rule that findings carry, with the command lines of `action` (the rule's own by default).

    `case` names those of a special case, where there are any.
    """
    header = rule.header
    return RuleFacts(
        id=rule.id,
        title=header.title,
        class_=header.class_,
        effort=header.effort,
        risk=header.risk,
        sources=tuple(source.url for source in header.sources),
        remediation={
            cloud: tuple(header.remediation_lines(cloud, action, case)) for cloud in header.remediation
        },
        excludes=tuple(header.excludes),
    )


def _run_one(
    con: duckdb.DuckDBPyConnection, rule: Rule, limits: Thresholds, as_of: datetime, verdicts: Verdicts
) -> None:
    _create(con, rule, "said", values_for(rule, [limits.base], as_of))
    if limits.overrides:
        _overlay(con, rule, limits, as_of)
    _check_contract(con, rule)
    con.execute("DELETE FROM said WHERE list_contains(?, cloud)", [list(rule.header.not_on)])
    con.execute(
        "INSERT INTO judged SELECT ?, cloud, account_id, region, resource_id, verdict, components FROM said",
        [rule.id],
    )
    verdicts.counts[rule.id] = dict(
        con.execute("SELECT verdict, count(*) FROM said GROUP BY verdict ORDER BY verdict").fetchall()
    )
    said_by = cache(partial(facts, rule))
    order = "ORDER BY cloud, account_id, region, resource_id"
    for row in _rows(con, f"SELECT * FROM said WHERE verdict = 'finding' {order}"):  # noqa: S608
        verdicts.findings.append(_verdict(rule, said_by, row))
    for row in _rows(
        con,
        f"SELECT cloud, account_id, region, resource_id, reason FROM said WHERE verdict = 'not_evaluated' {order}",  # noqa: S608
    ):
        verdicts.unjudged.append(Unjudged(rule.id, **row))


def _create(con: duckdb.DuckDBPyConnection, rule: Rule, name: str, values: Mapping[str, Any]) -> None:
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {rule.sql.rstrip(';')}", dict(values))
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise RuleError(f"{rule.path.name}: the rule failed: {first}") from error


# --- overrides --------------------------------------------------------------------------------------------


def _overlay(con: duckdb.DuckDBPyConnection, rule: Rule, limits: Thresholds, as_of: datetime) -> None:
    """Runs the rule again for every combination of overrides that some resource is under."""
    signature, values = _signature(limits.overrides)
    combinations = con.execute(
        f"SELECT DISTINCT {signature} AS signature FROM said AS s WHERE contains(signature, '1') ORDER BY 1",  # noqa: S608
        values,
    ).fetchall()
    for (combination,) in combinations:
        layers = [
            override.values
            for override, flag in zip(limits.overrides, combination, strict=True)
            if flag == "1"
        ]
        _create(con, rule, "said_under", values_for(rule, [limits.base, *layers], as_of))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE said AS SELECT * FROM said AS s WHERE {signature} <> ? "  # noqa: S608
            f"UNION ALL BY NAME SELECT * FROM said_under AS s WHERE {signature} = ?",
            [*values, combination, *values, combination],
        )


def _signature(overrides: tuple[Override, ...]) -> tuple[str, list[str]]:
    """SQL that writes one 0 or 1 per override, and the values to bind to it."""
    parts, values = [], []
    for override in overrides:
        if override.kind == "tag":
            key, _, value = override.value.partition("=")
            parts.append(
                "CASE WHEN EXISTS (SELECT 1 FROM tags AS t WHERE t.cloud = s.cloud AND t.account_id = s.account_id "
                "AND t.resource_id = s.resource_id AND t.key = ? AND t.value = ?) THEN '1' ELSE '0' END"
            )
            values += [key, value]
        else:
            column = "cloud" if override.kind == "cloud" else "account_id"
            parts.append(f"CASE WHEN s.{column} = ? THEN '1' ELSE '0' END")
            values.append(override.value)
    return " || ".join(parts), values


# --- the contract -----------------------------------------------------------------------------------------


def _check_contract(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Raises RuleError for the first row or column of `said` that is not what a rule may say."""
    _check_types(con, rule)
    _check_rows(con, rule)
    _check_words(con, rule)


def _check_types(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    types = {row[0].lower(): str(row[1]) for row in con.execute("DESCRIBE said").fetchall()}
    for column, kind in types.items():
        if column in REQUIRED_COLUMNS and kind != "VARCHAR":
            raise RuleError(f"{rule.path.name}: the column {column} is {kind}, and must be text.")
        if kind.startswith(("STRUCT", "MAP", "UNION", "INTERVAL")) or kind.endswith("]"):
            raise RuleError(f"{rule.path.name}: the column {column} is {kind}, which a report cannot hold.")


def _check_rows(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    keys = ", ".join(KEY_COLUMNS)
    nothing = " OR ".join(f"{column} IS NULL" for column in REQUIRED_COLUMNS)
    wrong = con.execute(
        f"SELECT resource_id, verdict FROM said WHERE {nothing} "  # noqa: S608
        "OR verdict NOT IN ('finding', 'ok', 'not_evaluated') LIMIT 1"
    ).fetchone()
    if wrong:
        raise RuleError(
            f"{rule.path.name}: the row for {wrong[0]} (verdict {wrong[1]}) lacks a key, a reason or components, "
            "or its verdict is not finding, ok or not_evaluated."
        )
    twice = con.execute(f"SELECT {keys} FROM said GROUP BY {keys} HAVING count(*) > 1 LIMIT 1").fetchone()  # noqa: S608
    if twice:
        raise RuleError(f"{rule.path.name}: it returns more than one row for {'/'.join(twice)}.")


def _check_words(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Columns that the rest of the pipeline understands only in certain words."""
    columns = {row[0].lower() for row in con.execute("DESCRIBE said").fetchall()}
    known = {**_WORDS, "remediation_case": sorted(rule.header.cases())}
    for column in columns & set(known):
        texts = con.execute(f"SELECT DISTINCT CAST({column} AS VARCHAR) FROM said").fetchall()  # noqa: S608
        said = sorted({word.strip() for (text,) in texts if text is not None for word in text.split(",")})
        unknown = [word for word in said if word not in known[column]]
        if unknown:
            raise RuleError(
                f"{rule.path.name}: {column} says '{unknown[0]}'; known are {', '.join(known[column])}."
            )


def _unseen(con: duckdb.DuckDBPyConnection, rule: Rule) -> list[Unjudged]:
    """Scopes the rule needed and nobody could read, and accounts for which they were never collected."""
    datasets = sorted({_DERIVED.get(_dataset(need), _dataset(need)) for need in rule.header.needs})
    marks = ", ".join("?" * len(datasets))
    failed = con.execute(
        f"SELECT cloud, account_id, region, dataset, status, coalesce(error, '') FROM coverage "  # noqa: S608
        f"WHERE dataset IN ({marks}) AND status <> 'complete' ORDER BY ALL",
        datasets,
    ).fetchall()
    unjudged = [
        Unjudged(rule.id, cloud, account, region, None, _not_read(dataset, status, error))
        for cloud, account, region, dataset, status, error in failed
    ]
    inventory = [dataset for dataset in datasets if dataset not in _NOT_INVENTORY]
    if inventory or datasets == ["charges"]:
        unjudged += _never_collected(con, rule, inventory or datasets)
    return [one for one in unjudged if one.cloud not in rule.header.not_on] + _nothing_there(con, rule)


def _nothing_there(con: duckdb.DuckDBPyConnection, rule: Rule) -> list[Unjudged]:
    """Accounts of clouds where there is nothing to find, with the reason."""
    rows = con.execute(
        "SELECT DISTINCT cloud, account_id FROM coverage WHERE list_contains(?, cloud) ORDER BY ALL",
        [list(rule.header.not_on)],
    ).fetchall()
    reasons = {str(cloud): reason for cloud, reason in rule.header.not_on.items()}
    return [Unjudged(rule.id, cloud, account, None, None, reasons[cloud]) for cloud, account in rows]


def _never_collected(con: duckdb.DuckDBPyConnection, rule: Rule, datasets: list[str]) -> list[Unjudged]:
    marks = ", ".join("(?)" for _ in datasets)
    rows = con.execute(
        "SELECT a.cloud, a.account_id, string_agg(d.dataset, ' or ' ORDER BY d.dataset) "  # noqa: S608
        f"FROM (SELECT DISTINCT cloud, account_id FROM coverage WHERE NOT ({_PAYER})) AS a "
        f"CROSS JOIN (VALUES {marks}) AS d (dataset) "
        "ANTI JOIN coverage AS c ON c.cloud = a.cloud AND c.account_id = a.account_id AND c.dataset = d.dataset "
        "GROUP BY a.cloud, a.account_id ORDER BY ALL",
        datasets,
    ).fetchall()
    return [
        Unjudged(
            rule.id,
            cloud,
            account,
            None,
            None,
            f"No {names.replace('_', ' ').replace('traffic', 'flow logs')} were collected for this account.",
        )
        for cloud, account, names in rows
    ]


def _dataset(need: str) -> str:
    return need.partition(":")[0]


def _not_read(dataset: str, status: str, error: str) -> str:
    words = {"partial": "only partly read", "denied": "denied", "throttled": "throttled out"}
    return f"{dataset.replace('_', ' ').capitalize()} {words.get(status, status)}" + (
        f": {error.rstrip('.')}." if error else "."
    )


# --- rows to verdicts -------------------------------------------------------------------------------------


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    names = [column[0].lower() for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _verdict(rule: Rule, said_by: Callable[..., RuleFacts], row: dict[str, Any]) -> Verdict:
    current = _prefixed(row, "current_")
    proposed = _prefixed(row, "proposed_")
    evidence = {
        name: _plain(value)
        for name, value in row.items()
        if name not in _RESERVED and not name.startswith(("current_", "proposed_")) and value is not None
    }
    action: Action = row.get("action") or rule.header.action
    reasons = row.get("confidence_reason")
    return Verdict(
        rule=said_by(action, row.get("remediation_case")),
        key=Key(row["cloud"], row["account_id"], row["resource_id"]),
        region=row["region"],
        resource_type=row.get("resource_type") or rule.header.resource,
        action=action,
        reason=row["reason"],
        components=tuple(part.strip() for part in row["components"].split(",")),
        current=current,
        proposed=proposed,
        evidence=evidence,
        confidence=row.get("confidence") or "high",
        confidence_reasons=(reasons,) if reasons else (),
    )


def _prefixed(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): _plain(value)
        for name, value in row.items()
        if name.startswith(prefix) and value is not None
    }


def _plain(value: Any) -> Any:
    """A value as JSON knows it; numbers to ten significant digits, so that no float noise is shown."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        short = float(f"{value:.10g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    return value
