"""Units that run `finops nightly`: a line of a crontab, a service of systemd, a CronJob, a workflow of GitHub.

job         what is to be run, and what it reads, writes and needs
cron, systemd, kubernetes, github   the same job in each format, what comes from outside escaped by its rules
"""

from finops.pipeline.scheduling.job import Job

__all__ = ["Job"]
