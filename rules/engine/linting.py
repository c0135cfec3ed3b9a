"""Everything that is wrong with a rule file, each with its line and what to write instead, for editors and people.

The same checks that keep a broken rule from running, told all at once, and what only its author can want to know: a
verdict that is never given, a fixture that leaves something out.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import duckdb
import yaml
from pydantic import ValidationError
from sqlglot import exp

from finops.errors import RuleError
from finops.model import Action, Level
from rules.engine import cases, examining, rollups, running
from rules.engine.catalogue import Rule, built_in_folder, rule_files
from rules.engine.checking import COMPONENTS
from rules.engine.fixtures import VERDICTS, gaps
from rules.engine.header import BLOCK, PLACEHOLDERS, Header, fields_of, in_quotes, lines_of, read_yaml
from rules.engine.mistakes import Mistake, did_you_mean
from rules.engine.places import Place, Places

_AS_OF = datetime(2026, 11, 1)  # noqa: DTZ001 - any instant: an empty warehouse knows no time
# What stands in for a field that is wrong, so that the rest of the file can be judged all the same.
_STAND_IN: dict[str, Any] = {
    "id": "x", "title": "Title", "class": "unused", "action": "stop", "resource": "thing", "needs": ["instances"],
    "effort": "low", "risk": "low", "sources": [{"title": "Source", "url": "https://example.com"}], "doc": "x" * 40,
}  # fmt: skip
_HOW: dict[str, str] = {
    "doc": "tell what it finds, why it is waste, when it is wrong and what to check before acting",
    "sources": "name where its thresholds come from: - {title: …, url: https://…}",
    "needs": "name the tables it reads",
    "id": "write it as the file is named, in small letters with hyphens: idle-queue",
}
_PLACEHOLDER = (("remediation",), "value_error")
_WORDS = {
    "verdict": VERDICTS,
    "components": COMPONENTS,
    "action": get_args(Action),
    "confidence": get_args(Level),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A mistake at its place. A `note` is worth knowing and breaks nothing; an `error` is to be put right."""

    file: str
    line: int
    column: int
    severity: Literal["error", "note"]
    message: str
    suggestion: str | None

    def __str__(self) -> str:
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}{hint}"

    def as_record(self) -> dict[str, Any]:
        return asdict(self)


class Linter:
    """Looks at rule files one after the other; what is right so far is run on an empty warehouse, too."""

    def __init__(self) -> None:
        self._con: duckdb.DuckDBPyConnection | None = None
        self._taken = {path.stem: path for path in rule_files(built_in_folder())}

    def look(self, path: Path) -> list[Told]:
        """Everything wrong with one file, by line."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            return [Told(str(path), 1, 1, "error", f"the file cannot be read as text: {error}", None)]
        found = list(self._all(text, path))
        return sorted(found, key=lambda one: (one.line, one.column))

    def _all(self, text: str, path: Path) -> Iterator[Told]:
        def told(mistake: Mistake, place: Place, severity: Literal["error", "note"] = "error") -> Told:
            return Told(str(path), *place, severity, mistake.said, mistake.hint)

        block = BLOCK.match(text)
        if not block:
            yield told(_no_header(text), Place(1, 1))
            return
        sql = block["sql"].strip()
        places = Places(
            text, block.start("header"), block["header"], block.start("sql") + _blank(block["sql"]), sql
        )
        try:
            raw = read_yaml(block["header"])
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = places.line_of_header(mark.line, mark.column) if mark else Place(2, 1)
            why = " ".join(str(getattr(error, "problem", None) or error).split())
            hint = "quote a text that has a colon or a brace in it"
            yield told(Mistake(f"the header is not YAML: {why}", hint=hint), place)
            return
        header, wrong = _header(raw, path, self._taken)
        mistakes = [*wrong, *_body(header, sql, {one.key[0] for one in wrong if one.key})]
        yield from (told(one, places.of(one)) for one in mistakes)
        if not mistakes and header:
            yield from (
                told(one, place) for one, place in self._try(Rule(header, sql, path, frozenset()), places)
            )
            yield from (told(one, places.in_header(one.key), "note") for one in _fixture(header, path))

    def _try(self, rule: Rule, places: Places) -> Iterator[tuple[Mistake, Place]]:
        """What the database says about a rule that is right as far as can be read."""
        query = examining.parse(rule.sql)
        used = frozenset(examining.used_names(query)) if isinstance(query, exp.Expr) else frozenset()
        try:
            said = running.run(self._empty(), [Rule(rule.header, rule.sql, rule.path, used)], _AS_OF)
        except RuleError as error:
            why = str(error).removeprefix(f"{rule.path.name}: ").rstrip(".")
            line = re.search(r"^LINE (\d+):", str(error.__cause__ or ""), re.MULTILINE)
            yield Mistake(why), places.line_of_sql(int(line[1]) if line else 1)
            return
        if said.counts[rule.id]:
            yield Mistake("it says something about an empty warehouse"), places.line_of_sql(1)

    def _empty(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            self._con = cases.empty_warehouse()
            rollups.build(self._con, _AS_OF)
            self._con.execute("SET enable_external_access = false")
        return self._con


def _no_header(text: str) -> Mistake:
    if text.lstrip().startswith("/*---"):
        return Mistake("the header is not closed", hint="end it with a line ---*/ before the SQL")
    said = "a rule file begins with a header between /*--- and ---*/"
    return Mistake(said, hint="finops rules new ID writes a file to start from")


def _blank(sql: str) -> int:
    return len(sql) - len(sql.lstrip())


# --- the header -------------------------------------------------------------------------------------------


def _header(raw: Any, path: Path, taken: dict[str, Path]) -> tuple[Header | None, list[Mistake]]:
    """The header as far as it can be told, and what is wrong with it."""
    if not isinstance(raw, dict):
        return None, [Mistake("the header must be a list of keys and values", key=("id",))]
    header, mistakes = _validated(raw)
    mistakes += _placeholders(raw)
    if "id" in raw and not any(one.key[:1] == ("id",) for one in mistakes):
        mistakes += _identity(str(raw["id"]), path, taken)
    return header, mistakes


def _validated(raw: dict[str, Any]) -> tuple[Header | None, list[Mistake]]:
    try:
        return Header.model_validate(raw), []
    except ValidationError as error:
        # Placeholders are told one by one, each at its place, and not as the one that was met first.
        mistakes = [_told(one) for one in error.errors() if (one["loc"], one["type"]) != _PLACEHOLDER]
        roots = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
    kept = {name: value for name, value in raw.items() if name not in roots}
    try:
        return Header.model_validate({**_STAND_IN, **kept}), mistakes
    except ValidationError:
        return None, mistakes


def _told(error: Any) -> Mistake:
    """What pydantic says of a field, in the words of the one-sentence check, with a hint."""
    key, kind = tuple(part for part in error["loc"] if part != "[key]"), error["type"]
    where = ".".join(str(part) for part in error["loc"]) or "header"
    name = str(key[-1]) if key else ""
    if kind == "extra_forbidden":
        fields = [field.alias or one for one, field in Header.model_fields.items()]
        known = fields if len(key) == 1 else ("default", "unit", "doc", "title", "url")
        return Mistake(f"there is no field {where}", key=key, hint=did_you_mean(name, known))
    if kind == "missing":
        return Mistake(f"{where} is missing", key=key, hint=_HOW.get(name))
    message = error["msg"].removeprefix("Value error, ")
    given = error.get("input")
    if kind == "literal_error" and isinstance(given, str):
        words = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return Mistake(
            f"{where}: '{given}' is none of {', '.join(words)}", key=key, hint=did_you_mean(given, words)
        )
    if kind == "string_pattern_mismatch" and name == "id":
        return Mistake(f"id: '{given}' is not an id", key=key, hint=f"write {slug(str(given))}")
    return Mistake(f"{where}: {message}", key=key, hint=_HOW.get(name))


def _placeholders(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Placeholders of remediation lines that nobody fills, each."""
    told = raw.get("remediation")
    if not isinstance(told, dict):
        return
    for line in lines_of(told):
        try:
            names = fields_of(line)
        except ValueError as error:
            yield Mistake(str(error), key=("remediation",), text=line[:40], hint="write {{ and }} for braces")
            continue
        for name in in_quotes(line):
            said = f"remediation: {{{name}}} stands in quotes, and is quoted when it is filled in"
            yield Mistake(said, key=("remediation",), text=f"{{{name}}}", hint="end the quotes before it")
        known = ", ".join(sorted(PLACEHOLDERS))
        for name in names:
            if name not in PLACEHOLDERS and not name.startswith(("current_", "proposed_")):
                said = f"remediation: {{{name}}} is not known; use {known}, current_… or proposed_…"
                hint = did_you_mean(name, PLACEHOLDERS)
                yield Mistake(said, key=("remediation",), text=f"{{{name}}}", hint=hint)


def _identity(rule_id: str, path: Path, taken: dict[str, Path]) -> Iterator[Mistake]:
    if rule_id != path.stem:
        hint = f"write id: {path.stem}" if slug(path.stem) == path.stem else f"write it as {slug(path.stem)}"
        yield Mistake(f"the id is {rule_id}; name the file {rule_id}.sql", key=("id",), hint=hint)
    elif rule_id in taken and taken[rule_id].resolve() != path.resolve():
        yield Mistake(
            f"the rule {rule_id} exists already, among ours", key=("id",), hint="give it another id"
        )


def slug(text: str) -> str:
    """The id that is most like a text: small letters and digits, joined by hyphens."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text).lower())
    found = "-".join(words).lstrip("0123456789-")
    return found or "my-rule"


# --- the SQL ----------------------------------------------------------------------------------------------


def _body(header: Header | None, sql: str, wrong: set[str | int]) -> Iterator[Mistake]:
    """What is wrong with the SQL, without what only follows from a field of the header that is wrong itself."""
    query = examining.parse(sql)
    if isinstance(query, Mistake):
        yield query
        return
    if header is not None:
        for one in examining.examine(header, query):
            field = "parameters" if one.text.startswith("$") else "needs" if "under needs" in one.said else ""
            if field not in wrong and not (one.key and one.key[0] in wrong):
                yield one
    yield from _words(query)


def _words(query: exp.Query) -> Iterator[Mistake]:
    """Words that the rest of the pipeline does not know, and verdicts that are never given."""
    for select in _selects(query):
        for column in select.selects:
            name = column.alias_or_name.lower()
            for literal in _results(column) if name in _WORDS else ():
                for word in str(literal.this).split(",") if name == "components" else [str(literal.this)]:
                    if word.strip() not in _WORDS[name]:
                        known = _WORDS[name]
                        hint = did_you_mean(word.strip(), known) or f"known are {', '.join(known)}"
                        yield Mistake(f"{name} says '{word.strip()}', which nobody knows", literal, hint=hint)
    given = {str(one.this) for one in query.find_all(exp.Literal) if one.is_string}
    verdict = next((one for one in query.selects if one.alias_or_name.lower() == "verdict"), None)
    hints = {
        "not_evaluated": "add a branch for what the data do not tell: WHEN … IS NULL THEN 'not_evaluated'",
        "ok": "add a branch for what was looked at and is fine: ELSE 'ok'",
        "finding": "add a branch for what it finds: WHEN … THEN 'finding'",
    }
    for word in VERDICTS:
        if verdict is not None and word not in given:
            alias = verdict.args.get("alias") or verdict
            yield Mistake(f"no branch of verdict says '{word}'", alias, hint=hints[word])


def _selects(query: exp.Expr) -> Iterator[exp.Select]:
    """The last SELECT, or those of a union."""
    if isinstance(query, exp.SetOperation):
        yield from _selects(query.left)
        yield from _selects(query.right)
    elif isinstance(query, exp.Subquery):
        yield from _selects(query.this)
    elif isinstance(query, exp.Select):
        yield query


def _results(node: exp.Expr | None) -> Iterator[exp.Literal]:
    """The texts an expression can come out as, as far as they are written in it."""
    if isinstance(node, exp.Literal) and node.is_string:
        yield node
    elif isinstance(node, (exp.Alias, exp.Paren)):
        yield from _results(node.this)
    elif isinstance(node, exp.Case):
        for branch in node.args.get("ifs") or ():
            yield from _results(branch.args.get("true"))
        yield from _results(node.args.get("default"))
    elif isinstance(node, exp.Coalesce):
        for one in (node.this, *node.expressions):
            yield from _results(one)


# --- the cases --------------------------------------------------------------------------------------------


def _fixture(header: Header, path: Path) -> Iterator[Mistake]:
    """What the case file leaves out; those of our own rules come with the source only."""
    found = cases.case_file(Rule(header, "", path, frozenset()))
    if found is None:
        if not path.resolve().is_relative_to(built_in_folder().resolve()):
            hint = f"write {path.stem}.yaml beside it, with a finding, an ok and a not_evaluated"
            yield Mistake("it has no cases", key=("id",), hint=hint)
        return
    try:
        for gap in gaps(header, found):
            yield Mistake(f"{found.name}: {gap}", key=("traps",) if "trap" in gap else ("id",))
    except RuleError as error:
        yield Mistake(str(error).rstrip("."), key=("id",))
