"""When two texts are the same question. Pure."""

import re


def normalised(text: str) -> str:
    """*text* without what makes no other question of it: case, blanks, what ends it.

    >>> normalised(" Which  sites? ") == normalised("which sites")
    True
    """
    return re.sub(r"\s+", " ", text).strip(" .?!").casefold()
