"""HTTP calls to an object store: retried while the store is at fault, told in a sentence when it stays so."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError

from collectors.bills.stores.reading import CHUNK, BrokenOffError, StoreError
from finops import __version__

ATTEMPTS = 5  # of one call
TIMEOUT = (5, 60)  # seconds to connect, and between two pieces of an answer
_AGAIN = {408, 429, 500, 502, 503, 504}


class Refused(Exception):  # noqa: N818 - an answer, and only its reader knows whether it is an error
    """An answer of the store that says no: status, its code and its words."""

    def __init__(self, status: int, code: str, message: str, endpoint: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.endpoint = status, code, endpoint

    @property
    def told(self) -> str:
        """Code and words in one line."""
        words = " ".join(str(self).split())[:300].rstrip(".")
        return f"({self.code}): {words}" if words else f"({self.code})"


_LOCAL = threading.local()  # a session, which no two threads may share

Send = Callable[[], requests.Response]
Explain = Callable[[requests.Response], Refused]


def get_signed(
    url: str, headers: Mapping[str, str], *, proxies: Mapping[str, str] | None = None
) -> requests.Response:
    """Sends a GET request with the headers of its signature, over a connection of this thread; follows nothing."""
    return send_signed("GET", url, headers, proxies=proxies)


def send_signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    content: bytes | None = None,
    proxies: Mapping[str, str] | None = None,
) -> requests.Response:
    """As get_signed(), by any method and with a body."""
    if not hasattr(_LOCAL, "session"):
        _LOCAL.session = requests.Session()
    session: requests.Session = _LOCAL.session
    return session.request(
        method,
        url,
        data=content,
        headers={**headers, "User-Agent": f"finops/{__version__}", "Accept-Encoding": "identity"},
        auth=_as_signed,
        stream=True,
        timeout=TIMEOUT,
        allow_redirects=False,
        proxies=None if proxies is None else dict(proxies),
    )


def _as_signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting a password of ~/.netrc in the place of the signature."""
    return request


def call(send: Send, explain: Explain, what: str, understand: Callable[[bytes], Any]) -> Any:
    """One small answer, understood. Raises Refused, or StoreError when the store stays at fault."""

    def once() -> Any:
        with answered(send, explain) as answer:
            content = b"".join(chunks(answer))
        try:
            return understand(content)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BrokenOffError(f"an answer that cannot be read ({error})") from error

    try:
        return Retrying(
            retry=retry_if_exception_type(BrokenOffError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=3),
            reraise=True,
        )(once)
    except BrokenOffError as error:
        raise StoreError("failed", f"{what} failed {ATTEMPTS} times: {_line(error)}.") from error


@contextmanager
def answered(send: Send, explain: Explain) -> Iterator[requests.Response]:
    """An answer that says yes. Raises Refused, or BrokenOffError where another attempt may help."""
    try:
        answer = send()
    except requests.exceptions.RequestException as error:
        raise BrokenOffError(f"no answer ({_line(error)})") from error
    try:
        if answer.status_code in _AGAIN:
            raise BrokenOffError(f"status {answer.status_code}")
        if answer.status_code != requests.codes.ok:
            raise explain(answer)
        yield answer
    finally:
        answer.close()


def chunks(answer: requests.Response) -> Iterator[bytes]:
    """The bytes as they are stored, never unpacked on the way."""
    try:
        yield from answer.raw.stream(CHUNK, decode_content=False)
    except (HTTPError, requests.exceptions.RequestException, ConnectionError, TimeoutError) as error:
        raise BrokenOffError(_line(error)) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
