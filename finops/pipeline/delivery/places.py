"""Report files into a folder or an object store, each whole or not at all, with the message beside them."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from finops.errors import CredentialsError, UsageError
from finops.nightly_settings import Target
from finops.pipeline.delivery.message import Message
from finops.pipeline.delivery.sending import UndeliveredError

MESSAGE = "finops-message.md"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".eml": "message/rfc822",
}

Put = Callable[[str, bytes, str], None]  # path below the address, content, content type


def put(target: Target, message: Message, files: Sequence[Path], day: str) -> str:
    """Writes the files and the message, the message last: who sees it has the files.

    Raises UndeliveredError where another attempt may do, CredentialsError or UsageError where none will.
    """
    address = address_of(target, day)
    store = _opened(address)
    for path in files:
        store(path.name, path.read_bytes(), _TYPES[path.suffix])
    text = f"# {message.subject}\n\n{message.markdown}\n"
    store(MESSAGE, text.encode(), _TYPES[".md"])
    return f"{len(files) + 1} files to {address}"


def address_of(target: Target, day: str) -> str:
    """Where the files of a day go."""
    return target.to.replace("{date}", day).rstrip("/") or "/"


def _opened(address: str) -> Put:
    scheme, _, place = address.partition("://")
    if not place:
        return _folder(Path(address).expanduser())
    bucket, _, below = place.partition("/")  # a key may have any character, ? and # too
    prefix = f"{below.strip('/')}/" if below.strip("/") else ""
    if scheme == "s3":
        return _s3(bucket, prefix)
    if scheme == "oss":
        from finops.pipeline.delivery.buckets import oss

        return oss(bucket, prefix)
    from finops.pipeline.delivery.buckets import gcs

    return gcs(bucket, prefix)


def _folder(folder: Path) -> Put:
    """Files there may be read by whom the umask lets, as those that people put there."""

    def put(name: str, content: bytes, _: str) -> None:
        path, beside = folder / name, folder / f".{name}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            os.replace(beside, path)
        except OSError as error:
            raise UndeliveredError(f"{folder} cannot be written ({error.strerror})") from None
        finally:  # a signal, too, leaves nothing half
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    return put


def _s3(bucket: str, prefix: str) -> Put:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        client = boto3.client("s3", config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
    except BotoCoreError as error:
        raise UsageError(f"s3://{bucket} cannot be asked ({error}).") from error

    def put(name: str, content: bytes, kind: str) -> None:
        try:
            client.put_object(Bucket=bucket, Key=prefix + name, Body=content, ContentType=kind)
        except NoCredentialsError as error:
            raise CredentialsError(
                f"There are no AWS credentials to write to s3://{bucket}: set AWS_PROFILE, or see aws configure."
            ) from error
        except (ClientError, BotoCoreError) as error:
            raise UndeliveredError(f"s3://{bucket} did not take {name} ({error})") from error

    return put
