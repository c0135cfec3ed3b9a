"""Reports built by hand, each with one trait the renderings must cope with."""

from decimal import Decimal
from typing import Any

from finops.model import (
    AuditReport,
    Co2e,
    CostLine,
    Coverage,
    Exemption,
    ExemptionLine,
    Finding,
    NotEvaluated,
)
from tests.reports.build import at, cost, finding, report, scope, unjudged
from tests.reports.finance_sample import secret_finance

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil","x")',
    "abc\u202egnp.exe",
    "{{7*7}}{% raw %}",
    "[link](javascript:alert(1))",
    "two\nlines\tand a tab",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "@everyone <!channel> #1 `code` |cell| [bold]rich[/bold] **md** _x_ http://evil.example www.evil.example",
    "]]><!--<svg onload=alert(1)>",
)

EXEMPTION = Exemption(
    owner="Legal",
    reason="kept for the auditors",
    expires_at=at(2027, 1, 1),
    source="finops.mutes.toml, entry 1",
    monthly_waste=Decimal("150.00"),
)


def line(**over: Any) -> ExemptionLine:
    """An exemption of the file that ended."""
    fields: dict[str, Any] = {
        "rule": "idle-instance",
        "selector": "resource=i-0123456789abcdef0",
        "owner": "Data team",
        "reason": "the migration needs it",
        "expires_at": at(2026, 11, 1),
        "source": "finops.mutes.toml, entry 2",
        "state": "expired",
        "note": "it ended on 2026-10-31",
        "findings": 0,
    }
    return ExemptionLine.model_validate(fields | over)


def empty() -> AuditReport:
    """Nothing found and nothing looked at."""
    return report()


def clean() -> AuditReport:
    """Everything looked at, nothing found."""
    return report(costs=[cost("123456789012", "812.40")], coverage=[scope()], evaluated=1.0)


def three_clouds() -> AuditReport:
    """The normal one: an alternative, small ones, an unknown price, an accepted one, all scopes read."""
    return report(
        _three_clouds_findings(), _three_clouds_costs(), _three_clouds_gaps(), _three_clouds_scopes(), 0.934
    ).model_copy(update={"exemptions": [line()]})


def partial() -> AuditReport:
    """The normal one, with scopes that were denied, failed, throttled or read in part."""
    broken = [
        scope(
            "metrics",
            "denied",
            region="us-east-1",
            rows=0,
            error="AccessDenied: not authorized to perform cloudwatch:GetMetricData",
        ),
        scope(
            "metrics",
            "denied",
            region="eu-west-1",
            rows=0,
            error="AccessDenied: not authorized to perform cloudwatch:GetMetricData",
        ),
        scope(
            "instances",
            "throttled",
            cloud="alibaba",
            account="5123456789012345",
            region="cn-hangzhou",
            error="Throttling.User after 8 attempts",
            rows=40,
        ),
        scope(
            "bill",
            "failed",
            cloud="gcp",
            account="shop-prod-4711",
            region="global",
            rows=0,
            collected_at=None,
            error="403 Access Denied: Table billing.gcp_billing_export_v1",
        ),
        scope(
            "snapshots", "partial", region="ap-southeast-1", error="page 7 of 9 could not be read", rows=600
        ),
    ]
    return report(
        _three_clouds_findings(),
        _three_clouds_costs(),
        _three_clouds_gaps(),
        [*_three_clouds_scopes(), *broken],
        0.871,
    )


def two_currencies() -> AuditReport:
    """Dollars and yuan with no rate between them."""
    findings = [
        finding(1, "310.00"),
        finding(
            2, "1204.50", cloud="alibaba", account="5123456789012345", region="cn-hangzhou", currency="CNY"
        ),
        finding(
            3, "88.10", cloud="alibaba", account="5123456789012345", region="cn-hangzhou", currency="CNY"
        ),
    ]
    costs = [cost("123456789012", "4100.00"), cost("5123456789012345", "22870.55", "alibaba", currency="CNY")]
    return report(findings, costs, coverage=[scope()], evaluated=0.9)


def hostile() -> AuditReport:
    """Every text a cloud can set, set to each hostile value."""
    texts = [
        finding(
            number,
            f"{100 - number}.00",
            id=f"h{number}",
            account=text,
            region=text,
            zone=text,
            resource_id=text,
            resource_name=text,
            tags={text: text},
            reason=text,
            action="resize",
            current={"instance_type": text},
            proposed={"instance_type": text + "!"},
            evidence={text: {text: text}},
            remediation=[text],
            sources=[text, "javascript:alert(1)", "https://example.com/" + text],
            confidence_reasons=[text],
            rule=text,
            cloud=text,
            resource_type=text,
            co2e=Co2e(reason=text),
            conflict_group=text,
        )
        for number, text in enumerate(HOSTILE)
    ]
    return report(
        texts,
        [cost(text, "1000.00", text, note=text) for text in HOSTILE],
        [unjudged(text, rule=text, account=text, resource_id=text) for text in HOSTILE],
        [scope(text, "denied", account=text, region=text, error=text) for text in HOSTILE],
        0.5,
    )


SECRETS = (
    "999988887777",
    "i-0feedface12345678",
    "payroll-db-primary",
    "Frau Müller's team",
    "vol-0cafe5678cafe5678",
)
DECIDED = ("Herr Meier", "for the lawsuit of Acme", "bucket-of-nobody")


def secret() -> AuditReport:
    """Ids, names and tag values everywhere a text can mention them; none of SECRETS may survive redaction."""
    account, resource, name, team, other = SECRETS
    found = finding(
        1,
        "310.00",
        account=account,
        resource_id=resource,
        resource_name=name,
        tags={"owner": team, "size": "1"},
        reason=f"{name} ({resource}) of {team} had 1 busy hour; {other} is attached.",
        action="resize",
        resource_type="instance",
        rule="oversized-instance",
        current={"instance_type": "m5.large", "arn": f"arn:aws:ec2:eu-west-1:{account}:instance/{resource}"},
        proposed={"instance_type": "m5.medium", "like": name.upper()},
        evidence={resource: {"attached": [other, int(account)]}, "peak": 0.31},
        remediation=[
            f"aws ec2 stop-instances --instance-ids {resource} --profile {account}",
            "echo 'Frau Müller'\"'\"'s team'",
            "open https://x.example/?n=Frau%20M%C3%BCller%27s%20team",
        ],
        confidence_reasons=[f"{team} confirmed"],
        conflict_group=f"aws/{account}/{resource}",
        co2e=Co2e(reason=f"{resource} has no known type"),
    )
    who, why, other = DECIDED
    accepted = {"exemption": EXEMPTION.model_copy(update={"owner": who, "reason": why})}
    exempt = finding(2, "5.00", account=account, status="exempt", **accepted)
    ended = [
        line(owner=who, reason=why, selector=f"resource={other}"),
        line(note=f"{who} knows why"),
    ]
    around = {"exemptions": ended, "finance": secret_finance(account, team, name)}
    return _secret(found, exempt).model_copy(update=around)


def _secret(*findings: Finding) -> AuditReport:
    account, resource, name, team, _ = SECRETS
    return report(
        findings,
        [cost(account, "1000.00", note=f"payer of {account}")],
        [unjudged(f"no data for {resource} of {team}", account=account, resource_id=resource)],
        [
            scope(
                "metrics",
                "denied",
                account=account,
                error=f"arn:aws:iam::{account}:role/{name} is not authorized",
            )
        ],
        0.5,
    )


def large(findings: int) -> AuditReport:
    """As many findings as asked for, in twelve accounts, each text as long as real ones are."""
    rules = (
        ("idle-instance", "terminate", "instance"),
        ("unattached-volume", "delete", "volume"),
        ("old-snapshot", "delete", "snapshot"),
        ("unused-public-ip", "release", "public_ip"),
    )
    made = []
    for number in range(findings):
        rule, action, kind = rules[number % 4]
        made.append(
            finding(
                number,
                f"{(number * 7919) % 90_000 / 100 + 1:.2f}",
                rule=rule,
                action=action,
                resource_type=kind,
                account=f"{100_000_000_000 + number % 12}",
                resource_name=f"service-{number % 400}-node-{number}",
            )
        )
    costs = [cost(f"{100_000_000_000 + account}", f"{200_000 + account * 1000}.55") for account in range(12)]
    return report(made, costs, _three_clouds_gaps(), _three_clouds_scopes(), 0.91)


def _three_clouds_findings() -> list[Finding]:
    alibaba: dict[str, Any] = {"cloud": "alibaba", "account": "5123456789012345", "region": "eu-central-1"}
    gcp: dict[str, Any] = {"cloud": "gcp", "account": "shop-prod-4711", "region": "europe-west1"}
    server: dict[str, Any] = {"resource_type": "instance"}
    return [
        finding(
            1,
            "1204.33",
            **server,
            rule="oversized-instance",
            **{"class": "oversized"},
            action="resize",
            resource_id="i-0ab3c91f2d7788990",
            resource_name="web-prod-1",
            monthly_cost=Decimal("1605.77"),
            net_monthly_savings=Decimal("1104.33"),
            savings_low=Decimal("980.10"),
            savings_high=Decimal("1190.00"),
            confidence="medium",
            risk="medium",
            effort="medium",
            current={"instance_type": "m5.8xlarge", "vcpu": 32},
            conflict_group="i-0ab3c91f2d7788990",
            proposed={"instance_type": "m5.2xlarge", "vcpu": 8},
            reason="The busiest of 62 days needed 5.1 of 32 processors; a smaller size with 8 carries it "
            "with 20% to spare.",
            confidence_reasons=["62 of 62 days seen", "no memory data, so memory is not shrunk"],
            evidence={"cpu_p95": 0.112, "cpu_max": 0.159, "days": 62, "hours_above_capacity_in_back_test": 0},
            remediation=[
                "aws ec2 stop-instances --instance-ids i-0ab3c91f2d7788990",
                "aws ec2 modify-instance-attribute --instance-id i-0ab3c91f2d7788990 "
                "--instance-type m5.2xlarge",
            ],
            co2e=Co2e(
                operational_kg=96.2,
                embodied_kg=21.0,
                saved_kg=61.4,
                saved_low_kg=38.0,
                saved_high_kg=90.5,
                quality="measured",
            ),
        ),
        finding(
            2,
            "561.90",
            **server,
            rule="spot-eligible-instance",
            **{"class": "rate"},
            action="spot",
            resource_id="i-0ab3c91f2d7788990",
            resource_name="web-prod-1",
            superseded_by="f00000000001",
            net_monthly_savings=Decimal("0.00"),
            conflict_group="i-0ab3c91f2d7788990",
            confidence="low",
            co2e=Co2e(
                saved_kg=0.0,
                saved_low_kg=0.0,
                saved_high_kg=0.0,
                quality="measured",
                reason="price only: the same work runs on the same hardware",
            ),
        ),
        finding(
            3,
            "842.60",
            **gcp,
            **server,
            rule="idle-instance",
            action="terminate",
            resource_id="7730012345678901234",
            resource_name="ml-lab-a100",
            status="new",
            risk="medium",
            reason="Busiest minute in 41 days: 1.2% of the processors (limit 5%) and 4 MB a day on the "
            "network (limit 5 MB).",
            remediation=["gcloud compute instances delete ml-lab-a100 --zone europe-west1-b"],
            co2e=Co2e(
                operational_kg=140.0,
                embodied_kg=44.0,
                saved_kg=184.0,
                saved_low_kg=120.0,
                saved_high_kg=260.0,
                quality="proxy",
            ),
        ),
        finding(
            4,
            "388.00",
            **alibaba,
            **server,
            rule="off-hours-instance",
            **{"class": "schedule"},
            action="schedule",
            resource_id="i-gw8abcdefghijklmnopq",
            resource_name="培训-服务器",
            status="new",
            current={"hours_a_week": 168},
            proposed={"hours_a_week": 55},
            confidence="medium",
            reason="Used on weekdays between 8 and 19 only; 113 of 168 hours a week are idle.",
        ),
        finding(
            5,
            "212.40",
            rule="volume-type-upgrade",
            **{"class": "modernise"},
            action="change-type",
            current={"volume_type": "io1"},
            proposed={"volume_type": "gp3"},
            resource_name="orders-db-data",
            co2e=Co2e(
                saved_kg=0.0,
                saved_low_kg=0.0,
                saved_high_kg=0.0,
                quality="measured",
                reason="price only: the same work runs on the same hardware",
            ),
        ),
        finding(6, "96.00"),
        finding(7, "96.00", resource_name=None),
        finding(8, "44.02", **gcp),
        finding(
            9,
            "31.20",
            **alibaba,
            rule="old-snapshot",
            resource_type="snapshot",
            resource_name="before-upgrade",
        ),
        finding(
            10,
            "7.30",
            rule="unused-public-ip",
            action="release",
            resource_type="public_ip",
            resource_id="eipalloc-0aa11bb22cc33dd44",
            resource_name="203.0.113.7",
        ),
        finding(11, "0.73", rule="old-snapshot", resource_type="snapshot"),
        finding(12, "0.20", rule="old-snapshot", resource_type="snapshot"),
        finding(
            13,
            None,
            rule="idle-ml-endpoint",
            resource_type="ml_endpoint",
            resource_name="ranker-test",
            monthly_cost=None,
            confidence="low",
            co2e=Co2e(reason="the hardware of this service is not published"),
        ),
        finding(14, "150.00", resource_name="legal-hold", status="exempt", exemption=EXEMPTION),
        finding(
            15,
            "640.00",
            rule="commitment-coverage",
            **{"class": "rate"},
            action="buy",
            resource_type="commitment",
            resource_id="aws/123456789012/compute-savings-plan",
            resource_name=None,
            current={},
            proposed={"plan": "compute savings plan", "term": "1 year", "hourly": "$2.10 an hour"},
            risk="high",
            monthly_cost=Decimal("2900.00"),
            monthly_savings=Decimal("640.00"),
            reason="At least $2.90 an hour of steady use is paid at the full price, after all steps above.",
            co2e=Co2e(
                saved_kg=0.0,
                saved_low_kg=0.0,
                saved_high_kg=0.0,
                quality="measured",
                reason="price only: the same work runs on the same hardware",
            ),
        ),
    ]


def _three_clouds_costs() -> list[CostLine]:
    return [
        cost("123456789012", "31840.12"),
        cost("210987654321", "2201.00", note="three days of the window are provisional"),
        cost("5123456789012345", "4120.77", "alibaba"),
        cost("shop-prod-4711", "9377.05", "gcp"),
        cost("shop-dev-4711", None, "gcp", basis="none", note="no billing export found"),
    ]


def _three_clouds_gaps() -> list[NotEvaluated]:
    memory = [
        unjudged(f"no CPU data for {days} of 30 days", resource_id=f"i-{days}") for days in (20, 27, 27, 29)
    ]
    return [
        *memory,
        unjudged("no memory data: the agent is not installed", cloud="gcp", account="shop-prod-4711"),
        unjudged("flow logs are not switched on", "cross-zone-traffic", resource_id=None),
    ]


def _three_clouds_scopes() -> list[Coverage]:
    aws = [
        scope(dataset, region=region)
        for dataset in ("instances", "volumes", "prices")
        for region in ("eu-west-1", "us-east-1")
    ]
    return [
        *aws,
        scope(cloud="alibaba", account="5123456789012345", region="eu-central-1"),
        scope(cloud="gcp", account="shop-prod-4711", region="europe-west1"),
        scope("registries", "skipped", cloud="gcp", account="shop-prod-4711", region="global", rows=0),
    ]
