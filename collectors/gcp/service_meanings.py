"""What lines of the catalogue of services beside Compute Engine are about, by whole descriptions as meanings.py has it.

Sources: descriptions of Google's public catalogue as public projects match them (sparecores/sc-crawler for Cloud SQL,
GoogleCloudPlatform's price lists for Memorystore, Cloud Storage, Artifact Registry, Cloud Logging), 2026.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from collectors.gcp.meanings import HOUR, MEMORY, PLACE, Meaning

Understand = Callable[[str, str, str], tuple[Meaning, ...]]
_MONTH = "GiB-month"
_ENGINES = {"mysql": "mysql", "postgresql": "postgres"}
_SQL = re.compile(
    rf"cloud sql for (?P<engine>mysql|postgresql): (?P<kind>zonal|regional) - (?P<what>[\w .+]+?) in {PLACE}"
)
_SQL_PARTS = {
    "vcpu": ("core", HOUR), "ram": ("memory", MEMORY), "enterprise plus n vcpu": ("plus-n:core", HOUR),
    "enterprise plus n ram": ("plus-n:memory", MEMORY), "standard storage": ("storage:ssd", _MONTH),
    "low cost storage": ("storage:hdd", _MONTH), "micro instance": ("micro", HOUR),
    "small instance": ("small", HOUR),
}  # fmt: skip
_SQL_WHOLE = re.compile(r"(?P<vcpu>\d+) vcpu \+ (?P<gb>[\d.]+)gb ram")
_REDIS = re.compile(rf"redis capacity (?P<tier>basic|standard) (?P<size>m[1-5]) {PLACE}")
_BUCKETS = re.compile(rf"(?P<name>standard|nearline|archive) storage {PLACE}")
_CLASSES = {"standard": "bucket:standard", "nearline": "bucket:infrequent", "archive": "bucket:archive"}
_MULTI, _DUAL = "multi-region", "dual-region"


class Service(NamedTuple):
    """A service of the catalogue, by its number, and how its descriptions are understood."""

    number: str
    understand: Understand


def _sql(text: str) -> Iterator[Meaning]:
    found = _SQL.fullmatch(text)
    if not found:
        return
    prefix = f"sql:{_ENGINES[found['engine']]}:{found['kind']}"
    if found["what"] in _SQL_PARTS:
        part, unit = _SQL_PARTS[found["what"]]
        yield Meaning(f"{prefix}:{part}", "on_demand", unit)
    elif whole := _SQL_WHOLE.fullmatch(found["what"]):
        yield Meaning(f"{prefix}:{whole['vcpu']}x{float(whole['gb']):g}", "on_demand", HOUR)


def _redis(text: str) -> Iterator[Meaning]:
    if found := _REDIS.fullmatch(text):
        yield Meaning(f"redis:{found['tier']}:{found['size']}", "on_demand", MEMORY)


def _buckets(text: str) -> Iterator[Meaning]:
    """Bytes of a class, in a region or in a place of several; two regions of one's own choice cost something else."""
    found = _BUCKETS.fullmatch(text)
    if found and not found["place"].endswith(_DUAL):
        several = ":multi" if found["place"].endswith(_MULTI) else ""
        yield Meaning(_CLASSES[found["name"]] + several, "on_demand", _MONTH)


def _registry(text: str) -> Iterator[Meaning]:
    if text == "artifact registry storage":
        yield Meaning("registry", "on_demand", _MONTH)


def _logs(text: str) -> Iterator[Meaning]:
    if text == "log retention cost":
        yield Meaning("logs:storage", "on_demand", _MONTH)


def _on_demand(understand: Callable[[str], Iterator[Meaning]]) -> Understand:
    def meanings(description: str, _: str, usage: str) -> tuple[Meaning, ...]:
        if usage != "OnDemand" or len(description) > 200:
            return ()
        return tuple(understand(description.casefold()))

    return meanings


SQL = Service("9662-B51E-5089", _on_demand(_sql))
REDIS = Service("5AF5-2C11-D467", _on_demand(_redis))
STORAGE = Service("95FF-2EF5-5EA1", _on_demand(_buckets))
REGISTRY = Service("149C-F9EC-3994", _on_demand(_registry))
LOGGING = Service("5490-F7B7-8DF6", _on_demand(_logs))
