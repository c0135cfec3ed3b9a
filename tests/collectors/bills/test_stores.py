"""Bills below gs:// and oss:// over real HTTP: listed whole, downloaded whole, once, and errors told in a sentence."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from collectors.bills.stores import calling, gcs, oss, reading
from finops.errors import ConfigError, CredentialsError, FinopsError, IncompleteError, InputError
from tests.collectors.bills.exports import Tree, data_export, report
from tests.servers.stores.bench import Bench, serving
from tests.servers.stores.gcs import Gcs
from tests.servers.stores.oss import Oss

BUCKET = "bills-of-acme"
EXECUTION = "2026-11-0{day}T04:55:57.458Z-f1598ee5-a9e3-4950-9c03-61b9834cfc52"


def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (calling, reading):
        monkeypatch.setattr(module, "wait_random_exponential", lambda **_: lambda _: 0)


@dataclass
class Shop:
    """One kind of store with a desk in front of it."""

    scheme: str
    bench: Bench
    desk: Any
    handler: type[Any]
    said: list[str] = field(default_factory=list)

    def put(self, tree: Tree) -> None:
        for key, content in tree.items():
            self.bench.put(BUCKET, key, content)

    def url(self, path: str = "") -> str:
        return f"{self.scheme}://{BUCKET}/{path}"

    def ingest(self, path: str = "", **options: Any) -> Any:
        self.bench.calls.clear()
        return self.desk.ingest(self.url(path), say=self.said.append, **options)

    @property
    def downloads(self) -> int:
        """Of bills: neither listings nor manifests."""
        bills = [call for call in self.bench.calls if "anifest.json" not in call]
        return sum("alt=media" in call if self.scheme == "gs" else "?" not in call for call in bills)

    def of_bills(self, path: str) -> bool:
        return ("alt=media" in path if self.scheme == "gs" else "?" not in path) and "anifest" not in path

    @property
    def total(self) -> Decimal:
        return self.desk.one("SELECT sum(BilledCost) FROM charges")

    def bill(self, *costs: str, account: str = "42") -> bytes:
        return self.desk.text(
            [
                {"BilledCost": cost, "ResourceId": f"i-{n}", "BillingAccountId": account}
                for n, cost in enumerate(costs)
            ]
        ).encode()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    no_wait(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "ALIBABA_CLOUD_PROFILE",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_CONFIG",
        "FINOPS_GCP_ENDPOINT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def google(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    bench = Bench()
    handler = type("TestGcs", (Gcs,), {})
    with serving(handler, bench) as address:
        monkeypatch.setenv("FINOPS_GCP_ENDPOINT", address)
        yield Shop("gs", bench, desk, handler)


@pytest.fixture
def alibaba(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    bench = Bench()
    handler = type("TestOss", (Oss,), {})
    with serving(handler, bench) as address:
        monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_OSS", address)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI-test")
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret-of-test")
        yield Shop("oss", bench, desk, handler)


@pytest.fixture(params=["google", "alibaba"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(request.param)
    return found


# --- what is there ----------------------------------------------------------------------------------------


def test_bills_below_a_prefix_are_loaded_under_their_addresses_and_not_downloaded_again(shop: Shop) -> None:
    shop.put({"x/a.csv": shop.bill("1"), "x/deep/b.csv.gz": gzip.compress(shop.bill("2", account="7"))})
    shop.put({"x/readme.txt": b"no", "x/": b"", "xy/c.csv": shop.bill("1000", account="8")})
    result = shop.ingest("x")
    assert [file.source for file in result.files] == [shop.url("x/a.csv"), shop.url("x/deep/b.csv.gz")]
    assert (shop.total, shop.downloads) == (3, 2)
    before = shop.desk.state()
    again = shop.ingest("x/")
    assert ([file.status for file in again.files], shop.downloads) == (["unchanged"] * 2, 0)
    assert shop.desk.state() == before


def test_one_object_may_be_called_anything(shop: Shop) -> None:
    strange = "x/Kosten +Oktober & 100%/größe?#.txt"
    shop.put({strange: shop.bill("1"), f"{strange}2": b"no bill"})
    shop.ingest(strange)
    assert shop.total == 1
    assert shop.desk.one("SELECT DISTINCT source FROM bill_partitions") == shop.url(strange)


def test_keys_are_no_paths_and_are_shown_without_control_characters(shop: Shop) -> None:
    shop.put({"x/../../../../evil.csv": shop.bill("1"), "x/a\x1b[31m.csv": shop.bill("2", account="7")})
    shop.ingest("x")
    assert shop.total == 3


def test_more_objects_than_a_page_holds_are_all_there(shop: Shop) -> None:
    shop.put({f"x/{number:04}.csv": shop.bill("1", account=str(number)) for number in range(7)})
    shop.put({f"x/{number:05}.txt": b"" for number in range(20)})
    shop.bench.page = 3
    shop.ingest("x")
    assert shop.total == 7


def test_a_page_is_asked_for_at_its_full_size(shop: Shop) -> None:
    shop.put({"x/a.csv": shop.bill("1")})
    shop.put({f"x/{number:05}.txt": b"" for number in range(1500)})
    shop.ingest("x/")
    assert len(shop.bench.calls) - shop.downloads == 2


def test_a_bill_that_is_restated_takes_the_place_of_the_old(shop: Shop) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.ingest()
    shop.put({"a.csv": shop.bill("2")})
    assert shop.ingest().files[0].status == "replaced"
    assert (shop.total, shop.downloads) == (2, 1)


def test_an_export_is_a_delivery_a_newer_one_wins_and_the_same_again_downloads_nothing(shop: Shop) -> None:
    shop.put(
        data_export(
            {"a-1.csv": shop.bill("1"), "a-2.csv": shop.bill("2", "3")}, execution=EXECUTION.format(day=1)
        )
    )
    shop.ingest("bills")
    assert (shop.total, shop.downloads) == (6, 2)
    before = shop.desk.state()
    assert {file.status for file in shop.ingest("bills").files} == {"unchanged"}
    assert (shop.downloads, shop.desk.state()) == (0, before)
    shop.put(data_export({"b.csv": shop.bill("9")}, execution=EXECUTION.format(day=2)))
    shop.ingest("bills")
    assert (shop.total, shop.downloads) == (9, 1)
    assert shop.desk.one("SELECT count(*) FROM bill_objects") == 1


def test_an_older_delivery_given_later_is_not_even_downloaded_the_second_time(shop: Shop) -> None:
    shop.put(
        {f"new/{k}": v for k, v in report({"a-1.csv": shop.bill("2")}, assembly="20261102T010203Z").items()}
    )
    shop.put(
        {f"old/{k}": v for k, v in report({"a-1.csv": shop.bill("1")}, assembly="20261101T010203Z").items()}
    )
    shop.ingest("new")
    for downloads in (1, 0):
        (result,) = shop.ingest("old").files
        assert (result.status, shop.total, shop.downloads) == ("unchanged", 2, downloads)
        assert "A newer delivery of this export" in result.notes[0]


def test_overwritten_exports_are_told_apart_by_when_their_manifests_were_stored(shop: Shop) -> None:
    for cost in ("1", "2"):
        shop.put(data_export({"a.csv": shop.bill(cost)}))
        shop.ingest()
        assert shop.total == int(cost)
    assert shop.desk.one("SELECT delivered_at::VARCHAR FROM bill_deliveries").startswith("2026-11-01 04:0")


@pytest.mark.parametrize(
    "inside", ["data/BILLING_PERIOD=2026-10/", "metadata/BILLING_PERIOD=2026-10", "data", ""]
)
def test_the_address_may_be_of_any_level_of_an_export(shop: Shop, inside: str) -> None:
    for day in (1, 2):
        shop.put(data_export({"a.csv": shop.bill(str(day))}, execution=EXECUTION.format(day=day)))
    shop.ingest(f"bills/acme/{inside}")
    assert shop.total == 2


def test_a_manifest_that_names_a_missing_object_changes_nothing(shop: Shop) -> None:
    tree = data_export({"a-1.csv": shop.bill("1"), "a-2.csv": shop.bill("2")})
    del tree["bills/acme/data/BILLING_PERIOD=2026-10/a-2.csv"]
    shop.put(tree)
    with pytest.raises(
        IncompleteError, match=r"a-2\.csv, which is not there: the export is perhaps being delivered"
    ):
        shop.ingest()
    assert (shop.downloads, shop.desk.one("SELECT count(*) FROM charges")) == (0, 0)


def test_archives_are_unpacked_and_known_again(shop: Shop) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", shop.bill("1"))
        archive.writestr("two.csv", shop.bill("2", account="7"))
    shop.put({"a.zip": packed.getvalue()})
    result = shop.ingest("a.zip")
    assert [file.source for file in result.files] == [shop.url("a.zip/one.csv"), shop.url("a.zip/two.csv")]
    assert {file.status for file in shop.ingest("a.zip").files} == {"unchanged"}
    assert (shop.total, shop.downloads) == (3, 0)


def test_what_another_file_brought_already_is_downloaded_once(shop: Shop) -> None:
    content = shop.bill("1")
    shop.desk.ingest(shop.desk.file("here.csv", content))
    shop.put({"there.csv": content})
    for downloads in (1, 0):
        (result,) = shop.ingest().files
        assert (result.status, shop.downloads, shop.total) == ("unchanged", downloads, 1)


def test_what_was_displaced_by_another_file_is_downloaded_again(shop: Shop) -> None:
    shop.put({"a.csv": shop.bill("1", "2")})
    shop.ingest()
    shop.desk.ingest(shop.desk.file("new.csv", shop.bill("1", "2", "3")), replace=True)
    with pytest.raises(InputError, match="pass --replace"):
        shop.ingest()
    shop.ingest(replace=True)
    assert shop.total == 3


def test_what_is_wrong_with_an_object_is_told_by_its_address(shop: Shop) -> None:
    shop.put({"x/a.csv": b"name,age\nAda,36\n"})
    with pytest.raises(InputError, match=f"^{shop.url('x/a.csv')} is no bill"):
        shop.ingest()


def test_nothing_below_an_address_is_told(shop: Shop) -> None:
    shop.put({"x/a.csv": b""})
    with pytest.raises(InputError, match=f"{shop.url('y')} holds no bills"):
        shop.ingest("y")


# --- faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["503", "500", "429", "cut", "reset", "flip"])
def test_a_download_that_fails_is_tried_again(shop: Shop, kind: str) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.bench.fail(kind, 2, shop.of_bills)
    shop.ingest()
    assert (shop.total, shop.downloads) == (1, 3)


@pytest.mark.parametrize("kind", ["503", "cut", "reset", "flip"])
def test_a_download_that_always_fails_is_told_and_loads_nothing(shop: Shop, kind: str) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.bench.fail(kind, 99, shop.of_bills)
    with pytest.raises(
        IncompleteError, match=f"The download of {shop.url('a.csv')} broke off {reading.ATTEMPTS} times"
    ):
        shop.ingest()
    assert shop.desk.one("SELECT count(*) FROM charges") == 0
    assert shop.desk.one("SELECT count(*) FROM bill_objects") == 0


@pytest.mark.parametrize("kind", ["503", "502", "429", "cut", "reset"])
def test_a_listing_that_fails_is_tried_again(shop: Shop, kind: str) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.bench.fail(kind, 2, lambda path: not shop.of_bills(path))
    shop.ingest()
    assert shop.total == 1


@pytest.mark.parametrize("kind", ["503", "cut", "reset"])
def test_a_listing_that_always_fails_is_told(shop: Shop, kind: str) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.bench.fail(kind, 99)
    with pytest.raises(IncompleteError, match=f"Listing {shop.url()} failed {calling.ATTEMPTS} times"):
        shop.ingest()


def test_objects_that_come_and_go_while_they_are_listed_are_no_trouble(shop: Shop) -> None:
    shop.put({f"x/{number}.csv": shop.bill("1", account=str(number)) for number in range(6)})
    shop.bench.page = 2

    def change() -> None:
        shop.bench.buckets[BUCKET].pop("x/0.csv", None)
        shop.bench.put(BUCKET, "x/00-new.csv", shop.bill("100", account="9"))
        shop.bench.after_list = None

    shop.bench.after_list = change
    with pytest.raises(IncompleteError, match=r"x/0\.csv was replaced while it was read"):
        shop.ingest("x/")
    shop.ingest("x/")
    assert shop.total == 105


def test_an_object_that_is_replaced_between_listing_and_download_is_told(shop: Shop) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.bench.after_list = lambda: shop.put({"a.csv": shop.bill("2")})
    with pytest.raises(IncompleteError, match=r"a\.csv was replaced while it was read"):
        shop.ingest()
    assert shop.desk.one("SELECT count(*) FROM charges") == 0


def test_a_bucket_that_is_not_there_is_told(shop: Shop) -> None:
    with pytest.raises(InputError, match=f"There is no bucket {BUCKET} in"):
        shop.ingest()


def test_a_bucket_that_may_not_be_listed_is_told_as_denied(shop: Shop) -> None:
    shop.put({"a.csv": shop.bill("1")})
    shop.handler.denied = (BUCKET,)
    with pytest.raises(IncompleteError, match=f"is denied for {shop.url()}") as raised:
        shop.ingest()
    assert raised.value.status == "denied"  # type: ignore[attr-defined]


def test_only_so_many_objects_are_looked_at(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.bills.remote.MOST", 5)
    shop.put({f"{number}.csv": b"" for number in range(6)})
    with pytest.raises(InputError, match="has more than 5 objects"):
        shop.ingest()


def test_what_does_not_fit_on_the_disk_is_not_downloaded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1 << 20})
    monkeypatch.setattr("collectors.bills.remote.shutil.disk_usage", lambda _: usage)
    shop.put({"a.csv": shop.bill("1")})
    with pytest.raises(InputError, match="make room"):
        shop.ingest()
    assert shop.downloads == 0


def test_plain_http_is_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINOPS_GCP_ENDPOINT", "http://storage.example.com")
    with pytest.raises(ConfigError, match="is plain http"):
        gcs.connect(BUCKET)


@pytest.mark.parametrize(
    "address", ["ftp://x/y", "s3://", "gs://../x", "oss://A B/c", "https://bucket/x", "s3://a..b/x"]
)
def test_an_address_that_is_none_is_told(desk: Any, address: str) -> None:
    with pytest.raises(InputError, match="is no address of bills"):
        desk.ingest(address)


# --- Google -----------------------------------------------------------------------------------------------


def test_objects_that_google_would_unpack_arrive_as_they_are_stored(google: Shop) -> None:
    content = gzip.compress(google.bill("1.5"))
    google.bench.put(BUCKET, "a.csv.gz", content, encoding="gzip")
    google.ingest()
    assert google.total == Decimal("1.5")


def test_an_object_without_an_md5_is_checked_by_its_length(google: Shop) -> None:
    google.bench.put(BUCKET, "a.csv", google.bill("1"), composed=True)
    google.bench.fail("cut", 1, google.of_bills)
    google.ingest()
    assert google.total == 1


def test_google_credentials_that_are_refused_are_told(google: Shop) -> None:
    google.put({"a.csv": google.bill("1")})
    google.handler.token = "other"
    with pytest.raises(CredentialsError, match="Google refused the credentials"):
        google.ingest()


def test_a_credentials_file_of_google_that_is_none_is_told(
    google: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"type": "nonsense"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(CredentialsError):
        google.ingest()


# --- Alibaba ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("versions", [(1,), (4,), (1, 4)])
def test_either_signature_is_accepted_by_who_checks_it(alibaba: Shop, versions: tuple[int, ...]) -> None:
    alibaba.handler.versions = versions
    alibaba.put({f"x/größe {n}.csv": alibaba.bill("1", account=str(n)) for n in range(4)})
    alibaba.bench.page = 2
    alibaba.ingest("x")
    assert alibaba.total == 4


def test_a_temporary_key_is_sent_with_its_token(alibaba: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    alibaba.handler.tokens = {"LTAI-test": "CAIS-token"}
    alibaba.put({"a.csv": alibaba.bill("1")})
    with pytest.raises(CredentialsError, match="SecurityTokenExpired"):
        alibaba.ingest()
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "CAIS-token")
    alibaba.ingest()
    assert alibaba.total == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI-other", "InvalidAccessKeyId"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong", "SignatureDoesNotMatch"),
    ],
)
def test_a_key_that_is_refused_is_told_without_its_secret(
    alibaba: Shop, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    alibaba.put({"a.csv": alibaba.bill("1")})
    monkeypatch.setenv(name, value)
    with pytest.raises(CredentialsError, match=said) as raised:
        alibaba.ingest()
    assert "secret" not in str(raised.value)


def test_a_clock_that_is_wrong_is_told(alibaba: Shop) -> None:
    alibaba.handler.skew = timedelta(minutes=-1)
    alibaba.put({"a.csv": alibaba.bill("1")})
    with pytest.raises(CredentialsError, match="RequestTimeTooSkewed"):
        alibaba.ingest()


PROFILES = {
    "current": "work",
    "profiles": [
        {"name": "default", "mode": "AK", "access_key_id": "LTAI-none", "access_key_secret": "x", "region_id": "cn-beijing"},
        {"name": "work", "mode": "AK", "access_key_id": "LTAI-test", "access_key_secret": "secret-of-test"},
        {"name": "role", "mode": "RamRoleArn", "access_key_id": "LTAI-test", "access_key_secret": "secret-of-test"},
        {"name": "empty", "mode": "AK", "access_key_id": "", "access_key_secret": ""},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("", ""),
        ("work", ""),
        ("role", "mode RamRoleArn"),
        ("empty", "has no access key"),
        ("none", "has no profile none"),
    ],
)
def test_the_profile_of_the_command_line_is_used_where_the_environment_has_no_key(
    alibaba: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, profile: str, said: str
) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps(PROFILES))
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", profile)
    alibaba.put({"a.csv": alibaba.bill("1")})
    if said:
        with pytest.raises(CredentialsError, match=said):
            alibaba.ingest()
    else:
        alibaba.ingest()
        assert alibaba.total == 1


def test_the_older_names_of_the_variables_are_known(alibaba: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "LTAI-test")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "secret-of-test")
    alibaba.put({"a.csv": alibaba.bill("1")})
    alibaba.ingest()
    assert alibaba.total == 1


def test_without_a_key_of_alibaba_it_is_told_how_to_get_one(
    alibaba: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    with pytest.raises(CredentialsError, match="No Alibaba Cloud credentials were found"):
        alibaba.ingest()


@pytest.mark.parametrize(
    ("environment", "endpoint", "region"),
    [
        ({}, "https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ({"ALIBABA_CLOUD_REGION_ID": "ap-southeast-1"}, "https://oss-ap-southeast-1.aliyuncs.com", "ap-southeast-1"),
        ({"ALIBABA_CLOUD_ENDPOINT_OSS": "oss-eu-central-1-internal.aliyuncs.com"},
         "https://oss-eu-central-1-internal.aliyuncs.com", "eu-central-1"),
    ],
)  # fmt: skip
def test_the_endpoint_is_that_of_the_region(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], endpoint: str, region: str
) -> None:
    for name in ("ALIBABA_CLOUD_ENDPOINT_OSS", "FINOPS_ALIBABA_ENDPOINT", "ALIBABA_CLOUD_REGION_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "a",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b",
        **environment,
    }.items():
        monkeypatch.setenv(name, value)
    bucket = oss.connect(BUCKET)
    assert (bucket.way.endpoint, bucket.way.region) == (endpoint, region)
    assert bucket.base() == endpoint.replace("https://", f"https://{BUCKET}.")


def test_a_bucket_of_another_region_is_asked_at_the_endpoint_that_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}.items():
        monkeypatch.setenv(name, value)
    bucket = oss.connect(BUCKET)
    refused = calling.Refused(
        403, "AccessDenied", "The bucket must be addressed …", "oss-cn-shanghai.aliyuncs.com"
    )
    assert bucket._change(refused)
    assert (bucket.way.endpoint, bucket.way.region) == ("https://oss-cn-shanghai.aliyuncs.com", "cn-shanghai")
    evil = calling.Refused(403, "AccessDenied", "…", "oss-cn-x.aliyuncs.com.evil.example")
    bucket._change(evil)
    assert bucket.way.endpoint == "https://oss-cn-shanghai.aliyuncs.com"


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"<a/>", b"<!DOCTYPE x [<!ENTITY y 'z'>]><ListBucketResult/>",
     b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
     b"<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents></ListBucketResult>"],
)  # fmt: skip
def test_an_answer_of_oss_that_is_none_is_not_taken_for_an_empty_bucket(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        oss.listed(answer)


def test_every_error_of_a_store_has_an_exit_code_of_the_contract() -> None:
    errors: list[Callable[[], FinopsError]] = [
        lambda: reading.StoreError("denied", "x"),
        lambda: CredentialsError("x"),
        lambda: InputError("x"),
    ]
    assert [make().exit_code for make in errors] == [3, 4, 2]
