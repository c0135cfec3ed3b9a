"""Zip archives: what is in them is loaded as from a folder, and nothing in them is trusted."""

import contextlib
import gzip
import io
import os
import struct
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.bills import archives
from finops.errors import InputError
from tests.collectors.bills.exports import data_export, lay, report

EXECUTION = "2026-11-0{day}T04:55:57.458Z-f1598ee5-a9e3-4950-9c03-61b9834cfc52"


def pack(path: Path, members: Mapping[str, bytes | str], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def rows(desk, *costs: str, account: str = "42") -> str:
    return desk.text(
        [
            {"BilledCost": cost, "ResourceId": f"i-{n}", "BillingAccountId": account}
            for n, cost in enumerate(costs)
        ]
    )


def total(desk) -> Decimal:
    return desk.one("SELECT sum(BilledCost) FROM charges")


def refused(desk, path: Path, said: str) -> None:
    before = desk.state()
    with pytest.raises(InputError, match=said) as raised:
        desk.ingest(path)
    assert str(path) in str(raised.value)
    assert "/tmp/finops-" not in str(raised.value)
    assert desk.state() == before


def test_members_of_every_kind_are_loaded_under_the_name_of_the_archive(desk):
    parquet = desk.parquet(
        "x.parquet", f"FROM read_csv('{desk.csv('x.csv', {'BillingAccountId': '1'})}', all_varchar=true)"
    )
    path = pack(
        desk.folder / "bills.zip",
        {
            "2026/a.csv": rows(desk, "1", account="2"),
            "b.csv.gz": gzip.compress(rows(desk, "2", account="3").encode()),
            "c.parquet": parquet.read_bytes(),
            "readme.txt": "not a bill",
            "__MACOSX/a.csv": "not a bill",
            ".hidden.csv": "not a bill",
            "empty/": "",
        },
    )
    result = desk.ingest(path)
    assert [file.source for file in result.files] == [
        f"{path}/2026/a.csv",
        f"{path}/b.csv.gz",
        f"{path}/c.parquet",
    ]
    assert total(desk) == Decimal("4.5")
    before = desk.state()
    assert {file.status for file in desk.ingest(path).files} == {"unchanged"}
    assert desk.state() == before


def test_a_single_member_may_be_called_anything(desk):
    desk.ingest(pack(desk.folder / "bill.zip", {"Kosten Oktober": rows(desk, "1")}))
    assert total(desk) == 1


def test_an_archive_may_be_called_anything_and_lie_in_a_folder(desk):
    (desk.folder / "x").mkdir()
    pack(desk.folder / "x/a.zip", {"a.csv": rows(desk, "1", account="1")})
    pack(desk.folder / "download", {"b.csv": rows(desk, "2", account="2")})
    desk.ingest(desk.folder / "x", desk.folder / "download")
    assert total(desk) == 3


def test_a_new_content_of_an_archive_takes_the_place_of_the_old(desk):
    path = pack(desk.folder / "bill.zip", {"a.csv": rows(desk, "1")})
    desk.ingest(path)
    pack(path, {"a.csv": rows(desk, "2")})
    assert desk.ingest(path).files[0].status == "replaced"
    assert total(desk) == 2


def test_an_export_in_an_archive_is_a_delivery_and_the_newer_archive_wins(desk):
    for day in (2, 1):
        tree = data_export({"a.csv": rows(desk, str(day)).encode()}, execution=EXECUTION.format(day=day))
        desk.ingest(pack(desk.folder / f"day-{day}.zip", tree))
        assert total(desk) == 2
    tree = data_export({"b.csv": rows(desk, "3").encode()}, execution=EXECUTION.format(day=3))
    desk.ingest(pack(desk.folder / "day-3.zip", tree))
    assert total(desk) == 3


def test_a_report_that_aws_compressed_as_zip_is_a_delivery(desk):
    files = {
        f"acme-{n}.csv.zip": pack(desk.folder / f"{n}", {f"acme-{n}.csv": rows(desk, str(n))}).read_bytes()
        for n in (1, 2)
    }
    lay(desk.folder / "x", report(files, assembly="20261101T010203Z"))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 3
    inside = f"{desk.folder}/x/cur/acme/20261001-20261101/20261101T010203Z/acme-1.csv.zip/acme-1.csv"
    assert (inside,) in desk.ask("SELECT source FROM bill_partitions")


# --- bad ones ---------------------------------------------------------------------------------------------


def test_a_bad_member_is_told_by_its_name(desk):
    path = pack(desk.folder / "bill.zip", {"a.csv": "name,age\nAda,36\n", "b.csv": rows(desk, "1")})
    refused(desk, path, r"bill\.zip/a\.csv is no bill")


@pytest.mark.parametrize(
    "name", ["../../../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv", "a/./../evil.csv"]
)
def test_names_that_lead_elsewhere_lead_nowhere(desk, name, monkeypatch):
    written: list[str] = []
    real = archives._unpack

    def unpack(archive, opened, info, path):
        written.append(str(path.resolve()))
        return real(archive, opened, info, path)

    monkeypatch.setattr(archives, "_unpack", unpack)
    path = pack(desk.folder / "bill.zip", {name: rows(desk, "1"), "b.csv": rows(desk, "1", account="2")})
    desk.ingest(path)
    assert len(written) == 2
    assert all("/finops-" in each and ".." not in each for each in written)
    assert all(source.startswith(f"{path}/") for (source,) in desk.ask("SELECT source FROM bill_partitions"))


def test_a_name_with_control_characters_is_told_without_them(desk):
    path = pack(
        desk.folder / "bill.zip", {"a\x1b[31m\nb.csv": rows(desk, "1"), "b.csv": rows(desk, "1", account="2")}
    )
    desk.ingest(path)
    assert (f"{path}/a[31mb.csv",) in desk.ask("SELECT source FROM bill_partitions")


def test_links_are_only_files(desk):
    info = zipfile.ZipInfo("link.csv")
    info.external_attr = 0o120777 << 16
    path = desk.folder / "bill.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(desk, path, "is no bill")


def test_an_empty_archive(desk):
    refused(desk, pack(desk.folder / "bill.zip", {}), "is an empty archive")


def test_an_archive_without_bills(desk):
    refused(
        desk,
        pack(desk.folder / "bill.zip", {"a.txt": "x", "b.md": "y"}),
        r"holds no bills: it has a\.txt, b\.md",
    )


def test_an_archive_in_an_archive(desk):
    inner = pack(desk.folder / "inner.zip", {"a.csv": rows(desk, "1")}).read_bytes()
    refused(
        desk,
        pack(desk.folder / "bill.zip", {"inner.zip": inner}),
        r"bill\.zip/inner\.zip is an archive in an archive",
    )


def test_a_spreadsheet_in_an_archive_is_told_as_one(desk):
    inner = pack(desk.folder / "inner", {"[Content_Types].xml": "<x/>"}).read_bytes()
    refused(desk, pack(desk.folder / "bill.zip", {"Bill.xlsx": inner}), "spreadsheet")


def test_an_encrypted_archive(desk):
    path = pack(desk.folder / "bill.zip", {"a.csv": rows(desk, "1")}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag in the member's header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    refused(desk, path, "is encrypted: unpack it first")


def test_a_member_whose_check_sum_does_not_fit(desk):
    path = pack(desk.folder / "bill.zip", {"a.csv": rows(desk, "1.5")}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"1.5", b"9.5", 1))
    refused(desk, path, "is cut short or damaged .*CRC")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_an_archive_that_is_cut_short(desk, keep):
    path = pack(desk.folder / "bill.zip", {f"{n}.csv": rows(desk, str(n)) for n in range(1, 9)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    refused(desk, path, "is cut short or damaged")


def test_a_packing_that_is_not_understood(desk):
    path = pack(desk.folder / "bill.zip", {"a.csv": rows(desk, "1")}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[8:10] = struct.pack("<H", 97)
    at = content.index(b"PK\x01\x02") + 10
    content[at : at + 2] = struct.pack("<H", 97)
    path.write_bytes(content)
    refused(desk, path, "packed in a way that is not understood")


def test_two_members_of_one_name(desk):
    path = desk.folder / "bill.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", rows(desk, "1"))
        archive.writestr("./a.csv", rows(desk, "2"))
    refused(desk, path, r"holds two files called a\.csv")


def test_a_bomb_is_not_unpacked(desk, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 1 << 20)
    monkeypatch.setattr(archives, "_unpack", lambda *_: pytest.fail("it was unpacked"))
    refused(
        desk,
        pack(desk.folder / "bill.zip", {"a.csv": b"0" * (8 << 20)}),
        "times its size, which no bill does",
    )


def test_an_archive_that_does_not_fit_on_the_disk_is_not_unpacked(desk, monkeypatch):
    usage = type("Usage", (), {"free": 1 << 20})
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(archives, "_unpack", lambda *_: pytest.fail("it was unpacked"))
    refused(desk, pack(desk.folder / "bill.zip", {"a.csv": rows(desk, "1")}), "GB free: make room")


def test_very_many_members(desk, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    refused(
        desk,
        pack(desk.folder / "bill.zip", {f"{n}.csv": "x" for n in range(4)}),
        "holds 4 files, more than 3",
    )


def test_damage_anywhere_in_an_archive_is_a_sentence_or_harmless(desk):
    good = io.BytesIO()
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", rows(desk, "1", "2", "3"))
    content = good.getvalue()
    for at in range(0, len(content), 3):
        path = desk.folder / f"{at}.zip"
        broken = bytearray(content)
        broken[at] ^= 0xFF
        path.write_bytes(broken)
        with contextlib.suppress(InputError):
            desk.ingest(path)
        assert desk.one("SELECT coalesce(sum(BilledCost), 6) FROM charges") == 6


def test_nothing_is_left_behind(desk, monkeypatch, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    desk.ingest(pack(desk.folder / "bill.zip", {"a.csv": rows(desk, "1")}))
    with pytest.raises(InputError):
        desk.ingest(pack(desk.folder / "bad.zip", {"a.csv": "x"}))
    assert os.listdir(scratch) == []
