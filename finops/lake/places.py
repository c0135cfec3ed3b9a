"""Where a lake can be: a folder, or a bucket that speaks S3."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from finops.errors import CredentialsError, UsageError


class Place(Protocol):
    """Files below an address; one that is put or replaced is there whole or not at all."""

    address: str

    def read(self, path: str) -> bytes | None: ...

    def replace(self, path: str, content: bytes) -> None: ...

    def put(self, path: str, file: Path) -> None:
        """Moves a file of this machine there."""
        ...

    def files(self) -> Iterator[str]:
        """The Parquet files that are there."""
        ...

    def remove(self, path: str) -> None: ...


def opened(address: str) -> Place:
    """The place of an address: a path, file://, s3:// or s3a://.

    Raises UsageError for another kind.
    """
    if set(address) & set("*?[]{}"):
        raise UsageError(
            f"The lake's address {address} has characters that engines read as patterns (*?[]{{}})."
        )
    parts = urlsplit(address)
    if parts.scheme in ("s3", "s3a") and parts.netloc:
        return Bucket(address.rstrip("/"), parts.netloc, parts.path.strip("/"))
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Folder(Path(unquote(parts.path)))
    if "://" in address:
        raise UsageError(f"A lake cannot be written to {address}: write a folder, or s3://BUCKET/PREFIX.")
    return Folder(Path(address))


class Folder:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().resolve()
        self.address = str(self._root)

    def read(self, path: str) -> bytes | None:
        with self._told():
            target = self._root / path
            return target.read_bytes() if target.exists() else None

    def replace(self, path: str, content: bytes) -> None:
        with self._told():
            beside = self._beside(path)
            beside.write_bytes(content)
            os.replace(beside, self._root / path)

    def put(self, path: str, file: Path) -> None:
        with self._told():
            beside = self._beside(path)
            shutil.move(file, beside)  # from another disk it is copied, so not to its name at once
            os.replace(beside, self._root / path)

    def files(self) -> Iterator[str]:
        return (str(path.relative_to(self._root)) for path in self._root.glob("*/*=*/**/*.parquet"))

    def remove(self, path: str) -> None:
        with self._told():
            (self._root / path).unlink(missing_ok=True)

    def _beside(self, path: str) -> Path:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f".{target.name}.{os.getpid()}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"The lake at {self.address} cannot be written: {error.strerror}.") from error


class Bucket:
    """A prefix of a bucket, with the credentials of the SDK's usual chain."""

    def __init__(self, address: str, bucket: str, prefix: str) -> None:
        import boto3

        self.address = address
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        with self._told():
            self._s3: Any = boto3.client("s3")

    def read(self, path: str) -> bytes | None:
        with self._told():
            try:
                body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + path)["Body"]
            except self._s3.exceptions.NoSuchKey:
                return None
            return bytes(body.read())

    def replace(self, path: str, content: bytes) -> None:
        with self._told():
            self._s3.put_object(Bucket=self._bucket, Key=self._prefix + path, Body=content)

    def put(self, path: str, file: Path) -> None:
        with self._told():
            self._s3.upload_file(str(file), self._bucket, self._prefix + path)
        file.unlink()

    def files(self) -> Iterator[str]:
        with self._told():
            pages = self._s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for each in page.get("Contents", ()):
                    path = str(each["Key"]).removeprefix(self._prefix)
                    if path.endswith(".parquet") and "=" in path:
                        yield path

    def remove(self, path: str) -> None:
        with self._told():
            self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            yield
        except NoCredentialsError as error:
            raise CredentialsError(
                f"There are no credentials for the lake at {self.address}: set AWS_PROFILE, or see aws configure."
            ) from error
        except (ClientError, BotoCoreError, Boto3Error) as error:
            raise UsageError(f"The lake at {self.address} cannot be used: {error}.") from error
