"""The options of an audit that judges a lake."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from finops.cli.options import Common, Engine
from finops.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def elsewhere(
    common: Common, engine: Engine, remote: str | None, tables: str | None, live: list[str] | None
) -> "Callable[[DuckDBPyConnection], AbstractContextManager[None]]":
    """What to do around an audit on a connection, so that it is made where it was asked for.

    Raises UsageError for options that lack another, or say nothing without it.
    """
    if engine is Engine.duckdb:
        for name, value in (("--remote", remote), ("--tables", tables)):
            if value:
                raise UsageError(f"{name} says where Spark is to judge: write --engine spark as well.")
        return lambda _: nullcontext()
    server = remote or os.environ.get("SPARK_REMOTE") or common.settings.spark_remote
    lake = tables or common.settings.lake
    if server is None:
        raise UsageError(
            "--engine spark needs a server: name it with --remote sc://HOST:PORT, or $SPARK_REMOTE."
        )
    if lake is None:
        raise UsageError(
            "--engine spark judges a lake: name it with --tables URI, or as lake in finops.toml; finops collect --lake "
            "URI writes one."
        )
    if live:
        raise UsageError(
            f"--engine spark judges a lake: bring it up to date with finops collect {live[0]} --lake {lake}, then "
            "audit it without naming the cloud."
        )
    return _judging(common, server, lake)


def _judging(
    common: Common, server: str, lake: str
) -> "Callable[[DuckDBPyConnection], AbstractContextManager[None]]":
    from finops.instants import now
    from finops.pipeline.elsewhere import judging_a_lake
    from finops.warehouse import writing

    if not common.db.exists():  # where the findings go: everything that is judged comes from the lake
        with writing(common.db, "audit", at=now(), limits=common.settings.limits()):
            pass
    return lambda con: judging_a_lake(con, server, lake)
