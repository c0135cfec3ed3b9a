"""What is asked of a table with a billing export: which kind it is, which columns are wanted, the text of the queries.

Nothing here is on the network. Standard SQL with named parameters; of the table only its name, which was checked, and
names of columns, which are plain words, stand in the text. A record's field `service.id` is asked for as service_id,
so that what comes is flat but for lists of records, and is what the mapping beside bills/ reads.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from collectors.bills.mapping import Mapping, mappings
from finops.errors import InputError

_NAME = re.compile(
    r"(?P<project>[a-z][a-z0-9.:-]{0,127})\.(?P<dataset>[A-Za-z0-9_]{1,1024})\.(?P<table>[\w-]{1,1024})"
)
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TIMES = ("TIMESTAMP", "DATETIME", "DATE")
_BEFORE = timedelta(days=2)  # by which a row of an invoice may have arrived before its month has begun
_LATE = timedelta(days=100)  # for which usage may be billed late, where a table is partitioned by usage
_PARTITION_TIME = "_PARTITIONTIME"
Parts = tuple[Any, Any] | None  # the first and last partition that something is in


@dataclass(frozen=True, slots=True)
class TableName:
    """PROJECT.DATASET.TABLE in its parts."""

    project: str
    dataset: str
    table: str

    @classmethod
    def of(cls, text: str) -> "TableName":
        """Raises InputError for what is no name of a table."""
        if text.startswith("gs://"):
            raise InputError(f"{text} has files that were exported: load them by finops ingest {text}.")
        match = _NAME.fullmatch(text)
        if not match:
            raise InputError(
                f"{text} is no table in BigQuery: write the billing export as PROJECT.DATASET.TABLE, such as "
                "my-project.billing.gcp_billing_export_resource_v1_0123AB_4567CD_89EF01."
            )
        return cls(match["project"], match["dataset"], match["table"])

    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"


class SchemaField(Protocol):
    """A column as google-cloud-bigquery tells it."""

    name: str
    field_type: str
    mode: str
    fields: Sequence["SchemaField"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a row: the names on the way to it, its type; a list of records is one value."""

    path: tuple[str, ...]
    type: str
    repeated: bool = False

    @property
    def dotted(self) -> str:
        return ".".join(self.path)

    @property
    def sql(self) -> str:
        return ".".join(f"`{name}`" for name in self.path)


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns of a format tell what. `second` is the sum that is compared beside that of `cost`: the credits,
    which are part of what is billed, or another cost. `also` are wanted although the mapping does not read them."""

    day: str
    period: str
    cost: str
    second: str
    currency: str
    owners: tuple[str, str]
    exported: str
    also: tuple[str, ...]

    @property
    def has_credits(self) -> bool:
        return self.second == "credits"


ROLES = {
    "gcp": Roles(
        "usage_start_time", "invoice_month", "cost", "credits", "currency",
        ("project_id", "billing_account_id"), "export_time", ("tags",),
    ),
    "focus": Roles(
        "ChargePeriodStart", "BillingPeriodStart", "BilledCost", "EffectiveCost", "BillingCurrency",
        ("SubAccountId", "BillingAccountId"), "x_ExportTime", ("x_Credits",),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partition:
    """How a table is cut: by which column, of which type, into what; `after` is the least that is wanted for a first
    day of a month, None where it limits nothing."""

    leaf: Leaf
    unit: str
    after: timedelta | None

    def since(self, month: date) -> date | None:
        """The first partition that may hold rows of a billing period that begins at `month`, or of a later one."""
        if self.after is None:
            return None
        first = month - self.after
        return {"YEAR": first.replace(month=1, day=1), "MONTH": first.replace(day=1)}.get(self.unit, first)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named parameter of a query: name, type in BigQuery's words, value."""

    name: str
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """A text and its parameters."""

    sql: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A table with a billing export as it is asked: its format and version, the columns wanted, those with a role."""

    name: TableName
    version: str
    roles: Roles
    leaves: dict[str, Leaf]
    partition: Partition | None

    @property
    def columns(self) -> list[str]:
        """What is selected, in the order and the words of the query."""
        wanted = (each for each in self.leaves.items() if each[0] != self.roles.exported)
        return [f"{leaf.sql} AS `{name}`" for name, leaf in wanted]

    def marks(self, since: date) -> Query:
        """Per billing period, day of usage and currency what tells whether its rows are the same as before, of the
        periods that begin at `since` or later."""
        roles, part = self.roles, self.partition
        where = [f"{self._sql(roles.period)} >= @period"]
        parameters = [self._period("period", since)]
        self._arrived(since, where, parameters)
        select = [
            f"{self._sql(roles.period)} AS period", f"{self._date()} AS day",
            f"{self._sql(roles.currency)} AS currency",
            "COUNT(*) AS items", f"SUM({self._sql(roles.cost)}) AS amount", f"{self._second()} AS second",
            f"MAX({self._sql(roles.exported)}) AS latest" if roles.exported in self.leaves else "NULL AS latest",
        ]  # fmt: skip
        if part:
            select += [f"MIN({part.leaf.sql}) AS first_part", f"MAX({part.leaf.sql}) AS last_part"]
        return self._query(select, where, parameters, " GROUP BY 1, 2, 3")

    @property
    def cut_by_usage(self) -> bool:
        """Whether each day of usage is a partition, so that days asked for one by one cost no more than together."""
        return self.partition is not None and self.partition.leaf == self.leaves[self.roles.day]

    def rows(self, month: date, days: Sequence[date], parts: Parts = None) -> Query:
        """Everything of some days of usage in one billing period; `parts` are the first and last partition of them."""
        where, parameters = self._within(month, following(month), _runs(days))
        if self.partition and parts and None not in parts:
            leaf = self.partition.leaf
            where.append(f"{leaf.sql} BETWEEN @first AND @last")
            parameters += [Parameter("first", leaf.type, parts[0]), Parameter("last", leaf.type, parts[1])]
        return self._query(self.columns, where, parameters)

    def all_rows(self, since: date, until: date) -> Query:
        """Everything from a billing period on, for an estimate."""
        where, parameters = self._within(since, following(until), [(since, until + timedelta(days=1))])
        self._arrived(since, where, parameters)
        return self._query(self.columns, where, parameters)

    def _within(
        self, month: date, after: date, runs: Sequence[tuple[date, date]]
    ) -> tuple[list[str], list[Parameter]]:
        """Conditions for billing periods and days of usage, the ends of each with the first only."""
        day, period = self.leaves[self.roles.day], self._sql(self.roles.period)
        parameters = [self._period("period", month), self._period("following", after)]
        ranges = []
        for number, (start, stop) in enumerate(runs):
            ranges.append(f"({day.sql} >= @start{number} AND {day.sql} < @stop{number})")
            parameters += [_instant(f"start{number}", day, start), _instant(f"stop{number}", day, stop)]
        return [f"({' OR '.join(ranges)})", f"{period} >= @period", f"{period} < @following"], parameters

    def _arrived(self, since: date, where: list[str], parameters: list[Parameter]) -> None:
        """Leaves out the partitions that are too old to hold rows of a billing period from `since` on."""
        if self.partition and (first := self.partition.since(since)):
            where.append(f"{self.partition.leaf.sql} >= @arrived")
            parameters.append(_instant("arrived", self.partition.leaf, first))

    def _query(
        self, select: list[str], where: list[str], parameters: list[Parameter], end: str = ""
    ) -> Query:
        text = f"SELECT {', '.join(select)} FROM `{self.name}` WHERE {' AND '.join(where)}{end}"  # noqa: S608
        return Query(text, tuple(parameters))

    def _sql(self, role: str) -> str:
        return self.leaves[role].sql

    def _date(self) -> str:
        leaf = self.leaves[self.roles.day]
        return leaf.sql if leaf.type == "DATE" else f"DATE({leaf.sql})"

    def _second(self) -> str:
        """Never by joining the credits: that would lose rows without any and count those with several twice."""
        second = self._sql(self.roles.second)
        if self.roles.has_credits:
            return f"SUM(IFNULL((SELECT SUM(c.amount) FROM UNNEST({second}) AS c), 0))"  # noqa: S608
        return f"SUM({second})"

    def _period(self, name: str, month: date) -> Parameter:
        leaf = self.leaves[self.roles.period]
        return (
            Parameter(name, "STRING", f"{month:%Y%m}")
            if leaf.type == "STRING"
            else _instant(name, leaf, month)
        )


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days that follow each other as first and the one after the last."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and runs[-1][1] == day:
            runs[-1] = (runs[-1][0], day + timedelta(days=1))
        else:
            runs.append((day, day + timedelta(days=1)))
    return runs


def following(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def export_of(name: TableName, schema: Iterable[SchemaField], cut: tuple[str | None, str] | None) -> Export:
    """The table as an export. `cut` is how it is partitioned: the column (None: by arrival) and HOUR, DAY, MONTH or
    YEAR. Raises InputError for a table that is none."""
    leaves = [leaf for leaf in leaves_of(schema) if all(_COLUMN.fullmatch(part) for part in leaf.path)]
    mapping = _mapping(name, leaves)
    roles = ROLES[mapping.format]
    wanted = {mapping.plain(each): each for each in (*mapping.reads, roles.exported, *roles.also)}
    found: dict[str, Leaf] = {}
    for leaf in leaves:
        if each := wanted.get(mapping.plain(leaf.dotted)):
            found.setdefault(each, leaf)
    version = mapping.version(leaf.dotted for leaf in leaves)
    export = Export(name, version, roles, found, _partition(leaves, found, roles, cut))
    _refuse_odd(export)
    return export


def _mapping(name: TableName, leaves: Sequence[Leaf]) -> Mapping:
    """The format of the table: the one that lacks nothing."""
    known = {each.format: each for each in mappings()}
    paths = [leaf.dotted for leaf in leaves]
    lacks = {key: known[key].lacking(paths) for key in ROLES}
    for key, lacking in lacks.items():
        if not lacking:
            return known[key]
    nearest = min(lacks, key=lambda key: len(lacks[key]) / len(known[key].needs))
    raise InputError(
        f"The table {name} is no billing export that this version reads (for {known[nearest].name} it lacks "
        f"{', '.join(lacks[nearest][:5])}): name gcp_billing_export_resource_v1_…, gcp_billing_export_v1_… or a table "
        "or view in FOCUS."
    )


def _refuse_odd(export: Export) -> None:
    """Columns with a role whose type no query here can compare."""
    roles = export.roles
    for name, types in ((roles.day, _TIMES), (roles.period, ("STRING",) if roles.has_credits else _TIMES)):
        if export.leaves[name].type not in types:
            raise InputError(
                f"The column {export.leaves[name].dotted} of {export.name} is of the type {export.leaves[name].type}, "
                f"where a billing export has {' or '.join(types)}: name the table that Google writes."
            )


def leaves_of(fields: Iterable[SchemaField], above: tuple[str, ...] = ()) -> Iterable[Leaf]:
    """Every value of a row."""
    for field in fields:
        path, kind = (*above, field.name), field.field_type.upper()
        if field.mode != "REPEATED" and kind in ("RECORD", "STRUCT"):
            yield from leaves_of(field.fields, path)
        else:
            yield Leaf(path, _TYPES.get(kind, kind), field.mode == "REPEATED")


_TYPES = {
    "FLOAT64": "FLOAT",
    "INT64": "INTEGER",
    "BOOL": "BOOLEAN",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}


def _partition(
    leaves: Iterable[Leaf], found: dict[str, Leaf], roles: Roles, cut: tuple[str | None, str] | None
) -> Partition | None:
    if cut is None:
        return None
    column, unit = cut
    arrival = Leaf((_PARTITION_TIME,), "TIMESTAMP")
    leaf = next((leaf for leaf in leaves if leaf.path == (column,)), None) if column else arrival
    if leaf is None or leaf.type not in _TIMES:
        return None
    if leaf == found.get(roles.day):
        return Partition(leaf, unit, _LATE)
    if leaf in (arrival, found.get(roles.exported)):
        return Partition(leaf, unit, _BEFORE)
    return Partition(leaf, unit, None)


def _instant(name: str, leaf: Leaf, day: date) -> Parameter:
    """The beginning of a day (UTC) as a parameter that a column can be compared with."""
    return Parameter(name, leaf.type, day if leaf.type == "DATE" else datetime(day.year, day.month, day.day))  # noqa: DTZ001
