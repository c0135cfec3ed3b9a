"""Remediation as a shell script that does nothing by itself: every finding is a function that somebody has to name.

Every command is taken apart into words and each word quoted again, so that no name of a resource can be more than a
word; what is no plain command, or holds characters that do not print, is a comment.
"""

import re
import shlex
from collections.abc import Iterator

from finops.model import AuditReport, Finding
from reports.plain import one_line
from reports.remediation.telling import about, head

_INTRO = """\
#!/usr/bin/env bash
{head}
#
# Run as it is, this file changes nothing: it lists what there is. Read a finding first, then run it by its id, with
# credentials of its account; the first command that fails ends the run.
#
#     bash {name}                 what there is
#     bash {name} show ID…        what would be run
#     FINOPS_READ=yes bash {name} run ID…
set -euo pipefail

# Fails unless the credentials are those of this account: ids of one account mean nothing, or worse, in another.
in_account() {{
  case "$1" in
    aws) [ "$(aws sts get-caller-identity --query Account --output text)" = "$2" ] ;;
    alibaba) [[ "$(aliyun sts GetCallerIdentity)" == *"\\"$2\\""* ]] ;;
    *) true ;;
  esac || {{ echo "These are not credentials of $1 account $2." >&2; return 1; }}
}}

# Fails: a value has to be filled in by hand first, and this line taken out.
fill_in() {{
  echo "Fill in $* and take the line fill_in out." >&2
  return 1
}}
"""
_OUTRO = """\
usage() {
  echo "Nothing was done. Name what to do: show ID… or, once read, FINOPS_READ=yes … run ID…; there are:" >&2
  compgen -A function finding_ | sed 's/^finding_//' || true
  exit 1
}

[ "$#" -ge 2 ] || usage
what=$1
shift
for id in "$@"; do
  declare -F "finding_$id" > /dev/null || { echo "There is no finding $id in this file." >&2; exit 1; }
done
case "$what" in
  show) for id in "$@"; do declare -f "finding_$id"; done ;;
  run)
    [ "${FINOPS_READ:-}" = yes ] || usage
    for id in "$@"; do
      echo "finding_$id" >&2
      "finding_$id"
    done
    ;;
  *) usage ;;
esac
"""
# Words in capitals that commands really take; every other one stands for a value that somebody has to fill in.
_TAKEN = frozenset({
    "ACS", "ALL", "LATEST", "OFF", "REPO", "USD", "WEEK", "ARCHIVE", "COLDLINE", "DEEP_ARCHIVE", "DELETE", "GLACIER",
    "GLACIER_IR", "INTELLIGENT_TIERING", "NEARLINE", "NONE",
    "NEVER", "ALWAYS", "STANDARD", "STANDARD_IA", "SPOT", "STOP", "TERMINATE", "UTC", "POST", "PUT", "JSON",
})  # fmt: skip
_CAPITALS = re.compile(r"(?<![A-Za-z0-9_-])[A-Z][A-Z_]{2,}(?![A-Za-z0-9_])")
_OPERATORS = re.compile(r"[;&|<>()]+")


def render(report: AuditReport, findings: list[Finding], *, name: str = "remediation.sh") -> str:
    """The script for some findings of a report; `name` is what its help calls it."""
    parts = [
        _INTRO.format(
            head="\n".join(f"# {line}" for line in head(report, findings)), name=shlex.quote(one_line(name))
        )
    ]
    parts += [_function(finding) for finding in findings]
    return "\n".join([*parts, _OUTRO])


def function_name(finding: Finding) -> str:
    return f"finding_{re.sub(r'[^0-9A-Za-z_]', '_', finding.id)}"


def _function(finding: Finding) -> str:
    lines = [f"# {line}" for line in about(finding)]
    body = list(_body(finding))
    lines += [f"{function_name(finding)}() {{", *(f"  {line}" for line in body)]
    # A function of comments only is none.
    if not any(line and not line.startswith("#") for line in body):
        lines.append("  echo 'There is no command for it; read the comments.' >&2")
    return "\n".join([*lines, "}", ""])


def _body(finding: Finding) -> Iterator[str]:
    """The commands, each as one line that a shell reads as the words it was made of."""
    if not finding.remediation:
        yield "# The rule has no commands for this cloud."
        return
    written = [command(line) for line in finding.remediation]
    if any(one.startswith("# not written") for one in written):
        # A part of a procedure is worse than none: without its copy, a deletion is another thing.
        yield from (one if one.startswith("#") else f"# not written either: {one}" for one in written)
        return
    if finding.cloud in ("aws", "alibaba"):
        yield f"in_account {finding.cloud} {shlex.quote(one_line(finding.account))}"
    own = {word for value in _values(finding) for word in _CAPITALS.findall(str(value))}
    values = {word for line in finding.remediation for word in blanks(line)} - own
    if values:
        yield f"fill_in {' '.join(sorted(values))}"
    yield from written


def _values(finding: Finding) -> Iterator[object]:
    """What a command may hold of a finding: no word of it stands for anything else."""
    yield from (finding.resource_id, finding.resource_name, finding.account, finding.region, finding.zone)
    yield from (*finding.current.values(), *finding.proposed.values())


def command(line: str) -> str:
    """One line of remediation as one line of the script: a command of quoted words, or a comment.

    What uses the shell itself, or holds what does not print, is told and not written.
    """
    if line.startswith("#"):
        return f"# {one_line(line.lstrip('# '))}"
    try:
        words = shlex.split(line)
        marks = [word for word in _tokens(line) if _OPERATORS.fullmatch(word)]
    except ValueError:
        return f"# not written, its quotes do not match: {one_line(line)}"
    if not line.isprintable() or not words:
        return f"# not written, it holds characters that do not print: {one_line(line)}"
    if marks or _expands(line):
        return f"# not written, it is more than one plain command: {one_line(line)}"
    return shlex.join(words)


def _tokens(line: str) -> shlex.shlex:
    tokens = shlex.shlex(line, posix=True, punctuation_chars=True)
    tokens.commenters = ""
    return tokens


def blanks(line: str) -> set[str]:
    """The words of a command that stand for a value to fill in, as SNAPSHOT or NEW_DISK."""
    if line.startswith("#"):
        return set()
    return {hit for hit in _CAPITALS.findall(line) if hit not in _TAKEN}


def _expands(line: str) -> bool:
    """Whether a shell would put something in the place of a part of the line: $ or a backtick outside quotes."""
    return bool(re.search(r"[$`]", re.sub(r"'[^']*'", "", line)))
