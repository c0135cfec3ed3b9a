"""The local Alibaba Cloud as tests and benchmarks see it: one process, one object.

    with Cloud() as cloud:
        truth = cloud.estate(n=100)
        finops("collect", "alibaba", "--as-of", truth.as_of, cwd=tmp_path, env=cloud.env)
        assert cloud.count("DescribeInstances") <= 3
        assert findings("idle-instance") == truth.ids("idle")

The process speaks real HTTP and verifies every signature. It starts in well under a second, and so does an estate
of 1,000 instances. Share one per session and call `fresh()` or `estate(...)` between tests.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.servers.alibaba.state import ACCOUNT as ACCOUNT
from tests.servers.alibaba.state import ADMIN_KEY, ADMIN_SECRET
from tests.servers.facade import Classes, Facade

AS_OF = "2026-11-20T00:00:00Z"
REGIONS = ("cn-hangzhou", "cn-beijing", "ap-southeast-1")


@dataclass(frozen=True)
class Truth(Classes):
    """What an estate really is: the right answers, known before anybody asks.

    `classes` maps a class to its resources, each `{"id", "region"}` with more for some classes:
      instances  idle oversized spot_eligible spot_already stateful stopped_charging stopped_economical stopped_recently
                 daily_spike month_end quarter_end memory_bound memory_unknown gpu_busy disk_busy missing_data no_data new
                 subscription_idle_renewing subscription_idle_ending subscription_stopped ack_node burstable local_disk
                 steady (every instance once)
      disks      system low_io busy_data essd_pl_too_high essd_needed weekly_backup daily_peak stopped_data unattached
                 unattached_recently unattached_never prepaid_unattached csi_claim local (every disk once)
      addresses  eip_unused eip_prepaid_unused eip_used eip_stopped eip_on_nat
      snapshots  old_snapshot recent_snapshot orphan_snapshot image_snapshot
      network    nat_used nat_without_entries nat_forward_only nat_without_address nat_private; slb_ used idle without_listeners
                 without_servers; alb_ and nlb_ used idle without_listeners
      others     rds_used rds_idle bucket_with_lifecycle bucket_without_lifecycle bucket_lifecycle_disabled
                 scaling_group (`members`) reserved_instance savings_plan resource_package
                 released (instances that are gone: on the bill and in CloudMonitor, but in no list)
    """

    n: int
    as_of: str
    seed: int
    account: str
    site: str
    currency: str
    regions: tuple[str, ...]
    classes: dict[str, list[dict[str, Any]]]
    inventory: dict[str, dict[str, int]]


class Cloud(Facade):
    """A local Alibaba Cloud in a process of its own."""

    SERVER = "tests.servers.alibaba.server"
    TITLE = "Alibaba Cloud"
    OPERATION = "action"

    # Who one is

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command that shall see this cloud only, as an administrator."""
        return self.env_of(ADMIN_KEY, ADMIN_SECRET)

    def env_of(self, key: str, secret: str, token: str | None = None) -> dict[str, str]:
        """The same with somebody's keys; no profile, no metadata service, no proxy."""
        env = {
            "FINOPS_ALIBABA_ENDPOINT": self.endpoint,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": key,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "ALIBABA_CLOUD_CREDENTIALS_FILE": os.devnull,
        }
        return env | ({"ALIBABA_CLOUD_SECURITY_TOKEN": token} if token else {})

    def user(self, policy: dict[str, Any] | None = None, account: str = ACCOUNT) -> dict[str, str]:
        """The environment of a new RAM user with exactly this policy (none: no right at all)."""
        keys = self._post("user", {"policy": policy or {"Version": "1", "Statement": []}, "account": account})
        return self.env_of(keys["key"], keys["secret"])

    def deny(self, *actions: str) -> None:
        """Refuse these to everybody ("ecs:DescribeDisks", "cms:*"), each in its product's words; none ends it."""
        self._post("deny", {"actions": list(actions)})

    def role(
        self,
        name: str = "finops-reader",
        account: str = ACCOUNT,
        trusts: Sequence[str] = (ACCOUNT,),
        external_id: str | None = None,
        policy: dict[str, Any] | None = None,
    ) -> str:
        """A role that these accounts (or OIDC providers, by ARN) may assume; returns its ARN. No policy: may do all."""
        wish = {
            "name": name,
            "account": account,
            "trusts": list(trusts),
            "external_id": external_id,
            "policy": policy,
        }
        return str(self._post("role", wish))

    def oidc(self, token: str, provider: str) -> None:
        """From now on AssumeRoleWithOIDC takes this token for one of this provider's (an ARN)."""
        self._post("oidc", {"token": token, "provider": provider})

    def expire_tokens(self) -> None:
        """Every temporary key that was given out is over."""
        self._post("expire", {})

    # What is there

    def estate(
        self,
        n: int = 100,
        regions: Sequence[str] = REGIONS,
        as_of: str = AS_OF,
        seed: int = 1,
        site: str = "china",
    ) -> Truth:
        """Build an estate of n instances and all that belongs to them; the cloud's clock stands still at `as_of`.

        Replaces everything that was there. Asked for again and unchanged since, it is not built again.
        `site` is "china" (CNY) or "international" (USD).
        """
        wish = {"n": n, "regions": list(regions), "as_of": as_of, "seed": seed, "site": site}
        truth = self._post("estate", wish, timeout=600)
        return Truth(**{**truth, "regions": tuple(truth["regions"])})

    def organize(
        self,
        deny: Sequence[str] = ("3333333333333333",),
        small: int = 12,
        external_id: str | None = None,
        pays: bool = False,
    ) -> dict[str, Any]:
        """A resource directory: three members, each with a small estate and a role `finops-reader`, and one removed.

        Accounts in `deny` have no such role. `pays`: what members cost is on the bill of the management account too,
        with their OwnerID. Call after `estate()`.
        Returns `{"management": id, "members": {id: {"role": arn | None, "truth": …, "name"}}, "removed": [id], "role_name"}`.
        """
        wish = {"deny": list(deny), "small": small, "external_id": external_id, "pays": pays}
        return dict(self._post("organize", wish, timeout=300))

    def clock(self, as_of: str | None) -> None:
        """Set the instant that metrics, prices and bills go by; None: the real clock. Signatures go by the real one."""
        super().clock(as_of)

    def site(self, site: str, account: str = ACCOUNT) -> None:
        """The account is one of the "china" or of the "international" site."""
        self._post("site", {"site": site, "account": account})

    def put(self, kind: str, region: str, item: dict[str, Any] | None = None, account: str = ACCOUNT) -> str:
        """Add a resource; its fields are the API's, those left out as in a plain one, None means absent. Returns its id.

        Kinds: instance disk snapshot eip nat snat forward slb slb_listener alb nlb alb_listener nlb_listener db
        scaling_group scaling_instance reserved_instance savings_plan resource_package bucket. For us alone: `_from`
        (since when), `_stopped_at`, `_ends`, `_renewal`; of buckets `_lifecycle` (the rules' XML) and `_stat`.
        """
        return str(
            self._post("put", {"kind": kind, "region": region, "item": item or {}, "account": account})
        )

    def change(
        self, kind: str, region: str, resource_id: str, fields: dict[str, Any] | None, account: str = ACCOUNT
    ) -> None:
        """Change fields of a resource behind everybody's back; None removes it."""
        self._post(
            "change",
            {"kind": kind, "region": region, "id": resource_id, "fields": fields, "account": account},
        )

    def series(
        self,
        region: str,
        namespace: str,
        metric: str,
        instance_id: str | dict[str, str],
        start: str,
        step: int,
        values: Sequence[float | None],
        maxima: Sequence[float | None] | None = None,
        account: str = ACCOUNT,
    ) -> None:
        """Store a hand-made metric (None: no point) of an instance, or of whatever dimensions; a generated one goes."""
        own = {"instanceId": instance_id} if isinstance(instance_id, str) else instance_id
        wish = {
            "region": region,
            "namespace": namespace,
            "metric": metric,
            "dimensions": own,
            "start": start,
            "step": step,
        }
        maximum = None if maxima is None else list(maxima)
        self._post("series", {**wish, "values": list(values), "maxima": maximum, "account": account})

    def disk_series(
        self,
        region: str,
        disk_id: str,
        start: str,
        step: int,
        reads: Sequence[float | None],
        writes: Sequence[float | None],
        account: str = ACCOUNT,
    ) -> None:
        """Operations per second of a disk, as DescribeDiskMonitorData tells them; bytes are 16 KiB each."""
        wish = {"region": region, "disk": disk_id, "start": start, "step": step, "account": account}
        self._post("disk-series", {**wish, "reads": list(reads), "writes": list(writes)})

    def bill(self, day: str, items: Sequence[dict[str, Any]], account: str = ACCOUNT) -> None:
        """Add lines to the bill of a day (YYYY-MM-DD, Beijing's); their fields are the API's, the rest as in a plain one.

        PretaxAmount is PretaxGrossAmount less InvoiceDiscount and DeductedByCoupons unless given; None: absent.
        """
        self._post("bill", {"day": day, "items": list(items), "account": account})

    def charged(self, first: date, account: str = ACCOUNT) -> dict[tuple[date, str], Decimal]:
        """What the bill of an account sums up to from a day on, by day (Beijing's) and currency."""
        sums = self._post("charged", {"first": first.isoformat(), "account": account})
        return {(date.fromisoformat(day), currency): Decimal(amount) for day, currency, amount in sums}

    # What was asked

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Every request in order of arrival, retries included (control requests excluded).

        {"product": "ecs", "action", "region", "account", "key", "status", "outcome": "ok" or an error code or the kind of
        fault, "items": how many the answer holds, "bytes", "started", "seconds", "params": what was asked}.
        """
        return super().calls(operation)

    # What goes wrong

    def faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Replace the injected faults; an empty list ends them.

        A rule: {"kind": …, "product"?, "action"?, "region"?, "account"?, "first": n | "every": n | "rate": p, "seed"?}
        (none of the three: always; all others match everything when left out). Kinds:
          throttle    Throttling.User, 400 (or "code" and "status" of the rule)
          error       any error: "code", "status" (400), "message"
          http500     InternalError        http502html   a proxy's HTML page      http503empty   no body
          denied      as RAM refuses       expired       the temporary key is over
          inner       HTTP 200 with Success=false and Code 500 inside
          reset       the connection breaks before the answer      hang   no answer for "seconds" (30)
          truncate    full Content-Length, half the body, closed   short  half the body with a length that fits
          slow        the answer comes "seconds" (1) late
          body        "body" is the answer, whatever it says: a text, or anything that becomes JSON ("status": 200)
        """
        super().faults(rules)

    def buckets(self, rules: Sequence[dict[str, Any]]) -> None:
        """Token buckets per account, region and action, throttled when empty: {"product"?, "action"?, "tokens", "per_second"}.

        Real values: DescribeMetricList 50/s, DescribeInstanceBill 10/s. Off by default.
        """
        super().buckets(rules)

    def metric_quota(self, calls: int | None) -> None:
        """How many calls of CloudMonitor are left this month before LimitExceeded; None: no end."""
        self._post("quota", {"calls": calls})
