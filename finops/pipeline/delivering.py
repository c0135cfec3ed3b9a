"""Tells people and other programs about a night: mail, chat, webhooks, folders, object stores, a heartbeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from finops.config import Settings
from finops.errors import BusyError, FinopsError, IncompleteError, UsageError
from finops.masking import masked
from finops.model import AuditReport
from finops.nightly_settings import Target
from finops.pipeline.delivery import ledger
from finops.pipeline.delivery.facts import Before, Facts, fingerprint
from finops.pipeline.delivery.heart import Heart
from finops.pipeline.delivery.items import fresh, items_of, mended, new_findings, recovered
from finops.pipeline.delivery.message import Message, message_of
from finops.pipeline.delivery.sending import GivenUpError, send
from finops.pipeline.editions import Edition, for_target, formats_of, of_night
from finops.pipeline.files import make_folder, write_whole
from finops.pipeline.nightly.context import PATIENCE, Context, Done
from finops.pipeline.nightly.journal import Entry, kept
from finops.pipeline.nightly.made import noted
from finops.pipeline.reporting import FILES, Made, not_made, redacted, unmakeable, write_what_can_be
from reports.language import speaking

if TYPE_CHECKING:
    from finops.readership import RedactionLevel

__all__ = ["Heart", "Parcel", "deliver_to", "files_of", "last_night", "parcel_for", "send_parcel"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a target would get now, in its own edition. `reason` says why, or why not where it is not `wanted`.

    `facts` are those that the target may see.
    """

    target: Target
    edition: Edition
    facts: Facts
    message: Message
    formats: tuple[str, ...]
    content: str
    wanted: bool
    reason: str
    keys: frozenset[str]

    @property
    def report(self) -> AuditReport | None:
        """The report that the target may see."""
        return self.facts.report


def deliver_to(context: Context, target: Target) -> Done:
    """Tells one target, unless it was told the same before or asked for less.

    Raises IncompleteError, without the address, when it could not be told.
    """
    parcel = parcel_for(context, target)
    if not parcel.wanted:
        return Done(f"Not sent: {parcel.reason}.")
    return send_parcel(context, parcel)


def parcel_for(context: Context, target: Target) -> Parcel:
    """What there is for a target. Reads the warehouse where that can be read; sends and writes nothing.

    Whether it is news is judged by the report as it is, for pseudonyms without a key are others every time.
    """
    edition = for_target(context.settings, target)
    with speaking(edition.locale):
        formats = _formats(context.settings, target) if context.report else ()
        facts = _facts(context, target, formats, edition)
        items = items_of(facts)
        keys = frozenset(item.key for item in items)
        trouble = any(item.is_bad for item in items)
        content = fingerprint(
            facts, keys, formats=formats, edition=edition, daily=trouble or target.when == "always"
        )
        _, sent = _past(context, target, content)
        wanted, reason = _decided(facts, target, trouble=trouble, sent=sent)
        shown = facts if edition.redact == "none" else _redacted(facts, context, edition.redact)
        return Parcel(target, edition, shown, message_of(shown), formats, content, wanted, reason, keys)


def _facts(context: Context, target: Target, formats: Sequence[str], edition: Edition) -> Facts:
    nightly = context.settings.nightly
    before, _ = _past(context, target, "")
    journal = kept(context.db)
    done = [one for one in (journal.entries if journal else ()) if one.status != "running"]
    steps = [one for one in done if one.step not in ("deliver", "tidy")]
    if context.report is None:
        return Facts(context.as_of, None, steps, before)
    files = noted(context.staged)
    lacking = files.unmade if files else {}
    names = [FILES[one] for one in nightly.formats if one not in lacking]
    facts = Facts(context.as_of, context.report, steps, before, str(nightly.folder.resolve()), names)
    elsewhere = {one: why for one, why in lacking.items() if one not in formats}
    return _lacking(facts, elsewhere | _unmade_for(context, formats, edition))


def _unmade_for(context: Context, formats: Sequence[str], edition: Edition) -> dict[str, str]:
    """Of the formats of a target those that it will not get, as far as that is known before they are made."""
    of_it = context.unmade if _as_at_night(context, edition) else {}
    return unmakeable(formats, edition.locale) | {one: why for one, why in of_it.items() if one in formats}


def _lacking(facts: Facts, unmade: Mapping[str, str]) -> Facts:
    """With these formats among what could not be made."""
    return replace(facts, unmade={**facts.unmade, **{FILES[name]: why for name, why in unmade.items()}})


def _redacted(facts: Facts, context: Context, level: "RedactionLevel") -> Facts:
    """The same for outsiders. What a step said is told as far as the report tells it, which is redacted whole."""
    unmade = dict.fromkeys(facts.unmade, "")  # the reasons name programs and folders of this machine
    if facts.report is None:
        return replace(facts, steps=[_silent(one) for one in facts.steps])
    report = redacted(facts.report, context.settings.redaction(), level)
    steps = [_hidden(one, facts.report, report) for one in facts.steps]
    return replace(facts, report=report, steps=steps, shelf="", unmade=unmade)


def _hidden(step: Entry, whole: AuditReport, shown: AuditReport) -> Entry:
    """A step as the redacted report tells it; a part may be the address of a bill."""
    steps = zip(whole.night.steps, shown.night.steps, strict=True) if whole.night and shown.night else ()
    told = (new for old, new in steps if (old.step, old.part) == (step.step, step.part))
    found = next(told, None)
    return replace(step, part=found.part, message=found.message) if found else _silent(step)


def _silent(step: Entry) -> Entry:
    """A step of which only its kind is told."""
    return replace(step, message=None, part=None if step.step == "ingest" else step.part)


def _decided(facts: Facts, target: Target, *, trouble: bool, sent: bool) -> tuple[bool, str]:
    """Whether a target wants to hear of this, and why."""
    items = items_of(facts)
    news = [item.key for item in fresh(items, facts)]
    if new := new_findings(facts):
        news.append(f"{len(new):,} new findings")
    if recovered(items, facts):
        news.append("the night is whole again")
    if mended(items, facts):
        news.append("a file that was missing is there")
    if target.when == "trouble":
        news = [item.key for item in fresh(items, facts) if item.is_bad]
        if not trouble:
            return False, "nothing went wrong"
    if news:
        return True, "there is news"
    if target.when == "news" and not any(item.kind == "trouble" for item in items):
        return False, "there is no news since it was told last"
    return not sent, "it was sent the same before" if sent else "it is due"


def send_parcel(context: Context, parcel: Parcel) -> Done:
    """Sends it and records that, or that it failed. A file that cannot be made is told of in the message.

    Raises IncompleteError, without the address, when it could not be sent.
    """
    target, made = parcel.target, files_of(context, parcel)
    parcel = _without(parcel, made.unmade)
    day = f"{context.as_of:%Y-%m-%d}"
    try:
        with speaking(parcel.edition.locale):
            told, attempts = send(target, _illustrated(context, parcel), made.paths, day)
    except GivenUpError as error:
        return _failed(context, parcel, str(error), error.attempts)
    except FinopsError as error:
        return _failed(context, parcel, str(error), 1)
    told = masked(told)
    _record(context, parcel, "done", attempts, told)
    again = f" at attempt {attempts}" if attempts > 1 else ""
    told = f"{told}{again}."
    if not made.unmade:
        return Done(told, rows=len(made.paths))
    missing = f"{target.name} did not get all files. {not_made(made.unmade)}"
    return Done(f"{told} {missing}", "incomplete", len(made.paths), error=IncompleteError(missing))


def _without(parcel: Parcel, unmade: Mapping[str, str]) -> Parcel:
    """The parcel whose message says that these formats could not be made, where it does not say so yet."""
    if all(FILES[name] in parcel.facts.unmade for name in unmade):
        return parcel
    reasons = unmade if parcel.edition.redact == "none" else dict.fromkeys(unmade, "")
    facts = _lacking(parcel.facts, reasons)
    with speaking(parcel.edition.locale):
        keys = parcel.keys | {item.key for item in items_of(facts) if item.kind == "unmade"}
        return replace(parcel, facts=facts, message=message_of(facts), keys=keys)


def _illustrated(context: Context, parcel: Parcel) -> Message:
    """The message with pictures of the charts, for a mail that can show them, where a browser draws them."""
    from finops.pipeline.delivery.apprising import shows_pictures
    from reports.mail import illustrated
    from reports.mail.pictures import pictures

    if parcel.target.kind != "secret" or parcel.report is None or not shows_pictures(parcel.target):
        return parcel.message
    try:
        drawn = pictures(parcel.report)
    except UsageError as error:  # a mail without pictures says the same
        context.say(f"The mail to {parcel.target.name} has no pictures: {error}")
        return parcel.message
    folder = _outgoing(context, parcel)
    make_folder(folder)
    for one in drawn:
        write_whole(folder / one.name, one.png)
    names = tuple(folder / one.name for one in drawn)
    return replace(parcel.message, html=illustrated(parcel.message.html, drawn), pictures=names)


def _failed(context: Context, parcel: Parcel, why: str, attempts: int) -> Done:
    why = masked(why).rstrip(".")
    _record(context, parcel, "failed", attempts, why)
    raise IncompleteError(
        f"The target {parcel.target.name} could not be told, tried {attempts} times: {why}; finops retry tries again."
        if attempts > 1
        else f"The target {parcel.target.name} could not be told: {why}; finops retry tries again."
    )


def _record(context: Context, parcel: Parcel, status: str, attempts: int, told: str) -> None:
    """Keeps what became of it. A warehouse that cannot be written keeps nobody from being told."""
    from finops.warehouse import writing

    limits = context.settings.limits()
    sent = ledger.Sent(
        context.run_id, parcel.target.name, parcel.content, status, attempts, context.clock(), told,
        parcel.report.as_of if parcel.report else None, parcel.keys,
    )  # fmt: skip
    try:
        with writing(
            context.db, "deliver", at=context.clock(), wait_seconds=PATIENCE, limits=limits
        ) as writer:
            ledger.keep(writer.con, sent)
    except (UsageError, BusyError) as error:
        context.say(f"That {parcel.target.name} was told could not be recorded: {error}")


# --- what there is to tell --------------------------------------------------------------------------------


def last_night(context: Context) -> Context:
    """The context with the audit of the last night, or the last one where no night made any.

    Raises UsageError where there is none.
    """
    from finops.pipeline.nightly.telling import with_its_night
    from finops.pipeline.record import audit_of
    from finops.warehouse import reading

    journal = kept(context.db)
    with reading(context.db, context.settings.limits()) as con:
        last = audit_of(con, journal.run_id if journal else None)
        found = with_its_night(con, last, context.settings)
    at = journal.as_of if journal else found.as_of
    return replace(context, report=found, as_of=at, run_id=journal.run_id if journal else context.run_id)


def _formats(settings: Settings, target: Target) -> tuple[str, ...]:
    asked = formats_of(settings, target)
    if asked is not None:
        return tuple(asked)
    from finops.pipeline.delivery.apprising import wants_html

    try:
        return ("html",) if wants_html(target) else ()
    except FinopsError:  # its address cannot be had: sending says so
        return ()


def _past(context: Context, target: Target, content: str) -> tuple[Before | None, bool]:
    """What the target knows, and whether it was sent this content. Nothing, where no warehouse can be read."""
    from finops.warehouse import reading

    try:
        with reading(context.db, context.settings.limits()) as con:
            return ledger.before(con, target.name, context.run_id), ledger.was_sent(con, target.name, content)
    except (UsageError, BusyError) as error:
        context.say(f"What {target.name} was told before cannot be read: {error}")
        return None, False


def _outgoing(context: Context, parcel: Parcel) -> Path:
    """Where what only this target gets is made."""
    return context.staged.parent / f"to-{parcel.target.name}"


def files_of(context: Context, parcel: Parcel) -> Made:
    """The report files of a parcel: those of the night where they are the same, else made for it."""
    if parcel.report is None or not parcel.formats:
        return Made([], {})
    edition, as_at_night = parcel.edition, _as_at_night(context, parcel.edition)
    there = {path.name: path for path in context.files} if as_at_night else {}
    unmade = {one: context.unmade[one] for one in parcel.formats if as_at_night and one in context.unmade}
    missing = [one for one in parcel.formats if FILES[one] not in there and one not in unmade]
    if missing:
        folder = _outgoing(context, parcel)
        made = write_what_can_be(
            parcel.report, folder, missing, audience=edition.audience, locale=edition.locale
        )
        there |= {path.name: path for path in made.paths}
        unmade |= made.unmade
    return Made([there[FILES[one]] for one in parcel.formats if one not in unmade], unmade)


def _as_at_night(context: Context, edition: Edition) -> bool:
    """Whether files of the night will do; pseudonyms of a redacted one may be others than those of the message."""
    return edition == of_night(context.settings) and edition.redact == "none"
