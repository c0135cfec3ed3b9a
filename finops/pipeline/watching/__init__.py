"""Costs and figures under control: what left its limits, what a month will cost, how budgets stand.

cells      what each day cost, in one pass over the bill
finding    events of all levels, told once at the level that explains them
figures    the pipeline's own figures
keeping    anomalies as rows, and what was decided about them
deciding   accept and expect
months     forecasts
budgets    budgets
words      their sentences
"""

from finops.pipeline.watching.alarms import anomalies_told, watch
from finops.pipeline.watching.budgets import budgets_told
from finops.pipeline.watching.months import forecasts_told

__all__ = ["anomalies_told", "budgets_told", "forecasts_told", "watch"]
