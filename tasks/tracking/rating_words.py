"""By which annotations people rate answers, and which of their words are good ones, as a relation for SQL."""

import pyarrow as pa

from tasks.shared.settings import Settings

SCHEMA = pa.schema([pa.field("kind", pa.string()), pa.field("word", pa.string())])


def rating_words(settings: Settings) -> pa.Table:
    """`kind, word`: the names of the annotations (`name`), and what they say that is `positive` or `negative`."""
    words = {
        "name": settings.curation.feedback,
        "positive": settings.feedback.positive,
        "negative": settings.feedback.negative,
    }
    rows = [{"kind": kind, "word": word} for kind, known in words.items() for word in known]
    return pa.Table.from_pylist(rows, schema=SCHEMA)
