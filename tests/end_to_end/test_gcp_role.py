"""What `finops permissions gcp` prints is enough for a whole collection, the bill included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import finops
from tests.servers.gcp.cloud import AS_OF, Cloud
from tests.servers.gcp.export import DATASET, TABLE

pytestmark = pytest.mark.slow

BILL = ("--billing-export", f"acme-web-prod.{DATASET}.{TABLE}")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


def test_a_service_account_with_this_role_collects_everything(cloud: Cloud, tmp_path: Path) -> None:
    truth = cloud.estate(n=12, regions=("us-central1",))
    cloud.bill_days(2)
    whom = ("--organization", truth.organization, *BILL)
    role = finops("permissions", "gcp", *whom, cwd=tmp_path).json
    granted = [{"permission": one} for one in role["includedPermissions"]]
    env = cloud.account(tmp_path, permissions=granted)
    done = finops("collect", "gcp", *whom, "--as-of", AS_OF, cwd=tmp_path, env=env)
    assert (done.code, done.out.count("denied")) == (0, 0), done.err
    assert all(project in done.out for project in truth.projects)
    assert f"{TABLE}: " in done.out
