"""Flow logs of every shape into `traffic`: recognised by looking inside, counted once, never twice."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.flow_logs import recognise
from finops.errors import InputError
from tests.collectors.flow_logs.conftest import ACCOUNT, DEFAULT, START, Desk

FLOW = {"interface-id": "eni-a", "srcaddr": "10.0.0.5", "dstaddr": "10.0.1.9", "bytes": 1000}
ENTRY: dict[str, Any] = {
    "insertId": "a1",
    "logName": "projects/shop/logs/compute.googleapis.com%2Fvpc_flows",
    "resource": {"type": "gce_subnetwork", "labels": {"project_id": "shop", "location": "us-central1-a"}},
    "timestamp": "2026-10-01T00:00:10.1Z",
    "jsonPayload": {
        "bytes_sent": "1000",
        "connection": {
            "src_ip": "10.1.0.2",
            "src_port": 1,
            "dest_ip": "10.1.0.3",
            "dest_port": 2,
            "protocol": 6,
        },
        "reporter": "SRC",
        "start_time": "2026-10-01T00:00:00.123456789Z",
        "src_instance": {
            "project_id": "shop",
            "vm_name": "web",
            "zone": "us-central1-a",
            "region": "us-central1",
        },
        "dest_instance": {
            "project_id": "shop",
            "vm_name": "db",
            "zone": "us-central1-b",
            "region": "us-central1",
        },
    },
}
SLS = {
    "__topic__": "flow_log", "version": "1", "vswitch-id": "vsw-1", "vm-id": "i-bp1", "vpc-id": "vpc-1",
    "account-id": "1234", "eni-id": "eni-bp1", "region": "cn-hangzhou", "srcaddr": "172.16.0.2", "srcport": "80",
    "dstaddr": "172.16.0.3", "dstport": "81", "protocol": "6", "direction": "out", "packets": "2", "bytes": "1000",
    "start": str(START), "end": str(START + 60), "log-status": "OK", "action": "ACCEPT",
}  # fmt: skip


# ------------------------------------------------------------------------------------------------- shapes


def test_a_default_log_without_a_header_is_recognised(desk: Desk) -> None:
    path = desk.file(
        "part.txt", f"2 {ACCOUNT} eni-a 10.0.0.5 10.0.1.9 1 2 6 1 1000 {START} {START + 60} ACCEPT OK\n"
    )
    desk.ingest(path)
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_lines_that_cloudwatch_exports_begin_with_an_instant(desk: Desk) -> None:
    line = f"2 {ACCOUNT} eni-a 10.0.0.5 10.0.1.9 1 2 6 1 1000 {START} {START + 60} ACCEPT OK"
    desk.ingest(desk.file("000000.gz", f"2026-10-01T00:00:00.000Z {line}\n"))
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_events_that_the_command_line_of_aws_prints_are_read(desk: Desk) -> None:
    line = f"2 {ACCOUNT} eni-a 10.0.0.5 10.0.1.9 1 2 6 1 1000 {START} {START + 60} ACCEPT OK"
    desk.ingest(
        desk.file("events.json", json.dumps({"events": [{"timestamp": 1, "message": line}]}, indent=2))
    )
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_fields_of_a_custom_format_are_told_by_its_header(desk: Desk) -> None:
    header = "account-id region vpc-id interface-id instance-id srcaddr dstaddr bytes start flow-direction log-status"
    desk.ingest(
        desk.aws("custom.log.gz", {**FLOW, "region": "eu-west-1", "flow-direction": "egress"}, header=header)
    )
    assert desk.traffic("account_id", "region", "bytes") == [(ACCOUNT, "eu-west-1", 1000.0)]


def test_a_custom_format_without_a_header_is_refused_with_what_to_do(desk: Desk) -> None:
    path = desk.file("part.log", f"5 {ACCOUNT} eni-a 10.0.0.5 10.0.1.9 1000 {START}\n")
    with pytest.raises(InputError, match=r"7 fields a line and no header .*write the fields of its format"):
        desk.ingest(path)


def test_a_format_without_bytes_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="without the field bytes, so nothing can be counted"):
        desk.ingest(desk.file("part.log", "version srcaddr dstaddr start\n2 10.0.0.1 10.0.0.2 1790812800\n"))


def test_parquet_has_the_names_with_underscores(desk: Desk) -> None:
    path = desk.folder / "part.log.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT 2 AS version, '{ACCOUNT}' AS account_id, 'eni-a' AS interface_id, '10.0.0.5' AS srcaddr, "
            f"'10.0.1.9' AS dstaddr, 1000::BIGINT AS bytes, {START}::BIGINT AS start, 'OK' AS log_status, "
            f"'ACCEPT' AS action) TO '{path}' (FORMAT parquet)"
        )
    desk.ingest(path)
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_entries_of_google_are_read_as_logging_exports_them(desk: Desk) -> None:
    desk.ingest(desk.entries("00:00:00_00:59:59_S0.json", ENTRY))
    assert desk.traffic("account_id", "region", "source_zone", "destination_zone", "bytes") == [
        ("shop", "us-central1", "us-central1-a", "us-central1-b", 1000.0)
    ]


def test_the_table_of_google_in_bigquery_is_read_from_parquet_and_from_an_array(desk: Desk) -> None:
    path = desk.folder / "flows.parquet"
    as_array = desk.file("flows.json", json.dumps([{**ENTRY, "insertId": "a2"}]))
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT * FROM read_json_auto('{as_array}')) TO '{path}' (FORMAT parquet)")
    desk.ingest(path)
    assert [row[2] for row in desk.traffic()] == [1000.0]
    (again,) = desk.ingest(as_array).files
    assert (again.rows, again.notes) == (0, ("1 records were in another file, too, and count once.",))


@pytest.mark.parametrize("name", ["sls.json", "sls.csv"])
def test_logs_of_alibaba_are_read_as_json_and_csv(name: str, desk: Desk) -> None:
    if name.endswith("csv"):
        path = desk.file(name, ",".join(SLS) + "\n" + ",".join(SLS.values()) + "\n")
    else:
        path = desk.entries(name, SLS)
    (result,) = desk.ingest(path).files
    assert result.format == "alibaba-flow-log"
    assert desk.traffic("account_id", "region", "source_address", "bytes") == [
        ("1234", "cn-hangzhou", "172.16.0.2", 1000.0)
    ]


@pytest.mark.parametrize("content", ["", "srcaddr,price\n1,2\n", '{"srcaddr": 1}', "hello world\n", "\0\1\2"])
def test_what_is_no_flow_log_is_not_taken_for_one(content: str, desk: Desk) -> None:
    assert recognise(desk.file("x", content)) is None


def test_a_folder_gives_its_flow_logs_beside_its_bills_and_nothing_else(desk: Desk) -> None:
    folder = "AWSLogs/000000000007/vpcflowlogs/eu-west-1/2026/10"
    name = f"{ACCOUNT}_vpcflowlogs_eu-west-1_fl-1_20261001T0000Z_ab.log.gz"
    desk.aws(f"{folder}/01/{name}", FLOW)
    desk.aws(f"{folder}/02/{name}", {**FLOW, "start": START + 86400})
    desk.file("AWSLogs/notes.txt", "nothing to see\n")
    result = desk.ingest(desk.folder)
    assert result.rows == 2
    log = desk.folder / "AWSLogs/000000000007/vpcflowlogs/eu-west-1"
    assert desk.traffic("region", "flow_source", "bytes") == [("eu-west-1", str(log), 1000.0)] * 2


# ------------------------------------------------------------------------------------------------- never twice


def test_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    path = desk.aws("a.log", FLOW)
    desk.ingest(path)
    (again,) = desk.ingest(path).files
    assert again.status == "unchanged"
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_two_files_of_one_day_add_up(desk: Desk) -> None:
    desk.ingest(desk.aws("a.log", FLOW), desk.aws("b.log", {**FLOW, "start": START + 60}))
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 2000.0)]


def test_two_files_of_one_minute_add_up_when_their_records_differ(desk: Desk) -> None:
    desk.ingest(desk.aws("a.log", FLOW), desk.aws("b.log", {**FLOW, "srcport": 444}))
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 2000.0)]


def test_minutes_that_two_exports_hold_count_once(desk: Desk) -> None:
    minutes = [{**FLOW, "start": START + 60 * minute} for minute in range(5)]
    desk.ingest(desk.aws("first.log", *minutes[:3]))
    (second,) = desk.ingest(desk.aws("second.log.gz", *reversed(minutes))).files
    assert second.notes == ("3 records were in another file, too, and count once.",)
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 5000.0)]


def test_a_log_that_is_compressed_again_is_the_same_log(desk: Desk) -> None:
    path = desk.aws("a.log", FLOW)
    desk.ingest(path)
    packed = desk.folder / "b.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    desk.ingest(packed)
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


# ------------------------------------------------------------------------------------------------- what counts


def test_refused_traffic_is_none_and_windows_without_records_are_told(desk: Desk) -> None:
    empty = {
        "interface-id": "eni-a",
        "action": "-",
        "srcport": "-",
        "dstport": "-",
        "protocol": "-",
        "packets": "-",
    }
    path = desk.aws(
        "a.log",
        FLOW,
        {**FLOW, "action": "REJECT"},
        {**empty, "log-status": "NODATA"},
        {**empty, "log-status": "SKIPDATA"},
    )
    (result,) = desk.ingest(path).files
    assert (result.rows, result.rejected) == (1, 0)
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]
    assert desk.con.execute("SELECT refused, no_data, skipped FROM flow_files").fetchall() == [(1, 1, 1)]
    (covered,) = desk.con.execute("SELECT status, error FROM coverage WHERE dataset = 'traffic'").fetchall()
    assert covered == ("partial", "the cloud lost records of 1 windows")


def test_records_that_cannot_be_read_are_counted_and_listed(desk: Desk) -> None:
    wrong: list[dict[str, Any]] = [
        {"bytes": "many"},
        {"srcaddr": "<b>"},
        {"start": "soon"},
        {"account-id": "<b>"},
    ]
    path = desk.aws("a.log", FLOW, *({**FLOW, **each} for each in wrong))
    with path.open("ab") as file:
        file.write(b"2 caf\xe9 eni-a\n")
    (result,) = desk.ingest(path, max_rejected=0.9).files
    assert (result.rows, result.rejected, result.accounts) == (1, 5, (ACCOUNT,))
    listed = desk.con.execute("SELECT line, reason FROM rejected_rows ORDER BY line").fetchall()
    assert listed == [
        (2, "has no number of bytes"),
        (3, "has no source address"),
        (4, "has no instant at which it begins"),
        (5, "names no account"),
        (6, "has 3 fields instead of 14"),
    ]


def test_a_file_that_is_mostly_unreadable_is_refused_and_nothing_of_it_is_loaded(desk: Desk) -> None:
    path = desk.aws("a.log", FLOW, {**FLOW, "bytes": "many"})
    with pytest.raises(InputError, match=r"has 1 of 2 records that cannot be read, more than the 1% allowed"):
        desk.ingest(path)
    assert desk.con.execute("SELECT count(*) FROM flow_pairs").fetchone() == (0,)


def test_a_file_that_is_cut_short_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = desk.aws("a.log.gz", *({**FLOW, "srcport": port} for port in range(2000)))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="cut short"):
        desk.ingest(path)


def test_a_header_is_known_wherever_it_comes_again(desk: Desk) -> None:
    path = desk.aws("a.log", FLOW)
    with path.open("a") as file:
        file.write(DEFAULT + "\n")
    assert desk.ingest(path).rejected == 0
