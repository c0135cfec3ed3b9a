"""A service and a timer of systemd, hardened."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from finops.errors import UsageError
from finops.pipeline.scheduling.job import Job

STATE = Path("/var/lib/finops")
_USER = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_FORBIDDEN = """\
# --- what it may not do
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
"""
_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))


def units(job: Job, user: str) -> dict[str, str]:
    """The files finops.service and finops.timer by their names.

    `user` runs it where the warehouse lies outside /var/lib/finops; otherwise systemd makes a user for the time of
    the run. Raises UsageError for a folder that a unit cannot name, and for a user there cannot be.
    """
    if not _USER.match(user):
        raise UsageError(f"--user {user!r} is no name of a user.")
    return {"finops.service": _service(job, user), "finops.timer": _timer(job)}


def _timer(job: Job) -> str:
    return f"""\
[Unit]
Description=finops, every night

[Timer]
OnCalendar=*-*-* {job.hour:02}:{job.minute:02}:00 UTC
# A night that was missed because the machine was off is made up for when it starts.
Persistent=true
RandomizedDelaySec=10min
AccuracySec=1min

[Install]
WantedBy=timers.target
"""


def _service(job: Job, user: str) -> str:
    return f"""\
[Unit]
Description=finops nightly: what the clouds cost and what could be saved
Wants=network-online.target
After=network-online.target
# OnFailure=some-alert@%n.service tells somebody; so do [[deliver]] and [heartbeat] of finops.toml.

[Service]
Type=oneshot
ExecStart={" ".join(_argument(part) for part in job.command)}
WorkingDirectory={_unquoted(_folder(job))}
# 3 is a night that is incomplete: some account or source was denied, throttled or down, the rest is reported. By
# default that is a failure, so that somebody looks. To take it for a success:
# SuccessExitStatus=3
TimeoutStartSec=2h
# finops ends within 20 seconds when it is told to, everything consistent.
TimeoutStopSec=30
SyslogIdentifier=finops
Environment=NO_COLOR=1
{_secrets(job)}
# --- who it is and what it may write to
{_place(job, user)}
UMask=0077

{_FORBIDDEN}"""


def _folder(job: Job) -> Path:
    """Where relative paths of the configuration begin."""
    return STATE if job.folder.is_relative_to(STATE) else job.folder


def _secrets(job: Job) -> str:
    """References to secrets: never the secrets."""
    lines = []
    if job.variables:
        asked = ", ".join(f"env:{name}" for name in job.variables)
        lines += [
            f"# finops.toml asks for {asked}: lines NAME=value in a file that only root can read.",
            "EnvironmentFile=/etc/finops/environment",
        ]
    if job.files:
        lines += ["# finops.toml asks for these as file:NAME; each is a file that only root can read."]
        lines += [f"LoadCredential={name}:/etc/credstore/{name}" for name in job.files]
    if not lines:
        lines = ["# finops.toml asks for no secret. EnvironmentFile= or LoadCredential= hand one in."]
    return "\n".join(lines)


def _place(job: Job, user: str) -> str:
    """User and writable places: all of /var/lib/finops by a user of systemd's own, or what the job names."""
    outside = _outermost(path for path in job.writes if not path.is_relative_to(STATE))
    needed = [path for path in (job.folder, Path(job.program[0]).parent, job.config) if path]
    homes = [path for path in (*outside, *needed) if _at_home(path)]
    lines = ["StateDirectory=finops", "StateDirectoryMode=0700"]
    if not outside and not homes:
        return "\n".join(["User=finops", "DynamicUser=yes", *lines, "ProtectHome=yes"])
    lines = [f"User={user}", *lines, "# These folders must be there, and be the user's own."]
    lines += [f"ReadWritePaths={_listed(path)}" for path in outside if not _at_home(path)]
    if not homes:
        return "\n".join([*lines, "ProtectHome=yes"])
    read = sorted({path for path in needed if _at_home(path) and not _inside(path, outside)})
    lines += ["# Of homes only what is named here is seen.", "ProtectHome=tmpfs"]
    lines += [f"BindReadOnlyPaths={_bound(path)}" for path in read]
    return "\n".join([*lines, *(f"BindPaths={_bound(path)}" for path in outside if _at_home(path))])


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Of folders inside each other the outer one: the inner one may not be there yet, and needs no line."""
    found: list[Path] = []
    for path in sorted(set(paths)):
        if not _inside(path, found):
            found.append(path)
    return found


def _at_home(path: Path) -> bool:
    return _inside(path, _HOMES)


def _inside(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _unquoted(path: Path) -> str:
    """A path as the rest of a line, where a backslash would take the next line in, and a blank would be cut off."""
    text = _specifiers(str(path))
    return f"{text}/" if text[-1] in "\\ " else text


def _argument(text: str) -> str:
    """A word of ExecStart: quoted, with neither specifiers nor variables in it."""
    return _word(text).replace("$", "$$")


def _listed(path: Path) -> str:
    """A path in a list of paths."""
    return _word(str(path))


def _bound(path: Path) -> str:
    """A path of BindPaths=, where a colon means something. Raises UsageError when it has one."""
    if ":" in str(path):
        raise UsageError(
            f"{path} has a colon, and a unit cannot bind such a folder of a home: use another one."
        )
    return _word(str(path))


def _word(text: str) -> str:
    return '"' + _specifiers(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
