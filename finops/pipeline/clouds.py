"""What differs from cloud to cloud when one is collected. The rest is one code for all: a new cloud is an entry here.

Its collector is the package `collectors.<name>`, its section of finops.toml is called the same, and each field of
its `Request` is a key of that section and an option of the commands.
"""

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from finops.errors import UsageError
from finops.pipeline.identities import identity_of_alibaba, identity_of_aws, identity_of_gcp

if TYPE_CHECKING:
    from collectors.conduct import Outcome, Progress
    from finops.config import Settings
    from finops.warehouse import Scope, Writer


@dataclass(frozen=True, slots=True)
class Asking:
    """What a user asks of a cloud.

    What is empty comes from the section of the cloud in finops.toml, and where that has none, from the collector;
    `since` is how far back metrics go, then as far as the cloud keeps them.
    """

    profiles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    organization: str | None = None
    folders: tuple[str, ...] = ()
    billing_account: str | None = None
    role: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] = ()
    endpoint: str | None = None
    site: str | None = None
    billing_export: str | None = None
    cost_explorer: bool = False
    flow_logs: bool | str = False
    only: tuple[str, ...] = ()
    since: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Collecting:
    """What to collect: whom to ask, which datasets (empty: all), how many days of metrics (0: all), which bill.

    `request` is the `Request` of the cloud's collector. `cost_explorer` asks for the cost where no bill tells it,
    which costs 0.01 USD a request; `flow_logs` reads those, which are large; of Google Cloud it is
    the table that has them.
    """

    request: Any
    only: tuple[str, ...] = ()
    days: int = 0
    billing_export: str | None = None
    bill_days: int = 40
    cost_explorer: bool = False
    flow_logs: bool | str | None = False

    @property
    def charges(self) -> bool:
        """Whether the bill is among what is asked for."""
        return not self.only or "charges" in self.only

    @property
    def traffic(self) -> bool:
        """Whether flow logs are."""
        return "traffic" in self.only if self.only else bool(self.flow_logs)


class Result(Protocol):
    """What a collector returns: what became of each scope, its places, the bill in a line or a few."""

    @property
    def outcome(self) -> "Outcome": ...
    @property
    def places(self) -> list[tuple[str, str]]: ...
    @property
    def bill(self) -> str | None: ...


class Collector(Protocol):
    """What the package of every cloud offers."""

    @property
    def DATASETS(self) -> Sequence[str]: ...  # noqa: N802 - a constant of the module
    @property
    def Request(self) -> Any: ...  # noqa: N802 - a class of the module
    def scopes_of(self, account: str, region: str, only: Iterable[str] = ()) -> "list[Scope]": ...
    def collect(
        self,
        writer: "Writer",
        request: Any,
        wanted: Any,
        *,
        at: datetime,
        fresh: "Callable[[Scope], bool]",
        progress: "Progress",
    ) -> Result: ...


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud that can be collected.

    `days` are the most that it keeps metrics for. `wanted` makes the `Wanted` of its collector, for the instant that
    data speak about and the warehouse they go to. `identity` tells whose credentials a request would use, and where
    it would go, without a call and without a secret. `whom` are keys that each name something to collect and add up:
    an option for one of them takes the place of all.
    """

    name: str
    title: str
    days: int
    wanted: Callable[[Collecting, datetime, Path], Any]
    identity: Callable[[Any], list[str]]
    whom: tuple[str, ...] = ()

    def collector(self) -> Collector:
        """The cloud's package, imported when it is needed: the SDKs are slow to load."""
        return cast(Collector, importlib.import_module(f"collectors.{self.name}"))

    def asked(self, settings: "Settings", asking: Asking) -> Collecting:
        """What the user wants, the options over finops.toml.

        Raises UsageError for more days than the cloud keeps.
        """
        days = self.days if asking.since is None else asking.since.days
        if not 1 <= days <= self.days:
            raise UsageError(f"--since: metrics are collected over 1 to {self.days} days, not over {days}.")
        own = getattr(settings, self.name)
        more = {
            name: _given(own, asking, name) or getattr(own, name)
            for name in ("billing_export", "cost_explorer", "flow_logs", "bill_days")
            if hasattr(own, name)
        }
        return Collecting(self.request(settings, asking), asking.only, days, **more)

    def request(self, settings: "Settings", asking: Asking) -> Any:
        """Whom to ask, as the collector's `Request`.

        Raises UsageError for a value that the key of finops.toml would not take.
        """
        own, kind = getattr(settings, self.name), self.collector().Request
        base = own.model_copy(update={name: type(own).model_fields[name].default for name in self.whom})
        base = base if any(getattr(asking, name) for name in self.whom) else own
        told = {
            field.name: _given(own, asking, field.name) or getattr(base, field.name) for field in fields(kind)
        }
        told = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
        return kind(**{**told, "regions": tuple(sorted(set(told["regions"])))})

    def strange(self, settings: "Settings", asking: Asking) -> set[str]:
        """The options among those given that this cloud does not have."""
        own = getattr(settings, self.name)
        given = {field.name for field in fields(asking) if getattr(asking, field.name)}
        return {name for name in given - _OF_ALL if not hasattr(own, name)}


def option(name: str) -> str:
    """The option of the command line that sets a field of Asking."""
    return "--" + (_SINGULAR.get(name) or name).replace("_", "-")


def _given(own: BaseModel, asking: Asking, name: str) -> Any:
    """What was given for a field, as the key of finops.toml would hold it.

    Raises UsageError where the key tells in words why it does not take the value. What else is wrong with it is
    the collector's to say.
    """
    value = getattr(asking, name, None)
    if not value:
        return value
    try:
        plain = list(value) if isinstance(value, tuple) else value
        return getattr(type(own).model_validate({name: plain}), name)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "words":
            raise UsageError(f"{option(name)} {first['msg']}.") from None
        return value


def cloud_named(name: str) -> Cloud:
    """The cloud of this name. Raises UsageError where none can be collected."""
    if name not in CLOUDS:
        raise UsageError(
            f"finops cannot collect from {name} yet: this version collects from {_listed(CLOUDS)}."
        )
    return CLOUDS[name]


def asked_of_each(names: Iterable[str], settings: "Settings", asking: Asking) -> dict[str, Collecting]:
    """What is wanted of each of these clouds, by name. An option that only some have is for those.

    Raises UsageError for a cloud that cannot be collected, an option that none of them has, and one that names
    something of a single cloud while several are asked.
    """
    clouds = [cloud_named(name) for name in dict.fromkeys(names)]
    strange = _strange(clouds, settings, asking)
    for name in sorted(set.intersection(*strange.values())):
        raise UsageError(
            f"{option(name)} means nothing to {_listed(cloud.title for cloud in clouds)}: leave it out."
        )
    _refuse_for_several(clouds, strange, asking)
    plain: dict[str, Any] = {field.name: field.default for field in fields(asking)}
    return {
        cloud.name: cloud.asked(
            settings, replace(asking, **{name: plain[name] for name in strange[cloud.name]})
        )
        for cloud in clouds
    }


def _strange(clouds: Sequence[Cloud], settings: "Settings", asking: Asking) -> dict[str, set[str]]:
    """The options that each cloud does not have, by its name; a bill is the one cloud's whose bills are so named."""
    strange = {cloud.name: cloud.strange(settings, asking) for cloud in clouds}
    named = [cloud for cloud in clouds if _names_a_bill(getattr(settings, cloud.name), asking.billing_export)]
    for cloud in clouds if len(named) == 1 else ():
        strange[cloud.name] |= set() if cloud in named else {"billing_export"}
    return strange


def _names_a_bill(own: BaseModel, text: str | None) -> bool:
    try:
        return bool(text) and bool(type(own).model_validate({"billing_export": text}))
    except ValidationError:
        return False


def _refuse_for_several(clouds: Sequence[Cloud], strange: dict[str, set[str]], asking: Asking) -> None:
    """Raises UsageError for an option that names something of one cloud where several could take it."""
    for name in _OF_ONE if len(clouds) > 1 else ():
        takers = [cloud for cloud in clouds if name not in strange[cloud.name]]
        if not getattr(asking, name) or (len(takers) == 1 and name != "accounts"):
            continue  # what an audit tells is limited to the accounts, and none is another cloud's
        titles, sections = _listed(one.title for one in clouds), _listed(f"[{one.name}]" for one in takers)
        raise UsageError(
            f"{option(name)} names something of one cloud, but {titles} are asked: set it under {sections} "
            "in finops.toml, or ask one cloud at a time."
        )


def _listed(words: Iterable[str]) -> str:
    """a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _wanted_of_aws(asked: Collecting, at: datetime, db: Path) -> Any:
    from collectors import aws

    if asked.only == ("charges",) and not asked.billing_export and not asked.cost_explorer:
        raise UsageError(
            "--only charges needs a bill: say where it is with --billing-export, or ask for --cost-explorer."
        )
    bill = None
    if asked.billing_export and asked.charges:
        bill = aws.Bill(asked.billing_export, at - timedelta(days=asked.bill_days), _bills(db))
    return aws.Wanted(asked.only, asked.days, bill, asked.cost_explorer and asked.charges, asked.traffic)


def _wanted_of_alibaba(asked: Collecting, at: datetime, db: Path) -> Any:
    from collectors import alibaba

    bill = alibaba.Bill(at - timedelta(days=asked.bill_days), _bills(db)) if asked.charges else None
    return alibaba.Wanted(asked.only, asked.days, bill, asked.traffic)


def _wanted_of_gcp(asked: Collecting, at: datetime, db: Path) -> Any:
    from collectors import gcp

    if asked.only == ("charges",) and not asked.billing_export:
        raise UsageError(
            "--only charges needs a bill: say where it is with --billing-export PROJECT.DATASET.TABLE."
        )
    bill = None
    if asked.billing_export and asked.charges:
        bill = gcp.Bill(asked.billing_export, at - timedelta(days=asked.bill_days), _bills(db))
    return gcp.Wanted(
        asked.only, asked.days, bill, asked.traffic, str(asked.flow_logs) if asked.flow_logs else None
    )


def _bills(db: Path) -> Path:
    """The folder beside a warehouse that keeps the files of bills."""
    return db.with_name(db.name + ".bills")


# What each cloud takes, and what names something that another cloud cannot have.
_OF_ALL = {"only", "since"}
_OF_ONE = ("profiles", "accounts", "role", "external_id", "regions", "endpoint", "billing_export")
_PROJECTS = ("projects", "organization", "folders", "billing_account")
_SINGULAR = {
    "profiles": "profile",
    "accounts": "account",
    "projects": "project",
    "folders": "folder",
    "regions": "region",
}
CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("aws", "AWS", days=95, wanted=_wanted_of_aws, identity=identity_of_aws),
        Cloud("alibaba", "Alibaba Cloud", days=91, wanted=_wanted_of_alibaba, identity=identity_of_alibaba),
        Cloud(
            "gcp", "Google Cloud", days=95, wanted=_wanted_of_gcp, identity=identity_of_gcp, whom=_PROJECTS
        ),
    )
}
