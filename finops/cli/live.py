"""What the commands of every cloud share: how options are read, how far it has come, what became of it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from finops.cli.options import Common, in_colour, instant, on_terminal, out, width

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from collectors.examining import Examination
    from finops.errors import FinopsError
    from finops.pipeline.clouds import Asking, Collecting
    from finops.pipeline.collecting import Collected
    from finops.warehouse import Scope

E = TypeVar("E", bound="Examination")


def collect_and_tell(
    common: Common,
    cloud: str,
    asking: "Asking",
    *,
    max_age: str | None,
    as_of: str | None,
    wait: str,
    lake: str | None = None,
) -> None:
    """The whole of `finops collect CLOUD`: prints what became of it and raises what it lacks.

    Raises UsageError for what makes no sense or does not exist, CredentialsError when nothing could be had.
    """
    from finops.instants import parse_duration
    from finops.pipeline.clouds import asked_of_each

    asked = asked_of_each([cloud], common.settings, asking)[cloud]
    limit, patience = parse_duration(max_age) if max_age else None, parse_duration(wait).total_seconds()
    done = _collect(common, cloud, asked, limit, as_of, patience)
    out(told(done))
    update_lake(common, lake)
    if done.problem:
        raise done.problem


def update_lake(common: Common, lake: str | None) -> None:
    """Brings the lake at this address, or the one of the configuration, up to the state of the warehouse."""
    address = lake or common.settings.lake
    if address is None:
        return
    from finops.instants import now
    from finops.lake import export

    done = export(common.db, address, at=now(), limits=common.settings.limits(), progress=common.say)
    out(done.told)


def collect_each(
    common: Common,
    clouds: Sequence[str],
    asking: "Asking",
    max_age: "timedelta | None",
    *,
    as_of: str | None,
) -> "list[FinopsError]":
    """Brings what is older than allowed (a day) up to date, cloud by cloud, and returns what is lacking.

    A cloud that refuses the credentials everywhere is one thing that is lacking; raises CredentialsError when all
    do, and UsageError for what makes no sense, before any is asked.
    """
    from datetime import timedelta

    from finops.errors import CredentialsError, IncompleteError, UnreachableError
    from finops.pipeline.clouds import CLOUDS, asked_of_each

    asked = asked_of_each(clouds, common.settings, asking)
    limit = timedelta(hours=24) if max_age is None else max_age
    lacking: list[FinopsError] = []
    refused: dict[str, CredentialsError] = {}
    for cloud, wanted in asked.items():
        try:
            done = _collect(common, cloud, wanted, limit, as_of)
        except CredentialsError as error:
            refused[cloud] = error
            continue
        if done.bill:
            common.say(done.bill)
        lacking += [done.problem] if done.problem else []
    if len(refused) == len(asked):
        down = all(isinstance(error, UnreachableError) for error in refused.values())
        raise (UnreachableError if down else CredentialsError)(" ".join(map(str, refused.values())))
    lacking += [IncompleteError(f"{CLOUDS[name].title} was left out: {why}") for name, why in refused.items()]
    return lacking


def _collect(
    common: Common,
    cloud: str,
    asked: "Collecting",
    max_age: "timedelta | None",
    as_of: str | None,
    wait_seconds: float = 0,
) -> "Collected":
    """Collects with a progress bar where a person watches."""
    from finops.instants import now
    from finops.pipeline.clouds import cloud_named
    from finops.pipeline.collecting import collect

    clock = now()
    with Bar(common, cloud_named(cloud).title) as bar:
        return collect(
            cloud,
            common.db,
            common.settings,
            asked,
            at=instant(as_of) if as_of else clock,
            clock=clock,
            progress=bar,
            max_age=max_age,
            wait_seconds=wait_seconds,
        )


def examine_and_tell(
    common: Common,
    cloud: str,
    asking: "Asking",
    examine: "Callable[[Any, datetime], E]",
    first_run: "Callable[[E], Mapping[str, Any]]",
) -> None:
    """The whole of `finops doctor CLOUD`: what it found, how old the data are, what a first run would take.

    `examine` is given the request and the time, `first_run` tells what such a run takes beside its places. Raises
    UsageError for what makes no sense or does not exist, IncompleteError when something was denied or failed.
    """
    from finops.errors import IncompleteError
    from finops.instants import now
    from finops.pipeline.clouds import cloud_named
    from finops.pipeline.status import freshness
    from finops.pipeline.tables import as_tables, as_tsv

    found = examine(cloud_named(cloud).request(common.settings, asking), now())
    tables = {
        "checks": [asdict(check) for check in found.checks],
        "freshness": freshness(common.db, common.settings, cloud),
        "a first run": [{"places": found.places, **first_run(found)}],
    }
    shown = {name: rows for name, rows in tables.items() if rows}
    out(as_tables(shown, width(), color=in_colour()) if on_terminal() else as_tsv(shown))
    if found.denied:
        first = found.denied[0]
        raise IncompleteError(
            f"{len(found.denied)} of {len(found.checks)} checks failed, {first.subject} in account {first.account} "
            f"region {first.region} among them: {first.detail}"
        )


def print_policy(common: Common, cloud: str, asking: "Asking", policy: "Callable[[Any], Any]") -> None:
    """The whole of `finops permissions CLOUD`: what `policy` makes of the request, as JSON."""
    import json

    from finops.pipeline.clouds import cloud_named

    out(json.dumps(policy(cloud_named(cloud).request(common.settings, asking)), indent=2))


def asking_of(*, since: str | None = None, only: str | None = None, **options: Any) -> "Asking":
    """The options of a command as they were given.

    Raises UsageError for a time that is no duration.
    """
    from finops.instants import parse_duration
    from finops.pipeline.clouds import Asking

    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in options.items()
        if value is not None
    }
    return Asking(
        **given,
        only=tuple(name.strip() for name in (only or "").split(",") if name.strip()),
        since=parse_duration(since) if since else None,
    )


class Bar:
    """How far a collection has come, on stderr: a bar on a terminal, a line elsewhere, nothing when quiet."""

    def __init__(self, common: Common, cloud: str) -> None:
        self._common = common
        self._cloud = cloud
        self._bar: Any = None
        self._task: Any = None
        self._done = self._of = 0

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, scopes: int) -> None:
        """Says how many scopes there are to collect, as far as that is known: places may turn out to have more."""
        self._done, self._of = 0, scopes
        if self._common.quiet or not sys.stderr.isatty():
            self._common.say(f"Collecting {scopes} scopes from {self._cloud}.")
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(f"Collecting from {self._cloud}", total=scopes)

    def scope(self, scope: "Scope", status: str) -> None:
        """Says that a scope is done, whole or not. Whatever was not announced makes the way longer."""
        self._done += 1
        self._of = max(self._of, self._done)
        if self._bar is not None:
            mark = "" if status == "complete" else f" ({status})"
            words = f"{scope.account_id} {scope.region} {scope.dataset.replace('_', ' ')}{mark}"
            self._bar.update(
                self._task, completed=self._done, total=self._of, description=f"{words:<50}"[:50]
            )

    def say(self, message: str) -> None:
        """A word in between."""
        self._common.say(message)


def told(done: "Collected") -> str:
    """What was collected, a line per account and region, then what could not be."""
    if not done.statuses and not done.bill:
        return "Nothing to collect: everything that was asked for is fresh."
    lines = []
    places = sorted({(scope.cloud, scope.account_id, scope.region) for scope in done.statuses})
    for cloud, account, region in places:
        here = {
            scope.dataset: status
            for scope, status in done.statuses.items()
            if (scope.cloud, scope.account_id, scope.region) == (cloud, account, region)
        }
        whole = sum(status == "complete" for status in here.values())
        rest = ", ".join(f"{name} {status}" for name, status in here.items() if status != "complete")
        lines.append(
            f"{cloud} {account} {region}: {whole} of {len(here)} complete{'; ' + rest if rest else ''}"
        )
    if done.bill:
        lines.append(done.bill)
    lines.append(f"{done.rows:,} rows, {done.calls:,} calls")
    return "\n".join(lines)
