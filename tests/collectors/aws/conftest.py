"""What the tests of AWS share."""

from collections.abc import Iterator

import pytest

from tests.servers.aws import models


@pytest.fixture(scope="module", autouse=True)
def _models() -> Iterator[None]:
    with models.kept():
        yield
