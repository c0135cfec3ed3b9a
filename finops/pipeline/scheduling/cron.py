"""A line of a crontab."""

from finops.pipeline.scheduling.job import Job


def crontab(job: Job) -> str:
    """The lines for `crontab -e` of the user that runs it."""
    log = job.db.with_name(job.db.name + ".nightly.log")
    command = " ".join(quoted(part) for part in job.command)
    return f"""\
# finops, every night: add these lines with crontab -e as the user that owns the warehouse.
# The time is UTC where cron is cronie; another cron (Debian's) knows no CRON_TZ and takes it as the machine's own.
# No flock is needed: finops holds a lock of its own, and a second night ends at once with 75.
# Cron starts with nearly no variables: secrets as env:NAME of finops.toml are not there, those as file:PATH are.
# To get a mail of each night instead of a log, remove the redirection and name whom to tell:
# MAILTO=finops@example.com
CRON_TZ=UTC
PATH=/usr/local/bin:/usr/bin:/bin
SHELL=/bin/sh
{job.minute} {job.hour} * * * cd {quoted(str(job.folder))} && umask 077 && {command} >>{quoted(str(log))} 2>&1
"""


def quoted(text: str) -> str:
    r"""A word for the shell inside a crontab, where % ends the command unless there is a backslash before it.

    A backslash that stands before a % already would take the other one for itself, so the quotes end between them.
    """
    return "'" + text.replace("'", "'\"'\"'").replace("%", "''\\%") + "'"
