"""Prompt tokens are apportioned to sections by their characters."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.prompts.section_tokens import (
    CONVERSATION,
    FIXED_TEXT,
    TOOLS,
    Asked,
    Value,
    chars_of,
    head_chars,
    pieces_of,
    prompt_uses,
    tokens_of,
)
from tasks.prompts.tokens import tokens_by_section
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, span_row, span_table

NAMES = st.text("abcxyz_", min_size=1, max_size=5)


def asked(template: str | None = "{{task}}: {{question}}", cluster: str = "s", **changes: Any) -> Asked:
    values = {"task": Value(6, 1), "question": Value(2, hash(cluster))}
    known: dict[str, Any] = {
        "name": "write", "version": "v1", "cluster": cluster, "prompt_tokens": 100, "cache_read_tokens": 0,
        "template": template, "values": values, "message_chars": 10, "tool_chars": 0,
    }  # fmt: skip
    return Asked(**known | changes)


@pytest.mark.parametrize(
    ("template", "pieces"),
    [
        ("a {{ x }} b {{y}}", (("a ", "x"), (" b ", "y"), ("", ""))),
        ("a {x} b {z}", (("a ", "x"), (" b {z}", ""))),
        ("{{x}}{{x}}", (("", "x"), ("", "x"), ("", ""))),
        ("nothing", (("nothing", ""),)),
    ],
)
def test_a_template_is_fixed_text_and_variables_in_either_spelling(template, pieces):
    assert pieces_of(template, frozenset("xy")) == pieces


def test_tokens_go_by_characters_and_what_messages_have_more_is_conversation():
    assert chars_of(asked()) == {"task": 6, FIXED_TEXT: 2, "question": 2}
    assert tokens_of(asked()) == {"task": 60.0, FIXED_TEXT: 20.0, "question": 20.0}
    longer = asked(message_chars=15, tool_chars=5)
    assert tokens_of(longer) == {"task": 30.0, FIXED_TEXT: 10.0, "question": 10.0, CONVERSATION: 25.0, TOOLS: 25.0}
    twice = asked("{{task}}{{task}}", message_chars=0)
    assert tokens_of(twice) == {"task": 100.0}


@given(st.dictionaries(NAMES, st.integers(0, 5000), max_size=6), st.integers(1, 10_000), st.integers(0, 9999))
def test_no_token_is_lost_or_made_up(sections, tokens, message_chars):
    template = "fixed " + " ".join(f"{{{{{name}}}}}" for name in sections)
    values = {name: Value(chars, 0) for name, chars in sections.items()}
    shares = tokens_of(asked(template, values=values, prompt_tokens=tokens, message_chars=message_chars))
    assert sum(shares.values()) == pytest.approx(tokens)
    assert set(shares) <= {*sections, FIXED_TEXT, CONVERSATION}


def test_the_head_ends_at_the_first_variable_that_changes():
    assert head_chars(asked(), {"question"}) == 8
    assert head_chars(asked("{{question}} {{task}}"), {"question"}) == 0
    assert head_chars(asked("{{task}} again"), {"question"}) == 12


def test_a_prompts_use_has_n_coverage_and_intervals_by_session():
    calls = [asked(cluster=session, prompt_tokens=tokens) for session, tokens in (("a", 90), ("a", 90), ("b", 120))]
    (use,) = prompt_uses([*calls, asked(None, values={}, cluster="c")])
    assert (use.calls, use.apportioned, use.clusters, use.coverage) == (4, 3, 2, 0.75)
    assert (use.prompt_tokens, use.head_share) == (400, pytest.approx(0.8))
    task = use.sections[0]
    assert (task.section, task.tokens, task.mean, task.changes) == (
        "task",
        pytest.approx(180),
        pytest.approx(60),
        False,
    )
    assert task.low < 60 < task.high
    assert {each.section: each.changes for each in use.sections}["question"]
    (alone,) = prompt_uses(calls[:2])
    assert alone.sections[0].low is None
    (silent,) = prompt_uses([asked(None, values={})])
    assert (silent.apportioned, silent.sections, silent.head_share) == (0, (), 0.0)


def test_the_lake_tells_the_same(tmp_path):
    variables = {"task": "be kind", "question": "why?", "a/b": "x", "none": None, "list": [1, 2]}
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "why?"}, {"role": "assistant"}]
    common = {"name": "write", "prompt_version": "v1", "session_id": "s"}
    told = {
        "prompt_template": "{{task}}{{question}}{{a/b}}", "prompt_variables": json.dumps(variables),
        "input_messages": json.dumps(messages),
    }  # fmt: skip
    lake = Lake.open(LakeSettings(root=str(tmp_path)))
    lake.write(
        SPANS, "p", DAY,
        span_table(
            span_row("a", prompt_tokens=110, **common, **told),
            span_row("b", prompt_tokens=50, **common),
            span_row("c", prompt_tokens=None, **common),
            span_row("d", prompt_tokens=9, kind="TOOL", **common),
        ),
    )  # fmt: skip
    (use,) = tokens_by_section(lake, "p", None)
    assert (use.calls, use.apportioned, use.prompt_tokens) == (2, 1, 160)
    fixed = len("{{a/b}}")
    shares = {each.section: each.tokens for each in use.sections}
    total = len("be kind") + len("why?") + fixed
    assert shares == pytest.approx({"task": 110 * 7 / total, "question": 110 * 4 / total, FIXED_TEXT: 110 * 7 / total})
    with pytest.raises(ConfigurationError, match="called 'other'"):
        tokens_by_section(lake, "p", DAY, "other")
    with pytest.raises(ConfigurationError, match="no spans of project 'q'"):
        tokens_by_section(lake, "q", None)
    with pytest.raises(ConfigurationError, match="with tokens"):
        tokens_by_section(lake, "p", Window.of_day(dt.date(2026, 1, 1)))
