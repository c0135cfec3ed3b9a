"""Costs as JSON: the artefact itself, which every other rendering shows a part of."""

from finops.spending import CostAnswer


def render(answer: CostAnswer) -> str:
    return answer.to_json()
