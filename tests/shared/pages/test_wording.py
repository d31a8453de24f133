"""How values are written for people."""

import math

import pytest

from tasks.shared.pages.blocks import Interval, Link, Number
from tasks.shared.pages.wording import DASH, excerpt, number, shortened, written


@pytest.mark.parametrize(
    ("value", "measure", "expected"),
    [
        (1234567, "count", "1,234,567"),
        (0.1234, "share", "12.3%"),
        (0.0004, "share", "0.04%"),
        (0.9997, "share", "99.97%"),
        (1.0, "share", "100%"),
        (0, "share", "0%"),
        (999.4, "ms", "999 ms"),
        (1500, "ms", "1.50 s"),
        (180_000, "ms", "3.0 min"),
        (0.00123, "usd", "$0.0012"),
        (1234.5, "usd", "$1,234.50"),
        (0, "usd", "$0.00"),
        (0.87654, "score", "0.877"),
        (0.12, "change", "+12.0%"),
        (-0.5, "change", "-50.0%"),
        (1.23456, "number", "1.235"),
        (None, "count", DASH),
        (math.nan, "score", DASH),
    ],
)
def test_a_number_has_the_digits_its_measure_deserves(value, measure, expected):
    assert number(value, measure) == expected


def test_cells_are_written_by_their_kind():
    assert written(None) == DASH
    assert written("text") == "text"
    assert written(Number(3)) == "3"
    assert written(Interval(1, 2, "usd")) == f"$1.00{DASH}$2.00"
    assert written(Interval(1, None)) == DASH
    assert written(Interval(-0.5, -0.25, "score")) == "-0.500 to -0.250"
    assert written(Link("span", "http://x")) == "span"


def test_long_text_is_cut_at_a_word_and_put_on_one_line():
    assert shortened("one\n two   three", 40) == "one two three"
    assert shortened("one two three", 9) == "one two …"
    assert shortened(None) == DASH
    assert shortened("   ") == DASH


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnop123456",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def",
        "Bearer abcdef0123456789abcdef",
        "api_key=hunter22hunter22",
        'password: "hunter22"',
        "alice:hunter22",
    ],
)
def test_secrets_in_shown_text_are_masked(secret):
    text = f"connect to http://{secret}@db failed" if secret.startswith("alice") else f"failed with {secret} today"
    shown = shortened(text)
    assert "[masked]" in shown
    assert "hunter22" not in shown
    assert secret not in shown


def test_a_plain_sentence_about_tokens_is_not_masked():
    sentence = "The token count of session s-12 is 512; ask for the secret recipe."
    assert shortened(sentence) == sentence


def test_an_excerpt_keeps_its_lines_and_tells_how_long_the_text_is():
    assert excerpt("SELECT a\n  FROM t\n") == "SELECT a\n  FROM t"
    assert excerpt("0123456789", 4) == "0123 … (10 characters)"
    assert excerpt(" \n") == DASH
    assert "hunter22" not in excerpt("api_key=hunter22hunter22\nSELECT 1")


def test_a_difference_of_scores_has_a_sign():
    assert number(0.1, "difference") == "+0.100"
    assert number(-0.02, "difference") == "-0.020"
    assert number(0.0, "difference") == "0"
