"""Every message is rendered for every provider, which the official client does not do."""

import datetime as dt
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Phoenix, PromptText
from tasks.shared.gateways.phoenix.prompt_versions import HubPrompt
from tasks.shared.gateways.phoenix.prompt_wire import from_f_string, version_body, version_of
from tasks.shared.settings import PhoenixSettings

NOW = dt.datetime(2026, 11, 19, 5, tzinfo=dt.UTC)
MESSAGES = ({"role": "system", "content": "Rules: {{rules}}"}, {"role": "user", "content": "Q: {{ question }}"})
RENDERED = [{"role": "system", "content": "Rules: be {{brief}}"}, {"role": "user", "content": "Q: why?"}]
VALUES = {"rules": "be {{brief}}", "question": "why?"}


@pytest.mark.servers
@pytest.mark.parametrize(
    ("kind", "system_of_the_client"),
    [
        ("openai", "Rules: be {{brief}}"),
        ("azure", "Rules: be {{brief}}"),
        ("anthropic", "Rules: {{rules}}"),
        ("google", "Rules: be {{brief}}"),
        ("bedrock", NotImplementedError),
    ],
)
async def test_system_messages_are_rendered_for_every_provider_and_here_is_what_the_official_client_does(
    servers, kind, system_of_the_client
):
    """When a line of this table fails, the official client has changed: look at the decision to render here."""
    from phoenix.client import Client

    name = f"rendering-{uuid.uuid4().hex[:8]}"
    async with Phoenix(PhoenixSettings(url=servers.phoenix_url)) as phoenix:
        pushed = (await phoenix.prompts.push(PromptText(name=name, messages=MESSAGES, model=f"{kind}/some"))).prompt
        assert (await phoenix.prompts.version(name, "latest")).render(VALUES) == RENDERED
    version = Client(base_url=servers.phoenix_url).prompts.get(prompt_version_id=pushed.version_id)
    if system_of_the_client is NotImplementedError:
        with pytest.raises(NotImplementedError):
            version.format(variables=VALUES)
        return
    formatted = version.format(variables=VALUES)
    assert system_in(formatted.messages, formatted.kwargs) == system_of_the_client


def system_in(messages: list[Any], options: dict[str, Any]) -> str:
    """The system message of what the official client would hand to the provider's SDK."""
    if "config" in options:
        return str(options["config"].system_instruction)
    return str(options.get("system") or next(each["content"] for each in messages if each["role"] == "system"))


def test_sections_win_over_values_and_missing_values_are_named():
    prompt = PromptText(name="p", messages=MESSAGES, sections={"rules": "of mine"})
    assert prompt.variables == ("rules", "question")
    assert prompt.wanted == ("question",)
    assert prompt.render({"rules": "of others", "question": "q"})[0]["content"] == "Rules: of mine"
    with pytest.raises(ConfigurationError, match="prompt p needs question, and there is other, rules"):
        prompt.render({"other": ""})


@given(st.text(), st.text())
def test_values_are_put_in_as_they_are(rules, question):
    rendered = PromptText(name="p", messages=MESSAGES).render({"rules": rules, "question": question})
    assert [each["content"] for each in rendered] == [f"Rules: {rules}", f"Q: {question}"]


def body(**changes: Any) -> dict[str, Any]:
    """A version as somebody saved it in Phoenix's pages."""
    return {
        "id": "UHJvbXB0VmVyc2lvbjox",
        "description": None,
        "metadata": {},
        "model_provider": "AZURE_OPENAI",
        "model_name": "gpt-4o",
        "template": {"type": "chat", "messages": list(MESSAGES)},
        "template_format": "MUSTACHE",
        "invocation_parameters": {"type": "azure_openai", "azure_openai": {"top_p": 0.5}},
    } | changes


def read(**changes: Any) -> HubPrompt:
    return version_of("p", body(**changes), NOW)


def chat(*messages: tuple[str, Any]) -> dict[str, Any]:
    return {"type": "chat", "messages": [{"role": role, "content": content} for role, content in messages]}


def test_a_version_made_in_phoenix_has_the_model_and_parameters_of_phoenix():
    found = read()
    assert (found.model, found.parameters, found.sections) == ("azure/gpt-4o", {"top_p": 0.5}, {})
    assert read(model_provider="XAI", model_name="grok", invocation_parameters={"type": "xai", "xai": {}}).model == (
        "xai/grok"
    )


def test_what_we_noted_counts_until_somebody_saves_the_version_with_another_model():
    ours = PromptText(name="p", messages=MESSAGES, model="mine/gpt-4o", parameters={"temperature": 0, "extra": [1]})
    pushed = version_body(ours, "openai", NOW) | {"id": "UHJvbXB0VmVyc2lvbjox"}
    assert (pushed["model_provider"], pushed["invocation_parameters"]["openai"]) == ("OPENAI", {"temperature": 0})
    assert version_of("p", pushed, NOW).digest == ours.digest
    saved = pushed | {"invocation_parameters": {"type": "openai", "openai": {"temperature": 0.7}}}
    assert (version_of("p", saved, NOW).model, version_of("p", saved, NOW).parameters) == (
        "mine/gpt-4o",
        {"temperature": 0.7},
    )
    assert version_of("p", saved | {"model_name": "gpt-5"}, NOW).model == "openai/gpt-5"


def test_anthropic_gets_the_limit_that_phoenix_asks_for_and_our_parameters_stay_as_they_were():
    ours = PromptText(name="p", messages=MESSAGES, model="anthropic/claude", parameters={"temperature": 0.0})
    pushed = version_body(ours, "anthropic", NOW) | {"id": "UHJvbXB0VmVyc2lvbjox"}
    assert pushed["invocation_parameters"] == {
        "type": "anthropic",
        "anthropic": {"temperature": 0.0, "max_tokens": 1024},
    }
    assert version_of("p", pushed, NOW).parameters == {"temperature": 0.0}


def test_whole_floats_are_integers_to_the_digest():
    texts = [PromptText(name="p", messages=MESSAGES, parameters={"temperature": value}) for value in (0, 0.0, 0.5)]
    assert texts[0].digest == texts[1].digest != texts[2].digest


def test_other_roles_parts_and_formats_are_read_where_that_is_possible():
    parts = [{"type": "text", "text": "one {a}"}, {"type": "text", "text": " {{b}}"}]
    found = read(template=chat(("developer", parts), ("ai", "{c}")), template_format="F_STRING")
    assert found.messages == (
        {"role": "system", "content": "one {{a}} {b}"},
        {"role": "assistant", "content": "{{c}}"},
    )
    assert not found.trouble
    plain = read(template={"type": "string", "template": "as it is {x}"}, template_format="NONE")
    assert plain.render({}) == [{"role": "user", "content": "as it is {x}"}]


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"tools": {"type": "tools", "tools": [{}]}}, "it has tools, which Nightjar does not send"),
        ({"template": chat(("tool", "x"))}, "role tool is not plain text"),
        ({"template": chat(("user", [{"type": "tool_call"}]))}, "role user is not plain text"),
        ({"template": chat(("user", "{{x}}")), "template_format": "NONE"}, "format NONE"),
        ({"template": chat(("user", "{x:>4}")), "template_format": "F_STRING"}, "more than plain variables"),
        ({"template": chat(("user", "{x")), "template_format": "F_STRING"}, "is no f-string"),
    ],
)
def test_what_cannot_be_rendered_is_listed_and_refuses_when_it_is_used(changes, trouble):
    found = read(**changes)
    with pytest.raises(ConfigurationError, match=trouble):
        found.render({"x": "1"})


def test_an_f_string_whose_braces_would_turn_into_a_variable_is_refused():
    assert from_f_string("{{{{x}}}}")[1].startswith("its f-string template has more")
    assert from_f_string("{{{x}}}")[0] == "{{{x}}}"
