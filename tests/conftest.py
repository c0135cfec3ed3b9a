"""What all tests share: new warehouses are copies of an empty one, save where making one is what is tested."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shelf import copies_for_new, empty_file

_MAKE_THEIRS = Path(__file__).parent / "finops" / "warehouse"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole commands first: a file of them that began last would keep one processor busy and the others waiting."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


@pytest.fixture(scope="module", autouse=True)
def _new_warehouses(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.path.is_relative_to(_MAKE_THEIRS):
        yield
    else:
        with copies_for_new(empty_file()):
            yield
