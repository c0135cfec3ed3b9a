"""All 76 published vectors. Those of group B are targets to the digit; those of other models are comparisons.

Other models use other coefficients, so what is asserted of them is what is known of the difference: that they follow
the same formula (Cloud Carbon Footprint for AWS), how far they lie from our centre, and that they lie within our
interval, unless it is said here why they do not.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from finops import carbon
from finops.carbon import Emissions, Spec, Unknown
from finops.carbon.hardware import machine
from finops.carbon.places import site

Row = dict[str, str]
ALL: list[Row] = list(
    csv.DictReader((Path(__file__).parent / "carbon_vectors.csv").read_text("utf-8").splitlines())
)
BY_ID = {row["id"]: row for row in ALL}
TARGETS = [row for row in ALL if row["id"].startswith("B")]

# Regions whose recommended source may not be shipped; a country average stands in for it.
SUBSTITUTED = {("aws", "ca-west-1"), ("aws", "ap-south-2"), ("alibaba", "ap-southeast-6")}


def known(estimate: Emissions | Unknown) -> Emissions:
    assert isinstance(estimate, Emissions), estimate
    return estimate


def test_there_are_76_vectors_in_four_groups() -> None:
    assert Counter(row["id"][0] for row in ALL) == {"A": 16, "B": 21, "C": 18, "G": 21}


# ------------------------------------------------------------------------------------------------ targets


def parts_of(row: Row) -> Iterator[Emissions]:
    """The instance, the volume and the traffic a vector is made of."""
    cloud, region, hours = row["provider"], row["region"], float(row["hours"])
    if float(row["vcpu"]):
        yield known(
            carbon.instance(
                cloud,
                region,
                row["instance_type"].partition(" + ")[0],
                vcpu=float(row["vcpu"]),
                memory_gib=float(row["mem_gb"]),
                hours=hours,
                cpu_utilization=float(row["cpu_pct"]) / 100,
                gpu_model=row["gpu"] or None,
                gpu_count=int(row["gpu_count"] or 0),
                gpu_utilization=float(row["gpu_util_pct"]) / 100 if row["gpu_util_pct"] else None,
            )
        )
    if row["storage_gb"]:
        # Block volumes get the copies of their cloud from our table; a bucket's are given.
        copies = int(row["replication"]) if "GCS" in row["instance_type"] else None
        medium: Literal["ssd", "hdd"] = "ssd" if row["storage_type"] == "ssd" else "hdd"
        size = float(row["storage_gb"])
        yield known(
            carbon.volume(cloud, region, medium=medium, size_gib=size, hours=hours, replication=copies)
        )
    if row["network_gb"]:
        yield known(carbon.network(cloud, region, gigabytes=float(row["network_gb"]), inter_region=True))


@pytest.mark.parametrize("row", TARGETS, ids=[row["id"] for row in TARGETS])
def test_the_public_api_reproduces_the_vector(row: Row) -> None:
    """To 0.01 Wh and 0.01 g, which is the tolerance that the file states.

    The kilograms of making a host are inputs there, and differ by less than 0.05 % from the table that is shipped, of
    the same source: what is reproduced is the figure with the kilograms of the vector.
    """
    parts = list(parts_of(row))
    computed = {
        f"wh_{part}": sum(e.parts_wh.get(part, 0.0) for e in parts)
        for part in ("compute", "memory", "gpu", "storage", "network")
    }
    computed["wh_total"] = sum(e.energy_wh.central for e in parts)
    computed["g_operational"] = sum(e.operational_g.central for e in parts)
    computed["g_embodied"] = sum(e.embodied_g.central for e in parts) * of_the_same_host(row)

    expected = {name: float(row[name]) for name in computed}
    assert computed == pytest.approx(expected, rel=1e-7, abs=0.01)


def of_the_same_host(row: Row) -> float:
    """The vector's kilograms of the host over ours."""
    if not float(row["vcpu"]):
        return 1.0
    kind = row["instance_type"].partition(" + ")[0]
    spec = Spec(
        kind, float(row["vcpu"]), float(row["mem_gb"]), row["gpu"] or None, int(row["gpu_count"] or 0)
    )
    box = machine(row["provider"], spec)
    assert not isinstance(box, Unknown)
    ratio = float(row["platform_embodied_kg"]) / box.host.embodied_kg
    assert ratio == pytest.approx(1, abs=5e-4)
    return ratio


def test_no_vector_rests_on_a_region_whose_recommended_source_may_not_be_shipped() -> None:
    assert SUBSTITUTED.isdisjoint((row["provider"], row["region"]) for row in TARGETS)


# -------------------------------------------------------------------------------------------- comparisons

# What the file leaves out: size in vCPU and GB, accelerators.
SIZES = {
    "m5.xlarge": (4, 16, 0), "m5.4xlarge": (16, 64, 0), "m5.24xlarge": (96, 384, 0), "m6i.2xlarge": (8, 32, 0),
    "m6g.2xlarge": (8, 32, 0), "c5.2xlarge": (8, 16, 0), "r5.4xlarge": (16, 128, 0), "c6g.large": (2, 4, 0),
    "p3.2xlarge": (8, 61, 1), "g4dn.xlarge": (4, 16, 1), "p4d.24xlarge": (96, 1152, 8), "t3.medium": (2, 4, 0),
    "m7a.2xlarge": (8, 32, 0), "m7i.2xlarge": (8, 32, 0), "n1-standard-4": (4, 15, 0), "n2-standard-8": (8, 32, 0),
    "n2d-standard-16": (16, 64, 0), "e2-standard-4": (4, 16, 0), "c2d-standard-8": (8, 32, 0),
    "c4a-standard-8": (8, 32, 0), "ecs.g6.2xlarge": (8, 32, 0), "ecs.g7.2xlarge": (8, 32, 0),
    "ecs.c6.xlarge": (4, 8, 0), "ecs.g7a.4xlarge": (16, 64, 0), "ecs.g8y.2xlarge": (8, 32, 0),
}  # fmt: skip
# What the other models call a region, by cloud.
REGIONS = {
    ("aws", "USA"): "us-east-1", ("aws", "SWE"): "eu-north-1", ("aws", "DEU"): "eu-central-1",
    ("aws", "SGP"): "ap-southeast-1", ("aws", "IRL"): "eu-west-1", ("aws", "CHN"): "cn-north-1",
    ("gcp", "USA"): "us-central1", ("gcp", "BEL"): "europe-west1", ("gcp", "SGP"): "asia-southeast1",
    ("gcp", "FIN"): "europe-north1", ("alibaba", "华东1（杭州）"): "cn-hangzhou",
    ("alibaba", "华北2（北京）"): "cn-beijing", ("alibaba", "华南1（深圳）"): "cn-shenzhen",
    ("alibaba", "华北6（乌兰察布）"): "cn-wulanchabu", ("alibaba", "新加坡"): "ap-southeast-1",
}  # fmt: skip
# Their energy over ours. At the servers, without PUE, where the file has their PUE; G01 to G09 at the meter.
RATIOS = {
    "A01": 1.14, "A02": 1.14, "A03": 1.14, "A04": 0.82, "A05": 0.76, "A06": 1.14, "A07": 1.14, "A08": 1.07,
    "A09": 0.65, "A10": 1.01, "A11": 1.02, "A12": 1.01, "A13": 0.38, "A14": 1.14, "A15": 1.14, "A16": 1.14,
    "G01": 1.00, "G02": 0.76, "G03": 0.85, "G04": 1.10, "G05": 0.84, "G06": 1.02, "G07": 1.26, "G08": 0.73,
    "G09": 0.74, "G16": 1.20, "G17": 1.13, "G18": 1.27, "G19": 1.39, "G20": 1.20, "G21": 1.51, "C01": 1.75,
    "C02": 1.75, "C03": 1.75, "C04": 1.52, "C05": 1.23, "C06": 2.84, "C07": 1.32, "C08": 0.30, "C09": 2.17,
    "C10": 1.12, "C11": 1.37, "C12": 1.75, "C13": 1.50, "C14": 1.50, "C15": 1.11, "C16": 1.65, "C17": 1.14,
    "C18": 1.75,
}  # fmt: skip
# Why their energy lies outside our interval.
OUTSIDE = {
    "A13": "a burstable size is charged 0.4 of the 2 vCPU it is sold with there, its baseline, and all of them here",
    "C06": "the third model puts a c5 at 2.8 times our centre; our high end of 2.5 times is that of its spread for m5",
    "C08": "the GPUs of a p4d are less than a third there",
}


def estimated(row: Row) -> Emissions:
    vcpu, memory, cards = SIZES[row["instance_type"]]
    return known(
        carbon.instance(
            row["provider"],
            region_of(row),
            row["instance_type"],
            vcpu=vcpu,
            memory_gib=memory,
            hours=float(row["hours"]),
            cpu_utilization=float(row["cpu_pct"]) / 100,
            gpu_count=cards,
            gpu_utilization=0.5 if cards else None,
        )
    )


def region_of(row: Row) -> str:
    return REGIONS.get((row["provider"], row["region"]), row["region"])


def overheads(row: Row) -> tuple[float, float]:
    """Their PUE and ours, by which to divide; 1 where theirs is not told."""
    if not row["pue"]:
        return 1.0, 1.0
    here = site(row["provider"], region_of(row))
    assert not isinstance(here, Unknown)
    return float(row["pue"]), here.pue.ratio.central


@pytest.mark.parametrize("name", RATIOS)
def test_another_model_lies_as_far_from_ours_as_is_stated_and_within_the_interval(name: str) -> None:
    row = BY_ID[name]
    ours, (their_pue, our_pue) = estimated(row), overheads(row)
    theirs = float(row["wh_total"]) / their_pue
    assert theirs / (ours.energy_wh.central / our_pue) == pytest.approx(RATIOS[name], abs=0.006)
    within = ours.energy_wh.low / our_pue <= theirs <= ours.energy_wh.high / our_pue
    assert within is (name not in OUTSIDE), OUTSIDE.get(name)


def test_every_vector_is_a_target_or_compared() -> None:
    assert {row["id"] for row in TARGETS} | RATIOS.keys() | PIECES.keys() == BY_ID.keys()


SHIPPED = [row for row in ALL if row["id"].startswith("A")]


@pytest.mark.parametrize("row", SHIPPED, ids=[row["id"] for row in SHIPPED])
def test_cloud_carbon_footprint_follows_the_same_formula_with_its_own_coefficients(row: Row) -> None:
    hours, pue, grid = (float(row[name]) for name in ("hours", "pue", "grid_g_per_kwh"))
    idle, full = (float(row[f"{end}_w_per_thread"]) for end in ("min", "max"))
    threads = float(row["vcpu"]) * float(row["threads_per_vcpu"]) * (0.4 if row["id"] == "A13" else 1.0)
    watts = threads * (idle + float(row["cpu_pct"]) / 100 * (full - idle))
    if SIZES[row["instance_type"]][2] == 0:
        assert float(row["wh_compute"]) == pytest.approx(watts * hours * pue, rel=1e-4)
    else:
        assert float(row["wh_compute"]) > watts * hours * pue, "its GPUs are in this figure"
    assert float(row["g_operational"]) == pytest.approx(float(row["wh_total"]) * grid / 1000, rel=1e-4)


@pytest.mark.parametrize("row", SHIPPED, ids=[row["id"] for row in SHIPPED])
def test_its_servers_live_four_years_and_ours_six(row: Row) -> None:
    ratio = float(row["g_embodied"]) / estimated(row).embodied_g.central
    other_hosts = {"A07": 1.12, "A13": 18.0}  # a c5 of another size; a t3 as an eighth of its largest size
    assert ratio == pytest.approx(other_hosts.get(row["id"], 52560 / 35040), abs=0.01)


def test_its_sum_of_the_grids_of_a_multi_region_is_not_repeated() -> None:
    for name, least in (("G08", 5.0), ("G09", 1.2)):
        row = BY_ID[name]
        ours = estimated(row)
        assert float(row["g_total"]) > least * ours.operational_g.central, (
            "its mistake, documented in the file"
        )
    assert estimated(BY_ID["G08"]).operational_g.central < 1.5 * estimated(BY_ID["G02"]).operational_g.central


def gpu(model: str) -> float:
    """One card for an hour at half its load, in us-central1."""
    box = carbon.instance(
        "gcp", "us-central1", "n1-standard-4", vcpu=4, memory_gib=15, hours=1, cpu_utilization=0.5,
        gpu_model=model, gpu_count=1, gpu_utilization=0.5,
    )  # fmt: skip
    return known(box).parts_wh["gpu"]


def disk(medium: Literal["ssd", "hdd"]) -> float:
    return known(
        carbon.volume("gcp", "us-central1", medium=medium, size_gib=100, hours=720)
    ).energy_wh.central


# Single lines of a bill of Google's, and what they have over ours. Their PUE is 1.11, ours 1.10, and their TB is a TiB.
PUE_RATIO, TIB = 1.11 / 1.10, 1000 / 1024
PIECES = {
    "G10": PUE_RATIO * TIB,
    "G11": PUE_RATIO * TIB,
    "G12": PUE_RATIO * 1e9 / 2**30,
    "G13": PUE_RATIO * 32 / (32 - 8 * 1.714),  # all memory, and not only what the watts of the processor lack
    "G14": PUE_RATIO * 136.791 / 39.5,  # the mean of all cards, as "Nvidia Tesla T4" is not found there
    "G15": PUE_RATIO,
}


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_of_a_bill_differs_from_ours_by_what_is_known_to_differ(name: str) -> None:
    ours = {
        "G10": lambda: disk("ssd"),
        "G11": lambda: disk("hdd"),
        "G12": lambda: (
            known(carbon.network("gcp", "us-central1", gigabytes=1, inter_region=True)).energy_wh.central
        ),
        "G13": lambda: estimated(BY_ID["G02"]).parts_wh["memory"],
        "G14": lambda: gpu("T4"),
        "G15": lambda: gpu("A100"),
    }[name]()
    assert float(BY_ID[name]["wh_total"]) / ours == pytest.approx(PIECES[name], rel=1e-3)
