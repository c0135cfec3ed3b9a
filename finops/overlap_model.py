"""What a report tells of findings that touch the same money, so that whoever shows some of them can net these anew.

Numbers of pieces, resources and commitments are numbers within one report and mean nothing outside it. Costs and
shares are exact: decimals written as text in JSON, in 730 hours and in the currency of the finding.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer, SerializerFunctionWrapHandler, model_serializer

Exact = Annotated[Decimal, PlainSerializer(lambda it: f"{it:f}", return_type=str, when_used="json")]
StageName = Literal["remove", "schedule", "size", "rate"]


class _Sparse(BaseModel):
    """A model that is written without what is nothing: there are many of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_serializer(mode="wrap")
    def _without_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told: dict[str, Any] = handler(self)
        return {name: value for name, value in told.items() if not _nothing(value)}


class Absorbed(_Sparse):
    """Of a held commitment that covers a piece: `cost` is what other usage would take of it when the use goes that this
    action alone lets go, `most` what it could take whatever else goes."""

    commitment: int
    cost: Exact
    most: Exact


class Piece(_Sparse):
    """One charge component of one resource: it costs `cost`, and the action alone leaves the share `left` of it.

    Findings that name the same piece change the same cost. `listed`: no bill holds it, its price is from the list.
    `gone` is the share of its use that goes, where held commitments cover it.
    """

    piece: int
    cost: Exact
    left: Exact
    listed: bool = False
    gone: Exact | None = None
    absorbed: list[Absorbed] = []


class Buyer(_Sparse):
    """An account whose usage a purchase covers: its share of that, and the cent to which the account costs."""

    share: Exact
    monthly_cost: Exact | None = None


class Overlap(_Sparse):
    """What of a finding meets other findings or a limit.

    Of one piece, actions of different stages follow each other in the order remove, schedule, size, rate; those of one
    stage exclude each other, and a removal excludes all. `after` has the shares left of pieces where the finding of
    that id acts first, `never_with` are ids that exclude it. `confidence` is that before netting, which lowers it.
    `accounts` are those whose usage a purchase covers, None for everything else; purchases on one resource exclude
    each other.
    """

    resource: int
    stage: StageName
    pieces: list[Piece]
    after: dict[str, dict[int, Exact]] = {}
    never_with: list[str] = []
    confidence: Literal["low", "medium", "high"]
    accounts: dict[str, Buyer] | None = None


def _nothing(value: object) -> bool:
    return value is None or value is False or value == [] or value == {}
