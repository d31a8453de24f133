"""Which spans become trajectories, what they tell, and that nothing is told twice."""

import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import ListedSpan
from tasks.sync.syncing import Source
from tasks.sync.trajectories import (
    Harvest,
    by_whole_traces,
    model_of,
    parents_first,
    reap,
    trajectory_of,
    usage_of,
    wanted,
)


def raw(number: int, said: str = "How many?", *, parent: int | None = None, kind: str = "LLM", **attributes):
    return {
        "span_id": f"{number:016x}",
        "trace_id": "a" * 32,
        "parent_id": None if parent is None else f"{parent:016x}",
        "name": "litellm_request",
        "kind": kind,
        "status_code": "OK",
        "status_message": "",
        "start_time": f"2026-11-19T05:00:{number:02d}.000000+00:00",
        "end_time": f"2026-11-19T05:01:{number:02d}.000000+00:00",
        "attributes": {"gen_ai": {"prompt": [{"role": "user", "content": said}], **attributes}},
        "events": None,
    }


def listed(number: int, name: str = "litellm_request", status: str = "OK") -> ListedSpan:
    return ListedSpan(f"{number:016x}", f"{number // 10:032x}", name, status, f"2026-11-19T05:00:{number:02d}")


def test_only_spans_of_the_name_that_are_new_and_did_not_fail_are_fetched():
    harvest = Harvest()
    page = [listed(22), listed(21), listed(12), listed(11, "tool"), listed(3, status="ERROR"), listed(4)]
    found = wanted(page, ("litellm_request",), {f"{4:016x}"}, harvest, errors=False)
    assert [each.span_id for each in found] == [f"{n:016x}" for n in (22, 21, 12)]
    assert harvest.skipped == {"other_name": 1, "failed_span": 1, "seen_before": 1}


def test_no_trace_is_fetched_in_two_parts():
    spans = [listed(n) for n in (31, 2, 12, 11, 1, 3, 22, 33, 32, 34)]
    found = [[int(each, 16) for each in some] for some in by_whole_traces(spans, 3)]
    assert found == [[1, 2, 3], [11, 12, 22], [31, 32, 33, 34]]


def test_failed_spans_come_on_request_and_without_names_every_span_does():
    page = [listed(1, "any", "ERROR"), listed(2)]
    assert len(wanted(page, (), set(), Harvest(), errors=True)) == 2


def test_a_childs_copy_of_its_parents_conversation_is_passed_over():
    harvest = Harvest()
    child = raw(1, parent=2)  # listed before its parent, and begun before it by a skewed clock
    reap([child, raw(2), raw(3, "Another question", parent=2)], "shop", harvest)
    assert [t.span_id for t in harvest.trajectories] == [f"{2:016x}", f"{3:016x}"]
    assert harvest.skipped == {"same_conversation": 1}
    assert harvest.passed_over == [child["span_id"]]


def turns(number: int, count: int, *, arguments: str = '{"q": 1}', trace: str = "a" * 32):
    """A call of a loop: it sends *count* turns, and gets one more."""
    call = {"id": "t", "type": "function", "function": {"name": "find", "arguments": arguments}}
    loop = [
        {"role": ("user", "assistant")[n % 2], "content": f"Turn {n}", **({"tool_calls": [call]} if n % 2 else {})}
        for n in range(count + 1)
    ]
    span = raw(number) | {"trace_id": trace}
    span["attributes"] = {"gen_ai": {"prompt": loop[:-1], "completion": loop[-1:]}}
    return span


def test_of_a_loop_whose_calls_repeat_all_that_was_said_the_longest_conversation_is_kept():
    harvest = Harvest()
    answered = turns(1, 1, arguments='{ "q":1 }')  # as the model wrote it; later calls send it in other blanks
    reap([answered, turns(2, 3), turns(3, 5), turns(4, 1, trace="b" * 32)], "shop", harvest)
    assert [t.span_id for t in harvest.trajectories] == [f"{3:016x}", f"{4:016x}"]
    assert harvest.trajectories[0].message_count == 6
    assert harvest.skipped == {"beginning_of_another": 2}


def test_conversations_that_part_after_a_common_beginning_are_both_kept():
    harvest = Harvest()
    other = turns(2, 3)
    other["attributes"]["gen_ai"]["prompt"][2]["content"] = "Another turn"
    reap([turns(1, 3), other], "shop", harvest)
    assert len(harvest.trajectories) == 2


def test_what_an_earlier_sync_stored_is_not_told_again_and_what_goes_on_from_it_is():
    first, second = Harvest(), Harvest()
    reap([turns(1, 3)], "shop", first)
    reap([turns(2, 3), turns(3, 1), turns(4, 5)], "shop", second, {"a" * 32: first.trajectories}.__getitem__)
    assert [t.span_id for t in second.trajectories] == [f"{4:016x}"]
    assert second.skipped == {"same_conversation": 1, "beginning_of_another": 1}


@pytest.mark.parametrize("limit", [0, -5])
def test_a_limit_of_no_span_is_refused(limit):
    with pytest.raises(ConfigurationError, match=f"limit is {limit} spans"):
        Source("shop", limit)


def test_one_bad_span_is_recorded_and_the_others_go_on():
    harvest = Harvest()
    reap([raw(1, usage={"input_tokens": "many"}), raw(2, "Fine?")], "shop", harvest)
    assert [t.span_id for t in harvest.trajectories] == [f"{2:016x}"]
    assert harvest.errors == {f"{1:016x}": "Malformed: prompt_tokens is 'many', not a whole number"}


def test_a_trajectory_tells_model_time_usage_and_how_many_messages():
    span = raw(1, usage={"input_tokens": 12, "completion_tokens": "5"}, response={"model": "gpt-4o"})
    told = trajectory_of(span, "shop")
    assert (told.model, told.message_count, told.usage) == (
        "gpt-4o",
        1,
        {"prompt_tokens": 12, "completion_tokens": 5},
    )
    assert told.timestamp == "2026-11-19T05:00:01.000000+00:00"


def test_models_and_counts_of_openinference_are_read_too():
    attributes = {"llm": {"model_name": "m", "token_count": {"prompt": 3, "total": 4}}}
    assert model_of(attributes) == "m"
    assert usage_of(attributes) == {"prompt_tokens": 3, "total_tokens": 4}
    beside = {"gen_ai": {"usage": {"prompt_tokens": 3}}, "llm": {"usage": {"prompt_tokens": 9, "total_tokens": 4}}}
    assert usage_of(beside) == {"prompt_tokens": 3, "total_tokens": 4}


def test_a_tools_bare_values_are_no_conversation():
    span = raw(1, kind="TOOL")
    span["attributes"] = {"input": {"value": "x"}, "output": {"value": "y"}}
    assert trajectory_of(span, "shop") is None


def test_parents_come_before_their_children_even_in_a_circle():
    a, b, c = raw(1, parent=2), raw(2, parent=1), raw(3, parent=2)
    assert {s["span_id"] for s in parents_first([a, b, c])} == {s["span_id"] for s in (a, b, c)}
