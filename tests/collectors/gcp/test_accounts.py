"""Which projects are looked at: those that are named, below folders, on a billing account, or that can be seen."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp import accounts as module
from collectors.gcp.accounts import Found, Request, discover
from collectors.gcp.credentials import Credentials
from finops.errors import CredentialsError, UsageError
from tests.collectors.gcp.canned import Canned
from tests.collectors.live import environment

ORGANIZATION = "organizations/1"
NOT_ALLOWED = CallError("denied", "forbidden", "It is denied (forbidden).")
# Below the organisation folder 10 with folder 11 in it; folder 20 beside it; another organisation's folder 90.
FOLDERS = {"folders": [
    {"name": "folders/10", "parent": ORGANIZATION}, {"name": "folders/11", "parent": "folders/10"},
    {"name": "folders/20", "parent": ORGANIZATION}, {"name": "folders/90", "parent": "organizations/9"},
]}  # fmt: skip


def project(name: str, parent: str, **more: Any) -> dict[str, Any]:
    return {"name": "projects/123", "projectId": name, "parent": parent, "displayName": name.title(), **more}


PROJECTS = {"projects": [
    project("top", ORGANIZATION), project("ten", "folders/10"), project("eleven", "folders/11", state="ACTIVE"),
    project("twenty", "folders/20"), project("gone", "folders/10", state="DELETE_REQUESTED"), project("alien", "folders/90"),
]}  # fmt: skip


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    """Nobody's Google settings."""
    with environment({}, "GOOGLE_", "CLOUDSDK_", "FINOPS_"):
        yield


def found(monkeypatch: pytest.MonkeyPatch, request: Request, **answers: Any) -> tuple[Found, Canned]:
    """What is discovered where the lists tell this."""
    client = Canned("", **answers)
    monkeypatch.setattr(module, "Client", lambda session, account, budget=None: client)
    return discover(request), client


def names(result: Found) -> list[str]:
    return [one.account for one in result.sessions]


def request(**more: Any) -> Request:
    return Request(endpoint="http://127.0.0.1:1", **more)


# --- which ones -------------------------------------------------------------------------------------------


def test_projects_that_are_named_are_taken_without_listing_any(monkeypatch: pytest.MonkeyPatch) -> None:
    result, client = found(monkeypatch, request(projects=("b", "a", "b")))
    assert names(result) == ["a", "b"]
    assert client.asked == []


def test_without_a_choice_all_live_projects_that_can_be_seen_are_taken_with_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result, client = found(monkeypatch, request(), **{"projects:search": PROJECTS})
    assert names(result) == ["alien", "eleven", "ten", "top", "twenty"]
    assert (result.sessions[0].name, result.sessions[0].number) == ("Alien", "123")
    assert len(client.asked) == 1


def test_the_project_of_the_environment_is_the_one_where_nothing_else_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", " mine ")
    assert names(found(monkeypatch, request())[0]) == ["mine"]
    assert names(found(monkeypatch, request(projects=("other",)))[0]) == ["other"]


def test_the_project_of_the_credentials_is_the_last_resort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Credentials, "project", "own")
    result, _ = found(monkeypatch, request(), **{"projects:search": NOT_ALLOWED})
    assert names(result) == ["own"]
    assert [(one.account, one.dataset, one.status) for one in result.refused] == [
        ("all projects", "accounts", "denied")
    ]


def test_where_no_project_can_be_seen_it_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"^No project can be seen: name one with --project\.$"):
        found(monkeypatch, request())
    with pytest.raises(CredentialsError, match=r"^It is denied \(forbidden\)\. No project can be seen"):
        found(monkeypatch, request(), **{"projects:search": NOT_ALLOWED})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"organization": "1"}, ["eleven", "ten", "top", "twenty"]),
        ({"organization": ORGANIZATION}, ["eleven", "ten", "top", "twenty"]),
        ({"folders": ("10",)}, ["eleven", "ten"]),
        ({"folders": ("folders/11", "20")}, ["eleven", "twenty"]),
        ({"folders": ("20",), "projects": ("more",)}, ["more", "twenty"]),
    ],
)
def test_folders_bring_all_below_them_with_two_lists_whatever_the_depth(
    more: Mapping[str, Any], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result, client = found(
        monkeypatch, request(**more), **{"folders:search": FOLDERS, "projects:search": PROJECTS}
    )
    assert names(result) == expected
    assert len(client.asked) == 2
    assert result.refused == []


def test_folders_that_lead_in_a_circle_end(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = {
        "folders": [
            {"name": "folders/1", "parent": "folders/2"},
            {"name": "folders/2", "parent": "folders/1"},
        ]
    }
    projects = {"projects": [project("a", "folders/1")]}
    result, _ = found(
        monkeypatch, request(folders=("2",)), **{"folders:search": circle, "projects:search": projects}
    )
    assert names(result) == ["a"]


@pytest.mark.parametrize("wrong", ["shop", "folders/shop", "", "12a"])
def test_a_folder_that_is_no_number_is_told(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="write its number"):
        found(monkeypatch, request(folders=(wrong,)))


def test_a_billing_account_brings_the_projects_that_it_pays_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"projectBillingInfo": [
        {"projectId": "paid", "billingEnabled": True}, {"projectId": "off", "billingEnabled": False}, {"projectId": "none"},
    ]}  # fmt: skip
    result, client = found(monkeypatch, request(billing_account="billingAccounts/01-AA"), projects=told)
    assert names(result) == ["paid"]
    assert client.questions("projects") == [{"account": "01-AA", "pageSize": 500}]


# --- folders that cannot be seen --------------------------------------------------------------------------


def walking(**inside: list[Any]) -> dict[str, Any]:
    """Lists of each folder: folders by their number, projects by name, an error where it may not be read."""

    def projects(parameters: Mapping[str, Any]) -> Any:
        one = inside.get("_" + parameters["parent"].split("/")[1], [])
        return (
            NOT_ALLOWED
            if NOT_ALLOWED in one
            else {"projects": [project(each, "x") for each in one if isinstance(each, str)]}
        )

    def folders(parameters: Mapping[str, Any]) -> Any:
        one = inside.get("_" + parameters["parent"].split("/")[1], [])
        return {"folders": [{"name": f"folders/{each}"} for each in one if isinstance(each, int)]}

    return {"projects": projects, "folders": folders}


@pytest.mark.parametrize(("refused", "more"), [("folders:search", ["top"]), ("projects:search", [])])
def test_where_the_lists_may_not_be_read_every_folder_is_asked_for_what_is_in_it(
    refused: str, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"folders:search": FOLDERS, "projects:search": PROJECTS, refused: NOT_ALLOWED}
    result, _ = found(
        monkeypatch,
        request(organization="1"),
        **answers,
        **walking(_1=["a", 10], _10=["b", 11], _11=["c", 10]),
    )
    assert names(result) == ["a", "b", "c", *more]
    assert result.refused == []


def test_one_folder_that_may_not_be_read_is_told_and_the_others_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {"folders:search": NOT_ALLOWED, **walking(_1=["a", 10, 20], _10=[NOT_ALLOWED], _20=["c"])}
    result, _ = found(monkeypatch, request(organization="1"), **answers)
    assert names(result) == ["a", "c"]
    assert [(one.status, one.error) for one in result.refused] == [("denied", str(NOT_ALLOWED))]


def test_projects_in_folders_that_the_list_leaves_out_are_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {"folders:search": {}, "projects:search": PROJECTS, **walking(_1=["top", 10], _10=["ten"])}
    assert names(found(monkeypatch, request(organization="1"), **answers)[0]) == ["ten", "top"]


@pytest.mark.parametrize("error", [NOT_ALLOWED, CallError("failed", "404", "It failed (404).")])
def test_projects_right_below_an_organisation_are_taken_where_its_folders_cannot_be_had(
    error: CallError, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"folders:search": error, "projects:search": PROJECTS, "projects": error, "folders": error}
    result, _ = found(monkeypatch, request(organization="1"), **answers)
    assert names(result) == ["top"]
    assert {one.error for one in result.refused} == {str(error)}


def test_folders_that_nobody_may_list_are_no_silent_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "folders:search": {},
        "projects:search": PROJECTS,
        "projects": NOT_ALLOWED,
        "folders": NOT_ALLOWED,
    }
    result, _ = found(monkeypatch, request(organization="1"), **answers)
    assert names(result) == ["top"]
    assert {one.status for one in result.refused} == {"denied"}


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (CallError("throttled", "429", "It was throttled."), "throttled", "It was throttled."),
        (CallError("skipped", "accessNotConfigured", "It is not enabled."), "denied", "It is not enabled."),
        ({"projects": ["odd"]}, "failed", "a shape that this version does not know"),
        ({"projects": 7}, "failed", "a shape that this version does not know"),
    ],
)
def test_a_list_that_cannot_be_had_is_told_and_named_projects_are_taken(
    answer: Any, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, _ = found(monkeypatch, request(projects=("a",), billing_account="01"), projects=answer and (
        {"projectBillingInfo": answer["projects"]} if isinstance(answer, dict) else answer))  # fmt: skip
    assert names(result) == ["a"]
    (one,) = result.refused
    assert (one.status, words in one.error) == (status, True)


# --- regions ----------------------------------------------------------------------------------------------

REGIONS = {"items": [{"name": "us-central1"}, {"name": "europe-west1"}]}


def test_chosen_regions_are_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(projects=("a",), regions=("us-central1", "europe-west1", "us-central1"))
    result, client = found(monkeypatch, asked, regions=REGIONS)
    assert result.regions == ("europe-west1", "us-central1")
    assert len(client.asked) == 1


@pytest.mark.parametrize("wrong", ["us-central9", "US-CENTRAL1", "us-central1-a", "", "' OR 1=1"])
def test_a_region_that_does_not_exist_is_told_with_some_that_do(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(projects=("a",), regions=(wrong,))
    with pytest.raises(UsageError, match="regions are named like europe-west1, us-central1"):
        found(monkeypatch, asked, regions=REGIONS)


def test_a_project_that_tells_no_regions_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(projects=("a", "b"), regions=("us-central1",))
    result, client = found(monkeypatch, asked, regions=[NOT_ALLOWED, REGIONS])
    assert result.regions == ("us-central1",)
    assert len(client.asked) == 2
    result, _ = found(monkeypatch, asked, regions=NOT_ALLOWED)
    assert result.regions == ("us-central1",)
