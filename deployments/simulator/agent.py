"""Simulated service 1: a recipe agent that walks nine states and sometimes fails at one of them."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from typing import Any

from deployments.simulator import openinference as oi
from deployments.simulator.faults import chance
from deployments.simulator.prices import GPT_4O, GPT_4O_MINI, Usage
from deployments.simulator.rhythm import around, llm_ms, start_ns, tokens_of
from deployments.simulator.spans import Recorder, SimulatedFailure, SimulatedTrace, trace_id_of
from deployments.simulator.traffic import Traffic

SERVICE = "recipe-agent"
PROMPT, PROMPT_VERSION = "You are the {{state}} step of a recipe agent. Follow the customer's diet.", "recipe-v1"
STATES = (
    "ParseRequest",
    "PlanToolCalls",
    "GenCustomerArgs",
    "GetCustomerProfile",
    "GenRecipeArgs",
    "GetRecipes",
    "GenWebArgs",
    "GetWebInfo",
    "ComposeResponse",
)
TOOL_OF_STATE = {
    "GenCustomerArgs": "get_customer_profile",
    "GenRecipeArgs": "get_recipes",
    "GenWebArgs": "search_web",
}
FAILED_ANSWER = "Something went wrong while I was working on your request. Please try again in a minute."
LLM_ERRORS = (
    "Error: model output was not understood",
    "Error: context length exceeded (8192 tokens)",
    "Error: upstream request timed out after 30 s",
)
FAILURES = {
    "GetCustomerProfile": SimulatedFailure("CustomerNotFound", "no customer with this id in the profile service"),
    "GetRecipes": SimulatedFailure("ConnectionError", "recipe index did not answer within 5 s"),
    "GetWebInfo": SimulatedFailure("HTTPError", "503 Service Unavailable from search provider"),
}
# What a step says that failed quietly: no error, and of no use to the next one.
QUIET = "I am not sure what is meant by that."
GIVEN_NOTHING = SimulatedFailure("ValidationError", "required argument is missing")
DISHES = ("lentil soup", "paella", "ramen", "mushroom risotto", "chicken curry", "shakshuka", "apple pie", "tacos")
DIETS = ("vegan", "vegetarian", "gluten-free", "low-carb", "none")


def function(name: str, description: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """A tool as OpenAI describes a function."""
    parameters = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TOOLS = {
    "get_customer_profile": function(
        "get_customer_profile",
        "Look up a customer's diet and allergies.",
        {"customer_id": {"type": "integer"}, "fields": {"type": "array", "items": {"type": "string"}}},
        ["customer_id"],
    ),
    "get_recipes": function(
        "get_recipes",
        "Search recipes.",
        {
            "dish": {"type": "string"},
            "diet": {"type": "string", "enum": list(DIETS)},
            "max_minutes": {"type": "integer", "minimum": 5},
        },
        ["dish", "diet"],
    ),
    "search_web": function(
        "search_web",
        "Search the web for tips.",
        {"query": {"type": "string"}, "results": {"type": "integer", "minimum": 1, "maximum": 10}},
        ["query"],
    ),
}


def traces(traffic: Traffic, day: dt.date, rng: random.Random) -> Iterator[SimulatedTrace]:
    """Traces of *day*, without end; the caller takes what it needs."""
    number = 0
    while True:
        customer = rng.randint(100, 100 + traffic.users)
        session_id = "recipes-" + trace_id_of(traffic.project, traffic.seed, day, "recipes", number)[:12]
        context = {
            "session.id": session_id,
            "user.id": f"customer-{customer}",
            "metadata": json.dumps({"plan": rng.choice(("free", "plus")), "channel": rng.choice(("app", "web"))}),
        }
        trace_id = trace_id_of(traffic.project, traffic.seed, day, "agent", number)
        recorder = Recorder(trace_id, start_ns(rng, day), SERVICE, context)
        yield Walk(traffic, rng, recorder, customer).walk()
        number += 1


class Walk:
    """One simulated request on its way through the states."""

    def __init__(self, traffic: Traffic, rng: random.Random, recorder: Recorder, customer: int) -> None:
        self.traffic, self.rng, self.recorder, self.customer = traffic, rng, recorder, customer
        self.dish, self.diet, self.minutes = rng.choice(DISHES), rng.choice(DIETS), rng.choice((20, 30, 45, 60))
        wish = "" if self.diet == "none" else f"{self.diet} "
        self.request = f"Find me a {wish}{self.dish} I can cook in {self.minutes} minutes, and a tip for it."

    def walk(self) -> SimulatedTrace:
        """Go through the states; a failing one is the last."""
        failing = None
        if self.rng.random() < self.traffic.agent_failure:
            weights = [self.traffic.failing_states.get(state, 0.0) for state in STATES]
            failing = self.rng.choices(STATES, weights)[0]
        answer = FAILED_ANSWER
        for state in STATES:
            fails = state == failing
            answer = self.act(state, fails=fails) if state in FAILURES else self.think(state, fails=fails)
            if fails:
                self.recorder.facts.failed_at = state
                self.recorder.facts.failed_span = self.recorder.steps[-1].span_id
                self.go_on_after(state)
                answer = FAILED_ANSWER
                break
        told = {"agent.name": SERVICE, **oi.io(self.request, answer), **self.labels(failing)}
        return self.recorder.finish("recipe_agent", "AGENT", told)

    def go_on_after(self, state: str) -> None:
        """A call that failed quietly is made all the same: the tool fails loudly, for what it was given."""
        if self.quiet and state in TOOL_OF_STATE:
            self.act(STATES[STATES.index(state) + 1], fails=True, failure=GIVEN_NOTHING)

    @property
    def quiet(self) -> bool:
        """Whether an LLM step of this trace, if one fails, says nothing of it."""
        return chance("quiet", self.recorder.trace_id) < self.traffic.agent_quiet

    def labels(self, failing: str | None) -> dict[str, str]:
        """Metadata of the root with the states as an application may record them; nothing on an unlabelled trace."""
        if chance("labelled", self.recorder.trace_id) >= self.traffic.agent_labels:
            return {}
        place = STATES.index(failing) if failing else len(STATES)
        states = {
            "first_failure_state": failing or "none",
            "last_success_state": STATES[place - 1] if place else "none",
        }
        return {"metadata": json.dumps({**json.loads(self.recorder.context["metadata"]), **states})}

    def think(self, state: str, *, fails: bool) -> str:
        """An LLM step. A failing one keeps status OK and says so in its output, as real applications do."""
        if fails:
            loud = self.rng.choice(LLM_ERRORS)
            reply, mime = {"role": "assistant", "content": QUIET if self.quiet else loud}, oi.TEXT
        elif state in TOOL_OF_STATE:
            reply, mime = self.call_of(TOOL_OF_STATE[state]), oi.TEXT
        else:
            text, mime = self.text_of(state)
            reply = {"role": "assistant", "content": text}
        asked = [
            {"role": "system", "content": PROMPT.replace("{{state}}", state)},
            {"role": "user", "content": self.request},
        ]
        output = reply.get("content") or json.dumps(reply["tool_calls"])
        usage = Usage(
            model=GPT_4O if state in ("PlanToolCalls", "ComposeResponse") else GPT_4O_MINI,
            prompt=420 + tokens_of(self.request) + self.rng.randint(0, 200),
            completion=tokens_of(output) + self.rng.randint(4, 20),
        )
        template = oi.prompt(f"{PROMPT}\n{{{{request}}}}", PROMPT_VERSION, {"state": state, "request": self.request})
        attributes = oi.llm_call(usage, asked, reply, output=output, output_mime=mime) | template
        if state == "PlanToolCalls":
            attributes |= oi.tools(list(TOOLS.values()))
        elif state in TOOL_OF_STATE:
            attributes |= oi.tools([TOOLS[TOOL_OF_STATE[state]]])
        latency_ms = llm_ms(self.rng, usage)
        if self.rng.random() < self.traffic.slow:
            latency_ms *= self.rng.uniform(8, 15)
            self.recorder.facts.slow.append(self.recorder.next_span_id)
        self.recorder.step(state, "LLM", latency_ms, attributes, usage=usage)
        return output

    def text_of(self, state: str) -> tuple[str, str]:
        """What a text-only LLM step answers, and the declared type."""
        if state == "ComposeResponse":
            composed = (
                f"Here is a {self.dish} that fits ({self.diet}) and takes {self.minutes} minutes: prepare the "
                "ingredients, cook gently and season at the end. Tip: let it rest for five minutes."
            )
            return composed, oi.TEXT
        parsed = {"dish": self.dish, "diet": self.diet, "max_minutes": self.minutes}
        answer = json.dumps(parsed if state == "ParseRequest" else {"plan": list(TOOLS)})
        if self.rng.random() < self.traffic.invalid_json:
            answer = answer[:-2]
            self.recorder.facts.invalid_json.append(self.recorder.next_span_id)
        return answer, oi.JSON

    def call_of(self, tool: str) -> dict[str, Any]:
        """The message that calls *tool*; at the set rate its arguments do not parse or do not fit the schema."""
        arguments: dict[str, Any] = {
            "get_customer_profile": {"customer_id": self.customer, "fields": ["diet", "allergies"]},
            "get_recipes": {"dish": self.dish, "diet": self.diet, "max_minutes": self.minutes},
            "search_web": {"query": f"tips for {self.dish}", "results": 3},
        }[tool]
        text = json.dumps(arguments)
        if self.rng.random() < self.traffic.invalid_tool_call:
            sort = self.rng.choice(("not_json", "not_in_schema"))
            self.recorder.facts.invalid_tool_calls[self.recorder.next_span_id] = sort
            first = next(iter(arguments))
            text = text[:-6] if sort == "not_json" else json.dumps({**arguments, first: ["?"]})
        call = {"id": f"call_{self.recorder.next_span_id[:8]}", "name": tool, "arguments": text}
        return {"role": "assistant", "content": "", "tool_calls": [call]}

    def act(self, state: str, *, fails: bool, failure: SimulatedFailure | None = None) -> str:
        """A tool or retriever step. A failing one has status ERROR and an exception event."""
        failure = failure or (FAILURES[state] if fails else None)
        latency_ms = around(self.rng, 180, 0.5) * (12 if fails else 1)
        if state == "GetCustomerProfile":
            given = json.dumps({"customer_id": self.customer})
            found = json.dumps({"customer_id": self.customer, "diet": self.diet, "allergies": []})
            attributes: dict[str, Any] = {"tool.name": "get_customer_profile"}
            attributes |= oi.io(given, found, input_mime=oi.JSON, output_mime=oi.JSON)
            kind = "TOOL"
        else:
            found = f"3 results for {self.dish}"
            attributes = oi.io(f"{self.diet} {self.dish}", found)
            attributes |= {} if fails else oi.documents(self.results(state))
            kind = "RETRIEVER"
        if fails:
            del attributes["output.value"], attributes["output.mime_type"]
        self.recorder.step(state, kind, latency_ms, attributes, failure=failure)
        return found

    def results(self, state: str) -> list[dict[str, Any]]:
        """Three documents, best first."""
        source = "recipe" if state == "GetRecipes" else "web"
        return [
            {
                "id": f"{source}-{self.dish.replace(' ', '-')}-{i}",
                "content": f"{self.dish.title()} number {i + 1}: a {self.diet} way to make it in {self.minutes} min.",
                "score": round(0.95 - 0.11 * i - self.rng.random() * 0.05, 4),
            }
            for i in range(3)
        ]
