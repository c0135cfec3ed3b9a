"""What became of findings: their states over audits, what people decided, and what was saved according to the bill.

observing   what an audit saw of the findings that are known, on its own connection
keeping     writes it down, beside the audit
realised    what actions saved, measured on later bills
"""
