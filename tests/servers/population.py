"""Who lives in an estate, whatever the cloud: how many of each class, and what they are called."""

from collections.abc import Mapping

SERVICES = ("web", "api", "search", "billing", "ledger", "mail", "cache", "queue", "report", "auth")
# What people, and whoever means harm, put into names and tags.
HOSTILE: tuple[str, ...] = (
    "<script>alert('x')</script>",
    "=cmd|' /C calc'!A0",
    'O\'Brien "the" server; DROP TABLE instances; --',
    "line one\nline two\ttab",
    "名前 🚀 ünïcödé ‮gnirts‬",
    "n" * 255,
    "",
    "  spaces around  ",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "${jndi:ldap://x/y} %s %d {0} {{7*7}}",
    "../../etc/passwd",
    "-2+3+cmd|' /C calc'!D2",
    "NULL",
    "007",
)


def counts(n: int, shares: Mapping[str, int]) -> dict[str, int]:
    """How many of each class: one of each first, the rest by share; all of them together are n."""
    names = list(shares)[:n]
    result = dict.fromkeys(names, 1)
    rest = n - len(names)
    whole = sum(shares[name] for name in names)
    exact = {name: rest * shares[name] / whole for name in names}
    for name in names:
        result[name] += int(exact[name])
    by_rest = sorted(names, key=lambda name: exact[name] - int(exact[name]), reverse=True)
    for name in by_rest[: n - sum(result.values())]:
        result[name] += 1
    return result


def per_hundred(n: int, share: float) -> int:
    return max(1, round(n * share / 100))


def name_of(number: int) -> str:
    """Mostly plain, often not unique, sometimes hostile."""
    if number % 6 == 4:
        return HOSTILE[(number // 6) % len(HOSTILE)]
    return f"{SERVICES[number % len(SERVICES)]}-{number % 3 + 1}"
