"""What an audit is limited to: clouds, accounts, regions, rules, tags, and the least saving worth telling."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import duckdb

from finops.config import Settings
from finops.errors import ConfigError, UsageError
from finops.history.observing import Audited
from finops.verdicts import Key, Unjudged, Verdict

_HARDLY = 0.01  # up to this share of other accounts, a pool of usage is one account's


@dataclass(frozen=True, slots=True)
class Filters:
    """What an audit is limited to. Empty means everything; values of one kind are alternatives.

    `projects` are accounts of Google Cloud, and limit no other cloud.
    """

    clouds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    min_savings: Decimal | None = None


def chosen(rules: Sequence[Any], filters: Filters) -> list[Any]:
    """The rules that are wanted. Raises UsageError for one that does not exist."""
    known = {rule.id for rule in rules}
    for name in filters.rules:
        if name not in known:
            raise UsageError(f"There is no rule {name}; finops rules list names them all.")
    return [rule for rule in rules if not filters.rules or rule.id in filters.rules]


def refuse_unknown_rules(settings: Settings, known: set[str]) -> None:
    """Raises ConfigError when the configuration has thresholds for a rule that does not exist."""
    for name in settings.rules:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; finops rules list names them all."
            raise ConfigError(f"The configuration has thresholds for a rule {name} that does not exist{hint}")


def refuse_unknown_accounts(con: duckdb.DuckDBPyConnection, filters: Filters) -> None:
    """Raises UsageError when an account is named that the warehouse knows nothing of."""
    known = {
        row[0]
        for row in con.execute(
            "SELECT DISTINCT account_id FROM coverage UNION SELECT DISTINCT account_id FROM instances"
        ).fetchall()
    }
    for account in (*filters.accounts, *filters.projects):
        if account not in known:
            kind = "account" if account in filters.accounts else "project"
            raise UsageError(
                f"There is no {kind} {account} in the warehouse; finops status names those there are."
            )


def passes(verdict: Verdict, tags: Mapping[Key, Mapping[str, str]], filters: Filters) -> bool:
    """Whether a finding is wanted."""
    own = tags.get(verdict.key, {})
    return in_scope(verdict.key.cloud, verdict.key.account_id, verdict.region, filters) and (
        not filters.tags or any(own.get(key) == value for key, value in filters.tags)
    )


def beyond(purchase: Verdict, filters: Filters) -> Unjudged | None:
    """What is told of a purchase that would cover accounts that are left out as well: its saving is on their bill."""
    told = purchase.evidence.get("share_of_usage_by_account")
    shares = json.loads(told) if isinstance(told, str) and told.startswith("{") else {}
    key = purchase.key
    outside = [one for one in sorted(shares) if not in_scope(key.cloud, one, None, filters)]
    if sum(shares[one] for one in outside) <= _HARDLY:
        return None
    more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
    reason = (
        f"What could be bought covers {outside[0]}{more} as well, which this audit leaves out: name all accounts of "
        "the payer, or none."
    )
    return Unjudged(purchase.rule.id, *key[:2], purchase.region, key.resource_id, reason)


def in_scope(cloud: str, account: str, region: str | None, filters: Filters) -> bool:
    """Whether something is wanted by where it is. What has no region of its own belongs to all of them."""
    return (
        (not filters.clouds or cloud in filters.clouds)
        and (not filters.accounts or account in filters.accounts)
        and (not filters.projects or cloud != "gcp" or account in filters.projects)
        and (not filters.regions or region in (None, "global") or region in filters.regions)
    )


def covers_all(con: duckdb.DuckDBPyConnection, filters: Filters) -> bool:
    """Whether the clouds that an audit is limited to are all there are in the warehouse."""
    rows = con.execute("SELECT DISTINCT cloud FROM coverage").fetchall()
    return not filters.clouds or {row[0] for row in rows} <= set(filters.clouds)


def audited(
    con: duckdb.DuckDBPyConnection, filters: Filters, rules: Iterable[str], *, ahead: bool = False
) -> Audited:
    """What an audit with these filters looked at, `rules` being those that ran; `ahead` as in Audited."""
    limits = {
        kind: [str(values)]
        if isinstance(values, Decimal)
        else [list(one) if isinstance(one, tuple) else one for one in values]
        for kind, values in asdict(filters).items()
        if values not in ((), None) and (kind != "clouds" or not covers_all(con, filters))
    }
    return Audited(whole=not limits, limits=limits, rules=tuple(rules), ahead=ahead)
