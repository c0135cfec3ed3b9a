import re

import pytest

from reports import markdown
from tests.reports import sample
from tests.reports.build import finding, report


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_a_hostile_name_stays_in_its_cell(text: str) -> None:
    page = markdown.render(report([finding(1, "9.00", resource_name=text, resource_id=text, account=text)]))
    row = next(line for line in page.splitlines() if line.startswith("| $9.00"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_hostile_texts_call_nobody_and_link_nowhere() -> None:
    page = markdown.render(sample.hostile())
    assert "<" not in page.replace("\\<", "")
    outside_code = re.sub(r"`[^`\n]*`", "", page)
    for harm in ("@everyone", "<!channel>", "http://", "www.evil", "#1"):
        assert harm not in outside_code
    assert not re.search(r"(?<!\\)\]\(", outside_code)
    for span in re.findall(r"`([^`\n]*)`", page.replace("\\`", "")):
        assert not set("@<>#|") & set(span)


def test_escaped_text_shows_exactly_what_it_was() -> None:
    assert markdown.escaped("a_b*c[d]|e") == r"a\_b\*c\[d\]\|e"
    assert markdown.escaped("a & <b>") == "a &amp; &lt;b&gt;"


def test_a_comment_is_never_longer_than_github_allows() -> None:
    long = [finding(n, "9.00", reason="x" * 500, resource_name="|" * 3000) for n in range(2000)]
    page = markdown.render(report(long), rows=2000)
    assert len(page) <= markdown.LIMIT
    assert "more steps" in page


def test_coverage_comes_before_the_findings() -> None:
    page = markdown.render(sample.partial())
    assert page.index("Not everything was seen") < page.index("what to do")
    assert "access refused" in page


def test_an_alternative_is_not_listed_beside_what_it_is_counted_in() -> None:
    assert "run as spot" not in markdown.render(sample.three_clouds())


def test_an_empty_report_is_a_sentence() -> None:
    assert "Nothing has been looked at yet" in markdown.render(sample.empty())
