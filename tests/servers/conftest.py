"""The local Alibaba Cloud for tests of the server itself; those of the local AWS have their own."""

import logging
from collections.abc import Iterator

import pytest

from tests.servers.alibaba.cloud import AS_OF, Cloud, Truth


@pytest.fixture(scope="session")
def process() -> Iterator[Cloud]:
    logging.getLogger("aliyunsdkcore").setLevel(logging.CRITICAL)
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def truth(process: Cloud) -> Truth:
    return process.estate()


@pytest.fixture
def cloud(process: Cloud, truth: Truth) -> Cloud:
    """The estate of 100 instances, calm, with an empty call log."""
    return process


@pytest.fixture
def empty(process: Cloud) -> Cloud:
    process.fresh()
    process.clock(AS_OF)
    return process
