"""Google's services as this tool calls them: addresses, and calls a second that stay below what is documented."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from collectors.endpoints import checked, endpoint_of, is_loopback

READ_ONLY = "https://www.googleapis.com/auth/cloud-platform.read-only"
# These services and BigQuery's jobs take no narrower scope; what may be done is limited by permissions all the same.
EVERYTHING = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, slots=True)
class Service:
    """One API: its host, what people call it, calls a second that a project may send it, the scope it takes.

    `inventory` says that nothing of its kind can be in a project that has not enabled it; `regional`, that each
    location has an address of its own.
    """

    host: str
    title: str
    per_second: float = 10.0
    scope: str = READ_ONLY
    inventory: bool = False
    regional: bool = False


# Quotas a minute and project: Compute Engine 1,500 reads, Monitoring 6,000 series, billing 300, Cloud SQL 180, Logging
# 600, Workbench 600, GKE 3,000, Artifact Registry 18,000, Vertex AI 600, Cloud Run 3,000, Cloud Functions 1,500.
SERVICES: Mapping[str, Service] = {
    "compute": Service("compute.googleapis.com", "Compute Engine API", 20.0, inventory=True),
    "monitoring": Service("monitoring.googleapis.com", "Cloud Monitoring API", 50.0),
    "cloudbilling": Service("cloudbilling.googleapis.com", "Cloud Billing API", 5.0),
    "cloudresourcemanager": Service("cloudresourcemanager.googleapis.com", "Cloud Resource Manager API"),
    "sqladmin": Service(
        "sqladmin.googleapis.com", "Cloud SQL Admin API", 3.0, scope=EVERYTHING, inventory=True
    ),
    "redis": Service(
        "redis.googleapis.com", "Memorystore for Redis API", 5.0, inventory=True, scope=EVERYTHING
    ),
    "container": Service(
        "container.googleapis.com", "Kubernetes Engine API", 10.0, inventory=True, scope=EVERYTHING
    ),
    "artifactregistry": Service(
        "artifactregistry.googleapis.com", "Artifact Registry API", 20.0, inventory=True
    ),
    "logging": Service("logging.googleapis.com", "Cloud Logging API", 5.0, inventory=True),
    "aiplatform": Service(
        "aiplatform.googleapis.com", "Vertex AI API", 5.0, inventory=True, regional=True, scope=EVERYTHING
    ),
    "notebooks": Service("notebooks.googleapis.com", "Notebooks API", 5.0, inventory=True, scope=EVERYTHING),
    "run": Service("run.googleapis.com", "Cloud Run Admin API", 10.0, inventory=True, scope=EVERYTHING),
    "cloudfunctions": Service(
        "cloudfunctions.googleapis.com", "Cloud Functions API", 10.0, inventory=True, scope=EVERYTHING
    ),
    "storage": Service("storage.googleapis.com", "Cloud Storage API", 20.0, inventory=True),
    "bigquery": Service("bigquery.googleapis.com", "BigQuery API", 20.0, scope=EVERYTHING),
}


def address_of(service: str, endpoint: str | None, location: str | None = None) -> tuple[str, bool]:
    """Where a service is asked, as scheme://host, and whether that is this machine.

    `endpoint` is before the variable FINOPS_GCP_ENDPOINT; either is for every service. Raises ConfigError for one
    that is no endpoint, or plain http to anywhere else.
    """
    if endpoint:
        address = checked("--endpoint", endpoint)
        return address, is_loopback(urlsplit(address).hostname or "")
    known = SERVICES[service]
    host = f"{location}-{known.host}" if known.regional and location else known.host
    return endpoint_of({"FINOPS_GCP_ENDPOINT": "every API of Google"}, f"https://{host}")
