"""A target is told in its own edition: nothing of a file, a word or a name of another one reaches it."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from finops.config import Settings
from finops.errors import IncompleteError, UsageError
from finops.pipeline.delivering import deliver_to, files_of, parcel_for
from finops.pipeline.delivery.places import MESSAGE
from finops.pipeline.editions import Edition, for_target, of_night, stricter
from finops.pipeline.nightly.context import Context
from finops.pipeline.nightly.journal import Journal
from finops.pipeline.nightly.made import note
from finops.pipeline.redelivering import redeliver
from finops.pipeline.reporting import write_what_can_be
from finops.warehouse import reading, writing
from reports import chromium
from tests.finops.pipeline.delivery.nights import AT, DONE, context, failed, mute, report
from tests.reports.build import AS_OF, finding

LEVELS = ("none", "ids", "names", "all")
IDS = ("123456789012", "vol-00000000000000001", "acme-bills")
NAMES = ("payroll-db", "treasury", "kim.of.treasury")
PAIRS = list(product(LEVELS, LEVELS))
NO_BROWSER = "No browser here: install one."


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "browser", lambda: None)


@pytest.fixture
def prints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A browser that prints whatever it is given; what it was given."""
    printed: list[str] = []

    def print_(page: str) -> bytes:
        printed.append(page)
        return b"%PDF-1.7"

    monkeypatch.setattr(chromium, "required", lambda: "chromium")
    monkeypatch.setattr(chromium, "printed", print_)
    return printed


def night(
    folder: Path, target: dict[str, Any], settings: dict[str, Any] | None = None, **nightly: Any
) -> Context:
    """A night whose report step is done in the way of these settings, at the point where it tells people."""
    found = report(
        finding(
            1, "250.00", resource_name="payroll-db", tags={"team": "treasury"}, status="new", first_seen=AS_OF
        )
    ).model_copy(update={"exemptions": [mute(3).model_copy(update={"owner": "kim.of.treasury"})]})
    at = context(folder, found)
    told = {"nightly": {"folder": folder / "shelf", "formats": ["html", "json"], **nightly}}
    at.settings = Settings.model_validate(
        {**told, "deliver": [{"name": "t", "to": str(folder / "out"), **target}], **(settings or {})}
    )
    return _reported(at)


def _reported(at: Context) -> Context:
    edition, formats = of_night(at.settings), at.settings.nightly.formats
    assert at.report
    made = write_what_can_be(
        at.report, at.staged, formats, redact=edition.redact, audience=edition.audience, locale=edition.locale
    )
    note(at.staged, at.settings, made.unmade)
    at.files, at.unmade = made.paths, made.unmade
    if not at.db.exists():
        with writing(at.db, "test", at=AT):
            pass
    return at


def told(at: Context) -> dict[str, str]:
    """What the target got: text by file."""
    deliver_to(at, at.settings.deliver[0])
    return got(at)


def got(at: Context) -> dict[str, str]:
    folder = Path(at.settings.deliver[0].to)
    return {path.name: path.read_text(errors="replace") for path in folder.iterdir()}


# --- what is hidden ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_levels_hide_together_what_each_of_them_hides(one: Any, other: Any) -> None:
    def hides(level: str) -> set[str]:
        return {"none": set(), "ids": {"ids"}, "names": {"names"}, "all": {"ids", "names"}}[level]

    assert hides(stricter(one, other)) == hides(one) | hides(other)


@pytest.mark.parametrize(("at_night", "of_target"), PAIRS)
def test_a_target_gets_nothing_that_the_night_or_itself_hides(
    tmp_path: Path, at_night: str, of_target: str
) -> None:
    at = night(
        tmp_path,
        {"redact": of_target, "attach": ["json", "csv", "markdown", "chat"]},
        formats=["json", "csv", "markdown", "chat"],
        redact=at_night,
    )
    at.report = at.report and at.report.model_copy(
        update={
            "night": at.report.night
            and at.report.night.model_copy(
                update={"steps": [_step("ingest", "s3://acme-bills/x", "123456789012 of payroll-db")]}
            )
        }
    )
    journal = Journal(at.db, at.run_id, at.command, AT, AT)
    for entry in (*DONE, failed("ingest", "s3://acme-bills/x", "123456789012 of payroll-db")):
        journal.end(entry)
    hidden = (IDS if {at_night, of_target} & {"ids", "all"} else ()) + (
        NAMES if {at_night, of_target} & {"names", "all"} else ()
    )
    files = told(at)
    assert set(files) == {
        "finops-report.json", "finops-findings.csv", "finops-report.md", "finops-chat.md", MESSAGE,
    }  # fmt: skip
    assert "ingest" in files[MESSAGE]
    for word in (*IDS, *NAMES):
        where = {name for name, text in files.items() if word in text}
        assert bool(where) is (word not in hidden), (word, where)


def _step(step: str, part: str, message: str) -> Any:
    from finops.night_model import NightStep

    return NightStep(
        step=step, part=part, status="failed", started_at=AT, finished_at=AT, rows=None, calls=None, message=message
    )  # fmt: skip


@pytest.mark.parametrize("level", LEVELS[1:])
def test_the_address_of_a_bill_is_not_told_where_there_is_no_report_to_redact(
    tmp_path: Path, level: str
) -> None:
    at = replace(night(tmp_path, {"redact": level}), report=None)
    journal = Journal(at.db, at.run_id, at.command, AT, AT)
    journal.end(failed("ingest", "s3://acme-bills/x", "refused"))
    files = told(at)
    assert set(files) == {MESSAGE}
    assert "ingest failed" in files[MESSAGE]
    assert "acme-bills" not in files[MESSAGE]


@pytest.mark.parametrize("change", [{"redact": "names"}, {"audience": "executive"}, {"locale": "zh"}])
def test_the_same_night_in_another_edition_is_sent_again_to_who_always_wants_to_hear(
    tmp_path: Path, change: dict[str, str]
) -> None:
    at = night(tmp_path, {"when": "always"})
    told(at)
    later = replace(at, run_id="another0")
    assert not parcel_for(later, at.settings.deliver[0]).wanted
    assert parcel_for(later, at.settings.deliver[0].model_copy(update=change)).wanted


# --- for whom, in which language --------------------------------------------------------------------------


def test_a_target_like_the_night_gets_the_files_of_the_night(tmp_path: Path) -> None:
    at = night(
        tmp_path, {"audience": "engineering", "locale": "de"}, {"locale": "de"}, audience="engineering"
    )
    made = files_of(at, parcel_for(at, at.settings.deliver[0]))
    assert made.paths == [at.staged / "finops-report.html", at.staged / "finops-report.json"]


@pytest.mark.parametrize(
    ("of_night_", "of_target", "edition"),
    [
        ({}, {}, Edition()),
        ({"locale": "de"}, {}, Edition(locale="de")),
        ({"locale": "de"}, {"locale": "en"}, Edition()),
        ({"nightly": {"audience": "executive"}}, {}, Edition(audience="executive")),
        ({"nightly": {"audience": "executive"}}, {"audience": "finance"}, Edition()),
        ({"nightly": {"redact": "ids"}}, {"redact": False}, Edition("ids")),
    ],
)
def test_a_target_is_told_as_the_night_is_but_for_what_it_asks_for(
    of_night_: dict[str, Any], of_target: dict[str, Any], edition: Edition
) -> None:
    settings = Settings.model_validate({**of_night_, "deliver": [{"name": "t", "to": "out", **of_target}]})
    assert for_target(settings, settings.deliver[0]) == edition


def test_a_target_in_another_language_gets_message_and_files_in_it(tmp_path: Path) -> None:
    at = night(tmp_path, {"locale": "de"})
    (page,) = (path for path in at.files if path.suffix == ".html")
    assert 'lang="en"' in page.read_text()[:500]
    files = told(at)
    assert 'lang="de"' in files["finops-report.html"][:500]
    assert "250 $" in files[MESSAGE].replace("\N{NO-BREAK SPACE}", " ")
    assert "$250" not in files[MESSAGE]
    assert "1 neuer Befund" in files[MESSAGE]
    assert "**Insgesamt**" in files[MESSAGE]
    assert files["finops-report.json"] == (at.staged / "finops-report.json").read_text()
    assert 'lang="en"' in page.read_text()[:500]  # the night's own stays as it is


def test_targets_after_one_in_another_language_are_told_in_that_of_the_night(tmp_path: Path) -> None:
    at = night(tmp_path, {"locale": "de"})
    told(at)
    plain = at.settings.deliver[0].model_copy(update={"name": "plain", "locale": None})
    assert "$250" in parcel_for(at, plain).message.subject


def test_a_target_with_another_audience_gets_the_page_in_that_order(tmp_path: Path) -> None:
    at = night(tmp_path, {"audience": "engineering"})
    page = told(at)["finops-report.html"]
    assert page != (at.staged / "finops-report.html").read_text()
    assert page.index('id="todo"') < page.index('id="method"')
    assert page.index('id="todo"') < page.index('id="costs"')


def test_what_a_mail_says_is_in_the_language_of_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS", "mailto://u:p@h.example?to=a@h.example")
    at = night(tmp_path, {"to": "env:OPS", "locale": "zh"})
    message = parcel_for(at, at.settings.deliver[0]).message
    assert "新增 1 项优化项，每月 US$250；" in message.subject
    assert "US$250" in message.html


# --- what cannot be made here -----------------------------------------------------------------------------


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser, in words of our own."""

    def required() -> str:
        raise UsageError(NO_BROWSER)

    monkeypatch.setattr(chromium, "required", required)


def test_a_target_whose_pdf_cannot_be_made_gets_the_rest_and_is_told(tmp_path: Path, without: None) -> None:
    at = night(tmp_path, {"attach": ["html", "pdf"]})
    done = deliver_to(at, at.settings.deliver[0])
    assert set(got(at)) == {"finops-report.html", MESSAGE}
    assert f"finops-report.pdf was not made: {NO_BROWSER}" in got(at)[MESSAGE].replace("\\", "")
    assert (done.status, done.rows) == ("incomplete", 1)
    assert isinstance(done.error, IncompleteError)
    assert str(done.error) == f"t did not get all files. finops-report.pdf was not made: {NO_BROWSER}"
    assert done.message.endswith(str(done.error))


def test_a_redacted_target_is_told_which_file_is_missing_and_not_why(tmp_path: Path, without: None) -> None:
    at = night(tmp_path, {"attach": ["pdf"], "redact": "ids"})
    message = told(at)[MESSAGE]
    assert "finops-report.pdf was not made" in message
    assert "browser" not in message


def test_a_pdf_that_is_missing_is_told_once_and_sent_when_it_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: None
) -> None:
    at = night(tmp_path, {"attach": ["pdf"]})
    told(at)
    later = replace(at, run_id="another0", as_of=AT + timedelta(days=1))
    target = at.settings.deliver[0]
    assert not parcel_for(later, target).wanted
    monkeypatch.setattr(chromium, "required", lambda: "chromium")
    monkeypatch.setattr(chromium, "printed", lambda _: b"%PDF-1.7")
    done = deliver_to(later, target)
    assert (done.status, done.rows) == ("done", 1)
    assert "finops-report.pdf" in got(at)
    assert "the night is whole again" in got(at)[MESSAGE]


def test_a_file_that_was_missing_is_sent_also_where_something_else_is_wrong_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: None
) -> None:
    at = night(tmp_path, {"attach": ["pdf"]})
    Journal(at.db, at.run_id, at.command, AT, AT).end(failed("collect", "aws", status="incomplete"))
    told(at)
    later, target = replace(at, run_id="another0"), at.settings.deliver[0]
    assert not parcel_for(later, target).wanted
    monkeypatch.setattr(chromium, "required", lambda: "chromium")
    monkeypatch.setattr(chromium, "printed", lambda _: b"%PDF-1.7")
    deliver_to(later, target)
    assert "finops-report.pdf" in got(at)
    assert "collect aws incomplete" in got(at)[MESSAGE]
    assert not parcel_for(replace(at, run_id="another1"), target).wanted


def test_a_browser_that_fails_only_while_it_prints_is_told_in_the_same_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: list[str]
) -> None:
    def fails(_: str) -> bytes:
        raise UsageError("chromium failed (No usable sandbox!).")

    monkeypatch.setattr(chromium, "printed", fails)
    at = night(tmp_path, {"attach": ["json", "pdf"]})
    assert not parcel_for(at, at.settings.deliver[0]).facts.unmade
    files = told(at)
    assert set(files) == {"finops-report.json", MESSAGE}
    assert "finops-report.pdf was not made: chromium failed" in files[MESSAGE]
    with reading(at.db) as con:
        ((keys,),) = con.execute("SELECT told FROM deliveries").fetchall()
    assert "unmade:finops-report.pdf" in keys


def test_a_pdf_that_the_night_could_not_print_is_not_tried_again_for_each_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: list[str]
) -> None:
    def fails(page: str) -> bytes:
        prints.append(page)
        raise UsageError("chromium was stopped: it was not done after 300 seconds.")

    monkeypatch.setattr(chromium, "printed", fails)
    at = night(tmp_path, {}, formats=["json", "pdf"])
    files = told(at)
    assert len(prints) == 1
    assert "finops-report.pdf was not made" in files[MESSAGE]
    assert "Files in" in files[MESSAGE]
    assert ": finops-report.json" in files[MESSAGE].partition("Files in")[2]


def test_a_target_in_another_language_has_a_pdf_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: list[str]
) -> None:
    at = night(tmp_path, {"locale": "de"}, formats=["pdf"])
    told(at)
    assert ['lang="de"' in page[:500] for page in prints] == [False, True]


def test_a_language_that_this_machine_cannot_print_costs_only_who_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: list[str]
) -> None:
    from reports.language import spoken

    def required() -> str:
        if spoken() == "zh":
            raise UsageError("There is no font with Chinese characters.")
        return "chromium"

    monkeypatch.setattr(chromium, "required", required)
    at = night(tmp_path, {"locale": "zh"}, formats=["json", "pdf"])
    assert at.unmade == {}
    files = told(at)
    assert set(files) == {"finops-report.json", MESSAGE}
    assert "There is no font with Chinese characters" in files[MESSAGE]
    plain = at.settings.deliver[0].model_copy(update={"locale": None})
    assert [path.name for path in files_of(at, parcel_for(at, plain)).paths] == [
        "finops-report.json",
        "finops-report.pdf",
    ]


def test_files_of_every_format_go_to_a_folder(tmp_path: Path, prints: list[str]) -> None:
    at = night(tmp_path, {"attach": ["xlsx", "pdf", "mail", "chat"]})
    assert set(told(at)) == {
        "finops-report.xlsx", "finops-report.pdf", "finops-report.eml", "finops-chat.md", MESSAGE,
    }  # fmt: skip


def test_delivering_again_ends_with_3_where_a_file_is_missing(
    tmp_path: Path, without: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = night(tmp_path, {"attach": ["json", "pdf"]})
    from finops.pipeline.record import record

    with writing(at.db, "audit", at=AT, run_id="8f3c21d0") as writer:
        assert at.report
        record(writer, at.report.model_copy(update={"night": None, "run_id": "8f3c21d0"}))
    done = redeliver(at.db, at.settings, [], clock=lambda: AT, say=lambda _: None)
    assert [row["status"] for row in done.rows] == ["incomplete"]
    assert isinstance(done.problem, IncompleteError)
    assert "finops-report.pdf was not made" in str(done.problem)
    monkeypatch.setattr(chromium, "required", lambda: "chromium")
    monkeypatch.setattr(chromium, "printed", lambda _: b"%PDF-1.7")
    assert redeliver(at.db, at.settings, [], clock=lambda: AT, say=lambda _: None).problem is None
    assert "finops-report.pdf" in got(at)
