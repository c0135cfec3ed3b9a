"""The local AWS as tests and benchmarks see it: one process, one object.

    with Cloud() as cloud:
        truth = cloud.estate(n=100)
        finops("collect", "aws", "--as-of", truth.as_of, cwd=tmp_path, env=cloud.env)
        assert cloud.count("GetMetricData") <= 3
        assert findings("idle-instance") == truth.ids("idle")

The process speaks real HTTP: moto for what moto does well, our own layer in front for what it does not. Nothing
here imports moto. A Cloud takes about two seconds to start, an estate of 100 instances a few more: share one
per session and call `fresh()` between tests, or `estate(...)` again, which costs nothing while nobody changed it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.servers.facade import Classes, Facade

ACCOUNT = "123456789012"
AS_OF = "2026-11-20T00:00:00Z"
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-1")


@dataclass(frozen=True)
class Truth(Classes):
    """What an estate really is: the right answers, known before anybody asks.

    `classes` maps a class to its resources, each `{"id", "region", "type", "name"}` with more for some classes:
      instances  idle oversized spot_eligible stopped stopped_recently daily_spike month_end quarter_end memory_bound
                 gpu_busy missing_data no_data new stateful spot_already steady memory_unknown (every instance once)
      volumes    root low_io unattached unattached_recently claimed (unattached, but of a Kubernetes claim) busy_data
                 weekly_backup daily_peak stopped_data (every volume once), and across those: gp2
      addresses  unused_ip used_ip stopped_ip nat_ip      (ids are allocation ids)
      snapshots  ami_snapshot old_snapshot recent_snapshot orphan_snapshot
      others     scaling_group (the ids are names; `members`), terminated (minutes ago; not one of the n)
      network    nat_gateway idle_nat_gateway alb idle_alb nlb idle_nlb alb_without_targets classic_elb idle_classic_elb
    """

    n: int
    as_of: str
    seed: int
    account: str
    regions: tuple[str, ...]
    classes: dict[str, list[dict[str, Any]]]
    inventory: dict[str, dict[str, int]] = field(default_factory=dict)


class Cloud(Facade):
    """A local AWS in a process of its own. Everything it offers is a method here; plain boto3 works too."""

    SERVER = "tests.servers.aws.server"
    TITLE = "AWS"
    VARIABLES: ClassVar = {"PYTHONWARNINGS": "ignore"}

    def __init__(self) -> None:
        super().__init__()
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    # Who one is

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command or SDK that shall see this cloud only, as an administrator."""
        return self.env_of("AKIAADMINADMINADMIN0", "admin-secret")

    def env_of(self, key: str, secret: str, token: str | None = None) -> dict[str, str]:
        """The same with somebody's keys."""
        env = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        return env | ({"AWS_SESSION_TOKEN": token} if token else {})

    def client(
        self, service: str, region: str = "us-east-1", env: dict[str, str] | None = None, **config: Any
    ) -> Any:
        """A boto3 client on this cloud; `config` goes to botocore's Config (default: no retries)."""
        import boto3
        from botocore.config import Config

        who = env or self.env
        wish = repr((service, region, sorted(who.items()), sorted(config.items())))
        if wish not in self._clients:
            # One session: it keeps the service models, which take longer to read than most tests to run.
            self._session = self._session or boto3.Session()
            settings = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}} | config
            self._clients[wish] = self._session.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=who["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=who["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=who.get("AWS_SESSION_TOKEN"),
                config=Config(**settings),
            )
        return self._clients[wish]

    def enforce_iam(self, policy: dict[str, Any] | None = None) -> dict[str, str]:
        """Turn IAM on; returns the environment of a new user with exactly this policy (none: no right at all).

        Keys and signatures are checked from now on too. The administrator of `.env` keeps every right.
        """
        keys = self._post("iam", {"enforce": True, "policy": policy})
        return self.env_of(keys["key"], keys["secret"])

    def stop_enforcing_iam(self) -> None:
        self._post("iam", {"enforce": False})

    # What is there

    def estate(
        self,
        n: int = 100,
        regions: Sequence[str] = REGIONS,
        as_of: str = AS_OF,
        seed: int = 0,
        keep: bool = True,
    ) -> Truth:
        """Build an estate of n instances and all that belongs to them; the cloud's clock stands still at `as_of`.

        Replaces everything that was there. Asked for again and unchanged since, it is not built again (unless not `keep`).
        """
        wish = {"n": n, "regions": list(regions), "as_of": as_of, "seed": seed, "keep": keep}
        truth = self._post("estate", wish, timeout=600)
        return Truth(**{**truth, "regions": tuple(truth["regions"])})

    def organization(self, deny: Sequence[str] = ("333333333333",), small: int = 12) -> dict[str, Any]:
        """Three member accounts, each with a small estate and a role `finops-reader` to assume; call after `estate()`.

        Accounts in `deny` have no such role. Returns `{"management": id, "members": {id: {"role": arn | None, "truth": …}}}`.
        """
        answer: dict[str, Any] = self._post("organization", {"deny": list(deny), "small": small}, timeout=300)
        return answer

    def series(
        self,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        start: str,
        values: Sequence[float | None],
        step: int = 300,
        region: str = "us-east-1",
        account: str = ACCOUNT,
    ) -> None:
        """Store a hand-made series (None: no datapoint); AWS/ namespaces are allowed here, unlike by PutMetricData."""
        self._post(
            "series",
            {
                "namespace": namespace,
                "name": name,
                "dimensions": dimensions,
                "start": start,
                "values": list(values),
                "step": step,
                "region": region,
                "account": account,
            },
        )

    def costs(self, charges: Sequence[dict[str, Any]] | None = None, page: int = 1000) -> None:
        """What Cost Explorer tells from now on, until `fresh()` or `estate()`; None: 100 USD of usage a day.

        A charge is there each day, or on its "day": {"account", "service", "region", "record_type": "Usage", "day"?,
        "unblended": "1.5", and where they differ "amortized", "net_unblended", "net_amortized"}; all have defaults.
        The account of the organization that pays sees all of them, others their own. A page has so many groups.
        """
        self._post("costs", {"charges": None if charges is None else list(charges), "page": page})

    def move(self, action: str, resource_id: str, region: str = "us-east-1", **more: Any) -> str | None:
        """Change the estate behind everybody's back, without a call in the log, at the cloud's own instant.

        `run-instance` (the id is its type) and `create-volume` (its volume type) return the new id; `attach-volume`
        (instance=…) | `terminate` | `stop` | `start` | `delete-volume` | `detach-volume` | `release-address` | `retype` (type=…) | `tag` (tags={…}).
        """
        made: str | None = self._post("move", {"action": action, "id": resource_id, "region": region, **more})
        return made

    # What was asked

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Every request in order of arrival, retries included (control requests excluded).

        {"service": "ec2", "operation": "DescribeVolumes", "region", "account", "key", "status": 200, "outcome": "ok" or an
        error code or the kind of fault, "queries": n and "datapoints": n (CloudWatch, else 0), "items": n (paged
        answers, else 0), "started", "seconds", "bytes", "asked": the parameters as they arrived (of metric queries
        namespace, name, dimensions, period and statistic)}. `service` is the name in IAM (cloudwatch, elasticloadbalancing).
        """
        return super().calls(operation)

    # What goes wrong

    def faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Replace the injected faults; an empty list ends them.

        A rule: {"kind": …, "service"?, "operation"?, "region"?, "account"?, "first": n | "every": n | "rate": p, "seed"?}
        (none of the three: always; all others match everything when left out). Kinds:
          throttle    the service's own throttling code and status (or "code" and "status" of the rule)
          error       any error: "code", "status" (400), "message"
          http500     the service's internal error   http502html   a proxy's HTML page   http503empty   no body
          denied      as an IAM denial               expired       credentials expired   disabled  region not enabled
          reset       the connection breaks before the answer      hang   no answer for "seconds" (30)
          truncate    full Content-Length, half the body, closed   short  half the body with a length that fits
          slow        the answer comes "seconds" (1) late
        """
        super().faults(rules)

    def buckets(self, rules: Sequence[dict[str, Any]]) -> None:
        """Token buckets per account, region and operation, throttled when empty: {"service"?, "operation"?, "tokens", "per_second"}.

        Real values: EC2 100 tokens, +20/s; GetMetricData 50/s. Off by default.
        """
        super().buckets(rules)
