"""Judges the export of every data set by the official validator; make conformance runs it."""

import sys
import tempfile
from pathlib import Path
from time import monotonic

from tests.conformance.data_sets import DATA_SETS, export, one_file
from tests.conformance.validator import failures


def main() -> int:
    """Prints one line per data set; returns 1 when a rule fails that does not fail on every file."""
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        for one in DATA_SETS:
            if reason := one.absent():
                print(f"{one.name:20} not judged: {reason}")
                continue
            begun = monotonic()
            _, done = export(one, Path(name))
            failed = failures(one_file(done.folder, Path(name) / "judged.parquet"))
            broken += bool(failed)
            rows = sum(month.rows for month in done.months)
            said = f"FAILED {', '.join(sorted(failed))}" if failed else "conformant"
            print(f"{one.name:20} {rows:>7,} rows  {monotonic() - begun:5.1f} s  {said}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
