"""A request as the APIs understand it, and errors in the words of each."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.servers.gcp.state import WORLD, Item, Project

HOSTS = {
    "compute": "compute.googleapis.com", "monitoring": "monitoring.googleapis.com", "cloudbilling": "cloudbilling.googleapis.com",
    "cloudresourcemanager": "cloudresourcemanager.googleapis.com", "sqladmin": "sqladmin.googleapis.com",
    "storage": "storage.googleapis.com", "bigquery": "bigquery.googleapis.com", "oauth": "oauth2.googleapis.com",
    "redis": "redis.googleapis.com", "container": "container.googleapis.com", "artifactregistry": "artifactregistry.googleapis.com",
    "logging": "logging.googleapis.com", "aiplatform": "aiplatform.googleapis.com", "notebooks": "notebooks.googleapis.com",
    "run": "run.googleapis.com", "cloudfunctions": "cloudfunctions.googleapis.com",
}  # fmt: skip
TITLES = {
    "compute": "Compute Engine API", "monitoring": "Cloud Monitoring API", "cloudbilling": "Cloud Billing API",
    "cloudresourcemanager": "Cloud Resource Manager API", "sqladmin": "Cloud SQL Admin API", "storage": "Cloud Storage API",
    "bigquery": "BigQuery API", "oauth": "OAuth", "redis": "Google Cloud Memorystore for Redis API", "container": "Kubernetes Engine API",
    "artifactregistry": "Artifact Registry API", "logging": "Cloud Logging API", "aiplatform": "Vertex AI API", "notebooks": "Notebooks API",
    "run": "Cloud Run Admin API", "cloudfunctions": "Cloud Functions API",
}  # fmt: skip
# The older APIs list the errors one by one, with their reasons; the newer ones have details only.
OLDER = ("compute", "bigquery", "storage", "sqladmin")
STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
REASONS = {
    400: "invalid", 401: "authError", 403: "forbidden", 404: "notFound", 429: "rateLimitExceeded", 500: "backendError",
    502: "backendError", 503: "backendError", 504: "backendError",
}  # fmt: skip


@dataclass
class Call:
    """One request: which method of which API, on what, by whom."""

    service: str
    action: str  # the method's id in the discovery document without the service: instances.aggregatedList
    method: str
    path: str
    params: dict[str, str]
    names: dict[str, str]  # what the path names: project, zone, resource …
    permission: str = ""
    body: Item = field(default_factory=dict)
    headers: Item = field(default_factory=dict)
    caller: str = ""
    items: int = 0
    form: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> str:
        """The id of the project that is asked, or what was said instead of one."""
        name = self.names.get("project") or self.params.get("project", "")
        found = WORLD.project(name)
        return found.id if found else name

    def home(self) -> Project:
        """The project that is asked; there is one."""
        found = WORLD.project(self.project)
        if found is None:
            raise missing(self, f"projects/{self.project}")
        return found

    def number(self, name: str, standard: int, most: int, least: int = 0) -> int:
        """A number from the query; out of bounds is an error in Compute, and cut to the bound elsewhere."""
        text = self.params.get(name, "")
        if not text:
            return standard
        try:
            value = int(text)
        except ValueError:
            sentence = f"Invalid value at '{name}' (TYPE_INT32), \"{text}\""
            raise RefusalError(400, sentence) from None
        if value < least or (self.service == "compute" and value > most):
            sentence = f"Invalid value for field '{name}': '{value}'. Must be between {least} and {most}"
            raise RefusalError(400, sentence)
        return min(value, most)


@dataclass
class RefusalError(Exception):
    """An error of an API; what is not said is as usual for the status."""

    status: int
    message: str
    reason: str = ""  # of the list of errors
    domain: str = "global"
    code: str = ""  # google.rpc.Code
    details: list[Item] = field(default_factory=list)
    extra: Item = field(default_factory=dict)
    outcome: str = ""

    def body(self, service: str) -> bytes:
        reason = self.reason or REASONS.get(self.status, "invalid")
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if service in OLDER:
            error["errors"] = [
                {"message": self.message, "domain": self.domain, "reason": reason, **self.extra}
            ]
        if service != "storage":
            error["status"] = self.code or STATUSES.get(self.status, "UNKNOWN")
        if self.details:
            error["details"] = self.details
        return json.dumps({"error": error}).encode()

    @property
    def told(self) -> str:
        """What the call log says."""
        info = next((each["reason"] for each in self.details if "reason" in each), "")
        return (
            self.outcome
            or info
            or self.reason
            or REASONS.get(self.status, "")
            or STATUSES.get(self.status, "")
        )


def info(reason: str, domain: str, **metadata: str) -> Item:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    }


def missing(call: Call, what: str) -> RefusalError:
    """404, or 403 where an API does not tell what exists."""
    if call.service in ("monitoring", "cloudresourcemanager", "cloudbilling"):
        return forbidden(call)
    return RefusalError(404, f"The resource '{what}' was not found")


def forbidden(call: Call, permission: str = "") -> RefusalError:
    """IAM says no, in the words of each API."""
    wanted = permission or call.permission or f"{call.service}.{call.action}"
    place = f"projects/{call.project}"
    if call.service == "compute":
        return RefusalError(403, f"Required '{wanted}' permission for '{place}'", details=[
            info("IAM_PERMISSION_DENIED", "compute.googleapis.com", permission=wanted, resource=place)])  # fmt: skip
    if call.service == "monitoring":
        return RefusalError(403, f"Permission {wanted} denied (or the resource may not exist).", details=[
            info("IAM_PERMISSION_DENIED", "iam.googleapis.com", permission=wanted, resource=place)])  # fmt: skip
    if call.service == "sqladmin":
        return RefusalError(403, "The client is not authorized to make this request.", "notAuthorized", details=[
            info("IAM_PERMISSION_DENIED", "iam.googleapis.com", permission=wanted, resource=place)])  # fmt: skip
    if call.service == "storage":
        who = call.caller or "Anonymous caller"
        sentence = f"{who} does not have {wanted} access to the Google Cloud project. Permission '{wanted}' denied on resource (or it may not exist)."
        return RefusalError(403, sentence)
    if call.service == "bigquery":
        return RefusalError(403, denied_in_bigquery(call, wanted), "accessDenied")
    resource = call.path.removeprefix("/v3/").removeprefix("/v1/").partition(":")[0]
    told = f"//{HOSTS[call.service]}/{resource}"
    return RefusalError(403, f"Permission '{wanted}' denied on resource '{told}' (or it may not exist).", details=[
        info("IAM_PERMISSION_DENIED", HOSTS[call.service], permission=wanted, resource=resource)])  # fmt: skip


def denied_in_bigquery(call: Call, wanted: str) -> str:
    table = call.names.get("table")
    if table:
        name = f"{call.project}:{call.names.get('dataset')}.{table}"
        return (
            f"Access Denied: Table {name}: Permission {wanted} denied on table {name} (or it may not exist)."
        )
    return f"Access Denied: Project {call.project}: User does not have {wanted} permission in project {call.project}."


def switched_off(call: Call, number: str) -> RefusalError:
    """The API is not enabled in the project."""
    host = HOSTS[call.service]
    url = f"https://console.developers.google.com/apis/api/{host}/overview?project={number}"
    sentence = (
        f"{TITLES[call.service]} has not been used in project {number} before or it is disabled. Enable it by visiting {url} then retry. "
        "If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
    )
    link = {"description": "Google developers console API activation", "url": url}
    return RefusalError(
        403, sentence, "accessNotConfigured", "usageLimits",
        details=[
            {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]},
            info("SERVICE_DISABLED", "googleapis.com", consumer=f"projects/{number}", service=host),
        ],
        extra={"extendedHelp": "https://console.developers.google.com"},
    )  # fmt: skip


def too_many(call: Call) -> RefusalError:
    """A rate limit: 403 in Compute, 429 elsewhere."""
    host, found = HOSTS[call.service], WORLD.project(call.project)
    consumer = f"project_number:{found.number if found else '0'}"
    sentence = f"Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service '{host}' for consumer '{consumer}'."
    about = info("RATE_LIMIT_EXCEEDED", "googleapis.com", service=host, consumer=consumer.replace("_number:", "s/"),
                 quota_metric=f"{host}/default", quota_limit="defaultPerMinutePerProject")  # fmt: skip
    if call.service == "compute":
        return RefusalError(403, sentence, "rateLimitExceeded", "usageLimits", details=[about])
    if call.service == "bigquery":
        sentence = "Exceeded rate limits: too many api requests per user per method for this user_method."
        return RefusalError(403, sentence, "rateLimitExceeded", "usageLimits")
    if call.service == "storage":
        return RefusalError(
            429,
            "The project exceeded the rate limit for listing buckets.",
            "rateLimitExceeded",
            "usageLimits",
        )
    return RefusalError(429, sentence, "rateLimitExceeded", "usageLimits", details=[about])
