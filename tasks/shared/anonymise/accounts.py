"""Numbers of accounts and cards, by their checksums."""

import re
from collections.abc import Iterator

from tasks.shared.anonymise.found import BEGUN, END, Found, Sight

IBAN = re.compile(
    rf"[A-Za-z]{BEGUN}[A-Za-z]\d{{2}}(?:[ \u00a0-]?[A-Za-z0-9]{{4}}){{2,7}}(?:[ \u00a0-]?[A-Za-z0-9]{{1,4}})?{END}"
)
# Groups of digits with at most one space, dash or dot between two.
RUN = re.compile(rf"\d{BEGUN}\d*(?:[ \u00a0.-]\d+)*{END}")
GROUP = re.compile(r"\d+")
FEWEST_DIGITS, MOST_DIGITS = 13, 19
# Issuers' first digits and lengths (ISO/IEC 7812; the schemes' published ranges).
ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[0-9]|6[0-9])\d{10,17}"  # Mastercard, Maestro, Discover, UnionPay, RuPay
    r"|2(?:2[0-9]|[3-6]\d|7[0-2])\d{13}"  # Mastercard, Mir
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11,16}"  # Diners Club
    r"|35\d{14,17}"  # JCB
)
LAYOUTS = {(4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (6, 13), (8, 8)}
LAYOUTS |= {(4, 4, 4, 1), (4, 4, 5), (4, 3, 3, 3), (4, 5, 6), (4, 12), (6, 10)}
MOST_GROUPS = max(map(len, LAYOUTS))


def ibans(sight: Sight) -> Iterator[Found]:
    """International bank account numbers of the right length for their country (ISO 13616, mod 97)."""
    from stdnum import iban

    for match in IBAN.finditer(sight.text):
        candidate = match[0]
        while len(candidate) > 14:
            if iban.is_valid(re.sub("[ \u00a0-]", "", candidate), check_country=False):
                yield Found(
                    match.start(), match.start() + len(candidate), iban.compact(candidate.replace("\u00a0", ""))
                )
                break
            # What follows with a space may be the sentence's next word.
            candidate = re.sub(r"(?:^|[ \u00a0-])[^ \u00a0-]*$", "", candidate)


def cards(sight: Sight) -> Iterator[Found]:
    """Payment cards: an issuer's first digits, a length and grouping in use, and Luhn's checksum (ISO/IEC 7812-1)."""
    for run in RUN.finditer(sight.text):
        if run.end() - run.start() >= FEWEST_DIGITS:
            yield from _cards_in([*GROUP.finditer(sight.text, run.start(), run.end())])


def _cards_in(groups: list[re.Match[str]]) -> Iterator[Found]:
    begin = 0
    while begin < len(groups):
        start = groups[begin].start()
        # What follows a point is no number of its own.
        ends = (
            range(min(len(groups), begin + MOST_GROUPS), begin, -1)
            if groups[begin].string[max(0, start - 1) : start] != "."
            else ()
        )
        last = next((end for end in ends if _is_card(groups[begin:end])), 0)
        if last:
            yield Found(start, groups[last - 1].end(), "".join(group[0] for group in groups[begin:last]))
        begin = last or begin + 1


def _is_card(groups: list[re.Match[str]]) -> bool:
    lengths = tuple(group.end() - group.start() for group in groups)
    if not FEWEST_DIGITS - 1 <= sum(lengths) <= MOST_DIGITS or (len(lengths) > 1 and lengths not in LAYOUTS):
        return False
    number = "".join(group[0] for group in groups)
    return bool(ISSUERS.fullmatch(number)) and luhn(number)


def luhn(number: str) -> bool:
    """Whether the digits satisfy ISO/IEC 7812-1, annex B.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    digits = [int(c) for c in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0
