"""Units that run the night: what comes from outside stays what it is, and each format's own judge is content."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from finops.config import Settings
from finops.errors import UsageError
from finops.pipeline.scheduling import Job
from finops.pipeline.scheduling.cron import crontab
from finops.pipeline.scheduling.github import workflow
from finops.pipeline.scheduling.kubernetes import manifests
from finops.pipeline.scheduling.systemd import units

HOSTILE = "a B%$\\\"'`;&|<>(){}[]*?!#~^=+,:@-_.é漢🤷"
names = st.text(HOSTILE, min_size=1, max_size=12).filter(lambda name: name.strip(". ") == name)
SECRETS = {
    "nightly": {"clouds": ["aws", "gcp", "alibaba", "demo"]},
    "deliver": [{"name": "mail", "to": "env:MAIL_URL"}, {"name": "chat", "to": "file:chat"}],
    "heartbeat": {"url": "file:hc.url"},
}
PLAIN = Path("/srv/finops")


def job(
    folder: Path = PLAIN, *, settings: dict[str, Any] | None = None, profile: str | None = "prod", **more: Any
) -> Job:
    given = {
        "program": (sys.executable, "-m", "finops"),
        "db": folder / "w.duckdb",
        "config": folder / "finops.toml",
        "at": "05:10",
        **more,
    }
    return Job.of(Settings.model_validate(settings or SECRETS), folder=folder, profile=profile, **given)


# --- what comes from outside ------------------------------------------------------------------------------


def as_cron_reads(line: str) -> str:
    r"""The command of a line as cron hands it to the shell (vixie's do_command.c): \% is %, and % alone ends it."""
    told, escaped = "", False
    for letter in line:
        if escaped:
            told = told[:-1] + letter if letter == "%" else told + letter
            escaped = False
        elif letter == "%":
            raise AssertionError(f"cron ends the command here: {told}")
        else:
            told, escaped = told + letter, letter == "\\"
    return told


def as_systemd_reads(value: str) -> list[str]:
    """The words of a setting: quotes, backslashes, then specifiers and variables (systemd.syntax, systemd.service)."""
    words = []
    for quoted in re.findall(r'"((?:[^"\\]|\\.)*)"', value):
        word = re.sub(r"\\(.)", r"\1", quoted)
        assert not re.search(r"(?<!%)(%%)*%(?!%)", word)
        words.append(word.replace("%%", "%"))
    return words


def as_github_reads(value: str) -> str:
    """What an expression gives that is nothing but a text."""
    return re.sub(r"\$\{\{ '([^']*)' \}\}", r"\1", value)


@trying(max_examples=40, deadline=None)
@given(names, names)
@example(":", "${{")
@example(":", "${{ '${{' }}")
def test_a_path_arrives_in_every_format_as_it_is(name: str, profile: str) -> None:
    made = job(PLAIN / name, profile=profile)
    line = crontab(made).splitlines()[-1].split(" ", 5)[5]
    words = shlex.split(as_cron_reads(line))
    assert words[:2] == ["cd", str(PLAIN / name)]
    assert words[6 : 6 + len(made.command)] == made.command
    assert words[-2:] == [f">>{PLAIN / name}/w.duckdb.nightly.log", "2>&1"]
    service = units(made, "finops")["finops.service"]
    (start,) = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    assert [word.replace("$$", "$") for word in as_systemd_reads(start)] == made.command
    (folder,) = re.findall("^ReadWritePaths=(.*)$", service, re.MULTILINE)
    assert as_systemd_reads(folder) == [str(PLAIN / name)]
    *_, cron_job = yaml.safe_load_all(manifests(made, "finops:1"))
    (container,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][-2].replace("$$(", "$(") == profile
    environment = yaml.safe_load(workflow(made))["jobs"]["nightly"]["env"]
    assert as_github_reads(environment["FINOPS_PROFILE"]) == profile


def test_an_expression_of_github_in_a_name_is_not_one() -> None:
    told = yaml.safe_load(workflow(job(profile="${{ secrets.X }}")))["jobs"]["nightly"]["env"][
        "FINOPS_PROFILE"
    ]
    assert told == "${{ '${{' }} secrets.X }}"
    assert as_github_reads(told) == "${{ secrets.X }}"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x00b", "a\x7fb", "a\u2028b", "a\udcffb"])
def test_a_path_that_would_end_the_line_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no unit can hold"):
        job(PLAIN / name)
    with pytest.raises(UsageError, match="no unit can hold"):
        job(profile=name)


@pytest.mark.parametrize("at", ["24:00", "5", "5:60", "05:10:00", "", "* *", "1:1"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        job(at=at)


def test_a_secret_in_a_folder_is_refused_and_one_at_an_absolute_path_is_left_to_the_run() -> None:
    with pytest.raises(UsageError, match="file:a/b cannot be handed to a unit"):
        job(settings={"heartbeat": {"url": "file:a/b"}})
    assert job(settings={"heartbeat": {"url": "file:/run/secrets/hc"}}).files == ()


def test_secrets_are_named_and_never_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAIL_URL", "mailto://user:hunter2@example.com")
    made = job()
    assert (made.variables, made.files) == (("MAIL_URL",), ("chat", "hc.url"))
    printed = crontab(made) + "".join(units(made, "x").values()) + manifests(made, "i") + workflow(made)
    assert "hunter2" not in printed
    assert "LoadCredential=hc.url:/etc/credstore/hc.url" in printed
    assert "SECRET_0: ${{ secrets.CHAT }}" in printed


# --- systemd ----------------------------------------------------------------------------------------------


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("systemd-analyze is not installed here: units are NOT judged by systemd")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize(
    "folder", [Path("/var/lib/finops"), Path("/srv/a b%h$X\"q\"'x'\\"), Path("/home/me/my costs")]
)
def test_systemd_finds_nothing_wrong_with_its_units_and_little_exposed(folder: Path, tmp_path: Path) -> None:
    for name, text in units(job(folder), "root").items():
        (tmp_path / name).write_text(text)
    verified = analyze("verify", tmp_path / "finops.service", tmp_path / "finops.timer")
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    judged = analyze("security", "--offline=true", "--threshold=20", tmp_path / "finops.service")
    assert judged.returncode == 0, judged.stdout[-300:]


def test_a_folder_that_ends_with_a_backslash_does_not_take_the_next_line_in(tmp_path: Path) -> None:
    assert "WorkingDirectory=/srv/a /\n" in units(job(Path("/srv/a ")), "root")["finops.service"]
    text = units(job(Path("/srv/a\\")), "root")["finops.service"]
    (tmp_path / "finops.service").write_text(text.replace("TimeoutStartSec=2h", "TimeoutStartSec=x"))
    assert "TimeoutStartSec" in analyze("verify", tmp_path / "finops.service").stderr  # it was read


@pytest.mark.parametrize("user", ["", "a b", "x\nExecStartPre=/bin/sh", "%h", "-x"])
def test_a_user_that_cannot_be_is_refused(user: str) -> None:
    with pytest.raises(UsageError, match="is no name of a user"):
        units(job(), user)


def test_exemptions_without_a_configuration_are_handed_in_under_their_own_name(tmp_path: Path) -> None:
    made = manifests(job(config=None, settings={"mutes": "/srv/my mutes.toml"}), "i")
    assert "-n finops '--from-file=finops.mutes.toml=/srv/my mutes.toml'\n" in made


def test_a_state_folder_of_systemd_needs_no_user_and_a_home_is_seen_only_where_it_must_be() -> None:
    service = units(job(Path("/var/lib/finops")), "me")["finops.service"]
    assert "DynamicUser=yes" in service
    assert "ReadWritePaths" not in service
    service = units(job(Path("/home/me/costs"), program=("/home/me/venv/bin/finops",)), "me")[
        "finops.service"
    ]
    assert "User=me\n" in service
    assert "DynamicUser" not in service
    assert 'ProtectHome=tmpfs\nBindReadOnlyPaths="/home/me/venv/bin"\nBindPaths="/home/me/costs"\n' in service
    with pytest.raises(UsageError, match="has a colon"):
        units(job(Path("/home/me/a:b")), "me")


def test_everything_that_a_night_writes_to_may_be_written() -> None:
    settings = {
        "nightly": {"folder": "reports"},
        "backup": {"folder": "/mnt/backups"},
        "lake": "s3://bucket/lake",
        "deliver": [{"name": "share", "to": "/mnt/share/{date}"}, {"name": "cloud", "to": "gs://bucket/x"}],
    }
    assert job(settings=settings).writes == tuple(
        map(Path, ("/mnt/backups", "/mnt/share", "/srv/finops", "/srv/finops/reports"))
    )


# --- kubernetes and github --------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [SECRETS, {"nightly": {"clouds": ["aws"]}}])
def test_kubernetes_accepts_its_manifests(settings: dict[str, Any]) -> None:
    judge = pytest.importorskip(
        "kubernetes_validate", reason="manifests are NOT judged by Kubernetes' schemas"
    )
    for part in yaml.safe_load_all(manifests(job(settings=settings), "registry.example.com/finops:1")):
        judge.validate(part, "1.33", strict=True)


def test_a_pod_is_as_restricted_as_kubernetes_asks_for() -> None:
    *_, cron_job = yaml.safe_load_all(manifests(job(), "finops:1"))
    spec = cron_job["spec"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (
        "10 5 * * *",
        "Etc/UTC",
        "Forbid",
    )
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in pod["volumes"]} == {"state", "tmp", "settings", "secrets"}


def test_a_workflow_holds_no_key_and_runs_nothing_that_is_not_pinned(tmp_path: Path) -> None:
    text = workflow(job())
    told = yaml.safe_load(text)
    night = told["jobs"]["nightly"]
    assert told["permissions"] == {}
    assert night["permissions"] == {"contents": "read", "id-token": "write"}
    used = [step["uses"] for step in night["steps"] if "uses" in step]
    assert len(used) == 8
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in used)
    for step in night["steps"]:
        assert "${{" not in step.get("run", "")  # nothing is put into a script
    with pytest.raises(UsageError, match="is not below"):
        workflow(job(config=Path("/etc/finops.toml")))


def test_actionlint_finds_nothing_wrong_with_the_workflow(tmp_path: Path) -> None:
    program = shutil.which("actionlint")
    if not program:
        pytest.skip("actionlint is not installed here: the workflow is NOT judged by it")
    path = tmp_path / "finops.yml"
    path.write_text(workflow(job()))
    done = subprocess.run([program, str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
