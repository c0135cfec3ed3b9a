"""Remediation is for review: nothing runs by itself, and whatever a resource is called, it stays a word or a comment."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.model import AuditReport, Finding
from finops.pipeline.commands import filled
from reports.remediation import FORMATS, custodian, shell, terraform
from reports.remediation.shell import blanks, command
from reports.remediation.terraform import quoted
from tests.reports.build import finding, report

HOSTILE = [
    "$(touch hacked)",
    "`touch hacked`",
    "'; touch hacked; '",
    '"; touch hacked; "',
    "x\ntouch hacked\n",
    "x\r\ntouch hacked",
    "x\u2028touch hacked",
    "} ; touch hacked ; {",
    "x\\",
    "-rf",
    '${file("/etc/passwd")}',
    "%{ for x in y }",
    "*/ x /*",
    "EOF",
    "{account_id}",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "#",
    "!!",
    "'",
    "",
]
AWS = [
    "aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description {resource_name}",
    "aws ec2 delete-volume --region {region} --volume-id {resource_id}",
    "# undo: aws ec2 create-volume --region {region} --snapshot-id SNAPSHOT --tags {resource_name}",
]


def made(name: str = "data", lines: list[str] = AWS, **changes: Any) -> Finding:
    """A finding about a volume of that name, with command lines filled in as an audit does."""
    values = {"region": "eu-west-1", "resource_id": "vol-1", "resource_name": name}
    base: dict[str, Any] = {
        "rule": "unattached-volume", "cloud": "aws", "account": "012345678901", "resource_type": "volume",
        "resource_id": "vol-1", "resource_name": name, "action": "delete", "reason": f"It is called {name}.",
        "region": "eu-west-1", "zone": "eu-west-1a", "remediation": filled(lines, values),
    }  # fmt: skip
    return finding(1, "12.00", **{**base, **changes})


NOTHING = report()


def audit(*findings: Finding) -> AuditReport:
    return report(list(findings))


class TestTheShellScript:
    def test_lists_and_does_nothing_by_itself_and_runs_what_is_named(self, tmp_path: Path) -> None:
        """Every hostile name at once: one bash for each of what it can be asked."""
        findings = [made(name, id=f"{number:016x}") for number, name in enumerate(HOSTILE)]
        findings.append(
            made(id="ff", cloud="alibaba", lines=["aliyun ecs DeleteDisk --DiskId {resource_id}"])
        )
        script = tmp_path / "remediation.sh"
        script.write_text(shell(audit(*findings), findings))
        fakes(tmp_path)
        assert bash(tmp_path, "-n", str(script)).returncode == 0
        listed = bash(tmp_path, str(script))
        assert (listed.returncode, listed.stdout.split()) == (1, [one.id for one in findings])
        assert bash(tmp_path, str(script), "run", findings[0].id).returncode == 1
        assert bash(tmp_path, str(script), "run", "no-such", FINOPS_READ="yes").returncode == 1
        assert not (tmp_path / "calls").exists()
        done = bash(tmp_path, str(script), "run", *(one.id for one in findings), FINOPS_READ="yes")
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "hacked").exists()
        wanted = [words for one in findings for words in calls(one)]
        assert [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()] == wanted

    @pytest.mark.parametrize("cloud", ["aws", "alibaba"])
    def test_of_another_account_runs_nothing(self, cloud: str, tmp_path: Path) -> None:
        script = tmp_path / "remediation.sh"
        one = made(cloud=cloud, account="999999999999")
        script.write_text(shell(audit(one), [one]))
        fakes(tmp_path)
        done = bash(tmp_path, str(script), "run", one.id, FINOPS_READ="yes")
        assert done.returncode == 1
        assert f"not credentials of {cloud} account 999999999999" in done.stderr
        assert not (tmp_path / "calls").exists()

    @settings(max_examples=150, deadline=None)
    @given(name=st.text(max_size=40), reason=st.text(max_size=60))
    def test_whatever_a_name_is_every_line_is_a_comment_or_the_words_that_were_meant(
        self, name: str, reason: str
    ) -> None:
        one = made(name, reason=reason)
        body = inside(shell(NOTHING, [one]), one)
        assert all(line.isprintable() for line in body)
        written = [
            shlex.split(line) for line in body if not line.startswith("#") and not line.startswith("echo ")
        ]
        assert written == [["in_account", "aws", "012345678901"], *calls(one)] or written == []

    @settings(max_examples=300, deadline=None)
    @given(line=st.text(max_size=80))
    def test_a_line_of_a_rule_is_written_as_words_or_not_at_all(self, line: str) -> None:
        written = command(line)
        assert "\n" not in written
        if not written.startswith("#"):
            assert shlex.join(shlex.split(written)) == written
            assert shlex.split(written) == shlex.split(line)

    @pytest.mark.parametrize(
        "line", ["aws x | sh", "aws x; rm y", "aws x > y", "aws $HOME", "aws `id`", 'aws "$(id)"', "aws x &"]
    )
    def test_more_than_a_plain_command_is_told_and_not_written(self, line: str) -> None:
        assert command(line) == f"# not written, it is more than one plain command: {line}"

    def test_a_part_of_a_procedure_is_not_written(self) -> None:
        one = made(
            lines=["aws ec2 create-snapshot | tee x", "aws ec2 delete-volume --volume-id {resource_id}"]
        )
        body = inside(shell(audit(one), [one]), one)
        assert [line for line in body if not line.startswith("#")] == [
            "echo 'There is no command for it; read the comments.' >&2"
        ]
        assert any("not written either: aws ec2 delete-volume" in line for line in body)

    def test_a_value_to_fill_in_stops_the_finding_before_anything_is_done(self) -> None:
        one = made(
            lines=["aws ec2 create-volume --snapshot-id SNAPSHOT --type NEW_TYPE", "# undo: aws x IMAGE"]
        )
        body = inside(shell(audit(one), [one]), one)
        assert body.index("fill_in NEW_TYPE SNAPSHOT") < next(
            i for i, line in enumerate(body) if line.startswith("aws")
        )

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("gcloud x --provisioning-model SPOT --maintenance-policy TERMINATE", set()),
            ("gcloud x --replica-zones ZONE,ZONE POOL-spot", {"ZONE", "POOL"}),
            ("aliyun ecs RunInstances --ImageId IMAGE", {"IMAGE"}),
            ("# undo: aws x IMAGE", set()),
        ],
    )
    def test_words_in_capitals_are_values_to_fill_in(self, line: str, words: set[str]) -> None:
        assert blanks(line) == words


def fakes(folder: Path) -> None:
    """Commands of the clouds that only write down what they were called with."""
    (folder / "bin").mkdir()
    for name in ("aws", "aliyun", "gcloud"):
        path = folder / "bin" / name
        path.write_text(
            "#!/usr/bin/env bash\n"
            'case "${0##*/} ${1:-}" in\n'
            "  'aws sts') echo 012345678901; exit 0 ;;\n"
            "  'aliyun sts') echo '{\"AccountId\": \"012345678901\"}'; exit 0 ;;\n"
            "esac\n"
            'for word in "${0##*/}" "$@"; do printf "%s\\037" "$word"; done >> raw; printf "\\n" >> raw\n'
        )
        path.chmod(0o755)


def calls(one: Finding) -> list[list[str]]:
    """What a finding would call."""
    return [shlex.split(line) for line in one.remediation if not line.startswith("#")]


def bash(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": path, "LC_ALL": "C.UTF-8", **environment},
    )  # fmt: skip
    if (folder / "raw").exists():
        lines = (folder / "raw").read_text().split("\x1f\n")[:-1]
        (folder / "calls").write_text("".join(json.dumps(line.split("\x1f")) + "\n" for line in lines))
    return done


def inside(script: str, one: Finding) -> list[str]:
    """The lines of a finding's function."""
    body = re.search(rf"^finding_{one.id}\(\) \{{\n(.*?)^\}}$", script, re.DOTALL | re.MULTILINE)
    assert body
    return [line.removeprefix("  ") for line in body[1].splitlines()]


class TestTheValuesOfCommands:
    def test_are_words_whatever_they_are(self) -> None:
        assert filled(["aws x {resource_id}"], {"resource_id": "a b;c"}) == ["aws x 'a b;c'"]

    @pytest.mark.parametrize("name", ["x\ny", "x\ry", "-rf", "x\u2028y", "\x1b[31m"])
    def test_that_no_command_may_have_leave_no_command_at_all(self, name: str) -> None:
        (line,) = filled(["aws x", "aws y {resource_name}"], {"resource_name": name})
        assert line.startswith("# no command is written: the resource name holds characters")

    def test_break_no_comment(self) -> None:
        assert filled(["# undo: aws x {resource_name}"], {"resource_name": "a\nb"}) == ["# undo: aws x 'a?b'"]

    def test_that_are_missing_leave_their_line_out(self) -> None:
        assert filled(["aws x {zone}", "aws y"], {"zone": None}) == ["aws y"]


class TestTerraform:
    @settings(max_examples=300, deadline=None)
    @given(text=st.text(max_size=40))
    def test_a_text_is_one_string_in_which_nothing_is_a_template(self, text: str) -> None:
        written = quoted(text)
        assert written.isprintable()
        assert read(written) == text

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_breaks_out_of_no_line(self, name: str) -> None:
        one = made(
            name,
            cloud="gcp",
            resource_type="instance",
            action="resize",
            proposed={"instance_type": name or "x"},
        )
        for line in terraform(audit(one), [one]).splitlines():
            assert line.isprintable()
            assert re.fullmatch(
                r"|#.*|import \{|  to = google_compute_instance\.finding_\w+|  id = \".*\"|\}", line
            ), line

    def test_a_deletion_is_an_import_and_a_comment_that_removes(self) -> None:
        one = made(id="00ff")
        text = terraform(audit(one), [one])
        assert 'import {\n  to = aws_ebs_volume.finding_00ff\n  id = "vol-1"\n}\n' in text
        assert (
            "# removed {\n#   from = aws_ebs_volume.finding_00ff\n#   lifecycle {\n#     destroy = true\n"
            in text
        )

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"cloud": "aws", "resource_type": "instance", "action": "resize", "proposed": {"instance_type": "m5.large"}}, '# resource "aws_instance" "finding_00ff" {\n#   instance_type = "m5.large"\n# }'),
            ({"cloud": "aws", "action": "change-type", "proposed": {"volume_type": "gp3", "iops": 3000}}, '#   type = "gp3"\n#   iops = 3000\n'),
            ({"cloud": "alibaba", "action": "change-type", "proposed": {"volume_type": "cloud_essd", "performance_level": "PL0"}}, '#   category          = "cloud_essd"\n#   performance_level = "PL0"\n'),
            ({"cloud": "gcp", "resource_type": "instance", "action": "spot", "proposed": {}}, '#   scheduling {\n#     provisioning_model = "SPOT"\n'),
            ({"cloud": "gcp", "zone": None, "action": "delete"}, 'id = "projects/012345678901/regions/eu-west-1/disks/data"'),
            ({"resource_type": "network", "action": "move"}, "# There is no Terraform for it that finops knows of: move with the shell script."),
            ({"action": "change-type", "proposed": {"colour": "blue"}}, "# Proposed, and no attribute that finops knows of: colour = blue"),
        ],
    )  # fmt: skip
    def test_a_change_is_the_attribute_of_its_provider(self, changes: dict[str, Any], words: str) -> None:
        one = made(id="00ff", **changes)
        assert words in terraform(audit(one), [one])

    def test_a_smaller_size_is_no_attribute_for_a_disk_cannot_shrink(self) -> None:
        one = made(
            id="00ff",
            action="resize",
            current={"size_gib": 1000.0},
            proposed={"size_gib": 334.0, "iops": 3000},
        )
        text = terraform(audit(one), [one])
        assert "size " not in text.partition("# In its resource block:")[2].partition("# }")[0]
        assert "a smaller size here would replace it by an empty one: make a new one of\n# 334 GiB," in text

    def test_a_larger_size_is_an_attribute(self) -> None:
        one = made(id="00ff", action="resize", current={"size_gib": 100}, proposed={"size_gib": 334})
        assert "#   size = 334\n" in terraform(audit(one), [one])


@pytest.mark.parametrize(
    ("cloud", "resource", "identity", "region", "to", "imported"),
    [
        ("aws", "database", "arn:aws:rds:eu-west-1:1:db:shop", "eu-west-1", "aws_db_instance", "data"),
        ("aws", "load_balancer", "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/1", "r", "aws_lb", "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/1"),
        ("aws", "load_balancer", "arn:aws:elasticloadbalancing:r:1:loadbalancer/old", "r", "aws_elb", "data"),
        ("alibaba", "load_balancer", "alb-1", "r", "alicloud_alb_load_balancer", "alb-1"),
        ("alibaba", "database", "rm-1", "r", "alicloud_db_instance", "rm-1"),
        ("alibaba", "database", "pc-1", "r", "alicloud_polardb_cluster", "pc-1"),
        ("gcp", "public_ip", "7", "europe-west1", "google_compute_address", "projects/012345678901/regions/europe-west1/addresses/data"),
        ("gcp", "public_ip", "7", "global", "google_compute_global_address", "projects/012345678901/global/addresses/data"),
        ("gcp", "database", "locations/x/instances/y", "x", "google_redis_instance", "projects/012345678901/locations/x/instances/y"),
    ],
)  # fmt: skip
def test_a_service_is_imported_as_what_its_id_tells_it_is(
    cloud: str, resource: str, identity: str, region: str, to: str, imported: str
) -> None:
    one = made(id="00ff", cloud=cloud, resource_type=resource, resource_id=identity, region=region, zone=None)
    assert f'  to = {to}.finding_00ff\n  id = "{imported}"\n' in terraform(NOTHING, [one])


@pytest.mark.parametrize(
    ("resource", "identity"),
    [("database", "arn:aws:elasticache:r:1:cluster:x"), ("load_balancer", "arn:aws:elasticloadbalancing:r:1:loadbalancer/old")],
)  # fmt: skip
def test_what_custodian_would_look_for_among_others_is_left_to_the_script(
    resource: str, identity: str
) -> None:
    one = made(resource_type=resource, resource_id=identity)
    assert yaml.safe_load(custodian(NOTHING, [one])) == {"policies": []}


def test_a_log_group_is_found_by_its_name() -> None:
    one = made(
        "/aws/lambda/x", resource_type="log_group", resource_id="arn:aws:logs:r:1:log-group:/aws/lambda/x",
        action="change-type", proposed={"retention_days": 30},
    )  # fmt: skip
    (policy,) = yaml.safe_load(custodian(NOTHING, [one]))["policies"]
    assert (policy["filters"][0]["key"], policy["filters"][0]["value"]) == ("logGroupName", ["/aws/lambda/x"])
    assert policy["actions"] == [{"type": "retention", "days": 30}]


def read(written: str) -> str:
    """The text of a string of HCL, by its escapes; fails on what would be a template or end it."""
    inner = written[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', inner)
    assert not re.search(r"(?<!\$)(?:\$\$)*\$\{", inner.replace("$${", "")) or "${" not in inner.replace(
        "$${", ""
    )
    assert "%{" not in inner.replace("%%{", "")
    plain = re.sub(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|.)", lambda hit: _char(hit[1]), inner)
    return plain.replace("$${", "${").replace("%%{", "%{")


def _char(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) > 1 else escape


class TestCustodian:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_is_in_no_policy(self, name: str) -> None:
        one = made(name, resource_id=name or "x")
        policies = yaml.safe_load(custodian(audit(one), [one]))["policies"]
        assert all(
            re.fullmatch(r"[\w.:/+=@-]+", value)
            for policy in policies
            for value in policy["filters"][0]["value"]
        )

    def test_a_deletion_is_marked_and_comes_back_after_a_copy(self) -> None:
        two = [made(id="01"), made(id="02", resource_id="vol-2")]
        mark, act = yaml.safe_load(custodian(audit(*two), two))["policies"]
        assert mark["name"] == "finops-unattached-volume-1-mark"
        assert mark["resource"] == act["resource"] == "aws.ebs"
        assert mark["filters"][0] == {
            "type": "value",
            "key": "VolumeId",
            "op": "in",
            "value": ["vol-1", "vol-2"],
        }
        assert mark["actions"] == [{"type": "mark-for-op", "tag": "finops", "op": "delete", "days": 14}]
        assert act["filters"][1] == {"type": "marked-for-op", "tag": "finops", "op": "delete"}
        assert act["actions"] == ["snapshot", "delete"]
        assert {(one["key"], one["value"]) for one in act["conditions"]} == {
            ("account_id", "012345678901"),
            ("region", "eu-west-1"),
        }

    def test_a_change_waits_for_the_tag_of_somebody_who_read_it(self) -> None:
        one = made(action="change-type", proposed={"volume_type": "gp3", "iops": 3000})
        (policy,) = yaml.safe_load(custodian(audit(one), [one]))["policies"]
        assert policy["filters"][1:] == [
            {"type": "value", "key": "tag:finops", "value": "approved"},
            "modifyable",
        ]
        assert policy["actions"] == [{"type": "modify", "volume-type": "gp3"}]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"cloud": "alibaba"}, "# Custodian does not know this cloud: use the shell script."),
            (
                {"resource_type": "network", "action": "move"},
                "# Custodian has no action for it: use the shell script.",
            ),
            (
                {"action": "change-type", "proposed": {"volume_type": "gp3", "iops": 16000}},
                "# Custodian has no action for it",
            ),
            ({"resource_id": "vol 1"}, "# Its id holds characters that a policy must not have"),
        ],
    )
    def test_what_it_cannot_do_is_told(self, changes: dict[str, Any], words: str) -> None:
        one = made(**changes)
        text = custodian(audit(one), [one])
        assert words in text
        assert yaml.safe_load(text) == {"policies": []}


@pytest.mark.parametrize("format_", FORMATS)
def test_an_audit_without_findings_gives_a_file_that_does_nothing(format_: str) -> None:
    text = FORMATS[format_](audit(), [])
    assert "Remediation of 0 findings" in text
