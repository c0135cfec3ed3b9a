"""Alibaba's credentials as its own tools find them, in the order of its SDKs.

    environment    ALIBABA_CLOUD_ACCESS_KEY_ID, …_SECRET, …_SECURITY_TOKEN (also ALIBABACLOUD_… and ALIYUN_…); with
                   ALIBABA_CLOUD_ROLE_ARN the role is assumed, by a token where ALIBABA_CLOUD_OIDC_TOKEN_FILE is set
    profile files  ~/.aliyun/config.json of the command line (modes AK, StsToken, RamRoleArn, EcsRamRole, OIDC),
                   ~/.alibabacloud/credentials of the SDKs (types access_key, sts, ram_role_arn, ecs_ram_role)
    the machine    the RAM role of the ECS instance this runs on, where ALIBABA_CLOUD_ECS_METADATA names it

What is found is a `Source`: a key, or how to get one. Roles are assumed by accounts.py, which can call STS.
"""

import configparser
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finops.errors import CredentialsError, UsageError

_PREFIXES = ("ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALIYUN_")
_REGIONS = (
    *("ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_REGION", "ALIBABACLOUD_REGION_ID", "ALIYUN_REGION_ID"),
    *("ALIBABA_CLOUD_DEFAULT_REGION", "ALIYUN_DEFAULT_REGION"),
)
NONE_FOUND = (
    "No Alibaba Cloud credentials were found: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
    "name a profile with --profile, or log in with aliyun configure."
)


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, with the token of a temporary one."""

    id: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"Key({self.id[:4]}…)"


class Keys:
    """A key that is renewed before it ends. Subclasses know how; this one has one that stays."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def key(self) -> Key:
        """The key to sign with now."""
        return self._key

    def renew(self, key: Key) -> bool:  # noqa: ARG002
        """After this one was told to have expired: whether there is another one now."""
        return False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a key comes from.

    `key` is one that is at hand; with `role_arn` it assumes that role, or `oidc_token_file` does in its place;
    `ecs_role` is the role of the machine, "" for whichever it has. `region` is the one a profile names.
    """

    key: Key | None = None
    role_arn: str | None = None
    session_name: str = "finops"
    external_id: str | None = None
    oidc_provider_arn: str | None = None
    oidc_token_file: str | None = None
    ecs_role: str | None = None
    region: str | None = None


def find_source(profile: str | None = None) -> Source:
    """What the usual places have, or the named profile.

    Raises CredentialsError where there is nothing, or only half of something, UsageError for an unknown profile.
    """
    if profile is None and (found := _of_environment()):
        return found
    named = profile or _variable("ALIBABA_CLOUD_PROFILE") or _variable("ALIBABACLOUD_PROFILE")
    try:
        found = _of_files(named or None)
    except _NoProfileError as error:
        if profile:
            raise UsageError(str(error)) from error
        raise CredentialsError(f"{error} Check ALIBABA_CLOUD_PROFILE.") from error
    if found:
        return found
    if profile is None and (machine := os.environ.get("ALIBABA_CLOUD_ECS_METADATA")) is not None:
        return Source(ecs_role=machine.strip())
    raise CredentialsError(NONE_FOUND)


def find_key() -> Key:
    """The access key itself, for what cannot assume roles. Raises CredentialsError where there is none."""
    found = find_source()
    if found.key is None or found.role_arn:
        raise CredentialsError(
            "The Alibaba Cloud credentials are a role, which object storage is not read with: set "
            "ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN."
        )
    return found.key


def find_region() -> str | None:
    """The region that the environment or the profile names."""
    for name in _REGIONS:
        if value := _variable(name):
            return value
    try:
        found = _of_files(_variable("ALIBABA_CLOUD_PROFILE") or _variable("ALIBABACLOUD_PROFILE") or None)
    except _NoProfileError:
        return None  # whoever needs a key says so
    return found.region if found else None


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _of_environment() -> Source | None:
    role = {
        "role_arn": _variable("ALIBABA_CLOUD_ROLE_ARN") or None,
        "session_name": _variable("ALIBABA_CLOUD_ROLE_SESSION_NAME") or "finops",
        "external_id": _variable("ALIBABA_CLOUD_ROLE_EXTERNAL_ID") or None,
    }
    for prefix in _PREFIXES:
        identity, secret = _variable(f"{prefix}ACCESS_KEY_ID"), _variable(f"{prefix}ACCESS_KEY_SECRET")
        if identity and secret:
            token = _variable(f"{prefix}SECURITY_TOKEN") or None
            return Source(Key(identity, secret, token), **role)  # type: ignore[arg-type]
        if identity or secret:
            given, lacking = ("ID", "SECRET") if identity else ("SECRET", "ID")
            raise CredentialsError(
                f"{prefix}ACCESS_KEY_{given} is set and {prefix}ACCESS_KEY_{lacking} is not: set both."
            )
    provider, file = (
        _variable("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
        _variable("ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
    )
    if role["role_arn"] and provider and file:
        return Source(oidc_provider_arn=provider, oidc_token_file=file, **role)  # type: ignore[arg-type]
    return None


# --- profile files ----------------------------------------------------------------------------------------


def _of_files(named: str | None) -> Source | None:
    """A profile of the command line, else one of the SDKs; None where nothing is named and neither file is there."""
    cli, current = _cli_profiles()
    sdk = _sdk_profiles()
    name = named or current
    if name in cli:
        return _of_cli(name, cli[name], cli, ())
    if (named or "default") in sdk:
        return _of_sdk(named or "default", sdk[named or "default"])
    if named:
        have = ", ".join(sorted({*cli, *sdk})) or "none"
        raise _NoProfileError(
            f"There is no profile {named} of Alibaba Cloud: ~/.aliyun/config.json has no profile {named}, nor has "
            f"~/.alibabacloud/credentials; there are {have}."
        )
    return None


class _NoProfileError(Exception):
    """A profile that neither file has."""


def _cli_profiles() -> tuple[dict[str, dict[str, Any]], str]:
    path = Path(os.environ.get("ALIBABA_CLOUD_CONFIG_FILE") or Path.home() / ".aliyun" / "config.json")
    try:
        text = json.loads(path.read_text(encoding="utf-8-sig"))
        profiles = {str(each["name"]): dict(each) for each in text.get("profiles") or ()}
        return profiles, str(text.get("current") or "default")
    except FileNotFoundError:
        return {}, "default"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CredentialsError(
            f"{path} cannot be read as a profile file of the Alibaba command line."
        ) from error


def _sdk_profiles() -> Mapping[str, Mapping[str, str]]:
    path = Path(
        os.environ.get("ALIBABA_CLOUD_CREDENTIALS_FILE") or Path.home() / ".alibabacloud" / "credentials"
    )
    parser = configparser.ConfigParser(default_section="-", interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, configparser.Error) as error:
        raise CredentialsError(f"{path} cannot be read as a profile file of the Alibaba SDKs.") from error
    return {name: dict(parser[name]) for name in parser.sections()}


def _of_cli(
    name: str, profile: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]], seen: tuple[str, ...]
) -> Source:
    mode = str(profile.get("mode") or "AK")
    region = _text(profile, "region_id")
    role = {
        "role_arn": _text(profile, "ram_role_arn"),
        "session_name": _text(profile, "ram_session_name") or "finops",
        "external_id": _text(profile, "external_id"),
        "region": region,
    }
    if mode in ("AK", "StsToken"):
        return Source(_key(name, profile, "sts_token" if mode == "StsToken" else None), region=region)
    if mode == "RamRoleArn" and role["role_arn"]:
        return Source(_key(name, profile, "sts_token"), **role)  # type: ignore[arg-type]
    if mode == "EcsRamRole":
        return Source(ecs_role=_text(profile, "ram_role_name") or "", region=region)
    if mode == "OIDC" and role["role_arn"]:
        provider, file = _text(profile, "oidc_provider_arn"), _text(profile, "oidc_token_file")
        return Source(oidc_provider_arn=provider, oidc_token_file=file, **role)  # type: ignore[arg-type]
    if mode == "ChainableRamRoleArn" and role["role_arn"]:
        source = str(profile.get("source_profile") or "")
        if source in profiles and source not in seen and source != name:
            first = _of_cli(source, profiles[source], profiles, (*seen, name))
            if first.key and not first.role_arn:
                return Source(first.key, **role)  # type: ignore[arg-type]
    raise CredentialsError(
        f"The profile {name} of the Alibaba command line is of the mode {mode}, which cannot be used here: use AK, "
        "StsToken, RamRoleArn, EcsRamRole or OIDC, or set ALIBABA_CLOUD_ACCESS_KEY_ID, …_SECRET and "
        "ALIBABA_CLOUD_SECURITY_TOKEN."
    )


def _of_sdk(name: str, profile: Mapping[str, str]) -> Source:
    kind = profile.get("type") or "access_key"
    role_arn, region = _text(profile, "role_arn"), _text(profile, "region_id")
    if kind in ("access_key", "sts"):
        return Source(_key(name, profile, "security_token" if kind == "sts" else None), region=region)
    if kind == "ram_role_arn" and role_arn:
        session = _text(profile, "role_session_name") or _text(profile, "session_name") or "finops"
        return Source(_key(name, profile, "security_token"), role_arn, session, region=region)
    if kind == "ecs_ram_role":
        return Source(ecs_role=_text(profile, "role_name") or "", region=region)
    raise CredentialsError(
        f"The profile {name} of the Alibaba SDKs is of the type {kind}, which cannot be used here: use access_key, "
        "sts, ram_role_arn or ecs_ram_role."
    )


def _key(name: str, profile: Mapping[str, Any], token: str | None) -> Key:
    identity, secret = _text(profile, "access_key_id"), _text(profile, "access_key_secret")
    if not identity or not secret:
        raise CredentialsError(f"The Alibaba Cloud profile {name} has no access key: aliyun configure.")
    return Key(identity, secret, _text(profile, token) if token else None)


def _text(profile: Mapping[str, Any], name: str) -> str | None:
    return str(profile.get(name) or "").strip() or None
