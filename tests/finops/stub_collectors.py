"""Collectors that need no cloud: each has one account in one region with two datasets, and notes what it was asked."""

import importlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from collectors.conduct import Outcome, Progress
from finops.errors import FinopsError
from finops.warehouse import Scope, Writer, load_scope, record_failure

REGION = "region-1"
ACCOUNTS = {"aws": "012345678901", "alibaba": "1234567890123456", "gcp": "project-1"}


@dataclass
class Result:
    """As that of every collector."""

    outcome: Outcome
    places: list[tuple[str, str]]
    bill: str | None = None


@dataclass
class Stub:
    """A collector: what it was asked, scope by scope, and what it should do wrong."""

    cloud: str
    requests: list[Any] = field(default_factory=list)
    wanted: list[Any] = field(default_factory=list)
    collected: list[str] = field(default_factory=list)
    raises: BaseException | None = None
    raises_before: str | None = None
    denied: tuple[str, ...] = ()
    bills_rested: list[bool] = field(default_factory=list)

    @property
    def account(self) -> str:
        return ACCOUNTS[self.cloud]

    def scopes_of(self, account: str, region: str, only: Iterable[str] = ()) -> list[Scope]:
        chosen = [name for name in ("instances", "metrics") if not only or name in only]
        return [Scope(self.cloud, account, region, name) for name in chosen]

    def collect(
        self,
        writer: Writer,
        request: Any,
        wanted: Any,
        *,
        at: datetime,
        fresh: Callable[[Scope], bool],
        progress: Progress,
    ) -> Result:
        self.requests.append(request)
        self.wanted.append(wanted)
        if self.raises and not self.raises_before:
            raise self.raises
        outcome = Outcome()
        scopes = [one for one in self.scopes_of(self.account, REGION, wanted.only) if not fresh(one)]
        progress.begin(len(scopes))
        if wanted.bill:
            self._bill(writer, fresh, at)
        for scope in scopes:
            if self.raises and scope.dataset == self.raises_before:
                raise self.raises
            self._bring(writer, scope, outcome, at)
            progress.scope(scope, outcome.statuses[scope])
        return Result(outcome, [(self.account, REGION)])

    def _bill(self, writer: Writer, fresh: Callable[[Scope], bool], at: datetime) -> None:
        """Reads the bill, which has no charges; only that it was looked at is stored."""
        scope = Scope(self.cloud, self.account, "global", "charges")
        self.bills_rested.append(fresh(scope))
        key = [scope.cloud, scope.account_id, scope.region, scope.dataset]
        writer.con.execute("DELETE FROM coverage WHERE dataset = 'charges' AND cloud = ?", [self.cloud])
        writer.con.execute(
            "INSERT INTO coverage VALUES (?, ?, ?, ?, 'complete', NULL, 0, 1, ?, ?, ?)",
            [*key, at, at, writer.run_id],
        )

    def _bring(self, writer: Writer, scope: Scope, outcome: Outcome, at: datetime) -> None:
        self.collected.append(scope.dataset)
        outcome.calls += 1
        if scope.dataset in self.denied:
            sentence = f"{self.cloud}:Read{scope.dataset.capitalize()} is denied."
            record_failure(writer.con, writer.run_id, scope, "denied", sentence, at=at, calls=1)
            outcome.statuses[scope], outcome.errors[scope] = "denied", sentence
            return
        rows = {"instances": [self._machines()], "metrics": []}[scope.dataset]
        outcome.rows += load_scope(writer.con, writer.run_id, scope, {scope.dataset: rows}, at=at, calls=1)
        outcome.statuses[scope] = "complete"

    def _machines(self) -> pa.Table:
        key = {"cloud": self.cloud, "account_id": self.account, "region": REGION}
        return pa.Table.from_pylist([{**key, "instance_id": "i-1", "state": "running"}])


def install(patch: pytest.MonkeyPatch, cloud: str) -> Stub:
    """Puts a stub in the place of what a cloud's collector does; its own `Request` and `Wanted` stay."""
    stub, module = Stub(cloud), importlib.import_module(f"collectors.{cloud}")
    patch.setattr(module, "DATASETS", ("instances", "metrics"))
    patch.setattr(module, "scopes_of", stub.scopes_of)
    patch.setattr(module, "collect", stub.collect)
    return stub


def nobody(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Nobody's credentials, in the environment or at home."""
    prefixes = ("AWS_", "ALIBABA", "ALIYUN_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "FINOPS_")
    for name in [name for name in os.environ if name.startswith(prefixes)]:
        patch.delenv(name)
    patch.setenv("HOME", str(home))


@dataclass
class Watching:
    """Progress that only notes."""

    said: list[str] = field(default_factory=list)

    def begin(self, scopes: int) -> None:
        self.said.append(f"begin {scopes}")

    def scope(self, scope: Scope, status: str) -> None:
        self.said.append(f"{scope.dataset} {status}")

    def say(self, message: str) -> None:
        self.said.append(message)


class BrokenError(FinopsError):
    """Something that ends a collection."""
