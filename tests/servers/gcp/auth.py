"""Who sends a request: bearer tokens, and the signed assertions of service accounts for which there are tokens."""

import base64
import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.servers.gcp.state import WORLD, Item
from tests.servers.gcp.wire import HOSTS, Call, RefusalError, info

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = 3599  # seconds
_KEYS: list[rsa.RSAPrivateKey] = []  # made once: a key takes a tenth of a second


def identify(call: Call) -> None:
    """Set the caller; 401 for a token that is none of ours, and for none at all where one is wanted."""
    header = call.headers.get("authorization", "")
    if not header:
        if WORLD.signed_in_only:
            raise unauthenticated(call, "CREDENTIALS_MISSING")
        return
    kind, _, token = header.partition(" ")
    found = WORLD.tokens.get(token) if kind.lower() == "bearer" else None
    if found is None:
        raise unauthenticated(call, "ACCESS_TOKEN_TYPE_UNSUPPORTED")
    mail, ends = found
    if ends < datetime.now(UTC):
        raise unauthenticated(call, "ACCESS_TOKEN_EXPIRED")
    call.caller = mail


def unauthenticated(call: Call, reason: str) -> RefusalError:
    sentence = (
        "Request is missing required authentication credential. " if reason == "CREDENTIALS_MISSING" else
        "Request had invalid authentication credentials. "
    ) + (
        "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )  # fmt: skip
    about = info(
        reason, "googleapis.com", service=HOSTS[call.service], method=f"{call.service}.{call.action}"
    )
    return RefusalError(
        401, sentence, "required" if reason == "CREDENTIALS_MISSING" else "authError", details=[about]
    )


def service_account(mail: str, project: str, token_uri: str, permissions: list[Item] | None) -> Item:
    """A new service account with a key, as the JSON file that people download."""
    if not _KEYS:
        _KEYS.append(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    key_id = secrets.token_hex(20)
    WORLD.callers[mail] = {"key_id": key_id, "public": _KEYS[0].public_key(), "permissions": permissions}
    text = _KEYS[0].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account", "project_id": project, "private_key_id": key_id, "private_key": text.decode(), "client_email": mail,
        "client_id": "108643876519823745210", "auth_uri": token_uri, "token_uri": token_uri, "universe_domain": "googleapis.com",
    }  # fmt: skip


def token(call: Call) -> Item:
    """POST /token: a token for a signed assertion."""
    if call.form.get("grant_type") != GRANT:
        raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {call.form.get('grant_type', '')}")
    claims = verified(call.form.get("assertion", ""))
    now = time.time()
    if (
        not now - 300 < float(claims.get("exp", 0)) <= float(claims.get("iat", 0)) + 3600
        or claims.get("iat", 0) > now + 300
    ):
        raise OAuthError(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        )
    if "scope" not in claims:
        raise OAuthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    made = "ya29.c." + secrets.token_urlsafe(40)
    WORLD.tokens[made] = (claims["iss"], datetime.now(UTC) + timedelta(seconds=LIFE))
    return {"access_token": made, "expires_in": LIFE, "token_type": "Bearer"}


class OAuthError(RefusalError):
    """An error as the token endpoint words it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(400, description, error)

    def body(self, service: str) -> bytes:
        return json.dumps({"error": self.reason, "error_description": self.message}).encode()


def verified(assertion: str) -> dict[str, Any]:
    """The claims of an assertion whose signature fits a key of ours."""
    try:
        head, body, signature = assertion.split(".")
        header, claims = json.loads(unpacked(head)), json.loads(unpacked(body))
        account = WORLD.callers.get(claims["iss"])
    except (ValueError, KeyError):
        raise OAuthError("invalid_grant", "Invalid JWT: Failed audience check.") from None
    if account is None:
        raise OAuthError("invalid_grant", "Invalid grant: account not found")
    try:
        if header.get("alg") != "RS256" or header.get("kid") != account["key_id"]:
            raise InvalidSignature
        account["public"].verify(
            unpacked(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        raise OAuthError("invalid_grant", "Invalid JWT Signature.") from None
    return dict(claims)


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def expire() -> None:
    """Every token is over."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    WORLD.tokens = {name: (mail, long_ago) for name, (mail, _) in WORLD.tokens.items()}
