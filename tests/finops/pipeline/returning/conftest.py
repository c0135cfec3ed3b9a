"""The world of the history's tests, in which findings were found that people decide about."""

from tests.finops.history.conftest import empty, world

__all__ = ["empty", "world"]
