"""What a message is made of: a block of content of any dialect as one of a few kinds of piece."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from tasks.shared.values import Object, first, obj, parsed, text

Kind = Literal["text", "thinking", "call", "result", "media", "unknown"]
TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
THINKING_TYPES = frozenset({"thinking", "reasoning"})
CALL_TYPES = frozenset({"tool_use", "tool_call", "function_call", "function", "server_tool_use"})
RESULT_TYPES = frozenset({"tool_result", "tool_call_response", "function_call_output"})
MEDIA_TYPES = frozenset(
    {"image", "image_url", "input_image", "document", "file", "input_file", "audio", "input_audio", "blob", "uri"}
)
# Which keys carry what a block of a type says: without one of them, an object with a `type` is somebody's own JSON.
CARRIED = {
    **dict.fromkeys(TEXT_TYPES, ("text", "content")),
    **dict.fromkeys(THINKING_TYPES, ("thinking", "content", "text")),
    **dict.fromkeys(CALL_TYPES, ("name", "function")),
    **dict.fromkeys(RESULT_TYPES, ("tool_use_id", "call_id", "content", "response", "output")),
    **dict.fromkeys(MEDIA_TYPES, ("source", "image_url", "file", "input_audio", "audio", "image", "uri", "url")),
    "blob": ("content",),
    "redacted_thinking": ("data",),
}
NO_CONTENT = "(no content)"
BASE64_CHARACTERS, BASE64_BYTES = 4, 3


@dataclass(frozen=True)
class Piece:
    """`text` is what is said, or stands in its place; `data` is the call in OpenAI's form, or the block as it came.

    `answers` is the id of the call that a result answers; `failed` says that the tool reported an error.
    """

    kind: Kind
    text: str = ""
    data: Object | None = None
    answers: str | None = None
    failed: bool = False


def pieces(content: Any) -> list[Piece]:
    """The pieces of a message's content: text, a list of blocks, or text that is such a list as JSON or Python repr."""
    if type(content) is str:
        found = parsed(content)
        if not are_blocks(found):
            return [Piece("text", content)]
        content = found
    if type(content) is dict:
        content = [content]
    if type(content) is not list:
        return [] if content is None else [Piece("text", text(content) or "")]
    return [piece(block) for block in content]


def are_blocks(value: Any) -> bool:
    """Whether *value*, read out of a text, is content in blocks, and not JSON that is the message itself."""
    blocks = [value] if type(value) is dict else value
    return type(blocks) is list and bool(blocks) and all(map(_is_block, blocks))


def _is_block(value: Any) -> bool:
    kind = value.get("type") if type(value) is dict else None
    return type(kind) is str and any(key in value for key in CARRIED.get(kind, ()))


def piece(block: Any) -> Piece:
    """One block; text that stands bare in a list is text."""
    if type(block) is not dict:
        return Piece("text", text(block) or "")
    block = obj(block.get("message_content")) or block
    kind = block.get("type")
    if kind in TEXT_TYPES:
        return Piece("text", first(block.get("text"), block.get("content")) or "")
    if kind in THINKING_TYPES:
        return Piece("thinking", first(block.get("thinking"), block.get("content"), block.get("text")) or "")
    if kind in CALL_TYPES:
        return Piece("call", data=tool_call(block))
    if kind in RESULT_TYPES:
        said = next((block[key] for key in ("content", "response", "result", "output") if key in block), None)
        call_id = first(block.get("tool_use_id"), block.get("call_id"), block.get("id"))
        return Piece("result", said_of(pieces(said)), answers=call_id, failed=block.get("is_error") is True)
    if kind in MEDIA_TYPES:
        return Piece("media", placeholder(block))
    return Piece("unknown", data=block)


def said_of(parts: Iterable[Piece]) -> str:
    """The texts of *parts*, joined by a blank line; what a model writes for nothing is left out."""
    texts = (part.text if part.kind != "unknown" else as_json(part.data) for part in parts)
    return "\n\n".join(said for said in texts if said.strip() and said.strip() != NO_CONTENT)


def tool_call(raw: Any) -> Object:
    """A call in OpenAI's form: id, type, function with name and arguments as JSON text (as given where it was text)."""
    call = obj(obj(raw).get("tool_call")) or obj(raw)
    function = obj(call.get("function")) or call
    given = next((function[key] for key in ("arguments", "input", "args") if function.get(key) is not None), "{}")
    return {
        "id": first(call.get("id"), call.get("call_id")) or "",
        "type": "function",
        "function": {
            "name": text(function.get("name")) or "",
            "arguments": given if type(given) is str else as_json(given),
        },
    }


def placeholder(block: Object) -> str:
    """What stands in the place of an image or a document: its kind, its media type, its size or where it is."""
    kind = str(block.get("type")).removeprefix("input_").removesuffix("_url")
    source = obj(block.get("source")) or obj(block.get(kind)) or obj(block.get("image_url")) or block
    source = obj(source.get("image")) or source
    media_type = first(source.get("media_type"), source.get("mime_type"), block.get("mime_type")) or ""
    data = source.get("data") if type(source.get("data")) is str else None
    url = next((u for u in (source.get("url"), source.get("uri"), block.get("image_url")) if type(u) is str), None)
    if url is not None and url.startswith("data:"):
        head, _, data = url.partition(",")
        media_type, url = head.removeprefix("data:").partition(";")[0], None
    if data is None and kind == "blob" and type(block.get("content")) is str:
        data = block["content"]
    size = f"{len(data.rstrip('=')) * BASE64_BYTES // BASE64_CHARACTERS:,} bytes" if data is not None else ""
    return f"[{' '.join(filter(None, (kind, media_type)))}{', ' + size if size else ''}{': ' + url if url else ''}]"


def as_json(value: Any) -> str:
    """*value* as JSON text, keys in their order."""
    return orjson.dumps(value, default=str).decode()
