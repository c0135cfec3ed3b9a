"""What rows of the inventory have in common, whatever cloud they are from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from finops.warehouse import Scope

Raw = list[dict[str, Any]]


def place(scope: Scope) -> dict[str, Any]:
    """The columns that say where a row belongs."""
    return {"cloud": scope.cloud, "account_id": scope.account_id, "region": scope.region}


def tag_rows(scope: Scope, kind: str, identity: str, tags: Mapping[str, str | None]) -> Raw:
    """Rows of the table tags."""
    return [
        {**place(scope), "resource_type": kind, "resource_id": identity, "key": key, "value": value}
        for key, value in tags.items()
    ]


def once(resources: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """Each resource once: an estate that changes while its pages are read shows some of them twice."""
    return iter({str(one[key]): one for one in resources}.values())


def number(value: Any) -> float | None:
    """A number that may be written as text; None for none."""
    return None if value in (None, "") else float(value)
