"""The states of findings over audits: what was looked at is resolved with its reason, what was not stays as it was."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from finops.history.life import life, past
from finops.pipeline.record import record
from finops.warehouse import Writer, migrations
from tests.finops.history.world import World, blind, day, idle, loaded


def put_volume(world: World, **more: object) -> None:
    world.put(
        "volumes",
        **{
            "cloud": "aws", "account_id": "1", "region": "r", "volume_id": "vol-1", "state": "unattached",
            "volume_type": "gp2", "size_gib": 100.0, **more,
        },
    )  # fmt: skip


def test_a_finding_is_new_then_open_and_comes_back_after_it_was_resolved(world: World) -> None:
    one = idle()
    world.machine()
    world.collect(0)
    assert world.audit(0, one) == {one.id: "new"}
    world.collect(1)
    assert world.audit(1, one) == {one.id: "open"}
    world.collect(2)
    world.audit(2)
    assert world.state(one) == ("resolved", "no_longer_true")
    world.collect(3)
    assert world.audit(3, one) == {one.id: "reopened"}
    assert world.audit(4, one) == {one.id: "open"}
    assert world.all("SELECT first_seen, reopened, resolved_at, resolution FROM finding_history") == [
        (day(0), 1, None, None)
    ]


def test_a_machine_that_the_inventory_does_not_list_any_more_is_gone(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.con.execute("DELETE FROM instances")
    world.collect(1)
    world.audit(1)
    assert world.state(idle()) == ("resolved", "gone")
    assert world.all("SELECT resolved_at, became FROM finding_history") == [(day(1), None)]


@pytest.mark.parametrize("status", ["denied", "throttled", "failed", "partial"])
def test_a_machine_missing_from_an_inventory_that_was_not_read_whole_stays_open(
    world: World, status: str
) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.con.execute("DELETE FROM instances")
    world.collect(1, "instances", status=status)
    world.audit(1, blind=[blind()])
    assert world.state(idle()) == ("new", None)
    world.machine()
    world.collect(2)
    assert world.audit(2, idle()) == {idle().id: "open"}, "a denied day is no resolution"


def test_an_inventory_that_is_not_newer_than_the_sighting_proves_nothing_gone(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.con.execute("DELETE FROM instances")
    world.audit(1)
    assert world.state(idle()) == ("new", None)


@pytest.mark.parametrize(
    "now",
    [
        {"instance_type": "m5.large"},
        {"instance_type": "m5.8xlarge"},
        {"state": "stopped"},
        {"purchase_model": "spot"},
    ],
)
def test_a_machine_that_was_resized_stopped_or_moved_to_spot_was_acted_upon(
    world: World, now: dict[str, str]
) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    ((name, value),) = now.items()
    world.con.execute(f"UPDATE instances SET {name} = ?", [value])
    world.collect(1)
    world.audit(1, blind=[blind(resource="i-1")])
    assert world.state(idle()) == ("resolved", "changed"), (
        "what the inventory shows needs no rule to judge it"
    )
    assert loaded(world.all("SELECT became FROM finding_history")[0][0])[name] == value
    assert loaded(world.all("SELECT was FROM finding_history")[0][0])[name] != value


def test_a_stopped_machine_that_runs_again_is_no_action(world: World) -> None:
    world.machine(state="stopped")
    world.collect(0)
    world.audit(0, idle(rule="stopped-instance"))
    world.con.execute("UPDATE instances SET state = 'running'")
    world.collect(1)
    world.audit(1)
    assert world.state(idle()) == ("resolved", "no_longer_true")


def test_a_volume_that_is_attached_again_is_no_action_and_one_of_another_type_is(world: World) -> None:
    one = idle(
        "vol-1", rule="unattached-volume", resource_type="volume", action="delete", resource_id="vol-1"
    )
    put_volume(world)
    world.collect(0)
    world.audit(0, one)
    world.con.execute("UPDATE volumes SET state = 'attached'")
    world.collect(1)
    world.audit(1)
    assert world.state(one) == ("resolved", "no_longer_true")
    world.con.execute("UPDATE volumes SET state = 'unattached'")
    world.collect(2)
    world.audit(2, one)
    world.con.execute("UPDATE volumes SET volume_type = 'gp3'")
    world.collect(3)
    world.audit(3)
    assert world.state(one) == ("resolved", "changed")


def test_an_address_that_was_released_is_gone(world: World) -> None:
    one = idle("ip-1", rule="unused-public-ip", resource_type="public_ip", action="release")
    world.put("public_ips", cloud="aws", account_id="1", region="r", ip_id="ip-1", state="unused")
    world.collect(0)
    world.audit(0, one)
    world.con.execute("DELETE FROM public_ips")
    world.collect(1)
    world.audit(1)
    assert world.state(one) == ("resolved", "gone")


@pytest.mark.parametrize(
    "unseen",
    [
        blind(),
        blind(region=None),
        blind(region="global"),
        blind(resource="i-1"),
        blind(region=None, resource="i-1"),
    ],
)
def test_what_the_rule_could_not_judge_stays_as_it_was(world: World, unseen: object) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.collect(1)
    world.audit(1, blind=[unseen])  # type: ignore[list-item]
    assert world.state(idle()) == ("new", None)


@pytest.mark.parametrize(
    "elsewhere", [blind("oversized-instance"), blind(region="r2"), blind(resource="i-2")]
)
def test_what_could_not_be_judged_elsewhere_is_no_excuse(world: World, elsewhere: object) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.collect(1)
    world.audit(1, blind=[elsewhere])  # type: ignore[list-item]
    assert world.state(idle()) == ("resolved", "no_longer_true")


def test_a_filtered_audit_and_one_without_the_rule_resolve_nothing(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.collect(1)
    world.audit(1, whole=False, limits={"regions": ["r"]})
    assert world.state(idle()) == ("new", None)
    world.audit(2, rules=["oversized-instance"])
    assert world.state(idle()) == ("new", None)
    world.audit(3)
    assert world.state(idle()) == ("resolved", "no_longer_true")


def test_a_finding_somebody_said_is_done_is_resolved_by_action_where_nothing_else_shows_it(
    world: World,
) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.put("decisions", finding_id=idle().id, decision="done", decided_at=day(0.5), source="test")
    world.collect(1)
    world.audit(1)
    assert world.state(idle()) == ("resolved", "changed")


@pytest.mark.parametrize(
    ("started", "region", "kind", "resolution"),
    [
        (0.5, "global", "savings_plan", "changed"),
        (0.5, "r", "reserved", "changed"),
        (0.5, "elsewhere", "reserved", "no_longer_true"),
        (0.5, "r", "resource_package", "no_longer_true"),
        (-9, "global", "savings_plan", "no_longer_true"),
    ],
)
def test_a_purchase_that_is_not_proposed_any_more_was_made_where_a_commitment_began_since(
    world: World, started: float, region: str, kind: str, resolution: str
) -> None:
    one = idle("pool-1", rule="commitment-coverage", resource_type="commitment", action="buy")
    world.audit(0, one, rules=["commitment-coverage"])
    world.put(
        "commitments", cloud="aws", account_id="1", region=region, commitment_id="sp-1", kind=kind,
        state="active", started_at=day(started),
    )  # fmt: skip
    world.audit(1, rules=["commitment-coverage"])
    assert world.state(one) == ("resolved", resolution)
    if resolution == "changed":
        assert world.realised(one)["note"].startswith("What a commitment saves is spread")


def test_a_machine_that_pays_by_subscription_since_is_a_purchase_that_was_made(world: World) -> None:
    one = idle(
        "i-1",
        rule="commitment-coverage",
        resource_type="commitment",
        action="buy",
        resource_id="subscription/i-1",
    )
    world.machine()
    world.audit(0, one, rules=["commitment-coverage"])
    world.con.execute("UPDATE instances SET purchase_model = 'subscription'")
    world.audit(1, rules=["commitment-coverage"])
    assert world.state(one) == ("resolved", "changed")


def test_an_exempt_finding_is_a_state_of_its_own_and_returns_when_the_exemption_ends(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle(saving="100.00"))
    world.audit(1, idle(saving="0.00", status="exempt"))
    assert world.state(idle()) == ("exempt", "exempt")
    assert world.all("SELECT net_monthly_savings, resolved_at FROM finding_history") == [
        (Decimal("100.00"), None)
    ], "the estimate is that of the last time it was open"
    world.audit(2, idle(status="exempt"))
    assert world.audit(3, idle()) == {idle().id: "reopened"}
    assert [row[0] for row in world.all("SELECT event FROM finding_events ORDER BY as_of")] == [
        "new",
        "exempt",
        "reopened",
    ]


def test_an_exempt_machine_that_is_gone_is_resolved_as_gone(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle(status="exempt"))
    world.con.execute("DELETE FROM instances")
    world.collect(1)
    world.audit(1)
    assert world.state(idle()) == ("resolved", "gone")


def test_the_same_audit_says_the_same_again_whatever_came_after_it(world: World) -> None:
    world.machine()
    world.collect(0)
    said = {at: world.audit(at, *found) for at, found in ((0, [idle()]), (1, [idle()]))}
    world.collect(2)
    world.audit(2)
    world.collect(3)
    said[3] = world.audit(3, idle())
    said[4] = world.audit(4, idle())
    for at in (0, 1, 3, 4):
        first, status = life(idle().id, past(world.con, day(at)), day(at))
        assert {idle().id: status} == said[at]
        assert first == day(0)
    history = world.all("FROM finding_history")
    assert world.audit(4, idle()) == said[4]
    assert world.all("FROM finding_history") == history
    assert len(world.all("SELECT * FROM finding_events")) == 3


def test_an_audit_of_an_earlier_instant_is_kept_and_changes_no_history(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.collect(5)
    world.audit(5, idle())
    before = world.all("FROM finding_history"), world.all("FROM finding_events")
    assert world.audit(3) == {}
    assert world.audit(3, idle(), idle("i-2")) == {idle().id: "open", idle("i-2").id: "new"}
    assert (world.all("FROM finding_history"), world.all("FROM finding_events")) == before
    assert world.all("SELECT count(*) FROM audits") == [(4,)]


def test_an_audit_of_a_day_that_has_no_data_yet_does_not_stop_the_history(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.audit(200, idle("i-2"), ahead=True)
    assert world.all("SELECT id, last_seen FROM finding_history") == [(idle().id, day(0))]
    assert world.audit(1, idle()) == {idle().id: "open"}
    assert world.all("SELECT last_seen FROM finding_history") == [(day(1),)]


def test_an_audit_that_found_nothing_is_known_to_have_been(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.collect(1)
    world.audit(1)
    world.audit(3)
    world.audit(2, idle())
    assert world.state(idle()) == ("resolved", "no_longer_true")


def test_an_audit_that_is_killed_leaves_no_trace_of_a_half(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    before = [
        world.all(f"FROM {table}") for table in ("finding_history", "finding_events", "findings", "audits")
    ]
    monkeypatch.setattr("finops.history.keeping._resolve", _killed)
    with pytest.raises(KeyboardInterrupt):
        world.audit(1, idle(), idle("i-2"))
    world.con.rollback()
    after = [
        world.all(f"FROM {table}") for table in ("finding_history", "finding_events", "findings", "audits")
    ]
    assert after == before


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_without_what_the_audit_observed_nothing_is_resolved(world: World) -> None:
    from tests.reports import build

    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.collect(1)
    record(
        Writer(world.con, "bare", day(1)),
        build.report([]).model_copy(update={"run_id": "bare", "as_of": day(1)}),
    )
    assert world.state(idle()) == ("new", None)


def test_the_history_lives_on_when_the_findings_of_audits_are_pruned(world: World) -> None:
    world.machine()
    world.collect(0)
    world.audit(0, idle())
    world.con.execute("TRUNCATE findings")
    world.con.execute("DELETE FROM instances")
    world.collect(1)
    world.audit(1)
    assert world.all(
        "SELECT status, rule, resource_id, action, net_monthly_savings, currency, cells FROM finding_history"
    ) == [("resolved", "idle-instance", "i-1", "terminate", Decimal("100.00"), "USD", '[["i-1", "compute"]]')]


def test_a_history_of_an_older_version_goes_on(tmp_path: Path) -> None:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE warehouse_version (version INTEGER, applied_at TIMESTAMP, tool VARCHAR);"
        "INSERT INTO warehouse_version VALUES (6, '2026-01-01', '0.1.0');"
        "CREATE TABLE runs (run_id VARCHAR, as_of TIMESTAMP);"
        "CREATE TABLE findings (run_id VARCHAR, id VARCHAR, rule VARCHAR, cloud VARCHAR, account VARCHAR, region VARCHAR, "
        "resource_type VARCHAR, resource_id VARCHAR, resource_name VARCHAR, action VARCHAR, proposed JSON, "
        "monthly_savings DECIMAL(38, 2), net_monthly_savings DECIMAL(38, 2), savings_low DECIMAL(38, 2), "
        "savings_high DECIMAL(38, 2), currency VARCHAR);"
        "CREATE TABLE finding_history (id VARCHAR, first_seen TIMESTAMP, last_seen TIMESTAMP, last_audit TIMESTAMP, "
        "status VARCHAR, resolution VARCHAR);"
        "INSERT INTO finding_history VALUES ('a', '2026-09-01', '2026-09-02', '2026-09-02', 'open', NULL),"
        "('b', '2026-09-01', '2026-09-01', '2026-09-02', 'resolved', 'gone');"
        "INSERT INTO runs VALUES ('1', '2026-09-01'), ('2', '2026-09-02');"
        "INSERT INTO findings SELECT run, 'a', 'idle-instance', 'aws', '1', 'r', 'instance', 'i-1', NULL, 'terminate', '{}', "
        "amount, amount, NULL, NULL, 'USD' FROM (VALUES ('1', 5.0), ('2', 7.0)) AS v (run, amount);"
    )
    con.execute(migrations._step("7_history"))
    assert con.execute(
        "SELECT id, status, resolution, rule, net_monthly_savings FROM finding_history ORDER BY id"
    ).fetchall() == [
        ("a", "open", None, "idle-instance", Decimal("7.00")),
        ("b", "resolved", None, None, None),
    ]
    known = past(con, day(10))
    assert life("a", known, day(10)) == (day(0), "open")
    assert life("b", known, day(10)) == (day(0), "reopened")
    con.close()
