"""The warehouse: one DuckDB file that readers open, a private copy that the one writer works on.

    reading(path)             read-only connection without access to files or network
    writing(path, command)    the lock, a private copy, one run; published atomically at the end

The decision behind it is docs/adr/0001-one-published-file.md.
"""

from finops.warehouse.connections import Limits, reading
from finops.warehouse.loading import DATASETS, Scope, Staged, load_scope, record_failure
from finops.warehouse.writing import Writer, writing

__all__ = [
    "DATASETS",
    "Limits",
    "Scope",
    "Staged",
    "Writer",
    "load_scope",
    "reading",
    "record_failure",
    "writing",
]
