"""A quarter of nights against local clouds of which everything is known, and whether the warehouse knows it in the end.

    python -m tests.benchmarks.bench_nights [--nights 75] [--seed 1] [--clouds aws,alibaba,gcp] [--machines 2]
        [--rules all] [--keep FOLDER]

Each night is the real command in a process of its own, at an instant of the quarter. Bills grow late and are restated,
accounts are denied and come back, clouds throttle, are down, refuse credentials, nights are killed (tests/nights/script.py).
Prints a line for each night, then a table, and everything that is not as it should be; exits with 1 where there is any.
"""

import argparse
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.nights.checks import Judged, judge
from tests.nights.quarter import KINDS, Outcome, Ran, clouds, play
from tests.nights.script import quarter

# The rules of what is seeded, and others that find something in the little estates.
RULES = (
    "idle-instance",
    "oversized-instance",
    "stopped-instance",
    "unattached-volume",
    "unused-public-ip",
    "old-snapshot",
    "idle-load-balancer",
)


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nights", type=int, default=75)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clouds", default=",".join(KINDS))
    parser.add_argument("--machines", type=int, default=2, help="of each account")
    parser.add_argument(
        "--rules",
        default=",".join(RULES),
        help="that run; all takes two seconds of CPU more each night",
    )
    parser.add_argument("--keep", type=Path, help="a folder in which the warehouse stays")
    asked = parser.parse_args()
    names = asked.clouds.split(",")
    rules = () if asked.rules == "all" else tuple(asked.rules.split(","))
    place = nullcontext(str(asked.keep)) if asked.keep else tempfile.TemporaryDirectory()
    if asked.keep:
        asked.keep.mkdir(parents=True)
    with place as folder, clouds(*names) as estates:
        accounts = {name: kind.accounts for name, (kind, _) in KINDS.items() if name in names}
        services = {name: [one for one, _ in kind.services] for name, (kind, _) in KINDS.items()}
        script = quarter(asked.nights, asked.seed, accounts, services)
        outcome = play(
            script,
            estates,
            Path(folder),
            seed=asked.seed,
            machines=asked.machines,
            rules=rules,
            say=tell_night,
        )
        found = judge(outcome)
    tell(outcome, found)
    return 1 if found.wrong else 0


def tell_night(ran: Ran) -> None:
    """A line for a night."""
    then = f", then {ran.retry.code}" if ran.retry else ""
    print(
        f"{ran.night.number:3} {ran.night.at:%Y-%m-%d %H:%M} exit {ran.done.code}{then}  "
        f"{ran.seconds:5.1f} s, {ran.cpu:4.1f} s of CPU  {ran.night.words}",
        flush=True,
    )


def tell(outcome: Outcome, found: Judged) -> None:
    """The table, and what is wrong."""
    nights, ran = outcome.script.nights, outcome.ran
    killed = [one for one in ran if one.killed]
    seconds = sum(one.seconds for one in ran)
    rows = (
        ("nights", len(nights)),
        (
            "killed (of these retried the same night)",
            f"{len(killed)} ({sum(one.retry is not None for one in killed)})",
        ),
        ("with an account denied", sum(bool(one.denied) for one in nights)),
        ("with a cloud down or credentials expired", sum(bool(one.down or one.expired) for one in nights)),
        ("throttled", sum(one.throttled for one in nights)),
        ("run twice", sum(one.twice for one in nights)),
        ("days of bills compared, to the cent", found.days),
        ("restated months found / true", f"{found.restated_found} / {found.restated}"),
        ("seeded findings", len(outcome.script.lives)),
        ("anomalies found / true", f"{found.anomalies_found} / {found.anomalies}"),
        ("false alarms", found.alarms_false),
        ("seconds a night", f"{seconds / len(ran):.1f}"),
        ("of CPU", f"{sum(one.cpu for one in ran) / len(ran):.1f}"),
        ("minutes in all", f"{seconds / 60:.1f}"),
        ("not as it should be", len(found.wrong)),
    )
    print("\n| | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    for sentence in found.wrong:
        print(f"- {sentence}")


if __name__ == "__main__":
    sys.exit(main())
