"""From verdicts to money: what each finding would save, and what remains once overlaps are removed.

assess(con, verdicts, …)   prices every finding from the bill, else from list prices, and nets them
"""

from finops.savings.assess import Assessment, assess
from finops.savings.priced import Priced

__all__ = ["Assessment", "Priced", "assess"]
