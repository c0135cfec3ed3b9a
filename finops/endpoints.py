"""Addresses that a user sends calls to instead of the cloud's own: private endpoints, and servers on this machine."""

import ipaddress
from urllib.parse import urlsplit


def checked_endpoint(text: str) -> str:
    """The address as SCHEME://HOST[:PORT], https where no scheme is given.

    Raises ValueError with words that follow the name of the option or variable. Plain http is for this machine only:
    credentials and bills would go over the network in clear.
    """
    value = text.strip()
    address = value if "://" in value else f"https://{value}"
    told = value.rpartition("@")[2]  # what stands before it may be a password
    if not _is_address(address):
        raise ValueError(f"is no endpoint ({told}): write https://HOST")
    parts = urlsplit(address)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"is plain http ({told}), which is for this machine only: write https://")
    return address.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a name or an address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        ported = parts.port is None or parts.port > 0
    except ValueError:  # brackets that do not match, a port that is no number
        return False
    plain = parts.username is None and not parts.query and not parts.fragment
    named = bool(parts.hostname) and not any(
        character.isspace() or ord(character) < 32 for character in address
    )
    return parts.scheme in ("http", "https") and named and plain and ported
