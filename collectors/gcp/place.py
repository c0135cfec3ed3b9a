"""One project, as a collection goes about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from collectors.gcp.client import Client, Session
from collectors.gcp.listing import CLOUD
from collectors.hours import Newest
from collectors.scopes import GLOBAL
from finops.warehouse import Scope


@dataclass(slots=True)
class Place:
    """One project; `regions` are those that were asked for (empty: all), `filled` those that it turned out to have."""

    session: Session
    at: datetime
    days: int
    regions: frozenset[str] = frozenset()
    newest: Mapping[str, Newest] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)

    @property
    def project(self) -> str:
        return self.session.account

    @property
    def client(self) -> Client:
        return self.session.client()

    def scope(self, dataset: str, region: str = GLOBAL) -> Scope:
        """The scope of a dataset, of the project as such by default."""
        return Scope(CLOUD, self.project, region, dataset)

    def wants(self, region: str) -> bool:
        """Whether a region was asked for; what has none always is."""
        return not self.regions or region in self.regions or region == GLOBAL
