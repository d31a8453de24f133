"""OpenInference: `llm.input_messages.N.message.*`, `retrieval.documents.N.document.*`, `llm.token_count.*` ..."""

from functools import lru_cache
from typing import Any

from tasks.fetch.messages import Message, messages
from tasks.shared.values import Object, first, items, obj, parsed, text


def read(attributes: Object) -> Object:
    """The columns these attributes tell, without nulls."""
    get = attributes.get
    llm, tool, call = obj(get("llm")), obj(get("tool")), obj(obj(get("tool_call")).get("function"))
    found = {
        "session_id": text(obj(get("session")).get("id")),
        "user_id": first(obj(get("user")).get("id"), llm.get("user")),
        "service_name": text(obj(get("service")).get("name")),
        "provider": first(llm.get("provider"), llm.get("system")),
        "model": _model(attributes, llm),
        **_io(attributes, "input"),
        **_io(attributes, "output"),
        "input_messages": _messages(llm, "input_messages", "prompts"),
        "output_messages": _messages(llm, "output_messages", "choices"),
        "tools": offered(llm),
        "tool_name": first(tool.get("name"), call.get("name")),
        "tool_arguments": first(call.get("arguments"), tool.get("parameters")),
        "documents": _documents(attributes),
        "tags": _tags(obj(get("tag")).get("tags")),
        "metadata": as_object(get("metadata")),
        **_prompt_template(llm),
        **_tokens(obj(llm.get("token_count"))),
    }
    return {name: value for name, value in found.items() if value is not None}


def offered(llm: Object) -> list[Object] | None:
    """The tools offered to the model, from `llm.tools.N.tool.*`."""
    found = []
    for item in items(llm, "tools"):
        raw = obj(obj(item).get("tool")) or obj(item)
        schema = raw.get("json_schema")
        read_schema = _schema(schema) if type(schema) is str else tool_offer(schema)
        found.append(read_schema or tool_offer(raw))
    return [tool for tool in found if tool is not None] or None


def tool_offer(raw: Any) -> Object | None:
    """{"name", "description"?, "parameters"?} of an OpenAI, Anthropic, Bedrock or OpenTelemetry tool definition."""
    outer = obj(raw)
    tool = obj(outer.get("function")) or obj(outer.get("toolSpec")) or outer
    schema = tool.get("parameters", tool.get("input_schema", tool.get("inputSchema")))
    parts = {
        "name": text(tool.get("name")),
        "description": text(tool.get("description")),
        "parameters": parsed(schema),
    }
    return {name: value for name, value in parts.items() if value is not None} or None


def as_object(value: Any) -> Object | None:
    """An object, also where it came as JSON text; anything else under the key `value`."""
    if value is None or value == "":
        return None
    found = value if type(value) is dict else parsed(value)
    return found if type(found) is dict else {"value": value}


@lru_cache(maxsize=1024)
def _schema(json_text: str) -> Object | None:
    """Tool schemas repeat from span to span."""
    return tool_offer(parsed(json_text))


def _io(attributes: Object, side: str) -> Object:
    node = attributes.get(side)
    if type(node) is not dict:
        return {side: text(node)}
    return {side: text(node.get("value")), f"{side}_mime_type": text(node.get("mime_type"))}


def _model(attributes: Object, llm: Object) -> str | None:
    """The model that answered, or else the one that was asked for."""
    return first(
        obj(llm.get("response")).get("model_name"),
        llm.get("model_name"),
        obj(llm.get("request")).get("model_name"),
        obj(attributes.get("embedding")).get("model_name"),
        obj(attributes.get("reranker")).get("model_name"),
    )


def _messages(llm: Object, chat: str, completion: str) -> list[Message] | None:
    """Chat messages, or the texts of the older completion interface (`llm.prompts`, `llm.choices`)."""
    given = parsed(llm[chat]) if type(llm.get(chat)) is str else None
    if found := messages(given if type(given) is list else items(llm, chat)):
        return found
    role, key = ("user", "prompt") if completion == "prompts" else ("assistant", "completion")
    return [
        {"role": role, "content": text(obj(obj(item).get(key)).get("text"))} for item in items(llm, completion)
    ] or None


def _documents(attributes: Object) -> list[Object] | None:
    found = items(attributes.get("retrieval"), "documents") or items(attributes.get("reranker"), "output_documents")
    return [document(obj(item).get("document", item)) for item in found] or None


def document(raw: Any) -> Object:
    """{"id"?, "content"?, "score"?, "metadata"?} of one retrieved document."""
    if type(raw) is not dict:
        return {"content": text(raw)}
    score = raw.get("score")
    parts = {
        "id": text(raw.get("id")),
        "content": text(raw.get("content")),
        "score": score if type(score) in (int, float) else text(score),
        "metadata": as_object(raw.get("metadata")),
    }
    return {name: value for name, value in parts.items() if value is not None}


def _tags(value: Any) -> list[str | None] | None:
    found = parsed(value) if type(value) is str else value
    if type(found) is not list:
        found = [value] if value else []
    return [text(tag) for tag in found] or None


def _prompt_template(llm: Object) -> Object:
    node = obj(llm.get("prompt_template"))
    if not node:
        return {}
    return {
        "prompt_template": text(node.get("template")),
        "prompt_version": text(node.get("version")),
        "prompt_variables": as_object(node.get("variables")),
    }


def _tokens(count: Object) -> Object:
    if not count:
        return {}
    prompt, completion = obj(count.get("prompt_details")), obj(count.get("completion_details"))
    return {
        "prompt_tokens": count.get("prompt"),
        "completion_tokens": count.get("completion"),
        "total_tokens": count.get("total"),
        "cache_read_tokens": prompt.get("cache_read", prompt.get("cache_input")),
        "cache_write_tokens": prompt.get("cache_write"),
        "reasoning_tokens": completion.get("reasoning"),
        "audio_input_tokens": prompt.get("audio"),
        "audio_output_tokens": completion.get("audio"),
    }
