"""Whether a call went at the provider's price for batches: by the tier that served it, or else the one asked for."""

from tasks.shared.values import Object, first, obj, parsed

# OpenAI's flex processing costs what its batches cost.
BATCH_TIERS = frozenset({"batch", "flex"})


def at_batch_price(attributes: Object) -> bool:
    """By the response's tier, the request's, the invocation parameters', or `service_tier` in the metadata."""
    gen_ai, llm, metadata = (obj(attributes.get(name)) for name in ("gen_ai", "llm", "metadata"))
    openai = obj(gen_ai.get("openai"))
    tier = first(
        *(obj(node.get("response")).get("service_tier") for node in (gen_ai, openai)),
        *(obj(node.get("request")).get("service_tier") for node in (gen_ai, openai)),
        _object(llm.get("invocation_parameters")).get("service_tier"),
        (metadata or _object(attributes.get("metadata"))).get("service_tier"),
    )
    return tier is not None and tier.lower() in BATCH_TIERS


def _object(value: object) -> Object:
    """An object, also where it came as JSON text."""
    return obj(parsed(value)) if isinstance(value, str) and "service_tier" in value else obj(value)
