"""Masks: what stands in a text where personal data stood. `<EMAIL_kzqtrwnb>` says the kind, and who is whom.

A mask is a keyed digest (HMAC-SHA256, RFC 2104) of dataset, kind and value. So the same value has the same mask
wherever and in whatever order texts are read, today and next week; counting (`<EMAIL_1>`) would depend on the order.
Without the key a mask leads back to nothing, even where there are few possible values, as of phone numbers. The letters
are consonants, so that no detector sees a number, a name or a word in a mask.
"""

import hmac
import re
from collections.abc import Iterable

LETTERS = "bcdfghjklmnpqrstvwxz"
LENGTH = 8
MASK = re.compile(rf"<(?P<kind>[A-Z]+)_[{LETTERS}]{{{LENGTH}}}>")
# What detectors see in place of what they are not to look into; no letter, digit or space.
BLANK = "\ue000"
# A mask, or an escape in a JSON text, which ends a word though it is spelled with letters.
OPAQUE = re.compile(rf"{MASK.pattern}|\\(?:[nrtbf]|u[0-9A-Fa-f]{{4}})")


def mask(key: bytes, dataset: str, kind: str, value: str) -> str:
    """The mask of *value*, which is in its normal form, in *dataset*."""
    said = "\0".join((dataset, kind, value)).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.digest(key, said, "sha256")[:8], "big")
    letters = ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        letters += LETTERS[letter]
    return f"<{kind}_{letters}>"


def without_digests(text: str) -> str:
    """*text* with every mask as its kind alone (`<EMAIL>`), as datasets have different masks of the same value."""
    return MASK.sub(r"<\g<kind>>", text) if "<" in text else text


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """*text*, of the same length, without what stands at *spans*.

    >>> blanked("abcd", [(1, 3), (2, 3)]).replace(BLANK, ".")
    'a..d'
    """
    parts, end = [], 0
    for start, stop in sorted(spans):
        if stop > end:
            parts += [text[end : max(start, end)], BLANK * (stop - max(start, end))]
            end = stop
    return "".join(parts) + text[end:]


def opaque_blanked(text: str) -> str:
    """*text*, of the same length, without its masks and escapes."""
    if "<" not in text and "\\" not in text:
        return text
    return OPAQUE.sub(lambda found: BLANK * len(found[0]), text)
