"""Carbon beside the money: what the estate emits in 730 hours, what each action would save, and what counts.

Footprints(con, estate)   an estimate for every resource, and what an action alone saves
net_savings(priced, …)    what each counted finding adds to the total, each gram once
footprint_lines(…)        the estate by account, region and kind, and the method with the sources in use
"""

from finops.emissions.counting import check_total, net_savings
from finops.emissions.estate import carbon_method, footprint_lines, total_of
from finops.emissions.footprints import Footprints
from finops.emissions.grams import Grams, Parts, spread
from finops.emissions.telling import co2e, saved_in_all

__all__ = [
    "Footprints",
    "Grams",
    "Parts",
    "carbon_method",
    "check_total",
    "co2e",
    "footprint_lines",
    "net_savings",
    "saved_in_all",
    "spread",
    "total_of",
]
