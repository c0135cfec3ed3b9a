"""Targets over the real wire: each is told once what is new, again while it fails, and never by its address."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import pytest
from filelock import FileLock
from moto import mock_aws

from finops.errors import IncompleteError, UsageError
from finops.model import Coverage
from finops.nightly_settings import Target
from finops.pipeline import delivering
from finops.pipeline.delivering import deliver_to, parcel_for
from finops.pipeline.delivery import apprising, sending
from finops.pipeline.delivery.message import Message
from finops.pipeline.delivery.places import MESSAGE
from finops.pipeline.nightly.context import Context
from finops.pipeline.nightly.journal import Journal
from finops.warehouse import reading, writing
from reports import chromium
from reports.mail.pictures import Picture
from tests.finops.pipeline.delivery.nights import AT, anomaly, context, failed, mute, report
from tests.reports.build import AS_OF, finding
from tests.servers.listeners import Ear, Post, listener, post_office
from tests.servers.stores.bench import Bench, serving
from tests.servers.stores.gcs import Gcs
from tests.servers.stores.oss import Oss

PASSWORD = "corr3ct-h0rse"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which are not made."""
    made: list[float] = []
    monkeypatch.setattr(sending, "sleep", made.append)
    return made


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take seconds each; who tests them draws them himself."""
    monkeypatch.setattr(chromium, "browser", lambda: None)


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with post_office() as open_:
        yield open_


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    with listener() as open_:
        yield open_


@pytest.fixture
def mail(post: Post, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    post.users, post.refuse, post.sessions = {"robot": PASSWORD}, 0, 0
    post.mails.clear()
    monkeypatch.setenv(
        "OPS_MAIL",
        f"mailto://robot:{PASSWORD}@127.0.0.1:{post.port}?from=robot@example.com&to=ops@example.com&mode=insecure",
    )
    return {"name": "ops", "to": "env:OPS_MAIL"}


@pytest.fixture
def hook(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    ear.heard.clear()
    ear.answers, ear.status = [], 200
    monkeypatch.setenv("HOOK", f"json://127.0.0.1:{ear.port}/hooks/s3cr3t-t0ken")
    return {"name": "hook", "to": "env:HOOK", "when": "always"}


def night(folder: Path, target: dict[str, Any], found: Any = None) -> tuple[Context, Target]:
    at = context(folder, found or report(finding(1, "250.00", status="new", first_seen=AS_OF)), target)
    if not at.db.exists():
        with writing(at.db, "test", at=AT):
            pass
    return at, at.settings.deliver[0]


def rows(at: Context, columns: str) -> list[tuple[Any, ...]]:
    with reading(at.db) as con:
        return con.execute(f"SELECT {columns} FROM deliveries ORDER BY delivered_at, rowid").fetchall()


def test_a_mail_has_the_report_attached_and_the_message_as_text_and_html(
    tmp_path: Path, post: Post, mail: dict[str, Any]
) -> None:
    at, target = night(tmp_path, mail)
    done = deliver_to(at, target)
    (sent,) = post.mails
    assert isinstance(sent, EmailMessage)
    assert sent["Subject"] == "finops: 1 new finding, $250 a month"
    assert post.envelopes[-1] == ("robot@example.com", ["ops@example.com"])
    (file,) = sent.iter_attachments()
    assert file.get_filename() == "finops-report.html"
    assert "vol-00000000000000001" in file.get_content()
    html, text = sent.get_body(("html",)), sent.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert ">Findings</h2>" in html.get_content()
    assert "<img" not in html.get_content()
    assert "$250.00 a month: delete disk, data-1" in text.get_content()
    assert done.message == "E-Mail: finops: 1 new finding, $250 a month with finops-report.html."
    assert rows(at, "target, status, attempts, run_id") == [("ops", "done", 1, "0a1b2c3d")]


def test_the_report_of_an_audit_that_could_not_see_everything_says_so_in_its_name(
    tmp_path: Path, post: Post, mail: dict[str, Any]
) -> None:
    unread = Coverage(
        cloud="aws", account="111122223333", region="eu-west-1", dataset="metrics", status="denied",
        error="No cloudwatch:GetMetricData.", rows=0, calls=1, collected_at=None,
    )  # fmt: skip
    found = report(finding(1, "250.00", status="new", first_seen=AS_OF)).model_copy(
        update={"coverage": [unread]}
    )
    at, target = night(tmp_path, mail | {"attach": ["html", "csv"]}, found)
    done = deliver_to(at, target)
    (sent,) = post.mails
    assert isinstance(sent, EmailMessage)
    names = ["finops-report-partial.html", "finops-findings-partial.csv"]
    assert [file.get_filename() for file in sent.iter_attachments()] == names
    assert done.message.endswith(f"with {', '.join(names)}.")


def test_a_mail_shows_the_charts_within_itself_and_names_only_the_files(
    tmp_path: Path, post: Post, mail: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Picture(
        "finops-bridge-usd.png", "Why it changed", 'Bars. "$1": <b>', b"\x89PNG\r\n\x1a\n of a bridge"
    )
    monkeypatch.setattr("reports.mail.pictures.pictures", lambda report: [drawn])
    at, target = night(tmp_path, mail)
    done = deliver_to(at, target)
    (sent,) = post.mails
    html = sent.get_body(("related", "html"))
    assert html is not None
    page = next(part for part in sent.walk() if part.get_content_type() == "text/html").get_content()
    assert '<img src="cid:finops-bridge-usd.png" width="630" alt="Bars. &#34;$1&#34;: &lt;b&gt;"' in page
    parts = {part["Content-ID"]: part for part in sent.walk() if part["Content-ID"]}
    assert parts["<finops-bridge-usd.png>"].get_content() == drawn.png
    assert parts["<finops-bridge-usd.png>"].get_content_type() == "image/png"
    attached = [part.get_filename() for part in sent.walk() if part.get_content_disposition() == "attachment"]
    assert attached == ["finops-report.html"]
    assert done.message.endswith("with finops-report.html.")


def test_a_browser_that_fails_costs_a_mail_its_pictures_and_nothing_else(
    tmp_path: Path, post: Post, mail: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Any) -> list[Picture]:
        raise UsageError("chromium failed (No usable sandbox!).")

    monkeypatch.setattr("reports.mail.pictures.pictures", fails)
    said: list[str] = []
    at, target = night(tmp_path, mail)
    deliver_to(replace(at, say=said.append), target)
    assert len(post.mails) == 1
    assert said == ["The mail to ops has no pictures: chromium failed (No usable sandbox!)."]


def test_a_webhook_gets_the_text_and_no_file_unless_one_is_asked_for(
    tmp_path: Path, ear: Ear, hook: dict[str, Any]
) -> None:
    at, target = night(tmp_path, hook)
    deliver_to(at, target)
    told = json.loads(ear.heard[0][2])
    assert (told["title"], told["attachments"]) == ("finops: 1 new finding, $250 a month", [])
    assert "delete disk, data-1" in told["message"]
    at, target = night(tmp_path, hook | {"attach": ["csv"]})
    deliver_to(at, target)
    (file,) = json.loads(ear.heard[1][2])["attachments"]
    assert file["filename"] == "finops-findings.csv"


def test_the_same_night_again_sends_nothing_again(tmp_path: Path, ear: Ear, hook: dict[str, Any]) -> None:
    for when in ("always", "news"):
        at, target = night(tmp_path, hook | {"when": when, "name": when})
        deliver_to(at, target)
        again = replace(at, run_id="another0", report=at.report.model_copy(update={"run_id": "x"}))  # type: ignore[union-attr]
        assert "Not sent" in deliver_to(again, target).message
    assert len(ear.heard) == 2


def test_the_next_day_only_who_always_wants_to_hear_is_told(
    tmp_path: Path, ear: Ear, hook: dict[str, Any]
) -> None:
    for when in ("always", "news"):
        at, target = night(tmp_path, hook | {"when": when, "name": when})
        deliver_to(at, target)
        deliver_to(replace(at, run_id="another0", as_of=AT + timedelta(days=1)), target)
    assert [json.loads(body)["title"].removeprefix("finops: ") for _, _, body in ear.heard] == [
        "1 new finding, $250 a month",
        "nothing new; $250 a month can be saved",
        "1 new finding, $250 a month",
    ]


def test_who_wants_trouble_only_hears_of_nothing_else(tmp_path: Path, ear: Ear, hook: dict[str, Any]) -> None:
    at, target = night(tmp_path, hook | {"when": "trouble"})
    assert deliver_to(at, target).message == "Not sent: nothing went wrong."
    deliver_to(replace(at, report=None), target)
    assert not ear.heard  # no report, and nothing in the journal that went wrong


@pytest.mark.parametrize(
    ("when", "status", "told"),
    [
        ("news", "incomplete", False),
        ("news", "failed", True),
        ("trouble", "incomplete", True),
        ("trouble", "failed", True),
    ],
)
def test_the_same_trouble_the_next_night_is_told_by_how_bad_it_is_and_who_listens(
    tmp_path: Path, ear: Ear, hook: dict[str, Any], when: str, status: str, told: bool
) -> None:
    at, target = night(tmp_path, hook | {"when": when}, report())
    journal = Journal(at.db, at.run_id, at.command, AT, AT)
    journal.end(failed("collect", "aws", status=status))
    deliver_to(at, target)
    assert not parcel_for(replace(at, run_id="retry000"), target).wanted
    tomorrow = replace(at, run_id="another0", as_of=AT + timedelta(days=1))
    assert parcel_for(tomorrow, target).wanted is told
    Path(f"{at.db}.nightly.jsonl").unlink()
    assert parcel_for(tomorrow, target).wanted is (when == "news")  # whole again


def test_an_anomaly_is_told_once_and_the_next_one_alone_is_news(
    tmp_path: Path, ear: Ear, hook: dict[str, Any]
) -> None:
    at, target = night(tmp_path, hook | {"when": "news"}, report(anomalies=[anomaly()]))
    deliver_to(at, target)
    later = replace(at, run_id="another0")
    assert not parcel_for(later, target).wanted
    assert parcel_for(replace(later, report=report(anomalies=[anomaly(), anomaly(2)])), target).wanted


def test_a_target_that_fails_is_asked_again_with_growing_pauses(
    tmp_path: Path, ear: Ear, hook: dict[str, Any], pauses: list[float]
) -> None:
    ear.answers = [500, 503]
    at, target = night(tmp_path, hook)
    assert deliver_to(at, target).message.endswith("at attempt 3.")
    assert len(ear.heard) == 3
    assert rows(at, "status, attempts") == [("done", 3)]
    assert len(pauses) == 2
    assert pauses[1] > pauses[0] >= 2


def test_a_target_that_stays_at_fault_is_told_without_its_address_and_told_the_next_time(
    tmp_path: Path, ear: Ear, hook: dict[str, Any]
) -> None:
    ear.status = 500
    at, target = night(tmp_path, hook | {"retries": 1})
    with pytest.raises(
        IncompleteError, match=r"^The target hook could not be told, tried 2 times: JSON"
    ) as error:
        deliver_to(at, target)
    assert "s3cr3t" not in str(error.value)
    ((status, attempts, message),) = rows(at, "status, attempts, message")
    assert (status, attempts) == ("failed", 2)
    assert "s3cr3t" not in message
    ear.status = 200
    deliver_to(at, target)
    assert [status for (status,) in rows(at, "status")] == ["failed", "done"]


def test_a_mail_server_that_refuses_the_password_does_not_bring_it_into_the_message(
    tmp_path: Path, post: Post, mail: dict[str, Any]
) -> None:
    post.users = {"robot": "another"}
    at, target = night(tmp_path, mail | {"retries": 0})
    with pytest.raises(IncompleteError, match="could not be told") as error:
        deliver_to(at, target)
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "deliver.ops.to: the variable OPS is not set"),
        ("nonsense", "what env: holds is no address that apprise knows"),
        ("nosuch://a/b", "what env: holds is no address that apprise knows"),
    ],
)
def test_an_address_that_is_none_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float], value: str | None, words: str
) -> None:
    monkeypatch.delenv("OPS", raising=False)
    if value:
        monkeypatch.setenv("OPS", value)
    at, target = night(tmp_path, {"name": "ops", "to": "env:OPS"})
    with pytest.raises(IncompleteError, match=words):
        deliver_to(at, target)
    assert not pauses


def test_a_warehouse_that_cannot_be_read_keeps_nobody_from_being_told(
    tmp_path: Path, ear: Ear, hook: dict[str, Any]
) -> None:
    at, target = night(tmp_path, hook, None)
    at.db.write_bytes(b"no database")
    deliver_to(replace(at, report=None), target)
    assert len(ear.heard) == 1


def test_a_warehouse_that_is_busy_keeps_nobody_from_being_told_and_nobody_is_told_twice(
    tmp_path: Path, ear: Ear, hook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, target = night(tmp_path, hook)
    said: list[str] = []
    monkeypatch.setattr(delivering, "PATIENCE", 0.1)
    other = FileLock(f"{at.db.resolve()}.lock")
    with other:
        done = deliver_to(replace(at, say=said.append), target)
    assert done.status == "done"
    assert len(ear.heard) == 1
    assert said[0].startswith("That hook was told could not be recorded: ")


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("discord://1234567890/abcdefghijklmnop", 2000),
        ("tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12345", 4096),
        ("json://h.example/x", 32768),
    ],
)
def test_a_message_is_no_longer_than_the_service_takes(
    monkeypatch: pytest.MonkeyPatch, address: str, most: int
) -> None:
    lines = "\n".join(["**Costs**", *(f"- {number} " + "x" * 390 for number in range(90))])
    message = Message("s" * 150, lines, lines, "")
    monkeypatch.setenv("TO", address)
    service = apprising._service(Target(name="t", to="env:TO"))
    body = apprising._body(service, message)[1]
    assert most - 450 < len(body) + 150 <= most
    assert body.splitlines()[-1] == "and more, in the report"
    assert set(body.splitlines()[:-1]) < set(lines.splitlines())  # whole lines
    assert apprising._body(service, Message("s", "t", "m", ""))[1] in "tm"
    monkeypatch.setenv("TO", f"{address}?overflow=split")
    assert apprising._body(apprising._service(Target(name="t", to="env:TO")), message)[1] == lines


def test_a_webhook_that_sends_elsewhere_was_not_told(tmp_path: Path, ear: Ear, hook: dict[str, Any]) -> None:
    ear.status = 302
    with listener() as elsewhere:
        ear.location = f"http://127.0.0.1:{elsewhere.port}/"
        at, target = night(tmp_path, hook | {"retries": 0})
        with pytest.raises(IncompleteError, match="hook could not be told"):
            deliver_to(at, target)
        ear.location = ""
    assert elsewhere.heard == []


# --- places -----------------------------------------------------------------------------------------------


def test_a_folder_holds_every_format_of_the_night_and_the_message(tmp_path: Path) -> None:
    at, target = night(tmp_path, {"name": "shelf", "to": str(tmp_path / "out" / "{date}")})
    assert deliver_to(at, target).message == f"3 files to {tmp_path}/out/2026-11-20."
    assert {path.name for path in (tmp_path / "out" / "2026-11-20").iterdir()} == {
        "finops-report.json",
        "finops-findings.csv",
        MESSAGE,
    }
    assert "1 new finding" in (tmp_path / "out" / "2026-11-20" / MESSAGE).read_text()


def test_a_redacted_target_gets_no_name_in_files_or_message(tmp_path: Path) -> None:
    found = report(finding(1, "250.00", resource_name="payroll-db", status="new", first_seen=AS_OF))
    at, target = night(tmp_path, {"name": "shelf", "to": str(tmp_path / "out"), "redact": True}, found)
    deliver_to(at, target)
    for path in (tmp_path / "out").iterdir():
        text = path.read_text()
        assert "payroll-db" not in text
        assert "123456789012" not in text
        assert str(tmp_path) not in text


def test_a_redacted_night_that_failed_tells_nothing_of_what_its_steps_said(tmp_path: Path) -> None:
    at, target = night(tmp_path, {"name": "shelf", "to": str(tmp_path / "out"), "redact": True})
    Journal(at.db, at.run_id, at.command, AT, AT).end(failed("audit", message="123456789012 is denied"))
    deliver_to(replace(at, report=None), target)
    text = (tmp_path / "out" / MESSAGE).read_text()
    assert "audit failed" in text
    assert "123456789012" not in text


def test_redaction_without_a_key_does_not_make_the_same_night_news(tmp_path: Path) -> None:
    found = report(finding(1, "250.00")).model_copy(update={"exemptions": [mute(3)]})
    at, target = night(
        tmp_path, {"name": "shelf", "to": str(tmp_path / "out"), "redact": True, "when": "always"}, found
    )
    deliver_to(at, target)
    assert not parcel_for(replace(at, run_id="another0"), target).wanted


def test_files_in_a_folder_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    at, target = night(tmp_path, {"name": "shelf", "to": str(tmp_path / "out"), "attach": ["csv"]})
    before = os.umask(0o027)
    try:
        deliver_to(at, target)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()}
    assert modes == {"finops-findings.csv": 0o640, MESSAGE: 0o640}


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("mailto://u:p@h.example?to=a@h.example", "html"),
        ("sendgrid://abcd1234:a@h.example/b@h.example", "html"),
        ("tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12345", "text"),
        ("slack://T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx/#ops", "markdown"),
        ("json://h.example/x", "text"),
    ],
)
def test_a_service_gets_the_form_that_it_shows_best(
    monkeypatch: pytest.MonkeyPatch, address: str, form: str
) -> None:
    monkeypatch.setenv("TO", address)
    target = Target(name="t", to="env:TO")
    message = Message("s", "as text", "as markdown", "<p>as html</p>")
    assert apprising._body(apprising._service(target), message)[0] == form
    assert apprising.wants_html(target) is (form == "html")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    at, target = night(tmp_path, {"name": "shelf", "to": str(tmp_path / "file" / "out"), "retries": 0})
    with pytest.raises(IncompleteError, match=r"shelf could not be told: .*/file/out cannot be written"):
        deliver_to(at, target)


def test_a_bucket_of_s3_takes_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="reports-of-acme")
        at, target = night(
            tmp_path, {"name": "s3", "to": "s3://reports-of-acme/fin#ops?/", "attach": ["json"]}
        )
        deliver_to(at, target)
        stored = s3.get_object(Bucket="reports-of-acme", Key="fin#ops?/finops-report.json")
        assert stored["ContentType"] == "application/json"
        assert json.loads(stored["Body"].read())["totals"]["findings"] == 1
        at, target = night(tmp_path, {"name": "no", "to": "s3://nobody-has-this", "retries": 0})
        with pytest.raises(IncompleteError, match=r"s3://nobody-has-this did not take .*NoSuchBucket"):
            deliver_to(at, target)


@pytest.fixture(params=["oss", "gs"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Bench]]:
    """A bucket of each of the stores that are spoken to without an SDK."""
    bench = Bench()
    bench.buckets["reports-of-acme"] = {}
    with serving(Oss if request.param == "oss" else Gcs, bench) as address:
        monkeypatch.setenv("FINOPS_ALIBABA_ENDPOINT", address)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI-test")
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret-of-test")
        monkeypatch.setenv("FINOPS_GCP_ENDPOINT", address)
        monkeypatch.setenv("CLOUDSDK_CONFIG", "/nowhere")
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        yield request.param, bench


def test_other_stores_take_the_files_again_while_they_are_at_fault(
    tmp_path: Path, store: tuple[str, Bench]
) -> None:
    scheme, bench = store
    bench.fail("503")
    at, target = night(
        tmp_path, {"name": "store", "to": f"{scheme}://reports-of-acme/a b/é", "attach": ["csv"]}
    )
    assert deliver_to(at, target).message.endswith("at attempt 2.")
    assert sorted(bench.buckets["reports-of-acme"]) == ["a b/é/finops-findings.csv", f"a b/é/{MESSAGE}"]
    thing = bench.buckets["reports-of-acme"]["a b/é/finops-findings.csv"]
    assert b"vol-00000000000000001" in thing.content
    assert thing.kind == "text/csv; charset=utf-8"


def test_other_stores_that_refuse_are_told_in_a_sentence(tmp_path: Path, store: tuple[str, Bench]) -> None:
    scheme, _ = store
    at, target = night(tmp_path, {"name": "store", "to": f"{scheme}://nobody-has-this"})
    with pytest.raises(
        IncompleteError, match=rf"store could not be told: {scheme}://nobody-has-this does not take"
    ):
        deliver_to(at, target)
