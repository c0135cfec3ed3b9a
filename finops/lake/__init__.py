"""A lake: the warehouse's tables as partitioned Parquet, in a folder or an object store, for engines of other machines.

    finops-lake.json                                         which files are the lake, and nothing else is
    charges/cloud=aws/billing_period=2026-10/<content>.parquet
    metrics/cloud=aws/month=2026-10/<content>.parquet
    traffic/cloud=aws/month=2026-10/<content>.parquet
    instances/cloud=aws/<content>.parquet                    and every other table

A file is named by what is in it and never changes. A partition is replaced by writing its new file and then the
manifest, in one step; whoever has read the manifest before goes on with the old files, which stay until the next time.
"""

from finops.lake.layout import MANIFEST, Manifest, Part, lake_tables
from finops.lake.writing import Exported, export

__all__ = ["MANIFEST", "Exported", "Manifest", "Part", "export", "lake_tables"]
