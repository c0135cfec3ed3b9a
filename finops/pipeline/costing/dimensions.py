"""What costs can be split by, as SQL over `charges`."""

import difflib
import re
from dataclasses import dataclass

from finops.errors import UsageError

_TAG = "tag:"
# AWS writes the key `team` of a user as user:team or user_team, depending on the export.
PREFIXES = ("", "user:", "user_")


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing to split by.

    `sql` is its value for a charge, for a tag the text that holds all tags. `format` makes a text of it that sorts.
    `name_sql` is a display name. `in_order` sorts lines by the value.
    """

    name: str
    sql: str
    name_sql: str | None = None
    format: str = "{}"
    in_order: bool = False

    @property
    def tag(self) -> str | None:
        """The key, for the dimension of a tag."""
        return self.name[len(_TAG) :] if self.name.startswith(_TAG) else None

    def final(self, column: str) -> str:
        """SQL that makes the value of what `sql` gave. It may be dear, so it runs on groups, not on charges."""
        return self.format.format(column) if self.tag is None else tag_value(self.tag, column)


_ALL = (
    Dimension("cloud", "x_Cloud"),
    Dimension("service", "ServiceName"),
    Dimension(
        "account",
        "x_AccountId",
        "CASE WHEN SubAccountId IS NULL THEN BillingAccountName ELSE SubAccountName END",
    ),
    Dimension("billing-account", "BillingAccountId", "BillingAccountName"),
    Dimension("region", "RegionId"),
    Dimension("zone", "AvailabilityZone"),
    Dimension("category", "ServiceCategory"),
    Dimension("subcategory", "ServiceSubcategory"),
    Dimension("charge", "ChargeCategory"),
    Dimension("resource", "x_ResourceKey", "ResourceName"),
    Dimension("resource-type", "ResourceType"),
    Dimension("commitment", "CommitmentDiscountId", "CommitmentDiscountName"),
    Dimension("usage-type", "coalesce(x_UsageType, SkuMeter)"),
    Dimension("sku", "SkuId"),
    Dimension("description", "ChargeDescription"),
    Dimension("publisher", "PublisherName"),
    Dimension("invoice", "InvoiceId"),
    Dimension(
        "day",
        # The day of the billing month, so that the 5th is compared with the 5th.
        "epoch_us(ChargePeriodStart) - epoch_us(BillingPeriodStart)",
        format="printf('%02d', {} // 86400000000 + 1)",
        in_order=True,
    ),
)
_ALIASES = {
    "provider": "cloud",
    "meter": "usage-type",
    "charge-category": "charge",
    "service-category": "category",
}
DIMENSIONS = {dimension.name: dimension for dimension in _ALL}
_NAMES = f"{', '.join(DIMENSIONS)} and {_TAG}KEY"


def parse(text: str) -> tuple[Dimension, ...]:
    """The dimensions of a list such as service,account,tag:team; a comma within a tag's key is written twice.

    Raises UsageError, naming what there is, for one that does not exist or is named twice.
    """
    found: list[Dimension] = []
    for part in re.split(r"(?<!,),(?!,)", text):
        dimension = _one(part.replace(",,", ","))
        if dimension in found:
            raise UsageError(f"--by names {dimension.name} twice.")
        found.append(dimension)
    return tuple(found)


def _one(text: str) -> Dimension:
    if text.strip().lower().startswith(_TAG):
        key = text.lstrip()[len(_TAG) :]
        if not key:
            raise UsageError("--by tag: needs the key of a tag, like tag:team.")
        return tag(key)
    name = text.strip().lower().replace("_", "-")
    name = _ALIASES.get(name, name)
    if name not in DIMENSIONS:
        close = difflib.get_close_matches(name, [*DIMENSIONS, *_ALIASES], n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(f"Costs cannot be split by '{text.strip()}': there are {_NAMES}.{hint}")
    return DIMENSIONS[name]


def tag(key: str) -> Dimension:
    """The dimension of a tag. A tag without a value has the empty one; a charge without the tag has NULL."""
    return Dimension(_TAG + key, "Tags")


def tag_value(key: str, column: str) -> str:
    """SQL for the value of a tag in a column of JSON text, whatever characters the key has; NULL where there is none.

    By JSON pointer: in a path of dots a key with a dot or a quote would be another one.
    """
    values = []
    for prefix in PREFIXES:
        pointer = quoted("/" + (prefix + key).replace("~", "~0").replace("/", "~1"))
        values.append(
            f"TRY({column} ->> {pointer}), CASE WHEN TRY(json_exists({column}, {pointer})) THEN '' END"
        )
    return f"coalesce({', '.join(values)})"


def quoted(text: str) -> str:
    """The text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
