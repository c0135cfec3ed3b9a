"""Many accounts of Alibaba Cloud, and both sites: who is entered, what is told of whoever is not, in which currency."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import CORE, Done, finops
from tests.servers.alibaba.cloud import AS_OF, Cloud

pytestmark = pytest.mark.slow

HERE = ("--region", "cn-hangzhou", "--as-of", AS_OF)

# The bill of the current month only: the interface of bills may be asked eight times a second.
SHORT = {"FINOPS_ALIBABA__BILL_DAYS": "5"}


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Cloud:
    process.fresh()
    process.estate(n=12, regions=("cn-hangzhou",))
    return process


def collect(cloud: Cloud, folder: Path, *more: str) -> Done:
    return finops("collect", "alibaba", *HERE, "--only", CORE, *more, cwd=folder, env={**cloud.env, **SHORT})


def accounts(folder: Path, table: str = "instances") -> set[str]:
    column = "x_AccountId" if table == "charges" else "account_id"
    rows: list[dict[str, Any]] = finops(
        "sql", f"SELECT DISTINCT {column} AS account FROM {table}", "--format", "json", cwd=folder
    ).json
    return {row["account"] for row in rows}


def test_every_member_of_the_directory_is_entered_by_its_role(cloud: Cloud, tmp_path: Path) -> None:
    directory = cloud.organize(deny=())
    done = collect(cloud, tmp_path, "--role", directory["role_name"])
    assert done.code == 0, done.err
    assert accounts(tmp_path) == {directory["management"], *directory["members"]}
    assert accounts(tmp_path, "charges") == accounts(tmp_path)


def test_a_member_that_cannot_be_entered_is_named_and_the_others_are_stored(
    cloud: Cloud, tmp_path: Path
) -> None:
    directory = cloud.organize(deny=("3333333333333333",))
    done = collect(cloud, tmp_path, "--role", directory["role_name"])
    assert done.code == 3
    assert "acs:ram::3333333333333333:role/finops-reader could not be assumed" in done.err
    assert accounts(tmp_path) == {directory["management"], *directory["members"]} - {"3333333333333333"}


def test_the_external_id_of_the_role_is_needed_and_enough(cloud: Cloud, tmp_path: Path) -> None:
    directory = cloud.organize(deny=(), external_id="between-us")
    member = next(iter(directory["members"]))
    asked = ("--role", directory["role_name"], "--account", member, "--only", "instances")
    without = collect(cloud, tmp_path, *asked)
    assert without.code == 4
    assert f"acs:ram::{member}:role/finops-reader could not be assumed" in without.sentence
    assert collect(cloud, tmp_path, *asked, "--external-id", "between-us").code == 0
    assert accounts(tmp_path) == {member}
    assert b"between-us" not in (tmp_path / "finops.duckdb").read_bytes()


def test_one_payer_tells_what_its_members_cost_once(cloud: Cloud, tmp_path: Path) -> None:
    directory = cloud.organize(deny=(), pays=True)
    done = collect(cloud, tmp_path, "--role", directory["role_name"])
    assert done.code == 0, done.err
    assert accounts(tmp_path, "charges") == {directory["management"], *directory["members"]}
    told = finops(
        "sql",
        "SELECT x_AccountId, ResourceId, SkuId, ChargePeriodStart, ChargeDescription, count(DISTINCT BillingAccountId) AS payers "
        "FROM charges GROUP BY ALL HAVING payers > 1",
        "--format",
        "json",
        cwd=tmp_path,
    )
    assert told.json == []


def test_an_account_of_the_international_site_is_found_out_and_billed_in_dollars(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.estate(n=12, regions=("ap-southeast-1",), site="international")
    words = ("--region", "ap-southeast-1", "--as-of", AS_OF, "--format", "json")
    done = finops("audit", "alibaba", *words, cwd=tmp_path, env={**cloud.env, **SHORT})
    assert done.code == 0, done.err
    assert set(done.json["totals_by_currency"]) == {"USD"}
    priced = [one for one in done.json["findings"] if one["price_basis"] != "none"]
    assert {one["currency"] for one in priced} == {"USD"}
    assert {one["price_basis"] for one in priced} == {"billed"}


def test_a_site_that_is_wrong_is_told_for_the_bill_and_the_rest_is_stored(
    cloud: Cloud, tmp_path: Path
) -> None:
    done = collect(cloud, tmp_path, "--site", "international")
    assert done.code == 3
    assert "--site" in done.err or "site" in done.err
    assert accounts(tmp_path)
