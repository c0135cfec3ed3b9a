"""Loads the sample as a collector would: scope by scope, one of them denied; and writes its bills to files."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from collectors.sample import bill, catalogue
from collectors.sample.estate import AWS_DEV, Disk, Ip, Machine, Sample, build, tag_rows
from collectors.sample.metrics import disk_metrics, hourly_metrics, machine_metrics, service_metrics
from collectors.sample.service import IDS, Service
from collectors.sample.services import services
from collectors.sample.talk import traffic_rows
from collectors.scopes import GLOBAL
from finops.warehouse import Scope, Writer, load_scope, record_failure

AS_OF = datetime(2026, 11, 1)  # noqa: DTZ001 - instants are naive UTC throughout
DENIED = Scope("aws", AWS_DEV, "eu-west-1", "metrics")
_DENIED_SAID = (
    "AccessDenied: the role finops-reader is not authorized to perform cloudwatch:GetMetricData; "
    "add it to the role's policy"
)


def load_inventory(writer: Writer, *, as_of: datetime = AS_OF) -> None:
    """Replaces every scope of the sample in the warehouse: inventory, metrics, types and prices."""
    sample = build(as_of)
    beside = services(as_of)
    places = sorted({(one.cloud, one.account, one.region) for some in (sample.disks, beside) for one in some})
    tags = tag_rows(sample)
    for cloud, account, region in places:
        here = _filter(cloud, account, region)
        load = _loader(writer, cloud, account, region, as_of)
        if region == GLOBAL:
            load("commitments", **_service_rows("commitments", filter(here, beside)))
            continue
        for table in IDS:
            load(table, **_service_rows(table, filter(here, beside)))
        load(
            "instances",
            instances=_instance_rows(filter(here, sample.machines)),
            tags=_tags_of(tags, "instance", cloud, account, region),
        )
        load(
            "volumes",
            volumes=_volume_rows(filter(here, sample.disks)),
            tags=_tags_of(tags, "volume", cloud, account, region),
        )
        load("public_ips", public_ips=_ip_rows(filter(here, sample.ips)))
        if found := traffic_rows(filter(here, sample.machines), as_of):
            load("traffic", traffic=found)
        load("instance_types", instance_types=catalogue.type_rows(cloud))
        load("prices", prices=catalogue.list_rows(cloud, region, as_of))
        load("spot_prices", prices=catalogue.spot_rows(cloud, region, as_of))
        _load_metrics(writer, Scope(cloud, account, region, "metrics"), sample, beside, here, as_of)


def write_bills(folder: Path, *, as_of: datetime = AS_OF) -> list[Path]:
    """Writes one FOCUS 1.2 bill per cloud into `folder` and returns the files."""
    return bill.write(folder, build(as_of), services(as_of), as_of)


def _load_metrics(
    writer: Writer,
    scope: Scope,
    sample: Sample,
    beside: list[Service],
    here: Callable[[Any], bool],
    as_of: datetime,
) -> None:
    if scope == DENIED:
        record_failure(writer.con, writer.run_id, scope, "denied", _DENIED_SAID, at=as_of, calls=1)
        return
    rows = [
        *machine_metrics(filter(here, sample.machines), as_of),
        *disk_metrics(filter(here, sample.disks), as_of),
        *service_metrics(filter(here, beside), as_of),
        *hourly_metrics(filter(here, sample.machines), as_of),
    ]
    load_scope(writer.con, writer.run_id, scope, {"metrics": [pa.Table.from_pylist(rows)]}, at=as_of, calls=0)


def _loader(writer: Writer, cloud: str, account: str, region: str, as_of: datetime) -> Callable[..., None]:
    def load(dataset: str, **rows: list[dict[str, Any]]) -> None:
        scope = Scope(cloud, account, region, dataset)
        batches = {table: [pa.Table.from_pylist(found)] for table, found in rows.items() if found}
        load_scope(writer.con, writer.run_id, scope, batches, at=as_of)

    return load


def _filter(cloud: str, account: str, region: str) -> Callable[[Any], bool]:
    return lambda one: (one.cloud, one.account, one.region) == (cloud, account, region)


def _tags_of(rows: Iterable[Mapping[str, Any]], kind: str, *place: str) -> list[dict[str, Any]]:
    return [
        dict(row)
        for row in rows
        if (row["cloud"], row["account_id"], row["region"]) == place and row["resource_type"] == kind
    ]


def _service_rows(table: str, found: Iterable[Service]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the services of one table, and of the tables that come with it."""
    rows: dict[str, list[dict[str, Any]]] = {table: []}
    for one in found:
        if one.table != table:
            continue
        rows[table].append({**_place(one), IDS[table]: one.id, **one.row})
        for other, more in one.others.items():
            rows.setdefault(other, []).extend({**_place(one), **row} for row in more)
    return rows


def _instance_rows(machines: Iterable[Machine]) -> list[dict[str, Any]]:
    return [
        {
            **_place(one),
            "instance_id": one.id,
            "zone": one.zone,
            "name": one.name,
            "state": one.state,
            "state_since": one.stopped_at or one.launched_at,
            "instance_type": one.type,
            "platform": "linux",
            "purchase_model": one.model,
            "scaling_group": one.group,
            "launched_at": one.launched_at,
            "stopped_mode": "stop_charging" if one.cloud == "alibaba" and one.stopped_at else None,
        }
        for one in machines
    ]


def _volume_rows(disks: Iterable[Disk]) -> list[dict[str, Any]]:
    return [
        {
            **_place(one),
            "volume_id": one.id,
            "zone": one.zone,
            "name": one.name,
            "state": "attached" if one.machine else "unattached",
            "volume_type": one.type,
            "performance_level": one.level,
            "medium": one.medium,
            "size_gib": float(one.size_gib),
            "iops": 3000.0 if one.type == "gp3" else None,
            "throughput_mib": 125.0 if one.type == "gp3" else None,
            "instance_id": one.machine.id if one.machine else None,
            "is_boot": one.is_boot,
            "delete_with_instance": one.is_boot,
            "created_at": one.created_at,
            "detached_at": one.detached_at,
            "kubernetes_claim": one.claim,
        }
        for one in disks
    ]


def _ip_rows(ips: Iterable[Ip]) -> list[dict[str, Any]]:
    return [
        {
            **_place(one),
            "ip_id": one.id,
            "address": one.address,
            "name": f"ip-{one.address.replace('.', '-')}" if one.cloud == "gcp" else None,
            "state": "in_use" if one.machine else "unused",
            "resource_id": one.machine.id if one.machine else None,
            "resource_type": "instance" if one.machine else None,
            "created_at": one.machine.launched_at if one.machine else one.unused_since,
            "unused_since": one.unused_since,
        }
        for one in ips
    ]


def _place(one: Machine | Disk | Ip | Service) -> dict[str, Any]:
    return {"cloud": one.cloud, "account_id": one.account, "region": one.region}


__all__ = ["AS_OF", "DENIED", "load_inventory", "write_bills"]
