"""Amazon Web Services: inventory, metrics, prices and bills into the warehouse, by read-only calls.

    collect(writer, request, …)   what was asked for, scope by scope, each with its row of coverage
    scopes_of(account, region)    the scopes that a place has

client       one cached client per account, region and service; retries, budgets, errors told in a sentence
attempts     what is counted and refused of each attempt
accounts     who is asking, which accounts and regions there are
inventory    machines, their types and groups, volumes, snapshots: get → transform
network      addresses, load balancers, NAT gateways
commitments  reserved instances and savings plans
measures     what CloudWatch has under which name, and the fewest calls that ask for it
metrics      CloudWatch in full batches, only what is newer than what is stored
prices       list prices and the history of spot prices
storage      the objects of a bucket in S3
billing      the bill from a Data Export in S3
cost_explorer  totals of the bill, which cost money, only when asked for
flows        flow logs from S3 and CloudWatch Logs, only when asked for
flow_events  those of CloudWatch Logs as files
regional     what is collected of one region, and in which order
permissions  the policy that all of it needs, generated from what the modules declare
"""

from collectors.aws.accounts import Request
from collectors.aws.collecting import DATASETS, Bill, Wanted, collect, scopes_of

__all__ = ["DATASETS", "Bill", "Request", "Wanted", "collect", "scopes_of"]
