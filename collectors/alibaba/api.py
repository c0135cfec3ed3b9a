"""A call as it is declared next to the code that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.alibaba.products import TOKENS, Paging


@dataclass(frozen=True, init=False)
class Api:
    """One operation of one product, with the RAM actions it needs.

    One that is `optional` is no failure where the endpoint does not know it. With a `path` it is of the REST kind: a
    GET with its parameters in the query, those that the path names in it.
    `items` is the way to the list in its answer, `page` how many one may hold. `probe` are parameters of the smallest
    call that shows whether it is allowed; None where only a real call can tell.
    """

    product: str
    operation: str
    actions: tuple[str, ...]
    items: tuple[str, ...] = ()
    paging: Paging = TOKENS
    page: int = 100
    probe: tuple[tuple[str, Any], ...] | None = None
    path: str = ""
    optional: bool = False

    def __init__(
        self,
        product: str,
        operation: str,
        *actions: str,
        items: str = "",
        paging: Paging = TOKENS,
        page: int = 100,
        probe: Mapping[str, Any] | None = None,
        path: str = "",
        optional: bool = False,
    ) -> None:
        object.__setattr__(self, "product", product)
        object.__setattr__(self, "operation", operation)
        object.__setattr__(self, "actions", actions)
        object.__setattr__(self, "items", tuple(items.split(".")) if items else ())
        object.__setattr__(self, "paging", paging)
        object.__setattr__(self, "page", page)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "optional", optional)
        object.__setattr__(self, "probe", None if probe is None else tuple(probe.items()))

    @property
    def action(self) -> str:
        """The RAM action of the call, or what it would be called."""
        return self.actions[0] if self.actions else f"{self.product}:{self.operation}"
