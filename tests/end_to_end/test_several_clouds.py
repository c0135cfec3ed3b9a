"""`finops audit aws alibaba`: clouds in one table, each in its currency, and one that fails does not stop the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.command import Done, finops
from tests.servers.alibaba.cloud import AS_OF
from tests.servers.alibaba.cloud import Cloud as Alibaba
from tests.servers.aws.cloud import Cloud as Aws
from tests.servers.gcp.cloud import Cloud as Gcp

pytestmark = pytest.mark.slow

# What names something of one cloud stands in its section.
SETTINGS = '[aws]\nregions = ["us-east-1"]\n[alibaba]\nregions = ["cn-hangzhou"]\n'

# The bill of the current month only: the interface of bills may be asked eight times a second.
SHORT = {"FINOPS_ALIBABA__BILL_DAYS": "5"}


@dataclass
class Clouds:
    """Two small estates."""

    aws: Aws
    alibaba: Alibaba

    @property
    def env(self) -> dict[str, str]:
        return {**self.aws.env, **self.alibaba.env, **SHORT}


@pytest.fixture(scope="module")
def clouds() -> Iterator[Clouds]:
    with Aws.shared() as aws, Alibaba.shared() as alibaba:
        aws.estate(n=12, regions=("us-east-1",))
        alibaba.estate(n=12, regions=("cn-hangzhou",))
        yield Clouds(aws, alibaba)


def audit(folder: Path, env: dict[str, str], *more: str) -> Done:
    (folder / "finops.toml").write_text(SETTINGS)
    words = ("audit", "aws", "alibaba", "--as-of", AS_OF, "--format", "json", *more)
    return finops(*words, cwd=folder, env=env)


def without(env: dict[str, str], *parts: str) -> dict[str, str]:
    return {name: value for name, value in env.items() if not all(part in name for part in parts)}


@pytest.fixture(scope="module")
def audited(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The folder of an audit of both, and what it said."""
    folder = tmp_path_factory.mktemp("audited")
    return folder, audit(folder, clouds.env)


def test_both_are_collected_and_judged_each_in_its_own_currency(audited: tuple[Path, Done]) -> None:
    _, done = audited
    assert done.code == 0, done.err
    report = done.json
    assert {scope["cloud"] for scope in report["coverage"]} == {"aws", "alibaba"}
    priced = [one for one in report["findings"] if one["price_basis"] != "none"]
    assert {(one["cloud"], one["currency"]) for one in priced} == {
        ("aws", "USD"),
        ("alibaba", "CNY"),
    }
    assert set(report["totals_by_currency"]) == {"USD", "CNY"}
    assert report["totals"]["net_monthly_savings"] is None, "nobody gave a rate"
    assert "Collecting " in done.err
    assert "from AWS." in done.err
    assert "from Alibaba Cloud." in done.err


def test_a_third_joins_two_that_are_there_and_only_it_is_asked(
    clouds: Clouds, audited: tuple[Path, Done]
) -> None:
    folder, before = audited
    clouds.aws.reset_calls()
    clouds.alibaba.reset_calls()
    with Gcp.shared() as gcp:
        gcp.estate(n=12, regions=("us-central1",), projects=1)
        done = audit(folder, {**clouds.env, **gcp.env}, "gcp")
        assert gcp.count() > 0
    assert done.code == 0, done.err
    assert (clouds.aws.count(), clouds.alibaba.count()) == (0, 0)
    assert {one["cloud"] for one in done.json["coverage"]} == {"aws", "alibaba", "gcp"}
    ours, theirs = (
        {one["id"] for one in told.json["findings"] if one["cloud"] != "gcp"} for told in (before, done)
    )
    assert ours == theirs
    assert [one for one in done.json["findings"] if one["cloud"] == "gcp" and one["currency"] == "USD"]


def test_again_within_the_age_neither_is_asked(clouds: Clouds, audited: tuple[Path, Done]) -> None:
    folder, _ = audited
    clouds.aws.reset_calls()
    clouds.alibaba.reset_calls()
    assert audit(folder, clouds.env).code == 0
    assert (clouds.aws.count(), clouds.alibaba.count()) == (0, 0)


def test_one_without_credentials_is_told_and_the_other_is_judged(clouds: Clouds, tmp_path: Path) -> None:
    done = audit(tmp_path, without(clouds.env, "ALIBABA", "ACCESS_KEY"))
    assert done.code == 3
    assert "Alibaba Cloud was left out: No Alibaba Cloud credentials were found" in done.err
    assert {scope["cloud"] for scope in done.json["coverage"]} == {"aws"}
    assert done.json["findings"]


def test_without_credentials_for_any_nothing_is_judged(clouds: Clouds, tmp_path: Path) -> None:
    done = audit(tmp_path, without(clouds.env, "ACCESS_KEY"))
    assert done.code == 4
    assert done.out == ""
    assert "No AWS credentials were found" in done.sentence
    assert "No Alibaba Cloud credentials were found" in done.sentence


def test_what_is_denied_in_either_is_named(clouds: Clouds, tmp_path: Path) -> None:
    clouds.alibaba.deny("ecs:DescribeDisks")
    clouds.aws.faults([{"kind": "denied", "service": "ec2", "operation": "DescribeVolumes"}])
    done = audit(tmp_path, clouds.env)
    clouds.alibaba.deny()
    clouds.aws.faults([])
    assert done.code == 3
    assert "ecs:DescribeDisks" in done.err
    assert "ec2:DescribeVolumes" in done.err
    assert {one["cloud"] for one in done.json["findings"]} == {"aws", "alibaba"}


def test_an_option_that_names_something_of_one_cloud_is_told_before_any_is_asked(
    clouds: Clouds, tmp_path: Path
) -> None:
    clouds.aws.reset_calls()
    done = audit(tmp_path, clouds.env, "--region", "us-east-1")
    assert done.code == 2
    assert "--region names something of one cloud" in done.sentence
    assert clouds.aws.count() == 0
