"""Prices of machines: cores, memory and accelerators of the catalogue put together, or no price."""

import json
from decimal import Decimal
from typing import Any

import pytest

from collectors.gcp.prices import Wanted, transform_list
from tests.collectors.gcp.skus import (
    AT,
    IOWA,
    N2,
    SAMPLES,
    SINCE,
    catalogue,
    hour,
    machine,
    money,
    scope,
    series,
    sku,
)

OPENCOST = SAMPLES / "opencost" / "skus.json"
N4 = SAMPLES / "opencost_n4" / "n4_skus_excerpt.csv"
needs_samples = pytest.mark.skipif(
    not OPENCOST.is_file(), reason="the shared samples are not beside this checkout"
)


N1 = [
    *series("N1 Predefined Instance", "0.031611", "0.004237", ("0.006655", "0.000892")),
    *series("Custom Instance", "0.033174", "0.004446", ("0.006986", "0.000938")),
    sku("Custom Extended Instance Ram running in Americas", "0.009550", unit="GiBy.h"),
]
# What has the words of N2 in its description, at other prices.
DECOYS = [
    sku("Sole Tenancy Premium for N2 Sole Tenancy Instance Core running in Americas", "0.0031611"),
    sku("Sole Tenancy Premium for N2 Sole Tenancy Instance Ram running in Americas", "0.0004", unit="GiBy.h"),
    *series("N2 Sole Tenancy Instance", "0.9", "0.9"),
    *series("N2D AMD Instance", "0.027502", "0.003686"),
    *series("Reserved N2 Instance", "0.8", "0.8"),
    *series("DWS Calendar Mode N2 Instance", "0.7", "0.7"),
    sku("N2 Instance Core running in Americas with Confidential Mode", "0.6"),
    sku("Committed Use Discount Premium for N2 Instance Core running in Americas", "0.5"),
]
E2 = series("E2 Instance", "0.021811", "0.002923", ("0.006543", "0.000877"))


# --- real SKUs --------------------------------------------------------------------------------------------


@needs_samples
def test_real_skus_give_what_an_a2_machine_costs():
    found = catalogue(*json.loads(OPENCOST.read_text())["skus"])
    row = machine("a2-highgpu-1g", 12.0, 85.0, gpu_count=1, gpu_model="nvidia-tesla-a100")
    assert hour(found, row) == Decimal("3.673385")
    [price] = [
        one
        for one in transform_list(found, Wanted((row,)), scope(), AT)["prices"]
        if one["sku"] == row["instance_type"]
    ]
    assert price["source"] == "Cloud Billing Catalogue: 2922-40C5-B19F, 2390-DCAF-DA38, 039F-D0DA-4055"
    assert f"{price['as_of']:%Y-%m-%d}" == "2023-03-24"


@needs_samples
def test_real_skus_in_another_currency_keep_it_and_are_dated_by_the_run_where_they_tell_no_date():
    found = catalogue(*json.loads(OPENCOST.read_text())["skus"])
    wanted = Wanted((machine("e2-micro", 0.25, 1.0),))
    rows = {one["sku"]: one for one in transform_list(found, wanted, scope(), AT)["prices"]}
    assert rows["e2-micro"]["price"] == Decimal("327.173848364") / 4 + Decimal("43.852949780")
    assert (rows["e2-micro"]["currency"], rows["e2-micro"]["as_of"]) == ("IDR", AT)


@needs_samples
def test_real_skus_of_a_newer_series_give_predefined_custom_and_spot_prices_and_no_sole_tenancy():
    header, *lines = [line.split(",") for line in N4.read_text().splitlines()]
    told = [dict(zip(header, line, strict=True)) for line in lines]
    found = catalogue(
        *(
            sku(
                one["description"], f"{one['units']}.{int(one['nanos']):09d}", unit=one["unit"], usage=one["usage_type"],
                regions=[one["region"]], since=one["effective_time"], sku_id=one["sku_id"],
            )
            for one in told
        )
    )  # fmt: skip
    row = machine("n4a-standard-2", 2.0, 8.0)
    assert hour(found, row) == 2 * Decimal("0.02646") + 8 * Decimal("0.00301")
    assert hour(found, row, "spot") == 2 * Decimal("0.01055") + 8 * Decimal("0.001201")
    assert hour(found, machine("n4a-custom-2-8192")) == 2 * Decimal("0.027783") + 8 * Decimal("0.003161")
    assert hour(found, machine("n4d-custom-2-8192")) is None


# --- machines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "model", "expected"),
    [
        (machine("n2-standard-4", 4.0, 16.0), "on_demand", "0.194236"),
        (machine("n2-standard-4", 4.0, 16.0), "spot", "0.047028"),
        (machine("n1-standard-1", 1.0, 3.75), "on_demand", "0.04749975"),
        (machine("custom-2-8192"), "on_demand", "0.101916"),
        (machine("n1-custom-2-8192"), "spot", "0.021476"),
        (machine("n2-custom-4-8192"), "on_demand", "0.168356"),
        (machine("e2-micro", 2.0, 1.0), "on_demand", "0.00837575"),
        (machine("e2-small", 0.5, 2.0), "on_demand", "0.0167515"),
        (machine("e2-medium", 1.0, 4.0), "spot", "0.010051"),
        (machine("e2-custom-4-8192"), "on_demand", "0.110628"),
        (machine("e2-custom-micro-2048"), "on_demand", "0.01129875"),
    ],
)
def test_a_machine_costs_its_cores_and_its_memory(row, model, expected):
    assert hour(catalogue(*N1, *N2, *E2, *DECOYS), row, model) == Decimal(expected)


def test_without_the_custom_price_a_custom_machine_has_none():
    assert hour(catalogue(*series("N2 Instance", "0.03", "0.004")), machine("n2-custom-4-8192")) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("n2-custom-2-16384-ext", 2 * Decimal("0.033191") + 16 * Decimal("0.004449")),
        (
            "n2-custom-2-32768-ext",
            2 * Decimal("0.033191") + 16 * Decimal("0.004449") + 16 * Decimal("0.00955"),
        ),
        ("custom-2-20480-ext", 2 * Decimal("0.033174") + 13 * Decimal("0.004446") + 7 * Decimal("0.00955")),
        ("n2-custom-2-32768", None),  # so much is not had without paying for it
        ("e2-custom-2-32768-ext", None),
        ("c3-custom-2-8192", None),
        ("n1-custom-micro-1024", None),
    ],
)
def test_memory_beyond_the_limit_of_a_series_costs_the_extended_price(name, expected):
    found = catalogue(*N1, *N2, *E2, *series("C3 Instance", "0.03", "0.004"))
    assert hour(found, machine(name)) == expected


def test_small_machines_are_sold_whole():
    found = catalogue(
        sku("Micro Instance with burstable CPU running in Americas", "0.0076"),
        sku("Spot Preemptible Small Instance with 1 VCPU running in Iowa", "0.007", usage="Preemptible"),
        *N1,
    )
    assert hour(found, machine("f1-micro", 0.2, 0.6)) == Decimal("0.0076")
    assert hour(found, machine("g1-small", 0.5, 1.7), "spot") == Decimal("0.007")
    assert hour(found, machine("g1-small", 0.5, 1.7)) is None


A3 = [
    *series("A3 Instance", "0.029", "0.0025"),
    sku("Nvidia H100 80GB GPU running in Iowa", "9.8"),
    sku("Nvidia H100 80GB Mega GPU running in Iowa", "9.9"),
    sku("SSD backed Local Storage", "0.08", unit="GiBy.mo", family="Storage"),
]


def test_a_machine_with_local_disks_pays_for_them_by_the_month_of_730_hours():
    row = machine("a3-highgpu-1g", 26.0, 234.0, gpu_count=1, gpu_model="nvidia-h100-80gb", local_disk_gib=750)
    price = hour(catalogue(*A3), row)
    assert price is not None
    assert round(price * 730, 9) == round(
        730 * (26 * Decimal("0.029") + 234 * Decimal("0.0025") + Decimal("9.8")) + 750 * Decimal("0.08"), 9
    )


def test_accelerators_of_a_type_go_by_their_own_name_not_by_one_that_begins_the_same():
    mega = machine("a3-megagpu-8g", 208.0, 1872.0, gpu_count=8, gpu_model="nvidia-h100-mega-80gb")
    high = machine("a3-highgpu-8g", 208.0, 1872.0, gpu_count=8, gpu_model="nvidia-h100-80gb")
    found = catalogue(*A3)
    dear, cheap = hour(found, mega), hour(found, high)
    assert dear is not None
    assert cheap is not None
    assert dear - cheap == 8 * Decimal("0.1")


@pytest.mark.parametrize(
    "row",
    [
        machine("a3-highgpu-8g", 208.0, 1872.0),  # how many accelerators, nobody said
        machine("a3-highgpu-8g", 208.0, 1872.0, gpu_count=8),  # which
        machine("a3-edgegpu-8g", 208.0, 1872.0, gpu_count=8, gpu_model="nvidia-h100-80gb"),
        machine("a4-highgpu-8g", 224.0, 3968.0, gpu_count=8, gpu_model="nvidia-b200"),
        machine("n2-standard-4", 4.0),
        machine("n2-standard-4", 4.0, float("nan")),
        machine("n2-standard-4", 1e300, 16.0),
        machine("n2", 4.0, 16.0, gpu_count=1, gpu_model="nvidia-unheard-of"),
        machine("z9-standard-4", 4.0, 16.0),
        machine("", 4.0, 16.0),
        machine("n2-standard-4-lssd", 4.0, 16.0),
        machine("z3-highmem-88", 88.0, 704.0, local_disk_gib=4500.0),
        machine(
            "a3-ultragpu-8g", 224.0, 2952.0, gpu_count=8, gpu_model="nvidia-h200-141gb", local_disk_gib=0.0
        ),
    ],
    ids=str,
)
def test_a_machine_of_which_anything_is_not_known_has_no_price(row):
    assert hour(catalogue(*A3, *N2, *series("Z3 Instance", "0.03", "0.004")), row) is None


def test_a_small_part_of_a_gpu_costs_that_part():
    found = catalogue(*series("G4 Instance", "0.05", "0.006"), sku("RTX 6000 96GB running in Iowa", "2.4"))
    row = machine("g4-standard-6", 6.0, 22.0, gpu_count=1, gpu_model="nvidia-rtx-pro-6000")
    assert hour(found, row) == Decimal("0.3") + Decimal("0.132") + Decimal("0.3")


def test_m2_costs_what_m1_does_and_a_premium_and_is_not_priced_as_spot():
    premium = "Memory Optimized Upgrade Premium for Memory-optimized Instance"
    found = catalogue(
        *series("Memory-optimized Instance", "0.0348", "0.0051", ("0.007", "0.001")),
        *series(premium, "0.0045", "0.0007"),
    )
    row = machine("m2-ultramem-208", 208.0, 5888.0)
    assert hour(found, row) == 208 * Decimal("0.0393") + 5888 * Decimal("0.0058")
    assert hour(found, row, "spot") is None
    for name in ("m1-ultramem-40", "n1-ultramem-40"):
        assert hour(found, machine(name, 40.0, 961.0)) == 40 * Decimal("0.0348") + 961 * Decimal("0.0051")


def test_compute_optimized_is_spelled_in_two_ways():
    for stem in ("Compute optimized", "Compute optimized Instance"):
        found = catalogue(*series(stem, "0.03398", "0.00455"))
        assert hour(found, machine("c2-standard-4", 4.0, 16.0)) == Decimal("0.20872")


def test_memory_sold_by_the_gigabyte_is_priced_by_the_gibibyte():
    found = catalogue(
        sku("C4D Instance Core running in Iowa", "0.03"),
        sku("C4D Instance Ram running in Iowa", "0.001", unit="GBy.h"),
    )
    assert hour(found, machine("c4d-standard-2", 2.0, 7.0)) == Decimal("0.06") + 7 * Decimal("0.001073741824")


# --- Windows ----------------------------------------------------------------------------------------------


def windows(edition: str, price: str = "0.046") -> dict[str, Any]:
    text = f"Licensing Fee for Windows Server {edition}"
    return sku(text, price, family="License", regions=["global"])


LICENCES = [
    windows("2019 Datacenter Edition (CPU cost)"),
    windows("2022 Datacenter Edition on VM"),
    windows("2019 Datacenter Edition on f1-micro", "0.023"),
    windows("2012 BYOL (CPU cost)", "0"),
    windows("2019 Datacenter Edition with SQL (CPU cost)", "0.4"),
]


def test_windows_adds_a_licence_for_every_core_of_spot_machines_too():
    found, row = catalogue(*N2, *LICENCES), machine("n2-standard-4", 4.0, 16.0)
    assert hour(found, row, platform="windows") == Decimal("0.194236") + 4 * Decimal("0.046")
    assert hour(found, row, "spot", platform="windows") == Decimal("0.047028") + 4 * Decimal("0.046")


def test_windows_on_a_small_machine_costs_a_licence_of_its_own():
    found = catalogue(*LICENCES, sku("Micro Instance with burstable CPU running in Americas", "0.0076"))
    assert hour(found, machine("f1-micro", 0.2, 0.6), platform="windows") == Decimal("0.0306")


def test_where_editions_differ_or_cores_are_shared_no_price_with_windows_is_told():
    dispute = catalogue(*N2, *LICENCES, windows("2025 Datacenter Edition (CPU cost)", "0.05"))
    assert hour(dispute, machine("n2-standard-4", 4.0, 16.0), platform="windows") is None
    shared = machine("e2-medium", 1.0, 4.0)
    assert hour(catalogue(*E2, *LICENCES), shared) is not None
    assert hour(catalogue(*E2, *LICENCES), shared, platform="windows") is None


def test_nobody_has_windows_nobody_gets_its_prices():
    rows = transform_list(
        catalogue(*N2, *LICENCES), Wanted((machine("n2-standard-4", 4.0, 16.0),)), scope(), AT
    )
    assert {row["platform"] for row in rows["prices"]} == {None}


# --- regions, dates, currencies ---------------------------------------------------------------------------


def test_a_price_holds_in_the_regions_that_its_sku_lists_whatever_place_its_words_name():
    found = catalogue(*series("N2 Instance", "0.03", "0.004", regions=["europe-west4", "us-east1"]))
    row = machine("n2-standard-4", 4.0, 16.0)
    assert hour(found, row) is None
    wanted = Wanted((row,))
    prices = transform_list(found, wanted, scope("europe-west4"), AT)["prices"]
    assert [one["region"] for one in prices if one["sku"] == "n2-standard-4"] == ["europe-west4"]


def test_a_machine_is_dated_by_the_last_of_its_parts_to_change():
    core = sku("N2 Instance Core running in Iowa", "0.03", since="2026-01-05T00:00:00Z")
    ram = sku("N2 Instance Ram running in Iowa", "0.004", unit="GiBy.h", since="2026-03-05T08:00:00Z")
    rows = transform_list(catalogue(core, ram), Wanted((machine("n2-standard-4", 4.0, 16.0),)), scope(), AT)[
        "prices"
    ]
    assert {row["sku"]: f"{row['as_of']:%m-%d %H}" for row in rows} == {
        "n2-standard-4": "03-05 08",
        "n2:core": "01-05 00",
        "n2:memory": "03-05 08",
    }


def test_parts_in_different_currencies_are_not_added():
    core = sku("N2 Instance Core running in Iowa", "0.03")
    ram = sku("N2 Instance Ram running in Iowa", "0.004", unit="GiBy.h", currency="EUR")
    assert hour(catalogue(core, ram), machine("n2-standard-4", 4.0, 16.0)) is None


def test_of_several_prices_in_time_the_one_that_holds_counts():
    one = sku("N2 Instance Core running in Iowa", "0.03", since="2026-01-01T00:00:00Z")
    for price, since in (("0.05", "2027-01-01T00:00:00Z"), ("0.04", SINCE)):
        later = json.loads(json.dumps(one["pricingInfo"][0])) | {"effectiveTime": since}
        later["pricingExpression"]["tieredRates"][0]["unitPrice"] = money(price)
        one["pricingInfo"].append(later)
    offer = catalogue(one).offer("n2:core", "on_demand", IOWA)
    assert offer is not None
    assert offer.tiers == ((None, Decimal("0.04")),)


def test_two_skus_that_ask_different_prices_for_the_same_leave_none():
    row = machine("n2-standard-4", 4.0, 16.0)
    second = sku("N2 Instance Core running in Japan", "0.0316", sku_id="FFFF")
    assert hour(catalogue(*N2, second), row) is None
    third = sku("N2 Instance Core running in Tokyo", "0.031611", sku_id="GGGG")
    assert hour(catalogue(*N2, third), row) == Decimal("0.194236")
    assert hour(catalogue(*N2, third, second, third), row) is None
