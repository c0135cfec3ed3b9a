"""Container Service (ACK, 2015-12-15): clusters and their node pools."""

from typing import Any

from tests.servers.alibaba.pages import shown
from tests.servers.alibaba.wire import Call, RefusalError

VERSION = "2015-12-15"


def describe_clusters(call: Call) -> dict[str, Any]:
    """Those of a region, by page; at most 50 on one unless told, and never more than 100."""
    size, number = call.number("page_size", 50, 1, 100), call.number("page_number", 1, 1, 10**6)
    region = call.params.get("region_id") or call.region
    found = [shown(one) for one in call.owner.of("cluster", region).values()]
    page = found[(number - 1) * size : number * size]
    call.items = len(page)
    return {
        "clusters": page,
        "page_info": {"page_number": number, "page_size": size, "total_count": len(found)},
    }


def describe_node_pools(call: Call) -> dict[str, Any]:
    wanted = call.params["ClusterId"]
    if wanted not in {name for _, one in call.owner.every("cluster") for name in (one["cluster_id"],)}:
        raise RefusalError(404, "ErrorClusterNotFound", "cluster not found")
    pools = [shown(one) for region, one in call.owner.every("node_pool") if one["_cluster"] == wanted]
    call.items = len(pools)
    return {"nodepools": pools}


ANSWERS = {
    (VERSION, "DescribeClustersV1"): describe_clusters,
    (VERSION, "DescribeClusterNodePools"): describe_node_pools,
}
