"""The carbon estimator: what it computes, and what it must never claim. Its vectors: test_carbon_vectors.py."""

import csv
import re
from dataclasses import FrozenInstanceError, replace
from importlib.resources import files
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops import carbon
from finops.carbon import Emissions, Interval, Spec, Unknown
from finops.carbon.places import site
from finops.errors import InvariantError

TABLES = sorted(path.name for path in (files("finops") / "data" / "carbon").iterdir())

# Regions whose recommended source may not be shipped; a country average stands in for it.
SUBSTITUTED = {("aws", "ca-west-1"), ("aws", "ap-south-2"), ("alibaba", "ap-southeast-6")}


def table(name: str) -> list[dict[str, str]]:
    text = (files("finops") / "data" / "carbon" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def known(estimate: Emissions | Unknown) -> Emissions:
    assert isinstance(estimate, Emissions), estimate
    return estimate


def m5(**changes: object) -> Emissions | Unknown:
    """An m5.4xlarge of B01 with something else about it."""
    facts: dict[str, object] = {
        "cloud": "aws", "region": "us-east-1", "instance_type": "m5.4xlarge",
        "vcpu": 16, "memory_gib": 64, "hours": 730, "cpu_utilization": 0.08,
    }  # fmt: skip
    return carbon.instance(**{**facts, **changes})  # type: ignore[arg-type]


M5_4XLARGE = Spec("m5.4xlarge", 16, 64)
M5_XLARGE = Spec("m5.xlarge", 4, 16)


# ------------------------------------------------------------------------------------------ unknown


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"instance_type": "zz9.large"}, "'zz9.large' is not in the carbon tables"),
        ({"instance_type": "db.serverless"}, "not in the carbon tables"),
        ({"instance_type": ""}, "not in the carbon tables"),
        ({"cloud": "alibaba", "instance_type": "mysql.n2.large.1"}, "not in the carbon tables"),
        ({"cloud": "gcp", "instance_type": "db-custom-4-15360"}, "not in the carbon tables"),
        ({"cloud": "azure"}, "cloud 'azure'"),
        ({"region": ""}, "region is not known"),
        ({"vcpu": None}, "vCPU or memory"),
        ({"memory_gib": None}, "vCPU or memory"),
        ({"vcpu": 0}, "vCPU or memory"),
        ({"hours": -1}, "duration"),
        ({"cpu_utilization": 8.0}, "not a ratio"),
        ({"cpu_utilization": -0.1}, "not a ratio"),
        ({"cpu_utilization": float("nan")}, "not a ratio"),
        ({"instance_type": "p4d.24xlarge"}, "how many is not known"),
        ({"gpu_count": 1}, "model of the GPU"),
        ({"gpu_count": 1, "gpu_model": "Voodoo 2"}, "No power figure"),
        ({"instance_type": "trn1.32xlarge", "gpu_count": 16}, "'AWS Trainium'"),
    ],
)
def test_what_is_not_known_gives_a_reason_and_never_zero(changes: dict[str, object], says: str) -> None:
    answer = m5(**changes)

    assert isinstance(answer, Unknown)
    assert says in answer.reason
    assert answer.reason.endswith(".")


def test_a_volume_of_unknown_medium_or_size_is_unknown() -> None:
    tape = carbon.volume("aws", "us-east-1", medium="tape", size_gib=1, hours=1)  # type: ignore[arg-type]
    sizeless = carbon.volume("aws", "us-east-1", medium="ssd", size_gib=None, hours=1)
    uncopied = carbon.volume("aws", "us-east-1", medium="ssd", size_gib=1, hours=1, replication=0)

    assert all(isinstance(answer, Unknown) for answer in (tape, sizeless, uncopied))


def test_a_region_not_in_the_table_uses_the_fallback_and_says_so() -> None:
    moon = known(m5(region="moon-1"))

    assert moon.quality == "unknown"
    assert "fallback for moon-1" in moon.grid_source
    assert "no figure for moon-1" in moon.pue_source
    ratio = moon.operational_g.high / moon.operational_g.low
    assert ratio > 100, "nothing is known of its grid, so every grid of the cloud is possible"


@pytest.mark.parametrize(("cloud", "region"), sorted(SUBSTITUTED))
def test_a_country_average_for_a_regional_grid_is_a_proxy_and_named(cloud: str, region: str) -> None:
    volume = known(carbon.volume(cloud, region, medium="ssd", size_gib=1, hours=1))
    row = next(
        r
        for r in carbon.factor_rows()
        if (r["cloud"], r["region"], r["recommended"]) == (cloud, region, True)
    )

    assert "country average" in volume.grid_source
    assert volume.grid_source.startswith("Ember")
    assert volume.quality == "proxy"
    assert row["high"] >= 1.6 * row["value"]


# --------------------------------------------------------------------------------------- instances


def test_m7a_has_two_threads_per_vcpu() -> None:
    def wh(instance_type: str) -> float:
        return known(m5(instance_type=instance_type, vcpu=8, memory_gib=16)).parts_wh["compute"]

    one_thread = 8 * 730 * (0.377 + 0.08 * (1.849 - 0.377)) * 1.15
    assert wh("m7a.2xlarge") == pytest.approx(2 * one_thread)


@pytest.mark.parametrize(
    ("cloud", "instance_type", "like"),
    [
        ("aws", "db.m5.4xlarge", "m5.4xlarge"),
        ("aws", "m5.4xlarge.search", "m5.4xlarge"),
        ("aws", "M5.4xlarge", "m5.4xlarge"),
        ("aws", "c8i-flex.large", "c8i.large"),
        ("alibaba", "ecs.u1-c1m2.large", "ecs.u1.large"),
        ("gcp", "n2-custom-4-8192", "n2-other-4"),
        ("gcp", "custom-4-8192", "n1-other-4"),
        ("gcp", "projects/p/zones/z/machineTypes/n2-standard-8", "n2-standard-8"),
    ],
)
def test_a_type_is_read_as_its_family(cloud: str, instance_type: str, like: str) -> None:
    one, other = (known(m5(cloud=cloud, instance_type=name)) for name in (instance_type, like))

    assert one.energy_wh == other.energy_wh
    assert one.embodied_g.central == pytest.approx(other.embodied_g.central, rel=0.05)


@pytest.mark.parametrize("name", ["T4", "NVIDIA T4", "Nvidia Tesla T4", "nvidia-tesla-t4", "tesla t4"])
def test_a_gpu_is_known_by_each_of_its_names(name: str) -> None:
    n1 = known(m5(cloud="gcp", region="us-east4", instance_type="n1-standard-4", gpu_model=name, gpu_count=1))

    assert n1.parts_wh["gpu"] == pytest.approx(730 * (8 + 0.5 * 63) * 1.09)


def test_the_gpu_of_a_known_family_need_not_be_named() -> None:
    named, unnamed = (
        m5(instance_type="p4d.24xlarge", vcpu=96, memory_gib=1152, gpu_model=model, gpu_count=8)
        for model in ("A100", None)
    )

    assert known(named) == known(unnamed)
    assert known(named).quality == "proxy", "no GPU was measured"


def test_without_a_metric_the_default_is_used_and_the_interval_spans_idle() -> None:
    default, idle = known(m5(cpu_utilization=None)), known(m5(cpu_utilization=0.1))

    assert default.utilisation_source == "default"
    assert default.parts_wh == known(m5(cpu_utilization=0.5)).parts_wh
    assert default.energy_wh.low == idle.energy_wh.low


def test_an_unmeasured_gpu_is_a_default_even_beside_a_measured_cpu() -> None:
    box = {"instance_type": "g4dn.xlarge", "vcpu": 4, "memory_gib": 16, "gpu_count": 1}

    assert known(m5(**box)).utilisation_source == "default"
    assert known(m5(**box, gpu_utilization=0.2)).utilisation_source == "metric"


@pytest.mark.parametrize(
    ("cloud", "instance_type", "architecture", "quality"),
    [
        ("aws", "m5.large", None, "measured"),
        ("aws", "m6g.large", None, "proxy"),
        ("gcp", "e2-standard-4", None, "proxy"),
        ("alibaba", "ecs.e-c1m1.large", None, "unknown"),
        ("aws", "a1.large", None, "unknown"),
        ("aws", "a1.large", "arm64", "proxy"),
    ],
)
def test_quality_is_that_of_the_processor_figure(
    cloud: str, instance_type: str, architecture: str | None, quality: str
) -> None:
    region = {"aws": "us-east-1", "gcp": "us-east4", "alibaba": "cn-hangzhou"}[cloud]
    box = known(m5(cloud=cloud, region=region, instance_type=instance_type, architecture=architecture))

    assert box.quality == quality


def test_an_instance_larger_than_the_host_of_its_family_is_the_whole_host() -> None:
    """c5.24xlarge has 96 vCPU, the c5 host of the table 72."""
    largest = known(m5(instance_type="c5.24xlarge", vcpu=96, memory_gib=192, hours=52560))

    assert largest.embodied_g.central == pytest.approx(1_344_290)


def test_embodied_does_not_depend_on_the_grid_and_is_not_in_the_energy() -> None:
    clean, dirty = known(m5(region="eu-north-1")), known(m5(region="ap-south-1"))

    assert clean.embodied_g == dirty.embodied_g
    assert clean.energy_wh.central == pytest.approx(sum(clean.parts_wh.values()))


def test_traffic_inside_a_region_is_zero_by_the_method() -> None:
    inside = known(carbon.network("aws", "us-east-1", gigabytes=1000, inter_region=False))

    assert inside.energy_wh == Interval.exactly(0)


def test_copies_are_known_by_cloud_and_service() -> None:
    assert [carbon.copies(cloud) for cloud in ("aws", "alibaba", "gcp")] == [2, 3, 1]
    assert carbon.copies("aws", "S3") == 6
    assert carbon.copies("aws", "Tape library") is None


def test_colder_grids_have_wide_intervals_because_sources_disagree() -> None:
    """Stockholm: 2.7 g direct by Google, 36 g lifecycle for Sweden by Ember."""
    row = next(
        r
        for r in carbon.factor_rows()
        if r["region"] == "eu-north-1" and r["recommended"] and r["kind"] == "grid"
    )

    assert row["low"] < row["value"] == 2.73
    assert row["high"] == 35.89


# ----------------------------------------------------------------------------------------- savings


def resize(before: Spec = M5_4XLARGE, after: Spec = M5_XLARGE, cpu: float | None = 0.08) -> carbon.Saving:
    return carbon.saved_by_resize(
        "aws", "us-east-1", before=before, after=after, hours=730, cpu_utilization=cpu
    )


def test_a_resize_saves_exactly_the_idle_difference_the_memory_and_the_embodied_share() -> None:
    saving = resize()
    assert saving.before is not None
    assert saving.after is not None
    assert saving.saved_g is not None
    assert saving.operational_g is not None
    assert saving.embodied_g is not None

    cpu_wh = saving.before.parts_wh["compute"] - saving.after.parts_wh["compute"]
    assert cpu_wh == pytest.approx(12 * 0.532 * 730 * 1.15)
    assert cpu_wh == pytest.approx(5359.4, abs=0.1)
    assert saving.operational_g.central == pytest.approx(6310.008 - 2418.5224, rel=0.005)
    assert saving.embodied_g.central == pytest.approx(3727.7315 - 931.9329, rel=0.005)
    assert saving.saved_g.central == saving.operational_g.central + saving.embodied_g.central
    assert saving.reason is None
    assert saving.quality == "measured"


def test_a_resize_without_a_metric_saves_the_same_cpu_energy_when_the_work_surely_fits() -> None:
    half = Spec("m5.2xlarge", 8, 32)
    measured, default = resize(after=half, cpu=0.2), resize(after=half, cpu=None)

    assert measured.energy_wh is not None
    assert default.energy_wh is not None
    assert default.energy_wh.central == pytest.approx(measured.energy_wh.central)


def test_a_resize_whose_new_utilisation_would_exceed_one_is_refused() -> None:
    saving = resize(cpu=0.3)

    assert saving.saved_g is None
    assert (
        saving.reason
        == "The resize is not valid: the same work would need 120% CPU utilisation on 'm5.xlarge'."
    )


def test_a_resize_to_exactly_full_is_allowed() -> None:
    assert resize(cpu=0.25).saved_g is not None


def test_a_deep_resize_without_a_metric_is_not_known() -> None:
    saving = resize(cpu=None)

    assert saving.saved_g is None
    assert saving.reason is not None
    assert "not measured" in saving.reason


def test_a_resize_to_another_processor_uses_the_coefficients_of_each_side() -> None:
    saving = resize(after=Spec("m8g.4xlarge", 16, 64))
    assert saving.before is not None
    assert saving.after is not None

    assert saving.after.parts_wh["compute"] == pytest.approx(16 * 730 * (0.617 + 0.08 * 1.305) * 1.15)
    assert saving.quality == "proxy"


def test_a_change_that_emits_more_is_a_negative_saving_not_zero() -> None:
    saving = resize(before=M5_XLARGE, after=M5_4XLARGE)

    assert saving.saved_g is not None
    assert saving.saved_g.high < 0


@pytest.mark.parametrize(
    ("before", "after"), [(Spec("zz9.large", 4, 16), M5_XLARGE), (M5_4XLARGE, Spec("zz9.large", 4, 16))]
)
def test_an_unknown_side_leaves_the_saving_unknown_with_its_reason(before: Spec, after: Spec) -> None:
    saving = resize(before, after)

    assert saving.saved_g is None
    assert saving.reason is not None
    assert "zz9.large" in saving.reason


@pytest.mark.parametrize(
    "bad", [{"cpu_utilization": 30.0}, {"cpu_utilization": 0.1, "gpu_utilization": 30.0}]
)
def test_a_percentage_given_as_a_ratio_leaves_the_saving_unknown(bad: dict[str, float]) -> None:
    saving = carbon.saved_by_resize(
        "aws", "us-east-1", before=M5_4XLARGE, after=M5_XLARGE, hours=1, **{"cpu_utilization": None, **bad}
    )

    assert saving.saved_g is None
    assert saving.reason is not None
    assert "ratio" in saving.reason


G4DN = Spec("g4dn.4xlarge", 16, 64, gpu_count=1)


@pytest.mark.parametrize(("gpu", "valid"), [(0.0, True), (0.3, False), (None, False)])
def test_gpus_may_go_only_when_they_are_measured_idle(gpu: float | None, valid: bool) -> None:
    saving = carbon.saved_by_resize(
        "aws", "us-east-1", before=G4DN, after=M5_4XLARGE, hours=730, cpu_utilization=0.1, gpu_utilization=gpu
    )

    assert (saving.saved_g is not None) is valid
    assert valid or "GPU" in (saving.reason or "")


def test_removing_saves_all_of_it() -> None:
    before = known(m5())
    saving = carbon.saved_by_removing(before)

    assert saving.saved_g == before.operational_g + before.embodied_g
    assert saving.before == before


def test_removing_something_unknown_stays_unknown() -> None:
    assert carbon.saved_by_removing(Unknown("No idea.")) == carbon.Saving(None, reason="No idea.")


def test_a_price_only_action_saves_zero_and_says_why() -> None:
    saving = carbon.price_only()

    assert saving.saved_g == Interval.exactly(0)
    assert saving.reason == "price_only"


def test_a_smaller_volume_saves_the_difference() -> None:
    large, small = (
        known(carbon.volume("aws", "us-east-1", medium="ssd", size_gib=size, hours=730))
        for size in (500, 100)
    )
    saving = carbon.saved_by_change(large, small)

    assert saving.energy_wh is not None
    assert saving.energy_wh.central == pytest.approx(1007.4 * 4 / 5)


# --------------------------------------------------------------------------------------- intervals

FAMILIES = [(row["cloud"], row["instance_family"]) for row in table("instance_family_cpu.csv")]
REGIONS = [(row["cloud"], row["region"]) for row in table("grid_intensity.csv") if row["recommended"] == "1"]
RATIO = st.none() | st.floats(0, 1)


def type_of(cloud: str, family: str) -> str:
    return {"aws": f"{family}.size", "alibaba": f"ecs.{family}.size", "gcp": f"{family}-size-4"}[cloud]


@given(
    family=st.sampled_from(FAMILIES),
    region=st.sampled_from([*(region for _, region in REGIONS), "moon-1"]),
    vcpu=st.integers(1, 448),
    memory=st.floats(0.5, 24576),
    hours=st.floats(0, 8784),
    cpu=RATIO,
    gpu=RATIO,
    cards=st.integers(0, 16),
)
def test_intervals_are_ordered_and_not_negative(
    family: tuple[str, str], region: str, vcpu: int, memory: float, hours: float,
    cpu: float | None, gpu: float | None, cards: int,
) -> None:  # fmt: skip
    answer = carbon.instance(
        family[0], region, type_of(*family), vcpu=vcpu, memory_gib=memory, hours=hours,
        cpu_utilization=cpu, gpu_count=cards, gpu_utilization=gpu,
    )  # fmt: skip
    if isinstance(answer, Unknown):
        assert answer.reason
        return
    for interval in (answer.energy_wh, answer.operational_g, answer.embodied_g):
        assert 0 <= interval.low <= interval.central <= interval.high
    assert answer.quality in get_args(carbon.Quality)


@given(
    families=st.tuples(st.sampled_from(FAMILIES), st.sampled_from(FAMILIES)),
    sizes=st.tuples(st.integers(1, 192), st.integers(1, 192)),
    cpu=RATIO,
)
def test_the_interval_of_a_saving_is_ordered(
    families: tuple[tuple[str, str], tuple[str, str]], sizes: tuple[int, int], cpu: float | None
) -> None:
    cloud = families[0][0]
    before, after = (
        Spec(type_of(cloud, family), vcpu, 4 * vcpu)
        for (_, family), vcpu in zip(families, sizes, strict=True)
    )
    saving = carbon.saved_by_resize(
        cloud, "us-east-1", before=before, after=after, hours=730, cpu_utilization=cpu
    )
    if saving.saved_g is None:
        assert saving.reason
        return
    for interval in (saving.saved_g, saving.energy_wh, saving.operational_g, saving.embodied_g):
        assert interval is not None
        assert interval.low <= interval.central <= interval.high


def test_an_interval_out_of_order_is_a_bug_of_ours() -> None:
    with pytest.raises(InvariantError, match="out of order"):
        Interval(2, 1, 3)
    with pytest.raises(InvariantError):
        replace(Interval.exactly(1), central=float("nan"))


def test_estimates_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        known(m5()).quality = "measured"  # type: ignore[misc]


# -------------------------------------------------------------------------------------------- data


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_the_data_has_a_source_and_a_year(name: str) -> None:
    rows = table(name)

    assert rows
    for row in rows:
        assert row["source"].strip(), row
        assert re.fullmatch(r"20[12]\d", row["year"]), row
        assert None not in row, f"too many columns: {row}"


FORBIDDEN = (
    "odbl",
    "boavizta",
    "electricity maps",
    "electricitymaps",
    "do_not_use",
    "agpl",
    "/work",
    "/home",
)


@pytest.mark.parametrize("name", TABLES)
def test_the_data_names_no_source_we_may_not_ship(name: str) -> None:
    text = (files("finops") / "data" / "carbon" / name).read_text("utf-8").lower()

    assert [word for word in FORBIDDEN if word in text] == []


def test_factors_have_only_permissive_licences() -> None:
    assert {row["licence"] for row in carbon.factor_rows()} == {
        "Apache-2.0",
        "CC-BY-4.0",
        "CN government publication",
        "US public domain",
        "derived",
        "fact, cited",
        "provider disclosure (facts, cited)",
    }


def test_every_family_has_a_processor_figure_and_a_host() -> None:
    cpus = {row["cpu_family"] for row in table("cpu_watts.csv")}
    hosts = {(row["cloud"], row["instance_family"]) for row in table("embodied_platforms.csv")}

    assert {row["cpu_family"] for row in table("instance_family_cpu.csv")} <= cpus
    assert set(FAMILIES) == hosts
    assert len(FAMILIES) == len(hosts)


def test_every_region_has_one_recommended_grid_row_and_every_cloud_a_fallback() -> None:
    everywhere = {(row["cloud"], row["region"]) for row in table("grid_intensity.csv")}

    assert sorted(everywhere) == sorted(REGIONS)
    for name in ("grid_intensity.csv", "pue.csv"):
        assert {r["cloud"] for r in table(name) if r["region"] == "*"} == {"aws", "alibaba", "gcp"}


def test_components_agree_with_the_published_totals_of_the_same_host() -> None:
    """The sum of the components is used for families without a total, so it must be the same model."""
    spec = {"vcpu": 1, "memory_gib": 4, "hours": 1}
    for family in ("m5", "r5", "c5", "m6g", "r5d", "p4d", "i3en"):
        cards = 8 if family == "p4d" else 0
        total, components = (
            known(m5(**spec, instance_type=f"{family}.{size}", gpu_count=cards)).embodied_g.central
            for size in ("24xlarge" if family == "p4d" else "2xlarge", "unlisted")
        )
        assert components == pytest.approx(total, rel=0.001), family


def test_factor_rows_have_the_columns_of_the_warehouse_table() -> None:
    rows = carbon.factor_rows()
    columns = "cloud, region, kind, value, unit, low, high, source, year, basis, licence, recommended"

    assert all(", ".join(row) == columns for row in rows)
    assert {row["kind"] for row in rows} == {"grid", "pue"}
    for row in rows:
        assert (row["low"] is not None) == (row["high"] is not None) == row["recommended"]
        if row["recommended"]:
            assert row["low"] <= row["value"] <= row["high"]


def test_overseas_sites_of_alibaba_may_be_leased_buildings() -> None:
    pue = {r["region"]: r for r in carbon.factor_rows() if r["kind"] == "pue" and r["cloud"] == "alibaba"}

    assert pue["ap-southeast-1"]["high"] == 1.56
    assert pue["*"]["high"] == pytest.approx(1.19 * 1.2)


@pytest.mark.parametrize(
    ("region", "grams", "match"),
    [
        ("cn-hangzhou", 497.4, "zone"),
        ("cn-wulanchabu", 647.9, "zone"),
        ("cn-chengdu", 156.4, "zone"),
        ("cn-hongkong", 505.02, "zone"),
        ("ap-southeast-1", 366.85, "zone"),
        ("ap-southeast-5", 560.55, "zone"),
        ("ap-northeast-1", 452.85, "zone"),
        ("eu-central-1", 275.82, "zone"),
        ("us-west-1", 195.04, "zone"),
        ("me-central-1", 382.23, "zone"),
        ("ap-southeast-6", 613.38, "area"),
        ("cn-zhongwei", 470.4, "fallback"),
    ],
)
def test_a_region_of_alibaba_has_the_grid_of_its_province_or_country(
    region: str, grams: float, match: str
) -> None:
    """Regions share names with AWS (eu-central-1, ap-southeast-1) and not places: Singapore, Jakarta, Manila."""
    place = site("alibaba", region)
    assert not isinstance(place, Unknown)
    assert (place.grid.g_per_kwh.central, place.grid.match) == (pytest.approx(grams, abs=0.05), match)
    assert place.pue.ratio.central == 1.19


@pytest.mark.parametrize(
    ("instance_type", "architecture", "quality"),
    [
        ("ecs.g7.large", "x86_64", "measured"),
        ("ecs.g8a.large", "x86_64", "measured"),
        ("ecs.t6-c1m4.large", "x86_64", "measured"),
        ("ecs.u1-c1m2.large", "x86_64", "measured"),
        ("ecs.c8y.large", "arm64", "proxy"),
        ("ecs.g6r.large", "arm64", "measured"),
        ("ecs.i3.xlarge", "x86_64", None),
        ("ecs.d3s.2xlarge", "x86_64", None),
        ("ecs.x99.large", "x86_64", None),
    ],
)
def test_a_family_of_alibaba_is_known_by_its_name_and_an_unknown_one_says_so(
    instance_type: str, architecture: str, quality: str | None
) -> None:
    box = m5(cloud="alibaba", region="cn-hangzhou", instance_type=instance_type, architecture=architecture)
    if quality is None:
        assert isinstance(box, Unknown)
        assert box.reason == f"The hardware of instance type {instance_type!r} is not in the carbon tables."
    else:
        assert known(box).quality == quality


def test_an_arm_machine_of_alibaba_takes_less_energy_than_its_intel_sister() -> None:
    arm, intel = (
        known(m5(cloud="alibaba", region="cn-hangzhou", instance_type=name))
        for name in ("ecs.g8y.large", "ecs.g7.large")
    )
    assert arm.operational_g.central < intel.operational_g.central
