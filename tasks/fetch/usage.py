"""Which spans' token counts count, so that a sum over spans counts every token once and forgets none.

Spans that call a model (LLM, EMBEDDING, RERANKER) keep their counts. A model call inside a model call with the same
counts or messages is the same call seen by two instrumentations; the outer one keeps the counts. On any other span (an
AGENT that reports totals) they stand only where no model call below it carries counts, and only on the topmost one.
"""

from collections.abc import Iterator, Mapping, Sequence

from tasks.shared.values import Malformed, Object, integer

MODEL_CALLS = frozenset({"LLM", "EMBEDDING", "RERANKER"})
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
DETAILS = ("cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
USAGE = (*COUNTS, *DETAILS, "audio_tokens")
AUDIO = ("audio_input_tokens", "audio_output_tokens")
# No column: what the price needs beside them.
AUDIO_SIDES = "audio_sides"
TOLD = frozenset({*COUNTS, *DETAILS, *AUDIO})
Place = tuple[str, str | None]


def tokens(found: Object) -> Object:
    """Token columns of a span: cached tokens are part of the prompt's, reasoning is part of the completion's.

    Raises Malformed for a count that is no whole number.
    """
    counts = {name: integer(found.get(name), name) for name in (*COUNTS, *DETAILS)}
    prompt, completion = counts["prompt_tokens"], counts["completion_tokens"]
    cached = (counts["cache_read_tokens"] or 0) + (counts["cache_write_tokens"] or 0)
    reasoning = counts["reasoning_tokens"] or 0
    # What the total has beside prompt and completion: providers that count cached tokens or reasoning apart.
    beside = (counts["total_tokens"] or 0) - (prompt or 0) - (completion or 0)
    if prompt is not None and (cached > prompt >= 0 or (cached > 0 and beside in {cached, cached + reasoning})):
        prompt = counts["prompt_tokens"] = prompt + cached
    if completion is not None and (
        reasoning > completion >= 0 or (reasoning > 0 and beside in {reasoning, reasoning + cached})
    ):
        completion = counts["completion_tokens"] = completion + reasoning
    if counts["total_tokens"] is None and (prompt is not None or completion is not None):
        counts["total_tokens"] = (prompt or 0) + (completion or 0)
    audio = [integer(found.get(name), name) for name in AUDIO]
    known = [count for count in audio if count is not None]
    sides = tuple(max(count or 0, 0) for count in audio)
    return {**counts, "audio_tokens": sum(known) if known else None, AUDIO_SIDES: sides}


def tokens_beside(found: Object) -> Object:
    """Token columns of a span that calls no model: there a count that cannot be read costs the counts, not the span."""
    if TOLD.isdisjoint(found):
        return dict.fromkeys(USAGE)
    try:
        return tokens(found)
    except Malformed:
        return dict.fromkeys(USAGE)


def repeated_calls(rows: Sequence[Object]) -> set[str]:
    """Span ids of the model calls that their parent, a model call too, has already reported."""
    calls = {row["span_id"]: row for row in rows if row["kind"] in MODEL_CALLS}
    return {
        row["span_id"]
        for row in calls.values()
        if (parent := calls.get(row["parent_id"])) is not None and parent is not row and _same_call(row, parent)
    }


def told_elsewhere(rows: Sequence[Object]) -> set[str]:
    """Span ids of the other spans whose counts are in those of model calls below them or of a span above them.

    A model call whose parent is not among *rows* may be below any span of its trace.
    """
    carriers = [row for row in rows if any(row[name] is not None for name in COUNTS)]
    others = [row for row in carriers if row["kind"] not in MODEL_CALLS]
    if not others:
        return set()
    by_place = {_place(row): row for row in rows}
    above_calls = {place for row in carriers if row["kind"] in MODEL_CALLS for place in _places_above(row, by_place)}
    totals = {row["span_id"] for row in others if _place(row) in above_calls or (row["trace_id"], None) in above_calls}
    standing = {_place(row) for row in carriers if row["span_id"] not in totals}
    return totals | {
        row["span_id"] for row in others if any(place in standing for place in _places_above(row, by_place))
    }


def _place(row: Object) -> Place:
    return row["trace_id"], row["span_id"]


def _places_above(row: Object, by_place: Mapping[Place, Object]) -> Iterator[Place]:
    """The places of the span's ancestors, nearest first; `(trace, None)` at last where a parent is not there."""
    seen = {_place(row)}
    while row["parent_id"] is not None:
        place = (row["trace_id"], row["parent_id"])
        if place in seen:
            return
        if place not in by_place:
            yield row["trace_id"], None
            return
        seen.add(place)
        yield place
        row = by_place[place]


def _same_call(row: Object, parent: Object) -> bool:
    if row["trace_id"] != parent["trace_id"]:
        return False
    for columns in (("prompt_tokens", "completion_tokens"), ("input_messages", "output_messages")):
        values = [row.get(column) for column in columns]
        if None not in values and values == [parent.get(column) for column in columns]:
            return parent["prompt_tokens"] is not None or parent["completion_tokens"] is not None
    return False
