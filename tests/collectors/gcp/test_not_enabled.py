"""A project that has not enabled an API: nothing of its kind can be there, so nothing is missing."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp.accounts import Request
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from finops.config import Settings
from finops.pipeline.collecting import Collected, Collecting, collect
from tests.finops.stub_collectors import Watching, nobody

AT = datetime(2026, 11, 20)
COMPUTE = "The Compute Engine API is not enabled in project team-a (SERVICE_DISABLED)"


def run(patch: pytest.MonkeyPatch, folder: Path, status: str) -> Collected:
    """Collects a project where every call of Compute Engine ends like this, and all others bring nothing."""

    def get(_: Client, api: Api, understand: Any = None, **parameters: Any) -> Any:
        if api.service == "compute":
            raise CallError(status, "SERVICE_DISABLED", COMPUTE)
        return understand(b"{}") if understand else {}

    nobody(patch, folder)
    patch.setattr(Client, "get", get)
    asked = Collecting(Request(("team-a",), endpoint="http://127.0.0.1:1"))
    return collect("gcp", folder / "w.duckdb", Settings(), asked, at=AT, clock=AT, progress=Watching())


def test_without_compute_engine_a_project_is_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = run(monkeypatch, tmp_path, "skipped")
    assert done.problem is None
    assert {one.dataset for one, status in done.statuses.items() if status == "skipped"} == {
        "instances", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways",
        "subnets", "commitments",
    }  # fmt: skip
    assert set(done.statuses.values()) == {"skipped", "complete"}


def test_where_it_is_denied_what_follows_from_it_is_not_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = run(monkeypatch, tmp_path, "denied")
    follows = {one.dataset: status for one, status in done.statuses.items()}
    assert {follows[name] for name in ("instance_types", "metrics", "prices", "spot_prices")} == {"failed"}
    assert done.problem is not None
