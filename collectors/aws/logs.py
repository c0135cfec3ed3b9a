"""Log groups of CloudWatch Logs, by the verbs of inventory."""

from datetime import UTC, datetime
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of
from collectors.aws.tagging import tagged
from collectors.conduct import Rows
from collectors.regions import Problems
from collectors.rows import number, once, place, tag_rows
from finops.warehouse import Scope

DESCRIBE_LOG_GROUPS = Api("logs", "describe_log_groups", "logs:DescribeLogGroups", probe={"limit": 1})


def get_log_groups(client: Client, problems: Problems) -> dict[str, Any]:
    """Log groups, and their tags by ARN."""
    groups = all_of(client, DESCRIBE_LOG_GROUPS, "logGroups")
    return {"groups": groups, "tags": tagged(client, "logs:log-group", problems) if groups else {}}


def transform_log_groups(raw: dict[str, Any], scope: Scope) -> Rows:
    """Rows of log_groups and their tags. A group that names no retention keeps its entries for ever."""
    rows: Rows = {"log_groups": [], "tags": []}
    for one in once(raw["groups"], "logGroupName"):
        arn = str(one.get("logGroupArn") or one["arn"]).removesuffix(":*")
        days, created = one.get("retentionInDays"), one.get("creationTime")
        rows["log_groups"].append(
            {
                **place(scope),
                "log_group_id": arn,
                "name": one["logGroupName"],
                "stored_bytes": number(one.get("storedBytes")),
                "retention_days": days,
                "unlimited": days is None,
                "storage_class": one.get("logGroupClass"),
                # Milliseconds since 1970, unlike any other time of any other service.
                "created_at": None if created is None else _instant(created),
            }
        )
        rows["tags"] += tag_rows(scope, "log_group", arn, raw["tags"].get(arn, {}))
    return rows


def _instant(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
