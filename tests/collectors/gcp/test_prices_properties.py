"""Properties of what turns a SKU into money: exact, in our units, and nothing of what is not understood."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from google.cloud.billing_v1.types import PricingExpression
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.gcp.families import FAMILIES, LOCAL_SSD, NETWORK, STORAGE, custom_of, family_of
from collectors.gcp.machines import parts_of
from collectors.gcp.meanings import meanings_of
from collectors.gcp.money import exact, in_unit, tiers_of
from tests.collectors.gcp.skus import SAMPLES, catalogue, sku

FEW = settings(max_examples=60, deadline=None)
UNITS = st.integers(0, 10**6)
NANOS = st.integers(0, 10**9 - 1)


def rate(start: float, units: int, nanos: int, currency: str = "USD"):
    """A TierRate as the library has it."""
    return PricingExpression.pb(
        PricingExpression(
            tiered_rates=[
                {"start_usage_amount": start, "unit_price": {"units": units, "nanos": nanos, "currency_code": currency}}
            ]
        )
    ).tiered_rates[0]  # fmt: skip


# --- money ------------------------------------------------------------------------------------------------


@FEW
@given(UNITS, NANOS)
def test_units_and_nanos_are_read_to_the_last_of_them(units, nanos):
    price = exact(units, nanos)
    assert price is not None
    assert price * 10**9 == units * 10**9 + nanos


@FEW
@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_money_below_zero_beyond_a_unit_or_beyond_reason_is_no_price(units, nanos):
    price = exact(units, nanos)
    sane = 0 <= units <= 10**9 and 0 <= nanos < 10**9
    assert (price is not None) == sane


@FEW
@given(st.dictionaries(st.integers(0, 10**6), st.tuples(UNITS, NANOS), min_size=1, max_size=5), st.randoms())
def test_tiers_begin_in_order_and_the_first_from_nothing_has_no_beginning(tiers, random):
    rates = [rate(start, *money) for start, money in tiers.items()]
    random.shuffle(rates)
    found = tiers_of(rates, Fraction(1))
    assert found is not None
    starts = [start for start, _ in found[0]]
    assert starts == [Decimal(start) if start else None for start in sorted(tiers)]
    assert [price for _, price in found[0]] == [exact(*tiers[start]) for start in sorted(tiers)]
    assert all((before or 0) < after for before, after in pairwise(starts))


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [rate(0, 1, 0), rate(0, 2, 0)],
        [rate(0, 1, 0), rate(5, 1, 0, "EUR")],
        [rate(0, 1, 0, "")],
        [rate(0, 1, 0, "dollars")],
        [rate(0, -1, 0)],
        [rate(-1, 1, 0)],
        [rate(float("nan"), 1, 0)],
        [rate(float("inf"), 1, 0)],
    ],
    ids=["none", "twice the same", "two currencies", "no currency", "words", "less than nothing", "before", "nan", "inf"],
)  # fmt: skip
def test_tiers_that_make_no_sense_are_no_price(rates):
    assert tiers_of(rates, Fraction(1)) is None


# --- units ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("h", "hour", 1),
        ("s", "hour", Fraction(1, 3600)),
        ("GiBy.h", "GiB-hour", 1),
        ("GBy.h", "GiB-hour", Fraction(10**9, 2**30)),
        ("GiBy.mo", "GiB-month", 1),
        ("GiBy.h", "GiB-month", Fraction(1, 730)),
        ("mo", "IOPS-month", 1),
        ("GiBy", "GiB", 1),
        ("TiBy", "GiB", 1024),
        ("h", "GiB-hour", None),
        ("GiBy.h", "hour", None),
        ("GiBy", "GiB-month", None),
        ("GiBy.", "GiB", None),
        ("count", "hour", None),
        ("count", "GiB", None),
        ("", "hour", None),
        ("H", "hour", None),
        ("GiByh", "GiB-hour", None),
        ("GiBy.h.h", "GiB-hour", None),
    ],
)
def test_units_are_converted_once_and_a_unit_that_is_not_known_has_no_price(theirs, ours, expected):
    assert in_unit(theirs, ours) == expected


@FEW
@given(st.sampled_from(["h", "s", "min", "d"]), st.integers(1, 10**6))
def test_a_price_by_any_time_is_the_same_by_the_hour(unit, nanos):
    factor = in_unit(unit, "hour")
    found = tiers_of([rate(0, 0, nanos)], factor)
    assert found is not None
    assert abs(found[0][0][1] * factor.numerator / factor.denominator - Decimal(nanos).scaleb(-9)) < Decimal(
        "1e-13"
    )


# --- descriptions -----------------------------------------------------------------------------------------

AROUND = ["Reserved ", "Sole Tenancy Premium for ", "DWS Calendar Mode ", "Spot ", "X", "N2 ", "=", "\n", " "]
BEHIND = [" for 1 Year", " with GPU", " (Sole Tenancy)", " - Confidential Mode", "\n", "  ", " on VM", "<b>", " in Iowa for sale", " attached to Spot VMs"]  # fmt: skip
CORES = [f"{stem} Core running in Americas" for family in FAMILIES.values() for stem in family.stems]
THINGS = [(text, family) for table, family in ((STORAGE, "Storage"), (NETWORK, "Network")) for text in table]


@FEW
@given(st.sampled_from(CORES), st.sampled_from(AROUND), st.sampled_from(BEHIND))
def test_a_description_with_anything_around_it_is_another_thing(text, before, behind):
    [plain] = {meaning.unit for meaning in meanings_of(text, "Compute", "OnDemand")}
    assert plain == "hour"
    assert not meanings_of(text + behind, "Compute", "OnDemand")
    # "N2 " before the words of N1's custom machines makes those of N2's: then that is what is meant.
    meant = {meaning.key.partition(":")[0] for meaning in meanings_of(before + text, "Compute", "OnDemand")}
    assert meant.isdisjoint(
        meaning.key.partition(":")[0] for meaning in meanings_of(text, "Compute", "OnDemand")
    )


@FEW
@given(st.sampled_from(THINGS), st.sampled_from(AROUND), st.sampled_from(BEHIND))
def test_a_disk_or_an_address_with_anything_around_it_is_another_thing(thing, before, behind):
    text, family = thing
    [plain] = meanings_of(text, family, "OnDemand")
    assert plain not in meanings_of(before + text, family, "OnDemand")
    assert plain not in meanings_of(text + behind, family, "OnDemand")
    assert plain not in meanings_of(text, "ApplicationServices", "OnDemand")


@FEW
@given(st.text(max_size=60), st.sampled_from(["Compute", "Storage", "Network", "License", ""]))
def test_any_text_at_all_is_read_without_trouble(text, family):
    for usage in ("OnDemand", "Preemptible", "Commit1Yr", "Commit3Yr", text):
        assert isinstance(meanings_of(text, family, usage), tuple)
    family_of(text)
    parts_of({"instance_type": text, "vcpu": 2.0, "memory_gib": 8.0})


@pytest.mark.parametrize(
    "text", ["N2 Instance Core running in " + "a " * 50_000, "N2 " * 60 + "Core running in X"]
)
def test_a_description_that_never_ends_is_no_trouble(text):
    assert meanings_of(text, "Compute", "OnDemand") == ()


@pytest.mark.parametrize(
    "place",
    ["Americas", "APAC", "São Paulo", "Salt Lake City", "Washington D.C.", "us-central1", "Tel Aviv", "Doha, Qatar"],
)  # fmt: skip
def test_a_place_may_be_called_anything_that_is_a_name(place):
    [meaning] = meanings_of(f"N2 Instance Core running in {place}", "Compute", "OnDemand")
    assert meaning == ("n2:core", "on_demand", "hour")


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("Spot Preemptible N2 Instance Core running in Iowa", "OnDemand"),
        ("N2 Instance Core running in Iowa", "Preemptible"),
        ("N2 Instance Core running in Iowa", "Commit1Yr"),
        ("N2 Instance Core running in Iowa", "CmtCudPremium"),
        ("Commitment v1: N2 Cpu in Iowa for 1 Year", "OnDemand"),
        ("Commitment v1: N2 Cpu in Iowa for 1 Year", "Commit3Yr"),
        ("Commitment v2: Everything Cpu in Iowa for 1 Year", "Commit1Yr"),
    ],
)
def test_words_and_the_way_to_buy_have_to_agree(text, usage):
    assert meanings_of(text, "Compute", usage) == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Commitment v1: N2D AMD Cpu in Americas for 1 Year", "n2d:core:1y"),
        ("Commitment v1: N2D Ram in Americas for 1 Year", "n2d:memory:1y"),
        ("Commitment v1: A2 Instance Cpu in Iowa for 1 Year", "a2:core:1y"),
        ("Commitment v1: Cpu in Americas for 1 Year", "n1:core:1y"),
        ("Commitment v1: Memory-optimized Ram in Americas for 1 Year", "m1:memory:1y"),
        ("Commitment v1: M3 Memory-optimized Ram in Americas for 1 Year", "m3:memory:1y"),
        ("Commitment: Compute optimized Core running in Frankfurt for 1 Year", "c2:core:1y"),
        ("Commitment v1: Local SSD in Americas for 1 Year", None),
        ("Commitment v1: AMD Cpu in Americas for 1 Year", None),
        ("Commitment v1: N2 Cpu in Americas for 5 Year", None),
        (
            "Commitment v1: Memory Optimized Upgrade Premium for Memory-optimized Instance Cpu in Iowa for 1 Year",
            None,
        ),
    ],
)
def test_a_commitment_is_one_to_the_series_that_its_words_name(text, key):
    assert [meaning.key for meaning in meanings_of(text, "Compute", "Commit1Yr")] == ([key] if key else [])


# --- tables -----------------------------------------------------------------------------------------------


def test_no_two_series_are_described_by_the_same_words_unless_one_is_part_of_the_other():
    known: dict[str, set[str]] = {}
    for name, family in FAMILIES.items():
        for stem in family.stems:
            known.setdefault(stem.casefold(), set()).add(name)
    assert [names for names in known.values() if len(names) > 1] == [{"a3", "a3-megagpu"}]


def test_types_with_local_disks_belong_to_a_series_and_have_whole_disks():
    assert all(family_of(name) for name in LOCAL_SSD)
    assert all(size % 375 == 0 for size in LOCAL_SSD.values())


@FEW
@given(
    st.sampled_from(["", "n1-", "n2-", "n2d-", "n4-"]),
    st.integers(1, 96),
    st.integers(1, 10**6),
    st.booleans(),
)
def test_memory_of_a_custom_machine_is_paid_for_once(family, vcpu, megabytes, extended):
    name = f"{family}custom-{vcpu}-{megabytes}{'-ext' if extended else ''}"
    custom, parts = custom_of(name), parts_of({"instance_type": name})
    assert custom is not None
    limit = (FAMILIES[custom.family].extended_above or 0) * vcpu
    if custom.memory_gib > limit and not extended:
        assert parts is None
        return
    assert parts is not None
    amounts = dict(parts)
    assert amounts[f"{custom.family}:core:custom"] == vcpu
    memory = [amount for key, amount in parts if ":memory:" in key]
    assert sum(memory) == Decimal(megabytes) / 1024
    assert amounts[f"{custom.family}:memory:custom"] == min(custom.memory_gib, limit)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_machine_types_of_a_public_list_are_made_of_what_it_says():
    told = json.loads((SAMPLES / "cyclenerd" / "build_gcp.json").read_text())["compute"]["instance"]
    parts = {name: parts_of({"instance_type": name, **_as_a_row(one)}) for name, one in told.items()}
    assert len(told) > 400
    assert [name for name, found in parts.items() if not found] == []
    for name in sorted(set(told) - {"f1-micro", "g1-small"}):
        sums = {"core": 0.0, "memory": 0.0, "gpu": 0.0, "local-ssd": 0.0}
        for key, amount in parts[name] or ():
            first, *rest = key.split(":")
            if "premium" not in rest:
                sums[first if first in sums else rest[0]] += float(amount)
        gpus = sum(count for what, count in told[name].items() if what in _GPUS)
        disks = told[name].get("local-ssd", 0)
        assert sums == pytest.approx(
            {"core": told[name]["cpu"], "memory": told[name]["ram"], "gpu": gpus, "local-ssd": disks}
        )


_GPUS = ("a100", "a100-80gb", "h100-80gb", "h100-80gb-mega", "l4", "rtx6000")


def _as_a_row(one: dict[str, Any]) -> dict[str, Any]:
    """What the API tells of a machine type: whole accelerators only."""
    gpus = [(what, max(1, int(count))) for what, count in one.items() if what in _GPUS]
    model, count = gpus[0] if gpus else (None, 0)
    return {"vcpu": one["cpu"], "memory_gib": one["ram"], "gpu_model": model, "gpu_count": count}


def test_a_sku_without_a_name_a_region_or_a_price_is_left_out():
    plain = sku("N2 Instance Core running in Iowa", "0.03")
    for change in (
        {"skuId": ""},
        {"serviceRegions": []},
        {"pricingInfo": []},
        {"description": ""},
        {"category": {}},
    ):
        found = catalogue({**plain, **change})
        assert found.skus == 1
        assert found.offer("n2:core", "on_demand", "us-central1") is None
    assert catalogue(plain).offer("n2:core", "on_demand", "us-central1") is not None
