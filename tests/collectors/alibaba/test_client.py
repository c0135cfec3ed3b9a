"""Calls against a cloud that misbehaves: counted, signed anew, retried within a budget, and told plainly."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collectors.alibaba import client as module
from collectors.alibaba.accounts import DESCRIBE_REGIONS
from collectors.alibaba.answers import NO_HOST, Answer
from collectors.alibaba.api import Api
from collectors.alibaba.balancers import DESCRIBE_CLBS, LIST_ALBS
from collectors.alibaba.client import Client, Session
from collectors.alibaba.commitments import QUERY_PLANS
from collectors.alibaba.credentials import Key, Keys
from collectors.alibaba.databases import DESCRIBE_DATABASES
from collectors.alibaba.inventory import DESCRIBE_DISKS, DESCRIBE_INSTANCES
from collectors.alibaba.metrics import DESCRIBE_METRIC_LIST
from collectors.alibaba.network import DESCRIBE_EIPS
from collectors.calls import METER, Budget, CallError
from finops.errors import CredentialsError
from tests.collectors.alibaba.calling import REGION, WHERE, hurry, overheard, session_of
from tests.collectors.alibaba.live import as_environment
from tests.servers.alibaba.cloud import ACCOUNT, Cloud

CPU = {"Namespace": "acs_ecs_dashboard", "MetricName": "CPUUtilization", "Period": "3600", "Length": "1"}


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as running:
        yield running


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Nothing in it, nothing wrong with it; who waits between two attempts does not wait long."""
    process.fresh()
    hurry(monkeypatch)
    with as_environment({}):
        yield process


@pytest.fixture
def client(cloud: Cloud) -> Client:
    return Client(session_of(cloud), REGION)


def refused(client: Client, api: Api = DESCRIBE_DISKS, **parameters: Any) -> CallError:
    """The error that a call ends with."""
    with pytest.raises(CallError) as error:
        client.get(api, **parameters)
    return error.value


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> tuple[Client, list[Answer]]:
    """A client that gets these answers one after the other, and those that it got."""
    hurry(monkeypatch)
    left, given = list(answers), []

    def send(self: Client, api: Api, parameters: Any, key: Key) -> Answer:
        given.append(left.pop(0) if len(left) > 1 else left[0])
        return given[-1]

    monkeypatch.setattr(Client, "_send", send)
    return Client(Session(Keys(Key("LTAI", "x")), ACCOUNT), REGION), given


# --- what an error is -------------------------------------------------------------------------------------


def test_a_denied_call_that_needs_no_permission_is_not_laid_to_the_printed_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, _ = answering(monkeypatch, Answer.refused(403, "Forbidden.RAM", "no"))
    error = refused(client, DESCRIBE_REGIONS)
    assert error.status == "denied"
    assert "finops permissions" not in str(error)
    assert "needs no permission, so a policy forbids it" in str(error)


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("Forbidden.RAM", 403, "denied"),
        ("NoPermission", 403, "denied"),
        ("SomethingNobodyKnows", 403, "denied"),
        ("Throttling.User", 400, "throttled"),
        ("Throttling.Api", 429, "throttled"),
        ("InternalError", 500, "failed"),
        ("InvalidParameter", 400, "failed"),
        ("NotApplicable", 400, "failed"),
        ("LimitExceeded", 402, "failed"),
        ("ServiceNotOpen", 403, "skipped"),
        ("SomethingNobodyKnows", 400, "failed"),
    ],
)
def test_each_code_has_a_status_and_a_sentence_with_action_and_place(
    code: str, status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = answering(monkeypatch, Answer.refused(status, code, "on purpose"))
    error = refused(client)
    assert (error.status, error.code, error.exit_code) == (told, code, 3)
    sentence = str(error)
    assert "DescribeDisks" in sentence
    assert WHERE in sentence
    assert code in sentence
    assert sentence.endswith(".")
    assert ("finops permissions alibaba" in sentence) is (told == "denied")
    assert ("quota of calls is used up" in sentence) is (code == "LimitExceeded")


@pytest.mark.parametrize(
    "code",
    ["InvalidAccessKeyId.NotFound", "SignatureDoesNotMatch", "MissingSecurityToken", "InvalidSecurityToken.Expired"],
)  # fmt: skip
def test_refused_credentials_are_told_as_such_at_the_first_word(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, given = answering(
        monkeypatch, Answer.refused(403, code, "server string to sign is: AccessKeyId=x")
    )
    with pytest.raises(CredentialsError, match=f"refused the credentials {WHERE} .{code}.") as error:
        client.get(DESCRIBE_DISKS)
    assert len(given) == 1
    assert "sign is" not in str(error.value)


def test_a_wrong_clock_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = answering(monkeypatch, Answer.refused(400, "InvalidTimeStamp.Expired", "expired"))
    with pytest.raises(CredentialsError, match="set this machine's clock"):
        client.get(DESCRIBE_DISKS)


def test_a_product_whose_host_nobody_knows_is_not_offered_in_some_regions_and_fails_in_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody = Answer.lost("SDK.HttpError", "Failed to resolve: Name or service not known")
    client, given = answering(monkeypatch, nobody)
    assert (refused(client, LIST_ALBS).status, len(given)) == ("skipped", 2)
    error = refused(client)
    assert (error.status, error.code) == ("failed", NO_HOST)


def test_a_long_message_on_many_lines_is_one_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = answering(monkeypatch, Answer.refused(400, "Odd", "one\n two\t" + "x" * 5000))
    sentence = str(refused(client))
    assert "one two xxx" in sentence
    assert len(sentence) < 500


def test_a_bug_of_ours_is_not_taken_for_a_failed_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Answer:
        raise ZeroDivisionError

    monkeypatch.setattr(Client, "_send", broken)
    with pytest.raises(ZeroDivisionError):
        Client(Session(Keys(Key("LTAI", "x")), ACCOUNT), REGION).get(DESCRIBE_DISKS)


def test_a_call_without_an_action_is_named_by_its_operation() -> None:
    assert Api("sts", "GetCallerIdentity").action == "sts:GetCallerIdentity"


# --- what is asked again ----------------------------------------------------------------------------------

EVERY_PRODUCT = [
    (DESCRIBE_DISKS, {}),
    (DESCRIBE_EIPS, {}),
    (DESCRIBE_CLBS, {"PageNumber": 1, "PageSize": 10}),
    (DESCRIBE_DATABASES, {"PageNumber": 1, "PageSize": 30}),
    (LIST_ALBS, {}),
    (DESCRIBE_METRIC_LIST, CPU),
    (QUERY_PLANS, {"PageNum": 1, "PageSize": 1}),
    (Api("sts", "GetCallerIdentity"), {}),
]
ONCE = ["throttle", "inner", "reset", "http500", "http502html", "http503empty", "truncate", "short"]


@pytest.mark.parametrize("kind", ONCE)
@pytest.mark.parametrize(("api", "parameters"), EVERY_PRODUCT, ids=lambda it: getattr(it, "product", ""))
def test_what_goes_wrong_once_is_asked_again_with_a_signature_of_its_own_and_counted(
    kind: str,
    api: Api,
    parameters: dict[str, Any],
    cloud: Cloud,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {name: value for name, value in client.get(api, **parameters).items() if not moves(name)}
    cloud.reset_calls()
    cloud.faults([{"kind": kind, "action": api.operation, "first": 1}])
    before = METER.sent
    with overheard(monkeypatch) as heard:
        answer = client.get(api, **parameters)
    assert {name: value for name, value in answer.items() if not moves(name)} == told
    assert METER.sent - before == cloud.count(api.operation) == 2
    sent = [parse_qs(urlsplit(url).query) for _, url in heard]
    for name in ("Signature", "SignatureNonce"):
        assert sent[0][name] != sent[1][name]


def moves(name: str) -> bool:
    """What differs from answer to answer: ids, and how the end of a list is told."""
    return name in ("RequestId", "NextToken")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Throttling", 400),
        ("Throttling.Api", 400),
        ("ThrottlingException", 429),
        ("TooManyRequests", 429),
        ("FlowControl", 503),
        ("ServiceUnavailable", 503),
        ("InternalError", 504),
        ("UnknownError", 400),
        ("SignatureNonceUsed", 400),
    ],
)
def test_codes_that_pass_are_asked_again(code: str, status: int, cloud: Cloud, client: Client) -> None:
    fault = {"kind": "error", "code": code, "status": status, "first": 2}
    cloud.faults([{**fault, "action": "DescribeDisks"}])
    assert client.get(DESCRIBE_DISKS)["Disks"] == {"Disk": []}
    assert cloud.count() == 3


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "denied"},
        {"kind": "error", "code": "NotApplicable", "status": 400},
        {"kind": "error", "code": "LimitExceeded", "status": 402},
        {"kind": "error", "code": "InvalidParameter.Odd", "status": 400},
        {"kind": "inner", "code": "InvalidParameter"},
        {"kind": "error", "code": "ServiceNotOpen", "status": 403},
    ],
    ids=lambda fault: fault.get("code", fault["kind"]),
)
@pytest.mark.parametrize(("api", "parameters"), EVERY_PRODUCT[-3:-1], ids=["cms", "bss"])
def test_what_another_attempt_does_not_change_is_asked_once(
    fault: dict[str, Any], api: Api, parameters: dict[str, Any], cloud: Cloud, client: Client
) -> None:
    cloud.faults([fault])
    refused(client, api, **parameters)
    assert cloud.count() == 1


def test_a_key_that_cannot_be_renewed_is_not_tried_again_when_it_has_expired(
    cloud: Cloud, client: Client
) -> None:
    cloud.faults([{"kind": "expired"}])
    with pytest.raises(CredentialsError, match=r"InvalidSecurityToken\.Expired"):
        client.get(DESCRIBE_DISKS)
    assert cloud.count() == 1


def test_the_quota_of_metric_calls_is_told_and_not_asked_for_again(cloud: Cloud, client: Client) -> None:
    cloud.metric_quota(0)
    error = refused(client, DESCRIBE_METRIC_LIST, **CPU)
    assert (error.status, error.code) == ("failed", "LimitExceeded")
    assert "quota of calls is used up" in str(error)
    assert cloud.count() == 1


@pytest.mark.parametrize(
    ("kind", "status", "attempts"),
    [
        ("throttle", "throttled", module.ATTEMPTS),
        ("http500", "failed", 5),
        ("http502html", "failed", 5),
        ("http503empty", "failed", 5),
        ("inner", "failed", 5),
        ("reset", "failed", 5),
        ("truncate", "failed", 5),
        ("short", "failed", 5),
    ],
)
def test_what_goes_wrong_every_time_is_given_up_after_all_attempts(
    kind: str, status: str, attempts: int, cloud: Cloud, client: Client
) -> None:
    cloud.faults([{"kind": kind}])
    before = METER.sent
    error = refused(client)
    assert error.status == status
    assert METER.sent - before == cloud.count() == attempts
    assert WHERE in str(error)
    assert "<" not in str(error)
    assert "Signature" not in str(error)


def test_nobody_listening_is_told_as_no_answer_and_without_the_request(client: Client) -> None:
    client.session.endpoint = "http://127.0.0.1:9"
    error = refused(client)
    assert error.status == "failed"
    assert f"ecs:DescribeDisks got no answer {WHERE}" in str(error)
    assert "Signature" not in str(error)
    assert "AccessKeyId" not in str(error)


def test_calls_of_each_thread_are_counted_for_itself(client: Client) -> None:
    client.get(DESCRIBE_DISKS)
    before, counted = METER.sent, []

    def work() -> None:
        client.get(DESCRIBE_DISKS)
        client.get(DESCRIBE_DISKS)
        counted.append(METER.sent)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (counted, METER.sent - before) == ([2], 0)


def test_parameters_of_any_kind_arrive_as_they_were_meant(cloud: Cloud, client: Client) -> None:
    client.get(
        DESCRIBE_DISKS,
        DiskIds=["d-1", "d-ü"],
        Portable=True,
        MaxResults=20,
        Status=None,
        DiskName="a*b c~d/é+'&=%",
    )
    (call,) = cloud.calls()
    assert call["params"]["DiskName"] == "a*b c~d/é+'&=%"
    assert call["params"]["Portable"] == "true"
    assert call["params"]["DiskIds"] == '["d-1","d-\\u00fc"]'
    assert "Status" not in call["params"]


# --- budget -----------------------------------------------------------------------------------------------


def test_a_region_that_hangs_is_given_up_when_its_budget_is_spent_and_others_go_on(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_TIMEOUT", 0.4)
    cloud.faults([{"kind": "hang", "seconds": 2, "region": "cn-beijing"}])
    session = session_of(cloud)
    lost, well = Client(session, "cn-beijing", Budget(0.7)), Client(session, REGION, Budget(0.7))
    begun = time.monotonic()
    error = refused(lost)
    assert time.monotonic() - begun < 5
    assert (error.status, error.code) == ("failed", "Budget")
    assert f"ecs:DescribeDisks was given up in account {ACCOUNT}, region cn-beijing" in str(error)
    assert "(limit 1)" in str(error)
    sent = cloud.count()
    assert 2 <= sent <= 4
    # What comes after it in this region is not even sent; other regions have budgets of their own.
    assert refused(lost, DESCRIBE_INSTANCES).code == "Budget"
    assert cloud.count() == sent
    assert well.get(DESCRIBE_DISKS)["Disks"] == {"Disk": []}


def test_the_budget_of_a_region_is_what_the_module_says(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOST_SECONDS", 3.0)
    budget = session_of(cloud).client(REGION).budget
    budget.lose(3.0)
    assert not budget.spent
    budget.lose(0.1)
    assert budget.spent


def test_calls_that_succeed_cost_nothing_of_the_budget(client: Client) -> None:
    for _ in range(3):
        client.get(DESCRIBE_DISKS)
    assert client.budget.lost == 0.0


def test_attempts_that_fail_cost_the_time_they_took(
    cloud: Cloud, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REGAINED", 0.0)
    cloud.latency({"DescribeDisks": 0.2})
    cloud.faults([{"kind": "http500", "first": 1}])
    client.get(DESCRIBE_DISKS)
    assert 0.2 <= client.budget.lost < 3


def test_a_region_that_gets_on_in_spite_of_failures_is_not_given_up(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REGAINED", 30.0)
    client = Client(session_of(cloud), REGION, Budget(60))
    client.budget.lose(59.9)  # what the failures below take at least would be too much, were nothing regained
    cloud.latency({"DescribeDisks": 0.1})
    cloud.faults([{"kind": "http500", "every": 2}])
    for _ in range(8):
        client.get(DESCRIBE_DISKS)
    assert cloud.count() > 12
    assert not client.budget.spent
