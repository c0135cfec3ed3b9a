"""What of which no commitment's price is known: told, so that silence is not taken for nothing to save."""

from collections.abc import Iterable, Iterator, Mapping

from finops.commitments.instruments import MACHINE, POOLED, Series, pool_of
from finops.commitments.pools import about_pool, pools_of
from finops.commitments.usage import Baseline, Hours


def without_prices(used: Iterable[Series], baseline: Baseline) -> Iterator[dict[str, object]]:
    """A row for each currency of a payer of whose cloud no price is known: one sentence instead of one per pool."""
    cloud, _ = baseline.payer
    if cloud == "alibaba":
        return  # its machines are told one by one
    for currency in sorted({series.currency for series in used}):
        problem = f"No prices of commitments are known: finops collect {cloud} reads them."
        yield _of_payer(baseline, currency, "compute", problem)


def without_price(
    unknown: Mapping[Series, Hours],
    baseline: Baseline,
    costs: Mapping[Series, Mapping[str, float]],
) -> Iterator[dict[str, object]]:
    """A row for each narrow pool of which no price is known, so that silence is not taken for 'nothing to save'."""
    narrow = [instrument for instrument in POOLED if instrument.level == 1]
    for instrument in narrow:
        for pool, members in pools_of(instrument, unknown).items():
            about = about_pool(instrument, pool, members, baseline, costs)
            about["problem"] = f"No price of a commitment is known for {pool.covers}."
            yield about
    beyond = [series for series in unknown if all(pool_of(one, series) is None for one in narrow)]
    for currency in sorted({series.currency for series in beyond}):
        what = " and ".join(sorted({_kind(series) for series in beyond if series.currency == currency}))
        yield _of_payer(baseline, currency, "other", f"No price of a commitment is known for {what}.")


def _kind(series: Series) -> str:
    if series.service != MACHINE:
        return series.service.capitalize()
    return "machines of which the bill does not tell the operating system"


def _of_payer(baseline: Baseline, currency: str, name: str, problem: str) -> dict[str, object]:
    """A row about everything that a payer uses, of which nothing can be said."""
    cloud, payer = baseline.payer
    return {
        "cloud": cloud, "account_id": payer, "region": "global", "resource_id": f"{name}/{payer}/{currency}",
        "level": 3, "family_group": "", "payer_group": f"{payer}/{currency}", "covers": "compute of the payer",
        "currency": currency, "days": baseline.days, "problem": problem,
    }  # fmt: skip
