"""Outputs that say that their step failed. Applications often pass an exception's text on, and the status stays OK."""

import re

# A colon is asked for: "Error handling in Python ..." is an answer, "Error: table not found" is not.
ERROR_TEXT = re.compile(
    r"""\s*["'`*\[(]* (?:
        (?:internal\s+|fatal\s+|unexpected\s+)? (?:error|exception) (?:\s+\w+){0,3} \s* [*\])]* :
        | \w+(?:Error|Exception) [*]* :
        | traceback\s+\(most\s+recent\s+call\s+last\)
        | \{\s* ["']error["'] \s*:\s* (?: ["'][^"'] | \{\s*["'] )
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def says_error(output: str | None) -> bool:
    """Whether *output* begins as an error does.

    >>> says_error("Error: table not found"), says_error("Error handling in Python is done with try.")
    (True, False)
    """
    return bool(output and ERROR_TEXT.match(output))
