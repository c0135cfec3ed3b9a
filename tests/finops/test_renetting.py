"""Netting anew from a report alone: what an audit limited to these findings would say."""

from pathlib import Path
from random import Random

import pytest

from finops.config import Settings
from finops.model import AuditReport
from finops.pipeline.audit import audit
from finops.pipeline.demo import demo
from finops.pipeline.filters import Filters
from finops.pipeline.record import last_audit
from finops.savings.renetting import renet
from finops.warehouse import reading
from reports.redaction import redact
from tests.reports.build import at
from tests.reports.crowd import as_report, crowd


def pending(report: AuditReport) -> list[str]:
    return [one.id for one in report.findings if one.exemption is None]


@pytest.mark.parametrize("seed", range(60))
def test_all_of_a_crowd_save_what_the_report_tells(seed: int) -> None:
    made = crowd(seed)
    report = as_report(made)
    told = {one.id: one.net_monthly_savings for one in report.findings if one.exemption is None}
    assert renet(report, pending(report)) == told


@pytest.mark.parametrize("seed", range(40))
def test_some_of_a_crowd_save_what_an_audit_of_these_would_tell(seed: int) -> None:
    made, random = crowd(seed), Random(seed)
    report = AuditReport.model_validate_json(as_report(made).to_json())
    ids = pending(report)
    for _ in range(12):
        some = set(random.sample(ids, random.randint(0, len(ids))))
        assert renet(report, some) == made.nets(some)


def test_the_crowds_meet_every_limit() -> None:
    """Else the tests above would say little."""
    reports = [as_report(crowd(seed)) for seed in range(20)]
    findings = [one for report in reports for one in report.findings]
    overlaps = [one.overlap for one in findings if one.overlap]
    assert len(overlaps) < len(findings), "some are alone"
    assert any(one.after for one in overlaps)
    assert any(one.never_with for one in overlaps)
    assert any(piece.listed for one in overlaps for piece in one.pieces)
    assert any(piece.absorbed for one in overlaps for piece in one.pieces)
    assert any(one.accounts for one in overlaps)
    assert any(one.overlap and one.confidence != one.overlap.confidence for one in findings), "some were cut"
    assert any(one.exemption and one.overlap for one in findings)


def test_a_redacted_report_nets_as_the_other_and_names_nobody() -> None:
    for seed in range(8):
        report = as_report(crowd(seed))
        hidden = redact(report, "all", key=b"k")
        names = dict(
            zip((one.id for one in report.findings), (one.id for one in hidden.findings), strict=True)
        )
        some = pending(report)[::2]
        assert renet(hidden, [names[one] for one in some]) == {
            names[one]: net for one, net in renet(report, some).items()
        }
        text = " ".join(one.overlap.model_dump_json() for one in hidden.findings if one.overlap)
        assert not [one for one in names if one in text]
        assert "1111" not in text


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the sample estate, audited."""
    folder = tmp_path_factory.mktemp("demo")
    return demo(folder, Settings(), at=at(2026, 11, 20)).warehouse


@pytest.mark.thorough
def test_the_sample_estate_is_stored_with_all_it_takes_and_filters_net_as_the_command_does(
    estate: Path,
) -> None:
    settings = Settings()
    with reading(estate, settings.limits()) as con:
        report = last_audit(con)
        told = {one.id: one.net_monthly_savings for one in report.findings if one.exemption is None}
        assert renet(report, told) == told
        for filters in (
            Filters(rules=("oversized-instance", "spot-eligible-instance", "volume-type-upgrade")),
            Filters(clouds=("alibaba",)),
            Filters(tags=(("team", "shop"),)),
        ):
            found = audit(con, settings, run_id="x", as_of=report.as_of, filters=filters)
            bought = {one.id for one in [*report.findings, *found.findings] if one.action == "buy"}
            nets = {one.id: one.net_monthly_savings for one in found.findings if one.exemption is None}
            anew = renet(report, set(nets) - bought)
            assert anew == {name: net for name, net in nets.items() if name not in bought}
            assert nets
