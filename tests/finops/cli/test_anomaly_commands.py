"""finops anomalies and forecast: what is printed where, and what a slip changes."""

import importlib
import json
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from finops.config import Settings
from finops.pipeline.watching import watch
from finops.warehouse import reading, writing
from tests.finops.pipeline.watching.conftest import World

Command = Callable[..., tuple[int, str, str]]
AT = datetime(2026, 10, 21)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one step of one service, and the night that found it."""
    path = tmp_path_factory.mktemp("watched") / "finops.duckdb"
    with writing(path, "load", at=AT) as writer:
        World(writer.con).days("2026-10-20", lambda day: 900.0 if day >= date(2026, 10, 10) else 500.0)
        watch(writer, Settings(), at=AT)
    return path


@pytest.fixture
def finops(
    watched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a command on a copy of it, in this process, on the day of the night."""
    main = importlib.import_module("finops.cli.main")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("finops.instants.now", lambda: AT)
    Path("finops.toml").write_text('[[budgets]]\nname = "All"\namount = 15000\ncurrency = "USD"\n')
    shutil.copyfile(watched, "finops.duckdb")

    def finops(*arguments: str) -> tuple[int, str, str]:
        code = main._guarded(list(arguments), False)
        said = capsys.readouterr()
        return code, said.out, said.err

    return finops


def test_one_is_listed_accepted_and_gone_from_what_is_open(finops: Command) -> None:
    code, said, _ = finops("anomalies")
    assert code == 0
    header, line = said.splitlines()
    assert header.split("\t")[:3] == ["id", "state", "kind"]
    start = line.split("\t")[0][:5]
    code, _, err = finops("anomalies", "accept", start, "--reason", "new region", "--by", "Ann")
    assert (code, "Accepted through 2027-04-18" in err) == (0, True)
    assert finops("anomalies", "list")[1] == "No anomaly is open. finops nightly looks for them.\n"
    (one,) = json.loads(finops("anomalies", "--all", "--format", "json")[1])
    assert (one["state"], one["service"]) == ("accepted", "Compute")


_EVENT = ("expect", "--reason", "so", "--by", "A", "--to", "2026-11-02", "--from")
_SLIPS = {
    ("accept", "zzz", "--reason", "so", "--by", "Ann"): "There is no anomaly zzz",
    ("accept", "zzz", "--by", "Ann"): "--reason",
    (*_EVENT, "2026-11-01"): "Say whose costs",
    (*_EVENT, "2026-11-01", "--cloud", "asw"): "Did you mean aws?",
    (*_EVENT, "2026-11-03", "--cloud", "aws"): "the last day is before the first",
    (*_EVENT, "yesterday", "--cloud", "aws"): "'yesterday' is not an instant",
}


def test_a_slip_is_told_in_a_sentence_and_changes_nothing(finops: Command) -> None:
    before = Path("finops.duckdb").read_bytes()
    for arguments, sentence in _SLIPS.items():
        code, said, err = finops("anomalies", *arguments)
        assert (code, said) == (2, ""), arguments
        assert sentence in err
    assert Path("finops.duckdb").read_bytes() == before


def test_an_event_is_announced(finops: Command) -> None:
    code, _, err = finops(
        "anomalies", "expect", "--cloud", "aws", "--from", "2026-11-01", "--to", "2026-11-02",
        "--reason", "load test", "--by", "Ann",
    )  # fmt: skip
    assert (code, "No alarm from 2026-11-01 to 2026-11-02" in err) == (0, True)
    with reading(Path("finops.duckdb")) as con:
        assert con.execute("SELECT decision, cloud, owner FROM anomaly_decisions").fetchall() == [
            ("expect", "aws", "Ann")
        ]


def test_a_forecast_stands_with_its_band_and_the_budgets(finops: Command) -> None:
    code, said, _ = finops("forecast", "--by", "account,service")
    assert code == 0
    months, budgets = said.split("\n\n")
    assert months.splitlines()[1].split("\t")[:4] == ["account", "service", "currency", "spent"]
    assert months.splitlines()[2].startswith("total\t\tUSD\t")
    assert "All\tover\tUSD\t15000" in budgets
    told = json.loads(finops("forecast", "-f", "json")[1])
    assert told["forecasts"][0]["low"] < told["forecasts"][0]["forecast"] < told["forecasts"][0]["high"]


def test_a_month_to_come_is_refused(finops: Command) -> None:
    code, said, err = finops("forecast", "--month", "2027-01")
    assert (code, said) == (2, "")
    assert "has not begun" in err
