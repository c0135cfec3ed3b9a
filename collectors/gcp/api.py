"""A call as it is declared next to the code that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, init=False)
class Api:
    """One GET of one service, with the IAM permissions it needs (`actions`, as for every cloud).

    `path` may have {project} and other names in it, which are parameters of the call. `items` is the list in its
    answer; of an aggregated one, the list in each of its scopes. `size` is the parameter for a page's size, at most
    `page`. `probe` are parameters of the smallest call that shows whether it is allowed; None where only a real call
    can tell. What is `optional` is not offered everywhere: an address that knows no such call has nothing of its kind.
    Answers of what is `heavy` are so large that only a few are held at a time.
    """

    service: str
    path: str
    actions: tuple[str, ...]
    items: str = "items"
    aggregated: bool = False
    size: str = "maxResults"
    page: int = 500
    probe: tuple[tuple[str, Any], ...] | None = None
    optional: bool = False
    heavy: bool = False

    def __init__(
        self,
        service: str,
        path: str,
        *actions: str,
        items: str = "items",
        aggregated: bool = False,
        size: str = "maxResults",
        page: int = 500,
        probe: Mapping[str, Any] | None = None,
        optional: bool = False,
        heavy: bool = False,
    ) -> None:
        object.__setattr__(self, "service", service)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "actions", actions)
        object.__setattr__(self, "items", items)
        object.__setattr__(self, "aggregated", aggregated)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "page", page)
        object.__setattr__(self, "optional", optional)
        object.__setattr__(self, "heavy", heavy)
        object.__setattr__(self, "probe", None if probe is None else tuple(probe.items()))

    @property
    def action(self) -> str:
        """The permission of the call, or what it asks for."""
        return self.actions[0] if self.actions else f"{self.service}:{self.path.rsplit('/', 1)[-1]}"
