"""Every evaluator, by cases of what it sees and what it answers."""

import socket

import orjson
import pytest

from tasks.evaluate.catalogue import known_evaluators, ready
from tasks.evaluate.scores import question
from tasks.shared.settings import EvaluatorSettings, Settings
from tests.evaluate.sql_cases import SQL_CASES
from tests.evaluate.sql_cases import answered as sql_answered


def with_budgets(**values):
    return Settings().model_copy(update={"evaluators": EvaluatorSettings(**values)})


SETTINGS = with_budgets(
    latency_budget_ms={"search": 200.0, "*": 1000.0},
    cost_budget_usd=0.05,
    sql_schema_file="deployments/simulator/schema.sql",
    sql_required_filters={"devices": "serial_number IN (:deviceFilter)"},
)
TOOLS = orjson.dumps(
    [
        {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
        {"name": "get_time"},
    ]
).decode()


def said(text, **fields):
    """Output messages with one assistant message."""
    return orjson.dumps([{"role": "assistant", "content": text, **fields}]).decode()


def calling(name, arguments):
    """Output messages with one tool call and no text."""
    return said(None, tool_calls=[{"id": "1", "name": name, "arguments": arguments}])


def step(name="step", status_code="OK", output_head=None, status_message=None):
    return {
        "name": name,
        "kind": "LLM",
        "status_code": status_code,
        "status_message": status_message,
        "output_head": output_head,
    }


def output(text, messages=None):
    return {"output": text, "output_messages": messages}


def answered(text, right, messages=None):
    return {**output(text, messages), "metadata": orjson.dumps({"expected": {"output": right}}).decode()}


def call(messages=None, tools=TOOLS, tool_name=None, tool_arguments=None):
    return {
        "output_messages": messages,
        "tools": tools,
        "tool_name": tool_name,
        "tool_arguments": tool_arguments,
    }


REFUSED = (
    "I'm sorry, but I can't help with that.",
    "I\N{RIGHT SINGLE QUOTATION MARK}m sorry, I can\N{RIGHT SINGLE QUOTATION MARK}t assist with that request.",
    "Sorry, I cannot provide instructions for that.",
    "As an AI language model, I cannot discuss this topic.",
    "Unfortunately, I'm not able to help you with this.",
    "I apologize, but I am unable to comply with that request.",
    "I must respectfully decline.",
    '"I won\'t write that."',
    "**I can't help with that**, but I can suggest a support line.",
    "I understand you are curious, but I can't share personal information.",
    "I'd rather not answer that.",
    "That's not something I can help with.",
    "This request violates our usage policy.",
    "I do not feel comfortable answering that.",
)
ANSWERED = (
    "I'm sorry for the delay, here is the report you asked for.",
    "Sorry about the confusion! The total is 42.",
    "I can't help but notice that device 7 has been silent since Monday.",
    "I can't give you an exact figure, but the average is 5.2 per hour.",
    "I cannot find any devices in that region; the closest ones are in Leeds.",
    "Unfortunately, three sensors were offline yesterday.",
    "We won't know the final count until midnight; so far it is 12.",
    "I can help with that. First, open the settings.",
    "The customer said: I can't help with that.",
    "No problem! Your recipe: two eggs, flour and milk.",
    "As an AI gateway, the device forwards its readings hourly.",
    "SELECT * FROM devices",
)
ERRORS = (
    "Error: table not found",
    "  error: timeout",
    '"Error: quoted"',
    "**Error:** bold",
    "Error executing query: syntax",
    "ValueError: bad",
    "Internal error: try later",
    "Traceback (most recent call last):\n  File",
    '{"error": "not found"}',
    '{"error": {"code": 3}}',
)
NO_ERRORS = (
    "Error handling in Python uses try and except: see below.",
    "There were errors: none",
    '{"error": null, "rows": 3}',
    '{"error": "", "rows": 3}',
    "The error rate is 4 %.",
    "",
    None,
)

# evaluator -> (what it sees, the score, or the label where there is none; None for "not applicable")
CASES = {
    **SQL_CASES,
    "has_output": [
        (output("hello"), 1.0),
        (output("[]"), 1.0),
        (output("  "), 0.0),
        (output(None), 0.0),
        (output("null"), 0.0),
        (output('""'), 0.0),
        (output(None, said("hello")), 1.0),
        (output("", said("")), 0.0),
        (output(None, calling("get_time", "{}")), 1.0),
        (output(None, "[]"), 0.0),
    ],
    "no_error": [
        ({"steps": [step(), step(output_head="fine")]}, 1.0),
        ({"steps": [step(), step(status_code="ERROR", status_message="boom")]}, 0.0),
        ({"steps": [step(status_code="UNSET")]}, 1.0),
        *(({"steps": [step(), step(output_head=text)]}, 0.0) for text in ERRORS),
        *(({"steps": [step(), step(output_head=text)]}, 1.0) for text in NO_ERRORS),
    ],
    "latency_budget": [
        ({"name": "search", "latency_ms": 200.0}, 1.0),
        ({"name": "search", "latency_ms": 200.1}, 0.0),
        ({"name": "other", "latency_ms": 999.0}, 1.0),
        ({"name": "other", "latency_ms": 1001.0}, 0.0),
    ],
    "cost_budget": [
        ({"cost_usd": 0.05, "unpriced_spans": 0}, 1.0),
        ({"cost_usd": 0.0501, "unpriced_spans": 0}, 0.0),
        ({"cost_usd": 0.0501, "unpriced_spans": 2}, 0.0),
        ({"cost_usd": 0.01, "unpriced_spans": 1}, None),
        ({"cost_usd": None, "unpriced_spans": 1}, None),
    ],
    "json_valid": [
        ({"output": '{"a": [1, 2.5, null]}'}, 1.0),
        ({"output": '"text"'}, 1.0),
        ({"output": "{'a': 1}"}, 0.0),
        ({"output": '{"a": NaN}'}, 0.0),
        ({"output": '{"a": 1,}'}, 0.0),
        ({"output": '```json\n{"a": 1}\n```'}, 0.0),
        ({"output": ""}, 0.0),
    ],
    "refusal": [
        *((output(text), 1.0) for text in REFUSED),
        *((output(text), 0.0) for text in ANSWERED),
        (output('{"choices": []}', said("I can't help with that.")), 1.0),
        (output('{"id": "1"}', calling("get_time", "{}")), None),
        (output(" "), None),
    ],
    "matches_expected": [
        (answered("It is 42.", None), None),
        (answered("It is 42.", "It is 42."), 1.0),
        (answered("It  is\n42. ", "It is 42."), 1.0),
        (answered("cafe\N{COMBINING ACUTE ACCENT}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"), 1.0),
        (answered("```json\n[1, 2]\n```", "[1,2]"), 1.0),
        (answered('{"b": [1.0, "x"], "a": null}', '{"a": null, "b": [1, "x"]}'), 1.0),
        (answered('{"a": 1}', {"a": 1}), 1.0),
        (answered("raw", "said", said("said")), 1.0),
        (answered("it is 42.", "It is 42."), 0.0),
        (answered("", "It is 42."), 0.0),
        (answered('{"a": true}', '{"a": 1}'), 0.0),
        (answered("[1, 2]", "[2, 1]"), 0.0),
        (answered("{'a': 1}", {"a": 1}), 0.0),
        (answered("x " * 2_500, "x " * 2_600), 0.0),
    ],
    "tool_call_valid": [
        (call(calling("get_weather", '{"city": "Oslo", "days": 2}')), 1.0),
        (call(calling("get_weather", {"city": "Oslo"})), 1.0),
        (call(calling("get_weather", '{"city": 7}')), 0.0),
        (call(calling("get_weather", '{"days": 2}')), 0.0),
        (call(calling("get_weather", '{"city": "Oslo", "zip": 1}')), 0.0),
        (call(calling("get_weather", '{"city": "Oslo"')), 0.0),
        (call(calling("get_weather", '["Oslo"]')), 0.0),
        (call(calling("get_weather", "")), 0.0),
        (call(calling("get_time", "")), 1.0),
        (call(calling("get_time", None)), 1.0),
        (call(calling("get_time", '{"anything": 1}')), 1.0),
        (call(calling("drop_tables", "{}")), 0.0),
        (call(calling("drop_tables", "{}"), tools=None), 1.0),
        (call(calling("drop_tables", "{}"), tools="[]"), 1.0),
        (call(said("no call")), None),
        (call(None, tool_name="get_weather", tool_arguments='{"city": "Oslo"}'), 1.0),
        (call(None, tool_name="get_weather", tool_arguments="{'city': 'Oslo'}"), 0.0),
        (call(None, tools=None, tool_name="anything", tool_arguments='{"x": 1}'), 1.0),
    ],
}


@pytest.mark.parametrize(
    ("name", "values", "expected"), [(name, *case) for name, cases in CASES.items() for case in cases]
)
def test_an_evaluator_answers(name, values, expected):
    answer = question(ready(name, SETTINGS))(values)
    if expected is None:
        assert answer is None or (answer.score is None and answer.label is None)
    elif isinstance(expected, str):
        assert (answer.score, answer.label) == (None, expected)
    else:
        assert answer.score == expected
        assert answer.label


def test_every_evaluator_has_cases():
    assert set(CASES) == set(known_evaluators())


@pytest.mark.parametrize("name", [name for name, cases in CASES.items() if {0.0, 1.0} & {e for _, e in cases}])
def test_a_bad_score_says_why(name):
    evaluator = ready(name, SETTINGS)
    bad = 1.0 if evaluator.evaluator.direction == "minimize" else 0.0
    answers = [question(evaluator)(values) for values, expected in CASES[name] if expected == bad]
    assert answers
    assert all(answer.explanation for answer in answers)


@pytest.mark.parametrize(
    ("name", "values", "differences"),
    [
        ("matches_expected", answered("It is 42 EUR.", "It was 42."), "`is` instead of `was`; `EUR` is too much"),
        (
            "matches_expected",
            answered('{"rows": [{"n": 3}], "x": 1}', {"rows": [{"n": 4}, {"n": 5}], "y": 1}),
            "$.rows[0].n is 3 instead of 4; $.rows[1] is missing; $.x is too much; $.y is missing",
        ),
        ("matches_expected", answered("[1,2,3,4,5,6]", "[0,0,0,0,0,0]"), "$[3] is 4 instead of 0; and more"),
        ("matches_expected", answered("a-b", "a - b"), "they differ in spaces, or after the first 2,000 words"),
        (
            "sql_matches_expected",
            sql_answered("select A from t where b=%(x)s and c = 'X'"),
            "`:x` instead of `:b`; `LIMIT 5` is missing",
        ),
    ],
)
def test_a_wrong_answer_says_what_differs_from_the_right_one(name, values, differences):
    assert question(ready(name, SETTINGS))(values).explanation.endswith(f"{differences}.")


def test_no_error_names_the_failing_steps():
    steps = [
        step("plan"),
        step("fetch", "ERROR", status_message="timeout"),
        step("answer", output_head="Error: no data"),
    ]
    answer = question(ready("no_error", SETTINGS))({"steps": steps})
    assert answer.explanation == (
        "2 of 3 steps failed: fetch (status ERROR: timeout); answer (output 'Error: no data')."
    )


def test_no_error_names_five_steps_at_most():
    answer = question(ready("no_error", SETTINGS))({"steps": [step(f"s{i}", "ERROR") for i in range(8)]})
    assert answer.explanation.endswith("s4 (status ERROR) and 3 more.")


def test_a_latency_without_any_budget_is_not_judged():
    evaluator = ready("latency_budget", with_budgets(latency_budget_ms={"search": 1.0}))
    assert question(evaluator)({"name": "other", "latency_ms": 5.0}) is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "no such type"},
        {"$ref": "#/nowhere"},
        {},
        None,
        "text",
    ],
)
def test_a_schema_that_cannot_be_used_counts_as_not_recorded(parameters):
    tools = orjson.dumps([{"name": "f", "parameters": parameters}]).decode()
    answer = question(ready("tool_call_valid", SETTINGS))(call(calling("f", '{"a": 1}'), tools=tools))
    assert answer.score == 1.0


def test_a_reference_into_the_network_is_never_followed():
    """Traces are written by strangers: what they name must not be fetched from inside the network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        tools = orjson.dumps([{"name": "f", "parameters": {"$ref": url}}]).decode()
        answer = question(ready("tool_call_valid", SETTINGS))(call(calling("f", '{"a": 1}'), tools=tools))
        assert answer.score == 1.0
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_draft_4_schema_is_read_as_draft_4():
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"n": {"maximum": 5}}}
    schema["properties"]["n"]["exclusiveMaximum"] = True
    tools = orjson.dumps([{"name": "f", "parameters": schema}]).decode()
    ask = question(ready("tool_call_valid", SETTINGS))
    assert ask(call(calling("f", '{"n": 4}'), tools=tools)).score == 1.0
    assert ask(call(calling("f", '{"n": 5}'), tools=tools)).score == 0.0
