"""Mail, chats and webhooks through apprise, which knows how each of them is spoken to."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from finops.errors import ConfigError
from finops.masking import masked
from finops.nightly_settings import Target
from finops.pipeline.delivery.message import Message
from finops.pipeline.delivery.sending import UndeliveredError
from finops.secrets import resolve
from reports import nightly

if TYPE_CHECKING:
    from apprise import NotifyBase

_TIMEOUT = 30.0  # seconds, to connect and for an answer: a report of a megabyte goes with it


def tell(target: Target, message: Message, files: Sequence[Path]) -> str:
    """Sends the message, with the files where the service takes any.

    Raises UndeliveredError with what the service is said to have answered, ConfigError for an address that is none.
    """
    from apprise import AppriseAttachment

    with _heard() as said:
        service = _service(target)
        attached = [path for path in files if path.exists()] if service.attachment_support else []
        named = {path: _name(path, message) for path in attached}
        beside = [_address(path, name) for path, name in named.items()]
        if _embeds(service):
            beside += [_address(path, path.name) for path in message.pictures]
        attachments = AppriseAttachment(beside) if beside else None
        if message.pictures and _embeds(service):
            service.inline = True  # type: ignore[attr-defined]  # what the HTML names is shown within it
        form, body = _body(service, message)
        done = service.notify(body=body, title=message.subject, body_format=form, attach=attachments)
    if not done:
        why = masked(" ".join(said) or "no reason was given").rstrip(".")
        raise UndeliveredError(f"{service.service_name} did not take it ({' '.join(why.split())[:300]})")
    names = ", ".join(named.values())
    return f"{service.service_name}: {message.subject}" + (f" with {names}" if names else "")


def wants_html(target: Target) -> bool:
    """Whether the report belongs to the message where nobody said what to attach: to mail, not to a chat."""
    with _heard():
        return _is_mail(_service(target))


def shows_pictures(target: Target) -> bool:
    """Whether the HTML of a message may show files that travel with it: SMTP can, services behind an API cannot."""
    with _heard():
        return _embeds(_service(target))


def _embeds(service: "NotifyBase") -> bool:
    return _is_mail(service) and hasattr(service, "inline")


def _service(target: Target) -> "NotifyBase":
    from apprise import Apprise, AppriseAsset
    from apprise.common import PersistentStoreMode

    asset = AppriseAsset(
        app_id="finops",
        app_desc="finops",
        app_url="",
        image_url_mask=None,
        image_url_logo=None,
        async_mode=False,
        http_redirects=False,  # headers of one's own, which may be tokens, would go to the other host too
        storage_mode=PersistentStoreMode.MEMORY,
    )
    address = resolve(target.to, setting=f"deliver.{target.name}.to").get_secret_value()
    service: Any = Apprise.instantiate(address, asset=asset)
    if service is None:
        raise ConfigError(
            f"deliver.{target.name}.to: what {target.to.partition(':')[0]}: holds is no address that apprise knows, "
            "such as mailtos://USER:PASSWORD@HOST?to=ADDRESS or slack://TOKEN/TOKEN/TOKEN."
        )
    service.socket_connect_timeout = service.socket_read_timeout = _TIMEOUT
    return service  # type: ignore[no-any-return]


def _is_mail(service: "NotifyBase") -> bool:
    """SMTP, and services that send mail through an API: what speaks HTML first and takes files, but for one chat."""
    return _speaks(service) == "html" and service.attachment_support and service.service_name != "Telegram"


def _speaks(service: "NotifyBase") -> str:
    """The form that the service shows best: html, markdown or text."""
    offered = service.notify_format
    best = offered[0] if isinstance(offered, list | tuple) else offered
    return str(getattr(best, "value", best))


def _body(service: "NotifyBase", message: Message) -> tuple[str, str]:
    """The form to send and the message in it; where a chat wants HTML, apprise makes it of the text."""
    if _is_mail(service):
        return "html", message.html
    form, body = ("markdown", message.markdown) if _speaks(service) == "markdown" else ("text", message.text)
    if service.overflow_mode.value != "upstream":  # as the address says
        return form, body
    return form, _fitting(body, service.body_maxlen - len(message.subject), nightly.cut())


def _fitting(body: str, room: int, rest: str) -> str:
    """The first lines, as many as a service takes, and that there are more: it refuses a message that is longer, and
    nobody would be told."""
    room -= len(rest) + 2
    if len(body) <= room:
        return body
    whole = body[: max(room, 0)].rpartition("\n")[0].rstrip()
    return f"{whole}\n{rest}" if whole else rest


def _name(path: Path, message: Message) -> str:
    """What a file is called where it arrives: away from the message, its name says what it lacks."""
    return f"{path.stem}-partial{path.suffix}" if message.partial else path.name


def _address(path: Path, name: str) -> str:
    return f"{path.resolve().as_uri()}?name={quote(name)}"


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise logs meanwhile, which is how it says why something failed; nothing of it goes anywhere else."""
    said: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger = logging.getLogger("apprise")
    before = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [_Ear(logging.WARNING)], False
    try:
        yield said
    finally:
        logger.handlers, logger.propagate = before
