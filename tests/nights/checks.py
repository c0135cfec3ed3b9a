"""What must be true when a simulation is over. Each check returns sentences, one for each thing that is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tests.nights.books import Change, Restated
from tests.nights.clouds import Totals
from tests.nights.quarter import Outcome, Ran
from tests.nights.script import Act, Life, Night

CENT = Decimal("0.005")
STEPS = ("open", "collect", "test", "audit", "detect", "verify", "report", "publish", "deliver", "tidy")
PROVIDERS = {"aws": "aws", "alibaba": "alibaba", "gcp": "google"}


@dataclass(frozen=True)
class Judged:
    """A simulation in figures, and everything that is wrong with it."""

    wrong: list[str]
    days: int
    restated: int
    restated_found: int
    anomalies: int
    anomalies_found: int
    alarms_false: int


def judge(outcome: Outcome, most_false: int = 3) -> Judged:
    """All checks."""
    found, missed, false = anomalies(outcome)
    told, untold = restatements(outcome)
    wrong = [
        *bills(outcome),
        *lives(outcome),
        *nothing_else_went(outcome),
        *nothing_lost(outcome),
        *runs(outcome),
        *said(outcome),
        *twice(outcome),
        *missed,
        *untold,
    ]
    if len(false) > most_false:
        wrong.append(f"{len(false)} false alarms, more than {most_false}: {'; '.join(false[:5])}")
    return Judged(
        wrong,
        len(outcome.truth()),
        len(_restated(outcome)),
        told,
        len(outcome.script.changes),
        found,
        len(false),
    )


# --- bills ------------------------------------------------------------------------------------------------

_HELD = """
SELECT x_Cloud, x_AccountId, date_trunc('day', ChargePeriodStart + CASE x_Cloud WHEN 'alibaba' THEN INTERVAL 8 HOUR ELSE INTERVAL 0 HOUR END),
  BillingCurrency, sum(BilledCost)
FROM charges GROUP BY ALL
"""


def held(outcome: Outcome) -> Totals:
    """What the warehouse holds by account, the provider's day and currency."""
    return {
        (f"{cloud} {account}", day.date(), currency): amount
        for cloud, account, day, currency, amount in outcome.rows(_HELD)
    }


def bills(outcome: Outcome) -> Iterator[str]:
    """Charges are the provider's to the cent."""
    true, have = outcome.truth(), held(outcome)
    for key in sorted({*true, *have}, key=str):
        if abs(true.get(key, Decimal(0)) - have.get(key, Decimal(0))) > CENT:
            account, day, currency = key
            yield f"The bill of {account} of {day} is {true.get(key)} {currency}, the warehouse has {have.get(key)}."


def _restated(outcome: Outcome) -> list[Restated]:
    first, last = outcome.script.nights[0].at, outcome.end
    return [one for one in outcome.books.restated if first < one.at <= last and one.cloud in outcome.estates]


def restatements(outcome: Outcome) -> tuple[int, list[str]]:
    """How many restated months some night's report told, and those that none did."""
    told = {
        (str(one["provider"]).lower(), str(one["month"])[:7])
        for ran in outcome.ran
        for report in (ran.report, ran.report_again)
        for one in (report.get("night") or {}).get("restatements", [])
    }
    untold = [
        f"No report said that {one.month:%B} of {one.cloud} {one.account} was restated by {one.amount} on {one.at:%Y-%m-%d}."
        for one in _restated(outcome)
        if not any(PROVIDERS[one.cloud] in who and month == f"{one.month:%Y-%m}" for who, month in told)
    ]
    return len(_restated(outcome)) - len(untold), untold


# --- findings ---------------------------------------------------------------------------------------------

_EVENTS = """
SELECT e.as_of, e.event, e.resolution FROM finding_events AS e JOIN finding_history AS h ON h.id = e.finding_id
WHERE h.cloud = ? AND h.account = ? AND h.rule = ? AND (h.resource_id = ? OR h.resource_name = ?) ORDER BY e.as_of
"""


def lives(outcome: Outcome) -> Iterator[str]:
    """Each seeded finding went through what happened to its resource, on the day or a night beside it."""
    for one in outcome.script.lives:
        events = outcome.rows(_EVENTS, [one.cloud, one.account, one.rule, one.resource, one.resource])
        name = f"{one.rule} of {one.cloud} {one.account} {one.resource}"
        wanted = [(act, seen) for act in one.acts if act.event and (seen := _seen(outcome, one, act))]
        if one.acts[0].event != "new":  # it was there before the first night
            events = [event for event in events if event[1] != "new"]
        if [(act.event, act.resolution) for act, _ in wanted] != [tuple(event[1:]) for event in events]:
            told = ", ".join(
                f"{event} {how or ''} on {at:%Y-%m-%d}".replace("  ", " ") for at, event, how in events
            )
            yield f"{name}: it should be {', '.join(str(act.event) for act, _ in wanted)}, it was {told or 'never found'}."
            continue
        for (act, seen), (at, *_) in zip(wanted, events, strict=True):
            if not _around(outcome, seen, at) and not _by_age(outcome, act, seen, at):
                yield f"{name}: {act.event} is told on {at}, but it was on {seen.at}."


def _seen(outcome: Outcome, life: Life, act: Act) -> Night | None:
    """The first night that could see what an act made of a finding."""
    nights = outcome.script.nights
    due = nights[act.night - 1].at + timedelta(days=act.after) - timedelta(hours=3)
    return next(
        (one.night for one in outcome.ran if one.night.at >= due and _could(one, life.cloud, life.account)),
        None,
    )


def _by_age(outcome: Outcome, act: Act, seen: Night, at: datetime) -> bool:
    """Whether time alone made it true, of what the last night that could look had seen: days pass for everybody."""
    due = outcome.script.nights[act.night - 1].at + timedelta(days=act.after)
    return act.after > 0 and due - timedelta(days=1) <= at <= seen.at


def _could(ran: Ran, cloud: str, account: str) -> bool:
    return not ran.night.blind(cloud, account) and not (ran.killed and not ran.retry)


def _around(outcome: Outcome, night: Night, at: datetime) -> bool:
    nights = outcome.script.nights
    before, after = nights[max(0, night.number - 2)], nights[min(len(nights) - 1, night.number)]
    return before.at <= at <= after.at + timedelta(hours=2)


def nothing_else_went(outcome: Outcome) -> Iterator[str]:
    """Nothing of the estate is ever gone or changed but what the script says, and nothing is resolved by a night that
    could not look."""
    ours = {one.resource for one in outcome.script.lives}
    rows = outcome.rows(
        "SELECT h.rule, h.cloud, h.account, h.resource_id, h.resource_name, e.as_of, e.resolution FROM finding_events AS e "
        "JOIN finding_history AS h ON h.id = e.finding_id WHERE e.event = 'resolved' ORDER BY ALL"
    )
    for rule, cloud, account, resource, name, at, resolution in rows:
        told = f"{rule} of {cloud} {account} {resource} was resolved as {resolution} on {at}"
        night = next((one.night for one in reversed(outcome.ran) if one.night.at <= at), None)
        if night and night.blind(cloud, account):
            yield f"{told}, when nobody could look ({night.words})."
        elif resolution in ("gone", "changed") and not {resource, name} & ours:
            yield f"{told}, and it is there as it was."


# --- anomalies --------------------------------------------------------------------------------------------

_ALARMS = """
SELECT DISTINCT ON (anomaly_id) level, cloud, account_id, service, kind, first_day, last_day, message FROM anomalies
WHERE level <> 'figure' ORDER BY anomaly_id, found_at
"""


def anomalies(outcome: Outcome) -> tuple[int, list[str], list[str]]:
    """How many of the injected ones were found, those that were not, and alarms about nothing."""
    alarms = outcome.rows(_ALARMS)
    changes = outcome.script.changes
    missed = [
        f"The {one.kind} of {one.service} of {one.cloud} {one.account} from {one.first} on was not found."
        for one in changes
        if not any(_is(alarm, one) for alarm in alarms)
    ]
    false = [str(alarm[-1]) for alarm in alarms if not any(_is(alarm, one) for one in changes)]
    return len(changes) - len(missed), missed, false


def _is(alarm: tuple[object, ...], change: Change) -> bool:
    """Whether an alarm is about an injected change: of its subject or what holds it, begun within two days."""
    _, cloud, account, service, kind, first, *_ = alarm
    subject = ((cloud, change.cloud), (account, change.account), (service, change.service))
    assert isinstance(first, datetime)
    begun = abs((first.date() - change.first).days) <= (2 if change.kind != "drift" else 5)
    way = (kind == "drop") == (change.kind == "drop")
    # A bill has a service's whole name: 云数据库RDS is rds.
    named = all(told is None or str(true).casefold() in str(told).casefold() for told, true in subject)
    return begun and way and named


# --- the pipeline -----------------------------------------------------------------------------------------


def nothing_lost(outcome: Outcome) -> Iterator[str]:
    """Of every account that a night could see there is tonight's inventory, of the others what there was."""
    for ran in outcome.ran:
        if ran.killed and not ran.retry:
            continue
        places = {
            (cloud, account) for cloud, estate in outcome.estates.items() for account in estate.accounts
        }
        fresh = {
            (cloud, account)
            for cloud, account, _, dataset, status, collected_at, *_ in ran.coverage
            if dataset == "volumes" and status == "complete" and collected_at and collected_at >= ran.night.at
        }
        kept = {
            (cloud, account)
            for cloud, account, _, dataset, *_, rows, _ in ran.coverage
            if dataset == "volumes" and rows
        }
        for cloud, account in sorted(places):
            if ((cloud, account) in fresh) == ran.night.blind(cloud, account):
                yield f"Night {ran.night.number} ({ran.night.words}): {cloud} {account} was{'' if (cloud, account) in fresh else ' not'} collected."
            if (cloud, account) not in kept and ran.night.number > 1:
                yield f"Night {ran.night.number}: the volumes of {cloud} {account} are lost."


def runs(outcome: Outcome) -> Iterator[str]:
    """Each night is on record with all its steps, a killed one as aborted."""
    rows = outcome.rows(
        "SELECT run_id, status, started_at FROM runs WHERE command IN ('nightly', 'retry') ORDER BY started_at"
    )
    wanted = sum(1 + bool(ran.retry) + bool(ran.again) for ran in outcome.ran)
    if len(rows) != wanted:
        yield f"{wanted} nights ran, {len(rows)} are on record."
    killed = [ran.night for ran in outcome.ran if ran.killed]
    aborted = [one for one in rows if one[1] == "aborted"]
    if len(aborted) != len(killed):
        yield f"{len(killed)} nights were killed, {len(aborted)} are recorded as aborted."
    if open_ := [one for one in rows if one[1] == "running"]:
        yield f"{len(open_)} nights are recorded as running still."
    steps: dict[str, dict[str, str]] = {}
    for run, step, status in outcome.rows("SELECT run_id, step, status FROM run_steps ORDER BY position"):
        steps.setdefault(run, {})[step] = status
    for run, status, started in rows:
        mine = steps.get(run, {})
        if "running" in mine.values():
            yield f"The night of {started} has a step that runs still."
        if status != "aborted" and (missing := set(STEPS) - set(mine)) and not _is_retry(outcome, started):
            yield f"The night of {started} has no record of {', '.join(sorted(missing))}."


def _is_retry(outcome: Outcome, started: datetime) -> bool:
    """A retry does what was not done only."""
    return any(ran.retry and started > ran.night.at + timedelta(minutes=20) for ran in outcome.ran)


def said(outcome: Outcome) -> Iterator[str]:
    """A night that lacks something says so by its exit code, in a sentence and in its report; no other does."""
    for ran in outcome.ran:
        night, done = ran.night, ran.last
        name = f"Night {night.number} ({night.words or 'nothing wrong'})"
        if ran.killed and not ran.retry:
            continue
        if "Traceback" in done.err:
            yield f"{name} has a traceback: {done.err[-400:]}"
        if not night.incomplete:
            if done.code:
                yield f"{name} ended with {done.code}: {done.err.strip().splitlines()[-1][:300]}"
            continue
        if done.code not in (3, 4):
            yield f"{name} ended with {done.code}, as if nothing were missing."
        steps = {
            one["part"]: one
            for one in (ran.report.get("night") or {}).get("steps", [])
            if one["step"] == "collect"
        }
        clouds = {cloud for cloud, _ in night.denied} | set(night.down) | night.expired
        for cloud in sorted(clouds):
            step = steps.get(cloud, {"status": "not there", "message": ""})
            names = [account for of, account in night.denied if of == cloud]
            if step["status"] not in ("failed", "incomplete") or any(
                one not in step["message"] for one in names
            ):
                yield f"{name}: the report calls the collection of {cloud} {step['status']}: {step['message']}"


def twice(outcome: Outcome) -> Iterator[str]:
    """A night that ran again changed nothing."""
    for ran in outcome.ran:
        if ran.changed:
            yield f"Night {ran.night.number} ran twice, and the second run changed {', '.join(ran.changed)}."
        if ran.again and ran.again.code != ran.last.code:
            yield f"Night {ran.night.number} ended with {ran.last.code}, and with {ran.again.code} when it ran again: {ran.again.err[-300:]}"
