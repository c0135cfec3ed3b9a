"""Output files: folders that can be written, files that appear whole or not at all."""

import os
import tempfile
from pathlib import Path

from finops.errors import UsageError


def make_folder(folder: Path) -> None:
    """Creates a folder for output.

    Raises UsageError when it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise UsageError(
            f"The folder {folder} cannot be written to ({error.strerror}): name another with -o."
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read; readers see the old one or the new one, never half.

    A link is followed, and a device or a pipe is written to as it is. Raises UsageError when that fails.
    """
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): name another with -o.") from error
