"""The files of a night: what cannot be made costs itself only, and other settings need other files."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from finops.config import Settings
from finops.errors import IncompleteError, UsageError
from finops.pipeline.delivering import last_night, parcel_for
from finops.pipeline.nightly import night, retry, run_night
from finops.pipeline.nightly.context import Context, Done, Step
from finops.pipeline.nightly.incoming import open_
from finops.pipeline.nightly.outgoing import deliver, publish, report
from finops.pipeline.nightly.plan import planned
from finops.pipeline.record import record
from finops.warehouse import reading, writing
from reports import chromium
from tests.reports import build

AT = datetime(2026, 11, 20, 2, 30)
NO_BROWSER = "A PDF is printed by Chromium, and none was found: install one."


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No browser; what is returned installs one."""

    def required() -> str:
        raise UsageError(NO_BROWSER)

    def install() -> None:
        monkeypatch.setattr(chromium, "required", lambda: "chromium")
        monkeypatch.setattr(chromium, "printed", lambda _: b"%PDF-1.7")

    monkeypatch.setattr(chromium, "browser", lambda: None)
    monkeypatch.setattr(chromium, "required", required)
    return install


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse with one audit, and nights of which only what comes after it is real."""
    path = tmp_path / "w.duckdb"
    found = build.report([build.finding(1, "250.00", status="new", first_seen=build.AS_OF)])
    with writing(path, "audit", at=AT, run_id="8f3c21d0") as writer:
        record(writer, found)
    steps = (
        Step("open", open_),
        Step("audit", lambda _, __: Done("1 finding.", rows=1)),
        Step("report", report, after=("audit",)),
        Step("publish", publish, after=("report",)),
        Step("deliver", deliver, lambda settings: tuple(one.name for one in settings.deliver)),
    )
    monkeypatch.setattr(night, "STEPS", steps)
    return path


def settings(db: Path, *, deliver: list[dict[str, Any]] | None = None, **nightly: Any) -> Settings:
    told = {"folder": str(db.parent / "shelf"), "formats": ["csv", "json", "pdf"]} | nightly
    return Settings.model_validate({"nightly": told, "deliver": deliver or []})


def go(db: Path, given: Settings) -> night.NightDone:
    return run_night(db, given, as_of=AT, clock=lambda: AT, say=lambda _: None)


def again(db: Path, given: Settings) -> night.NightDone | None:
    return retry(db, given, clock=lambda: AT, say=lambda _: None)


def step(done: night.NightDone | None, name: str) -> Any:
    assert done
    return next(one for one in done.entries if one.step == name)


def shelf(db: Path) -> set[str]:
    return {path.name for path in (db.parent / "shelf").iterdir()}


def context(db: Path, given: Settings) -> Context:
    return Context("0a1b2c3d", "nightly", db, given, AT, AT, lambda: AT, lambda _: None)


def test_a_pdf_without_a_browser_costs_none_of_the_other_files_and_is_told_everywhere(
    db: Path, without: Callable[[], None]
) -> None:
    given = settings(db, deliver=[{"name": "share", "to": str(db.parent / "share")}])
    done = go(db, given)
    assert shelf(db) == {"finops-findings.csv", "finops-report.json"}
    assert (step(done, "report").status, step(done, "report").rows) == ("incomplete", 2)
    assert step(done, "report").message == f"2 files. finops-report.pdf was not made: {NO_BROWSER}"
    assert step(done, "publish").status == "done"
    assert isinstance(done.problem, IncompleteError)
    assert done.problem.exit_code == 3
    message = (db.parent / "share" / "finops-message.md").read_text()
    assert "# finops: night incomplete: finops-report.pdf was not made; 1 new finding" in message
    assert NO_BROWSER in message
    assert not (db.parent / "share" / "finops-report.pdf").exists()
    with reading(db) as con:
        told = con.execute("SELECT status, error FROM runs WHERE command = 'nightly'").fetchall()
    ((status, error),) = told
    assert status == "incomplete"
    assert f"finops-report.pdf was not made: {NO_BROWSER}" in error


def test_a_chinese_pdf_without_a_font_for_it_costs_itself_only(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "browser", lambda: "chromium")
    monkeypatch.setattr(chromium, "_has_chinese", lambda: False)
    given = settings(db, formats=["json", "pdf"]).model_copy(update={"locale": "zh"})
    done = go(db, given)
    assert shelf(db) == {"finops-report.json"}
    assert "finops-report.pdf was not made: Chinese is printed with a font" in step(done, "report").message
    assert done.problem
    assert done.problem.exit_code == 3
    assert "not pdf: Chinese is printed with a font" in plan(given)["report", ""]


def test_a_retry_with_a_browser_makes_the_pdf_and_hands_it_out(db: Path, without: Callable[[], None]) -> None:
    given = settings(db, deliver=[{"name": "share", "to": str(db.parent / "share")}])
    go(db, given)
    without()
    done = again(db, given)
    assert done
    assert done.problem is None
    assert "finops-report.pdf" in shelf(db)
    assert (db.parent / "share" / "finops-report.pdf").exists()
    assert "the night is whole again" in (db.parent / "share" / "finops-message.md").read_text()
    assert again(db, given) is None


def test_a_night_of_a_pdf_alone_without_a_browser_tells_that_it_has_no_files(
    db: Path, without: Callable[[], None]
) -> None:
    done = go(db, settings(db, formats=["pdf"]))
    assert step(done, "report").message.startswith("0 files. finops-report.pdf was not made")
    assert shelf(db) == set()
    assert done.problem
    assert done.problem.exit_code == 3


def test_a_pdf_of_an_earlier_night_does_not_lie_beside_newer_files(
    db: Path, without: Callable[[], None]
) -> None:
    (db.parent / "shelf").mkdir()
    (db.parent / "shelf" / "finops-report.pdf").write_bytes(b"%PDF of yesterday")
    (db.parent / "shelf" / "finops-report.xlsx").write_bytes(b"of somebody else")
    done = go(db, settings(db))
    assert shelf(db) == {"finops-findings.csv", "finops-report.json", "finops-report.xlsx"}
    assert "finops-report.pdf of an earlier night was removed." in step(done, "publish").message


def test_a_pdf_that_tells_the_same_stays_where_the_next_night_cannot_print(
    db: Path, without: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(chromium, "required", lambda: "chromium")
        patch.setattr(chromium, "printed", lambda _: b"%PDF-1.7")
        go(db, settings(db))
    at = context(db, settings(db))
    report(at, None)
    assert "tell the same already" in publish(at, None).message
    assert "finops-report.pdf" in shelf(db)


@pytest.mark.parametrize("change", [{"redact": "all"}, {"audience": "executive"}])
def test_other_settings_publish_the_same_night_anew(db: Path, change: dict[str, Any]) -> None:
    given = settings(db, formats=["html", "json"])
    go(db, given)
    before = (db.parent / "shelf" / "finops-report.html").read_text()
    assert "tell the same already" in step(go(db, given), "publish").message
    done = go(db, settings(db, formats=["html", "json"], **change))
    assert "tell the same already" not in step(done, "publish").message
    assert (db.parent / "shelf" / "finops-report.html").read_text() != before


def test_a_file_that_is_no_longer_wanted_does_not_tell_what_the_new_ones_hide(db: Path) -> None:
    go(db, settings(db, formats=["html", "csv"]))
    (db.parent / "shelf" / "mine.csv").write_text("not of a night")
    done = go(db, settings(db, formats=["html"], redact="all"))
    assert shelf(db) == {"finops-report.html", "mine.csv"}
    assert "finops-findings.csv of an earlier night was removed." in step(done, "publish").message


def test_the_language_of_the_settings_is_that_of_the_files(db: Path) -> None:
    given = settings(db, formats=["html"])
    go(db, given)
    go(db, given.model_copy(update={"locale": "de"}))
    assert 'lang="de"' in (db.parent / "shelf" / "finops-report.html").read_text()[:500]


@pytest.mark.parametrize("level", ["ids", "names", "all"])
def test_a_redacted_night_publishes_nothing_that_it_hides(db: Path, level: str) -> None:
    go(db, settings(db, formats=["html", "json", "csv", "markdown", "chat"], redact=level))
    hidden = {"ids": ["123456789012", "vol-0000"], "names": ["data-1"], "all": ["123456789012", "data-1"]}
    texts = [path.read_text() for path in (db.parent / "shelf").iterdir()]
    assert len(texts) == 5
    for word in hidden[level]:
        assert not any(word in text for text in texts)
    shown = {"ids": "data-1", "names": "123456789012"}.get(level, "")
    assert any(shown in text for text in texts)


def test_a_retry_does_not_hand_out_files_that_the_settings_no_longer_want_so(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever turns redaction on and retries a message that failed must not send what was made before."""
    (db.parent / "file").write_text("")
    target = {"name": "share", "to": str(db.parent / "file" / "out"), "retries": 0}
    assert step(go(db, settings(db, formats=["json"], deliver=[target])), "deliver").status == "failed"
    (db.parent / "file").unlink()
    done = again(db, settings(db, formats=["json"], redact="all", deliver=[target]))
    assert [one.step for one in done.entries] == ["open", "report", "publish", "deliver"]  # type: ignore[union-attr]
    for folder in ("shelf", "file/out"):
        assert "123456789012" not in (db.parent / folder / "finops-report.json").read_text()


def test_a_retry_under_the_same_settings_sends_the_files_that_are_there(db: Path) -> None:
    (db.parent / "file").write_text("")
    target = {"name": "share", "to": str(db.parent / "file" / "out"), "retries": 0}
    given = settings(db, formats=["json"], deliver=[target])
    go(db, given)
    (db.parent / "file").unlink()
    done = again(db, given)
    assert [one.step for one in done.entries] == ["open", "deliver"]  # type: ignore[union-attr]
    assert done.problem is None  # type: ignore[union-attr]


def test_an_audit_that_somebody_ran_in_between_is_not_told_as_the_night(
    db: Path, monkeypatch: pytest.MonkeyPatch, without: Callable[[], None]
) -> None:
    def judged(at: Context, _: str | None) -> Done:
        with writing(at.db, "audit", at=AT) as writer:
            night_of = build.report([build.finding(2, "777.00", status="new", first_seen=build.AS_OF)])
            record(writer, night_of.model_copy(update={"run_id": writer.run_id}))
        return Done("1 finding.", rows=1)

    monkeypatch.setattr(
        night,
        "STEPS",
        tuple(replace(one, run=judged) if one.name == "audit" else one for one in night.STEPS),  # type: ignore[attr-defined]
    )
    given = settings(db, deliver=[{"name": "share", "to": str(db.parent / "share")}])
    assert go(db, given).problem
    with writing(db, "audit", at=AT + timedelta(hours=1)) as writer:
        record(writer, build.report().model_copy(update={"run_id": writer.run_id}))
    without()
    later = retry(db, given, clock=lambda: AT + timedelta(hours=2), say=lambda _: None)
    assert step(later, "report").status == "done"
    assert json.loads((db.parent / "shelf" / "finops-report.json").read_text())["findings"]
    assert "777" in (db.parent / "share" / "finops-message.md").read_text()
    told = last_night(context(db, given)).report
    assert told
    assert [one.id for one in told.findings] == ["f00000000002"]


def test_a_target_elsewhere_hears_of_a_file_that_the_night_lacks(
    db: Path, without: Callable[[], None]
) -> None:
    given = settings(db, deliver=[{"name": "share", "to": str(db.parent / "share"), "attach": ["json"]}])
    at = context(db, given)
    report(at, None)
    parcel = parcel_for(replace(at, unmade={}), given.deliver[0])  # as finops deliver finds it later
    assert "finops-report.pdf was not made" in parcel.message.text
    assert "finops-report.pdf" not in parcel.message.text.partition("Files in")[2]


# --- before the night -------------------------------------------------------------------------------------


def plan(given: Settings) -> dict[tuple[str, str], str]:
    return {(row["step"], row["part"]): row["what"] for row in planned(Path("w.duckdb"), given)}


def test_a_dry_run_tells_what_cannot_be_made_and_why(db: Path, without: Callable[[], None]) -> None:
    given = settings(
        db,
        deliver=[
            {"name": "share", "to": "share", "attach": ["pdf"]},
            {"name": "chat", "to": "env:CHAT", "attach": []},
        ],
    )
    why = NO_BROWSER.rstrip(".")
    assert plan(given)["report", ""] == f"make csv, json; not pdf: {why}"
    assert plan(given)["deliver", "share"] == f"when there is news to share, without files; not pdf: {why}"
    assert plan(given)["deliver", "chat"].endswith("without files")
    without()
    assert plan(given)["report", ""] == "make csv, json, pdf"


def test_a_dry_run_tells_what_is_hidden_for_whom_and_in_which_language(db: Path) -> None:
    given = Settings.model_validate(
        {
            "locale": "de",
            "nightly": {"formats": ["html"], "redact": "ids", "audience": "executive"},
            "deliver": [
                {"name": "a", "to": "out"},
                {"name": "b", "to": "out", "redact": "names", "locale": "zh", "audience": "engineering"},
                {"name": "c", "to": "out", "locale": "en", "audience": "finance"},
                {"name": "d", "to": "env:MAIL"},
            ],
        }
    )
    told = plan(given)
    assert told["report", ""] == "make html, ids redacted, for executive, in German"
    assert told["deliver", "a"].endswith("with html, ids redacted, for executive, in German")
    assert told["deliver", "b"].endswith("with html, redacted, for engineering, in Chinese")
    assert told["deliver", "c"].endswith("with html, ids redacted")
    assert told["deliver", "d"].endswith("where it is mail, ids redacted, for executive, in German")


def test_what_is_kept_of_the_files_names_no_secret(db: Path) -> None:
    go(db, settings(db, formats=["json"]))
    kept = json.loads((db.parent / "w.duckdb.nightly" / "report.json").read_text())
    assert kept == {
        "told": {"redact": "none", "audience": "finance", "locale": "en", "formats": ["json"]},
        "unmade": {},
    }
