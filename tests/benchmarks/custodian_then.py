"""Cloud Custodian as if it were another instant, which it has no option for: python custodian_then.py INSTANT run …

Only what it takes for the date is shifted, so that it asks for the metrics that the estate has. Runs in Cloud
Custodian's own environment.
"""

import datetime as module
import sys
from typing import Any

Real = module.datetime


class Kind(type):
    """Instants made elsewhere are of this kind too."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Real)


class Then(Real, metaclass=Kind):
    """A datetime whose now is another."""

    shift = module.timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return Real.now(tz) + cls.shift

    @classmethod
    def utcnow(cls) -> Any:
        return Real.now(module.UTC).replace(tzinfo=None) + cls.shift


Then.shift = Real.fromisoformat(sys.argv.pop(1)) - Real.now(module.UTC)
module.datetime = Then  # type: ignore[misc]

from c7n.cli import main  # noqa: E402

main()
