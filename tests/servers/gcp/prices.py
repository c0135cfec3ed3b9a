"""What things cost in Iowa, list prices of November 2026 or near them (dollars); other regions times their factor."""

from decimal import Decimal

from tests.servers.gcp.machine_types import NAME, billed, family, told
from tests.servers.gcp.places import FURTHER, REGIONS

# Family: name in the catalogue, core and GiB an hour, what Spot takes off.
FAMILIES: dict[str, tuple[str, str, str, str]] = {
    "n1": ("N1 Predefined Instance", "0.031611", "0.004237", "0.79"), "n2": ("N2 Instance", "0.031611", "0.004237", "0.76"),
    "n2d": ("N2D AMD Instance", "0.027502", "0.003686", "0.7"), "e2": ("E2 Instance", "0.02181159", "0.00292353", "0.6"),
    "n4": ("N4 Instance", "0.03202", "0.003641", "0.5"), "n4a": ("N4A Instance", "0.02646", "0.00301", "0.6"),
    "n4d": ("N4D Instance", "0.02911", "0.00331", "0.47"), "t2d": ("T2D AMD Instance", "0.027502", "0.003686", "0.7"),
    "t2a": ("T2A Arm Instance", "0.0253", "0.00339", "0.65"), "c2": ("Compute optimized", "0.03398", "0.00455", "0.75"),
    "c2d": ("C2D AMD Instance", "0.029563", "0.003959", "0.7"), "c3": ("C3 Instance", "0.03398", "0.00456", "0.7"),
    "c3d": ("C3D Instance", "0.029563", "0.003959", "0.7"), "c4": ("C4 Instance", "0.03465", "0.003938", "0.6"),
    "c4a": ("C4A Arm Instance", "0.03086", "0.00351", "0.6"), "c4d": ("C4D Instance", "0.03228", "0.00367", "0.6"),
    "a2": ("A2 Instance", "0.031611", "0.004237", "0.65"), "g2": ("G2 Instance", "0.024988", "0.002927", "0.6"),
    "m1": ("Memory-optimized Instance", "0.0348", "0.0051", "0.7"), "m3": ("M3 Memory-optimized Instance", "0.0433", "0.0058", "0.7"),
}  # fmt: skip
CUSTOM = {"n1": "Custom Instance", "n2": "N2 Custom Instance", "n2d": "N2D AMD Custom Instance", "n4": "N4 Custom Instance",
          "n4a": "N4A Custom Instance", "n4d": "N4D Custom Instance"}  # fmt: skip
EXTENDED = {
    "n1": "Custom Extended Instance",
    "n2": "N2 Custom Extended Instance",
    "n2d": "N2D AMD Custom Extended Instance",
}
SOLE = ("n1", "n2", "n2d", "c2", "n4a")
CARDS = {"Nvidia Tesla T4": "0.35", "Nvidia Tesla V100": "2.48", "Nvidia Tesla P100": "1.46", "Nvidia Tesla P4": "0.6", "Nvidia L4": "0.560040",
         "Nvidia Tesla A100": "2.933908", "Nvidia Tesla A100 80GB": "3.92808"}  # fmt: skip
CARD_NAMES = {
    "nvidia-tesla-t4": "Nvidia Tesla T4",
    "nvidia-l4": "Nvidia L4",
    "nvidia-tesla-a100": "Nvidia Tesla A100",
    "nvidia-a100-80gb": "Nvidia Tesla A100 80GB",
}
DISKS = {
    "pd-standard": "0.04",
    "pd-balanced": "0.1",
    "pd-ssd": "0.17",
    "pd-extreme": "0.125",
    "hyperdisk-balanced": "0.08",
}
CUSTOM_PREMIUM, LOCAL_SSD = Decimal("1.05"), "0.08"


def factor(region: str) -> Decimal:
    return Decimal((REGIONS.get(region) or FURTHER[region]).factor)


def cents(value: Decimal) -> Decimal:
    """To the nano, as the catalogue tells a price."""
    return value.quantize(Decimal("0.000000001"))


def core(name: str, region: str, spot: bool = False, custom: bool = False, memory: bool = False) -> Decimal:
    """The price of a core (or GiB) and hour of a family."""
    _, per_core, per_gib, off = FAMILIES[name]
    price = Decimal(per_gib if memory else per_core) * factor(region)
    price *= (1 - Decimal(off) if spot else 1) * (CUSTOM_PREMIUM if custom and name in CUSTOM else 1)
    return cents(price)


def hourly(machine_type: str, region: str, spot: bool = False) -> Decimal:
    """A machine and hour with what its type brings, without licences: the right answer for prices.

    Extended memory and f1-micro, g1-small are not in here.
    """
    cpus, gib = billed(machine_type)
    name, custom = family(machine_type), NAME.match(machine_type) is not None
    total = Decimal(cpus) * core(name, region, spot, custom) + Decimal(gib) * core(
        name, region, spot, custom, memory=True
    )
    for each in told(machine_type).get("accelerators", []):
        card = cents(Decimal(CARDS[CARD_NAMES[each["guestAcceleratorType"]]]) * factor(region))
        total += each["guestAcceleratorCount"] * (cents(card * Decimal("0.4")) if spot else card)
    return total
