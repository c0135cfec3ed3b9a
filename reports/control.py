"""What left its limits, what the month will cost and how budgets stand, in words for every rendering."""

from collections.abc import Sequence
from dataclasses import dataclass

from finops.model import AuditReport
from finops.night_model import Anomaly, BudgetLine, Forecast
from reports import amounts
from reports.language import Worded, in_brackets, mark, t, tn
from reports.plain import in_english, one_line

TITLE = mark("What is out of control?")
CALM = mark("No cost and no figure of the pipeline left its limits, as far as their history allows to tell.")
FORECAST = mark("What this month will cost")
BUDGETS = mark("Budgets")
BUDGET_STATES = Worded(
    {
        "within": mark("within"),
        "at_risk": mark("at risk"),
        "over": mark("over"),
        "not_evaluated": mark("not evaluated"),
    }
)
_STATES = Worded(
    {
        "open": mark("{kind}, open"),
        "over": mark("{kind}, over"),
        "accepted": mark("{kind}, accepted"),
        "expected": mark("{kind}, announced"),
    }
)
_KINDS = Worded({"spike": mark("rise"), "drift": mark("new level"), "drop": mark("fall")})
_PARTS = 20  # accounts whose forecast is shown


@dataclass(frozen=True, slots=True)
class Alarm:
    """An anomaly in words; `grave` are those that are going on."""

    id: str
    grave: bool
    what: str  # rise, new level, fall, and whether it goes on
    days: str
    message: str


@dataclass(frozen=True, slots=True)
class Month:
    """A forecast in words. `whole` is the total of a currency."""

    whole: bool
    who: str
    spent: str
    through: str
    forecast: str
    band: str


@dataclass(frozen=True, slots=True)
class Control:
    """The answers, each for itself: nothing where the night had nothing to tell."""

    alarms: Sequence[Alarm]
    months: Sequence[Month]
    budgets: Sequence[tuple[str, str, str]]  # name, state, sentence

    @property
    def open(self) -> int:
        """How many alarms are going on."""
        return sum(one.grave for one in self.alarms)


def control(report: AuditReport) -> Control | None:
    """None where no night stands behind the report, or it had no costs to watch."""
    night = report.night
    if not night or not (night.anomalies or night.forecasts or night.budgets):
        return None
    return Control(
        [_alarm(one) for one in night.anomalies],
        months_told(night.forecasts),
        [budget_told(one) for one in night.budgets],
    )


def forecasts(report: AuditReport) -> list[Forecast]:
    """What the month will cost: by the night that made the report, else by the bills as they are loaded."""
    told = report.night or report.finance
    return told.forecasts if told else []


def budgets(report: AuditReport) -> list[BudgetLine]:
    """How budgets stand, from the same place as the forecasts."""
    told = report.night or report.finance
    return told.budgets if told else []


def answer(told: Control) -> str:
    """The first sentence."""
    if not told.alarms:
        return t(CALM)
    going_on = tn("{n} anomaly open", "{n} anomalies open", told.open)
    past = len(told.alarms) - told.open
    if not past:
        return t("{sentence}.", sentence=going_on)
    over = tn("{n} of the last weeks is over or accepted", "{n} of the last weeks are over or accepted", past)
    return t("{first}; {second}.", first=going_on, second=over)


def _alarm(one: Anomaly) -> Alarm:
    first, last = amounts.iso_day(one.first_day), amounts.iso_day(one.last_day)
    return Alarm(
        one.id,
        one.state == "open",
        _STATES[one.state].format(kind=_KINDS[one.kind]),
        first if first == last else t("{start} to {end}", start=first, end=last),
        in_english(one.message),
    )


def months_told(forecasts: Sequence[Forecast]) -> list[Month]:
    """Forecasts in words: the totals, their clouds, and the largest accounts."""
    wholes = [one for one in forecasts if one.level in ("total", "provider")]
    accounts = [one for one in forecasts if one.level == "account"]
    largest = sorted(
        accounts, key=lambda one: (-(one.forecast or one.spent), one.currency, one.account or "")
    )
    return [_month(one) for one in [*wholes, *largest[:_PARTS]]]


def _month(one: Forecast) -> Month:
    return Month(
        one.level == "total",
        one_line(_who(one)),
        amounts.money(one.spent, one.currency),
        amounts.iso_day(one.settled_until) if one.settled_until else amounts.UNKNOWN,
        amounts.money(one.forecast, one.currency),
        in_english(one.reason) if one.reason else amounts.money_range(one.low, one.high, one.currency),
    )


def _who(one: Forecast) -> str:
    if one.level == "total":
        return t("Everything in {currency}", currency=one.currency)
    return one.cloud or "" if one.level == "provider" else f"{one.account}{in_brackets(one.cloud or '')}"


def budget_told(one: BudgetLine) -> tuple[str, str, str]:
    """A budget in words: its name, its state, and a sentence with the figures."""
    return one_line(one.name), BUDGET_STATES[one.state], in_english(one.message)
