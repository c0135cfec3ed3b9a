"""The header of a rule file: what the rule is, checked by a schema before its SQL is looked at."""

import re
import string
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from finops.errors import RuleError
from finops.model import Action, FindingClass, Level

BLOCK = re.compile(r"\A\s*/\*---\n(?P<header>.*?)\n---\*/\n?(?P<sql>.*)\Z", re.DOTALL)
PLACEHOLDERS = {"account_id", "region", "zone", "resource_id", "resource_name"}
# libyaml reads a header ten times faster; not every build of PyYAML has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

H = TypeVar("H", bound=BaseModel)
Lines = str | list[str]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Case = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Sentence = Annotated[str, Field(min_length=3)]
Cloud = Literal["aws", "alibaba", "gcp"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Strict):
    """A threshold: its default, the unit it is in, and what it decides."""

    default: float | int | str | bool
    unit: str = Field(min_length=1)
    doc: Sentence


class Source(_Strict):
    """Where a threshold or a fact comes from."""

    title: Sentence
    url: str = Field(pattern=r"^https?://")


class Header(_Strict):
    """The YAML block at the head of a rule file."""

    id: Identifier
    title: Sentence
    class_: FindingClass = Field(alias="class")
    action: Action
    resource: Name
    # When it runs: rates are judged on the usage that is left once the findings about usage are accepted.
    stage: Literal["usage", "rates"] = "usage"
    parameters: dict[Name, Parameter] = {}
    needs: list[Annotated[str, Field(pattern=r"^[a-z_]+(:[a-z_]+)?$")]] = Field(min_length=1)
    excludes: list[Identifier] = []
    effort: Level
    risk: Level
    sources: list[Source] = Field(min_length=1)
    # What looks like a finding and is none, or the other way round, by a name; each has a case in the fixture.
    traps: dict[Identifier, Sentence] = {}
    # Clouds where there is nothing to find, and why, in a sentence: the audit says it of each of their accounts.
    not_on: dict[Cloud, Sentence] = {}
    # Command lines per cloud; where they differ by action, or by what the query calls remediation_case, per such word.
    remediation: dict[Cloud, Lines | dict[Case, Lines]] = {}
    doc: str = Field(min_length=40)

    @field_validator("remediation")
    @classmethod
    def _only_known_placeholders(cls, value: dict[str, Any]) -> dict[str, Any]:
        for line in lines_of(list(value.values())):
            for name in in_quotes(line):
                raise ValueError(f"{{{name}}} stands in quotes, and is quoted when it is filled in")
            for name in fields_of(line):
                if name not in PLACEHOLDERS and not name.startswith(("current_", "proposed_")):
                    raise ValueError(
                        f"{{{name}}} is not known; use {', '.join(sorted(PLACEHOLDERS))}, "
                        "current_… or proposed_…"
                    )
        return value

    def remediation_lines(self, cloud: str, action: str | None = None, case: str | None = None) -> list[str]:
        """The command lines for one cloud, placeholders still in them.

        Those of the case where the cloud has any, else those of the action (the rule's own by default).
        """
        lines = self.remediation.get(cloud, [])  # type: ignore[call-overload]
        if isinstance(lines, dict):
            lines = lines.get(case) or lines.get(action or self.action, [])
        return lines_of(lines)

    def cases(self) -> set[str]:
        """Every action and case that some cloud has command lines of its own for."""
        return {case for lines in self.remediation.values() if isinstance(lines, dict) for case in lines}


def split(text: str, name: str) -> tuple[Header, str]:
    """The header and the SQL of a rule file called `name`.

    Raises RuleError, in one sentence that names the file and the field.
    """
    return split_as(Header, "rule file", text, name)


def split_as(kind: type[H], what: str, text: str, name: str) -> tuple[H, str]:
    """The header, as a `kind`, and the SQL of a file called `name`; `what` it is said to be.

    Raises RuleError as split() does.
    """
    block = BLOCK.match(text)
    if not block:
        raise RuleError(f"{name}: a {what} begins with a header between /*--- and ---*/.")
    try:
        raw = read_yaml(block["header"])
    except yaml.YAMLError as error:
        raise RuleError(f"{name}: the header is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(raw, dict):
        raise RuleError(f"{name}: the header must be a list of keys and values.")
    try:
        return kind.model_validate(raw), block["sql"].strip()
    except ValidationError as error:
        raise RuleError(f"{name}: {told(error)}.") from error


def read_yaml(text: str) -> Any:
    """The value of a YAML text.

    Raises yaml.YAMLError.
    """
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - safe, which its name does not tell


def compose_yaml(text: str) -> yaml.Node | None:
    """The nodes of a YAML text, which know their lines.

    Raises yaml.YAMLError.
    """
    return yaml.compose(text, Loader=_LOADER)


def placeholders(header: Header) -> Iterator[str]:
    """The names in braces of every remediation line."""
    for line in lines_of(list(header.remediation.values())):
        yield from fields_of(line)


def told(error: ValidationError) -> str:
    """The first problem of a failed validation, with where it is."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "header"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{where}: {first['msg'].removeprefix('Value error, ')}{more}"


def lines_of(value: Any) -> list[str]:
    """All lines of a line, of a list of them, or of a table of such."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, dict)):
        return []
    return [
        line for inner in (value.values() if isinstance(value, dict) else value) for line in lines_of(inner)
    ]


def in_quotes(template: str) -> list[str]:
    """The names in braces of a command line that stand inside quotes, where a value could end them."""
    quote, found = "", []
    for one in re.finditer(r"""\\.|\{\{|\}\}|\{(?P<name>[^{}]*)\}|(?P<quote>['"])""", template):
        if one["name"] is not None and quote:
            found.append(one["name"])
        elif one["quote"] and quote in ("", one["quote"]):
            quote = "" if quote else one["quote"]
    return [] if template.startswith("#") else found


def fields_of(template: str) -> list[str]:
    """The names in braces of a line.

    Raises ValueError when its braces do not match.
    """
    try:
        return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise ValueError(f"'{template}' is not a template: {error}") from error
