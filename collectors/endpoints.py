"""Where a service is asked: the cloud's own address, or one that a person or an environment variable names."""

import os
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from finops.endpoints import checked_endpoint, is_loopback
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
    try:
        return checked_endpoint(value)
    except ValueError as error:
        raise ConfigError(f"{name} {error}.") from None


def proxies_for(address: str) -> dict[str, str | None]:
    """Proxies of the environment for an address. The SDK knows them, but not what is exempt from them."""
    host = urlsplit(address).hostname or ""
    if urllib.request.proxy_bypass(host) or is_loopback(host):
        return {"http": None, "https": None}
    found = urllib.request.getproxies()
    return {"http": found.get("http"), "https": found.get("https")}


__all__ = ["checked", "endpoint_of", "is_loopback", "proxies_for"]
