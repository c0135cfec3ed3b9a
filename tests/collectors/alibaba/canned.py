"""Answers in place of Alibaba Cloud: a client that gives those a test made by hand, page by page."""

from collections.abc import Iterator
from typing import Any

from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session
from collectors.alibaba.credentials import Key, Keys
from collectors.alibaba.products import SITES

ACCOUNT = "1234567890123456"


class Canned(Client):
    """A client that answers by `product_Operation`: a dictionary always, a list one by one, a function of the
    parameters, or an error. Pages are told apart by the real code; `asked` has every question in order."""

    def __init__(self, region: str = "cn-hangzhou", **answers: Any) -> None:
        session = Session(Keys(Key("LTAI", "secret")), ACCOUNT)
        for each in (region, *SITES.values()):
            session._clients[each] = self
        super().__init__(session, region)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers: dict[str, Any] = {
            name: iter(answer) if isinstance(answer, list) else answer for name, answer in answers.items()
        }

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        name = f"{api.product.replace('-', '_')}_{api.operation}"
        self.asked.append((name, parameters))
        answer = self._answers[name]
        if isinstance(answer, Iterator):
            answer = next(answer)
        if callable(answer):
            answer = answer(parameters)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def questions(self, name: str) -> list[dict[str, Any]]:
        """The parameters of each call of one operation."""
        return [parameters for each, parameters in self.asked if each == name]
