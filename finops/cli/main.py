"""Starts the command line and turns whatever happens into a sentence and an exit code."""

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

from finops import stopping
from finops.errors import FinopsError

# Options that may stand anywhere on the line; they are moved to the front, where the application reads them.
_ANYWHERE = ("-q", "--quiet")
_ANYWHERE_WITH_VALUE = ("--profile",)
_WITH_VALUE = ("--db", "--config", "--profile")
# Behind these commands --profile names a profile of the cloud's own configuration, and stays where it is.
_WITH_CLOUD_PROFILES = ("collect", "doctor", "permissions", "audit")
# --redact alone is all of it: the parser of options knows none whose value may be missing.
_REDACTIONS = ("all", "none", "ids", "names")


def _interrupt() -> None:
    connections = sys.modules.get("finops.warehouse.connections")
    if connections:
        connections.interrupt_all()


def main() -> NoReturn:
    """Runs `finops` with the arguments of the process and exits with a documented code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; messages go to stderr."""
    from finops import logs

    logs.write_as("text")  # until a command says otherwise
    stopping.listen(_interrupt)
    debug = "--debug" in arguments or bool(os.environ.get("FINOPS_DEBUG"))
    try:
        code = _guarded(_global_first(_redacting(arguments)), debug)
    except BaseException as error:  # noqa: BLE001 - the last line of defence: a bug becomes a log and exit 70
        code = 0 if stopping.came() else _bug(error, debug)
    signal = stopping.came()
    if signal:
        print(stopping.said(signal), file=sys.stderr)
        return 128 + signal
    return code


def _guarded(arguments: list[str], debug: bool) -> int:
    from finops.cli.app import app

    try:
        app(arguments, prog_name="finops")
    except SystemExit as done:
        return _closed_pipe_is_fine(done)
    except FinopsError as error:
        return _told(error, debug)
    except BrokenPipeError:
        return _pipe_closed()
    return 0


def _global_first(arguments: list[str]) -> list[str]:
    """The line with the options that may stand anywhere in front of the command, and without --debug."""
    front: list[str] = []
    rest: list[str] = []
    moved = () if _command(arguments) in _WITH_CLOUD_PROFILES else _ANYWHERE_WITH_VALUE
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _ANYWHERE:
            front.append(word)
        elif word in moved:
            front += [word, *[value for value in [next(words, None)] if value is not None]]
        elif word.startswith(tuple(f"{name}=" for name in moved)):
            front.append(word)
        elif word != "--debug":
            rest.append(word)
    return front + rest


def _redacting(arguments: list[str]) -> list[str]:
    """The line with a level behind each --redact."""
    following = [*arguments[1:], ""]
    return [
        "--redact=all" if word == "--redact" and after not in _REDACTIONS else word
        for word, after in zip(arguments, following, strict=True)
    ]


def _command(arguments: list[str]) -> str | None:
    """The first word that is neither an option nor the value of one."""
    words = iter(arguments)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _closed_pipe_is_fine(done: SystemExit) -> int:
    code = done.code if isinstance(done.code, int) else 0 if done.code is None else 1
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_closed()
    return code


def _pipe_closed() -> int:
    """The reader went away, as `head` does: end quietly, and keep Python from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _told(error: FinopsError, debug: bool) -> int:
    if debug:
        print(_traceback(error), end="", file=sys.stderr)
    from finops import logs

    logs.write(str(error), level="error", before="finops: ")
    return error.exit_code


def _traceback(error: BaseException) -> str:
    from finops.masking import masked

    return masked("".join(traceback.format_exception(error)))


def _bug(error: BaseException, debug: bool) -> int:
    if debug:
        print(_traceback(error), end="", file=sys.stderr)
    descriptor, name = tempfile.mkstemp(prefix="finops-crash-", suffix=".log")
    with os.fdopen(descriptor, "w") as log:
        log.write(_traceback(error))
    print(
        f"finops: a bug stopped this run ({type(error).__name__}); please report it with {Path(name)} "
        "(run again with --debug to see it here). What was committed before is kept.",
        file=sys.stderr,
    )
    return FinopsError.exit_code
