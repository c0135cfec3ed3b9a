"""Three local clouds of two accounts each, whose bills and resources a simulation moves from night to night.

Each has a little estate that is there from the first night to the last, told its metrics up to the last; `act` changes one
resource, `publish` puts on the bill what arrived since the last time, `trouble` says what goes wrong tonight.
"""

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from tests.nights.books import CURRENCY, Books, Posting
from tests.servers.alibaba.cloud import Cloud as AlibabaCloud
from tests.servers.aws.cloud import Cloud as AwsCloud
from tests.servers.facade import Facade
from tests.servers.gcp.cloud import Cloud as GcpCloud
from tests.servers.gcp.export import DATASET, TABLE

# An account, a day as the provider counts it, a currency → what it costs.
Totals = dict[tuple[str, date, str], Decimal]
NOWHERE = "http://127.0.0.1:9"  # where nobody listens


def iso(at: datetime) -> str:
    """An instant as the servers read it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


class Estate(ABC):
    """One cloud of the simulation."""

    name: ClassVar[str]
    accounts: ClassVar[tuple[str, str]]
    services: ClassVar[tuple[tuple[str, float], ...]]
    throttling: ClassVar[str] = "throttle"
    whose: ClassVar[str] = "account"  # how a fault names an account
    cloud: Facade

    @abstractmethod
    def build(self, machines: int, end: datetime) -> None:
        """Puts the estate there."""

    @property
    @abstractmethod
    def toml(self) -> str:
        """Its section of finops.toml."""

    @property
    @abstractmethod
    def env(self) -> dict[str, str]:
        """What the command needs to reach it."""

    @property
    @abstractmethod
    def env_down(self) -> dict[str, str]:
        """The same while nobody answers."""

    @abstractmethod
    def publish(self, books: Books, at: datetime, *, again: bool = False) -> None:
        """Puts on the bill what has arrived by `at`; `again` delivers what is there anew."""

    @abstractmethod
    def act(self, action: str, account: str, resource: str, at: datetime) -> str:
        """Changes a resource; returns its id."""

    def truth(self, books: Books, at: datetime) -> Totals:
        """What the provider has charged by `at`."""
        held = books.held(self.name, at)
        return {(account, day, CURRENCY[self.name]): amount for (account, day), amount in held.items()}

    def trouble(
        self, denied: Sequence[str] = (), expired: bool = False, throttled: float = 0, down: bool = False
    ) -> None:
        """What goes wrong from now on."""
        rules: list[dict[str, Any]] = [{"kind": "denied", self.whose: account} for account in denied]
        rules += [{"kind": "expired"}] if expired else []
        rules += [{"kind": self.throttling, "rate": throttled}] if throttled else []
        rules += [{"kind": "http503empty"}] if down else []
        self.cloud.faults(rules)


class Aws(Estate):
    """AWS: a payer with a machine or two and its bill in S3, and a member."""

    name = "aws"
    accounts = ("123456789012", "222222222222")
    services = (
        ("Amazon Elastic Compute Cloud", 420.0),
        ("Amazon Relational Database Service", 260.0),
        ("Amazon Simple Storage Service", 90.0),
    )

    def __init__(self, cloud: AwsCloud) -> None:
        self.cloud: AwsCloud = cloud
        self._told: dict[str, list[dict[str, Any]]] = {}
        self._deliveries = 0

    def build(self, machines: int, end: datetime) -> None:
        self.classes = self.cloud.estate(
            n=machines, regions=("us-east-1",), as_of=iso(end), keep=False
        ).classes
        self.cloud.organization(deny=(), small=machines)
        self.cloud.client("s3").create_bucket(Bucket="bills")

    @property
    def toml(self) -> str:
        return (
            f"[aws]\naccounts = {json.dumps(self.accounts)}\nrole = 'finops-reader'\nregions = ['us-east-1']\n"
            "billing_export = 's3://bills/focus/acme'\n"
        )

    @property
    def env(self) -> dict[str, str]:
        return self.cloud.env

    @property
    def env_down(self) -> dict[str, str]:
        return {**self.cloud.env, "AWS_ENDPOINT_URL": NOWHERE}

    def publish(self, books: Books, at: datetime, *, again: bool = False) -> None:
        months: dict[str, dict[tuple[str, str, date], Decimal]] = {}
        for one in books.between(self.name, None, at):
            cells = months.setdefault(f"{one.day:%Y-%m}", {})
            key = (one.account, one.service, one.day)
            cells[key] = cells.get(key, Decimal(0)) + one.amount
        for month, cells in months.items():
            rows = [self._row(*key, amount) for key, amount in sorted(cells.items())]
            if again or rows != self._told.get(month):
                self._deliver(month, rows, in_two=again)
                self._told[month] = rows

    def _deliver(self, month: str, rows: list[dict[str, Any]], *, in_two: bool) -> None:
        """A month as an export overwrites it; one that is delivered again may be cut otherwise."""
        self._deliveries += 1
        half = len(rows) // 2 if in_two else len(rows)
        keys = []
        for number, part in enumerate((rows[:half], rows[half:]) if in_two else (rows,), 1):
            out = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(part, schema=_FOCUS), out)
            keys.append(f"focus/acme/data/BILLING_PERIOD={month}/acme-{number:05}.snappy.parquet")
            self.cloud.client("s3").put_object(Bucket="bills", Key=keys[-1], Body=out.getvalue())
        manifest = {
            "executionId": str(self._deliveries),
            "dataFiles": [f"s3://bills/{key}" for key in keys],
        }
        self.cloud.client("s3").put_object(
            Bucket="bills",
            Key=f"focus/acme/metadata/BILLING_PERIOD={month}/acme-Manifest.json",
            Body=json.dumps(manifest).encode(),
        )

    def _row(self, account: str, service: str, day: date, amount: Decimal) -> dict[str, Any]:
        begin = datetime(day.year, day.month, day.day)
        month = begin.replace(day=1)
        return {
            "ProviderName": "AWS",
            "BillingAccountId": self.accounts[0],
            "SubAccountId": account,
            "BillingCurrency": "USD",
            "BillingPeriodStart": month,
            "BillingPeriodEnd": (month + timedelta(days=32)).replace(day=1),
            "ChargePeriodStart": begin,
            "ChargePeriodEnd": begin + timedelta(days=1),
            "ChargeCategory": "Usage",
            "ChargeDescription": f"usage of {service}",
            "ServiceName": service,
            "ServiceCategory": "Compute",
            "RegionId": "us-east-1",
            **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), amount),
        }

    def act(self, action: str, account: str, resource: str, at: datetime) -> str:
        who = {"account": account}
        if action == "run-idle":
            made = str(self.cloud.move("run-instance", "m5.large", **who))
            self._quiet(made, account, at)
            return made
        if action == "create-volume":
            return str(self.cloud.move(action, "gp3", **who))
        if resource.startswith("class "):  # the first of a class of the estate
            resource = str(self.classes[resource.removeprefix("class ")][0]["id"])
        if action == "shrink":
            self.cloud.move("retype", resource, type="m5.large", **who)
        elif action == "attach-volume":
            (host,) = self.cloud.client("ec2").describe_instances(
                Filters=[{"Name": "instance-state-name", "Values": ["running"]}], MaxResults=5
            )["Reservations"][:1]
            self.cloud.move(action, resource, instance=host["Instances"][0]["InstanceId"], **who)
        else:
            self.cloud.move(action, resource, **who)
        return resource

    def _quiet(self, instance: str, account: str, at: datetime) -> None:
        """Eighty days of nothing."""
        for name, value in (("CPUUtilization", 1.5), ("NetworkIn", 3000.0), ("NetworkOut", 2000.0)):
            self.cloud.series(
                "AWS/EC2", name, {"InstanceId": instance}, iso(at), [value] * (24 * 80), step=3600, account=account
            )  # fmt: skip


_FOCUS = pa.schema(
    [
        *(
            (name, pa.timestamp("us")) if "Period" in name else (name, pa.string())
            for name in (
                "ProviderName", "BillingAccountId", "SubAccountId", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd",
                "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeDescription", "ServiceName", "ServiceCategory",
                "RegionId",
            )
        ),
        *((name, pa.decimal128(18, 6)) for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")),
    ]
)  # fmt: skip


class Alibaba(Estate):
    """Alibaba Cloud: two accounts with a bill each, which is what its estate costs and what the books add."""

    name = "alibaba"
    accounts = ("1234567890123456", "2222222222222222")
    services = (("rds", 700.0), ("oss", 380.0))

    def __init__(self, cloud: AlibabaCloud) -> None:
        self.cloud: AlibabaCloud = cloud
        self._until: datetime | None = None

    def build(self, machines: int, end: datetime) -> None:
        self.cloud.estate(n=machines, regions=("cn-hangzhou",), as_of=iso(end))
        self.cloud.organize(deny=(), small=machines)

    @property
    def toml(self) -> str:
        return f"[alibaba]\naccounts = {json.dumps(self.accounts)}\nrole = 'finops-reader'\nregions = ['cn-hangzhou']\n"

    @property
    def env(self) -> dict[str, str]:
        return self.cloud.env

    @property
    def env_down(self) -> dict[str, str]:
        return {**self.cloud.env, "FINOPS_ALIBABA_ENDPOINT": NOWHERE}

    def publish(self, books: Books, at: datetime, *, again: bool = False) -> None:
        lines: dict[tuple[str, date], list[dict[str, Any]]] = {}
        for one in books.between(self.name, self._until, at):
            lines.setdefault((one.account, one.day), []).append(_line(one))
        for (account, day), items in lines.items():
            self.cloud.bill(day.isoformat(), items, account)
        self._until = at

    def truth(self, books: Books, at: datetime) -> Totals:
        """What the server's own ledger has: the estate's lines and the books'."""
        first = min(one.day for one in books.postings)
        return {
            (account, day, currency): amount
            for account in self.accounts
            for (day, currency), amount in self.cloud.charged(first.replace(day=1), account).items()
        }

    def act(self, action: str, account: str, resource: str, at: datetime) -> str:
        region = "cn-hangzhou"
        if action == "create-volume":
            item = {"_free": True, "_from": iso(at), "Size": 200}
            return self.cloud.put("disk", region, {"DiskId": f"d-seed{at:%m%d%H}", **item}, account)
        fields: dict[str, dict[str, Any] | None] = {
            "delete-volume": None,
            "attach-volume": {"Status": "In_use", "InstanceId": "i-somewhere", "AttachedTime": iso(at)},
            "detach-volume": {"Status": "Available", "InstanceId": "", "DetachedTime": iso(at)},
        }
        self.cloud.change("disk", region, resource, fields[action], account)
        return resource


def _line(one: Posting) -> dict[str, Any]:
    product = {"rds": "云数据库RDS", "oss": "对象存储OSS"}[one.service]
    return {
        "InstanceID": f"{one.service}-{one.account[:4]}",
        "ProductCode": one.service,
        "ProductName": product,
        "CommodityCode": one.service,
        "PipCode": one.service,
        "PretaxGrossAmount": float(one.amount),
        "Usage": "24",
        **({"Item": "Refund"} if one.amount < 0 else {}),
    }


class Gcp(Estate):
    """Google Cloud: two projects, and one export for both, whose rows come when they come."""

    name = "gcp"
    accounts = ("acme-web-prod", "acme-data-77")
    services = (("Compute Engine", 360.0), ("Cloud SQL", 210.0))
    throttling = "ratelimit"
    whose = "project"

    def __init__(self, cloud: GcpCloud) -> None:
        self.cloud: GcpCloud = cloud
        self._until: datetime | None = None

    def build(self, machines: int, end: datetime) -> None:
        self.cloud.estate(n=machines, regions=("us-central1",), as_of=iso(end), projects=2)
        self.cloud.bill_days(0)  # the books are the whole of it

    @property
    def toml(self) -> str:
        return (
            f"[gcp]\nprojects = {json.dumps(self.accounts)}\nregions = ['us-central1']\n"
            f"billing_export = '{self.accounts[0]}.{DATASET}.{TABLE}'\n"
        )

    @property
    def env(self) -> dict[str, str]:
        return self.cloud.env

    @property
    def env_down(self) -> dict[str, str]:
        return {**self.cloud.env, "FINOPS_GCP_ENDPOINT": NOWHERE}

    def publish(self, books: Books, at: datetime, *, again: bool = False) -> None:
        arrived = books.between(self.name, self._until, at)
        self.cloud.late_rows([_entry(one) for one in arrived])
        self._until = at

    def act(self, action: str, account: str, resource: str, at: datetime) -> str:
        scope = "zones/us-central1-a"
        if action == "create-volume":
            item = {"name": f"seed-{at:%m%d%H}", "_from": iso(at), "sizeGb": "200"}
            self.cloud.put("disks", scope, item, account)
            return str(item["name"])
        user = f"https://www.googleapis.com/compute/v1/projects/{account}/{scope}/instances/somewhere"
        fields: dict[str, dict[str, Any] | None] = {
            "delete-volume": None,
            "attach-volume": {"users": [user], "lastAttachTimestamp": iso(at)},
            "detach-volume": {"users": [], "lastDetachTimestamp": iso(at)},
        }
        self.cloud.change("disks", scope, resource, fields[action], account)
        return resource


_GOOGLES: Mapping[str, tuple[str, str]] = {
    "Compute Engine": ("6F81-5844-456A", "Compute Engine"),
    "Cloud SQL": ("9662-B51E-5089", "Cloud SQL"),
}


def _entry(one: Posting) -> dict[str, Any]:
    """A row of usage at three in the morning, which on the first of a month is the month before in California."""
    correction = {"description": "Price correction", "cost_type": "adjustment"}
    return {
        "start": f"{one.day}T03:00:00Z",
        "cost": str(one.amount),
        "project": one.account,
        "exported": iso(one.arrives),
        "service": _GOOGLES[one.service],
        "description": f"{one.service} in Americas",
        **(correction if one.amount < 0 else {}),
    }
