"""The simulated SQL writer: answers simulated questions, wrong as often as its skill says of such a prompt."""

from collections.abc import Mapping
from typing import Any

import orjson

from deployments.simulator.faults import chance
from deployments.simulator.interfaces.exchange import Asked
from deployments.simulator.known_questions import Found, open_question
from deployments.simulator.questions import Sort
from deployments.simulator.writing.features import features_of
from deployments.simulator.writing.skill import Skill


def sql_for(asked: Asked, skill: Skill) -> str | None:
    """SQL for the question that the prompt ends with, a refusal, or None where it asks for nothing of the kind.

    A schema with a property `sql` is an answer in JSON; any other schema is somebody else's.
    """
    wanted = answer_property(asked.schema)
    if asked.schema is not None and wanted is None:
        return None
    question = open_question(asked.prompt)
    if question is None:
        return None
    text = question.written(sort_for(asked, question, skill))
    return text if wanted is None else orjson.dumps({wanted: text}).decode()


def sort_for(asked: Asked, question: Found, skill: Skill) -> Sort:
    """Whether the answer is right, or how it is wrong.

    One number per question decides for every prompt and model, so that a better prompt is right where a worse one was;
    but for a share of the questions each prompt and model has a number of its own. At temperature 0 the same prompt is
    answered alike each time; above, the seed asked for is part of the draw.
    """
    rate = skill.error_rate_of(asked.model, features_of(asked.prompt, question))
    again = asked.seed if asked.temperature else None
    kept: tuple[object, ...] = (skill.seed, question.text, again)
    drawn = chance("luck", *kept)
    if chance("own", *kept, asked.model, asked.prompt) < skill.own_share:
        drawn = chance("own luck", *kept, asked.model, asked.prompt)
    if drawn >= rate:
        return "good"
    return "unknown_column" if chance("sort", *kept) < 0.5 else "wrong_logic"


def answer_property(schema: Mapping[str, Any] | None) -> str | None:
    """The property of *schema* that is the SQL."""
    properties = (schema or {}).get("properties", {})
    return next((name for name in properties if name.lower() in ("sql", "query")), None)
