"""The service models of botocore, read once in a process: each session reads its own, which takes a third of a collection."""

from collections.abc import Callable
from functools import cache
from typing import Any
from unittest import mock

from botocore.loaders import JSONFileLoader, create_loader

SERVICES = (
    "ec2", "sts", "autoscaling", "elb", "elbv2", "cloudwatch", "pricing", "savingsplans", "rds", "elasticache", "s3", "ecr",
    "eks", "sagemaker", "lambda", "logs", "resourcegroupstaggingapi",
)  # fmt: skip
_read = JSONFileLoader.load_file


@cache
def _kept(path: str) -> Any:
    return _read(JSONFileLoader(), path)


def kept() -> "mock._patch[Callable[..., Any]]":
    """What makes every session share them, once it is started or entered."""
    return mock.patch.object(JSONFileLoader, "load_file", lambda self, path: _kept(path))


def read() -> None:
    """Reads those that every collection needs, for processes that are forked from this one."""
    loader = create_loader()
    for name in ("endpoints", "partitions", "sdk-default-configuration"):
        loader.load_data(name)
    for name in SERVICES:
        loader.load_service_model(name, "service-2")
        loader.load_service_model(name, "endpoint-rule-set-1")
