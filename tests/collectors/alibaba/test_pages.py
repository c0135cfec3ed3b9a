"""Lists in pages: as full as the service allows, to their end, however each product tells where that is."""

from collections.abc import Iterator
from typing import Any

import pytest

from collectors.alibaba.answers import unwrapped
from collectors.alibaba.api import Api
from collectors.alibaba.balancers import DESCRIBE_CLBS, LIST_ALBS
from collectors.alibaba.billing import DESCRIBE_BILL, QUERY_TOTAL
from collectors.alibaba.client import Client
from collectors.alibaba.commitments import DESCRIBE_RESERVED, QUERY_PACKAGES, QUERY_PLANS
from collectors.alibaba.databases import DESCRIBE_DATABASES
from collectors.alibaba.instance_types import DESCRIBE_TYPES
from collectors.alibaba.inventory import (
    DESCRIBE_DISKS,
    DESCRIBE_INSTANCES,
    DESCRIBE_SNAPSHOTS,
)
from collectors.alibaba.metrics import DESCRIBE_METRIC_LIST
from collectors.alibaba.network import DESCRIBE_EIPS, DESCRIBE_NATS
from collectors.calls import CallError
from tests.collectors.alibaba.calling import REGION, WHERE, hurry, session_of
from tests.collectors.alibaba.live import as_environment
from tests.servers.alibaba.cloud import Cloud


class Paged(Client):
    """A client whose calls are answered by these pages, one after the other, the last one for ever."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        super().__init__(session_of(Cloud(), {"ALIBABA_CLOUD_ACCESS_KEY_ID": "x", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "y"}), REGION)  # fmt: skip
        self.session.account = "1234567890123456"
        self.asked: list[dict[str, Any]] = []
        self._left = list(pages)

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        self.asked.append(parameters)
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def wrapped(way: tuple[str, ...], items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An answer with a list where an operation has it; `more` stands beside its outermost wrapper's content."""
    node: Any = items
    for name in reversed(way[1:]):
        node = {name: node}
    if way[0] == "Data":
        return {"Data": {**node, **more}}
    return {way[0]: node, **more}


@pytest.mark.parametrize(
    ("api", "size", "send"),
    [
        (DESCRIBE_INSTANCES, {"MaxResults": 100}, "NextToken"),
        (DESCRIBE_DISKS, {"MaxResults": 500}, "NextToken"),
        (DESCRIBE_SNAPSHOTS, {"MaxResults": 100}, "NextToken"),
        (DESCRIBE_TYPES, {"MaxResults": 1600}, "NextToken"),
        (LIST_ALBS, {"MaxResults": 100}, "NextToken"),
        (DESCRIBE_METRIC_LIST, {"Length": 1440}, "NextToken"),
        (DESCRIBE_BILL, {"MaxResults": 300}, "NextToken"),
    ],
    ids=lambda it: getattr(it, "operation", None),
)
@pytest.mark.parametrize(
    "last", [{"NextToken": ""}, {"NextToken": None}, {}], ids=["empty", "null", "absent"]
)
def test_pages_by_token_are_full_and_end_without_one(
    api: Api, size: dict[str, int], send: str, last: dict[str, Any]
) -> None:
    way = api.items or ("Datapoints",)
    client = Paged(
        wrapped(way, [{"n": 1}], NextToken="one", TotalCount=0),  # which means nothing where tokens are
        wrapped(way, [], NextToken="two"),
        wrapped(way, [{"n": 2}], **last),
    )
    pages = list(client.pages(api, More=1))
    assert [one["n"] for page in pages for one in unwrapped(page, way)] == [1, 2]
    assert client.asked == [
        {"More": 1, **size},
        {"More": 1, **size, send: "one"},
        {"More": 1, **size, send: "two"},
    ]


@pytest.mark.parametrize(
    ("api", "size", "send", "total"),
    [
        (DESCRIBE_EIPS, {"PageSize": 100}, "PageNumber", "TotalCount"),
        (DESCRIBE_NATS, {"PageSize": 50}, "PageNumber", "TotalCount"),
        (DESCRIBE_CLBS, {"PageSize": 100}, "PageNumber", "TotalCount"),
        (DESCRIBE_RESERVED, {"PageSize": 100}, "PageNumber", "TotalCount"),
        (DESCRIBE_DATABASES, {"PageSize": 100}, "PageNumber", "TotalRecordCount"),
        (QUERY_PLANS, {"PageSize": 100}, "PageNum", "TotalCount"),
        (QUERY_PACKAGES, {"PageSize": 300}, "PageNum", "TotalCount"),
        (QUERY_TOTAL, {"PageSize": 300}, "PageNum", "TotalCount"),
    ],
    ids=lambda it: getattr(it, "operation", None),
)
@pytest.mark.parametrize("told", [int, str])
def test_pages_by_number_are_full_and_end_where_the_count_is_reached(
    api: Api, size: dict[str, int], send: str, total: str, told: type
) -> None:
    (most,) = size.values()
    full = [{"n": number} for number in range(most)]
    client = Paged(
        wrapped(api.items, full, **{total: told(most + 1)}),
        wrapped(api.items, [{"n": most}], **{total: told(most + 1)}),
    )
    assert [one["n"] for one in client.all(api)] == list(range(most + 1))
    assert client.asked == [{**size, send: 1}, {**size, send: 2}]


def test_a_list_that_just_fills_its_pages_takes_no_call_more() -> None:
    client = Paged(wrapped(DESCRIBE_EIPS.items, [{"n": 1}] * 100, TotalCount=100))
    assert len(client.all(DESCRIBE_EIPS)) == 100
    assert len(client.asked) == 1


def test_a_list_that_is_empty_takes_one_call() -> None:
    client = Paged({"EipAddresses": {}, "TotalCount": 0})
    assert (client.all(DESCRIBE_EIPS), len(client.asked)) == ([], 1)


def test_where_nothing_is_counted_a_page_that_is_not_full_is_the_last() -> None:
    client = Paged(wrapped(DESCRIBE_EIPS.items, [{}] * 100), wrapped(DESCRIBE_EIPS.items, [{}] * 3))
    assert (len(client.all(DESCRIBE_EIPS)), len(client.asked)) == (103, 2)


def test_fewer_items_than_were_counted_and_an_empty_page_are_told() -> None:
    client = Paged(
        wrapped(DESCRIBE_EIPS.items, [{}] * 100, TotalCount=500), wrapped(DESCRIBE_EIPS.items, [], TotalCount=500)
    )  # fmt: skip
    with pytest.raises(
        CallError, match=f"DescribeEipAddresses got 100 of 500 items, and an empty page {WHERE}"
    ):
        client.all(DESCRIBE_EIPS)


@pytest.mark.parametrize("tokens", [["one"], ["one", "two", "one"]])
def test_the_same_page_again_and_again_is_an_error(tokens: list[str]) -> None:
    client = Paged(*(wrapped(DESCRIBE_DISKS.items, [], NextToken=token) for token in tokens))
    with pytest.raises(CallError, match="the same page again and again"):
        client.all(DESCRIBE_DISKS)


def test_a_page_size_that_was_asked_for_stays() -> None:
    client = Paged(wrapped(DESCRIBE_DISKS.items, []))
    client.all(DESCRIBE_DISKS, MaxResults=20)
    assert client.asked == [{"MaxResults": 20}]


def test_an_answer_without_its_list_is_no_empty_list() -> None:
    with pytest.raises(KeyError):
        Paged({"RequestId": "1"}).all(DESCRIBE_DISKS)


# --- a real list ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """More disks and addresses than a page holds."""
    with Cloud.shared() as running, as_environment({}):
        running.fresh()
        for number in range(120):
            running.put("instance", REGION, {"InstanceId": f"i-{number:03d}"})
            running.put("eip", REGION, {"AllocationId": f"eip-{number:03d}"})
        yield running


@pytest.mark.parametrize(
    ("api", "name"), [(DESCRIBE_INSTANCES, "InstanceId"), (DESCRIBE_EIPS, "AllocationId")], ids=["tokens", "numbers"]
)  # fmt: skip
def test_every_item_of_a_real_list_comes_once_in_as_few_calls_as_there_are_full_pages(
    api: Api, name: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    cloud.reset_calls()
    client = Client(session_of(cloud), REGION)
    found = [one[name] for one in client.all(api)]
    assert len(found) == len(set(found)) == 120
    assert cloud.count() == 2
    cloud.faults([{"kind": "short", "every": 2}])
    assert [one[name] for one in client.all(api)] == found
    cloud.faults([])


def test_the_newer_interface_is_asked_first_and_the_older_where_it_is_not_there(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    newer = Api("ess-2022", "DescribeNothing", items="Nothing")
    client = Client(session_of(cloud), REGION)
    cloud.reset_calls()
    assert len(client.all_of_first(newer, DESCRIBE_EIPS)) == 120
    assert [call["outcome"] for call in cloud.calls()] == ["InvalidAction.NotFound", "ok", "ok"]
    cloud.faults([{"kind": "denied", "action": "DescribeInstances"}])
    with pytest.raises(CallError, match="denied"):  # which is no reason to ask otherwise
        client.all_of_first(DESCRIBE_INSTANCES, DESCRIBE_EIPS)
    cloud.faults([])
