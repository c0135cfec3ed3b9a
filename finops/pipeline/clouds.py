"""What differs from cloud to cloud when one is collected. The rest is one code for all: a new cloud is an entry here.

Its collector is the package `collectors.<name>`, its section of finops.toml is called the same, and each field of
its `Request` is a key of that section and an option of the commands.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from finops.endpoints import checked_endpoint
from finops.errors import FinopsError, UsageError

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
    role: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] = ()
    endpoint: str | None = None
    site: str | None = None
    billing_export: str | None = None
    cost_explorer: bool = False
    only: tuple[str, ...] = ()
    since: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Collecting:
    """What to collect: whom to ask, which datasets (empty: all), how many days of metrics (0: all), which bill.

    `request` is the `Request` of the cloud's collector. `cost_explorer` asks for the cost where no bill tells it,
    which costs 0.01 USD a request.
    """

    request: Any
    only: tuple[str, ...] = ()
    days: int = 0
    billing_export: str | None = None
    bill_days: int = 40
    cost_explorer: bool = False

    @property
    def charges(self) -> bool:
        """Whether the bill is among what is asked for."""
        return not self.only or "charges" in self.only


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
    it would go, without a call and without a secret.
    """

    name: str
    title: str
    days: int
    wanted: Callable[[Collecting, datetime, Path], Any]
    identity: Callable[[Any], list[str]]

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
            name: getattr(asking, name, None) or getattr(own, name)
            for name in ("billing_export", "cost_explorer", "bill_days")
            if hasattr(own, name)
        }
        return Collecting(self.request(settings, asking), asking.only, days, **more)

    def request(self, settings: "Settings", asking: Asking) -> Any:
        """Whom to ask, as the collector's `Request`.

        Raises UsageError for an endpoint that is none.
        """
        if asking.endpoint:
            try:
                asking = replace(asking, endpoint=checked_endpoint(asking.endpoint))
            except ValueError as error:
                raise UsageError(f"--endpoint {error}.") from None
        own, kind = getattr(settings, self.name), self.collector().Request
        told = {field.name: getattr(asking, field.name) or getattr(own, field.name) for field in fields(kind)}
        told = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
        return kind(**{**told, "regions": tuple(sorted(set(told["regions"])))})

    def strange(self, settings: "Settings", asking: Asking) -> set[str]:
        """The options among those given that this cloud does not have."""
        own = getattr(settings, self.name)
        given = {field.name for field in fields(asking) if getattr(asking, field.name)}
        return {name for name in given - _OF_ALL if not hasattr(own, name)}


def option(name: str) -> str:
    """The option of the command line that sets a field of Asking."""
    return "--" + (_SINGULAR.get(name) or name.replace("_", "-"))


def cloud_named(name: str) -> Cloud:
    """The cloud of this name. Raises UsageError where none can be collected."""
    if name not in CLOUDS:
        raise UsageError(
            f"finops cannot collect from {name} yet: this version collects from {' and '.join(CLOUDS)}."
        )
    return CLOUDS[name]


def asked_of_each(names: Iterable[str], settings: "Settings", asking: Asking) -> dict[str, Collecting]:
    """What is wanted of each of these clouds, by name. An option that only some have is for those.

    Raises UsageError for a cloud that cannot be collected, an option that none of them has, and one that names
    something of a single cloud while several are asked.
    """
    clouds = [cloud_named(name) for name in dict.fromkeys(names)]
    titles = " and ".join(cloud.title for cloud in clouds)
    strange = {cloud.name: cloud.strange(settings, asking) for cloud in clouds}
    for name in sorted(set.intersection(*strange.values())):
        raise UsageError(f"{option(name)} means nothing to {titles}: leave it out.")
    for name in _OF_ONE if len(clouds) > 1 else ():
        if getattr(asking, name):
            sections = " and ".join(f"[{cloud.name}]" for cloud in clouds)
            raise UsageError(
                f"{option(name)} names something of one cloud, but {titles} are asked: set it under {sections} "
                "in finops.toml, or ask one cloud at a time."
            )
    plain: dict[str, Any] = {field.name: field.default for field in fields(asking)}
    return {
        cloud.name: cloud.asked(
            settings, replace(asking, **{name: plain[name] for name in strange[cloud.name]})
        )
        for cloud in clouds
    }


def _wanted_of_aws(asked: Collecting, at: datetime, db: Path) -> Any:
    from collectors import aws

    if asked.only == ("charges",) and not asked.billing_export and not asked.cost_explorer:
        raise UsageError(
            "--only charges needs a bill: say where it is with --billing-export, or ask for --cost-explorer."
        )
    bill = None
    if asked.billing_export and asked.charges:
        bill = aws.Bill(asked.billing_export, at - timedelta(days=asked.bill_days), _bills(db))
    return aws.Wanted(asked.only, asked.days, bill, asked.cost_explorer and asked.charges)


def _wanted_of_alibaba(asked: Collecting, at: datetime, db: Path) -> Any:
    from collectors import alibaba

    bill = alibaba.Bill(at - timedelta(days=asked.bill_days), _bills(db)) if asked.charges else None
    return alibaba.Wanted(asked.only, asked.days, bill)


def _bills(db: Path) -> Path:
    """The folder beside a warehouse that keeps the files of bills."""
    return db.with_name(db.name + ".bills")


def _identity_of_aws(request: Any) -> list[str]:
    """Variables alone: the SDK looks at each of its files only when it is told to."""
    names = (
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL",
    )  # fmt: skip
    return [*(os.environ.get(name, "") for name in names), request.external_id or ""]


def _identity_of_alibaba(request: Any) -> list[str]:
    """The key's id or the role, wherever it is found: `aliyun configure switch` changes it within a file."""
    from collectors.alibaba.credentials import find_source

    told = [f"{name}={os.environ[name]}" for name in sorted(os.environ) if "ALIBABA_CLOUD_ENDPOINT_" in name]
    for profile in request.profiles or (None,):
        try:
            source = find_source(profile)
        except FinopsError:
            break  # what is wrong with it is told when the cloud is asked
        told += [source.key.id if source.key else "", repr(replace(source, key=None))]
    return [*told, request.external_id or ""]


# What each cloud takes, and what names something that another cloud cannot have.
_OF_ALL = {"only", "since"}
_OF_ONE = ("profiles", "accounts", "role", "external_id", "regions")
_SINGULAR = {"profiles": "profile", "accounts": "account", "regions": "region"}
CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("aws", "AWS", days=95, wanted=_wanted_of_aws, identity=_identity_of_aws),
        Cloud("alibaba", "Alibaba Cloud", days=91, wanted=_wanted_of_alibaba, identity=_identity_of_alibaba),
    )
}
