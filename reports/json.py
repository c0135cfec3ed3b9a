"""The audit as JSON: the artefact itself, which every other rendering shows a part of."""

from finops.model import AuditReport


def render(report: AuditReport) -> str:
    return report.to_json()
