"""Answers in place of AWS: recorded ones (placebo's JSON), and a client that gives those a test made by hand."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from collectors.aws.client import Api, Client, Session

RECORDED = Path(__file__).parents[4] / "shared" / "samples" / "aws" / "api"
needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the shared samples are not beside this checkout"
)


def recorded(name: str) -> dict[str, Any]:
    """What AWS answered once: `name` is service.Operation/test."""
    answer: dict[str, Any] = _revived(json.loads((RECORDED / f"{name}.json").read_text())["data"])
    return answer


def shaped(service: str, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer made by hand, if it is built as the service's model says. Operation as AWS writes it."""
    shape = _session().get_service_model(service).operation_model(operation).output_shape
    told = ParamValidator().validate(answer, shape)
    assert not told.has_errors(), told.generate_report()
    return answer


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _revived(value: Any) -> Any:
    """Placebo's datetimes as datetimes."""
    if isinstance(value, list):
        return [_revived(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("__class__") == "datetime":
        parts = [value[name] for name in ("year", "month", "day", "hour", "minute", "second", "microsecond")]
        return datetime(*parts)
    return {key: _revived(each) for key, each in value.items()}


class Canned(Client):
    """A client that answers by `service_operation`: a list of pages, a function of the parameters, or an error."""

    def __init__(self, region: str = "eu-west-1", **answers: Any) -> None:
        super().__init__(Session(None, "012345678901"), region)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        (page,) = self.pages(api, **parameters)
        return page

    def pages(self, api: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        name = f"{api.service}_{api.operation}"
        self.asked.append((name, parameters))
        answer = self._answers[name]
        answer = answer(parameters) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        yield from answer if isinstance(answer, list) else [answer]


TOKYO = timezone(timedelta(hours=9))
