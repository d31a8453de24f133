"""The validation page and its Markdown: self-contained, complete, and safe with whatever the rows hold."""

import re

import pytest

from tasks.shared.checks import Check, CheckResult, Validation, markdown, page
from tests.shared.checks.staged_rows import DAY

EVIL = "<script>alert('x')</script> | `code` [link](http://evil.example)"
FAILED = CheckResult(
    check=Check("ExpectColumnValuesToBeInSet", {"column": "kind"}, "critical", "kind = 'x'", "kind is one of LLM"),
    success=False,
    checked=1234,
    failing=1000,
    observed="1000 of 1234 rows fail (wanted: kind is one of LLM)",
    examples=({"span_id": "abc", "kind": EVIL}, {"span_id": "def", "kind": None}),
)
WARNED = CheckResult(
    check=Check("ExpectTableRowCountToBeBetween", {}, "warning", "", "rows within 50% of 100"),
    success=False,
    checked=1234,
    failing=0,
    observed="1234 rows (wanted: rows within 50% of 100)",
)
HELD = CheckResult(
    check=Check("ExpectColumnValuesToNotBeNull", {"column": "name"}, "critical", "name IS NULL", "name is there"),
    success=True,
    checked=1234,
    failing=0,
    observed="0 of 1234 rows fail (wanted: name is there)",
)


def validation(*results: CheckResult) -> Validation:
    return Validation("spans", "a & b", DAY, "part", 1234, results)


def test_the_page_asks_nothing_of_any_other_place() -> None:
    html = page(validation(HELD, WARNED, FAILED)).replace("http://evil.example", "")

    assert not re.search(r"https?://|//[a-z]|<script|<link|<img|@import|url\(", html)
    assert "color-scheme: light dark" in html


def test_the_page_names_expectation_count_and_examples() -> None:
    html = page(validation(HELD, WARNED, FAILED))

    assert "ExpectColumnValuesToBeInSet(kind)" in html
    assert "1000 of 1234 rows fail" in html
    assert "abc" in html
    assert "null" in html
    assert html.index("ExpectColumnValuesToBeInSet(kind)") < html.index("ExpectColumnValuesToNotBeNull(name)")


def test_values_are_escaped() -> None:
    html = page(validation(FAILED))

    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "a &amp; b" in html


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ((HELD, FAILED, WARNED), "1 of 3 checks failed, rows kept out"),
        ((HELD, WARNED), "Let through with 1 of 2 checks warning"),
        ((HELD,), "All 1 checks hold"),
    ],
)
def test_the_verdict_is_in_words(results: tuple[CheckResult, ...], words: str) -> None:
    assert words in page(validation(*results))


def test_markdown_shows_failures_only_and_keeps_its_table_whole() -> None:
    text = markdown(validation(HELD, WARNED, FAILED))

    assert "ExpectColumnValuesToNotBeNull" not in text
    assert "<script" not in text
    example = next(line for line in text.splitlines() if line.startswith("| abc"))
    assert len(re.findall(r"(?<!\\)\|", example)) == 3


def test_a_message_with_many_failures_tells_three_and_counts_the_rest() -> None:
    message = validation(*[FAILED] * 5).message

    assert message.count("ExpectColumnValuesToBeInSet(kind)") == 3
    assert message.endswith("and 2 more")
