"""The header of a data test: what it is, checked by a schema before its SQL is looked at."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rules.engine.header import Identifier, Name, Parameter, Sentence, split_as

Stage = Literal["bill", "collect", "audit", "pipeline"]
Severity = Literal["warn", "error"]
# What the engine binds whether a header names it or not.
GIVEN = ("as_of", "run_started")
# A parameter in one of these gets a companion NAME_cutoff: the instant that long before $as_of.
SPANS = {"days": 86_400, "hours": 3_600}


class Header(BaseModel):
    """The YAML block at the head of a data test. `severity` is that of its failures unless a row says another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    title: Sentence
    stage: Stage
    severity: Severity
    parameters: dict[Name, Parameter] = {}
    doc: Annotated[str, Field(min_length=40)]

    @property
    def cutoffs(self) -> dict[str, int]:
        """The seconds of a unit for each parameter that has a companion NAME_cutoff."""
        return {name: SPANS[one.unit] for name, one in self.parameters.items() if one.unit in SPANS}

    @property
    def bound(self) -> set[str]:
        """Every name that its SQL may write after $."""
        return {*self.parameters, *(f"{name}_cutoff" for name in self.cutoffs), *GIVEN}


def split(text: str, name: str) -> tuple[Header, str]:
    """The header and the SQL of a data test in a file called `name`.

    Raises RuleError, in one sentence that names the file and the field.
    """
    return split_as(Header, "data test", text, name)
