"""The only module that talks to AWS: calls that are declared, counted, retried within a budget, and told plainly.

An `Api` stands next to the code that calls it and names the IAM actions the call needs; the policy is generated
from them. `Client.get` makes one call and `Client.pages` all pages of one. Whatever goes wrong is a `CallError`
with a status as in `coverage`, except credentials, which are a `CredentialsError`.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError
from tenacity import Retrying, retry_if_exception, wait_random_exponential

from collectors.aws.attempts import (
    BudgetSpentError,
    CutShortError,
    account_for,
    broken_often_enough,
    is_cut_short,
    refuse_cut_short,
)
from collectors.aws.paging import TELLS_ALWAYS, paging_of
from collectors.calls import METER, Budget, CallError
from finops import __version__
from finops.errors import CredentialsError

CONNECT_TIMEOUT = 5  # seconds
READ_TIMEOUT = 30  # seconds; the slowest answer measured, 500 queries of metrics, takes a few
ATTEMPTS = 8  # of one call, botocore's adaptive retries included
LOST_SECONDS = 150.0  # what all failed attempts in one region may take together
# Services whose times the SDK itself, or S3's headers, need parsed. Of the others they stay as they arrive: parsing
# them takes ten times as long as everything else that is done with a datapoint or a spot price.
_PARSED = ("sts", "s3", "organizations")
# Services that young or small regions lack, by the name that is told.
_NOT_EVERYWHERE = {"sagemaker": "Amazon SageMaker", "eks": "Amazon EKS", "elasticache": "Amazon ElastiCache"}

_DENIED = {
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError",
    "Forbidden", "OptInRequired", "AuthFailure", "403",
}  # fmt: skip
_THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "BandwidthLimitExceeded", "LimitExceededException",
    "PriorRequestNotComplete", "TransactionInProgressException", "EC2ThrottledException",
}  # fmt: skip
CREDENTIAL_CODES = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "InvalidToken",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "TokenRefreshRequired", "NotAuthorized",
}  # fmt: skip
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)


@dataclass(frozen=True, init=False)
class Api:
    """One operation of one service, with the IAM actions it needs.

    `page` is the size of a full page where it is not that of the service. `probe` are parameters of the smallest
    call that shows whether it is allowed; None where only a real call can tell.
    """

    service: str
    operation: str
    actions: tuple[str, ...]
    page: int | None = None
    probe: tuple[tuple[str, Any], ...] | None = None

    def __init__(
        self,
        service: str,
        operation: str,
        *actions: str,
        page: int | None = None,
        probe: Mapping[str, Any] | None = None,
    ) -> None:
        object.__setattr__(self, "service", service)
        object.__setattr__(self, "operation", operation)
        object.__setattr__(self, "actions", actions)
        object.__setattr__(self, "page", page)
        object.__setattr__(self, "probe", None if probe is None else tuple(probe.items()))

    @property
    def action(self) -> str:
        """The IAM action of the call, or what it would be called."""
        if self.actions:
            return self.actions[0]
        return f"{self.service}:{''.join(word.capitalize() for word in self.operation.split('_'))}"


@dataclass(slots=True)
class Session:
    """One account, as one set of credentials sees it. Clients are made once and shared by all threads."""

    boto: boto3.Session
    account: str
    arn: str = ""
    name: str | None = None
    _clients: dict[str, "Client"] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _raw: boto3.Session | None = None

    @property
    def partition(self) -> str:
        """aws, aws-cn or aws-us-gov."""
        return self.arn.split(":")[1] if self.arn else "aws"

    def client(self, region: str) -> "Client":
        """The client of one region, with a budget of its own."""
        with self._lock:
            if region not in self._clients:
                self._clients[region] = Client(self, region)
            return self._clients[region]

    def offers(self, service: str, region: str) -> bool:
        """Whether a region has a service, as far as the SDK knows the region."""
        if service not in _NOT_EVERYWHERE or self.boto is None:
            return True
        with self._lock:
            known, offered = (
                set(self.boto.get_available_regions(name, self.partition)) for name in ("ec2", service)
            )
        return region in offered or region not in known

    def make(self, service: str, region: str, budget: Budget) -> Any:
        """A botocore client; making one is not thread-safe."""
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=32,
            user_agent_extra=f"finops/{__version__}",
        )
        with self._lock:
            boto = self.boto if service in _PARSED else self._raw_times()
            client = boto.client(service, region_name=region, config=config)
        client.meta.events.register("before-send", account_for(budget))
        client.meta.events.register("response-received", refuse_cut_short)
        return client

    def _raw_times(self) -> boto3.Session:
        """The same session, except that times stay the text or number they arrive as."""
        if self._raw is None:
            core = another(self.boto, self.boto.get_credentials())
            core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_as_it_is)
            self._raw = boto3.Session(botocore_session=core)
        return self._raw


def another(boto: boto3.Session, credentials: Any) -> botocore.session.Session:
    """A session of the same profile (its endpoints, certificates, region) with these credentials.

    It shares the service models, which take longer to read than all else and megabytes to keep.
    """
    core = botocore.session.Session(profile=boto._session.profile)
    core.register_component("data_loader", boto._session.get_component("data_loader"))
    core.set_config_variable("region", boto.region_name)
    if credentials is not None:
        core._credentials = credentials  # refreshable ones stay so
    return core


class Client:
    """Calls in one account and region. Safe to use from several threads."""

    def __init__(self, session: Session, region: str, budget: Budget | None = None) -> None:
        self.session, self.region, self.budget = session, region, budget or Budget(LOST_SECONDS)
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        """One call. Raises CallError, or CredentialsError when the credentials themselves are refused."""
        METER.attempts = 0
        self._refuse_absent(api)
        operation = getattr(self._service(api.service), api.operation)
        try:
            return Retrying(
                retry=retry_if_exception(is_cut_short),
                stop=broken_often_enough,
                wait=wait_random_exponential(multiplier=0.2, max=3),
                reraise=True,
            )(operation, **parameters)
        except _ERRORS as error:
            raise self._told(api, error) from error

    def pages(self, api: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a call, as few of them as the service allows."""
        paging, seen = paging_of(api.service, api.operation), set[str]()
        if paging.limit and paging.limit not in parameters:
            parameters[paging.limit] = api.page or paging.size
        while True:
            page = self.get(api, **parameters)
            if api.service in TELLS_ALWAYS and not set(page) - {"ResponseMetadata", paging.receive}:
                raise self._unusable(api, "Unreadable", "an answer without a result")
            yield page
            token = page.get(paging.receive)
            if not token:
                return
            if token in seen:
                raise self._unusable(api, "Paging", "the same page again and again")
            seen.add(token)
            parameters[paging.send] = token

    def _refuse_absent(self, api: Api) -> None:
        """Raises CallError for a service that the region does not have: it would be looked up in vain for long."""
        if api.service not in self._made and not self.session.offers(api.service, self.region):
            raise CallError(
                "skipped",
                "NoEndpoint",
                f"{_NOT_EVERYWHERE[api.service]} is not offered in region {self.region}.",
            )

    def _unusable(self, api: Api, code: str, what: str) -> CallError:
        where = f"in account {self.session.account}, region {self.region}"
        return CallError("failed", code, f"{api.action} got {what} {where}.")

    def _service(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                self._made[service] = self.session.make(service, self.region, self.budget)
            return self._made[service]

    def _told(self, api: Api, error: Exception) -> Exception:
        account = f"in account {self.session.account}, " if self.session.account else "in "
        where = f"{account}region {self.region}"
        if isinstance(error, _NO_CREDENTIALS):
            return no_credentials(error)
        if isinstance(error, BudgetSpentError):
            return CallError(
                "failed", "Budget",
                f"{api.action} was given up {where}: failed attempts in this region have taken {self.budget.lost:.0f} "
                f"seconds (limit {self.budget.limit:.0f}).",
            )  # fmt: skip
        if isinstance(error, ClientError):
            return self._answered(api, error, where)
        if isinstance(error, (ResponseParserError, CutShortError)):
            return CallError(
                "failed", "Unreadable", f"{api.action} got an answer that cannot be read {where}."
            )
        self.budget.lose(time.monotonic() - METER.last if METER.attempts else 0.0)
        return CallError(
            "failed", type(error).__name__, f"{api.action} got no answer {where}: {_plain(error)}."
        )

    def _answered(self, api: Api, error: ClientError, where: str) -> Exception:
        told = error.response.get("Error", {})
        code, message = str(told.get("Code", "")), _said(str(told.get("Message", "")))
        if code in CREDENTIAL_CODES:
            reason = message.rstrip(".") or "renew them"
            return CredentialsError(f"AWS refused the credentials {where} ({code}): {reason}.")
        if code in _DENIED or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403:
            hint = "finops permissions aws prints the policy that allows it"
            return CallError("denied", code, f"{api.action} is denied {where} ({code}); {hint}.")
        if code in _THROTTLED:
            return CallError(
                "throttled", code, f"{api.action} was throttled {where} in every attempt ({code})."
            )
        reason = f": {message.rstrip('.')}" if message else ""
        return CallError("failed", code, f"{api.action} failed {where} ({code}){reason}.")


def no_credentials(error: Exception) -> CredentialsError:
    """The error for credentials that are missing, incomplete or cannot be renewed."""
    if isinstance(error, NoCredentialsError):
        return CredentialsError(
            "No AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, name a profile with --profile, or "
            "log in with aws sso login."
        )
    return CredentialsError(f"The AWS credentials cannot be used: {_plain(error)}.")


def _as_it_is(value: Any) -> Any:
    return value


def _said(message: str) -> str:
    """What AWS says of an error, in one line; a page of HTML says nothing."""
    line = " ".join(message.split())
    return "" if line.startswith("<") else line[:300]


def _plain(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300]


_ERRORS = (ClientError, BotoCoreError, ResponseParserError, CutShortError, BudgetSpentError)
