"""What a report says of spending around the savings, from the warehouse.

telling      puts it together
trend        what each day cost, and the days to come
months       the bridge between two months, and who spends
rates        commitments: how they did, and when they end
tying        lines against invoices, and unit costs
provenance   where the numbers come from
"""

from finops.pipeline.finance.telling import with_finance

__all__ = ["with_finance"]
