"""Who may do what. Judges every call in one place, instead of moto's check, which ignores Condition and knows only XML."""

import fnmatch
import json
import re
from dataclasses import dataclass
from typing import Any

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from werkzeug.wrappers import Request

from tests.servers.aws.state import ADMIN_KEY
from tests.servers.aws.wire import Call, refusal

# Operations whose IAM action has another name.
S3_ACTIONS = {
    "ListObjectsV2": "ListBucket", "ListObjects": "ListBucket", "HeadBucket": "ListBucket", "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject", "ListMultipartUploads": "ListBucketMultipartUploads",
}  # fmt: skip
# Allowed even to a principal with no policy at all.
ALWAYS = {"sts:GetCallerIdentity"}


@dataclass(frozen=True)
class Principal:
    """Whose key it is."""

    arn: str
    account: str
    secret: str
    token: str | None
    policies: tuple[dict[str, Any], ...]
    administrator: bool = False


class Gate:
    """IAM of the whole process: off (every key passes) or on."""

    def __init__(self) -> None:
        self.enforcing = False

    def check(self, call: Call, environ: dict[str, Any]) -> None:
        """Raise the refusal that the real service would give."""
        principal = self.principal(call, environ)
        if self.enforcing:
            check_signature(principal, call, environ)
            allow(principal, call, environ)
        if call.service == "sts" and call.operation == "AssumeRole":
            check_trust(principal, call)

    def principal(self, call: Call, environ: dict[str, Any]) -> Principal:
        """The owner of the key; anybody is an administrator while IAM is off."""
        found = find_principal(call)
        if found is not None and (
            found.token is None or found.token == environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
        ):
            return found
        if call.key == ADMIN_KEY or not self.enforcing:
            return Principal(
                f"arn:aws:iam::{call.account}:user/admin", call.account, "admin-secret", None, (), True
            )
        raise refusal("unknown key", call)


def find_principal(call: Call) -> Principal | None:
    """A user or an assumed role, from moto's books."""
    iam = iam_backends[call.account]["aws"]
    for user in iam.users.values():
        for key in user.access_keys:
            if key.access_key_id == call.key:
                documents: list[Any] = list(user.policies.values())
                documents += map(document_of, user.managed_policies.values())
                return Principal(
                    user.arn, call.account, key.secret_access_key, None, tuple(map(parsed, documents))
                )
    for session in sts_backends[call.account]["aws"].assumed_roles:
        if session.access_key_id == call.key:
            role = role_of(session.role_arn)
            documents = [
                *role.policies.values(),
                *map(document_of, role.managed_policies.values()),
            ]
            return Principal(
                session.arn,
                call.account,
                session.secret_access_key,
                session.session_token,
                tuple(map(parsed, documents)),
            )
    return None


def document_of(policy: Any) -> Any:
    """The version of a managed policy that counts."""
    return next(version.document for version in policy.versions if version.is_default)


def parsed(document: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return content


def role_of(arn: str) -> Any:
    account = arn.split(":")[4]
    return iam_backends[account]["aws"].get_role(arn.rpartition("/")[2])


def check_signature(principal: Principal, call: Call, environ: dict[str, Any]) -> None:
    """Sign the request again with the key's secret and compare."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    signed = re.search(r"SignedHeaders=([^,]+)", header)
    given = re.search(r"Signature=([0-9a-f]+)", header)
    if call.service == "s3" or not signed or not given:  # S3's payload options are not worth it here
        return
    request = Request(environ)
    again = AWSRequest(
        method=request.method,
        url=request.url,
        data=call.body,
        headers={name: request.headers.get(name, "") for name in signed.group(1).split(";")},
    )
    again.context["timestamp"] = request.headers.get("X-Amz-Date", "")
    scope = header.split("Credential=")[1].split("/")
    kind = S3SigV4Auth if call.service == "s3" else SigV4Auth
    signer = kind(Credentials(call.key, principal.secret, principal.token), scope[3], scope[2])
    text = signer.string_to_sign(again, signer.canonical_request(again))
    if signer.signature(text, again) != given.group(1):
        raise refusal("bad signature", call)


def allow(principal: Principal, call: Call, environ: dict[str, Any]) -> None:
    """An explicit Deny wins, an Allow is needed."""
    action = action_of(call)
    if principal.administrator or action in ALWAYS:
        return
    context = {
        "aws:RequestedRegion": call.region,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalArn": principal.arn,
    }
    resource = resource_of(call, environ)
    statements = [each for policy in principal.policies for each in listed(policy.get("Statement"))]
    effects = {s["Effect"] for s in statements if concerns(s, action, resource, context)}
    if effects != {"Allow"}:
        where = "" if resource == "*" else f" on resource: {resource}"
        message = f"User: {principal.arn} is not authorized to perform: {action}{where}"
        raise refusal(
            "denied",
            call,
            f"You are not authorized to perform this operation. {message}"
            if call.protocol == "ec2"
            else message,
        )


def action_of(call: Call) -> str:
    if call.service == "s3":
        return f"s3:{S3_ACTIONS.get(call.operation, call.operation)}"
    return f"{call.service}:{call.operation}"


def resource_of(call: Call, environ: dict[str, Any]) -> str:
    """What the call is about; "*" where the action knows no resources."""
    if call.service == "s3":
        path = environ.get("PATH_INFO", "/").strip("/")
        return f"arn:aws:s3:::{path}" if path else "*"
    if call.operation == "AssumeRole":
        return str(call.fields.get("RoleArn", "*"))
    return "*"


def concerns(statement: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a statement speaks about this action on this resource in this context."""
    if "NotAction" in statement:
        if any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["NotAction"])):
            return False
    elif not any(matches(pattern.lower(), action.lower()) for pattern in listed(statement.get("Action", []))):
        return False
    if not any(matches(pattern, resource) for pattern in listed(statement.get("Resource", "*"))):
        return False
    return all(holds(operator, tests, context) for operator, tests in statement.get("Condition", {}).items())


def holds(operator: str, tests: dict[str, Any], context: dict[str, str]) -> bool:
    """One operator of a Condition; an operator that is not modelled is an error here, never silently true."""
    for key, wanted in tests.items():
        value = context.get(key)
        if operator in ("StringEquals", "StringLike", "ArnLike", "ArnEquals"):
            if value is None or not any(matches(str(each), value) for each in listed(wanted)):
                return False
        elif operator in ("StringNotEquals", "StringNotLike"):
            if value is not None and any(matches(str(each), value) for each in listed(wanted)):
                return False
        else:
            raise NotImplementedError(f"Condition {operator} is not modelled")
    return True


def matches(pattern: str, value: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def check_trust(principal: Principal, call: Call) -> None:
    """A role lets itself be assumed only by whom its trust policy names; a role that does not exist says the same."""
    arn = str(call.fields.get("RoleArn", ""))
    message = f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    try:
        role = role_of(arn)
    except (NotFoundException, IndexError):
        raise refusal("denied", call, message) from None
    context = {"sts:ExternalId": str(call.fields["ExternalId"])} if "ExternalId" in call.fields else {}
    for statement in listed(parsed(role.assume_role_policy_document).get("Statement")):
        trusted = listed(statement.get("Principal", {}).get("AWS"))
        names = {"*", principal.arn, principal.account, f"arn:aws:iam::{principal.account}:root"}
        if names & set(trusted) and all(
            holds(o, t, context) for o, t in statement.get("Condition", {}).items()
        ):
            return
    raise refusal("denied", call, message)
