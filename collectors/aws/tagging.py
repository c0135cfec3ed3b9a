"""Tags of resources whose lists have none, by one call for all of a kind."""

from collections.abc import Mapping

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, tags_of
from collectors.regions import Problems, beside

GET_RESOURCES = Api(
    "resourcegroupstaggingapi", "get_resources", "tag:GetResources", probe={"ResourcesPerPage": 1}
)

# Tags by the ARN of their resource.
Tagged = Mapping[str, Mapping[str, str | None]]


def tagged(client: Client, kind: str, problems: Problems) -> Tagged:
    """Tags of a region's resources of a kind (service:type), by ARN; what has none is left out."""

    def ask() -> Tagged:
        found = all_of(client, GET_RESOURCES, "ResourceTagMappingList", ResourceTypeFilters=[kind])
        return {str(one["ResourceARN"]): tags_of(one) for one in found}

    return beside(problems, ask) or {}
