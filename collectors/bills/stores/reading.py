"""Downloads that arrive whole or not at all: length and check sum are verified, and what breaks off is tried again."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from collectors.bills.objects import Stored
from collectors.conduct import Pool
from finops.errors import IncompleteError, InputError

ATTEMPTS = 4  # of one file whose download breaks off
AT_A_TIME = 4  # downloads
CHUNK = 1 << 20


class BrokenOffError(Exception):
    """A stream that ended too early, or an answer worth another attempt. Never told to the user as it is."""


class StoreError(IncompleteError):
    """An object store that denies, throttles or fails: `status` as in coverage, a sentence."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of one object as they arrive, and their MD5 where the store tells it."""

    chunks: Iterator[bytes]
    md5: bytes | None = None


class Store(Protocol):
    """One bucket, read only. `place` stands before a key in an address: s3://BUCKET/."""

    @property
    def place(self) -> str: ...

    def objects(self, prefix: str, *, most: int | None = None) -> Iterator[Stored]:
        """The objects whose keys begin so, in the order of their keys; at least the first `most` of them.

        Raises InputError when there is no such bucket.
        """
        ...

    def open(self, stored: Stored) -> AbstractContextManager[Body]:
        """The object as it was listed. Raises IncompleteError when it is another one by now, BrokenOffError."""
        ...


def download(store: Store, stored: Stored, path: Path) -> None:
    """One object into a file that is there whole or not at all. Raises StoreError when it cannot be had."""
    part = path.with_name(path.name + ".part")

    def take(body: Body) -> int:
        with open(part, "wb") as file:
            return sum(file.write(chunk) for chunk in _checked(body))

    try:
        _again_when_broken(store, stored, take)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(store: Store, stored: Stored) -> bytes:
    """One small object."""
    content = bytearray()

    def take(body: Body) -> int:
        content.clear()
        for chunk in _checked(body):
            content.extend(chunk)
        return len(content)

    _again_when_broken(store, stored, take)
    return bytes(content)


def download_all(store: Store, wanted: Sequence[tuple[Stored, Path]]) -> None:
    """Several objects at a time; raises what the first one that failed raised."""
    pool = Pool(min(AT_A_TIME, max(1, len(wanted))), "download")
    try:
        for future in [pool.submit(download, store, stored, path) for stored, path in wanted]:
            future.result()
    except OSError as error:
        raise InputError(f"A download cannot be written to disk: {error.strerror or error}.") from error
    finally:
        pool.close()


def _checked(body: Body) -> Iterator[bytes]:
    """The chunks; raises BrokenOffError at the end when they are not what the store says they are."""
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in body.chunks:
        digest.update(chunk)
        yield chunk
    if body.md5 is not None and digest.digest() != body.md5:
        raise BrokenOffError("the check sum does not fit")


def _again_when_broken(store: Store, stored: Stored, take: Callable[[Body], int]) -> None:
    """Lets `take` have the object's bytes, again while they break off; `take` returns how many came."""

    def once() -> None:
        with store.open(stored) as body:
            came = take(body)
        if came != stored.size:
            raise BrokenOffError(f"{came} of {stored.size} bytes arrived")

    try:
        Retrying(
            retry=retry_if_exception_type(BrokenOffError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=3),
            reraise=True,
        )(once)
    except BrokenOffError as error:
        raise StoreError(
            "failed",
            f"The download of {store.place}{stored.path} broke off {ATTEMPTS} times: nothing of it was kept.",
        ) from error
