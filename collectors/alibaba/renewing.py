"""Keys that end and are got anew: of a role that a key assumes, of one that a token assumes, of this machine's role."""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.credentials import Key, Keys, Source
from collectors.alibaba.products import DIRECTLY, address_of
from collectors.calls import CallError
from finops.errors import CredentialsError

ASSUME_ROLE = Api("sts", "AssumeRole", "sts:AssumeRole")

_ROLE_SECONDS = 3600  # the longest that a role allows which nobody has changed
_RENEW_BEFORE = 300.0  # seconds
_ATTEMPTS = 3  # to exchange a token
_SERVER_ERROR = 500
_METADATA = "http://100.100.100.200/latest/"  # of an ECS instance, reached from itself only
_METADATA_SECONDS = 3


class _Renewing(Keys, ABC):
    """Keys that end, got anew a few minutes before. One thread gets them, the others wait."""

    def __init__(self) -> None:
        self._now: Key | None = None
        self._ends = 0.0
        self._lock = threading.Lock()

    def key(self) -> Key:
        with self._lock:
            if self._now is None or time.time() > self._ends - _RENEW_BEFORE:
                self._now, self._ends = self._get()
            return self._now

    def renew(self, key: Key) -> bool:
        with self._lock:
            if self._now == key:  # and not one that another thread has got since
                self._ends = 0.0
        return True

    @abstractmethod
    def _get(self) -> tuple[Key, float]:
        """Another key, and when it ends (seconds since 1970)."""


class RoleKeys(_Renewing):
    """Keys of a role that another account's session assumes."""

    def __init__(self, caller: Client, arn: str, session_name: str, external_id: str | None) -> None:
        super().__init__()
        self._caller, self._arn = caller, arn
        self._session_name, self._external_id = session_name, external_id

    def _get(self) -> tuple[Key, float]:
        answer = self._caller.get(
            ASSUME_ROLE,
            RoleArn=self._arn,
            RoleSessionName=self._session_name,
            DurationSeconds=_ROLE_SECONDS,
            ExternalId=self._external_id,
        )
        try:
            return _temporary(answer["Credentials"])
        except (KeyError, TypeError, ValueError) as error:
            sentence = f"{ASSUME_ROLE.action} answered without a key of the role {self._arn}."
            raise CallError("failed", "NoKey", sentence) from error


class OidcKeys(_Renewing):
    """Keys of a role that a token of an identity provider assumes, as in a Kubernetes pod."""

    def __init__(self, source: Source, endpoint: str | None, region: str) -> None:
        super().__init__()
        self._source = source
        self._address, self._local = address_of("sts", region, endpoint)

    def _get(self) -> tuple[Key, float]:
        try:
            token = Path(str(self._source.oidc_token_file)).read_text(encoding="utf-8").strip()
            answer = Retrying(
                retry=retry_if_exception_type(OSError),
                stop=stop_after_attempt(_ATTEMPTS),
                wait=wait_random_exponential(multiplier=0.5, max=5),
                reraise=True,
            )(self._exchanged, token)
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialsError(
                f"The token of ALIBABA_CLOUD_OIDC_TOKEN_FILE could not be exchanged for a key: {type(error).__name__}."
            ) from error
        try:
            return _temporary(json.loads(answer.text)["Credentials"])
        except (ValueError, KeyError, TypeError) as error:
            raise CredentialsError(
                f"Alibaba Cloud did not give a key of {self._source.role_arn} for the token of "
                f"ALIBABA_CLOUD_OIDC_TOKEN_FILE (status {answer.status_code})."
            ) from error

    def _exchanged(self, token: str) -> requests.Response:
        """The answer to the token. Raises OSError for none, and where the service is at fault."""
        source = self._source
        answer = requests.post(
            f"{self._address}/",
            params={"Action": "AssumeRoleWithOIDC", "Version": "2015-04-01", "Format": "JSON",
                    "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"},
            data={"RoleArn": source.role_arn, "OIDCProviderArn": source.oidc_provider_arn, "OIDCToken": token,
                  "RoleSessionName": source.session_name, "DurationSeconds": str(_ROLE_SECONDS)},
            timeout=(5, 30),
            proxies=dict(DIRECTLY) if self._local else None,
        )  # fmt: skip
        if answer.status_code >= _SERVER_ERROR:
            answer.raise_for_status()
        return answer


class MachineKeys(_Renewing):
    """Keys of the RAM role of the ECS instance that this runs on."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def _get(self) -> tuple[Key, float]:
        base = f"{_METADATA}meta-data/ram/security-credentials/"
        try:
            wanted = {"X-aliyun-ecs-metadata-token-ttl-seconds": "300"}
            token = self._asked("PUT", f"{_METADATA}api/token", wanted)
            headers = {"X-aliyun-ecs-metadata-token": token.text} if token.ok else {}
            role = self._role or self._asked("GET", base, headers).text.strip()
            return _temporary(json.loads(self._asked("GET", base + role, headers).text))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CredentialsError(
                "The RAM role of this machine could not be asked for a key: it is no ECS instance, or has no role."
            ) from error

    @staticmethod
    def _asked(method: str, url: str, headers: dict[str, str]) -> requests.Response:
        return requests.request(
            method, url, headers=headers, timeout=_METADATA_SECONDS, proxies=dict(DIRECTLY)
        )


def _temporary(told: Mapping[str, str]) -> tuple[Key, float]:
    ends = datetime.fromisoformat(told["Expiration"]).timestamp()
    return Key(told["AccessKeyId"], told["AccessKeySecret"], told["SecurityToken"]), ends
