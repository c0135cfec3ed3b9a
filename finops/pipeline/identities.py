"""Whose credentials a collection would use, and where it would go: without a call, and without a secret.

Only a fingerprint of it is kept, so that what one person may see is not taken for what another may.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from finops.errors import FinopsError


def identity_of_aws(request: Any) -> list[str]:
    """Variables alone: the SDK looks at each of its files only when it is told to."""
    names = (
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL",
    )  # fmt: skip
    return [*(os.environ.get(name, "") for name in names), request.external_id or ""]


def identity_of_alibaba(request: Any) -> list[str]:
    """The key's id or the role, wherever it is found: `aliyun configure switch` changes it within a file."""
    from collectors.alibaba.credentials import find_source

    told = [f"{name}={os.environ[name]}" for name in sorted(os.environ) if "ALIBABA_CLOUD_ENDPOINT_" in name]
    for profile in request.profiles or (None,):
        try:
            source = find_source(profile)
        except FinopsError:
            break  # what is wrong with it is told when the cloud is asked
        told += [source.key.id if source.key else "", repr(replace(source, key=None))]
    return [*told, request.external_id or ""]


def identity_of_gcp(request: Any) -> list[str]:  # noqa: ARG001 - the request names nobody
    """Who the file of credentials is for. Its own name counts only where it does not say: some runners write a new one
    every time.

    Two people who log in with gcloud have files that differ by a secret alone, so the time of writing tells them apart.
    """
    names = (
        "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT", "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
    )  # fmt: skip
    told = [os.environ.get(name, "") for name in names]
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    path = Path(named) if named else Path(folder, "application_default_credentials.json")
    try:
        content = json.loads(path.read_bytes())
        who = [str(content.get(name) or "") for name in _GCP_WHO]
        written = path.stat().st_mtime_ns
    except (OSError, ValueError, AttributeError):
        return [*told, named or ""]  # what is wrong with it is told when the cloud is asked
    known = any(who[: _GCP_WHO.index("client_id")])
    return [*told, *who, "" if known else f"{path} {written}"]


# Whom a file of Google credentials is for, in the fields of its several kinds; none of them is a secret.
_GCP_WHO = (
    "client_email", "account", "audience", "service_account_impersonation_url",
    "client_id", "quota_project_id", "project_id", "type",
)  # fmt: skip
