"""The browser of this machine, run without a window, a network or a trace: it prints pages and draws charts.

Chromium, Chrome or Edge; nothing is installed or asked for where there is none.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from finops.errors import UsageError
from reports.language import spoken

VARIABLE = "FINOPS_CHROMIUM"
_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "msedge", "microsoft-edge", "microsoft-edge-stable",
)  # fmt: skip
# Where they are when they are not in PATH: macOS, Windows.
_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--disable-default-apps", "--disable-breakpad", "--mute-audio", "--log-level=3",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no name has an address: nothing can be asked for
    "--virtual-time-budget=60000",  # milliseconds of its own clock, which stands still while scripts run
)  # fmt: skip
_FONTS_SECONDS = 60  # the first list after fonts were installed takes a while
_SECONDS = 300  # a page of 50,000 findings prints in less


def browser() -> str | None:
    """The program that $FINOPS_CHROMIUM names, else the first one found; None where there is none.

    Raises UsageError where the variable names no program.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if not found:
            raise UsageError(f"{VARIABLE} names {named}, which is no program that can be run.")
        return found
    return next(filter(None, map(shutil.which, (*_NAMES, *_PLACES))), None)


def required() -> str:
    """The same, for what cannot do without: raises UsageError that says how to get one, or letters for it."""
    program = browser()
    if program is None:
        raise UsageError(
            "A PDF is printed by Chromium, Chrome or Edge, and none was found: install one (Debian: apt install "
            f"chromium), name one in {VARIABLE}, or print the HTML report from any browser."
        )
    if spoken() == "zh" and not _has_chinese():
        raise UsageError(
            "Chinese is printed with a font that has its characters, and none was found: install one (Debian: apt "
            "install fonts-wqy-microhei, or fonts-noto-cjk), or print the HTML report where there is one."
        )
    return program


def _has_chinese() -> bool:
    """Whether there is a font without which simplified Chinese would be boxes: fontconfig knows.

    Where that is not installed, as on macOS and Windows, which bring such a font, there is taken to be one.
    """
    program = shutil.which("fc-list")
    if program is None:
        return True
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and nothing of it is anybody's text
            [program, ":lang=zh-cn", "family"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_FONTS_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return True
    return done.returncode != 0 or bool(done.stdout.strip())


def printed(page: str) -> bytes:
    """A page as tagged PDF with an outline, its header and footer left to the page.

    Raises UsageError where there is no browser, or no font for Chinese, or it fails or takes longer than five minutes.
    """
    with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as name:
        target = Path(name, "page.pdf")
        _run(
            page,
            Path(name),
            "--no-pdf-header-footer",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={target}",
        )
        if not target.is_file():
            raise UsageError(
                f"{browser()} wrote no PDF. May it read and write {tempfile.gettempdir()}? TMPDIR names another folder."
            )
        return target.read_bytes()


def left_in(page: str) -> str:
    """What is in a page after its scripts ran, as HTML. Raises UsageError as printed() does."""
    with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as name:
        return _run(page, Path(name), "--dump-dom")


def _run(page: str, folder: Path, *flags: str) -> str:
    """Opens the page in a new profile and returns what the browser writes to stdout."""
    program = required()
    source = folder / "page.html"
    source.write_text(page, "utf-8")
    # Root may not use the sandbox of Chromium; the page runs no script but its own, by its policy.
    alone = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    command = [
        program, *_FLAGS, *alone, f"--user-data-dir={folder / 'profile'}", *flags, source.as_uri()
    ]  # fmt: skip
    return _finished(command)


def _finished(command: list[str]) -> str:
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and the program is the one that the user named or has
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run ({error.strerror}).") from None
    try:
        told, said = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise UsageError(f"{command[0]} was stopped: it was not done after {_SECONDS} seconds.") from None
    finally:
        _end(process)
    if process.returncode:
        raise UsageError(
            f"{command[0]} failed ({_why(said)}). Does it run here? It needs a sandbox, or a wrapper in {VARIABLE}."
        )
    return told.decode("utf-8", "replace")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the browser with all its processes, where it has not ended by itself."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()


def _why(said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it did not say why"
