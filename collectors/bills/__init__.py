"""Exported bills into the table `charges`: FOCUS, AWS CUR, Google's export, Alibaba's details; text, JSON, Parquet.

    find_files(paths)      files, folders and patterns as a list of paths
    inspect(path)          what a file is, from its beginning; hopeless ones fail here
    ingest(writer, paths)  the bills into the warehouse, each in one transaction
    taking_in, bring_in    the same in two steps: look at everything that was given, then load it
    ingest_delivery(…)     what an export brought for one billing period, in place of what it brought before
    load_totals(…)         what an account costs where no bill tells it, until one comes
    in_words(…)            accounts and months in a sentence

A format is one mapping beside this code, such as focus.sql. What happens to a bill is told in docs/ingest.md.
"""

from collectors.bills.files import find_files
from collectors.bills.inspection import Bill, inspect
from collectors.bills.intake import How, bring_in, ingest, taking_in
from collectors.bills.loading import Delivery, ingest_delivery
from collectors.bills.partitions import in_words
from collectors.bills.results import FileResult, IngestResult, Sums
from collectors.bills.totals import TotalsResult, load_totals

__all__ = [
    "Bill",
    "Delivery",
    "FileResult",
    "How",
    "IngestResult",
    "Sums",
    "TotalsResult",
    "bring_in",
    "find_files",
    "in_words",
    "ingest",
    "ingest_delivery",
    "inspect",
    "load_totals",
    "taking_in",
]
