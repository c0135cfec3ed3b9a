"""The only module that talks to Alibaba's APIs: calls that are declared, counted, paced, retried, told plainly.

An `Api` stands next to the code that calls it and names the RAM actions the call needs; the policy is generated from
them. `Client.get` makes one call, `Client.pages` all pages of one, `Client.all` returns what is on them. Whatever goes
wrong is a `CallError` with a status as in `coverage`, except credentials, which are a `CredentialsError`.

The SDK signs and sends. Retries are ours: its own know one product and one error code.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import CommonRequest
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from collectors.alibaba.answers import (
    NO_HOST,
    UNKNOWN_CALL,
    Again,
    Answer,
    is_not_there,
    said,
    unwrapped,
    within,
)
from collectors.alibaba.api import Api
from collectors.alibaba.credentials import Key, Keys
from collectors.alibaba.products import (
    CHINA,
    INTERNATIONAL,
    PRODUCTS,
    SITES,
    Paging,
    address_of,
)
from collectors.alibaba.shaping import shaped
from collectors.calls import METER, Budget, CallError
from collectors.endpoints import proxies_for
from collectors.pace import Pace
from finops import __version__
from finops.errors import CredentialsError

CONNECT_TIMEOUT = 5  # seconds
READ_TIMEOUT = 30  # seconds
ATTEMPTS = 8  # of a call that is throttled: what is over its limit is let in again at the next minute
_BROKEN_ATTEMPTS = 5  # of one that breaks off or that the service fails at
_UNKNOWN_HOST_ATTEMPTS = 2
_LONGEST_WAIT = 30.0  # seconds between two attempts
LOST_SECONDS = 150.0  # what all failed attempts in one region may take together
_REGAINED = 0.5  # of these, by each call that succeeds
WRONG_SITE = "NotApplicable"  # what billing answers where the account is not billed
_POOL = 32  # connections that are kept

T = TypeVar("T")

# The SDK logs whole requests, keys included, and attaches a handler that prints them.
for _name in ("aliyunsdkcore", "aliyunsdkcore.http.http_response", "aliyunsdkcore.client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
logging.getLogger("aliyunsdkcore.http.http_response").handlers.clear()


@dataclass(slots=True)
class Session:
    """One account, as one set of credentials sees it. Clients are made once and shared by all threads.

    `site` is where the account was opened and is billed; empty until it is found out. Accounts that were entered from
    one another share it.
    """

    keys: Keys
    account: str
    arn: str = ""
    name: str | None = None
    endpoint: str | None = None
    site: "Site" = field(default_factory=lambda: Site())
    paces: dict[str, Pace] = field(default_factory=dict)
    _clients: dict[str, "Client"] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def client(self, region: str) -> "Client":
        """The client of one region, with a budget of its own."""
        with self._lock:
            if region not in self._clients:
                self._clients[region] = Client(self, region)
            return self._clients[region]

    def billing(self, ask: Callable[["Client"], T]) -> T:
        """What a question to billing brings, asked at the account's site; at the other one when that is wrong."""
        if self.site.certain:
            return ask(self.client(self.site.region))
        with self.site.lock:
            try:
                answer = ask(self.client(self.site.region))
            except CallError as error:
                if error.code != WRONG_SITE or self.site.certain:
                    raise
                self.site.name = INTERNATIONAL if self.site.name != INTERNATIONAL else CHINA
                answer = ask(self.client(self.site.region))
            self.site.certain = True
            return answer


@dataclass(slots=True)
class Site:
    """Where an account is billed: china or international; the first is a guess until it is certain."""

    name: str = CHINA
    certain: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def region(self) -> str:
        """The region that billing is asked in."""
        return SITES[self.name]


class Client:
    """Calls in one account and region. Safe to use from several threads."""

    def __init__(self, session: Session, region: str, budget: Budget | None = None) -> None:
        self.session, self.region, self.budget = session, region, budget or Budget(LOST_SECONDS)
        self._paces: dict[str, Pace] = {}
        self._made: dict[bool, tuple[Key, AcsClient]] = {}
        self._lock = threading.Lock()

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        """One call. Raises CallError, or CredentialsError when the credentials themselves are refused."""
        METER.attempts = 0
        try:
            answer: dict[str, Any] = Retrying(
                retry=retry_if_exception_type(Again),
                stop=self._often_enough,
                wait=wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT),
                reraise=True,
            )(self._once, api, parameters)
            return answer
        except Again as error:
            raise self._told(api, error.answer) from error

    def all(self, api: Api, **parameters: Any) -> list[dict[str, Any]]:
        """What is on all pages of a call."""
        return [one for page in self.pages(api, **parameters) for one in unwrapped(page, api.items)]

    def pages(self, api: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a call, as few of them as the service allows."""
        paging = api.paging
        parameters.setdefault(paging.size, api.page)
        if paging.total:
            yield from self._numbered(api, paging, parameters)
            return
        seen: set[str] = set()
        while True:
            page = self.get(api, **parameters)
            yield page
            token = within(page, paging.receive or "")
            if not token:
                return
            if str(token) in seen:
                raise self._unusable(api, "the same page again and again")
            seen.add(str(token))
            parameters[paging.send] = token

    def _numbered(self, api: Api, paging: Paging, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Pages by number: until as many are there as the service counts, or one is not full where it does not."""
        got, number, size = 0, 1, int(parameters[paging.size])
        while True:
            page = self.get(api, **{**parameters, paging.send: number})
            yield page
            found = len(unwrapped(page, api.items))
            got, number = got + found, number + 1
            total = within(page, paging.total or "")
            if total in (None, ""):
                if found < size:
                    return
            elif got >= int(total) or size * (number - 1) >= int(total):
                return
            elif not found:
                raise self._unusable(api, f"{got} of {total} items, and an empty page")

    def all_of_first(self, *apis: Api, **parameters: Any) -> list[dict[str, Any]]:
        """What is on all pages of the first of these calls that the service knows."""
        for api in apis[:-1]:
            try:
                return self.all(api, **parameters)
            except CallError as error:
                if not error.code.startswith(UNKNOWN_CALL):
                    raise
        return self.all(apis[-1], **parameters)

    # --- one attempt ---

    def _once(self, api: Api, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if METER.attempts:  # what went before it in this call came to nothing
            self.budget.lose(time.monotonic() - METER.last)
        if self.budget.spent:
            raise CallError(
                "failed", "Budget",
                f"{api.action} was given up {self.where}: failed attempts in this region have taken "
                f"{self.budget.lost:.0f} seconds (limit {self.budget.limit:.0f}).",
            )  # fmt: skip
        pace = self._pace(api.product)
        key = self.session.keys.key()  # which may take a call of its own
        pace.wait()
        METER.sent += 1
        METER.attempts += 1
        METER.last = time.monotonic()
        answer = self._send(api, parameters, key)
        if answer.content is not None:
            pace.faster()
            self.budget.regain(_REGAINED)
            return answer.content
        if answer.kind == "throttled":
            pace.slower()
        if answer.kind == "expired" and self.session.keys.renew(key):
            raise Again(answer)
        if answer.kind in ("throttled", "broken"):
            raise Again(answer)
        raise self._told(api, answer)

    def _send(self, api: Api, parameters: Mapping[str, Any], key: Key) -> Answer:
        address = self._address(api.product)
        request = CommonRequest(
            domain=address,
            version=PRODUCTS[api.product].version,
            action_name=api.operation,
        )
        request.set_protocol_type(protocol_type.HTTPS)  # where the address does not say otherwise
        request.set_accept_format("JSON")
        shaped(request, api, parameters, key, self.region)
        core = self._core(key, address)
        try:
            return Answer.of(core.do_action_with_exception(request), api.product)
        except ServerException as error:
            status, code, message = error.get_http_status(), error.get_error_code(), error.get_error_msg()
            if api.path:
                return Answer.of_rest(status, str(code), str(message))
            return Answer.refused(status, str(code), str(message))
        except ClientException as error:
            return Answer.lost(str(error.get_error_code()), str(error.get_error_msg()))
        except (IndexError, TypeError, AttributeError, UnicodeDecodeError):
            # The SDK reads an error's body without looking at it first.
            return Answer.lost("Unreadable", "an error that cannot be read")

    def _core(self, key: Key, address: str) -> AcsClient:
        """The SDK's client for a key and an address, through a proxy or not.

        Tokens of temporary keys go with the request: the SDK would rather take a key of the environment.
        """
        proxies = proxies_for(address)
        proxied = any(proxies.values())
        with self._lock:
            known = self._made.get(proxied)
            if known is None or known[0] != key:
                client = AcsClient(
                    key.id,
                    key.secret,
                    self.region,
                    auto_retry=False,
                    connect_timeout=CONNECT_TIMEOUT,
                    timeout=READ_TIMEOUT,
                    pool_size=_POOL,
                    proxy=proxies,
                )
                client.append_user_agent("finops", __version__)
                weakref.finalize(
                    client, client.session.close
                )  # before the interpreter ends, not while it does
                self._made[proxied] = known = (key, client)
            return known[1]

    def _address(self, product: str) -> str:
        return address_of(product, self.region, self.session.endpoint)[0]

    def _pace(self, product: str) -> Pace:
        known = PRODUCTS[product]
        paces = self.session.paces if known.everywhere else self._paces
        with self._lock:
            return paces.setdefault(product, Pace(known.per_second))

    def _often_enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        answer = error.answer if isinstance(error, Again) else Answer()
        limit = ATTEMPTS if answer.kind == "throttled" else _BROKEN_ATTEMPTS
        if answer.code == NO_HOST:
            limit = _UNKNOWN_HOST_ATTEMPTS
        return state.attempt_number >= limit or self.budget.spent

    # --- what went wrong ---

    @property
    def where(self) -> str:
        """The place in words."""
        account = f"in account {self.session.account}, " if self.session.account else "in "
        return f"{account}region {self.region}"

    def _unusable(self, api: Api, what: str) -> CallError:
        return CallError("failed", "Paging", f"{api.action} got {what} {self.where}.")

    def _told(self, api: Api, answer: Answer) -> Exception:
        code, words = answer.code, said(answer.message)
        if answer.kind in ("credentials", "expired"):
            return CredentialsError(f"Alibaba Cloud refused the credentials {self.where} ({code}).")
        if answer.kind == "clock":
            return CredentialsError(
                f"Alibaba Cloud refused a request {self.where} because of its time ({code}): set this machine's clock."
            )
        if answer.kind == "denied":
            hint = "finops permissions alibaba prints the policy that allows it"
            if not api.actions:
                hint = "it needs no permission, so a policy forbids it"
            return CallError("denied", code, f"{api.action} is denied {self.where} ({code}); {hint}.")
        if answer.kind == "absent" or is_not_there(api, code):
            return CallError("skipped", code, f"{api.operation} is not offered {self.where} ({code}).")
        if answer.kind == "quota":
            return CallError(
                "failed",
                code,
                f"{api.action} is refused {self.where} ({code}): the account's quota of calls is used up.",
            )
        if answer.kind == "throttled":
            return CallError(
                "throttled", code, f"{api.action} was throttled {self.where} in every attempt ({code})."
            )
        if answer.status is None:
            self.budget.lose(time.monotonic() - METER.last)
            return CallError("failed", code, f"{api.action} got no answer {self.where}: {words or code}.")
        reason = f": {words}" if words else ""
        return CallError("failed", code, f"{api.action} failed {self.where} ({code}){reason}.")
