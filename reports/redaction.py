"""The same report for outsiders: ids and names replaced by pseudonyms, consistently, in the model itself.

Done before any rendering, so nothing hides in a data block or a spreadsheet's metadata. A pseudonym is an
HMAC: stable within a report and, with the same key, between reports; without the key nobody can test a guess.
What is replaced in its own field is replaced wherever a text mentions it. Finding ids go with the resource
ids: they are hashes of them, which whoever guesses an account and a resource could confirm.
"""

import hashlib
import hmac
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from finops.model import AuditReport, CostLine, Coverage, Finding, FootprintLine, NotEvaluated
from finops.night_model import Anomaly, Forecast
from finops.readership import RedactionLevel as RedactionLevel
from reports.mentioned import ids_beside, names_beside

# Fields of our own vocabulary: never from a customer, and needed as they are.
_OURS = frozenset(
    {
        "rule",
        "class",
        "cloud",
        "region",
        "zone",
        "resource_type",
        "action",
        "currency",
        "price_basis",
        "confidence",
        "effort",
        "risk",
        "quality",
        "status",
        "first_seen",
        "dataset",
        "collected_at",
        "basis",
        "window_start",
        "window_end",
        "sources",
    }
)
# The same in what a night tells.
_OURS_AT_NIGHT = frozenset(
    {
        "run_id", "command", "step", "status", "test", "stage", "severity", "provider", "currency", "level", "cloud",
        "service", "kind", "state", "id",
    }
)  # fmt: skip
# Of what is said about spending: ids and names by the field that holds them; a spending's line by what it is split by.
_FINANCE_IDS = {
    "account": "account",
    "billing_account": "account",
    "commitment_id": "commitment",
    "invoice_id": "invoice",
}
_OURS_IN_FINANCE = frozenset({"currency", "cloud", "kind", "month", "previous_month", "by", "compared", "to"})
# A file or a place in an object store, as a bill is loaded from; it names buckets, people and machines.
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"',;]+|(?<![\w/])~?/[^\s\"',;]+/[^\s\"',;]+")
_TAGGED = "tag on the resource"  # owner and reason of an exemption by a tag: our own words
_OWN = frozenset({"account", "resource_id", "resource_name", "id", "superseded_by"})
# Ids the model has no field for: a disk's server in the evidence, an ARN in an error. AWS and Alibaba ids,
# account numbers, e-mail and IPv4 addresses. Google's projects have no such shape and are caught as accounts.
_ID_SHAPES = re.compile(
    r"\b(?:arn|acs):[^\s\"',]+|\b[a-z]{1,12}-(?:[0-9a-f]{17}|[0-9a-f]{8}|(?=[a-z]*\d)[0-9a-z]{20,22})\b|\b\d{12,21}\b"
    r"|\b[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}\b"  # a billing account of Google
    r"|[\w.+-]+@[\w-]+\.[\w.-]+|\b(?:\d{1,3}\.){3}\d{1,3}\b"
)
_SURELY = 6  # a secret of this length is replaced inside longer words too; a shorter one only as a word


def redact(report: AuditReport, level: RedactionLevel, *, key: bytes = b"") -> AuditReport:
    """The report with pseudonyms.

    `ids` replaces account, resource and finding ids, `names` resource names, tag values, and who exempted or decided
    what and why, `all` both. What
    has one or two characters, or is a short number, is replaced in its own field only: in a text it would hit
    anything. Without `key` whoever guesses an original can confirm it; give one for reports that leave.
    """
    if level == "none":
        return report
    redactor = _Redactor(_secrets(report, level), level, key=key)
    data = report.model_dump(by_alias=True)
    data["exemptions"] = [redactor.exemption(line) for line in data["exemptions"]]
    for part in ("findings", "not_evaluated", "coverage", "costs", "footprint"):
        data[part] = [redactor.record(line) for line in data[part]]
    if data["night"]:
        data["night"] = redactor.night(data["night"])
    if data["finance"]:
        data["finance"] = redactor.finance(data["finance"])
    return AuditReport.model_validate(data)


def pseudonym(what: str, original: str, key: bytes) -> str:
    """Such as account-3f9a2b1c07: the same for the same original and key, in upper or lower case."""
    digest = hmac.new(key, f"{what}\0{original.casefold()}".encode(), hashlib.sha256).hexdigest()
    return f"{what}-{digest[:10]}"


def _secrets(report: AuditReport, level: RedactionLevel) -> dict[str, str]:
    """What to replace, and what it is. Where one text is several things, the first one here decides."""
    found: list[tuple[str | None, str]] = []
    if level != "names":
        found += [(f.id, "finding") for f in report.findings]
        found += [(line.account, "account") for part in _with_account(report) for line in part]
        found += [(f.resource_id, "resource") for f in report.findings]
        found += [(n.resource_id, "resource") for n in report.not_evaluated]
        found += [(account, "account") for account in _night_accounts(report)]
        found += _finance_ids(report)
        found += ids_beside(report)
    if level != "ids":
        found += [(f.resource_name, "name") for f in report.findings]
        found += [(value, "tag") for f in report.findings for value in f.tags.values()]
        found += [(one.team, "tag") for one in _night_lines(report)]
        found += _finance_names(report)
        found += [(line.owner, "owner") for line in report.exemptions if line.owner != _TAGGED]
        exempt = (f.exemption for f in report.findings if f.exemption)
        found += [(one.owner, "owner") for one in exempt if one.owner != _TAGGED]
        found += [(f.decision.owner, "owner") for f in report.findings if f.decision]
        found += names_beside(report)
    secrets: dict[str, str] = {}
    for secret, what in found:
        if secret and secret.strip():
            secrets.setdefault(secret, what)
    return secrets


def _night_lines(report: AuditReport) -> list[Anomaly | Forecast]:
    told: list[Anomaly | Forecast] = [*report.finance.forecasts] if report.finance else []
    return [*told, *report.night.anomalies, *report.night.forecasts] if report.night else told


def _finance_ids(report: AuditReport) -> Iterator[tuple[str | None, str]]:
    """Accounts, commitments and invoices that only the part about spending names."""
    told = report.finance
    if told is None:
        return
    yield from ((line.key, "account") for one in told.spend if one.by == "account" for line in one.lines)
    for expiry in told.expiries:
        yield from ((expiry.account, "account"), (expiry.commitment_id, "commitment"))
    for invoice in (invoice for one in told.tie_out for invoice in one.invoices):
        yield from ((invoice.billing_account, "account"), (invoice.invoice_id, "invoice"))
    if told.provenance:
        yield from ((one.billing_account, "account") for one in told.provenance.sources)


def _finance_names(report: AuditReport) -> Iterator[tuple[str | None, str]]:
    """Teams, and what accounts are called."""
    for one in report.finance.spend if report.finance else ():
        yield from ((line.key, "tag") for line in one.lines if one.by == "team")
        yield from ((line.name, "name") for line in one.lines)


def _night_accounts(report: AuditReport) -> Iterator[str | None]:
    """Every account that the night names in a field."""
    yield from (one.account for one in _night_lines(report))
    if report.night:
        yield from (one.billing_account for one in report.night.restatements)
        yield from (one.billing_account for one in report.night.provisional)


def _with_account(
    report: AuditReport,
) -> tuple[list[Finding], list[NotEvaluated], list[Coverage], list[CostLine], list[FootprintLine]]:
    return report.findings, report.not_evaluated, report.coverage, report.costs, report.footprint


class _Redactor:
    """Replaces the secrets: whole in their own fields, found by one pattern in texts."""

    def __init__(self, secrets: dict[str, str], level: RedactionLevel, *, key: bytes) -> None:
        self._key = key
        self._shapes, self._names = level != "names", level != "ids"
        self._known: dict[str, str] = {}
        texts = []
        for secret, what in secrets.items():
            alias = self._known.setdefault(secret.casefold(), pseudonym(what, secret, key))
            for spelling in () if _too_common(secret) else _spellings(secret):
                self._known.setdefault(spelling.casefold(), alias)
                texts.append(_bounded(spelling))
        longest_first = sorted(set(texts), key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)

    def record(self, line: dict[str, Any]) -> dict[str, Any]:
        """A line of the model, field by field."""
        return {key: self._field(key, value) for key, value in line.items()}

    def exemption(self, line: dict[str, Any]) -> dict[str, Any]:
        """An exemption: its reason is anybody's prose and its selector names what no finding may hold."""
        told = {"reason": line["reason"], "selector": line.get("selector")}
        hidden = {"reason"} if self._names and told["reason"] != _TAGGED else set()
        hidden |= {"selector"} if told["selector"] else set()
        shown = {
            key: self._own(value) if key == "owner" else self._field(key, value)
            for key, value in line.items()
        }
        return shown | {name: pseudonym(name, told[name], self._key) for name in sorted(hidden)}

    def decision(self, told: dict[str, Any]) -> dict[str, Any]:
        """What somebody decided: who is a name, and the comment is anybody's prose."""
        comment = self._text(told["comment"]) if told["comment"] else None
        if self._names and comment:
            comment = pseudonym("comment", told["comment"], self._key)
        return told | {"owner": self._own(told["owner"]), "comment": comment}

    def night(self, told: dict[str, Any]) -> dict[str, Any]:
        """What the night says, every text in it; addresses of bills are replaced whole."""
        named = {}
        if "variance" in told and self._names:  # a budget, which somebody gave a name
            named = {"name": pseudonym("budget", told["name"], self._key)}
            told = told | {"message": told["message"].replace(told["name"], named["name"])}
        return {key: self._night_field(key, value) for key, value in told.items()} | named

    def finance(self, told: dict[str, Any]) -> dict[str, Any]:
        """What is said of spending: budgets and forecasts as the night tells them, everything else field by field."""
        shown = {key: self._spending(value) for key, value in told.items()}
        as_at_night = {name: [self.night(one) for one in told[name]] for name in ("forecasts", "budgets")}
        drivers = [one | self._driver(one) for one in shown["unit_costs"]]
        return shown | as_at_night | {"unit_costs": drivers}

    def _driver(self, told: dict[str, Any]) -> dict[str, str]:
        """What the business counts, as somebody named it."""
        if not self._names:
            return {}
        return {name: pseudonym("driver", told[name], self._key) for name in ("name", "unit")}

    def _spending(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._spending(one) for one in value]
        if isinstance(value, dict):
            lines = (
                {"lines": [self._spent(value["by"], one) for one in value["lines"]]} if "by" in value else {}
            )
            return {key: self._spending_field(key, one) for key, one in value.items()} | lines
        return (
            self._text(_ADDRESS.sub(lambda match: self._alias(match[0]), value))
            if isinstance(value, str)
            else value
        )

    def _spending_field(self, key: str, value: Any) -> Any:
        if key in _OURS_IN_FINANCE:
            return value
        if key in _FINANCE_IDS and isinstance(value, str):
            return self._own(value)
        return self._spending(value)

    def _spent(self, by: str, line: dict[str, Any]) -> dict[str, Any]:
        """A line of a spending; what accounts are called is a name."""
        own = by in ("account", "team")
        return line | {
            "key": self._own(line["key"]) if own else line["key"],
            "name": self._own(line["name"]),
        }

    def _night_field(self, key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self.night(one) if isinstance(one, dict) else self._walked(one) for one in value]
        if key in _OURS_AT_NIGHT or not isinstance(value, str):
            return value
        if key in ("account", "billing_account", "team"):
            return self._own(value)
        return self._text(_ADDRESS.sub(lambda match: self._alias(match[0]), value) if self._shapes else value)

    def _field(self, key: str, value: Any) -> Any:
        if key in _OURS:
            return value
        if key in _OWN:
            return self._own(value)
        if key == "co2e":
            return self.record(value)
        if key == "exemption":
            return value and self.exemption(value)
        if key == "overlap":
            return value and self._overlap(value)
        if key == "decision":
            return value and self.decision(value)
        if key == "tags":
            return {self._text(name): self._own(text) for name, text in value.items()}
        return self._walked(value)

    def _overlap(self, told: dict[str, Any]) -> dict[str, Any]:
        """What meets other findings: ids of these and of accounts; the rest is numbers without a meaning outside."""
        named = {
            name: {self._own(one): inner for one, inner in told[name].items()}
            for name in ("after", "accounts")
            if told.get(name)
        }
        never = [self._own(one) for one in told.get("never_with", [])]
        return told | named | ({"never_with": never} if never else {})

    def _own(self, text: str | None) -> str | None:
        return None if text is None else self._known.get(text.casefold()) or self._text(text)

    def _walked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._walked(key): self._walked(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set):
            return [self._walked(inner) for inner in value]
        # An account number may stand in the evidence as a number; a saving never equals one.
        return self._known.get(str(value), value) if type(value) is int and value > 10**9 else value

    def _text(self, text: str) -> str:
        text = self._pattern.sub(lambda match: self._alias(match[0]), text)
        if self._shapes:
            text = _ID_SHAPES.sub(lambda match: self._alias(match[0]), text)
        return text

    def _alias(self, found: str) -> str:
        return self._known.get(found.casefold()) or pseudonym("id", found, self._key)


def _too_common(secret: str) -> bool:
    return len(secret) < 3 or (secret.isdigit() and len(secret) < 6)


def _spellings(secret: str) -> set[str]:
    """The secret as it may stand in a sentence, a shell command, a URL or JSON."""
    return {secret, shlex.quote(secret), quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _bounded(spelling: str) -> str:
    pattern = re.escape(spelling)
    return pattern if len(spelling) >= _SURELY else rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])"
