"""An audit on a lake: what reads the large tables runs on another engine, all else here."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from finops.errors import EngineError


@contextmanager
def judging_a_lake(con: duckdb.DuckDBPyConnection, remote: str, tables: str) -> Iterator[None]:
    """While this lasts, audits on the connection judge the lake at `tables`, through Spark Connect at `remote`.

    The tables of resources are brought from the lake as well, in front of the warehouse's own. Raises EngineError when
    the client is missing, nothing answers, or there is no lake.
    """
    from finops.engines.pushdown import pushing
    from finops.engines.spark import SparkEngine
    from finops.lake.layout import MANIFEST, Manifest

    engine = SparkEngine.connect(remote)
    try:
        root = tables.rstrip("/")
        text = engine.text(f"{root}/{MANIFEST}")
        if text is None:
            raise EngineError(
                f"Spark finds no lake at {tables} (no {MANIFEST}): write one with finops collect --lake, and give "
                "--tables the address that Spark has for it."
            )
        engine.open(root, Manifest.read(text, root))
        with pushing(engine, con):
            yield
    finally:
        engine.close()
