"""What was spent: lines by any dimensions, against another month, tied out to the invoices.

dimensions   what costs can be split by
question     what can be asked
bills        which months are loaded, how far each bill goes, its invoices
queries      the SQL
rounding     cents that add up
notes        what a reader must know beside the numbers
answering    all of it together: answer(con, question)
"""

from finops.pipeline.costing.answering import answer
from finops.pipeline.costing.dimensions import parse
from finops.pipeline.costing.question import Question, parse_month

__all__ = ["Question", "answer", "parse", "parse_month"]
