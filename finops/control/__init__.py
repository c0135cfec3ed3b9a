"""Statistical process control and forecasts: arrays of daily figures in, alarms and months out. No SQL, no files.

arrays    medians of what is known, calendars
limits    control limits day by day, for many series at once, and the alarms they raise
episodes  days outside their limits, put together
forecast  what a month will cost, with a band
"""

from finops.control.episodes import Episode, episodes
from finops.control.limits import Limits, Watched, observe

__all__ = ["Episode", "Limits", "Watched", "episodes", "observe"]
