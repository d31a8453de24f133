"""Which attributes Nightjar knows, so that those it does not know are counted and never dropped silently.

A known attribute either fills a column or is one of the conventions' own, which stay readable in `attributes`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.shared.records import RawSpan
from tasks.shared.values import is_index

# Subtrees the gateway asks Phoenix for.
DECLARED: tuple[str, ...] = (
    *("llm", "gen_ai", "input", "output", "session", "user", "metadata", "tag", "tool", "tool_call", "retrieval"),
    *("reranker", "embedding", "service", "traceloop", "exception", "graph", "agent", "prompt", "enduser", "error"),
)

# One path a line, `*` for anything below, braces for alternatives; positions in lists are left out.
PATHS = """
input.{value,mime_type}
output.{value,mime_type}
session.id
user.id
enduser.id
service.{name,version,namespace,instance.id}
tag.tags
metadata.*
graph.node.{id,name,parent_id}
agent.{name,description,id}
prompt.{id,url,vendor}
error.{type,message}
exception.{type,message,stacktrace,escaped}
tool.{name,description,id,parameters.*,json_schema.*}
tool_call.{id,function.name,function.arguments.*}
retrieval.documents.document.{id,content,score,url,mime_type,name,metadata.*}
reranker.{query,model_name,top_k}
reranker.{input_documents,output_documents}.document.{id,content,score,url,mime_type,name,metadata.*}
embedding.{model_name,text,vector.*,invocation_parameters.*}
embedding.embeddings.embedding.{text,vector.*}
llm.{provider,system,user,is_streaming,model_name,finish_reason,function_call.*,invocation_parameters.*,cost.*}
llm.{headers.*,top_k,top_p,temperature,frequency_penalty,presence_penalty,stop_reason,chat.stop_sequences}
llm.request.{model_name,type,functions.name,functions.description,functions.parameters.*}
llm.response.{model_name,finish_reason,stop_reason}
llm.usage.{total_tokens,cache_read_input_tokens,cache_creation_input_tokens}
llm.token_count.{prompt,completion,total}
llm.token_count.prompt_details.{audio,cache_read,cache_write,cache_input,input}
llm.token_count.completion_details.{audio,reasoning,output}
llm.prompt_template.{template,version,variables.*}
llm.prompts.prompt.text
llm.choices.completion.text
llm.tools.tool.{name,description,id,parameters.*,json_schema.*}
llm.{input_messages,output_messages}.message.{role,content,name,tool_call_id,finish_reason}
llm.{input_messages,output_messages}.message.{function_call_name,function_call_arguments_json}
llm.{input_messages,output_messages}.message.tool_calls.tool_call.{id,reasoning_signature}
llm.{input_messages,output_messages}.message.tool_calls.tool_call.function.{name,arguments.*}
llm.{input_messages,output_messages}.message.contents.message_content.{type,text,id,signature,data}
llm.{input_messages,output_messages}.message.contents.message_content.encrypted_content
llm.{input_messages,output_messages}.message.contents.message_content.{image,audio,video,document}.*
gen_ai.{system,system_instructions.*,operation.name,provider.name,conversation.id,output.type,data_source.id}
gen_ai.{agent,workflow,evaluation,cost}.*
gen_ai.request.*
gen_ai.response.{id,model,finish_reasons,service_tier,system_fingerprint,time_to_first_chunk}
gen_ai.openai.{request,response}.{service_tier,system_fingerprint}
gen_ai.{input,output}.messages.*
gen_ai.tool.{name,description,type,definitions.*,call.id,call.arguments.*,call.result.*}
gen_ai.retrieval.{query.text,documents.*}
gen_ai.embeddings.dimension.count
gen_ai.usage.{input_tokens,output_tokens,prompt_tokens,completion_tokens,total_tokens,reasoning_tokens}
gen_ai.usage.{cache_read_input_tokens,cache_creation_input_tokens,cache_read.input_tokens,cache_creation.input_tokens}
gen_ai.usage.{reasoning.output_tokens}
gen_ai.{prompt,completion}.{role,content.*,name,tool_call_id,finish_reason}
gen_ai.{prompt,completion}.tool_calls.{id,type,name,arguments.*,function.name,function.arguments.*}
gen_ai.{prompt,completion}.function_call.{name,arguments.*}
gen_ai.{prompt,completion}
traceloop.span.kind
traceloop.workflow.name
traceloop.entity.{name,path,version,input,output}
traceloop.association.properties.*
traceloop.prompt.*
openinference.span.kind
"""

CONTAINERS = frozenset({dict, list})


@dataclass(slots=True)
class Known:
    """What may stand at one place of the attribute tree."""

    value: bool = False
    anything: bool = False
    below: dict[str, "Known"] = field(default_factory=dict)


def undeclared(sample: Sequence[RawSpan], declared: Sequence[str]) -> Counter[str]:
    """Attribute paths in *sample* that lie outside *declared*, with the number of spans that carry them."""
    tops = tuple(f"{path}." for path in (*declared, "openinference.span.kind"))
    counts: Counter[str] = Counter()
    for raw in sample:
        if type(raw["attributes"]) is dict:
            counts.update(path for path in set(leaves(raw["attributes"])) if not f"{path}.".startswith(tops))
    return counts


def unknown_paths(attributes: Mapping[str, Any]) -> set[str]:
    """Paths of the attributes that nobody maps, positions in lists left out."""
    found: set[str] = set()
    if not _fits(attributes, KNOWN):
        _audit(attributes, KNOWN, "", found)
    return found


def leaves(node: Any, path: str = "") -> Iterator[str]:
    """Paths of everything below *node* that is not an object, positions in lists left out.

    >>> list(leaves({"a": [{"b": 1}, {"b": 2}], "c": {"0": {"d": 3}}}))
    ['a.b', 'a.b', 'c.d']
    """
    if type(node) is dict:
        for key, value in node.items():
            yield from leaves(value, _joined(path, key))
    elif type(node) is list and any(type(item) in CONTAINERS for item in node):
        for item in node:
            yield from leaves(item, path)
    else:
        yield path


def _fits(node: Any, known: Known) -> bool:
    """Whether all that stands in the container *node* is known; the usual case, so it builds no paths.

    A stored position or dotted key counts as not known.
    """
    if type(node) is list:
        return all(_fits(item, known) if type(item) in CONTAINERS else known.value for item in node)
    below = known.below
    for key, value in node.items():
        child = below.get(key)
        if child is None:
            return False
        if child.anything:
            continue
        if not (_fits(value, child) if type(value) in CONTAINERS else child.value):
            return False
    return True


def _audit(node: Any, known: Known, path: str, found: set[str]) -> None:
    """Add to *found* what stands below *node* and not below *known*."""
    if known.anything:
        return
    if type(node) is list:
        for item in node:
            _audit(item, known, path, found)
    elif type(node) is dict:
        for key, value in node.items():
            head, dot, tail = key.partition(".")
            if is_index(key):
                _audit(value, known, path, found)
            elif key in known.below:
                _audit(value, known.below[key], _joined(path, key), found)
            elif dot:
                _audit({head: {tail: value}}, known, path, found)
            else:
                found.update(leaves(value, _joined(path, key)))
    elif not known.value:
        found.add(path)


def _joined(path: str, key: str) -> str:
    key = ".".join(part for part in key.split(".") if not is_index(part)) if "." in key or is_index(key) else key
    return f"{path}.{key}" if path and key else path or key


def _tree(paths: str) -> Known:
    root = Known()
    for path in paths.split():
        for spelled in _spelled_out(path):
            place = root
            for part in spelled.split("."):
                if part == "*":
                    place.anything = True
                else:
                    place = place.below.setdefault(part, Known())
            place.value = True
    return root


def _spelled_out(path: str) -> list[str]:
    """The paths that a path with braces stands for.

    >>> _spelled_out("a.{b,c}.{d,e}")
    ['a.b.d', 'a.b.e', 'a.c.d', 'a.c.e']
    """
    before, brace, rest = path.partition("{")
    if not brace:
        return [path]
    choices, _, after = rest.partition("}")
    return [before + choice + tail for choice in choices.split(",") for tail in _spelled_out(after)]


KNOWN = _tree(PATHS)
