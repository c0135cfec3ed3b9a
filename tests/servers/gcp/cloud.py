"""The local Google Cloud as tests and benchmarks see it: one process, one object, every API on one port.

    with Cloud() as cloud:
        truth = cloud.estate(n=120)
        finops("collect", "gcp", "--as-of", truth.as_of, cwd=tmp_path, env=cloud.env)
        assert cloud.count("instances.aggregatedList") == 3
        assert findings("idle-instance") == truth.ids("idle")

By hand: `python -m tests.servers.gcp.server --port 8085` (it ends when its standard input closes).
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.facade import Classes, Facade
from tests.servers.gcp.totals import Totals

AS_OF = "2026-11-20T00:00:00Z"
REGIONS = ("us-central1", "europe-west1", "asia-southeast1")


@dataclass(frozen=True)
class Truth(Classes):
    """What an estate really is: the right answers, known before anybody asks.

    `classes` maps a class to its resources, each `{"id", "name", "project", "region", "zone"?}` with more for some classes:
      instances  idle oversized spot_eligible spot_already stateful stopped stopped_recently suspended daily_spike month_end
                 quarter_end memory_bound memory_unknown gpu_busy disk_busy missing_data no_data new gke_node burstable
                 local_disk windows steady (every instance once); deleted (on the bill and in Monitoring, in no list)
      disks      system low_io busy_data ssd_too_fast ssd_needed hyperdisk_too_fast weekly_backup daily_peak regional_data
                 shared_readonly stopped_data unattached unattached_recently unattached_never unattached_regional csi_claim
                 (every disk once); local (disks that are part of a machine; the id is the machine's)
      addresses  address_unused address_internal address_range address_used address_stopped address_spot address_on_nat
      snapshots  old_snapshot recent_snapshot orphan_snapshot image_snapshot
      network    nat_used nat_idle (id `router id/name`); lb_used lb_idle lb_without_backends lb_global_used lb_global_without_backends
      others     sql_used sql_idle sql_stopped bucket_with_lifecycle bucket_without_lifecycle bucket_lifecycle_empty
                 scaling_group (`members`) commitment_used commitment_underused commitment_expiring commitment_expired
                 cross_zone (instances again, whose bill has traffic between zones; `gib_month`)
    """

    n: int
    as_of: str
    seed: int
    organization: str
    billing_account: str
    projects: dict[str, str]  # id to number
    regions: tuple[str, ...]
    classes: dict[str, list[dict[str, Any]]]
    inventory: dict[str, dict[str, dict[str, int]]]  # project, region ("global"), collection
    currency: str
    bill: list[dict[str, Any]]

    @property
    def totals(self) -> Totals:
        """What the billing export adds up to, to the cent: by account, currency, invoice month, project and resource."""
        return Totals(self.bill)


class Cloud(Facade):
    """A local Google Cloud in a process of its own.

    A call in its log: {"service": "compute", "action": "instances.aggregatedList", "project", "status", "outcome": "ok", a
    reason or the kind of fault, "items", "bytes", "params", "names", "caller", "agent", "seconds"}. Latency goes by service or
    action, token buckets by "service", "action" and "project".
    """

    SERVER = "tests.servers.gcp.server"
    TITLE = "Google Cloud"
    OPERATION = "action"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command that shall see this cloud only, anonymously."""
        return {"FINOPS_GCP_ENDPOINT": self.endpoint, "NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": os.devnull}

    def account(
        self, folder: Path, mail: str = "finops@acme-web-prod.iam.gserviceaccount.com", permissions: Sequence[dict[str, str]] | None = None,
    ) -> dict[str, str]:  # fmt: skip
        """The environment of a new service account whose key file is put into `folder`.

        It has exactly these permissions, `{"permission": "compute.*", "project"?: id}`; None: every one.
        """
        wish = {"mail": mail, "project": "acme-web-prod", "token_uri": f"{self.endpoint}/token"}
        key = self._post(
            "account", {**wish, "permissions": None if permissions is None else list(permissions)}
        )
        path = folder / "key.json"
        path.write_text(json.dumps(key))
        return {**self.env, "GOOGLE_APPLICATION_CREDENTIALS": str(path)}

    def sign_in_only(self, wanted: bool = True) -> None:
        """Refuse requests without a token (401)."""
        self._post("sign-in", {"wanted": wanted})

    def expire_tokens(self) -> None:
        """Every token that was given out is over."""
        self._post("expire", {})

    def deny(self, *permissions: str, project: str = "*") -> None:
        """Refuse these to everybody ("compute.disks.list", "monitoring.*") in this project; none ends it.

        `project` is an id; for lists under a parent and billing accounts it is "folders/N", "organizations/N", "billingAccounts/ID".
        """
        self._post("deny", {"rules": [{"permission": each, "project": project} for each in permissions]})

    def disable(self, *services: str, project: str = "*") -> None:
        """These APIs (compute, monitoring, sqladmin …) are not enabled there; none ends it."""
        self._post("disable", {"pairs": [[each, project] for each in services]})

    def unreachable(self, *scopes: str) -> None:
        """Out of reach: "zones/us-central1-a", "regions/europe-west1" (its zones too); none ends it."""
        self._post("unreachable", {"scopes": list(scopes)})

    def estate(
        self,
        n: int = 120,
        regions: Sequence[str] = REGIONS,
        as_of: str = AS_OF,
        seed: int = 1,
        projects: int = 3,
    ) -> Truth:
        """Build an estate of n instances and all that belongs to them; the cloud's clock stands still at `as_of`.

        Replaces everything that was there. Asked for again and unchanged since, it is not built again.
        """
        wish = {"n": n, "regions": list(regions), "as_of": as_of, "seed": seed, "projects": projects}
        truth = self._post("estate", wish, timeout=600)
        return Truth(**{**truth, "regions": tuple(truth["regions"])})

    def bill_days(self, days: int) -> Totals:
        """How many days of hourly rows the billing export holds (10); call after `estate()`. Returns what they add up to."""
        return self._book("bill", {"bill_days": days})

    def bill_like(
        self, partition: str | None = "_PARTITIONTIME", second_account: bool = False, only_jobs: bool = False
    ) -> Totals:
        """What the export is like, until the next other estate: cut by _PARTITIONTIME, usage_start_time or not at all;
        with the last project on a second billing account, in EUR; without jobs.query. Returns what it adds up to."""
        wish = {"partition_by": partition or "", "second_account": second_account, "only_jobs": only_jobs}
        return self._book("bill", wish)

    def late_row(
        self, start: str, cost: str, project: str | None = "acme-web-prod", resource: str | None = None,
        credits: Sequence[tuple[str, str]] = (), description: str = "N2 Instance Core running in Americas",
        cost_type: str = "regular", exported: str | None = None,
    ) -> Totals:  # fmt: skip
        """One more row, of usage in the hour that begins at `start`, which arrives only now (or at `exported`).

        `resource` is the number of one of the project's, credits are types and (negative) amounts. Returns the new totals.
        """
        wish = {
            "start": start,
            "cost": cost,
            "project": project,
            "resource": resource,
            "credits": list(credits),
        }
        return self._book(
            "row", {**wish, "description": description, "cost_type": cost_type, "exported": exported}
        )

    def late_rows(self, rows: Sequence[dict[str, Any]]) -> None:
        """Many such rows at once, each {"start", "cost", "project", "exported", "service": (id, name), "description"};
        what is left out is as in `late_row`."""
        plain = {
            "resource": None,
            "credits": [],
            "description": "N2 Instance Core running in Americas",
            "cost_type": "regular",
            "exported": None,
        }
        self._post("rows", {"rows": [{**plain, **each} for each in rows]})

    def correction(
        self, start: str, cost: str, project: str | None = "acme-web-prod", resource: str | None = None
    ) -> Totals:
        """Google's way to restate what was billed: a further row by which the sum is another one."""
        return self.late_row(
            start, cost, project, resource, description="Price correction", cost_type="adjustment"
        )

    def flows(self, entries: Sequence[dict[str, Any]], by_day: bool = False) -> None:
        """What a sink of Logging wrote to BigQuery: compute_googleapis_com_vpc_flows beside the bill, or one such table for
        each day."""
        self._post("flows", {"entries": list(entries), "by_day": by_day})

    def totals(self) -> Totals:
        """What the billing export adds up to as it is now."""
        return self._book("totals", {})

    def _book(self, command: str, wish: dict[str, Any]) -> Totals:
        return Totals(self._post(command, wish))

    def catalogue(self, big: bool = False, more: Sequence[dict[str, Any]] = ()) -> None:
        """Prices of all regions there are (two pages) or of the few that have machines; further SKUs by hand."""
        self._post("catalogue", {"big": big, "more": list(more)})

    def put(
        self, kind: str, scope: str, item: dict[str, Any] | None = None, project: str = "acme-web-prod"
    ) -> str:
        """Add a resource to a collection ("instances") and scope ("zones/us-central1-a"); returns its id.

        Its fields are the API's, those left out as in a plain one, None means absent; `_from` since when, `_type` its type.
        """
        return str(self._post("put", {"kind": kind, "scope": scope, "item": item or {}, "project": project}))

    def change(
        self, kind: str, scope: str, name: str, fields: dict[str, Any] | None, project: str = "acme-web-prod"
    ) -> None:
        """Change fields of a resource behind everybody's back; None removes it."""
        self._post(
            "change", {"kind": kind, "scope": scope, "name": name, "fields": fields, "project": project}
        )

    def series(
        self, metric: str, resource_type: str, resource: dict[str, str], labels: dict[str, str], start: str, step: int,
        values: Sequence[float | None], project: str = "acme-web-prod",
    ) -> None:  # fmt: skip
        """Store a hand-made series (None: no point); a generated one of the same labels goes."""
        wish = {
            "metric": metric,
            "resource_type": resource_type,
            "resource": resource,
            "labels": labels,
            "start": start,
            "step": step,
        }
        self._post("series", {**wish, "values": list(values), "project": project})

    def faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Replace the injected faults; an empty list ends them.

        A rule: {"kind": …, "service"?, "action"?, "project"?, "first": n | "every": n | "rate": p, "seed"?}. Kinds:
          ratelimit   403 rateLimitExceeded of Compute and BigQuery, 429 elsewhere
          error       any error: "status" (500), "message", "code" (its reason)
          http500  http503   in the API's words      http502html   a proxy's page      http503empty   no body
          denied      as IAM refuses      disabled   the API is not enabled      expired   401
          reset       the connection breaks before the answer      hang   no answer for "seconds" (30)
          truncate    full Content-Length, half the body, closed   short  half the body with a length that fits
          slow        the answer comes "seconds" (1) late
          body        "body" is the answer: a text, or anything that becomes JSON ("status": 200)
        """
        super().faults(rules)
