"""Exports as the clouds lay them into folders: files by path, with their manifests."""

import json
from collections.abc import Mapping
from pathlib import Path

Tree = dict[str, bytes]  # contents by path


def data_export(
    files: Mapping[str, bytes],
    *,
    month: str = "2026-10",
    root: str = "bills/acme",
    execution: str = "",
    bucket: str = "bucket-of-acme",
    renewed: bool = True,
) -> Tree:
    """AWS Data Exports. With an execution into folders of their own, the period's manifest renewed or not."""
    name = root.rpartition("/")[2]
    inside = f"BILLING_PERIOD={month}/"
    data = f"{root}/data/{inside}{f'{execution}/' if execution else ''}"
    tree = {f"{data}{each}": content for each, content in files.items()}
    text = {
        "executionId": execution.rpartition("Z-")[2] or "e1",
        "dataFiles": [f"s3://{bucket}/{key}" for key in tree],
    }
    manifest = json.dumps(text).encode()
    metadata = f"{root}/metadata/{inside}"
    if execution:
        tree[f"{metadata}{execution}/{name}-Manifest.json"] = manifest
    if renewed:
        tree[f"{metadata}{name}-Manifest.json"] = manifest
    return tree


def report(
    files: Mapping[str, bytes],
    *,
    dates: str = "20261001-20261101",
    root: str = "cur/acme",
    assembly: str = "",
    athena: bool = False,
    renewed: bool = True,
    bucket: str = "bucket-of-acme",
) -> Tree:
    """AWS's legacy Cost and Usage Report: versions kept (a folder per assembly), overwritten, or laid out for Athena."""
    name = root.rpartition("/")[2]
    period = f"{root}/{dates}/"
    where = f"{period}{assembly}/" if assembly else period
    if athena:
        where = f"{root}/{name}/year={dates[:4]}/month={int(dates[4:6])}/"
    tree = {f"{where}{each}": content for each, content in files.items()}
    first, last = dates.split("-")
    text = {
        "assemblyId": assembly or "3f3f1a1c-7e0e-4e0f-9b6e-3a7d5b1d2c11",
        "account": "000000000042",
        "columns": [{"category": "identity", "name": "LineItemId"}],
        "charset": "UTF-8",
        "compression": "Parquet" if athena else "GZIP",
        "contentType": "text/csv",
        "reportId": "0a1b",
        "reportName": name,
        "billingPeriod": {"start": f"{first}T000000.000Z", "end": f"{last}T000000.000Z"},
        "bucket": bucket,
        "reportKeys": list(tree),
        "additionalArtifactKeys": [],
    }
    manifest = json.dumps(text).encode()
    if assembly:
        tree[f"{period}{assembly}/{name}-Manifest.json"] = manifest
    if renewed:
        tree[f"{period}{name}-Manifest.json"] = manifest
    return tree


def azure(
    files: Mapping[str, bytes],
    *,
    run: str = "202611010400",
    submitted: str = "2026-11-01T04:00:03.1032074Z",
    dates: str = "20261001-20261031",
    root: str = "exports/costs",
    guid: str = "af754a8e-30fc-4ef3-bfc6-71bd1efb8598",
    kind: str = "FocusCost",
) -> Tree:
    """An Azure Cost Management export that keeps its reports; without `run` one that overwrites them."""
    folder = f"{root}/{dates}/{f'{run}/' if run else ''}{guid}/"
    tree = {f"{folder}{each}": content for each, content in files.items()}
    blobs = [{"blobName": key, "byteCount": len(content)} for key, content in tree.items()]
    name = root.rpartition("/")[2]
    text = {
        "exportConfig": {
            "exportName": name,
            "resourceId": f"/subscriptions/0/providers/Microsoft.CostManagement/exports/{name}",
            "dataVersion": "1.0",
            "apiVersion": "2023-07-01-preview",
            "type": kind,
            "timeFrame": "MonthToDate",
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": True,
            "dataOverwriteBehavior": "CreateNewReport",
            "fileFormat": "Csv",
        },
        "runInfo": {
            "executionType": "Scheduled",
            "submittedTime": submitted,
            "runId": guid,
            "startDate": "2026-10-01T00:00:00",
            "endDate": "2026-10-31T00:00:00",
        },
        "blobs": blobs,
    }
    return tree | {f"{folder}manifest.json": json.dumps(text).encode()}


def lay(folder: Path, *trees: Tree) -> Path:
    """Writes the files; returns the folder."""
    for tree in trees:
        for name, content in tree.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder
