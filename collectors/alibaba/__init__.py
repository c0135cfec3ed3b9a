"""Alibaba Cloud: inventory, metrics, prices and bills into the warehouse, by read-only calls.

    collect(writer, request, …)   what was asked for, scope by scope, each with its row of coverage
    scopes_of(account, region)    the scopes that a place has

client       one client per account and region; pace, retries, budgets, errors told in a sentence
api          how a call is declared
answers      what services say, and in how many ways they say no
products     versions, addresses and paging of the products
credentials  keys as Alibaba's own tools find them
renewing     keys that end, and how the next ones are got
accounts     who is asking, which accounts and regions there are
inventory    machines, their types and groups, disks, snapshots: get → transform
network      addresses, load balancers, NAT gateways, databases
storage      buckets, by signed requests (oss_signing, oss_xml)
commitments  reserved instances, savings plans, resource packages
measures     what CloudMonitor has under which name, and the fewest calls that ask for it
metrics      hours of machines and disks, only what is newer than what is stored
buckets      days and hours of ours made of them
prices       list prices and the history of spot prices
billing      the bill by billable item and day
regional     what is collected of one region, and in which order
related      what is asked because of the machines that were found
permissions  the policy that all of it needs, generated from what the modules declare
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collectors.alibaba.accounts import Request
    from collectors.alibaba.billing import Bill
    from collectors.alibaba.collecting import DATASETS, Wanted, collect, scopes_of

__all__ = ["DATASETS", "Bill", "Request", "Wanted", "collect", "scopes_of"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for: reading a bucket of bills needs the signatures and no SDK."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from collectors.alibaba import accounts, billing, collecting

    modules = {"Request": accounts, "Bill": billing}
    return getattr(modules.get(name, collecting), name)
