"""What a user can get wrong with Google Cloud: one sentence, the right exit code, nothing stored is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import finops
from tests.servers.gcp.cloud import AS_OF, Cloud

pytestmark = pytest.mark.slow

DATA = "acme-data-77"
FEW = ("--only", "instances", "--as-of", AS_OF)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        cloud.estate(n=12)
        yield cloud


def nobody(cloud: Cloud) -> dict[str, str]:
    """The real endpoints' rules: no credentials anywhere."""
    return {name: value for name, value in cloud.env.items() if name != "FINOPS_GCP_ENDPOINT"}


def test_without_credentials(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("audit", "gcp", cwd=tmp_path, env=nobody(cloud))
    assert done.code == 4
    assert "No Google credentials were found" in done.sentence
    assert not list(tmp_path.glob("*.duckdb"))


def test_with_a_key_that_the_cloud_does_not_know(cloud: Cloud, tmp_path: Path) -> None:
    env = cloud.account(tmp_path)
    key = json.loads((tmp_path / "key.json").read_text())
    (tmp_path / "key.json").write_text(json.dumps({**key, "client_email": "nobody@acme.example"}))
    done = finops("collect", "gcp", *FEW, cwd=tmp_path, env=env)
    assert done.code == 4
    assert "account not found" in done.sentence
    assert key["private_key"][30:90] not in done.err


def test_with_a_key_file_that_is_none(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    env = {**cloud.env, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json")}
    done = finops("collect", "gcp", *FEW, cwd=tmp_path, env=env)
    assert done.code == 4
    assert "key.json" in done.sentence


def test_where_credentials_are_wanted_and_there_are_none(cloud: Cloud, tmp_path: Path) -> None:
    cloud.sign_in_only()
    done = finops("collect", "gcp", *FEW, cwd=tmp_path, env=cloud.env)
    cloud.sign_in_only(False)
    assert done.code == 4
    assert "wants credentials, and none were found" in done.sentence


def test_with_a_zone_for_a_region(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("audit", "gcp", "--region", "us-central1-a", cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert "There is no Google Cloud region us-central1-a" in done.sentence


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--organization", "acme.example"), "--organization"),
        (("--billing-export", "billing"), "--billing-export"),
    ],
)
def test_with_an_option_that_makes_no_sense(
    options: tuple[str, ...], said: str, cloud: Cloud, tmp_path: Path
) -> None:
    done = finops("collect", "gcp", *options, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert said in done.sentence


def test_with_a_project_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "gcp", "--project", "acme-nowhere", *FEW, cwd=tmp_path, env=cloud.env)
    assert done.code in (2, 3)
    assert "acme-nowhere" in done.err


def test_with_a_billing_export_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    options = ("--only", "charges", "--as-of", AS_OF, "--billing-export", "acme-web-prod.billing.nothing")
    done = finops("collect", "gcp", *options, cwd=tmp_path, env=cloud.env)
    assert done.code in (2, 3)
    assert "acme-web-prod.billing.nothing" in done.err
    assert "Traceback" not in done.err


def test_the_doctor_names_what_is_denied_and_where_and_says_what_a_run_takes(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.deny("compute.disks.list", project=DATA)
    done = finops("doctor", "gcp", cwd=tmp_path, env=cloud.env)
    cloud.deny()
    assert done.code == 3
    assert "compute.disks.list" in done.sentence
    assert DATA in done.sentence
    assert done.out.count("\tdenied\t") == 1, "nothing else is"
    assert "about" in done.out
    assert not list(tmp_path.glob("*.duckdb"))


def test_a_service_account_with_the_printed_role_collects_and_its_secrets_are_nowhere(
    cloud: Cloud, tmp_path: Path
) -> None:
    printed = finops("permissions", "gcp", cwd=tmp_path, env=nobody(cloud)).json["includedPermissions"]
    assert not [
        each for each in printed if each.rpartition(".")[2] not in ("list", "get", "getData", "create")
    ]
    assert {each for each in printed if each.endswith(".create")} <= {"bigquery.jobs.create"}
    keys, place = tmp_path / "keys", tmp_path / "place"
    keys.mkdir()
    place.mkdir()
    env = cloud.account(keys, permissions=[{"permission": each} for each in printed])
    cloud.sign_in_only()
    done = finops("--debug", "collect", "gcp", "--since", "3d", "--as-of", AS_OF, cwd=place, env=env)
    cloud.sign_in_only(False)
    assert done.code == 0, done.err
    key = json.loads((keys / "key.json").read_text())
    body = "".join(key["private_key"].splitlines()[1:-1])
    secrets = [key["private_key_id"], body[:40], body[40:80], "ya29."]
    kept = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in done.out + done.err
        assert secret.encode() not in kept
