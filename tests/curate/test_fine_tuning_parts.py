"""Fine-tuning files, part by part: forms, turns, rules, checks, tokens."""

import datetime as dt
import json
from collections import Counter

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.curate.fine_tuning.candidates import Candidate
from tasks.curate.fine_tuning.forms import FORMS
from tasks.curate.fine_tuning.selection import RULES, Selection, chosen, screened, told
from tasks.curate.fine_tuning.tokens import CharactersPerToken, characters_per_token, is_the_model, training
from tasks.curate.fine_tuning.turns import Turns, completion_of, turns_of
from tasks.curate.fine_tuning.validation import checks, read, spread
from tasks.shared.anonymise import Anonymiser
from tasks.shared.prices import PriceTable
from tasks.shared.settings import FINE_TUNING_FORMS, AnonymiseSettings, ExportSettings, LakeSettings, Price
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, span_row, span_table

MASKING = Anonymiser(b"0123456789abcdef", "fine-tuning", AnonymiseSettings())
TURNS = Turns("Write SQL.", "How many devices?", '{"sql":"SELECT 1"}')
RULE = ExportSettings()


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("completion", {"prompt": "Write SQL.\n\nHow many devices?", "completion": '{"sql":"SELECT 1"}'}),
        (
            "openai",
            {
                "messages": [
                    {"role": "system", "content": "Write SQL."},
                    {"role": "user", "content": "How many devices?"},
                    {"role": "assistant", "content": '{"sql":"SELECT 1"}'},
                ]
            },
        ),
        (
            "anthropic",
            {
                "system": "Write SQL.",
                "messages": [
                    {"role": "user", "content": "How many devices?"},
                    {"role": "assistant", "content": '{"sql":"SELECT 1"}'},
                ],
            },
        ),
        (
            "bedrock",
            {
                "schemaVersion": "bedrock-conversation-2024",
                "system": [{"text": "Write SQL."}],
                "messages": [
                    {"role": "user", "content": [{"text": "How many devices?"}]},
                    {"role": "assistant", "content": [{"text": '{"sql":"SELECT 1"}'}]},
                ],
            },
        ),
    ],
)
def test_each_form_is_written_as_its_provider_wants_it(form, line):
    assert FORMS[form].write(TURNS) == line


@given(st.sampled_from(FINE_TUNING_FORMS), st.text(), st.text(), st.text())
def test_what_is_written_is_read_again(form, system, prompt, completion):
    turns = Turns(system if form != "completion" else "", prompt, completion)
    assert FORMS[form].read(json.loads(json.dumps(FORMS[form].write(turns)))) == turns


@pytest.mark.parametrize("form", FINE_TUNING_FORMS)
@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"prompt": 1, "completion": "x"}',
        b'{"prompt": "a", "completion": "b", "more": 1}',
        b'{"messages": []}',
        b'{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}',
        b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": null}]}',
        b'{"messages": {"role": "user"}}',
        b'{"schemaVersion": "1", "messages": []}',
        b'{"schemaVersion": "bedrock-conversation-2024", "messages": [{"role": "user", "content": []}]}',
    ],
)
def test_a_line_of_another_form_is_told_and_never_read(form, line):
    (found,) = read(line + b"\n", form)
    assert isinstance(found, str)
    assert found.partition(":")[0].endswith("Error")


@pytest.mark.parametrize(
    ("answer", "field", "completion"),
    [
        ("Here:\n```sql\nSELECT 1\n```", "sql", '{"sql":"SELECT 1"}'),
        ("I cannot help with that.", "sql", ""),
        (" Paris ", "answer", '{"answer":"Paris"}'),
        (" Paris ", "", "Paris"),
        ("  ", "answer", ""),
    ],
)
def test_a_completion_is_the_wanted_part_of_the_answer(answer, field, completion):
    assert completion_of(answer, field) == completion


def test_templates_are_filled_with_the_questions_variables_once():
    rules = ExportSettings(system="{{task}} {{ schema }}", prompt="Q: {{input}}", field="")
    values = {"task": "{{schema}}", "schema": "t(a)", "input": "x?"}
    assert turns_of(values, "A", rules) == Turns("{{schema}} t(a)", "Q: x?", "A")
    assert turns_of(values | {"schema": ""}, "A", rules) == "without_variables"
    assert turns_of(values, "", rules) == "without_answer"


def candidate(span_id, question, answer="SELECT 1", split="train", rank=0):
    return Candidate(span_id, split, "spans", rank, {"input": question}, answer)


def test_every_rule_loses_what_it_is_for_and_says_what_would_lose_less():
    candidates = [
        candidate("a", "How many devices are in region north?", rank=1),
        candidate("a", "How many devices are in region north?", rank=0),
        candidate("b", "How many devices are in region northern?", rank=2),
        candidate("c", "Which sites have been offline since yesterday?", split="test"),
        candidate("d", "What is the mean temperature of device 5?", answer="I cannot say."),
        candidate("e", "x" * 40_000),
        candidate("f", "List all alerts of last week by severity."),
        candidate("g", "List all alerts of last week by severity.", rank=5),
        candidate("h", "Show firmware versions and how many devices have them."),
        candidate("i", "Show the ten devices with the least battery."),
    ]
    rules = ExportSettings(largest=2, similarity=0.8)
    selection = chosen(candidates, rules)
    left = screened(selection, ["Show firmware versions, and how many devices have them!"], rules, 4.0, MASKING.text)
    assert len(left.left) == 2
    assert {each.span_id for each in left.left} < {"a", "f", "i"}
    assert +left.lost == Counter(
        taken_twice=1,
        other_split=1,
        without_answer=1,
        too_long=1,
        repeated=1,
        like_held_out=1,
        near_duplicate=1,
        beyond_largest=1,
    )
    assert set(left.lost) <= set(RULES)
    assert told({"too_long": 3, "repeated": 1200}) == (
        "1,200 the same as another one; 3 longer than longest_tokens (export.longest_tokens)"
    )
    assert told({}) == "nothing was lost to a rule"


def test_the_order_in_which_candidates_come_changes_nothing():
    candidates = [
        candidate(str(i), f"How many devices are in region {'abcdefgh'[i % 8] * 5}?", rank=i % 3) for i in range(40)
    ]

    def ids(given):
        selection = screened(chosen(given, RULE), ["How many devices are in region aaaaa?"], RULE, 4.0, MASKING.text)
        return [each.span_id for each in selection.left]

    assert ids(candidates) == ids(candidates[::-1])
    assert len(ids(candidates)) < 40


def test_a_template_that_names_a_number_has_it_masked():
    rules = ExportSettings(prompt="Phone {{input}}", field="")
    (only,) = screened(Selection([candidate("a", "415 555 2671")]), [], rules, 4.0, MASKING.text).left
    assert only.turns.prompt.startswith("Phone <PHONE_")


def line(prompt="How many?", completion='{"sql":"SELECT 1"}'):
    return orjson.dumps(FORMS["openai"].write(Turns("", prompt, completion))) + b"\n"


@pytest.mark.parametrize(
    ("content", "failing"),
    [
        (line(), {}),
        (line() + b"{}\n" + line("other"), {"form": (2,)}),
        (line() + b"\n", {"form": (2,)}),
        (line(" "), {"empty": (1,)}),
        (line(completion="SELECT 1") + line("b", '{"sql":""}') + line("c", '{"q":"x"}'), {"completion": (1, 2, 3)}),
        (line("x" * 101), {"length": (1,)}),
        (line() + line("b") + line(), {"duplicate": (1, 3)}),
        (line() + line(completion='{"sql":"SELECT 2"}'), {"contradiction": (1, 2)}),
        (line("of a@b.de"), {"personal_data": (1,)}),
        (line(completion='{"sql":"SELECT \'4111 1111 1111 1111\'"}'), {"personal_data": (1,)}),
    ],
)
def test_the_checks_of_a_file_find_what_is_wrong_in_which_lines(content, failing):
    found = checks(content, RULE, 100, MASKING)
    assert {check.name: check.lines for check in found if not check.passed} == failing
    assert {check.name for check in found} == {
        *("form", "empty", "completion", "length", "duplicate", "contradiction", "personal_data")
    }


def test_lengths_are_told_with_their_quantiles():
    assert spread([]).quantiles == {"p05": None, "p50": None, "p95": None, "p99": None}
    lengths = spread(list(range(1, 101)))
    assert (lengths.n, lengths.least, lengths.most, lengths.mean, lengths.total) == (100, 1, 100, 50.5, 5050)
    assert lengths.quantiles == {"p05": 5, "p50": 50, "p95": 95, "p99": 99}


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("gpt-4o-mini", True),
        ("openai/gpt-4o-mini-2024-07-18", True),
        ("gpt-4o-mini-audio", False),
        ("gpt-4o", False),
        ("my-gpt-4o-mini", False),
    ],
)
def test_a_model_is_known_with_its_gateway_and_date(name, same):
    assert is_the_model(name, "gpt-4o-mini") is same


def call(i, **values):
    """A call of 3.5 characters a token, give or take 10 %."""
    tokens = 100 + i
    characters = round(tokens * 3.5 * (1 + (i % 5 - 2) / 20))
    messages = [{"role": "user", "content": "x" * (characters - 40)}]
    usual = {"model": "gpt-4o-mini-2024-07-18", "session_id": f"s{i % 17}", "input_messages": json.dumps(messages)}
    usual |= {"prompt_tokens": tokens - 10, "completion_tokens": 10, "total_tokens": tokens, "output": "y" * 40}
    return span_row(f"{i:016x}", **{**usual, **values})


def test_characters_per_token_come_from_the_models_own_calls_with_n_and_interval(tmp_path):
    lake, rules = Lake.open(LakeSettings(root=str(tmp_path))), ExportSettings(model="gpt-4o-mini")
    calls = [call(i) for i in range(60)]
    calls += [call(100 + i, model="gpt-4o", output="z" * 4000) for i in range(30)]
    calls += [call(200 + i, tools='[{"name": "t"}]', prompt_tokens=9000) for i in range(30)]
    lake.write(SPANS, "p", DAY, span_table(*calls))
    rate = characters_per_token(lake, "p", DAY, rules)
    assert rate.n == 60
    assert rate.said_by == "calls of gpt-4o-mini-2024-07-18"
    assert rate.low < 3.5 < rate.high
    assert rate.high - rate.low < 0.2
    assert rate.tokens(350) in range(97, 104)


def test_without_enough_calls_the_settings_number_is_taken_and_said_to_be(tmp_path):
    lake = Lake.open(LakeSettings(root=str(tmp_path)))
    lake.write(SPANS, "p", DAY, span_table(*(call(i) for i in range(5))))
    few = characters_per_token(lake, "p", DAY, ExportSettings(model="gpt-4o-mini"))
    assert (few.value, few.low, few.high, few.n) == (4.0, None, None, 5)
    assert few.said_by == "export.characters_per_token, as 5 calls of gpt-4o-mini tell; 20 are needed"
    assert characters_per_token(lake, "p", DAY, ExportSettings()).n == 0


RATE = CharactersPerToken(4.0, 3.2, 5.0, 60, "calls")
NOON = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def test_training_costs_tokens_times_epochs_times_price_within_the_estimates_interval():
    known = training([400_000, 400_000], RATE, ExportSettings(model="gpt-4o-mini"), PriceTable.shipped(), NOON)
    assert (known.tokens, known.cost_usd) == (600_000, 1.8)
    assert np.allclose([known.low_usd, known.high_usd], [1.44, 2.25])


@pytest.mark.parametrize(
    ("model", "said"),
    [("", "export.model names no model"), ("nobody-1", "no price for training 'nobody-1' is known")],
)
def test_without_a_price_no_cost_is_made_up(model, said):
    unknown = training([4000], RATE, ExportSettings(model=model), PriceTable.shipped(), NOON)
    assert unknown.cost_usd is unknown.low_usd is unknown.high_usd is None
    assert said in unknown.said


def test_a_price_of_ones_own_is_taken():
    prices = PriceTable.shipped({"nobody-*": Price(input=1, output=1, training=10)})
    assert training([4_000_000], RATE, ExportSettings(model="nobody-1", epochs=1), prices, NOON).cost_usd == 10
