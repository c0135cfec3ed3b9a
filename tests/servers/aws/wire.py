"""The wire: what a request asks for, and how each protocol says no."""

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.iam.models import get_account_id_from
from werkzeug.exceptions import HTTPException

from tests.servers.aws.state import ACCOUNT

SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
# Signing names to the names that IAM policies use, where they differ.
IAM_NAMES = {"monitoring": "cloudwatch", "tagging": "tag"}
PROTOCOLS = {
    "ec2": "ec2",
    "s3": "s3",
    "account": "rest-json",
    "savingsplans": "rest-json",
    "lambda": "rest-json",
    "eks": "rest-json",
}
QUERY_COMPATIBLE = {"cloudwatch"}


@dataclass
class Call:
    """One request, understood."""

    service: str  # as IAM names it
    operation: str
    region: str
    key: str
    account: str
    protocol: str  # ec2 query json rest-json s3
    body: bytes
    fields: dict[str, Any]  # the JSON body, or the form's fields

    @property
    def where(self) -> tuple[str, str]:
        return self.account, self.region


class RefusalError(Exception):
    """An answer that is an error; each protocol writes it its own way."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class NoEndpointError(Exception):
    """There is no such host in AWS; a client could not even connect."""


def understand(environ: dict[str, Any]) -> Call:
    """Read the request; the body is put back for whoever answers."""
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, signing = scope.groups() if scope else ("", "us-east-1", "unsigned")
    service = IAM_NAMES.get(signing, signing)
    body = b"" if service == "s3" else read_body(environ)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    fields: dict[str, Any] = {}
    if target or (body[:1] == b"{" and not form):
        fields = json.loads(body or b"{}")
    elif form:
        fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    if target:
        operation = target.rpartition(".")[2]
    else:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        operation = (
            str(fields.get("Action") or query.get("Action", [""])[0]) if form or "Action" in query else ""
        )
        operation = operation or routed(service, environ)
    if not fields and not target:
        fields = {"Path": environ.get("PATH_INFO", "")}
    protocol = PROTOCOLS.get(service) or ("json" if target else "query" if form else "rest-json")
    return Call(service, operation, region, key, account_of(key), protocol, body, fields)


def read_body(environ: dict[str, Any]) -> bytes:
    """The whole body, unpacked, left readable again."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        body = gzip.decompress(body)
        del environ["HTTP_CONTENT_ENCODING"]
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def routed(service: str, environ: dict[str, Any]) -> str:
    """The operation of a REST request, by method and path."""
    try:
        operation, _ = router(service).match(Request({**environ, "wsgi.input": BytesIO()}))
    except (HTTPException, NotImplementedError, KeyError, ValueError, NoServiceError):
        return f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
    return str(operation.name)


class NoServiceError(Exception):
    """botocore has no such service."""


@cache
def router(service: str) -> Any:
    from botocore.exceptions import UnknownServiceError

    try:
        return get_service_router(service)
    except UnknownServiceError as error:
        raise NoServiceError(service) from error


def account_of(key: str) -> str:
    return str(get_account_id_from(key)) if key else ACCOUNT


# (ec2, query, json, rest-json, s3): code and status of the same thing in each protocol.
_ERRORS = {
    "throttle": (("RequestLimitExceeded", 503), ("Throttling", 400), ("ThrottlingException", 400), ("ThrottlingException", 429), ("SlowDown", 503)),
    "denied": (("UnauthorizedOperation", 403), ("AccessDenied", 403), ("AccessDeniedException", 400), ("AccessDeniedException", 403), ("AccessDenied", 403)),
    "expired": (("RequestExpired", 400), ("ExpiredToken", 403), ("ExpiredTokenException", 400), ("ExpiredTokenException", 403), ("ExpiredToken", 400)),
    "unknown key": (("AuthFailure", 401), ("InvalidClientTokenId", 403), ("UnrecognizedClientException", 400), ("UnrecognizedClientException", 403), ("InvalidAccessKeyId", 403)),
    "bad signature": (("AuthFailure", 401), ("SignatureDoesNotMatch", 403), ("InvalidSignatureException", 400), ("InvalidSignatureException", 403), ("SignatureDoesNotMatch", 403)),
    "internal": (("InternalError", 500), ("InternalFailure", 500), ("InternalFailure", 500), ("InternalServerException", 500), ("InternalError", 500)),
}  # fmt: skip
_ERRORS["disabled"] = _ERRORS["unknown key"]
_COLUMNS = ("ec2", "query", "json", "rest-json", "s3")
_MESSAGES = {
    "throttle": "Rate exceeded",
    "denied": "You are not authorized to perform this operation.",
    "expired": "The security token included in the request is expired",
    "unknown key": "The security token included in the request is invalid.",
    "disabled": "AWS was not able to validate the provided access credentials",
    "bad signature": "The request signature we calculated does not match the signature you provided.",
    "internal": "An internal error has occurred",
}
# Services that call it otherwise.
_OWN_CODES = {
    ("organizations", "throttle"): ("TooManyRequestsException", 400),
    ("account", "throttle"): ("TooManyRequestsException", 429),
}


def refusal(kind: str, call: Call, message: str | None = None) -> RefusalError:
    """The error of this kind as the service of this call names it."""
    # CloudWatch keeps its query codes whatever the protocol (awsQueryCompatible).
    column = "query" if call.service in QUERY_COMPATIBLE else call.protocol
    code, status = _OWN_CODES.get((call.service, kind)) or _ERRORS[kind][_COLUMNS.index(column)]
    return RefusalError(code, message or _MESSAGES[kind], status)


def rendered(refused: RefusalError, call: Call) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error in the call's protocol."""
    code, message = refused.code, refused.message
    if call.protocol in ("json", "rest-json"):
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
        if call.service in QUERY_COMPATIBLE:
            headers["x-amzn-query-error"] = f"{code};{'Sender' if refused.status < 500 else 'Receiver'}"
        content = (
            {"message": message} if call.protocol == "rest-json" else {"__type": code, "message": message}
        )
        return refused.status, headers, json.dumps(content).encode()
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if call.protocol == "ec2":
        xml = (
            f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
        )
    elif call.protocol == "s3":
        xml = f"<Error>{error}<RequestId>{REQUEST_ID}</RequestId><HostId>host</HostId></Error>"
    else:
        kind = "Sender" if refused.status < 500 else "Receiver"
        xml = f"<ErrorResponse><Error><Type>{kind}</Type>{error}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    return (
        refused.status,
        {"Content-Type": "text/xml;charset=UTF-8"},
        ('<?xml version="1.0" encoding="UTF-8"?>\n' + xml).encode(),
    )


REQUEST_ID = "59dbff89-35bd-4eac-99ed-be587EXAMPLE"
