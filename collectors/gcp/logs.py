"""Log buckets of Cloud Logging: what they are by their list, what they hold by a metric of Cloud Monitoring."""

from datetime import datetime, timedelta

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, listed, location_of, own_name, utc
from collectors.gcp.measures import MEAN
from collectors.gcp.monitoring import Question, latest
from collectors.hours import DAY, Window, midnight
from collectors.regions import Problems, beside
from collectors.rows import once

LIST_LOG_BUCKETS = Api(
    "logging", "v2/projects/{project}/locations/-/buckets", "logging.buckets.list", items="buckets",
    size="pageSize", page=1000, probe={"pageSize": 1}, optional=True,
)  # fmt: skip
STORED = "logging.googleapis.com/billing/bytes_stored"
_LATEST = timedelta(days=3)  # in which every bucket that holds anything was measured

# Days of retention that are in the price of taking entries in. Source: Google Cloud Observability pricing.
_FREE_DAYS = 30
_REQUIRED, _REQUIRED_DAYS = "_Required", 400  # which is never billed, and cannot be changed

Held = dict[tuple[str, str], float]  # bytes by place and name of a bucket


def get_log_buckets(client: Client, at: datetime, problems: Problems) -> tuple[Listed, Held | None]:
    """Log buckets of every place, and what they hold; None where that could not be read."""
    found = listed(client, LIST_LOG_BUCKETS)
    return found, beside(problems, lambda: _held(client, at)) if found else {}


def _held(client: Client, at: datetime) -> Held:
    """Bytes on the latest day that a bucket was measured, of all kinds together."""
    end = midnight(at)
    found: Held = {}
    for labels, value in latest(client, Question(STORED, MEAN, Window(end - _LATEST, end), seconds=DAY)):
        key = labels.get("log_bucket_location", ""), labels.get("log_bucket_id", "")
        found[key] = found.get(key, 0.0) + value
    return found


def transform_log_buckets(raw: tuple[Listed, Held | None], project: str) -> Rows:
    """Rows of log_groups. One that was never measured holds an unknown amount."""
    found, held = raw
    rows: Rows = {"log_groups": [], "tags": []}
    for one in once(found.items, "name"):
        if one.get("lifecycleState") == "DELETE_REQUESTED":
            continue
        identity = own_name(one["name"])  # locations/L/buckets/B
        _, place, _, name = identity.split("/")
        required, days = name == _REQUIRED, one.get("retentionDays")
        rows["log_groups"].append(
            {
                **columns(project, location_of(one["name"])),
                "log_group_id": identity,
                "name": name,
                "stored_bytes": (held or {}).get((place, name)),
                "retention_days": int(days) if days else _REQUIRED_DAYS if required else _FREE_DAYS,
                "unlimited": False,
                "free_days": _REQUIRED_DAYS if required else _FREE_DAYS,
                "storage_class": None,
                "created_at": utc(one.get("createTime")),
            }
        )
    return rows
