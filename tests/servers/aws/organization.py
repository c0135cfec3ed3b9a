"""Accounts, users, roles and commitments: what belongs to an account rather than to its machines."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from moto.iam.models import iam_backends
from moto.organizations import utils as organization_ids
from moto.organizations.models import organizations_backends

from tests.servers.aws import state

MEMBERS = ("222222222222", "333333333333", "444444444444")
SUSPENDED = "555555555555"
ROLE = "finops-reader"
READS = (
    "ec2",
    "cloudwatch",
    "autoscaling",
    "elasticloadbalancing",
    "pricing",
    "savingsplans",
    "ce",
    "account",
    "organizations",
    "rds",
    "s3",
)


def build(deny: Iterable[str], populate: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """An organization of three members and one that was closed; those in `deny` have no role for us."""
    backend = organizations_backends[state.ACCOUNT]["aws"]
    if backend.org is None:
        backend.create_organization("us-east-1", FeatureSet="ALL")
        for number, member in enumerate((*MEMBERS, SUSPENDED)):
            add_account(backend, member, f"team-{number}")
        backend.close_account(AccountId=SUSPENDED)
    refused = set(deny)
    members = {}
    for member in MEMBERS:
        arn = None if member in refused else add_role(member)
        members[member] = {"role": arn, "truth": populate(member)}
    return {"management": state.ACCOUNT, "members": members, "suspended": [SUSPENDED], "role_name": ROLE}


def add_account(backend: Any, member: str, name: str) -> None:
    """An account with an id of our choice; moto only knows random ones."""
    random_id: Any = organization_ids.make_random_account_id
    organization_ids.make_random_account_id = lambda: member
    try:
        backend.create_account(AccountName=name, Email=f"{name}@example.com")
    finally:
        organization_ids.make_random_account_id = random_id


def add_role(member: str) -> str:
    """A role that the management account may assume and that may read."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            allow_statement("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{state.ACCOUNT}:root"})
        ],
    }
    actions = [f"{service}:{verb}*" for service in READS for verb in ("Describe", "Get", "List")]
    policy = {"Version": "2012-10-17", "Statement": [allow_statement(actions, Resource="*")]}
    iam = iam_backends[member]["aws"]
    role = iam.create_role(ROLE, json.dumps(trust), "/", None, "reads for finops", [], "3600")
    iam.put_role_policy(ROLE, "read", json.dumps(policy))
    return str(role.arn)


def allow_statement(action: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, **more}


def user(policy: dict[str, Any] | None) -> dict[str, str]:
    """A new user with exactly this policy, and a key."""
    iam = iam_backends[state.ACCOUNT]["aws"]
    name = f"user-{len(iam.users)}"
    iam.create_user("us-east-1", name)
    if policy is not None:
        iam.put_user_policy(name, "only", json.dumps(policy))
    made = iam.create_access_key(name)
    return {"key": made.access_key_id, "secret": made.secret_access_key}


def reservations() -> list[dict[str, Any]]:
    """Reserved instances: one regional, one zonal, one that ended."""
    now = state.CLOCK.now()
    base = {
        "UsagePrice": 0.0, "FixedPrice": 0.0, "InstanceTenancy": "default", "CurrencyCode": "USD", "OfferingType": "No Upfront",
        "RecurringCharges": [{"Amount": 0.06, "Frequency": "Hourly"}], "ProductDescription": "Linux/UNIX", "Duration": 31536000,
    }  # fmt: skip
    result = []
    for number, (kind, count, scope, left, status, offering) in enumerate((
        ("m5.xlarge", 2, "Region", 200, "active", "convertible"),
        ("c5.2xlarge", 1, "Availability Zone", 20, "active", "standard"),
        ("r5.xlarge", 3, "Region", -30, "retired", "standard"),
    )):  # fmt: skip
        end = now + timedelta(days=left)
        zone = {"AvailabilityZone": "us-east-1a"} if scope != "Region" else {}
        result.append({
            **base, **zone, "ReservedInstancesId": f"e5a2ff3b-7d14-494f-90af-{number:012d}", "InstanceType": kind, "InstanceCount": count,
            "Scope": scope, "Start": end - timedelta(days=365), "End": end, "State": status, "OfferingClass": offering, "Tags": [],
        })  # fmt: skip
    return result


def savings_plans() -> list[dict[str, Any]]:
    """A compute plan that runs, an EC2 instance plan that ends in days, one that is over."""
    now = state.CLOCK.now()
    result = []
    for number, (kind, hourly, left, status) in enumerate((
        ("Compute", "1.20000000", 200, "active"), ("EC2Instance", "0.30000000", 9, "active"), ("Compute", "2.00000000", -20, "retired"),
    )):  # fmt: skip
        end = now + timedelta(days=left)
        name = f"4ba0d3fa-2a5c-4ae9-8f1c-{number:012d}"
        result.append({
            "offeringId": f"offering-{number}", "savingsPlanId": name, "savingsPlanArn": f"arn:aws:savingsplans::{state.ACCOUNT}:savingsplan/{name}",
            "description": f"1 year No Upfront {kind} Savings Plan", "start": f"{end - timedelta(days=365):%Y-%m-%dT%H:%M:%S}.000Z",
            "end": f"{end:%Y-%m-%dT%H:%M:%S}.000Z", "state": status, "savingsPlanType": kind, "paymentOption": "No Upfront",
            "productTypes": ["EC2"] if kind == "EC2Instance" else ["Fargate", "Lambda", "EC2"], "currency": "USD", "commitment": hourly,
            "upfrontPaymentAmount": "0.0", "recurringPaymentAmount": hourly, "termDurationInSeconds": 31536000, "tags": {},
            **({"region": "us-east-1", "ec2InstanceFamily": "m5"} if kind == "EC2Instance" else {}),
        })  # fmt: skip
    return result
