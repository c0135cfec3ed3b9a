"""A workflow of GitHub Actions: keys of no cloud, least permissions, pinned actions."""

import json

from finops import __version__
from finops.errors import UsageError
from finops.pipeline.scheduling.job import Job

_STATE = "finops.duckdb"
_PINNED = {
    "checkout": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "python": "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0",
    "restore": "actions/cache/restore@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3",
    "save": "actions/cache/save@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3",
    "upload": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    "aws": "aws-actions/configure-aws-credentials@b47578312673ae6fa5b5096b330d9fbac3d116df # v4.2.1",
    "gcp": "google-github-actions/auth@ba79af03959ebeac9769e648f473a284504d9193 # v2.1.10",
    "alibaba": "aliyun/configure-aliyun-credentials-action@1e5248c8d5d93a8781ac344a68e19a43341e79e6 # v1",
}
# Names of variables of the repository (Settings, Secrets and variables, Actions, Variables): none of them is a secret.
_LOGINS = {
    "aws": {
        "role-to-assume": "${{ vars.FINOPS_AWS_ROLE }}",
        "aws-region": "us-east-1",
        "role-duration-seconds": "7200",
    },
    "gcp": {
        "workload_identity_provider": "${{ vars.FINOPS_GCP_PROVIDER }}",
        "service_account": "${{ vars.FINOPS_GCP_SERVICE_ACCOUNT }}",
        "create_credentials_file": "true",
    },
    "alibaba": {
        "role-to-assume": "${{ vars.FINOPS_ALIBABA_ROLE }}",
        "oidc-provider-arn": "${{ vars.FINOPS_ALIBABA_PROVIDER }}",
        "role-session-name": "finops",
        "role-session-expiration": "3600",
    },
}


def workflow(job: Job) -> str:
    """The file .github/workflows/finops.yml of a private repository that holds the configuration.

    Raises UsageError when the configuration lies outside the folder that the command runs in.
    """
    return _HEAD.format(minute=job.minute, hour=job.hour, environment=_environment(job)) + _steps(job)


def _environment(job: Job) -> str:
    """The environment of the run; a value is a word of YAML, and no expression of GitHub."""
    plain = {"FINOPS_DB": _STATE, "NO_COLOR": "1"}
    if job.config:
        if not job.config.is_relative_to(job.folder):
            raise UsageError(
                f"{job.config} is not below {job.folder}: run this in the repository that holds the configuration."
            )
        plain["FINOPS_CONFIG"] = job.config.relative_to(job.folder).as_posix()
    if job.profile:
        plain["FINOPS_PROFILE"] = job.profile
    lines = [f"      {name}: {_value(value)}" for name, value in plain.items()]
    if job.files:
        lines.append("      CREDENTIALS_DIRECTORY: ${{ github.workspace }}/.finops-credentials")
    return "\n".join(lines)


def _value(text: str) -> str:
    return json.dumps(text.replace("${{", "${{ '${{' }}"), ensure_ascii=False)


def _steps(job: Job) -> str:
    logins = "".join(_login(cloud) for cloud in job.clouds)
    secrets = "".join(f"          {name}: ${{{{ secrets.{_secret(name)} }}}}\n" for name in job.variables)
    handed = "        env:\n" + secrets if secrets else ""
    return _STEPS.format(
        **{key: value for key, value in _PINNED.items() if key not in _LOGINS},
        logins=logins,
        version=__version__,
        credentials=_credentials(job),
        handed=handed,
    )


def _login(cloud: str) -> str:
    given = "".join(f"          {name}: {value}\n" for name, value in _LOGINS[cloud].items())
    return f"      - uses: {_PINNED[cloud]}\n        with:\n{given}"


def _credentials(job: Job) -> str:
    """A step that puts secrets into files where the configuration asks for file:NAME."""
    if not job.files:
        return ""
    # Through variables, so that nothing of a secret is read by the shell.
    given = "".join(
        f"          SECRET_{n}: ${{{{ secrets.{_secret(name)} }}}}\n" for n, name in enumerate(job.files)
    )
    lines = "".join(
        f'          printf \'%s\' "$SECRET_{n}" > "$CREDENTIALS_DIRECTORY/{name}"\n'
        for n, name in enumerate(job.files)
    )
    return f"""\
      - name: Secrets that finops.toml names as file:NAME
        env:
{given}        run: |
          umask 077
          mkdir -p "$CREDENTIALS_DIRECTORY"
{lines}"""


def _secret(name: str) -> str:
    """The name of a secret: GitHub allows capitals, digits and underscores, and not GITHUB_ in front."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).upper()
    return f"FINOPS_{plain}" if plain.startswith("GITHUB_") or plain[0].isdigit() else plain


_HEAD = """\
# finops, every night. Save as .github/workflows/finops.yml of a PRIVATE repository: reports, caches and artefacts hold
# what your clouds cost, and whoever may read the repository may read them.
# GitHub starts schedules late, drops some, and turns them off after 60 days without a commit. A heartbeat in
# finops.toml tells you when nights stay away.
name: finops

on:
  schedule:
    - cron: "{minute} {hour} * * *"
  workflow_dispatch:

# One night at a time; a second one waits for the first.
concurrency:
  group: finops
  cancel-in-progress: false

permissions: {{}}

jobs:
  nightly:
    runs-on: ubuntu-latest
    timeout-minutes: 120
    permissions:
      contents: read
      id-token: write # to log in to the clouds for this run: no key is stored
    env:
{environment}
    steps:
"""
_STEPS = """\
      - uses: {checkout}
        with:
          persist-credentials: false
      - uses: {python}
        with:
          python-version: "3.12"
      - run: pip install --disable-pip-version-check "finops-analyzer=={version}"
{logins}{credentials}\
      # The warehouse lives in a cache, which GitHub forgets after 7 days without a run or when all caches take 10 GB.
      # Then the history of findings, decisions and realised savings is lost; bills and metrics come back as far as the
      # clouds keep them. The backup among the artefacts brings it back (finops db restore) for as long as GitHub keeps
      # that: copy it elsewhere too when that history matters.
      - uses: {restore}
        with:
          path: |
            finops.duckdb
            finops.duckdb.*
          key: finops-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: finops-
      - name: The night
        id: night
{handed}        run: finops nightly
      - name: A backup
        if: always() && hashFiles('finops.duckdb') != ''
        run: finops db backup -o finops-backups
      - uses: {save}
        if: always() && hashFiles('finops.duckdb') != ''
        with:
          path: |
            finops.duckdb
            finops.duckdb.*
          key: finops-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
      - uses: {upload}
        if: always()
        with:
          name: finops-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          path: |
            finops-reports
            finops-backups
          retention-days: 30
          if-no-files-found: ignore
"""
