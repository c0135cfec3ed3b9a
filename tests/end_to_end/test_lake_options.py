"""What is asked of a lake and of Spark, and makes no sense or is not there: a sentence each, and nothing happens."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.command import finops

SPARK = ("audit", "--engine", "spark")
LAKE = ("--tables", "lake")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("audit", "--remote", "sc://h"),
            "--remote says where Spark is to judge: write --engine spark as well",
        ),
        (("audit", *LAKE), "--tables says where Spark is to judge"),
        ((*SPARK, *LAKE), "--engine spark needs a server"),
        ((*SPARK, "--remote", "sc://h"), "--engine spark judges a lake: name it with --tables URI"),
        (("audit", "aws", *SPARK[1:], "--remote", "sc://h", *LAKE), "finops collect aws --lake lake"),
        (
            (*SPARK, *LAKE, "--remote", "spark://h:7077"),
            "is no address of Spark Connect: write sc://HOST:PORT",
        ),
    ],
)
def test_options_that_lack_another_are_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = finops(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert told in done.sentence
    assert not done.out


def test_a_server_that_does_not_answer_is_told_at_once(tmp_path: Path) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = finops(*SPARK, *LAKE, "--remote", f"sc://127.0.0.1:{port}", cwd=tmp_path)
    assert done.code == 2
    assert f"No Spark Connect server answers at 127.0.0.1:{port}" in done.sentence


def test_the_lake_of_the_configuration_follows_an_ingest(tmp_path: Path) -> None:
    (tmp_path / "finops.toml").write_text('lake = "lake"\n')
    (tmp_path / "bill.csv").write_text(
        "BillingAccountId,BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargeCategory,ChargePeriodStart,"
        "ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd,ProviderName,ServiceName,ChargeDescription,SubAccountId\n"
        "1,2.5,2.5,2.5,USD,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,"
        "AWS,Amazon EC2,x,1\n"
    )
    done = finops("ingest", "bill.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "lake lake: 2 partitions written, 0 unchanged, 2 rows in all" in done.out
    assert (
        len(list((tmp_path / "lake" / "charges" / "cloud=aws" / "billing_period=2026-10").glob("*.parquet")))
        == 1
    )
