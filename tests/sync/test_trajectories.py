"""Which spans become trajectories, what they tell, and that nothing is told twice."""

from tasks.shared.gateways.phoenix import ListedSpan
from tasks.sync.trajectories import Harvest, model_of, parents_first, reap, trajectory_of, usage_of, wanted


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


def test_only_spans_of_the_name_that_are_new_and_did_not_fail_are_fetched_trace_by_trace():
    harvest = Harvest()
    page = [listed(22), listed(21), listed(12), listed(11, "tool"), listed(3, status="ERROR"), listed(4)]
    found = wanted(page, ("litellm_request",), {f"{4:016x}"}, harvest, errors=False)
    assert found == [f"{n:016x}" for n in (12, 21, 22)]
    assert harvest.skipped == {"other_name": 1, "failed_span": 1, "stored_already": 1}


def test_failed_spans_come_on_request_and_without_names_every_span_does():
    page = [listed(1, "any", "ERROR"), listed(2)]
    assert len(wanted(page, (), set(), Harvest(), errors=True)) == 2


def test_a_childs_copy_of_its_parents_conversation_is_passed_over():
    harvest, known = Harvest(), set()
    child = raw(1, parent=2)  # listed before its parent, and begun before it by a skewed clock
    reap([child, raw(2), raw(3, "Another question", parent=2)], "shop", known, harvest)
    assert [t.span_id for t in harvest.trajectories] == [f"{2:016x}", f"{3:016x}"]
    assert harvest.skipped == {"same_conversation": 1}


def test_a_copy_of_what_an_earlier_sync_stored_is_passed_over():
    first = Harvest()
    reap([raw(1)], "shop", set(), first)
    second = Harvest()
    reap([raw(2)], "shop", {(t.trace_id, t.digest) for t in first.trajectories}, second)
    assert second.skipped == {"same_conversation": 1}


def test_one_bad_span_is_recorded_and_the_others_go_on():
    harvest = Harvest()
    reap([raw(1, usage={"input_tokens": "many"}), raw(2, "Fine?")], "shop", set(), harvest)
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


def test_a_tools_bare_values_are_no_conversation():
    span = raw(1, kind="TOOL")
    span["attributes"] = {"input": {"value": "x"}, "output": {"value": "y"}}
    assert trajectory_of(span, "shop") is None


def test_parents_come_before_their_children_even_in_a_circle():
    a, b, c = raw(1, parent=2), raw(2, parent=1), raw(3, parent=2)
    assert {s["span_id"] for s in parents_first([a, b, c])} == {s["span_id"] for s in (a, b, c)}
