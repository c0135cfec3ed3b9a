"""Flow logs into the table `traffic`: which address sent how many bytes to which, each day.

    recognise(path)             what flow log a file is, from its beginning; None when it is none
    ingest_file(writer, path)   one file into `flow_pairs`, in one transaction, never twice
    load_sums(writer, …)        what a cloud added up itself, a part at a time, by the same mapping
    tell_traffic(con, …)        `traffic` from all that is loaded and the inventory as it is now

A format is one mapping beside this code, such as aws.sql. How bytes are counted is told in docs/flow-logs.md.
"""

from collectors.flow_logs.loading import ingest_file
from collectors.flow_logs.recognising import FlowFile, named_like_one, recognise
from collectors.flow_logs.summed import known_parts, load_sums
from collectors.flow_logs.telling import tell_traffic

__all__ = [
    "FlowFile",
    "ingest_file",
    "known_parts",
    "load_sums",
    "named_like_one",
    "recognise",
    "tell_traffic",
]
