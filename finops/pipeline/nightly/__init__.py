"""An unattended night: collect, load, test, audit, detect, report, deliver, tidy, each step on record.

journal   what has been done so far, beside the warehouse
steps     the steps in order, each a call of what a command does: incoming, judging, outgoing
night     one after the other, under a lock
made      what the files of the report are
record    the journal in the warehouse, and the night in the report
"""

from finops.pipeline.nightly.night import NightDone, retry, run_night

__all__ = ["NightDone", "retry", "run_night"]
