"""Rates after usage: commitments to buy for what the accepted actions leave, and what held ones still pay.

fill(con, as_of, accepted)   sizes every commitment that could be bought into the table commitment_options
Purchases(con).of(verdict)   the money of a finding of the rule commitment-coverage
Pools(con)                   what stays paid of covered resources that are removed or made smaller
"""

from finops.commitments.buying import CELL, Bought, Purchases, by_account
from finops.commitments.filling import fill
from finops.commitments.stranded import PoolKey, Pools, Stay, shared_out

__all__ = ["CELL", "Bought", "PoolKey", "Pools", "Purchases", "Stay", "by_account", "fill", "shared_out"]
