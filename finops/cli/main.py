"""Starts the command line and turns whatever happens into a sentence and an exit code."""

import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from finops.errors import FinopsError

_INTERRUPTED = 130
_TERMINATED = 143


class Terminated(BaseException):
    """SIGTERM, raised like Ctrl-C so that a writer can record what it was doing."""


def main() -> NoReturn:
    """Runs `finops` with the arguments of the process and exits with a documented code."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; messages go to stderr."""
    from finops.cli.app import app

    debug = "--debug" in arguments or bool(os.environ.get("FINOPS_DEBUG"))
    try:
        app([argument for argument in arguments if argument != "--debug"], prog_name="finops")
    except SystemExit as done:
        return _closed_pipe_is_fine(done)
    except FinopsError as error:
        return _told(error, debug)
    except BrokenPipeError:
        return _pipe_closed()
    except KeyboardInterrupt:
        print("Interrupted; what was committed before is kept.", file=sys.stderr)
        return _INTERRUPTED
    except Terminated:
        print("Terminated; what was committed before is kept.", file=sys.stderr)
        return _TERMINATED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug becomes a log and exit 70
        return _bug(error, debug)
    return 0


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    raise Terminated


def _closed_pipe_is_fine(done: SystemExit) -> int:
    code = done.code if isinstance(done.code, int) else 0 if done.code is None else 1
    try:
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
        traceback.print_exception(error, file=sys.stderr)
    print(f"finops: {error}", file=sys.stderr)
    return error.exit_code


def _bug(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    descriptor, name = tempfile.mkstemp(prefix="finops-crash-", suffix=".log")
    with os.fdopen(descriptor, "w") as log:
        traceback.print_exception(error, file=log)
    print(
        f"finops: a bug stopped this run ({type(error).__name__}); please report it with {Path(name)} "
        "(run again with --debug to see it here). Nothing stored was lost.",
        file=sys.stderr,
    )
    return FinopsError.exit_code
