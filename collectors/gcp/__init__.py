"""Google Cloud: inventory, metrics, prices and bills into the warehouse, by read-only calls.

    collect(writer, request, …)   what was asked for, scope by scope, each with its row of coverage
    scopes_of(account, region)    the scopes that a place has

client       one client per project; pace, retries, budgets, errors told in a sentence
api          how a call is declared
answers      what services say, and what a 403 means
services     addresses and limits of the services
credentials  who asks, as Google's own tools find it
accounts     which projects and regions there are
listing      what lists of Compute Engine have in common
inventory    machines and disks: get → transform
groups       managed instance groups
clusters     Kubernetes clusters, and which groups are their node pools
snapshots    snapshots
types        machine types by list and by name
network      addresses, NAT gateways, subnets
balancers    load balancers
databases    databases and caches, and what their tiers hold
storage      buckets
registries   repositories of container images
logs         log buckets
learning     endpoints and notebooks
functions    services and functions
commitments  committed-use discounts for resources
measures     what Cloud Monitoring has of machines under which name, and the fewest questions that ask for it
kinds        the same of everything else; kind_plan has the questions, kind_metrics reads their answers
monitoring   how it is asked, and its pages read
metrics      hours of machines and disks, only what is newer than what is stored
catalogue    what Google sells and for how much, asked once for all regions
meanings     which SKUs of Compute Engine are the price of what; families has the tables, money the units and tiers
machines     what a machine type is charged as
prices       list and spot prices of a region
service_meanings, service_prices  the same of databases, buckets, registries and logs
billing      the bill from its export to BigQuery (billing_table, billing_query, billing_days); queries asks it
flows        flow logs from the table of a sink of Logging, added up there (flow_tables)
handing      how what tells of a project is handed over region by region
datasets     how each dataset is asked, and what becomes of the answer; told: what one list tells about others
known        what is known of a project when types, prices and metrics are asked: following, pricing
regional     what is collected of one project, and in which order
permissions  the custom role that all of it needs, generated from what the modules declare
doctor       what a collection would meet, before it runs
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collectors.gcp.accounts import Request
    from collectors.gcp.billing import Bill
    from collectors.gcp.collecting import Wanted, collect, scopes_of
    from collectors.gcp.handing import DATASETS

__all__ = ["DATASETS", "Bill", "Request", "Wanted", "collect", "scopes_of"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for: reading a bucket of bills needs no more than credentials."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from collectors.gcp import accounts, billing, collecting, handing

    modules = {"Request": accounts, "Bill": billing, "DATASETS": handing}
    return getattr(modules.get(name, collecting), name)
