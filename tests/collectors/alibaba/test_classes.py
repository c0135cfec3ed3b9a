"""Classes of databases: what each holds and costs, of the families in use."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.classes import engines_of, get_classes, price_rows, type_rows
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import Canned
from tests.collectors.alibaba.live import AT, collect, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
SCOPE = Scope("alibaba", "1", REGION, "prices")


def told(
    code: str, cpu: str = "2", memory: str = "4GB", cents: Any = "61", group: str = ""
) -> dict[str, Any]:
    return {
        "ClassCode": code,
        "ClassGroup": group,
        "Cpu": cpu,
        "MemoryClass": memory,
        "ReferencePrice": cents,
    }


def classes(
    *listed: dict[str, Any], used: str = "mysql.n2.medium.1", **answers: Any
) -> tuple[list[dict[str, Any]], list[str]]:
    client = Canned(**({"rds_ListClasses": {"Items": list(listed)}} | answers))
    problems: list[str] = []
    return get_classes(client.session, REGION, {"mysql": {used}}, problems), problems


def database(**more: Any) -> dict[str, Any]:
    return {"engine": "mysql", "instance_type": "mysql.n2.medium.1", "serverless": False, **more}


def test_classes_are_asked_for_engines_that_have_some() -> None:
    found = [database(), database(engine="redis"), database(engine="polardb-mysql"), database(serverless=True, engine="postgresql"),
             database(instance_type=None, engine="mariadb")]  # fmt: skip
    assert engines_of(found) == {"mysql": {"mysql.n2.medium.1"}}


@pytest.mark.parametrize(
    ("used", "other", "kin"),
    [
        ("mysql.n2.medium.1", "mysql.n2.small.1", True),
        ("mysql.n2.medium.1", "mysql.n2.small.2c", False),
        ("mysql.n2.medium.1", "mysql.n4.small.1", False),
        ("pg.n4.2c.1m", "pg.n4.4c.1m", True),
        ("rds.mysql.s2.large", "rds.mysql.s3.large", True),
    ],
)
def test_classes_of_one_kind_and_edition_are_a_family(used: str, other: str, kin: bool) -> None:
    found, _ = classes(told(used), told(other), used=used)
    assert [one["class"] for one in found] == ([used, other] if kin else [used])


def test_the_same_name_in_another_group_is_no_kin() -> None:
    found, _ = classes(
        told("rds.mysql.s2.large", group="general"),
        told("rds.mysql.st.v52", group="host"),
        used="rds.mysql.s2.large",
    )
    assert [one["class"] for one in found] == ["rds.mysql.s2.large"]


def test_a_class_has_a_size_and_a_price_with_and_without_a_standby() -> None:
    found, problems = classes(told("mysql.n2.medium.1", memory="4GB（通用型）"))
    assert problems == []
    (row,) = type_rows(found)
    assert (row["instance_type"], row["vcpu"], row["memory_gib"], row["family"]) == (
        "db:mysql.n2.medium.1", 2.0, 4.0, "mysql.n2.1",
    )  # fmt: skip
    priced = price_rows(found, SCOPE, datetime(2026, 1, 1))
    assert [(one["sku"], one["price"], one["currency"], one["unit"]) for one in priced] == [
        (f"db:mysql:mysql.n2.medium.1{standby}", Decimal("0.61"), "CNY", "hour") for standby in ("", ":multi")
    ]


@pytest.mark.parametrize("cents", [None, "", "0", 0])
def test_a_class_without_a_price_has_none(cents: Any) -> None:
    found, _ = classes(told("mysql.n2.medium.1", cents=cents))
    assert price_rows(found, SCOPE, AT) == []


def test_at_the_other_site_the_commodity_has_another_name_and_the_price_another_currency() -> None:
    def answer(asked: dict[str, Any]) -> Any:
        wrong = CallError("failed", "InvalidCommodityCode.Malformed", "no")
        return wrong if asked["CommodityCode"] == "bards" else {"Items": [told("mysql.n2.medium.1")]}

    found, problems = classes(rds_ListClasses=answer)
    assert ([one["currency"] for one in found], problems) == (["USD"], [])


@pytest.mark.parametrize(
    ("error", "problems"),
    [(CallError("denied", "No", "denied"), ["denied"]), (CallError("skipped", "InvalidAction", "x"), [])],
)
def test_classes_that_cannot_be_read_are_unknown(error: CallError, problems: list[str]) -> None:
    assert classes(rds_ListClasses=error) == ([], problems)


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.mark.parametrize(
    ("site", "currency", "price"),
    [("china", "CNY", Decimal("0.30")), ("international", "USD", Decimal("0.04"))],
)
def test_a_database_alone_brings_its_classes_and_their_prices(
    site: str, currency: str, price: Decimal, process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    process.site(site)
    process.put("db", REGION, {})
    db = tmp_path / "w.duckdb"
    done = collect(
        db, process.env, REGION, only=("instances", "volumes", "databases", "instance_types", "prices")
    )
    assert done.errors == {}
    assert rows(
        db, "SELECT count(*), min(vcpu) FROM instance_types WHERE instance_type LIKE 'db:mysql.n2.%'"
    ) == [(4, 1.0)]
    smallest = "SELECT price, currency FROM prices WHERE sku = 'db:mysql:mysql.n2.small.1:multi'"
    assert rows(db, smallest) == [(price, currency)]
