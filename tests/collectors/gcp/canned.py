"""Answers in place of Google Cloud: a client that gives those a test made by hand, and a collection around it."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

from collectors.calls import METER, CallError
from collectors.gathering import Result
from collectors.gcp import collecting, pricing
from collectors.gcp.accounts import Found, Request
from collectors.gcp.api import Api
from collectors.gcp.catalogue import Catalogue
from collectors.gcp.client import Client, Session
from collectors.gcp.collecting import Wanted
from collectors.gcp.credentials import Credentials
from finops.pipeline.collecting import Collected, Collecting
from finops.warehouse import Scope, Writer
from tests.collectors.live import AT, Quiet, collected, environment

PROJECT = "shop-prod"
URL = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
NO_SERIES: dict[str, Any] = {"timeSeries": []}


def name_of(api: Api) -> str:
    """The collection that a call is about: instances, timeSeries, redis/instances; databases are those of Cloud SQL."""
    name = api.path.rsplit("/", 1)[-1]
    if api.service == "sqladmin":
        return "databases"
    return f"{api.service}/{name}" if api.service in _APART else name


# Services whose collections have the names of others.
_APART = (
    "redis",
    "container",
    "artifactregistry",
    "logging",
    "aiplatform",
    "notebooks",
    "run",
    "cloudfunctions",
)


class Canned(Client):
    """A client that answers by collection: a dictionary always, a list one by one, a function of the parameters, or an
    error; nothing where nothing is told. `asked` has every question in order."""

    def __init__(self, project: str = PROJECT, **answers: Any) -> None:
        session = Session(Credentials(anonymous=True), project, endpoint="http://127.0.0.1:1")
        session._clients[project] = self
        super().__init__(session, project)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {
            name: iter(answer) if isinstance(answer, list) else answer for name, answer in answers.items()
        }

    def get(self, api: Api, understand: Callable[[bytes], Any] | None = None, **parameters: Any) -> Any:
        name = name_of(api)
        METER.sent += 1
        self.asked.append((name, parameters))
        answer = self.answers.get(name, {})
        if isinstance(answer, Iterator):
            answer = next(answer)
        if callable(answer):
            answer = answer(parameters)
        if isinstance(answer, Exception):
            raise answer
        return understand(json.dumps(answer).encode()) if understand else json.loads(json.dumps(answer))

    def questions(self, name: str) -> list[dict[str, Any]]:
        """The parameters of each question about one collection."""
        return [parameters for each, parameters in self.asked if each == name]

    def hours(self) -> list[dict[str, Any]]:
        """The parameters of each question about the history of something."""
        return [one for one in self.questions("timeSeries") if one["aggregation.alignmentPeriod"] == "3600s"]


def denied(name: str = "compute.disks.list") -> CallError:
    """What a client raises for a permission that is missing."""
    return CallError("denied", "forbidden", f"{name} is denied in project {PROJECT} (forbidden).")


# --- resources as Compute Engine tells them ---------------------------------------------------------------


def aggregated(plural: str, *items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An aggregated list of these, each in the scope it says it is in; more keys of the page."""
    scopes: dict[str, Any] = {"zones/europe-west1-b": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}
    for one in items:
        kind = next((kind for kind in ("zone", "region") if one.get(kind)), None)
        scope = f"{kind}s/{one[kind].rsplit('/', 1)[-1]}" if kind else "global"
        scopes.setdefault(scope, {}).setdefault(plural, []).append(one)
        scopes[scope].pop("warning", None)
    return {"kind": f"compute#{plural}", "items": scopes, **more}


def zone(name: str) -> str:
    return f"{URL}/zones/{name}"


def machine(number: int = 1, place: str = "us-central1-a", **more: Any) -> dict[str, Any]:
    """A running machine."""
    told: dict[str, Any] = {
        "id": str(7_000_000_000_000_000_000 + number), "name": f"vm-{number}", "zone": zone(place),
        "machineType": f"{zone(place)}/machineTypes/n2-standard-4", "status": "RUNNING",
        "creationTimestamp": "2026-07-31T17:00:00.000-07:00",
        "lastStartTimestamp": "2026-08-31T17:00:00.123-07:00",
        "scheduling": {"provisioningModel": "STANDARD", "preemptible": False},
        "selfLink": f"{zone(place)}/instances/vm-{number}",
    }  # fmt: skip
    return told | more


def attached(disk: str, device: str, place: str = "us-central1-a", **more: Any) -> dict[str, Any]:
    """A disk as its machine tells it."""
    kind = "zones" if place.count("-") == 2 else "regions"
    return {
        "type": "PERSISTENT", "source": f"{URL}/{kind}/{place}/disks/{disk}", "deviceName": device, "boot": False,
        "autoDelete": False, **more,
    }  # fmt: skip


def disk(number: int = 1, place: str = "us-central1-a", *users: str, **more: Any) -> dict[str, Any]:
    """A disk of 100 GiB; `users` are names of machines in the same place."""
    told: dict[str, Any] = {
        "id": str(8_000_000_000_000_000_000 + number), "name": f"disk-{number}", "zone": zone(place),
        "type": f"{zone(place)}/diskTypes/pd-balanced", "sizeGb": "100", "status": "READY",
        "creationTimestamp": "2026-07-31T17:00:00.000-07:00",
        "users": [f"{zone(place)}/instances/{one}" for one in users],
    }  # fmt: skip
    return told | more


def types(*names: str) -> dict[str, Any]:
    """Machine types of a zone, 4 vCPUs and 16 GiB each."""
    return {"items": [{"name": name, "guestCpus": 4, "memoryMb": 16384} for name in names]}


# --- series as Monitoring tells them ----------------------------------------------------------------------


def series(
    machine_id: str, values: Mapping[datetime, float], kind: str = "doubleValue", **labels: str
) -> dict[str, Any]:
    """A series of hours, newest first; `values` are by the beginning of their hour."""
    points = [
        {"interval": {"startTime": _instant(at), "endTime": _instant(at + timedelta(hours=1))},
         "value": {kind: str(int(value)) if kind == "int64Value" else value}}
        for at, value in sorted(values.items(), reverse=True)
    ]  # fmt: skip
    return {
        "metric": {"labels": labels},
        "resource": {"type": "gce_instance", "labels": {"instance_id": machine_id, "project_id": PROJECT}},
        "points": points,
    }


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def metric_in(parameters: Mapping[str, Any]) -> str:
    """The last two parts of the metric that a question is about: cpu/utilization."""
    found: str = parameters["filter"].split('"')[1]
    return "/".join(found.split("/")[-2:])


# --- a collection -----------------------------------------------------------------------------------------


class Desk:
    """A warehouse in memory, and collections into it of what clients tell, without prices."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self._runs = con, 0

    def collect(
        self,
        *clients: Canned,
        at: datetime = AT,
        fresh: Callable[[Scope], bool] = lambda _: False,
        only: tuple[str, ...] = (),
        days: int = 30,
        regions: tuple[str, ...] = (),
    ) -> Result:
        """One run, remembered as a pipeline does."""
        self._runs += 1
        found = Found([one.session for one in clients], regions)
        with (
            mock.patch.object(collecting, "discover", return_value=found),
            mock.patch.object(pricing, "get_catalogue", return_value=Catalogue()),
        ):
            result = collecting.collect(
                Writer(self.con, f"run-{self._runs}", at), Request(regions=regions), Wanted(only, days),
                at=at, fresh=fresh, progress=Quiet(),
            )  # fmt: skip
        told = json.dumps({"days": days, "regions": regions})
        self.con.execute("DELETE FROM collections WHERE request = ?", [told])
        for place in result.places:
            self.con.execute(
                "INSERT INTO collections VALUES ('gcp', ?, ?, ?, ?)", [told, *place, f"run-{self._runs}"]
            )
        return result

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query of the warehouse returns."""
        return self.con.execute(sql, list(values)).fetchall()

    def coverage(self) -> dict[tuple[str, str], tuple[str, str | None, int]]:
        """(region, dataset) → status, error, rows."""
        told = self.rows("SELECT region, dataset, status, error, rows FROM coverage")
        return {(region, dataset): (status, error, count) for region, dataset, status, error, count in told}


def collect(
    db: Path,
    *clients: Canned,
    at: datetime = AT,
    max_age: timedelta | None = None,
    only: tuple[str, ...] = (),
    days: int = 30,
    regions: tuple[str, ...] = (),
) -> Collected:
    """`finops collect gcp` of what these clients tell, without prices."""
    asked = Collecting(Request(regions=regions, endpoint="http://127.0.0.1:1"), only=only, days=days)
    found = Found([one.session for one in clients], regions)
    with (
        mock.patch.object(collecting, "discover", return_value=found),
        mock.patch.object(pricing, "get_catalogue", return_value=Catalogue()),
    ):
        clean = environment({}, "GOOGLE_", "CLOUDSDK_", "FINOPS_")
        return collected("gcp", db, asked, clean, at, at, max_age)
