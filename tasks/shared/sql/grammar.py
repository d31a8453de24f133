"""PostgreSQL's own parser (libpg_query, by way of postgast): text in, syntax tree out.

The tree is the JSON form, as dictionaries: four times faster to make and to walk than postgast's protobuf messages.
Its C structures are declared by `postgast.native`, which is why pyproject.toml pins the minor version.
"""

from typing import Any

import orjson

Node = dict[str, Any]

# The parser's stack is the thread's: a chain of 50,000 additions overflows it and kills the process, and a level of
# nesting takes two characters at least.
LONGEST_BYTES = 30_000


class GrammarError(Exception):
    """PostgreSQL's complaint; `position` is the character it complains about, from 1, None when it names none."""

    def __init__(self, message: str, position: int | None) -> None:
        super().__init__(message)
        self.position = position


class NotLookedAt(Exception):
    """The text is too long or too deeply nested to be looked at; nothing is known of it."""


def statements_of(text: str, longest_bytes: int | None = LONGEST_BYTES) -> list[Node]:
    """The statements of *text*: `[{"SelectStmt": {...}}, ...]`; empty for nothing but comments.

    Raises:
        GrammarError: when it is not PostgreSQL.
        NotLookedAt: when it is longer than *longest_bytes*, or nested too deeply.
    """
    from postgast.native import lib

    # A lone surrogate has no UTF-8; the parser takes a zero byte for the end of the text.
    encoded = text.encode("utf-8", errors="replace")
    if longest_bytes is not None and len(encoded) > longest_bytes:
        raise NotLookedAt(f"the text has {len(encoded):,} bytes; more than {longest_bytes:,} are not looked at")
    if b"\0" in encoded:
        raise GrammarError("invalid zero byte", text.index("\0") + 1)
    result = lib.pg_query_parse(encoded)
    try:
        if result.error:
            error = result.error.contents
            # In characters, whatever postgast's documentation says of bytes.
            raise GrammarError(error.message.decode("utf-8", "replace"), error.cursorpos or None)
        tree = orjson.loads(result.parse_tree)
    except orjson.JSONDecodeError as error:
        raise NotLookedAt("the statement is nested too deeply to be looked at") from error
    finally:
        lib.pg_query_free_parse_result(result)
    return [statement["stmt"] for statement in tree["stmts"] if "stmt" in statement]


def fingerprint_of(text: str) -> str:
    """The same for queries that differ in literals, spaces and comments only. Raises GrammarError."""
    from postgast import PgQueryError, fingerprint

    try:
        return str(fingerprint(text).hex)
    except PgQueryError as error:
        raise GrammarError(error.message, error.cursorpos) from error


def spelled_by_postgres(text: str) -> str:
    """*text*, which `statements_of` could read, as PostgreSQL writes its syntax tree. Raises GrammarError."""
    from postgast.native import lib

    # By the C functions: Python's protobuf messages are refused from 100 levels of nesting on, which 30 additions are.
    tree = lib.pg_query_parse_protobuf(text.encode("utf-8", errors="replace"))
    written = lib.pg_query_deparse_protobuf(tree.parse_tree)
    try:
        if error := tree.error or written.error:
            raise GrammarError(error.contents.message.decode("utf-8", "replace"), None)
        return str(written.query.decode("utf-8", "replace"))
    finally:
        lib.pg_query_free_deparse_result(written)
        lib.pg_query_free_protobuf_parse_result(tree)
