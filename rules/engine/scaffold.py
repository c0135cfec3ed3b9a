"""A rule to start from: a file and its cases that work as they are, over the table of a resource of one's choice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from finops.errors import UsageError
from rules.engine.catalogue import built_in_folder, rule_files
from rules.engine.header import Cloud
from rules.engine.linting import slug

CLOUDS: tuple[str, ...] = get_args(Cloud)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of resource: its table and the column of its id there, what one does with it, since when it is there.

    `needed` is what every row of the table has to say beside that.
    """

    table: str
    key: str
    action: str = "delete"
    since: str = "created_at"
    needed: str = ""


RESOURCES = {
    "instance": Resource("instances", "instance_id", "stop", "launched_at", "state: running"),
    "volume": Resource("volumes", "volume_id", needed="state: attached"),
    "snapshot": Resource("snapshots", "snapshot_id"),
    "public_ip": Resource("public_ips", "ip_id", "release", needed="state: unused"),
    "load_balancer": Resource("load_balancers", "load_balancer_id"),
    "nat_gateway": Resource("nat_gateways", "nat_gateway_id"),
    "database": Resource("databases", "database_id", "stop"),
    "bucket": Resource("buckets", "bucket_id"),
    "scaling_group": Resource("scaling_groups", "scaling_group_id", "resize"),
    "cluster": Resource("clusters", "cluster_id"),
    "repository": Resource("repositories", "repository_id"),
    "ml_endpoint": Resource("ml_endpoints", "endpoint_id", needed="kind: endpoint, state: running"),
    "log_group": Resource("log_groups", "log_group_id"),
    "function": Resource("functions", "function_id"),
}

_RULE = """\
/*---
# What the rule is. The file is named after its id, and so are its cases (ID.yaml beside it).
id: {id}
title: {Noun} without an owner
# unused, oversized, rate, placement, schedule or modernise
class: unused
# terminate, stop, resize, change-type, delete, release, move, buy, schedule or spot
action: {action}
resource: {resource}
# Every limit is a parameter, so that finops.toml can change it. One in days also gives $min_days_cutoff.
parameters:
  min_days: {{default: 30, unit: days, doc: "there for at least so long: time enough to say whose it is"}}
  owner_tag: {{default: owner, unit: tag, doc: "the tag that tells whose it is"}}
# Tables that the SQL reads; docs/warehouse.md has them all, docs/writing-rules.md what metrics and charges open.
needs: [{table}, tags]
# How much work it is to act on it, and how dangerous: low, medium or high.
effort: low
risk: medium
# Where the limits come from. A rule without a source is an opinion.
sources:
  - {{title: "FinOps Foundation: allocation, whose cost is it", url: "https://www.finops.org/framework/capabilities/allocation/"}}
# What looks like a finding and is none; each has a case with its name.
traps:
  just-made: "What was made yesterday has no owner yet."
{not_on}# Command lines for a person to read and run; finops runs none. Copy before you delete, and end with the undo:
# remediation:
#   aws:
#     - aws ec2 create-snapshot --region {{region}} --volume-id {{resource_id}}
#     - aws ec2 delete-volume --region {{region}} --volume-id {{resource_id}}
#     - "# undo: aws ec2 create-volume --region {{region}} --availability-zone {{zone}} --snapshot-id SNAPSHOT"
doc: |
  Finds {nouns} that have been there for a month and carry no tag that says whose they are: what nobody owns, nobody
  switches off. It is wrong where owners are kept in another place than a tag. Ask in the account before you act.
---*/
SELECT
    r.cloud,
    r.account_id,
    r.region,
    r.{key} AS resource_id,
    -- finding, ok, or not_evaluated: what the data do not tell is neither.
    CASE
        WHEN t.value IS NOT NULL THEN 'ok'
        WHEN r.{since} IS NULL THEN 'not_evaluated'
        WHEN r.{since} > $min_days_cutoff THEN 'ok'
        ELSE 'finding'
    END AS verdict,
    -- A finished sentence with the value and the limit.
    CASE
        WHEN t.value IS NOT NULL THEN 'It belongs to ' || t.value || '.'
        WHEN r.{since} IS NULL THEN 'Since when it is there is not known, and it has no tag ' || $owner_tag || '.'
        ELSE 'It has been there for ' || counted(days_between(r.{since}, $as_of), 'day', 'days')
            || ' (limit ' || amount($min_days) || ') and has no tag ' || $owner_tag || '.'
    END AS reason,
    -- The parts of its cost that the action changes; all is all of its own.
    'all' AS components,
    -- high, medium or low; what is not high says why.
    'low' AS confidence,
    'what it is for is not known' AS confidence_reason,
    -- What is there now, and what is proposed.
    r.{since} AS current_since,
    '{done}' AS proposed_state
FROM {table} AS r
LEFT JOIN tags AS t ON t.cloud = r.cloud AND t.account_id = r.account_id AND t.region = r.region
    AND t.resource_id = r.{key} AND t.key = $owner_tag
"""
_CASES = """\
# Tables in, verdicts out: finops rules test {id}. An expected row names only the columns that matter.
as_of: 2026-11-01
# What every row of a table has unless it says otherwise.
defaults:
  {table}: {{cloud: {cloud}, account_id: "012345678901", region: {region}, {key}: r-1, {since}: 2026-07-01{needed}}}
  tags: {{cloud: {cloud}, account_id: "012345678901", region: {region}, resource_type: {resource}, resource_id: r-1}}
cases:
{findings}
  - name: somebody owns it
    {table}: [{{}}]
    tags: [{{key: owner, value: team-a}}]
    expect: [{{resource_id: r-1, verdict: ok, reason: It belongs to team-a.}}]
  - name: another tag says nothing of the owner
    {table}: [{{}}]
    tags: [{{key: colour, value: blue}}]
    expect: [{{resource_id: r-1, verdict: finding}}]
  - name: made yesterday
    trap: just-made
    {table}: [{{{since}: 2026-10-31}}]
    expect: [{{resource_id: r-1, verdict: ok, reason: for 1 day (limit 30)}}]
  - name: since when it is there is not known
    {table}: [{{{since}: null}}]
    expect: [{{resource_id: r-1, verdict: not_evaluated}}]
  - name: a longer limit
    {table}: [{{}}]
    parameters: {{min_days: 200}}
    expect: [{{resource_id: r-1, verdict: ok}}]
  - name: the owner is under another tag
    {table}: [{{}}]
    tags: [{{key: team, value: team-a}}]
    parameters: {{owner_tag: team}}
    expect: [{{resource_id: r-1, verdict: ok}}]
"""
_FINDING = """\
  - name: {cloud}, there for months and nobody's
    {table}: [{{cloud: {cloud}}}]
    expect: [{{cloud: {cloud}, resource_id: r-1, verdict: finding, reason: for 123 days (limit 30) and has no tag}}]"""
_DONE = {"stop": "stopped", "release": "released", "resize": "smaller"}
_REGION = {"aws": "eu-west-1", "alibaba": "eu-central-1", "gcp": "europe-west1"}


def scaffold(rule_id: str, folder: Path, resource: str, clouds: Sequence[str]) -> dict[Path, str]:
    """The files of a new rule, by path: the rule and its cases. Nothing is written.

    Raises UsageError for an id that is none or is taken, an unknown cloud or resource, files that are there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule_id):
        raise UsageError(f"'{rule_id}' is no id of a rule: write {slug(rule_id)}.")
    if rule_id in {path.stem for path in rule_files(built_in_folder())}:
        raise UsageError(f"The rule {rule_id} exists already, among ours: take another id, as my-{rule_id}.")
    _known("resource", resource, RESOURCES)
    for cloud in clouds:
        _known("cloud", cloud, CLOUDS)
    wanted = [cloud for cloud in CLOUDS if cloud in clouds] or list(CLOUDS)
    files = {
        folder / f"{rule_id}.sql": _rule(rule_id, resource, wanted),
        folder / f"{rule_id}.yaml": _cases(rule_id, resource, wanted),
    }
    for path in files:
        if path.exists():
            raise UsageError(f"{path} is there already, and is not overwritten: take another id or folder.")
    return files


def _known(kind: str, word: str, words: Sequence[str] | dict[str, Resource]) -> None:
    if word not in words:
        raise UsageError(f"There is no {kind} '{word}'; there are {', '.join(words)}.")


def _rule(rule_id: str, resource: str, clouds: Sequence[str]) -> str:
    spec = RESOURCES[resource]
    others = [cloud for cloud in CLOUDS if cloud not in clouds]
    not_on = "".join(f'  {cloud}: "This rule is not written for this cloud."\n' for cloud in others)
    noun = (
        resource.replace("_", " ").replace("public ip", "public address").replace("ml ", "machine-learning ")
    )
    return _RULE.format(
        id=rule_id,
        Noun=noun.capitalize(),
        nouns=_plural(noun),
        action=spec.action,
        done=_DONE.get(spec.action, "deleted"),
        resource=resource,
        table=spec.table,
        key=spec.key,
        since=spec.since,
        not_on=f"# Clouds where there is nothing to find, and why.\nnot_on:\n{not_on}" if not_on else "",
    )


def _plural(noun: str) -> str:
    if noun.endswith("ry"):
        return noun.removesuffix("y") + "ies"
    return noun + ("es" if noun.endswith("ss") else "s")


def _cases(rule_id: str, resource: str, clouds: Sequence[str]) -> str:
    spec = RESOURCES[resource]
    findings = [_FINDING.format(cloud=cloud, table=spec.table) for cloud in clouds]
    return _CASES.format(
        id=rule_id,
        table=spec.table,
        key=spec.key,
        since=spec.since,
        resource=resource,
        cloud=clouds[0],
        region=_REGION[clouds[0]],
        needed=f", {spec.needed}" if spec.needed else "",
        findings="\n".join(findings),
    )
