"""What the tests of Google Cloud share."""

from collections.abc import Iterator

import duckdb
import pytest

from finops.schema_comments import schema_sql
from tests.collectors.gcp.canned import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A warehouse in memory, and collections into it."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        yield Desk(con)
