"""Calls against a cloud that misbehaves: counted, retried within a budget, and told plainly."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from collectors.aws import client as module
from collectors.aws.attempts import CutShortError, refuse_cut_short
from collectors.aws.balancers import DESCRIBE_BALANCERS, DESCRIBE_CLASSIC
from collectors.aws.buckets import LIST_BUCKETS
from collectors.aws.client import CREDENTIAL_CODES, Api, Client, Session
from collectors.aws.clusters import LIST_CLUSTERS
from collectors.aws.commitments import DESCRIBE_OFFERS
from collectors.aws.databases import DESCRIBE_CACHES, DESCRIBE_DATABASES
from collectors.aws.functions import LIST_FUNCTIONS
from collectors.aws.groups import DESCRIBE_GROUPS
from collectors.aws.inventory import (
    DESCRIBE_INSTANCE_TYPES,
    DESCRIBE_INSTANCES,
    DESCRIBE_VOLUMES,
)
from collectors.aws.learning import LIST_ENDPOINTS
from collectors.aws.logs import DESCRIBE_LOG_GROUPS
from collectors.aws.metrics import LIST_METRICS
from collectors.aws.network import DESCRIBE_ROUTES
from collectors.aws.prices import GET_PRODUCTS
from collectors.aws.registries import DESCRIBE_REGISTRY_IMAGES
from collectors.aws.tagging import GET_RESOURCES
from collectors.calls import METER, Budget, CallError
from finops.errors import CredentialsError
from tests.collectors.aws.live import as_environment
from tests.servers.aws.cloud import ACCOUNT, Cloud

REGION = "us-east-1"
WHERE = f"in account {ACCOUNT}, region {REGION}"
Fault = dict[str, Any]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as running:
        yield running


@pytest.fixture(scope="module")
def session(cloud: Cloud) -> Session:
    """One session for all tests: it keeps the service models, which take long to read."""
    with as_environment(cloud.env):
        return Session(boto3.Session(), ACCOUNT)


@pytest.fixture
def client(cloud: Cloud, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of its own for each test: one that was throttled goes slower."""
    cloud.fresh()
    with as_environment(cloud.env):
        yield Client(session, REGION)


def refused(client: Client, api: Api = DESCRIBE_VOLUMES, **parameters: Any) -> CallError:
    """The error that a call ends with."""
    with pytest.raises(CallError) as error:
        client.get(api, **parameters)
    return error.value


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Client:
    """A client whose every operation gives this answer, or raises it."""

    def operation(**_: Any) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    fake = SimpleNamespace(describe_volumes=operation)
    monkeypatch.setattr(Session, "make", lambda *_: fake)
    return Client(Session(boto3.Session(), ACCOUNT), REGION)


def answered(code: str, message: str = "on purpose", status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "DescribeVolumes",
    )


# --- what an error is -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("UnauthorizedOperation", 403, "denied"),
        ("AccessDenied", 403, "denied"),
        ("AccessDeniedException", 400, "denied"),
        ("AuthFailure", 401, "denied"),
        ("OptInRequired", 401, "denied"),
        ("403", 403, "denied"),
        ("SomethingNobodyKnows", 403, "denied"),
        ("RequestLimitExceeded", 503, "throttled"),
        ("Throttling", 400, "throttled"),
        ("ThrottlingException", 400, "throttled"),
        ("TooManyRequestsException", 400, "throttled"),
        ("SlowDown", 503, "throttled"),
        ("InternalError", 500, "failed"),
        ("ValidationError", 400, "failed"),
        ("InvalidParameterValue", 400, "failed"),
        ("SomethingNobodyKnows", 400, "failed"),
    ],
)
def test_each_code_has_a_status_and_a_sentence_with_action_and_place(
    code: str, status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refused(answering(monkeypatch, answered(code, status=status)))
    assert (error.status, error.code, error.exit_code) == (told, code, 3)
    sentence = str(error)
    assert sentence.startswith("ec2:DescribeVolumes ")
    assert WHERE in sentence
    assert code in sentence
    assert sentence.endswith(".")
    assert ("finops permissions aws" in sentence) is (told == "denied")
    assert ("on purpose" in sentence) is (told == "failed")


@pytest.mark.parametrize("code", sorted(CREDENTIAL_CODES))
def test_refused_credentials_are_told_as_such(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = answering(monkeypatch, answered(code, "The token has expired.", 403))
    with pytest.raises(
        CredentialsError, match=f"refused the credentials {WHERE} .{code}.: The token has exp"
    ):
        client.get(DESCRIBE_VOLUMES)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "No AWS credentials were found"),
        (
            PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "cannot be used: Partial",
        ),
        (SSOTokenLoadError(profile_name="work", error_msg="expired"), "cannot be used"),
        (TokenRetrievalError(provider="sso", error_msg="run aws sso login"), "run aws sso login"),
    ],
)
def test_credentials_that_are_missing_or_cannot_be_renewed_are_told_as_such(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CredentialsError, match=said):
        answering(monkeypatch, error).get(DESCRIBE_VOLUMES)


PAGE = "<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize(
    "error",
    [
        answered("502", PAGE, 502),
        answered("400", f"  {PAGE}"),
        answered("403", PAGE, 403),
        ResponseParserError(f"Unable to parse response, invalid XML received. Further details: {PAGE}"),
    ],
)
def test_a_page_of_html_is_not_quoted(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = str(refused(answering(monkeypatch, error)))
    assert "<" not in sentence
    assert "Gateway" not in sentence
    assert WHERE in sentence


def test_a_long_message_on_many_lines_is_one_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = str(refused(answering(monkeypatch, answered("Odd", "one\n two\t" + "x" * 5000))))
    assert "one two xxx" in sentence
    assert len(sentence) < 500
    assert "\n" not in sentence


def test_a_bug_of_ours_is_not_taken_for_a_failed_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        answering(monkeypatch, ZeroDivisionError()).get(DESCRIBE_VOLUMES)


def test_a_call_without_an_action_is_named_by_its_operation() -> None:
    assert Api("sts", "get_caller_identity").action == "sts:GetCallerIdentity"


# --- what the cloud really answers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("denied", "denied", "UnauthorizedOperation"), ("disabled", "denied", "AuthFailure")],
)
def test_a_denial_is_taken_at_its_first_word(
    kind: str, status: str, code: str, cloud: Cloud, client: Client
) -> None:
    cloud.faults([{"kind": kind, "operation": "DescribeVolumes"}])
    error = refused(client)
    assert (error.status, error.code) == (status, code)
    assert cloud.count("DescribeVolumes") == 1


def test_expired_credentials_are_not_tried_again(cloud: Cloud, client: Client) -> None:
    cloud.faults([{"kind": "expired", "operation": "DescribeVolumes"}])
    with pytest.raises(CredentialsError, match="RequestExpired"):
        client.get(DESCRIBE_VOLUMES)
    assert cloud.count("DescribeVolumes") == 1


@pytest.mark.parametrize(
    "kind", ["throttle", "reset", "http500", "http502html", "http503empty", "truncate", "short"]
)
@pytest.mark.parametrize("api", [DESCRIBE_VOLUMES, LIST_METRICS], ids=["xml", "json"])
def test_what_goes_wrong_once_is_asked_again_and_counted(
    kind: str, api: Api, cloud: Cloud, client: Client
) -> None:
    parameters = {} if api is DESCRIBE_VOLUMES else {"Namespace": "CWAgent"}
    whole = client.get(api, **parameters)
    operation = api.action.partition(":")[2]
    cloud.reset_calls()
    cloud.faults([{"kind": kind, "operation": operation, "first": 1}])
    before = METER.sent
    answer = client.get(api, **parameters)
    assert {key: value for key, value in answer.items() if key != "ResponseMetadata"} == {
        key: value for key, value in whole.items() if key != "ResponseMetadata"
    }
    assert METER.sent - before == cloud.count(operation) == 2


@pytest.mark.parametrize("kind", ["short", "truncate"])
@pytest.mark.parametrize("api", [DESCRIBE_VOLUMES, GET_PRODUCTS], ids=["xml", "json"])
def test_an_answer_that_is_always_cut_short_is_given_up(
    kind: str, api: Api, cloud: Cloud, client: Client
) -> None:
    operation = api.action.partition(":")[2]
    cloud.faults([{"kind": kind, "operation": operation}])
    before = METER.sent
    error = refused(client, api, **({"ServiceCode": "AmazonVPC"} if api is GET_PRODUCTS else {}))
    assert error.status == "failed"
    assert METER.sent - before == cloud.count(operation) == 4
    assert "<" not in str(error)
    assert WHERE in str(error)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttle", "throttled", "RequestLimitExceeded"),
        ("http500", "failed", "InternalError"),
        ("http502html", "failed", "502"),
        ("reset", "failed", "ConnectionClosedError"),
    ],
)
def test_what_goes_wrong_every_time_is_given_up_after_all_attempts(
    kind: str, status: str, code: str, cloud: Cloud, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    cloud.faults([{"kind": kind, "operation": "DescribeVolumes"}])
    error = refused(client)
    assert (error.status, error.code) == (status, code)
    assert "<" not in str(error)
    assert cloud.count("DescribeVolumes") == 2


def test_calls_of_each_thread_are_counted_for_itself(cloud: Cloud, client: Client) -> None:
    client.get(DESCRIBE_VOLUMES)
    before, counted = METER.sent, []

    def work() -> None:
        client.get(DESCRIBE_VOLUMES)
        client.get(DESCRIBE_VOLUMES)
        counted.append(METER.sent)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (counted, METER.sent - before) == ([2], 0)


def test_times_arrive_as_they_were_sent(cloud: Cloud, client: Client) -> None:
    cloud.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1)
    (volume,) = client.get(DESCRIBE_VOLUMES)["Volumes"]
    assert isinstance(volume["CreateTime"], str)


# --- pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "limit", "send", "receive"),
    [
        (DESCRIBE_INSTANCES, {"MaxResults": 1000}, "NextToken", "NextToken"),
        (DESCRIBE_INSTANCE_TYPES, {"MaxResults": 100}, "NextToken", "NextToken"),
        (DESCRIBE_GROUPS, {"MaxRecords": 100}, "NextToken", "NextToken"),
        (DESCRIBE_BALANCERS, {"PageSize": 400}, "Marker", "NextMarker"),
        (DESCRIBE_CLASSIC, {"PageSize": 400}, "Marker", "NextMarker"),
        (GET_PRODUCTS, {"MaxResults": 100}, "NextToken", "NextToken"),
        (LIST_METRICS, {}, "NextToken", "NextToken"),
        (DESCRIBE_DATABASES, {"MaxRecords": 100}, "Marker", "Marker"),
        (DESCRIBE_CACHES, {"MaxRecords": 100}, "Marker", "Marker"),
        (DESCRIBE_REGISTRY_IMAGES, {"maxResults": 1000}, "nextToken", "nextToken"),
        (LIST_CLUSTERS, {"maxResults": 100}, "nextToken", "nextToken"),
        (LIST_ENDPOINTS, {"MaxResults": 100}, "NextToken", "NextToken"),
        (LIST_FUNCTIONS, {"MaxItems": 50}, "Marker", "NextMarker"),
        (DESCRIBE_LOG_GROUPS, {"limit": 50}, "nextToken", "nextToken"),
        (LIST_BUCKETS, {"MaxBuckets": 1000}, "ContinuationToken", "ContinuationToken"),
        (GET_RESOURCES, {"ResourcesPerPage": 100}, "PaginationToken", "PaginationToken"),
        (DESCRIBE_OFFERS, {"MaxResults": 100}, "NextToken", "NextToken"),
        (DESCRIBE_ROUTES, {"MaxResults": 100}, "NextToken", "NextToken"),
    ],
)
def test_pages_are_as_full_as_the_service_allows_and_the_last_has_no_token(
    api: Api, limit: dict[str, int], send: str, receive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    answers = iter([{"Some": [], receive: token} for token in ("one", "two", "")])

    def get(self: Client, api: Api, **parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        return next(answers)

    monkeypatch.setattr(Client, "get", get)
    assert len(list(Client(Session(None, ACCOUNT), REGION).pages(api, More=1))) == 3
    assert asked == [
        {"More": 1, **limit},
        {"More": 1, **limit, send: "one"},
        {"More": 1, **limit, send: "two"},
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "text/xml"),
        (b"<html><body>please log in</body></html>", "text/html"),
        (b"<Response><Errors><Error><Code>InternalError</Code></Error></Errors></Response>", "text/xml"),
        (b'{"MetricDataResults": [', "application/x-amz-json-1.0"),
    ],
)
def test_an_answer_with_status_200_that_is_none_of_the_operation_is_refused(body: bytes, kind: str) -> None:
    answer = {"body": body, "headers": {"content-type": kind}, "status_code": 200}
    with pytest.raises(CutShortError):
        refuse_cut_short("response-received.ec2.DescribeInstances", answer, {"ResponseMetadata": {}})


def test_an_empty_list_of_the_operation_is_taken() -> None:
    body = b'<?xml version="1.0"?><DescribeInstancesResponse xmlns="x"><reservationSet/></DescribeInstancesResponse>'
    answer = {"body": body, "headers": {"content-type": "text/xml"}, "status_code": 200}
    refuse_cut_short("response-received.ec2.DescribeInstances", answer, {"Reservations": []})


def test_the_same_page_again_and_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "get", lambda *_, **__: {"Some": [], "NextToken": "one"})
    with pytest.raises(CallError, match="the same page again and again"):
        list(
            Client(Session(None, ACCOUNT), REGION).pages(
                Api("ec2", "describe_volumes", "ec2:DescribeVolumes")
            )
        )


def test_an_answer_without_a_result_is_no_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "get", lambda *_, **__: {"ResponseMetadata": {}})
    with pytest.raises(CallError, match="an answer without a result"):
        list(
            Client(Session(None, ACCOUNT), REGION).pages(
                Api("pricing", "get_products", "pricing:GetProducts")
            )
        )


def test_a_page_size_that_was_asked_for_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def get(self: Client, api: Api, **parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        return {}

    monkeypatch.setattr(Client, "get", get)
    assert list(Client(Session(None, ACCOUNT), REGION).pages(DESCRIBE_VOLUMES, MaxResults=5)) == [{}]
    assert asked == [{"MaxResults": 5}]


def types(client: Client) -> list[str]:
    """The names of some 190 types, of two pages."""
    families = [{"Name": "instance-type", "Values": ["m5*", "c5*", "r5*"]}]
    pages = client.pages(DESCRIBE_INSTANCE_TYPES, Filters=families)
    return [kind["InstanceType"] for page in pages for kind in page["InstanceTypes"]]


def test_all_pages_of_a_real_list_are_read_in_as_few_calls_as_there_are_full_pages(
    cloud: Cloud, client: Client
) -> None:
    found = types(client)
    assert len(found) == len(set(found)) > 100
    calls = cloud.count("DescribeInstanceTypes")
    assert calls == -(-len(found) // 100)
    cloud.reset_calls()
    cloud.faults([{"kind": "short", "operation": "DescribeInstanceTypes", "every": 2}])
    assert types(client) == found
    assert calls < cloud.count("DescribeInstanceTypes") <= 2 * calls


# --- budget -----------------------------------------------------------------------------------------------


def test_a_region_that_hangs_is_given_up_when_its_budget_is_spent(
    cloud: Cloud, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.fresh()
    monkeypatch.setattr(module, "READ_TIMEOUT", 0.5)
    cloud.faults([{"kind": "hang", "seconds": 2, "region": "eu-west-1"}])
    with as_environment(cloud.env):
        lost, well = Client(session, "eu-west-1", Budget(1.0)), Client(session, REGION, Budget(1.0))
        begun = time.monotonic()
        error = refused(lost)
        assert time.monotonic() - begun < 6
        assert (error.status, error.code) == ("failed", "Budget")
        assert "ec2:DescribeVolumes was given up in account" in str(error)
        assert "(limit 1)" in str(error)
        sent = cloud.count()
        assert 2 <= sent <= 5
        # What comes after it in this region is not even sent; other regions have budgets of their own.
        assert refused(lost, DESCRIBE_INSTANCES).code == "Budget"
        assert cloud.count() == sent
        assert well.get(DESCRIBE_VOLUMES)["Volumes"] == []


def test_the_budget_of_a_region_is_what_the_module_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOST_SECONDS", 3.0)
    budget = Client(Session(None, ACCOUNT), REGION).budget
    budget.lose(3.0)
    assert not budget.spent
    budget.lose(0.1)
    assert budget.spent


def test_calls_that_succeed_cost_nothing_of_the_budget(cloud: Cloud, client: Client) -> None:
    for _ in range(3):
        client.get(DESCRIBE_VOLUMES)
    assert client.budget.lost == 0.0


def test_attempts_that_fail_cost_the_time_they_took(cloud: Cloud, client: Client) -> None:
    cloud.latency({"DescribeVolumes": 0.2})
    cloud.faults([{"kind": "http500", "operation": "DescribeVolumes", "first": 1}])
    client.get(DESCRIBE_VOLUMES)
    assert 0.2 <= client.budget.lost < 3


def test_nobody_listening_is_told_as_no_answer(
    session: Session, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    with as_environment({**cloud.env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}):
        error = refused(Client(session, REGION))
    assert (error.status, error.code) == ("failed", "EndpointConnectionError")
    assert f"ec2:DescribeVolumes got no answer {WHERE}" in str(error)


def test_a_service_that_a_region_lacks_is_not_asked_there(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = {"ec2": ["eu-west-1", "eu-young-1"], "sagemaker": ["eu-west-1"]}
    monkeypatch.setattr(session.boto, "get_available_regions", lambda service, _: offered[service])
    before = METER.sent
    with pytest.raises(CallError, match=r"Amazon SageMaker is not offered in region eu-young-1\.") as told:
        Client(session, "eu-young-1").get(LIST_ENDPOINTS)
    assert (told.value.status, METER.sent) == ("skipped", before)
    assert session.offers("sagemaker", "eu-west-1")
    assert session.offers("sagemaker", "eu-unknown-9")  # the SDK may be older than the region
