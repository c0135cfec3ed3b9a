"""The emissions of one finding in the words of the model, and their sum over findings."""

from collections.abc import Iterable

from finops.carbon import Emissions
from finops.emissions.footprints import Footprints
from finops.emissions.grams import Grams, Parts, spread
from finops.model import Co2e
from finops.savings.priced import Priced

_ENDS = ("_low", "", "_high")


def co2e(one: Priced, footprints: Footprints, net: Parts | None) -> Co2e:
    """What the resource emits now, what the action alone saves and what of that counts (`net`), with the sources."""
    now = footprints.of(one.verdict.key)
    effect = footprints.effect(one)
    emitted = {
        name: value
        for name, value in spread("", footprints.parts(one.verdict.key)).items()
        if name.startswith(("_op", "_em"))
    }
    return Co2e(
        **{name.removeprefix("_"): value for name, value in emitted.items()},
        **spread("saved", effect.whole),
        **spread("net_saved", net),
        **(_sources(now) if isinstance(now, Emissions) else {}),
        quality=effect.quality or (now.quality if isinstance(now, Emissions) else "unknown"),
        reason=effect.reason,
    )


def _sources(now: Emissions) -> dict[str, object]:
    return {
        "method_version": now.method_version,
        "utilisation_source": now.utilisation_source,
        "grid_source": now.grid_source,
        "grid_year": now.grid_year,
        "grid_basis": now.grid_basis,
        "pue_source": now.pue_source,
    }


def saved_in_all(told: Iterable[Co2e]) -> Parts | None:
    """What counts of these findings, gram by gram; None when nothing is known of any."""
    known = [one for one in told if one.net_saved_kg is not None]
    return sum(map(_net, known), Parts()) if known else None


def _net(one: Co2e) -> Parts:
    return Parts(*(_grams(one, f"net_saved_{kind}") for kind in ("operational", "embodied")))


def _grams(one: Co2e, name: str) -> Grams:
    return Grams(*(round(1000 * (getattr(one, f"{name}{end}_kg") or 0.0)) for end in _ENDS))
