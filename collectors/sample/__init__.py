"""The built-in sample estate: three clouds, 95 days of metrics, a bill that reconciles with it.

It is deterministic, needs no cloud and no network, and goes through the same functions as real collectors: scopes
replaced by Arrow batches with a coverage row each, and a FOCUS bill read by the ingest.
"""

from collectors.sample.load import AS_OF, load_inventory, write_bills

__all__ = ["AS_OF", "load_inventory", "write_bills"]
