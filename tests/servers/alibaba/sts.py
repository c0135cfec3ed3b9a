"""Security tokens and the resource directory: who somebody is, whom one may become, which accounts there are."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.alibaba.pages import numbered
from tests.servers.alibaba.state import WORLD, Identity, Role, seconds
from tests.servers.alibaba.wire import Call, RefusalError

STS, DIRECTORY, MANAGER = "2015-04-01", "2022-04-19", "2020-03-31"


def get_caller_identity(call: Call) -> dict[str, Any]:
    who = call.identity
    arn = {
        "Account": f"acs:ram::{who.account}:root",
        "RAMUser": f"acs:ram::{who.account}:user/{who.name}",
        "AssumedRoleUser": f"acs:ram::{who.account}:assumed-role/{who.name}",
    }[who.kind]
    content = {
        "AccountId": who.account, "Arn": arn, "IdentityType": who.kind, "PrincipalId": who.number, "UserId": who.number,
    }  # fmt: skip
    if who.kind == "AssumedRoleUser":
        content |= {"RoleId": who.number, "PrincipalId": f"{who.number}:{who.name.rpartition('/')[2]}"}
    return content


def assume_role(call: Call) -> dict[str, Any]:
    """A temporary key of a role that trusts the caller's account."""
    account, role = wanted(call)
    session = call.required("RoleSessionName")
    refusal = RefusalError(
        403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM."
    )
    if role is None:
        sentence = f"The role not exists: {call.params['RoleArn']}."
        raise RefusalError(404, "EntityNotExist.Role", sentence)
    if call.identity.kind == "Account":
        raise RefusalError(403, "NoPermission", "Roles may not be assumed by root accounts.")
    if call.account not in role.trusts or role.external_id != (call.params.get("ExternalId") or None):
        raise refusal
    return lent(call, account, role, session)


def assume_role_with_oidc(call: Call) -> dict[str, Any]:
    """The same for somebody who has a token of an identity provider instead of a key."""
    provider, token = call.required("OIDCProviderArn"), call.required("OIDCToken")
    account, role = wanted(call)
    session = call.required("RoleSessionName")
    if WORLD.oidc_tokens.get(token) != provider:
        raise RefusalError(400, "AuthenticationFail.OIDCToken.Invalid", "This OIDC token is invalid.")
    if role is None or provider not in role.trusts:
        raise RefusalError(
            403,
            "AuthenticationFail.NoPermission",
            "This operation is not permitted by the role's trust policy.",
        )
    return lent(call, account, role, session)


def wanted(call: Call) -> tuple[str, Role | None]:
    """The account and role that RoleArn names; None: there is no such role."""
    parts = call.required("RoleArn").split(":")
    if len(parts) != 5 or parts[:2] != ["acs", "ram"] or not parts[4].startswith("role/"):
        raise RefusalError(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
    owner = WORLD.accounts.get(parts[3])
    return parts[3], owner.roles.get(parts[4].removeprefix("role/").lower()) if owner else None


def lent(call: Call, account: str, role: Role, session: str) -> dict[str, Any]:
    """A new temporary identity, as STS tells it."""
    lasts = call.number("DurationSeconds", 3600, 900, role.longest)
    expires = datetime.now(UTC) + timedelta(seconds=lasts)
    name = f"{role.name}/{session}"
    who = Identity(
        f"STS.{secrets.token_hex(10)}", secrets.token_hex(22), account, "AssumedRoleUser", name, "344584339364951186",
        f"CAIS{secrets.token_urlsafe(180)}==", expires, role.policy,
    )  # fmt: skip
    WORLD.add(who)
    return {
        "AssumedRoleUser": {"Arn": f"acs:ram::{account}:role/{name}", "AssumedRoleId": f"{who.number}:{session}"},
        "Credentials": {
            "AccessKeyId": who.key, "AccessKeySecret": who.secret, "SecurityToken": who.token,
            "Expiration": seconds(expires.replace(tzinfo=None)),
        },
    }  # fmt: skip


def expire(key: str) -> None:
    """The temporary key is over from now on."""
    who = WORLD.identities[key]
    WORLD.add(replace(who, expires=datetime.now(UTC) - timedelta(seconds=1)))


def list_accounts(call: Call) -> dict[str, Any]:
    """The members of the resource directory; only its management account may look."""
    if not WORLD.members:
        raise RefusalError(
            404, "EntityNotExists.ResourceDirectory", "The resource directory for the account is not enabled."
        )
    if call.account != WORLD.members[0]["ResourceDirectoryManager"]:
        raise RefusalError(403, "NoPermission", "You are not authorized to do this action.")
    told = [
        {name: value for name, value in member.items() if name != "ResourceDirectoryManager"}
        for member in WORLD.members
    ]
    page, counts = numbered(call, told, most=100)
    return {"Accounts": {"Account": page}, **counts}


ANSWERS = {
    (STS, "GetCallerIdentity"): get_caller_identity,
    (STS, "AssumeRole"): assume_role,
    (STS, "AssumeRoleWithOIDC"): assume_role_with_oidc,
    (DIRECTORY, "ListAccounts"): list_accounts,
    (MANAGER, "ListAccounts"): list_accounts,
}
