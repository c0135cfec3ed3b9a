"""Which calls and metrics feed a dataset is read off the code, and nothing of what is declared is missing."""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from rules.engine.checking import METRICS

CLOUDS = ("aws", "alibaba", "gcp")
# Asked before anything is collected.
_BEFORE = {"ec2:DescribeRegions"}


def module(cloud: str, name: str) -> Any:
    return import_module(f"collectors.{cloud}.{name}")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_call_that_a_policy_allows_feeds_a_dataset(cloud: str) -> None:
    feeds = module(cloud, "feeds").calls()
    fed = {call.action for calls in feeds.values() for call in calls}
    allowed = {call.action for call in module(cloud, "permissions").base_calls()}
    assert allowed - fed <= _BEFORE


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_dataset_that_is_collected_is_fed_by_a_call(cloud: str) -> None:
    feeds = module(cloud, "feeds").calls()
    datasets = module(cloud, "handing" if cloud == "gcp" else "regional")
    names = datasets.DATASETS if cloud == "gcp" else datasets.REGIONAL
    assert set(feeds) == {*names, "charges"}
    assert [name for name, calls in feeds.items() if not calls] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_measured_has_our_name_and_the_clouds(cloud: str) -> None:
    found = module(cloud, "feeds").metrics()
    assert {metric for _, metric in found} <= set(METRICS)
    assert {("instances", "cpu_utilization"), ("volumes", "disk_read_ops_per_second")} <= set(found)
    assert all(name and "{" not in name for names in found.values() for name in names)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_metric_that_a_collector_names_is_missing(cloud: str) -> None:
    texts = [
        path for path in Path(module(cloud, "feeds").__file__).parent.glob("*.py") if path.stem != "feeds"
    ]
    nodes = (node for path in texts for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = {node.value for node in nodes if isinstance(node, ast.Constant) and node.value in METRICS}
    assert named == {metric for _, metric in module(cloud, "feeds").metrics()}


def test_a_call_is_found_through_functions_modules_and_tables() -> None:
    aws = module("aws", "feeds").calls()
    assert [call.action for call in aws["volumes"]] == ["ec2:DescribeVolumes"]
    assert "elasticloadbalancing:DescribeTargetHealth" in [call.action for call in aws["load_balancers"]]
    assert "s3:GetObject" in [call.action for call in aws["charges"]]
