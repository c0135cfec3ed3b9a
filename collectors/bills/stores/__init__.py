"""Object stores: what lies below an address, and its bytes, by read-only calls.

    opened(address)   the store behind s3://BUCKET/…, gs://BUCKET/… or oss://BUCKET/…

reading   downloads that arrive whole or not at all, again while they break off
calling   HTTP calls to stores without an SDK of ours: retries, and errors in a sentence
gcs       Google Cloud Storage through google-auth and its JSON API
oss       Alibaba OSS through signed requests (collectors.alibaba: oss_signing, credentials)

Amazon S3 is read through boto3 by collectors/aws/storage.py. Each is imported only when an address names it.
"""

import re

from collectors.bills.stores.reading import Store
from finops.errors import InputError

SCHEMES = ("s3", "gs", "oss")
_ADDRESS = re.compile(
    r"^(?P<scheme>[a-z][a-z0-9]*)://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:/(?P<path>.*))?$"
)


def split(address: str) -> tuple[str, str, str]:
    """Scheme, bucket and path of an address. Raises InputError for what is none."""
    match = _ADDRESS.match(address)
    if not match or match["scheme"] not in SCHEMES or ".." in match["bucket"]:
        raise InputError(
            f"{address} is no address of bills: write a path, or s3://BUCKET/…, gs://BUCKET/… or oss://BUCKET/…"
        )
    return match["scheme"], match["bucket"], match["path"] or ""


def opened(address: str) -> Store:
    """The store of an address, ready to be asked.

    Raises InputError for an address that is none, CredentialsError without credentials.
    """
    scheme, bucket, _ = split(address)
    if scheme == "s3":
        from collectors.aws import storage

        return storage.connect(bucket)
    if scheme == "gs":
        from collectors.bills.stores import gcs

        return gcs.connect(bucket)
    from collectors.bills.stores import oss

    return oss.connect(bucket)
