"""Where a service is asked: the cloud's own address, or one that a person or an environment variable names."""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from finops.errors import ConfigError


def endpoint_of(variables: Mapping[str, str], default: str) -> tuple[str, bool]:
    """The first endpoint that an environment variable names, else the default; and whether it is on this machine.

    Keys are the variables, values say what they are for. Raises ConfigError for plain http to anywhere else.
    """
    for variable in variables:
        if value := os.environ.get(variable, "").strip():
            address = checked(variable, value)
            return address, is_loopback(urlsplit(address).hostname or "")
    return default, False


def checked(name: str, value: str) -> str:
    """An endpoint as scheme://host[:port]; `name` is the option or variable it comes from.

    Raises ConfigError unless it is one, and for plain http to anywhere but this machine.
    """
    value = value.strip().rstrip("/")
    address = value if "://" in value else f"https://{value}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name} is no endpoint ({value}): write https://HOST.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(f"{name} is plain http ({value}), which is for this machine only: write https://.")
    return address


def is_loopback(host: str) -> bool:
    """Whether a name or an address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
