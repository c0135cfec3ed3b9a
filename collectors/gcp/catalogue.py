"""What Google sells and for how much: its public catalogue, asked service by service, once per run for all regions.

Of tens of thousands of SKUs only what our prices are made of is kept, page by page.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests

from collectors.calls import CallError
from collectors.gcp.api import Api
from collectors.gcp.client import READ_TIMEOUT, USER_AGENT, Client, Session
from collectors.gcp.families import FREE
from collectors.gcp.meanings import Meaning, meanings_of
from collectors.gcp.money import Tier, in_unit, tiers_of
from collectors.gcp.service_meanings import Service
from collectors.gcp.services import SERVICES
from collectors.scopes import GLOBAL

if TYPE_CHECKING:
    from google.cloud.billing_v1 import CloudCatalogClient

_COMPUTE_ENGINE = "services/6F81-5844-456A"
COMPUTE = Service("6F81-5844-456A", meanings_of)
# Anybody may ask; it takes no permission.
LIST_SKUS = Api(
    "cloudbilling",
    f"v1/{_COMPUTE_ENGINE}/skus",
    items="skus",
    size="pageSize",
    page=5000,
    probe={"pageSize": 1},
)
_UNSPECIFIED, _MONTHLY = 0, 2  # AggregationInfo.AggregationInterval


@dataclass(frozen=True, slots=True)
class Offer:
    """A price in one of our units, from each monthly quantity on."""

    tiers: tuple[Tier, ...]
    unit: str
    currency: str
    since: datetime | None  # UTC
    sku_id: str

    def same_as(self, other: "Offer") -> bool:
        """Whether both ask the same money for the same."""
        return (self.tiers, self.unit, self.currency) == (other.tiers, other.unit, other.currency)


@dataclass(slots=True)
class Catalogue:
    """Offers by our name, the way to buy and the region.

    Where two SKUs ask different prices for the same thing there is no offer: nothing in the catalogue says which of
    them a bill will name, and the cheaper of them would be an invention.
    """

    skus: int = 0  # that were read, kept or not
    _offers: dict[tuple[str, str], dict[str, Offer | None]] = field(default_factory=dict)

    def offer(self, key: str, model: str, region: str) -> Offer | None:
        """What something costs in a region; None where that is not known. What is sold everywhere has no region."""
        regions = self._offers.get((key, model), {})
        return regions[region] if region in regions else regions.get(GLOBAL)

    def add(self, key: str, model: str, regions: Iterable[str], offer: Offer) -> None:
        """Adds an offer; one that contradicts another takes both away."""
        known = self._offers.setdefault((key, model), {})
        for region in regions:
            if region not in known:
                known[region] = offer
            elif (other := known[region]) is not None:
                known[region] = min(other, offer, key=_id) if other.same_as(offer) else None

    @property
    def regions(self) -> set[str]:
        """Where anything is sold, but for what is sold everywhere."""
        return {region for regions in self._offers.values() for region in regions} - {GLOBAL}

    def with_others(self, others: Iterable["Catalogue"]) -> "Catalogue":
        """This one and those of other services, which have no names in common."""
        offers = dict(self._offers)
        for one in others:
            offers |= one._offers
        return Catalogue(self.skus, offers)


def _id(offer: Offer) -> str:
    return offer.sku_id


def get_catalogue(
    client: Client, *, currency: str = "", at: datetime | None = None, service: Service = COMPUTE
) -> Catalogue:
    """Every price of a service that we know the meaning of, in `currency` (US dollars without).

    Of a SKU with several prices the one that holds at `at` counts. Raises CallError, or CredentialsError.
    """
    with _connected(client.session) as cloud:
        return read(_pages(client, cloud, currency, service), at, service)


def read(pages: Iterable[Any], at: datetime | None = None, service: Service = COMPUTE) -> Catalogue:
    """The catalogue of a service on some pages, which are plain messages ListSkusResponse."""
    found = Catalogue()
    for page in pages:
        for sku in page.skus:
            _take(found, sku, at, service)
    return found


def _connected(session: Session) -> "CloudCatalogClient":
    """The library's client over REST, with our credentials, where the session says."""
    from google.cloud.billing_v1 import CloudCatalogClient
    from google.cloud.billing_v1.services.cloud_catalog.transports.rest import CloudCatalogRestTransport

    address, local = session.address(LIST_SKUS.service)
    # Made here, because the one that the client makes has a service account sign tokens for Google's own address.
    transport: Any = CloudCatalogRestTransport(
        host=address, credentials=session.credentials.of(SERVICES[LIST_SKUS.service].scope)
    )
    transport._session.trust_env = not local  # no proxy leads to this machine
    return CloudCatalogClient(transport=transport)


def _pages(client: Client, cloud: "CloudCatalogClient", currency: str, service: Service) -> Iterator[Any]:
    request = {"parent": f"services/{service.number}", "page_size": LIST_SKUS.page, "currency_code": currency}
    seen = {""}
    while True:
        page = client.call(LIST_SKUS, lambda: _page(cloud, request))
        yield page
        token = str(page.next_page_token)
        if not token:
            return
        if token in seen:
            raise CallError("failed", "Paging", f"{LIST_SKUS.action} got the same page again and again.")
        seen.add(token)
        request["page_token"] = token


def _page(cloud: "CloudCatalogClient", request: Mapping[str, Any]) -> Any:
    """One request: the pager sends the next only when it is asked for it.

    Plain messages are returned, because reading the library's wrappers around them takes thirteen times as long.
    """
    from google.protobuf.json_format import ParseError

    try:
        pager = cloud.list_skus(
            request=dict(request), retry=None, timeout=READ_TIMEOUT, metadata=[("user-agent", USER_AGENT)]
        )
        answer = next(iter(pager.pages))
    except (ParseError, UnicodeDecodeError, RecursionError) as error:  # it broke off, or is no catalogue
        raise requests.exceptions.InvalidJSONError("an answer that cannot be read") from error
    return type(answer).pb(answer)


def _take(catalogue: Catalogue, sku: Any, at: datetime | None, service: Service) -> None:
    """Adds what a SKU says about the prices we want."""
    catalogue.skus += 1
    category = sku.category
    meanings = service.understand(sku.description, category.resource_family, category.usage_type)
    if not meanings:
        return
    info = _holding(sku.pricing_info, at)
    if info is None:
        return
    regions = sorted({str(region) for region in sku.service_regions})
    for meaning in meanings:
        if offer := _offer(meaning, info, str(sku.sku_id)):
            catalogue.add(meaning.key, meaning.model, regions, offer)


def _holding(infos: Iterable[Any], at: datetime | None) -> Any | None:
    """Of several prices in time the last that has begun, else the first that will."""
    ordered = sorted(infos, key=_begin)
    begun = [info for info in ordered if at is None or _begin(info) <= at.replace(tzinfo=UTC).timestamp()]
    return next(iter([*begun[-1:], *ordered]), None)


def _begin(info: Any) -> float:
    return float(info.effective_time.seconds)


def _since(info: Any) -> datetime | None:
    if not info.HasField("effective_time"):
        return None
    return info.effective_time.ToDatetime(tzinfo=UTC).replace(tzinfo=None)  # type: ignore[no-any-return]


def _offer(meaning: Meaning, info: Any, sku_id: str) -> Offer | None:
    """The price in our unit; None where unit, money, tiers or their period are not what we know."""
    expression = info.pricing_expression
    amount = in_unit(expression.usage_unit, meaning.unit)
    found = tiers_of(expression.tiered_rates, amount) if amount else None
    if not found or not sku_id:
        return None
    tiers, currency = found
    if not any(price for _, price in tiers) and meaning.key not in FREE:
        return None
    if len(tiers) > 1 and not _by_month(info.aggregation_info):
        return None
    return Offer(tiers, meaning.unit, currency, _since(info), sku_id)


def _by_month(aggregation: Any) -> bool:
    """Whether quantities of tiers are those of a month."""
    interval, count = aggregation.aggregation_interval, aggregation.aggregation_count
    return interval in (_UNSPECIFIED, _MONTHLY) and count in (0, 1)
