"""Data tests: SQL files that say of each subject whether what came in, or what was made of it, can be trusted.

header      what a file says of itself
catalogue   our files and the user's, and what finops.toml changes about them
checking    whether their SQL is what it may be
derived     small tables that the engine makes for them
running     one file after the other, on a connection that can only read
keeping     the results in the warehouse
figures     what the pipeline measures of itself
"""

from finops.pipeline.testing.keeping import tests_told
from finops.pipeline.testing.stages import COLLECTED, MADE, run_tests, told_in_short

__all__ = ["COLLECTED", "MADE", "run_tests", "tests_told", "told_in_short"]
