"""Alibaba's credentials as its own tools find them: the environment, then the profile file of its command line."""

import json
import os
from pathlib import Path
from typing import Any

from collectors.bills.stores.oss_signing import Key
from finops.errors import CredentialsError

_IDS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_ID")
_SECRETS = ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIYUN_ACCESS_KEY_SECRET")
_TOKENS = ("ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN", "ALIYUN_SECURITY_TOKEN")
_REGIONS = (
    *("ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_REGION", "ALIBABACLOUD_REGION_ID", "ALIYUN_REGION_ID"),
    *("ALIBABA_CLOUD_DEFAULT_REGION", "ALIYUN_DEFAULT_REGION"),
)
_KEYS = ("AK", "StsToken")  # modes of a profile that hold the key itself


def find_key() -> Key:
    """The access key. Raises CredentialsError where there is none, or only half of one."""
    for name, secret, token in zip(_IDS, _SECRETS, _TOKENS, strict=True):
        if identity := _variable(name):
            if value := _variable(secret):
                return Key(identity, value, _variable(token) or None)
            raise CredentialsError(f"{name} is set and {secret} is not: set both.")
    profile = _profile()
    if not profile:
        raise CredentialsError(
            "No Alibaba Cloud credentials were found: set ALIBABA_CLOUD_ACCESS_KEY_ID and "
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET, or log in with aliyun configure."
        )
    return _of_profile(profile)


def find_region() -> str | None:
    """The region that the environment or the profile names."""
    for name in _REGIONS:
        if value := _variable(name):
            return value
    return str(_profile().get("region_id") or "") or None


def _of_profile(profile: dict[str, Any]) -> Key:
    name, mode = profile.get("name"), profile.get("mode") or "AK"
    if mode not in _KEYS:
        raise CredentialsError(
            f"The profile {name} of the Alibaba command line is of the mode {mode}, which object storage is not read "
            "with: set ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN."
        )
    identity, secret = str(profile.get("access_key_id") or ""), str(profile.get("access_key_secret") or "")
    if not identity or not secret:
        raise CredentialsError(
            f"The profile {name} of the Alibaba command line has no access key: aliyun configure."
        )
    token = str(profile.get("sts_token") or "") if mode == "StsToken" else ""
    return Key(identity, secret, token or None)


def _profile() -> dict[str, Any]:
    """The profile that is named, or the current one; empty where there is none."""
    path = Path(os.environ.get("ALIBABA_CLOUD_CONFIG_FILE") or Path.home() / ".aliyun" / "config.json")
    try:
        text = json.loads(path.read_text(encoding="utf-8-sig"))
        profiles = {str(each["name"]): dict(each) for each in text.get("profiles", [])}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CredentialsError(
            f"{path} cannot be read as a profile file of the Alibaba command line."
        ) from error
    named = _variable("ALIBABA_CLOUD_PROFILE") or _variable("ALIBABACLOUD_PROFILE")
    if named and named not in profiles:
        raise CredentialsError(f"{path} has no profile {named}: check ALIBABA_CLOUD_PROFILE.")
    return profiles.get(named or str(text.get("current") or "default"), {})


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()
