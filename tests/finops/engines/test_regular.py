"""Patterns of RE2 as Java's: the parts that would mean something else. That they match alike is shown on Spark."""

import pytest

from finops.engines.regular import java
from finops.errors import EngineError


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("BoxUsage:(.+)$", r"(?d)BoxUsage:(.+)\z"),
        (r"a\$b", r"(?d)a\$b"),
        ("[$a]$", r"(?d)[$a]\z"),
        ("(?i)ecs|云", "(?d)(?iu)ecs|云"),
        ("费|(?i)fee", "(?d)费|(?iu)fee"),
        (r"a\sb[\s,]", r"(?d)a[\t\n\f\r ]b[\t\n\f\r ,]"),
        (r"\bip", r"(?d)(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))ip"),
        ("[a[b]", r"(?d)[a\[b]"),
        ("[a&&b]", r"(?d)[a\&\&b]"),
        ("[]a]$", r"(?d)[]a]\z"),
        ("[^]$]$", r"(?d)[^]$]\z"),
        (r"[\]$]$", r"(?d)[\]$]\z"),
    ],
)
def test_a_pattern_finds_in_java_what_it_finds_here(pattern: str, told: str) -> None:
    assert java(pattern) == told


@pytest.mark.parametrize("pattern", ["(?s)a.b", "(?P<name>a)", "(?-i)a"])
def test_a_flag_without_a_sure_counterpart_is_refused(pattern: str) -> None:
    with pytest.raises(EngineError, match="flags"):
        java(pattern)
