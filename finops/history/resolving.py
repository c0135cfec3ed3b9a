"""What became of a finding that an audit does not have any more: acted upon, gone, no longer true, or not looked at.

Only what was looked at is resolved. A resource is gone when an inventory that was collected whole since then does not
list it; an action is seen when the inventory says that the resource changed; a finding is no longer true when its rule
could judge the resource and did not find it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from finops.history.inventory import Named, Scope, Thing

Resolution = Literal["changed", "gone", "no_longer_true", "exempt"]

# What only somebody's hand changes of a resource. Its size in GiB counts, too: a volume that grew is another one.
_HAND_MADE = (
    "instance_type", "volume_type", "performance_level", "size_gib", "iops", "throughput_mib", "tier",
    "storage_type", "storage_gib", "has_lifecycle", "min_size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Open:
    """A finding of the history that is not resolved, as it was when it was last seen."""

    id: str
    rule: str
    named: Named
    action: str
    was: Mapping[str, Any] | None
    last_seen: datetime
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """What an audit can tell of a finding that it does not have.

    `judged` says that its rule ran and was kept from judging neither the resource nor its place; `scope` is the
    inventory that would list it, None where there is none of its kind; `done` that somebody said it was done, or that
    what was to be bought was.
    """

    thing: Thing | None
    scope: Scope | None
    judged: bool
    done: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """A finding that is resolved, and what the resource is since; None when it is gone.

    `replaced_by` is what took its place: (resource id, why), as far as the inventory tells.
    """

    id: str
    resolution: Resolution
    became: Mapping[str, Any] | None
    replaced_by: tuple[tuple[str, str], ...] = ()


def resolve(known: Open, look: Look) -> Resolved | None:
    """What became of a finding that an audit could have had; None where nobody can tell, and it stays as it was."""
    fresh = _collected_since(look.scope, known)
    if look.scope is not None and look.thing is None:
        # One that no inventory held when it was found may be missing for another reason than that it is gone.
        return Resolved(known.id, "gone", None) if fresh and (known.was or look.judged) else None
    if look.thing is not None and known.was is not None:
        if fresh and acted_upon(known.action, known.was, look.thing.attributes):
            return Resolved(known.id, "changed", look.thing.attributes)
        if look.scope is None or look.scope.status != "complete":
            return None
    if not look.judged:
        return None
    became = look.thing.attributes if look.thing else None
    return Resolved(known.id, "changed" if look.done else "no_longer_true", became)


def acted_upon(action: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether the resource shows that somebody did what was proposed, or something like it."""
    if any(was.get(name) != now.get(name) for name in _HAND_MADE):
        return True
    if was.get("state") == "running" and now.get("state") == "stopped":
        return True
    if was.get("stopped_mode") == "keep_charging" and now.get("stopped_mode") == "stop_charging":
        return True
    if now.get("purchase_model") == "spot" != was.get("purchase_model"):
        return True
    return action == "move" and was.get("zone") != now.get("zone")


def _collected_since(scope: Scope | None, known: Open) -> bool:
    """Whether the inventory was collected whole after the finding was last seen in it."""
    if scope is None or scope.status != "complete" or scope.collected_at is None:
        return False
    return scope.collected_at > (known.observed_at or known.last_seen)
