"""One account in one region, as every module of the collection sees it."""

from dataclasses import dataclass, field
from datetime import datetime

from collectors.aws.client import Client, Session
from collectors.hours import Newest
from finops.warehouse import Scope

CLOUD = "aws"


@dataclass(frozen=True, slots=True)
class Place:
    """One account in one region, or what an account has once (region 'global')."""

    session: Session
    region: str
    at: datetime
    days: int
    newest: Newest = field(default_factory=dict)

    def scope(self, dataset: str) -> Scope:
        return Scope(CLOUD, self.session.account, self.region, dataset)

    def client(self, region: str | None = None) -> Client:
        return self.session.client(region or self.region)
