"""How each service hands on its pages, and the most a page may hold."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """The names of the token as it is sent and as it arrives, of the size of a page, and the largest size."""

    send: str
    receive: str
    limit: str | None = None
    size: int | None = None


_RDS = Paging("Marker", "Marker", "MaxRecords", 100)
_PAGING: Mapping[str, Paging] = {
    "ec2": Paging("NextToken", "NextToken", "MaxResults", 1000),
    "autoscaling": Paging("NextToken", "NextToken", "MaxRecords", 100),
    "elbv2": Paging("Marker", "NextMarker", "PageSize", 400),
    "elb": Paging("Marker", "NextMarker", "PageSize", 400),
    "organizations": Paging("NextToken", "NextToken", "MaxResults", 20),
    "pricing": Paging("NextToken", "NextToken", "MaxResults", 100),
    "savingsplans": Paging("nextToken", "nextToken", "maxResults", 1000),
    "cloudwatch": Paging("NextToken", "NextToken"),
    "ce": Paging("NextPageToken", "NextPageToken"),
    "s3": Paging("ContinuationToken", "NextContinuationToken", "MaxKeys", 1000),
    "rds": _RDS,
    "elasticache": _RDS,
    "ecr": Paging("nextToken", "nextToken", "maxResults", 1000),
    "eks": Paging("nextToken", "nextToken", "maxResults", 100),
    "sagemaker": Paging("NextToken", "NextToken", "MaxResults", 100),
    "logs": Paging("nextToken", "nextToken", "limit", 50),
    "lambda": Paging("Marker", "NextMarker", "MaxItems", 50),
    "resourcegroupstaggingapi": Paging("PaginationToken", "PaginationToken", "ResourcesPerPage", 100),
}
_OF_OPERATIONS: Mapping[tuple[str, str], Paging] = {
    ("s3", "list_buckets"): Paging("ContinuationToken", "ContinuationToken", "MaxBuckets", 1000),
}
# Services that name the list they were asked for also when it is empty.
TELLS_ALWAYS = (
    "pricing",
    "cloudwatch",
    "savingsplans",
    "organizations",
    "ecr",
    "eks",
    "sagemaker",
    "logs",
    "lambda",
)


def paging_of(service: str, operation: str) -> Paging:
    """How the answers of an operation are paged."""
    return _OF_OPERATIONS.get((service, operation)) or _PAGING[service]
