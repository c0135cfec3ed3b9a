"""Carbon estimates beside the money: energy, operational and embodied emissions, and what an action saves.

Shape of the Software Carbon Intensity specification (ISO/IEC 21031:2024), C = E x I + M, with its parts kept
apart. Energy is watt-hours including PUE, emissions are grams CO2e, location-based and attributed.
Method, coefficients and limits: docs/carbon.md. Data: finops/data/carbon/*.csv.
"""

from finops.carbon.estimate import instance, network, volume
from finops.carbon.hardware import Spec
from finops.carbon.model import METHOD_VERSION, Emissions, Interval, Quality, Saving, Unknown
from finops.carbon.places import factor_rows
from finops.carbon.savings import (
    Running,
    price_only,
    saved_by_change,
    saved_by_removing,
    saved_by_resize,
    saved_by_running,
)
from finops.carbon.tables import copies

__all__ = [
    "METHOD_VERSION",
    "Emissions",
    "Interval",
    "Quality",
    "Running",
    "Saving",
    "Spec",
    "Unknown",
    "copies",
    "factor_rows",
    "instance",
    "network",
    "price_only",
    "saved_by_change",
    "saved_by_removing",
    "saved_by_resize",
    "saved_by_running",
    "volume",
]
