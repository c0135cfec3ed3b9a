"""`finops ingest s3://… gs://… oss://…`: the real command against local stores that speak the real protocols."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.bills.exports import Tree, data_export, report
from tests.end_to_end.command import Done, finops
from tests.end_to_end.test_ingest_deliveries import EXECUTION, bill, total
from tests.servers.aws.cloud import Cloud
from tests.servers.stores.bench import Bench, serving
from tests.servers.stores.gcs import Gcs
from tests.servers.stores.oss import Oss

pytestmark = pytest.mark.slow
BUCKET = "bills-of-acme"


@dataclass
class Shop:
    """One store, and the command in a folder that has its credentials."""

    scheme: str
    env: dict[str, str]
    write: Callable[[str, bytes], None]
    downloads: Callable[[], int]

    def put(self, tree: Tree) -> None:
        for key, content in tree.items():
            self.write(key, content)

    def ingest(self, folder: Path, path: str = "", *more: str, env: dict[str, str] | None = None) -> Done:
        return finops(
            "ingest", f"{self.scheme}://{BUCKET}/{path}", *more, cwd=folder, env={**self.env, **(env or {})}
        )


@pytest.fixture(scope="module")
def aws() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def amazon(aws: Cloud) -> Shop:
    aws.fresh()
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    aws.reset_calls()

    def downloads() -> int:
        count = aws.count("GetObject")
        aws.reset_calls()
        return count

    return Shop(
        "s3", aws.env, lambda key, content: client.put_object(Bucket=BUCKET, Key=key, Body=content), downloads
    )


def of(bench: Bench, scheme: str, is_download: Callable[[str], bool], env: dict[str, str]) -> Shop:
    def downloads() -> int:
        count = sum(is_download(call) for call in bench.calls)
        bench.calls.clear()
        return count

    return Shop(scheme, env, lambda key, content: bench.put(BUCKET, key, content), downloads)


@pytest.fixture
def google() -> Iterator[Shop]:
    bench = Bench()
    with serving(Gcs, bench) as address:
        yield of(bench, "gs", lambda call: "alt=media" in call, {"FINOPS_GCP_ENDPOINT": address})


@pytest.fixture
def alibaba() -> Iterator[Shop]:
    bench = Bench()
    with serving(Oss, bench) as address:
        env = {
            "FINOPS_ALIBABA_ENDPOINT": address,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-test",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret-of-test",
        }
        yield of(bench, "oss", lambda call: "?" not in call, env)


@pytest.fixture(params=["amazon", "google", "alibaba"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(request.param)
    return found


def test_an_export_is_loaded_once_and_a_new_delivery_takes_its_place(shop: Shop, tmp_path: Path) -> None:
    shop.put(data_export({"a-1.csv": bill("1"), "a-2.csv": bill("2")}, execution=EXECUTION.format(day=1)))
    first = shop.ingest(tmp_path, "bills")
    assert first.code == 0, first.err
    data = f"{shop.scheme}://{BUCKET}/bills/acme/data/BILLING_PERIOD=2026-10/{EXECUTION.format(day=1)}"
    assert f"{data}/a-1.csv: loaded 1 rows (focus-" in first.out
    assert total(tmp_path) == "3"
    manifests = shop.downloads() - 2
    again = shop.ingest(tmp_path, "bills")
    assert (again.code, again.out.count(": unchanged")) == (0, 2)
    assert shop.downloads() == manifests
    shop.put(data_export({"b.csv": bill("4")}, execution=EXECUTION.format(day=2)))
    newer = shop.ingest(tmp_path, "bills/acme/data/BILLING_PERIOD=2026-10")
    assert (newer.code, newer.out.count(": replaced 1 rows"), total(tmp_path)) == (0, 1, "4")


def test_an_older_report_given_later_does_not_win(shop: Shop, tmp_path: Path) -> None:
    for folder, day, cost in (("new", 2, "2"), ("old", 1, "1")):
        tree = report({"acme-1.csv": bill(cost)}, assembly=f"2026110{day}T010203Z")
        shop.put({f"{folder}/{key}": content for key, content in tree.items()})
        done = shop.ingest(tmp_path, folder)
        assert (done.code, total(tmp_path)) == (0, "2")
    assert "A newer delivery of this export (2026-11-02 01:02:03 UTC" in done.out


def test_a_single_object_and_a_folder_of_bills_are_loaded_each_by_itself(shop: Shop, tmp_path: Path) -> None:
    shop.put(
        {"x/a.csv": bill("1"), "x/b.csv": bill("2", month="2026-09"), "y/c.txt": bill("4", month="2026-08")}
    )
    done = shop.ingest(tmp_path, "x", f"{shop.scheme}://{BUCKET}/y/c.txt")
    assert (done.code, done.out.count(": loaded 1 rows"), total(tmp_path)) == (0, 3, "7")


def test_mistakes_are_one_sentence_with_the_code_of_the_contract(shop: Shop, tmp_path: Path) -> None:
    shop.put({"bad.csv": b"name,age\nAda,36\n"})
    nothing = shop.ingest(tmp_path, "nothing")
    assert nothing.code == 2
    assert "holds no bills" in nothing.sentence
    bad = shop.ingest(tmp_path, "bad.csv")
    assert (bad.code, bad.out) == (2, "")
    assert f"finops: {shop.scheme}://{BUCKET}/bad.csv is no bill" in bad.err
    elsewhere = finops("ingest", f"{shop.scheme}://no-such-bucket-of-acme/x", cwd=tmp_path, env=shop.env)
    assert elsewhere.code == 2
    assert "There is no bucket no-such-bucket-of-acme" in elsewhere.sentence


@pytest.mark.parametrize("scheme", ["s3", "gs", "oss"])
def test_without_credentials_the_code_is_4(scheme: str, tmp_path: Path) -> None:
    env = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID"), "")
    env |= {"AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true", "GOOGLE_APPLICATION_CREDENTIALS": ""}
    done = finops("ingest", f"{scheme}://{BUCKET}/x", cwd=tmp_path, env=env)
    assert done.code == 4
    assert "credentials" in done.sentence


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [("denied", 3, "is denied"), ("expired", 4, "refused the credentials"), ("http500", 3, "s3:ListBucket")],
)
def test_what_s3_refuses_is_told(
    amazon: Shop, aws: Cloud, tmp_path: Path, kind: str, code: int, said: str
) -> None:
    amazon.put({"a.csv": bill("1")})
    aws.faults([{"kind": kind, "service": "s3"}])
    done = amazon.ingest(tmp_path)
    aws.faults([])
    assert done.code == code, done.err
    assert said in done.sentence


@pytest.mark.parametrize("kind", ["truncate", "reset", "http500"])
def test_a_download_from_s3_that_breaks_off_is_tried_again(
    amazon: Shop, aws: Cloud, tmp_path: Path, kind: str
) -> None:
    amazon.put({"a.csv": bill("1")})
    aws.faults([{"kind": kind, "service": "s3", "operation": "GetObject", "first": 2}])
    done = amazon.ingest(tmp_path)
    aws.faults([])
    assert (done.code, total(tmp_path)) == (0, "1"), done.err


def test_the_calls_to_s3_need_no_more_than_listing_and_reading(
    amazon: Shop, aws: Cloud, tmp_path: Path
) -> None:
    amazon.put(data_export({"a.csv": bill("1")}))
    policy: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        ],
    }
    env = aws.enforce_iam(policy)
    done = amazon.ingest(tmp_path, "bills", env=env)
    aws.stop_enforcing_iam()
    assert done.code == 0, done.err
