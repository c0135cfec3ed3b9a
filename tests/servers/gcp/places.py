"""Regions and zones, with the place names of the price list and what everything costs there against Iowa."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """A region: its zones' last letters, its city and continent in the catalogue, its price factor (made up)."""

    letters: str
    city: str
    continent: str  # under which name the older families are sold; empty: under the city
    factor: str = "1"


REGIONS: dict[str, Region] = {
    "us-central1": Region("abcf", "Iowa", "Americas"),
    "us-east1": Region("bcd", "South Carolina", "Americas"),
    "us-west1": Region("abc", "Oregon", "Americas"),
    "us-west2": Region("abc", "Los Angeles", "", "1.2"),
    "europe-west1": Region("bcd", "Belgium", "EMEA", "1.1"),
    "europe-west4": Region("abc", "Netherlands", "", "1.1"),
    "asia-southeast1": Region("abc", "Singapore", "", "1.234"),
    "asia-northeast1": Region("abc", "Tokyo", "", "1.285"),
}
# On sale, though this cloud has no machines there: only the big catalogue names them.
FURTHER: dict[str, Region] = {
    "us-east4": Region("abc", "Virginia", "", "1.125"), "us-south1": Region("abc", "Dallas", "", "1.18"),
    "northamerica-northeast1": Region("abc", "Montreal", "", "1.1"), "southamerica-east1": Region("abc", "Sao Paulo", "", "1.587"),
    "europe-west2": Region("abc", "London", "", "1.288"), "europe-west3": Region("abc", "Frankfurt", "", "1.288"),
    "europe-west6": Region("abc", "Zurich", "", "1.4"), "europe-north1": Region("abc", "Finland", "", "1.1"),
    "europe-southwest1": Region("abc", "Madrid", "", "1.18"), "me-west1": Region("abc", "Tel Aviv", "", "1.1"),
    "asia-east1": Region("abc", "Taiwan", "APAC", "1.158"), "asia-east2": Region("abc", "Hong Kong", "", "1.4"),
    "asia-northeast3": Region("abc", "Seoul", "", "1.285"), "asia-south1": Region("abc", "Mumbai", "", "1.2"),
    "australia-southeast1": Region("abc", "Sydney", "", "1.42"), "africa-south1": Region("abc", "Johannesburg", "", "1.3"),
}  # fmt: skip


def zones(region: str) -> tuple[str, ...]:
    """The zones of a region; there is no zone a everywhere."""
    return tuple(f"{region}-{letter}" for letter in REGIONS[region].letters)


ZONES: dict[str, str] = {zone: region for region in REGIONS for zone in zones(region)}


def region_of(scope: str) -> str:
    """The region of "zones/Z" or "regions/R"; global: global."""
    kind, _, name = scope.partition("/")
    return ZONES[name] if kind == "zones" else name or "global"
