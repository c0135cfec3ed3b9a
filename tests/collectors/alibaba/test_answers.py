"""What services answer, told apart: content, what is worth another attempt, and what is not."""

import json
from typing import Any

import pytest

from collectors.alibaba.answers import NO_HOST, Again, Answer, said, unwrapped, within

# Throttling as each product says it. Source: the error pages of ECS, RDS, ESS, CloudMonitor, BSS, STS, gateways.
THROTTLED = [
    ("Throttling", 400),
    ("Throttling.User", 400),
    ("Throttling.Api", 400),
    ("Throttling.Resource", 400),
    ("ThrottlingException", 429),
    ("TooManyRequests", 429),
    ("RequestLimitExceeded", 400),
    ("FlowControl", 503),
    ("ExceedFlowLimit", 400),
    ("429", 200),
    ("SomethingNobodyKnows", 429),
]
BROKEN = [
    ("ServiceUnavailable", 503),
    ("ServiceUnavailable", 400),
    ("InternalError", 500),
    ("InternalError", 200),
    ("UnknownError", 400),
    ("SDK.UnknownServerError", 502),
    ("SomethingNobodyKnows", 504),
    ("SignatureNonceUsed", 400),
    ("500", 200),
    ("503", 200),
    ("SYSTEM.ERROR", 200),
    ("SystemBusy", 200),
]
DENIED = [
    ("Forbidden.RAM", 403),
    ("Forbidden", 403),
    ("NoPermission", 403),
    ("NotAuthorized", 403),
    ("NotAuthorized", 200),
    ("AccessForbidden", 403),
    ("AccessDenied", 403),
    ("403", 200),
    ("SomethingNobodyKnows", 403),
]
CREDENTIALS = [
    ("InvalidAccessKeyId.NotFound", 404),
    ("InvalidAccessKeyId.Inactive", 400),
    ("InvalidAccessKeySecret", 400),
    ("SignatureDoesNotMatch", 400),
    ("IncompleteSignature", 400),
    ("MissingSecurityToken", 400),
    ("InvalidSecurityToken.Malformed", 403),
    ("InvalidSecurityToken.MismatchWithAccessKey", 400),
    ("Forbidden.AccessKeyDisabled", 403),
]
OTHERS = [
    ("InvalidSecurityToken.Expired", 403, "expired"),
    ("SecurityTokenExpired", 403, "expired"),
    ("InvalidTimeStamp.Expired", 400, "clock"),
    ("RequestTimeTooSkewed", 403, "clock"),
    ("ServiceNotOpen", 403, "absent"),
    ("InvalidRegionId.NotFound", 404, "absent"),
    ("LimitExceeded", 402, "quota"),
    ("QuotaExceeded", 400, "quota"),
    ("402", 200, "quota"),
    ("NotApplicable", 400, "failed"),
    ("NotApplicable", 200, "failed"),
    ("InvalidParameter", 400, "failed"),
    ("InvalidParameter.Region", 200, "failed"),
    ("ResourceNotFound", 200, "failed"),
    ("404", 200, "failed"),
    ("PRICE.PRICING_PLAN_RESULT_NOT_FOUND", 200, "failed"),
    ("InvalidAction.NotFound", 404, "failed"),
    ("SomethingNobodyKnows", 400, "failed"),
]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        *((code, status, "throttled") for code, status in THROTTLED),
        *((code, status, "broken") for code, status in BROKEN),
        *((code, status, "denied") for code, status in DENIED),
        *((code, status, "credentials") for code, status in CREDENTIALS),
        *OTHERS,
    ],
)
def test_each_code_is_of_one_kind_whatever_product_it_comes_from(code: str, status: int, kind: str) -> None:
    answer = Answer.refused(status, code, "on purpose")
    assert (answer.kind, answer.content) == (kind, None)
    assert (answer.status, answer.code, answer.message) == (status, code, "on purpose")


# --- status 200 -------------------------------------------------------------------------------------------


def body(**content: Any) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize("product", ["ecs", "cms", "bss", "oss", "sts"])
@pytest.mark.parametrize(
    "content",
    [b"", b"<html>502</html>", b'{"Instances": {"Inst', b"[1, 2]", b'"text"', b"null", b"\xff\xfe{}", b"[" * 9999],
    ids=["empty", "html", "cut short", "list", "text", "null", "no utf-8", "nested beyond reason"],
)  # fmt: skip
def test_a_body_that_is_no_object_is_asked_for_again(product: str, content: bytes) -> None:
    answer = Answer.of(content, product)
    assert (answer.content, answer.kind, answer.code) == (None, "broken", "Unreadable")


@pytest.mark.parametrize(
    "good", [{"Code": "200", "Success": True}, {"Code": "Success"}, {"Code": 200}, {"Code": None}, {}]
)
@pytest.mark.parametrize("product", ["cms", "bss", "ecs"])
def test_a_code_that_says_good_is_content(product: str, good: dict[str, Any]) -> None:
    assert Answer.of(body(**good, Data={"Items": []}), product).content == {**good, "Data": {"Items": []}}


@pytest.mark.parametrize(
    ("product", "content", "kind", "code"),
    [
        ("cms", {"Code": "500", "Success": False, "Message": "oops"}, "broken", "500"),
        ("cms", {"Code": 500, "Success": False}, "broken", "500"),
        ("cms", {"Code": "404", "Success": False, "Message": "no metric"}, "failed", "404"),
        ("cms", {"Code": "403", "Message": "no"}, "denied", "403"),
        ("cms", {"Code": "Throttling.User", "Message": "slow"}, "throttled", "Throttling.User"),
        ("bss", {"Code": "InternalError", "Success": False}, "broken", "InternalError"),
        ("bss", {"Code": "NotAuthorized", "Success": False}, "denied", "NotAuthorized"),
        ("bss", {"Code": "NotApplicable", "Success": False}, "failed", "NotApplicable"),
        ("bss", {"Success": False, "Message": "PRICE.PRICING_PLAN_RESULT_NOT_FOUND: no"}, "failed", "PRICE.PRICING_PLAN_RESULT_NOT_FOUND"),
        ("bss", {"Code": "InternalError", "Success": False, "Message": "PRICE.PRICING_PLAN_RESULT_NOT_FOUND"}, "failed", "PRICE.PRICING_PLAN_RESULT_NOT_FOUND"),
        ("bss", {"Success": False, "Message": "not today"}, "broken", "Unsuccessful"),
        ("bss", {"Success": False}, "broken", "Unsuccessful"),
        ("ecs", {"Code": "ServiceUnavailable", "Message": "later", "RequestId": "1"}, "broken", "ServiceUnavailable"),
        ("vpc", {"Code": "Throttling", "Message": "slow", "RequestId": "1"}, "throttled", "Throttling"),
        ("slb", {"Code": "Forbidden.RAM", "Message": "no", "RequestId": "1"}, "denied", "Forbidden.RAM"),
    ],
)  # fmt: skip
def test_an_error_inside_status_200_is_one(
    product: str, content: dict[str, Any], kind: str, code: str
) -> None:
    answer = Answer.of(body(**content), product)
    assert (answer.content, answer.kind, answer.code) == (None, kind, code)


def test_money_stays_as_it_is_written_and_measurements_are_numbers() -> None:
    text = b'{"Amount": 0.1000000000000000055, "Count": 3}'
    assert Answer.of(text, "bss").content == {"Amount": "0.1000000000000000055", "Count": 3}
    assert Answer.of(b'{"Average": 0.5}', "cms").content == {"Average": 0.5}


# --- no answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "Failed to establish a new connection: [Errno -2] Name or service not known",
        "[Errno -3] Temporary failure in name resolution",
        "[Errno 8] nodename nor servname provided, or not known",
        "[Errno 11001] getaddrinfo failed",
    ],
)
def test_a_host_that_nobody_knows_is_told_apart(message: str) -> None:
    answer = Answer.lost("SDK.HttpError", message)
    assert (answer.kind, answer.code, answer.status) == ("broken", NO_HOST, None)


def test_no_answer_is_worth_another_attempt_and_keys_that_are_none_are_not() -> None:
    assert Answer.lost("SDK.HttpError", "Read timed out.").kind == "broken"
    assert Answer.lost("SDK.InvalidCredential", "Need a ak&secret pair.").kind == "credentials"
    assert str(Again(Answer.lost("SDK.HttpError", "Read timed out."))) == "SDK.HttpError"


# --- what is repeated of it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "<html><h1>502</h1></html>",
        "  \n<!DOCTYPE html>",
        "ServerResponseBody: <html>",
        "Specified signature is not matched. server string to sign is:POST&%2F&AccessKeyId%3DLTAI",
        "HTTPConnectionPool: Max retries exceeded with url: /?SignatureNonce=1&Signature=x",
        "/?Signature=abc%3D&SecurityToken=CAIS",
    ],
)
def test_pages_and_echoes_of_the_request_are_not_repeated(message: str) -> None:
    assert said(message) == ""


def test_words_are_one_short_line_without_a_full_stop() -> None:
    assert said(" The request\n was\tdenied. ") == "The request was denied"
    assert len(said("x" * 5000)) == 300


# --- ways into an answer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "way", "found"),
    [
        ({"Data": {"NextToken": "t"}}, "Data.NextToken", "t"),
        ({"Data": None}, "Data.NextToken", None),
        ({"Data": []}, "Data.NextToken", None),
        ({"TotalCount": "7"}, "TotalCount", "7"),
        ({}, "TotalCount", None),
    ],
)
def test_a_way_that_ends_early_leads_to_nothing(page: dict[str, Any], way: str, found: Any) -> None:
    assert within(page, way) == found


@pytest.mark.parametrize(
    ("page", "way", "found"),
    [
        ({"Instances": {"Instance": [{"a": 1}]}}, "Instances.Instance", [{"a": 1}]),
        ({"Instances": [{"a": 1}]}, "Instances.Instance", [{"a": 1}]),
        ({"Instances": {}}, "Instances.Instance", []),
        ({"Instances": None, "TotalCount": 0}, "Instances.Instance", []),
        ({"Instances": ""}, "Instances.Instance", []),
        ({"Data": {"Items": {"Item": [{"a": 1}]}}}, "Data.Items.Item", [{"a": 1}]),
        ({"Data": {"Items": [{"a": 1}]}}, "Data.Items.Item", [{"a": 1}]),
        ({"Data": {}}, "Data.Items.Item", []),
        ({"Data": {"Items": None, "TotalCount": "0"}}, "Data.Items", []),
    ],
)  # fmt: skip
def test_lists_are_found_however_they_are_wrapped(
    page: dict[str, Any], way: str, found: list[dict[str, Any]]
) -> None:
    assert unwrapped(page, way.split(".")) == found


@pytest.mark.parametrize(
    "page", [{}, {"RequestId": "1"}, {"Instances": None}, {"Instances": {"Instance": None}}, {"Instances": "soon"}, {"Instances": {"Instance": [1, 2]}}, {"Instances": {"Instance": {"a": 1}}}]
)  # fmt: skip
def test_an_answer_of_another_shape_is_no_empty_list(page: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        unwrapped(page, ("Instances", "Instance"))


def test_half_a_character_is_replaced_and_whole_ones_stay() -> None:
    body = b'{"Tags": {"Tag": [{"TagKey": "\\ud83d", "TagValue": "\\ud83d\\ude80 a\\udc00b \\\\ud83d"}]}, "n": 1}'
    content = Answer.of(body, "ecs").content
    assert content == {"Tags": {"Tag": [{"TagKey": "\ufffd", "TagValue": "🚀 a\ufffdb \\ud83d"}]}, "n": 1}
