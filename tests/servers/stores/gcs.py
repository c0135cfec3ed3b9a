"""A local Google Cloud Storage: objects.list, objects.get and the simple upload of objects.insert of the JSON API, as its reference describes them.

Source: https://cloud.google.com/storage/docs/json_api/v1/objects
"""

import base64
import hashlib
import json
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.stores.bench import Handler

Answer = tuple[int, dict[str, str], bytes]
JSON = {"Content-Type": "application/json; charset=UTF-8"}


class Gcs(Handler):
    """`token` is what a request must bear; None takes anonymous ones, as public buckets do."""

    token: str | None = None
    denied: tuple[str, ...] = ()

    def respond(self) -> Answer:
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        pieces = parts.path.split("/")
        if self.command == "POST" and pieces[:2] == ["", "upload"]:
            return self.upload(pieces[2:], asked)
        if self.command != "GET" or pieces[:4] != ["", "storage", "v1", "b"] or len(pieces) not in (6, 7):
            return error(404, "notFound", "Not Found")
        bucket, key = unquote(pieces[4]), unquote(pieces[6]) if len(pieces) == 7 else None
        if self.token is not None and self.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, "authError", "Invalid Credentials")
        if bucket in self.denied:
            return error(
                403, "forbidden", "reader@acme does not have storage.objects.list access to the bucket."
            )
        if bucket not in self.bench.buckets:
            return error(404, "notFound", "The specified bucket does not exist.")
        return self.list(bucket, asked) if key is None else self.media(bucket, key, asked)

    def upload(self, pieces: list[str], asked: dict[str, str]) -> Answer:
        """POST /upload/storage/v1/b/BUCKET/o?uploadType=media&name=KEY, the content as the body."""
        if pieces[:3] != ["storage", "v1", "b"] or len(pieces) != 5 or asked.get("uploadType") != "media":
            return error(404, "notFound", "Not Found")
        bucket = unquote(pieces[3])
        if self.token is not None and self.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, "authError", "Invalid Credentials")
        if bucket not in self.bench.buckets:
            return error(404, "notFound", "The specified bucket does not exist.")
        if not asked.get("name"):
            return error(400, "required", "Required parameter: name")
        self.bench.put(bucket, asked["name"], self.content, kind=self.headers.get("Content-Type", ""))
        return 200, dict(JSON), json.dumps(self.item(bucket, asked["name"])).encode()

    def list(self, bucket: str, asked: dict[str, str]) -> Answer:
        after = ""
        if "pageToken" in asked:
            try:
                after = base64.b64decode(asked["pageToken"], validate=True).decode()
            except ValueError:
                return error(400, "invalid", "Invalid argument: pageToken")
        names = self.bench.keys(bucket, asked.get("prefix", ""), after)
        most = min(int(asked.get("maxResults", "1000")), self.bench.page)
        answer: dict[str, object] = {"kind": "storage#objects"}
        if names[most:]:
            answer["nextPageToken"] = base64.b64encode(names[most - 1].encode()).decode()
        if names:
            answer["items"] = [self.item(bucket, name) for name in names[:most]]
        if fields := asked.get("fields"):
            top = {part.partition("(")[0] for part in fields.split(",")}
            answer = {name: value for name, value in answer.items() if name in top}
        if self.bench.after_list:
            self.bench.after_list()
        return 200, dict(JSON), json.dumps(answer).encode()

    def item(self, bucket: str, name: str) -> dict[str, object]:
        thing = self.bench.buckets[bucket][name]
        item: dict[str, object] = {
            "kind": "storage#object",
            "name": name,
            "bucket": bucket,
            "generation": str(thing.number),
            "size": str(len(thing.content)),
            "updated": f"{thing.modified:%Y-%m-%dT%H:%M:%S}.123Z",
            "etag": base64.b64encode(str(thing.number).encode()).decode(),
        }
        if not thing.composed:
            item["md5Hash"] = base64.b64encode(hashlib.md5(thing.content).digest()).decode()
        if thing.encoding:
            item["contentEncoding"] = thing.encoding
        return item

    def media(self, bucket: str, key: str, asked: dict[str, str]) -> Answer:
        thing = self.bench.buckets[bucket].get(key)
        if thing is None or asked.get("generation", str(thing.number)) != str(thing.number):
            return (
                404,
                {"Content-Type": "text/html; charset=UTF-8"},
                f"No such object: {bucket}/{key}".encode(),
            )
        if asked.get("alt") != "media":
            return 200, dict(JSON), json.dumps(self.item(bucket, key)).encode()
        headers = {"Content-Type": "application/octet-stream", "X-Goog-Generation": str(thing.number)}
        if thing.encoding:
            headers["Content-Encoding"] = thing.encoding
            if "gzip" not in self.headers.get("Accept-Encoding", ""):
                return error(500, "backendError", "transcoding is not what anybody wants here")
        return 200, headers, thing.content

    def broken(self, status: int) -> Answer:
        return error(status, "backendError", HTTPStatus(status).phrase)


def error(status: int, reason: str, message: str) -> Answer:
    body = {
        "error": {
            "code": status,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": reason}],
        }
    }
    return status, dict(JSON), json.dumps(body).encode()
