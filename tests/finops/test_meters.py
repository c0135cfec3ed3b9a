"""What a line of Google's bill pays for, from the words of its SKU: those of the public price list, old and new."""

import csv
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from finops import meters

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "gcp"
MAPPING = SAMPLES / "cyclenerd" / "build_mapping.csv"
# The component and the flow of each description.
SKUS = {
    "N1 Predefined Instance Core running in Americas": "compute",
    "N1 Predefined Instance Ram running in Americas": "compute",
    "Custom Instance Core running in Americas": "compute",
    "Custom Extended Instance Ram running in Americas": "compute",
    "N2 Custom Extended Ram in Americas": "compute",
    "Spot Preemptible N4A Instance Ram running in Iowa": "compute",
    "Compute optimized Core running in Americas": "compute",
    "Memory Optimized Upgrade Premium for Memory-optimized Instance Core running in Iowa": "compute",
    "Micro Instance with burstable CPU running in Americas": "compute",
    "N2 Sole Tenancy Instance Core running in Americas": "compute",
    "Sole Tenancy Premium for N1 Predefined Instance Ram running in Americas": "compute",
    "Licensing Fee for Windows Server 2019 Datacenter Edition (CPU cost)": "compute",
    "Licensing Fee for Windows Server 2019 Datacenter Edition (GPU cost)": "compute",
    "Licensing Fee for Red Hat Enterprise Linux 9 on VM with up to 8 VCPU": "compute",
    "Nvidia Tesla T4 GPU running in Americas": "gpu",
    "Nvidia Tesla A100 80GB GPU attached to Spot Preemptible VMs running in Iowa": "gpu",
    "RTX 6000 96GB running in Iowa": "gpu",
    "RTX 6000 96GB attached to Spot Preemptible VMs running in Iowa": "gpu",
    "SSD backed Local Storage": "local_disk",
    "SSD backed Local Storage attached to Spot Preemptible VMs in Iowa": "local_disk",
    "C4 Instance Local SSD running in Iowa": "local_disk",
    "Storage PD Capacity": "storage",
    "Regional Balanced PD Capacity in Belgium": "storage",
    "SSD backed PD Capacity in Frankfurt": "storage",
    "Extreme PD Capacity": "storage",
    "Hyperdisk Balanced High Availability Capacity in Iowa": "storage",
    "Storage Machine Image": "storage",
    "Suspended VM memory in Americas": "storage",
    "Extreme PD IOPS": "iops",
    "Hyperdisk Balanced IOPS in Iowa": "iops",
    "Hyperdisk Throughput Capacity in Iowa": "storage",
    "Hyperdisk Throughput Throughput Capacity in Iowa": "throughput",
    "Hyperdisk Balanced Throughput": "throughput",
    "Storage PD Snapshot in US": "snapshot",
    "PD snapshot egress between NA and EU": "snapshot",
    "Static Ip Charge in Belgium": "public_ip_idle",
    "External IP Charge on a Standard VM": "public_ip",
    "External IP Charge on a Spot Preemptible VM": "public_ip",
    "Network Inter Zone Data Transfer Out": "cross_zone cross_zone out",
    "Network Inter Zone Egress": "cross_zone cross_zone out",
    "Network Inter Zone Ingress": "cross_zone",
    "Network Intra Zone Egress": "other",
    "Network Intra Zone Data Transfer Out": "other",
    "Network Inter Region Data Transfer Out from Americas to EMEA": "region_traffic inter_region out",
    "Network Inter Region Egress from Iowa to Belgium": "region_traffic inter_region out",
    "Network Inter Region Ingress from Iowa to Belgium": "region_traffic",
    "Network Internet Data Transfer Out from Americas to Americas": "internet_traffic internet out",
    "Network Internet Standard Tier Data Transfer Out from Iowa": "internet_traffic internet out",
    "Network Internet Egress from Americas to China": "internet_traffic internet out",
    "Network Vpn Internet Egress from Americas to Australia": "internet_traffic internet out",
    "Networking Cloud Nat Gateway Uptime": "nat_gateway",
    "Networking Cloud Nat Data Processing": "nat_gateway_data nat",
    "Network Load Balancing: Forwarding Rule Minimum Service Charge in Americas": "load_balancer",
    "Cloud Load Balancer Forwarding Rule Additional Service Charge": "load_balancer",
    "Commitment v1: N2 Cpu in Americas for 1 Year": "other",
    "Commitment v1: Local SSD in Americas for 3 Years": "other",
    "Commitment: Compute optimized Core running in Americas for 1 Year": "other",
    "On-demand fee for total VM network bandwidth up to 100 Gbps in Iowa": "other",
}  # fmt: skip
# What the groups of Google's own catalogue are.
GROUPS = {
    "CPU": "compute", "RAM": "compute", "N1Standard": "compute", "F1Micro": "compute", "G1Small": "compute",
    "GPU": "gpu", "LocalSSD": "local_disk", "PDSnapshot": "snapshot", "PdSnapshotEgress": "snapshot",
    "PremiumInternetEgress": "internet_traffic", "VPNInternetEgress": "internet_traffic", "IpAddress": "public_ip",
    "Nat": "nat_gateway", "Google": "compute", "SUSE": "compute",
}  # fmt: skip


def told(descriptions: Iterable[str]) -> dict[str, str]:
    """The component of each line of the detailed export, and its flow."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(meters.macros())
    meter = "'gcp', '6F81-5844-456A', sku, '', sku, '', ''"
    rows = con.execute(
        f"SELECT sku, charge_component({meter}), charge_flow({meter}) FROM (SELECT unnest(?) AS sku)",
        [list(descriptions)],
    ).fetchall()
    con.close()
    return {sku: f"{component} {flow or ''}".strip() for sku, component, flow in rows}


def test_a_sku_of_google_is_the_part_of_the_price_that_it_meters() -> None:
    assert told(SKUS) == SKUS


@pytest.mark.skipif(not MAPPING.is_file(), reason="the shared samples are not beside this checkout")
def test_every_pattern_of_a_public_list_of_skus_is_what_its_group_says() -> None:
    with MAPPING.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["SVC_DISPLAY_NAME"] == "Compute Engine"]
    expected = {}
    for row in rows:
        text = row["SKU_DESCRIPTION"].replace("%", " running in Iowa ").strip()
        if text.startswith("Reserved") or "Ingress" in text:
            continue  # what is not used, and what is free
        part = "other" if text.startswith("Commitment") else GROUPS.get(row["GROUP"])
        expected[text] = "public_ip_idle" if text.startswith("Static") else part
    known = {text: part for text, part in expected.items() if part}
    assert len(known) > 200
    assert {text: part.split()[0] for text, part in told(known).items()} == known
