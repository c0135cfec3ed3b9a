"""What an audit is limited to, and what it may not be given, from its options."""

from typing import TYPE_CHECKING, Any

from finops.errors import UsageError

if TYPE_CHECKING:
    from finops.pipeline.filters import Filters

# Options that say how to ask a cloud, each with one that it can be said of.
_HOW = {
    "organization": "gcp",
    "folders": "gcp",
    "billing_account": "gcp",
    "role": "aws",
    "external_id": "aws",
    "endpoint": "gcp",
    "billing_export": "aws",
    "cost_explorer": "aws",
    "flow_logs": "aws",
}


def refuse_for_nobody(asked: dict[str, Any]) -> None:
    """Options that say how to ask a cloud mean nothing where none is asked. Raises UsageError for the first."""
    from finops.pipeline.clouds import option

    for name, cloud in _HOW.items():
        if asked.get(name):
            raise UsageError(
                f"{option(name)} says how to ask a cloud, and none is named: write finops audit {cloud} "
                f"{option(name)} …"
            )


def filters_of(
    cloud: list[str] | None,
    account: list[str] | None,
    project: list[str] | None,
    region: list[str] | None,
    rule: list[str] | None,
    tag: list[str] | None,
    min_savings: str | None,
) -> "Filters":
    """What an audit tells. A project is one of Google Cloud, and limits no other cloud that is named.

    Raises UsageError for a value that makes no sense.
    """
    from decimal import Decimal, InvalidOperation

    from finops.pipeline.filters import Filters

    for text in tag or []:
        if "=" not in text:
            raise UsageError(f"--tag {text}: write it as key=value.")
    try:
        least = Decimal(min_savings) if min_savings is not None else None
    except InvalidOperation:
        raise UsageError(f"--min-savings {min_savings} is not an amount.") from None
    if least is not None and not least.is_finite():
        raise UsageError(f"--min-savings {min_savings} is not an amount.")
    for name in cloud or []:
        if name not in ("aws", "alibaba", "gcp"):
            raise UsageError(f"There is no cloud {name}: there are aws, alibaba and gcp.")
    pairs = tuple((text.partition("=")[0], text.partition("=")[2]) for text in tag or [])
    return Filters(
        clouds=tuple(dict.fromkeys(cloud or (["gcp"] if project else ()))),
        accounts=tuple(account or ()),
        projects=tuple(project or ()),
        regions=tuple(region or ()),
        rules=tuple(rule or ()),
        tags=pairs,
        min_savings=least,
    )
