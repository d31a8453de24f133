"""What kind of step a span is when it does not say: cut by the SDK's attribute cap, or from another dialect."""

from tasks.shared.values import Object, obj

OPERATIONS = {
    "chat": "LLM",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "completion": "LLM",
    "embeddings": "EMBEDDING",
    "embedding": "EMBEDDING",
    "rerank": "RERANKER",
    "retrieval": "RETRIEVER",
    "execute_tool": "TOOL",
    "invoke_agent": "AGENT",
    "create_agent": "AGENT",
    "invoke_workflow": "CHAIN",
}
TRACELOOP = {"workflow": "CHAIN", "task": "CHAIN", "agent": "AGENT", "tool": "TOOL"}
# In this order: an embedding span may carry llm.token_count, a tool's span never carries llm.
SUBTREES = {
    "embedding": "EMBEDDING",
    "reranker": "RERANKER",
    "retrieval": "RETRIEVER",
    "llm": "LLM",
    "gen_ai": "LLM",
    "tool": "TOOL",
    "tool_call": "TOOL",
    "agent": "AGENT",
}


def inferred_kind(attributes: Object) -> str:
    """The kind that the attributes left over speak for; UNKNOWN when they do not."""
    gen_ai = obj(attributes.get("gen_ai"))
    said = (
        OPERATIONS.get(_word(obj(gen_ai.get("operation")).get("name"))),
        TRACELOOP.get(_word(obj(obj(attributes.get("traceloop")).get("span")).get("kind"))),
        OPERATIONS.get(_word(obj(obj(attributes.get("llm")).get("request")).get("type"))),
        "TOOL" if gen_ai and gen_ai.keys() <= {"tool"} else None,
        "AGENT" if gen_ai and gen_ai.keys() <= {"agent"} else None,
        *(kind for name, kind in SUBTREES.items() if obj(attributes.get(name))),
    )
    return next((kind for kind in said if kind), "UNKNOWN")


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
