"""Amazon S3 through boto3, with the retries and sentences of the AWS collector."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ProfileNotFound
from urllib3.exceptions import HTTPError

from collectors.aws.client import Api, Client, Session
from collectors.bills.objects import Stored
from collectors.bills.stores.reading import CHUNK, Body, BrokenOffError
from collectors.calls import CallError
from finops.errors import ConfigError, IncompleteError, InputError

LIST_OBJECTS = Api("s3", "list_objects_v2", "s3:ListBucket")
GET_OBJECT = Api("s3", "get_object", "s3:GetObject")

_BROKEN = (BotoCoreError, HTTPError, ConnectionError, TimeoutError)  # what a stream that breaks off raises
_GONE = {"PreconditionFailed", "412", "NoSuchKey", "404"}


class Bucket:
    """Reads from one bucket."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.name = client, name

    @property
    def place(self) -> str:
        return f"s3://{self.name}/"

    def folders(self, prefix: str) -> list[str]:
        """The folders directly below, each with its whole path and a slash at the end."""
        pages = self._pages(Prefix=prefix, Delimiter="/")
        return [str(each["Prefix"]) for page in pages for each in page.get("CommonPrefixes", [])]

    def objects(self, prefix: str, *, most: int | None = None) -> Iterator[Stored]:
        """The objects whose keys begin so, at any depth."""
        limit = {} if most is None else {"MaxKeys": most}
        for page in self._pages(Prefix=prefix, **limit):
            for each in page.get("Contents", []):
                yield Stored(
                    str(each["Key"]),
                    int(each["Size"]),
                    each["LastModified"].astimezone(UTC).replace(tzinfo=None),
                    str(each["ETag"]).strip('"'),
                )

    @contextmanager
    def open(self, stored: Stored) -> Iterator[Body]:
        """The object, if it still is the one that was listed."""
        try:
            answer = self.client.get(
                GET_OBJECT, Bucket=self.name, Key=stored.path, IfMatch=f'"{stored.etag}"'
            )
        except CallError as error:
            if error.code in _GONE:
                raise IncompleteError(
                    f"{self.place}{stored.path} was replaced while it was read: the export is being delivered, try "
                    "again in an hour."
                ) from error
            raise
        with closing(answer["Body"]) as body:
            yield Body(_chunks(body))

    def _pages(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        try:
            yield from self.client.pages(LIST_OBJECTS, Bucket=self.name, **parameters)
        except CallError as error:
            if error.code == "NoSuchBucket":
                raise InputError(f"There is no bucket {self.name} in S3: check the address.") from error
            raise


def connect(name: str) -> Bucket:
    """The bucket, as the credentials of the environment see it."""
    try:
        boto = boto3.Session()
    except ProfileNotFound as error:
        raise ConfigError(f"{error}: check AWS_PROFILE.") from error
    return Bucket(Session(boto, "").client(boto.region_name or "us-east-1"), name)


def _chunks(body: Any) -> Iterator[bytes]:
    try:
        while chunk := body.read(CHUNK):
            yield chunk
    except _BROKEN as error:
        raise BrokenOffError(str(error)) from error
