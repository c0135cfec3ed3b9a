"""BigQuery v2."""

from tests.servers.gcp.front import Route

ROUTES: list[Route] = []
