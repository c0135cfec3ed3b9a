"""Collecting from any cloud: what is fresh is left alone, what changed is asked again, whoever asks."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba import Bill, Request
from finops.config import AlibabaSettings, Settings
from finops.errors import UsageError
from finops.pipeline.clouds import Asking, asked_of_each
from finops.pipeline.collecting import Collected, Collecting, collect
from finops.warehouse import reading, writing
from tests.finops.stub_collectors import REGION, BrokenError, Stub, Watching, install, nobody

AT = datetime(2026, 11, 20)
DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home where nobody has credentials."""
    nobody(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    return install(monkeypatch, "alibaba")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


def run(db: Path, at: datetime = AT, max_age: timedelta | None = DAY, **asked: Any) -> Collected:
    """Collects from Alibaba Cloud, at this hour."""
    request = asked.pop("request", Request())
    return collect(
        "alibaba",
        db,
        Settings(),
        Collecting(request, **asked),
        at=at,
        clock=at,
        progress=Watching(),
        max_age=max_age,
    )


def test_what_was_collected_lands_under_the_name_of_its_cloud(db: Path, stub: Stub) -> None:
    done = run(db)
    assert (done.rows, done.calls, done.problem) == (1, 2, None)
    with reading(db) as con:
        assert con.execute("SELECT cloud, account_id FROM instances").fetchall() == [
            ("alibaba", stub.account)
        ]
        assert con.execute("SELECT command, status FROM runs").fetchall() == [("collect alibaba", "done")]
        assert con.execute("SELECT DISTINCT cloud FROM collections").fetchall() == [("alibaba",)]


def test_a_second_collection_within_the_age_asks_nothing(db: Path, stub: Stub) -> None:
    run(db)
    again = run(db, AT + timedelta(hours=1))
    assert (again.statuses, len(stub.requests)) == ({}, 1)


def test_what_is_older_is_asked_again(db: Path, stub: Stub) -> None:
    run(db)
    run(db, AT + timedelta(hours=25))
    assert stub.collected == ["instances", "metrics"] * 2


def test_without_an_age_everything_is_asked_again(db: Path, stub: Stub) -> None:
    run(db)
    run(db, AT + timedelta(minutes=1), max_age=None)
    assert stub.collected == ["instances", "metrics"] * 2


@pytest.mark.parametrize("prefix", ["ALIBABA_CLOUD", "ALIYUN"])
def test_other_credentials_in_the_environment_are_asked_themselves(
    prefix: str, db: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{prefix}_ACCESS_KEY_SECRET", "s")
    for key in ("LTAI-first", "LTAI-second"):
        monkeypatch.setenv(f"{prefix}_ACCESS_KEY_ID", key)
        for _ in range(2):
            run(db)
    assert len(stub.requests) == 2


def test_another_endpoint_for_one_product_is_asked_itself(
    db: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(db)
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_ECS", "http://127.0.0.1:1")
    run(db, AT + timedelta(hours=1))
    assert len(stub.requests) == 2


def test_another_profile_that_aliyun_configure_switched_to_is_asked_itself(
    db: Path, stub: Stub, home: Path
) -> None:
    file = home / ".aliyun" / "config.json"
    file.parent.mkdir()
    profiles = [
        {"name": name, "mode": "AK", "access_key_id": f"LTAI-{name}", "access_key_secret": "s"}
        for name in ("prod", "dev")
    ]
    for current in ("prod", "prod", "dev"):
        file.write_text(json.dumps({"current": current, "profiles": profiles}))
        run(db, AT + timedelta(hours=1))
    assert len(stub.requests) == 2


def test_the_credentials_of_one_cloud_do_not_make_another_stale(
    db: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(db)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    run(db, AT + timedelta(hours=1))
    assert len(stub.requests) == 1


def test_no_key_and_no_external_id_can_be_read_back_from_the_warehouse(
    db: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tTheKeyItself")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "and-its-secret")
    run(db, request=Request(external_id="between-you-and-me"))
    with reading(db) as con:
        ((request,),) = con.execute("SELECT DISTINCT request FROM collections").fetchall()
    assert "LTAI5t" not in request
    assert "secret" not in request
    assert "between-you-and-me" not in request


def test_another_request_is_not_answered_by_the_first(db: Path, stub: Stub) -> None:
    run(db)
    run(db, AT + timedelta(hours=1), request=Request(endpoint="http://127.0.0.1:1"))
    assert len(stub.requests) == 2
    assert stub.collected == ["instances", "metrics"], "its scopes are the same and fresh"


def test_metrics_over_fewer_days_do_not_stand_in_for_more(db: Path, stub: Stub) -> None:
    run(db, days=14)
    run(db, AT + timedelta(hours=1), days=91)
    assert stub.collected == ["instances", "metrics", "metrics"]


def test_the_longest_history_is_asked_where_no_days_are_named(db: Path, stub: Stub) -> None:
    run(db)
    assert stub.wanted[0].days == 91


def test_what_was_denied_is_a_row_and_is_tried_again(db: Path, stub: Stub) -> None:
    stub.denied = ("metrics",)
    done = run(db)
    assert done.problem is not None
    assert str(done.problem) == f"Metrics of alibaba {stub.account} {REGION}: alibaba:ReadMetrics is denied."
    assert done.problem.exit_code == 3
    stub.denied = ()
    assert run(db, AT + timedelta(hours=1)).problem is None
    assert stub.collected == ["instances", "metrics", "metrics"]


def test_a_run_that_was_stopped_is_taken_up_where_it_was(db: Path, stub: Stub) -> None:
    stub.raises, stub.raises_before = BrokenError("stopped"), "metrics"
    with pytest.raises(BrokenError):
        run(db, max_age=None)
    stub.raises = None
    run(db, AT + timedelta(hours=1), max_age=None)
    assert stub.collected == ["instances", "metrics"]


def test_the_stopped_run_of_one_cloud_leaves_nothing_of_another_out(
    db: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = install(monkeypatch, "aws")
    stub.raises, stub.raises_before = BrokenError("stopped"), "metrics"
    with pytest.raises(BrokenError):
        run(db, max_age=None)
    asked = asked_of_each(["aws"], Settings(), Asking())["aws"]
    collect("aws", db, Settings(), asked, at=AT, clock=AT, progress=Watching())
    assert other.collected == ["instances", "metrics"]
    stub.raises = None
    run(db, max_age=None)
    assert stub.collected == ["instances", "metrics"]


def test_a_dataset_that_does_not_exist_is_refused_before_anything_is_asked(db: Path, stub: Stub) -> None:
    with pytest.raises(UsageError, match="--only unicorns: there is no such dataset; there are instances"):
        run(db, only=("unicorns",))
    assert not stub.requests
    assert not db.exists()


@pytest.mark.parametrize(("only", "read"), [((), True), (("charges",), True), (("instances",), False)])
def test_the_bill_of_alibaba_needs_no_address_and_is_read_unless_it_is_left_out(
    only: tuple[str, ...], read: bool, db: Path, stub: Stub
) -> None:
    settings = Settings(alibaba=AlibabaSettings(bill_days=70))
    asked = asked_of_each(["alibaba"], settings, Asking(only=only))["alibaba"]
    collect("alibaba", db, settings, asked, at=AT, clock=AT, progress=Watching())
    bill = stub.wanted[0].bill
    assert bill == (Bill(AT - timedelta(days=70), Path(f"{db}.bills")) if read else None)


def test_the_bill_rests_with_the_rest(db: Path, stub: Stub) -> None:
    run(db)
    run(db, AT + timedelta(hours=1), days=14)
    run(db, AT + timedelta(hours=26))
    assert stub.bills_rested == [False, True, False]


def test_a_bill_of_which_a_stopped_run_has_a_part_is_read_again(db: Path, stub: Stub) -> None:
    stub.raises, stub.raises_before = BrokenError("stopped"), "instances"
    with pytest.raises(BrokenError):
        run(db)
    stub.raises = None
    run(db, AT + timedelta(hours=1))
    assert stub.bills_rested == [False, False]


def test_a_bill_that_was_loaded_from_a_file_does_not_stand_in_for_the_one_of_the_cloud(
    db: Path, stub: Stub
) -> None:
    with writing(db, "ingest", at=AT) as writer:
        stub._bill(writer, lambda scope: False, AT)
    run(db, AT + timedelta(hours=1))
    assert stub.bills_rested == [False, False]


def test_the_bill_of_aws_alone_needs_an_address(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "aws")
    asked = asked_of_each(["aws"], Settings(), Asking(only=("charges",)))["aws"]
    with pytest.raises(UsageError, match="--only charges needs a bill"):
        collect("aws", db, Settings(), asked, at=AT, clock=AT, progress=Watching())


def test_the_export_of_aws_is_read_over_forty_days_into_a_folder_of_its_own(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = install(monkeypatch, "aws")
    asked = asked_of_each(["aws"], Settings(), Asking(billing_export="s3://b/p"))["aws"]
    collect("aws", db, Settings(), asked, at=AT, clock=AT, progress=Watching())
    bill = stub.wanted[0].bill
    assert (bill.url, bill.since, bill.folder) == ("s3://b/p", AT - timedelta(days=40), Path(f"{db}.bills"))
