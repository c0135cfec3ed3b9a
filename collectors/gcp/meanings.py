"""What a line of the catalogue is about: our names for the words that Google describes its SKUs with.

A description is read as a whole or not at all: beside "N2 Instance Core running in Iowa" the catalogue has the same
words with "Sole Tenancy Premium for", "Custom", "Reserved" or "DWS Calendar Mode" around them, at other prices. Where a
price holds is never read here: places are named inconsistently, and the SKU lists its regions.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from collectors.gcp.families import (
    FAMILIES,
    GPU_NAMES,
    LOCAL_SSD_OWN,
    MULTI_REGIONS,
    NETWORK,
    STORAGE,
    WHOLE,
    Family,
)

T = TypeVar("T")


class Meaning(NamedTuple):
    """What a SKU is the price of: our name, how it is bought, our unit."""

    key: str
    model: str  # on_demand | spot | reserved
    unit: str


HOUR, MEMORY = "hour", "GiB-hour"
_MODELS = {"OnDemand": "on_demand", "Preemptible": "spot", "Commit1Yr": "reserved", "Commit3Yr": "reserved"}
_TERMS = {"Commit1Yr": "1", "Commit3Yr": "3"}
_COMPONENTS = {"core": ("core", HOUR), "cpu": ("core", HOUR), "ram": ("memory", MEMORY)}

# A place: up to six words, none of which says that something else is sold.
_WORD = r"(?!(?:with|for|on|at|per|attached|using|mode|sole|premium|confidential|reserved)\b)\w[\w.,'’-]*"
PLACE = rf"(?P<place>{_WORD}(?: {_WORD}){{0,5}})"
_SPOT = r"(?P<spot>(?:spot )?preemptible )?"
_ATTACHED = r"(?P<spot> attached to (?:spot )?preemptible vms?)?"
_PARTS = re.compile(rf"{_SPOT}(?P<stem>[\w -]+?) (?P<part>core|ram) running in {PLACE}")
_WHOLE = re.compile(rf"{_SPOT}(?P<name>[\w ]+?)(?: running in {PLACE})?")
_OWN_DISK = re.compile(rf"{_SPOT}(?P<name>\w+) instance local ssd running in {PLACE}")
_GPU = re.compile(rf"(?P<name>[\w ]+?)(?P<gpu> gpu)?{_ATTACHED} running in {PLACE}")
_STORAGE = re.compile(rf"(?P<name>[\w ]+?){_ATTACHED}(?: (?:running )?in {PLACE})?")
_NETWORK = re.compile(rf"(?P<name>[\w ]+?)(?: in {PLACE})?")
_COMMITMENT = re.compile(
    rf"commitment(?: v\d)?: (?:(?P<name>[\w -]+?) )?(?P<part>cpu|core|ram) (?:running )?in {PLACE}"
    r" for (?P<years>[13]) years?"
)
# Editions that Google still sells; they cost the same, and where they do not, the price is disputed and so unknown.
_WINDOWS = re.compile(
    r"licensing fee for windows server (?:2016|2019|2022|2025) datacenter edition"
    r"(?: \((?P<part>cpu|ram) cost\)| on (?P<on>vm|f1-micro|g1-small))"
)


def meanings_of(description: str, family: str, usage: str) -> tuple[Meaning, ...]:
    """What a SKU with this description, resource family and usage type is the price of; nothing for most."""
    model = _MODELS.get(usage)
    text = description.casefold()
    if model is None or len(text) > 200:
        return ()
    if model == "reserved":
        return tuple(_committed(text, _TERMS[usage])) if family == "Compute" else ()
    if family == "Compute":
        return tuple(_computing(text, model))
    if family == "Storage":
        return tuple(_stored(text, model))
    if family == "Network":
        return tuple(_networked(text))
    return tuple(_licensed(text)) if family == "License" and model == "on_demand" else ()


def _computing(text: str, model: str) -> Iterator[Meaning]:
    """Cores, memory, whole machines, accelerators, and local disks of series that have a price of their own."""
    if found := _PARTS.fullmatch(text):
        if _agrees(found, model):
            for family, kind in _STEMS.get(found["stem"], ()):
                part, unit = _COMPONENTS[found["part"]]
                if kind != "extended" or part == "memory":
                    yield Meaning(":".join(filter(None, (family, part, kind))), model, unit)
    elif found := _OWN_DISK.fullmatch(text):
        if _agrees(found, model) and found["name"] in _OWN_DISKS:
            yield Meaning(f"{_OWN_DISKS[found['name']]}:local-ssd", model, "GiB-month")
    elif (found := _WHOLE.fullmatch(text)) and found["name"] in _WHOLES:
        if _agrees(found, model):
            yield Meaning(_WHOLES[found["name"]], model, HOUR)
    elif (found := _GPU.fullmatch(text)) and _agrees(found, model) and (name := _gpu(found)):
        yield Meaning(f"gpu:{name}", model, HOUR)


def _gpu(found: re.Match[str]) -> str | None:
    name = found["name"]
    if name in GPU_NAMES:
        return GPU_NAMES[name]
    return name.replace(" ", "-") if found["gpu"] and name.startswith("nvidia ") else None


def _stored(text: str, model: str) -> Iterator[Meaning]:
    """Disks, snapshots, local disks."""
    found = _STORAGE.fullmatch(text)
    if not found or found["name"] not in _STORED or not _agrees(found, model):
        return
    key, unit = _STORED[found["name"]]
    if key.startswith("snapshot") and found["place"] in MULTI_REGIONS:
        return
    if model == "on_demand" or key == "local-ssd":
        yield Meaning(key, model, unit)


def _networked(text: str) -> Iterator[Meaning]:
    """Addresses, and traffic between zones. The address of a spot machine is still no price of the spot market."""
    found = _NETWORK.fullmatch(text)
    if found and found["name"] in _NETWORKED:
        key, unit = _NETWORKED[found["name"]]
        yield Meaning(key, "on_demand", unit)


def _licensed(text: str) -> Iterator[Meaning]:
    """Licences of Windows, per core or of a whole small machine."""
    if found := _WINDOWS.fullmatch(text):
        if found["on"] in ("f1-micro", "g1-small"):
            yield Meaning(f"windows:{found['on']}", "on_demand", HOUR)
        else:
            part, unit = _COMPONENTS[found["part"] or "cpu"]
            yield Meaning(f"windows:{part}", "on_demand", unit)


def _committed(text: str, years: str) -> Iterator[Meaning]:
    found = _COMMITMENT.fullmatch(text)
    if found and found["years"] == years:
        part, unit = _COMPONENTS[found["part"]]
        for family in _COMMITMENTS.get(found["name"] or "", ()):
            yield Meaning(f"{family}:{part}:{years}y", "reserved", unit)


def _agrees(found: re.Match[str], model: str) -> bool:
    """Whether words and usage type say the same about spot."""
    return bool(found["spot"]) == (model == "spot")


def _kinds(family: Family) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "premium" if family.base else "", family.stems
    yield "custom", family.custom
    yield "extended", family.extended


def _inverted(pairs: Iterable[tuple[str, T]]) -> Mapping[str, list[T]]:
    found: dict[str, list[T]] = {}
    for words, value in pairs:
        found.setdefault(words.casefold(), []).append(value)
    return found


def _folded(table: Mapping[str, T]) -> Mapping[str, T]:
    return {words.casefold(): value for words, value in table.items()}


# Words before "core" and "ram" → series and kind ('' | custom | extended | premium).
_STEMS = _inverted(
    (stem, (name, kind))
    for name, family in FAMILIES.items()
    for kind, stems in _kinds(family)
    for stem in stems
)
# Words in a commitment → series; some have "Instance" after them.
_COMMITMENTS = _inverted(
    (spelling, name)
    for name, family in FAMILIES.items()
    for words in family.commitment
    for spelling in sorted({words, f"{words} Instance".strip()})
)
_STORED, _NETWORKED = _folded(STORAGE), _folded(NETWORK)
_WHOLES = {words.casefold(): name for name, words in WHOLE.items()}
_OWN_DISKS = _folded(LOCAL_SSD_OWN)
