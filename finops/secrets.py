"""Secrets by reference: what the configuration names is where a secret is, never the secret itself.

env:NAME           a variable of the environment
file:PATH          the first line of a file; below $CREDENTIALS_DIRECTORY where the path is not absolute
cmd:COMMAND LINE   the first line that a command prints (run without a shell)
keyring:SERVICE/USER   the keyring of this machine (needs the package keyring)
"""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

from finops.errors import ConfigError
from finops.masking import remember

_REFERENCE = re.compile(r"^(?P<kind>env|file|cmd|keyring):(?P<rest>.+)$", re.DOTALL)
_PATIENCE = 60  # seconds for a command: it may ask a vault
_printed: dict[str, str] = {}  # by command line: a vault is asked once in a run


def _checked(text: str) -> str:
    if not _REFERENCE.match(text):
        raise PydanticCustomError(
            "words",
            "must say where the secret is, not what it is: env:NAME, file:PATH, cmd:COMMAND or keyring:SERVICE/USER",
        )
    return text


# A setting that names a secret.
Reference = Annotated[str, AfterValidator(_checked)]


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is."""
    return bool(_REFERENCE.match(text))


def resolve(reference: str, *, setting: str) -> SecretStr:
    """The secret a reference names; it prints as ***.

    `setting` is the key that holds the reference, for messages. Raises ConfigError, without the secret, when it cannot
    be had or is empty.
    """
    match = _REFERENCE.match(reference)
    if not match:
        raise ConfigError(
            f"{setting} holds no reference to a secret: write env:NAME, file:PATH, cmd:COMMAND or keyring:SERVICE/USER."
        )
    found = _KINDS[match["kind"]](match["rest"], setting)
    if not found:
        raise ConfigError(f"{setting}: {reference} is empty.")
    remember(found)
    return SecretStr(found)


def _of_environment(name: str, setting: str) -> str:
    if name not in os.environ:
        raise ConfigError(f"{setting}: the variable {name} is not set.")
    return os.environ[name].strip()


def _of_file(text: str, setting: str) -> str:
    path = Path(os.path.expanduser(text))
    if not path.is_absolute() and "CREDENTIALS_DIRECTORY" in os.environ:  # systemd's
        path = Path(os.environ["CREDENTIALS_DIRECTORY"]) / path
    try:
        return _first_line(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"{setting}: {path} cannot be read ({why}).") from None


def _of_command(line: str, setting: str) -> str:
    if line not in _printed:
        found = _run(line, setting)
        if not found:
            return ""
        _printed[line] = found
    return _printed[line]


def _run(line: str, setting: str) -> str:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ConfigError(f"{setting}: the command cannot be read ({error}).") from None
    if not words:
        raise ConfigError(f"{setting} names no command.")
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{setting}: {words[0]} did not answer in {_PATIENCE} seconds.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{setting}: {words[0]} could not be run ({type(error).__name__}).") from None
    if done.returncode:
        raise ConfigError(f"{setting}: {words[0]} ended with {done.returncode}; run it by hand to see why.")
    return _first_line(done.stdout)


def _of_keyring(text: str, setting: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise ConfigError(
            f"{setting}: a keyring: reference needs the package keyring: pip install keyring."
        ) from None
    service, _, user = text.rpartition("/")
    try:
        return keyring.get_password(service or user, user) or ""
    except (KeyringError, OSError, RuntimeError) as error:  # the last two: of whatever keeps the keyring
        raise ConfigError(f"{setting}: the keyring could not be asked ({type(error).__name__}).") from None


def _first_line(text: str) -> str:
    return text.splitlines()[0].strip() if text.strip() else ""


_KINDS = {"env": _of_environment, "file": _of_file, "cmd": _of_command, "keyring": _of_keyring}
