"""What flow logs become beside the inventory: one row per day and pair, its bytes counted once, its ends named."""

from collections.abc import Mapping
from typing import Any

from collectors.flow_logs import tell_traffic
from tests.collectors.flow_logs.conftest import ACCOUNT, AT, START, Desk

PACKET = "version account-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport bytes start action log-status vpc-id flow-direction pkt-src-aws-service pkt-dst-aws-service az-id"
ENDS = ("source_resource", "source_zone", "destination_resource", "destination_zone", "bytes", "path")


def seen(interface: str, source: str, destination: str, size: int = 1000, **more: Any) -> dict[str, Any]:
    return {"interface-id": interface, "srcaddr": source, "dstaddr": destination, "bytes": size, **more}


def packet(interface: str, source: str, destination: str, **more: Any) -> dict[str, Any]:
    told: Mapping[str, Any] = {"pkt-srcaddr": source, "pkt-dstaddr": destination, "vpc-id": "vpc-1"}
    return {**seen(interface, source, destination), **told, **more}


def test_a_flow_that_both_ends_record_counts_once(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a")
    desk.machine("i-2", "10.0.1.9", "eu-west-1b")
    desk.ingest(
        desk.aws("a.log", seen("eni-a", "10.0.0.5", "10.0.1.9"), seen("eni-a", "10.0.0.5", "10.0.7.7", 10)),
        desk.aws("b.log", seen("eni-b", "10.0.0.5", "10.0.1.9"), seen("eni-b", "10.0.8.8", "10.0.1.9", 10)),
    )
    assert ("i-1", "eu-west-1a", "i-2", "eu-west-1b", 1000.0, "private") in desk.traffic(*ENDS)
    assert sum(row[4] for row in desk.traffic(*ENDS)) == 1020


def test_where_both_ends_know_nobody_else_the_flow_counts_once_all_the_same(desk: Desk) -> None:
    desk.ingest(
        desk.aws("a.log", seen("eni-a", "10.0.0.5", "10.0.1.9"), seen("eni-b", "10.0.0.5", "10.0.1.9"))
    )
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_what_the_sender_lost_is_not_made_up_from_the_receiver(desk: Desk) -> None:
    header = PACKET
    sent = packet("eni-a", "10.0.0.5", "10.0.1.9", **{"flow-direction": "egress"})
    got = packet("eni-b", "10.0.0.5", "10.0.1.9", **{"flow-direction": "ingress", "bytes": 1500})
    desk.ingest(desk.aws("a.log", sent, got, header=header))
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_one_interface_in_two_logs_counts_once(desk: Desk) -> None:
    flow = packet("eni-a", "10.0.0.5", "10.0.1.9", **{"flow-direction": "egress"})
    other = {**flow, "srcport": 7}  # another format of the same flow log, with other fields
    desk.ingest(desk.aws("one/a.log", flow, header=PACKET), desk.aws("two/a.log", other, header=PACKET))
    assert desk.traffic() == [("10.0.0.5", "10.0.1.9", 1000.0)]


def test_bytes_through_a_nat_gateway_name_the_machine_the_service_and_the_gateway(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a", vpc_id="vpc-1")
    desk.address(
        "10.0.2.2",
        "nat-1",
        vpc_id="vpc-1",
        interface_id="eni-n",
        resource_type="nat_gateway",
        zone="eu-west-1b",
    )
    out = packet("eni-a", "10.0.0.5", "52.0.0.1", **{"flow-direction": "egress", "pkt-dst-aws-service": "S3"})
    desk.ingest(
        desk.aws(
            "a.log",
            out,
            {**out, "interface-id": "eni-n", "dstaddr": "10.0.2.2", "flow-direction": "ingress"},
            packet(
                "eni-n", "10.0.2.2", "52.0.0.1", **{"flow-direction": "egress", "pkt-dst-aws-service": "S3"}
            ),
            header=PACKET,
        )
    )
    assert desk.traffic("source_resource", "destination_address", "service", "gateway", "path", "bytes") == [
        ("i-1", "52.0.0.1", "s3", "nat-1", "nat", 1000.0)
    ]


def test_without_the_ends_of_packets_a_gateway_is_the_other_end(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a")
    desk.address("10.0.2.2", "nat-1", interface_id="eni-n", resource_type="nat_gateway", zone="eu-west-1b")
    desk.ingest(
        desk.aws("a.log", seen("eni-n", "10.0.0.5", "10.0.2.2"), seen("eni-n", "10.0.2.2", "52.0.0.1"))
    )
    assert desk.traffic("source_resource", "destination_resource", "gateway", "path", "bytes") == [
        ("i-1", "nat-1", "nat-1", "nat", 1000.0)
    ]


def test_machines_that_reach_each_other_by_public_addresses_are_one_pair(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a")
    desk.machine("i-2", "10.1.0.9", "eu-west-1a")
    desk.address("3.3.3.3", "i-1", is_public=True)
    desk.address("5.5.5.5", "i-2", is_public=True)
    desk.address("10.0.0.5", "i-1", interface_id="eni-a")
    desk.address("10.1.0.9", "i-2", interface_id="eni-b")
    desk.ingest(desk.aws("a.log", seen("eni-a", "10.0.0.5", "5.5.5.5"), seen("eni-b", "3.3.3.3", "10.1.0.9")))
    assert desk.traffic(*ENDS) == [("i-1", "eu-west-1a", "i-2", "eu-west-1a", 1000.0, "public")]


def test_an_address_that_two_machines_have_is_nobodys(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a", vpc_id="vpc-1")
    desk.machine("i-2", "10.0.1.9", "eu-west-1a", vpc_id="vpc-1")
    desk.machine("i-3", "10.0.1.9", "eu-west-1b", vpc_id="vpc-2")
    desk.ingest(desk.aws("a.log", seen("eni-a", "10.0.0.5", "10.0.1.9")))
    assert desk.traffic("source_resource", "destination_resource", "destination_address") == [
        ("i-1", None, "10.0.1.9")
    ]


def test_an_address_of_two_networks_is_told_apart_by_the_network_of_the_log(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a", vpc_id="vpc-1")
    desk.machine("i-2", "10.0.1.9", "eu-west-1a", vpc_id="vpc-1")
    desk.machine("i-3", "10.0.1.9", "eu-west-1b", vpc_id="vpc-2")
    desk.ingest(
        desk.aws(
            "a.log", packet("eni-a", "10.0.0.5", "10.0.1.9", **{"flow-direction": "egress"}), header=PACKET
        )
    )
    assert desk.traffic("destination_resource", "destination_zone") == [("i-2", "eu-west-1a")]


def test_an_address_whose_machine_is_younger_than_the_flow_is_nobodys(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a")
    desk.machine("i-2", "10.0.1.9", "eu-west-1b", launched_at="2026-10-03 00:00:00")
    flow = seen("eni-a", "10.0.0.5", "10.0.1.9")
    desk.ingest(desk.aws("a.log", flow, {**flow, "start": START + 3 * 86400}))
    assert desk.traffic("destination_resource") == [("i-2",), (None,)]


def test_zone_ids_of_a_log_are_not_held_against_names_of_zones(desk: Desk) -> None:
    desk.machine("i-2", "10.0.1.9", "eu-west-1b", vpc_id="vpc-1")
    flow = packet("eni-a", "10.0.0.5", "10.0.1.9", **{"flow-direction": "egress", "az-id": "euw1-az1"})
    desk.ingest(desk.aws("a.log", flow, header=PACKET))
    assert desk.traffic("source_zone", "destination_zone") == [(None, "eu-west-1b")]


def test_zones_are_told_by_the_inventory_where_it_can_and_by_the_logs_of_both_ends_else(desk: Desk) -> None:
    header = f"{PACKET} instance-id"
    sent = {"flow-direction": "egress", "az-id": "euw1-az1", "instance-id": "i-1"}
    got = {"flow-direction": "ingress", "az-id": "euw1-az2", "instance-id": "i-2"}
    log = desk.aws(
        "a.log",
        packet("eni-a", "10.0.0.5", "10.0.1.9", **sent),
        packet("eni-b", "10.0.0.5", "10.0.1.9", **got),
        header=header,
    )
    desk.ingest(log)
    assert desk.traffic(*ENDS) == [("i-1", "euw1-az1", "i-2", "euw1-az2", 1000.0, "private")]
    desk.machine("i-1", "10.0.0.5", "eu-west-1a", vpc_id="vpc-1")
    desk.machine("i-2", "10.0.1.9", "eu-west-1b", vpc_id="vpc-1")
    tell_traffic(desk.con, at=AT, run_id="later")
    assert desk.traffic(*ENDS) == [("i-1", "eu-west-1a", "i-2", "eu-west-1b", 1000.0, "private")]


def test_an_inventory_that_comes_later_names_the_ends(desk: Desk) -> None:
    desk.ingest(desk.aws("a.log", seen("eni-a", "10.0.0.5", "10.0.1.9")))
    desk.machine("i-1", "10.0.0.5", "eu-west-1a")
    tell_traffic(desk.con, at=AT, run_id="later")
    assert desk.traffic("source_resource", "bytes") == [("i-1", 1000.0)]


def test_what_a_bill_tells_of_traffic_stays(desk: Desk) -> None:
    row = {
        "cloud": "aws",
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "day": AT,
        "bytes": 5,
        "path": "private",
    }
    desk.insert("traffic", {**row, "source": "bill"})
    desk.ingest(desk.aws("a.log", seen("eni-a", "10.0.0.5", "10.0.1.9")))
    assert desk.con.execute("SELECT source, count(*) FROM traffic GROUP BY ALL ORDER BY ALL").fetchall() == [
        ("bill", 1),
        ("flow log", 1),
    ]


def test_an_interface_whose_owner_is_not_told_has_a_zone_all_the_same(desk: Desk) -> None:
    desk.machine("i-1", "10.0.0.5", "eu-west-1a", vpc_id="vpc-1")
    desk.address(
        "10.0.1.9", "", vpc_id="vpc-1", interface_id="eni-d", resource_type="database", zone="eu-west-1b"
    )
    desk.con.execute("UPDATE network_addresses SET resource_id = NULL")
    flow = packet("eni-a", "10.0.0.5", "10.0.1.9", **{"flow-direction": "egress"})
    desk.ingest(desk.aws("a.log", flow, header=PACKET))
    assert desk.traffic(*ENDS) == [("i-1", "eu-west-1a", None, "eu-west-1b", 1000.0, "private")]


def google(desk: Desk, *, access: bool, public: bool = False) -> list[tuple[Any, ...]]:
    """A machine that sends to Google's services, in a network with one gateway."""
    place = {"cloud": "gcp", "account_id": "shop", "region": "us-central1"}
    desk.insert(
        "instances",
        {
            **place,
            "instance_id": "42",
            "name": "web",
            "state": "running",
            "vpc_id": "net",
            "subnet_id": "apps",
        },
    )
    desk.insert("subnets", {**place, "subnet_id": "apps", "private_access": access})
    desk.insert("nat_gateways", {**place, "nat_gateway_id": "nat-a", "vpc_id": "net"})
    mine = {**place, "resource_id": "42", "resource_type": "instance"}
    desk.insert("network_addresses", {**mine, "vpc_id": "net", "address": "10.1.0.2", "is_public": False})
    if public:
        desk.insert("network_addresses", {**mine, "address": "34.1.1.1", "is_public": True})
    payload = {
        "bytes_sent": 1000, "reporter": "SRC", "start_time": "2026-10-01T00:00:00Z",
        "connection": {"src_ip": "10.1.0.2", "dest_ip": "142.250.0.1"},
        "src_instance": {"project_id": "shop", "vm_name": "web", "zone": "us-central1-a", "region": "us-central1"},
        "dest_google_service": {"type": "GOOGLE_API"},
    }  # fmt: skip
    desk.ingest(desk.entries("a.json", {"jsonPayload": payload}))
    return desk.traffic("source_resource", "service", "path", "gateway")


def test_a_machine_of_google_without_another_way_to_its_services_takes_the_gateway(desk: Desk) -> None:
    assert google(desk, access=False) == [("42", "google", "nat", "nat-a")]


def test_a_subnet_with_private_access_needs_no_gateway(desk: Desk) -> None:
    assert google(desk, access=True) == [("42", "google", "public", None)]


def test_a_machine_with_a_public_address_needs_no_gateway(desk: Desk) -> None:
    assert google(desk, access=False, public=True) == [("42", "google", "public", None)]
