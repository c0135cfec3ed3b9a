"""Which finding is exempt at the instant of an audit, and what is to be told of exemptions that do not hold."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from finops.exemptions.mutes import Mute
from finops.exemptions.tags import ALL, TAG_KEYS, Wish, read_tag
from finops.model import Exemption, ExemptionLine, ExemptionState
from finops.verdicts import Key, Verdict

LONGEST = timedelta(
    days=731
)  # two years and a leap day: what lasts longer is told, as a rule to change perhaps
ON_RESOURCE = "tag on the resource"
_LONG = f"it ends more than {LONGEST.days} days after the audit: is the rule right for this?"
_NO_END = "it names no day on which it ends, and holds until somebody takes it away"

Found = tuple[str, str, Key]  # a finding by its rule, region and resource


@dataclass(slots=True)
class _Claim:
    """An entry or a tag as it stands at the instant of the audit; `note` says why it does not hold, or what is odd."""

    rule: str
    selector: str
    owner: str
    reason: str
    source: str
    expires_at: datetime | None
    state: ExemptionState
    note: str | None = None

    @property
    def order(self) -> tuple[str, bool]:
        """What has the latest end goes first, an entry of the file before a tag, and what has no end last."""
        return (self.expires_at.isoformat() if self.expires_at else "", self.owner != ON_RESOURCE)


class Exemptions:
    """Decides finding by finding. `known` are the ids of all rules, `as_of` the instant that expiry is judged by."""

    def __init__(self, mutes: Sequence[Mute], known: Collection[str], as_of: datetime) -> None:
        self._known = frozenset(known)
        self._as_of = as_of
        self._mutes = [(mute, self._of_mute(mute)) for mute in mutes]
        self._of_resource: dict[str, list[int]] = defaultdict(list)
        for place, (mute, _) in enumerate(self._mutes):
            self._of_resource[mute.resource or ""].append(place)
        self._tags: dict[tuple[Key, str], tuple[Wish, _Claim]] = {}
        self._holding: dict[Found, _Claim] = {}

    def apply(self, verdicts: Iterable[Verdict], tags: Mapping[Key, Mapping[str, str]]) -> list[Verdict]:
        """The verdicts, exempt ones with their exemption, those whose exemption does not hold with the reason."""
        return [self._one(verdict, tags.get(verdict.key, {})) for verdict in verdicts]

    def lines(self, told: Collection[Found] | None = None) -> list[ExemptionLine]:
        """Every entry of the file in its order, then the tags that were met, by resource.

        `told` are the findings that are in the report, by rule, region and resource; by default all that were decided.
        """
        findings = Counter(
            id(claim) for place, claim in self._holding.items() if told is None or place in told
        )
        by_tag = sorted(self._tags.items(), key=lambda item: item[0])
        claims = [*(claim for _, claim in self._mutes), *(claim for _, (_, claim) in by_tag)]
        return [
            ExemptionLine(
                rule=claim.rule,
                selector=claim.selector,
                owner=claim.owner,
                reason=claim.reason,
                expires_at=claim.expires_at,
                source=claim.source,
                state=claim.state,
                note=claim.note,
                findings=findings[id(claim)],
            )
            for claim in claims
        ]

    def _one(self, verdict: Verdict, tags: Mapping[str, str]) -> Verdict:
        claims = sorted(self._claims(verdict, tags), key=lambda claim: claim.order, reverse=True)
        holding = next((claim for claim in claims if claim.state == "in_force"), None)
        if holding is None:
            told = tuple(f"its exemption ({claim.source}) does not hold: {claim.note}" for claim in claims)
            return replace(verdict, confidence_reasons=verdict.confidence_reasons + told) if told else verdict
        self._holding[(verdict.rule.id, verdict.region, verdict.key)] = holding
        return replace(
            verdict,
            exemption=Exemption(
                owner=holding.owner,
                reason=holding.reason,
                expires_at=holding.expires_at,
                source=holding.source,
            ),
        )

    def _claims(self, verdict: Verdict, tags: Mapping[str, str]) -> Iterator[_Claim]:
        key, rule = verdict.key, verdict.rule.id
        places = sorted({*self._of_resource.get("", ()), *self._of_resource.get(key.resource_id, ())})
        for mute, claim in (self._mutes[place] for place in places):
            if mute.fits(rule, key.cloud, key.account_id, verdict.region, key.resource_id, tags):
                yield claim
        for name in TAG_KEYS:
            if name in tags:
                if (key, name) not in self._tags:
                    wish = read_tag(tags[name])
                    self._tags[(key, name)] = (wish, self._of_tag(key, name, wish))
                wish, claim = self._tags[(key, name)]
                if wish.means(rule):
                    yield claim

    def _of_mute(self, mute: Mute) -> _Claim:
        state, note = self._state(mute.expires)
        return _Claim(
            mute.rule, mute.selector, mute.owner, mute.reason, mute.source, ends(mute.expires), state, note
        )

    def _of_tag(self, key: Key, name: str, wish: Wish) -> _Claim:
        state, note = self._state(wish.until)
        unknown = wish.rules - self._known - {ALL}
        if wish.trouble:
            state, note = "refused", f"its value {wish.trouble}"
        elif unknown == wish.rules:
            state, note = "refused", "it names no rule that exists"
        elif unknown:
            note = "; ".join(filter(None, [note, "it also names a rule that does not exist"]))
        return _Claim(
            rule=",".join(sorted(wish.rules - unknown)) or "?",
            selector=f"cloud={key.cloud}, account={key.account_id}, resource={key.resource_id}",
            owner=ON_RESOURCE,
            reason=ON_RESOURCE,
            source=f"tag {name}",
            expires_at=ends(wish.until) if wish.until else None,
            state=state,
            note=note,
        )

    def _state(self, last_day: date | None) -> tuple[ExemptionState, str | None]:
        if last_day is None:
            return "in_force", _NO_END
        end = ends(last_day)
        if end <= self._as_of:
            return "expired", f"it ended on {last_day}"
        if end - self._as_of > LONGEST + timedelta(days=1):
            return "in_force", _LONG
        return "in_force", None


def ends(last_day: date) -> datetime:
    """The first instant at which an exemption through that day holds no more; the end of time stays itself."""
    if last_day == date.max:
        return datetime.combine(last_day, time.max)
    return datetime.combine(last_day + timedelta(days=1), time.min)
