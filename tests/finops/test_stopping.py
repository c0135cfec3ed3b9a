"""A process that is told to end: once, whatever it is doing, and in any case."""

import signal
import subprocess
import sys
import time

import pytest

START = """
import os, signal, sys, time
from finops import stopping
def tell(name): os.kill(os.getpid(), getattr(signal, name))
stopping.listen(lambda: None)
"""


def run(script: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", START + script], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_second_signal_does_not_interrupt_how_the_first_is_obeyed() -> None:
    script = """
try:
    tell("SIGTERM")
except stopping.Stopped:
    tell("SIGINT"); tell("SIGTERM")
    print("cleaned up", stopping.came().name)
"""
    assert run(script) == (0, "cleaned up SIGTERM\n", "")


def test_a_signal_that_was_swallowed_is_known_to_whoever_asks() -> None:
    script = """
stopping.check()
try:
    tell("SIGINT")
except BaseException: ...
try:
    stopping.check()
except stopping.Stopped: print("known")
"""
    assert run(script) == (0, "known\n", "")


@pytest.mark.parametrize(("name", "word"), [("SIGTERM", "Terminated"), ("SIGINT", "Interrupted")])
def test_a_run_that_hangs_when_it_is_told_to_end_is_ended(name: str, word: str) -> None:
    script = f"""
stopping.AT_LAST = 0.3
try:
    tell("{name}")
finally:
    time.sleep(50)
"""
    began = time.monotonic()
    code, _, said = run(script)
    assert time.monotonic() - began < 30
    assert code == 128 + getattr(signal, name)
    assert said == f"{word}; what was committed before is kept.\n"
