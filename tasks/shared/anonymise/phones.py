"""Phone numbers that some country's plan has: with the country's code anywhere, without it where a text calls one."""

import re
from collections.abc import Iterator

from tasks.shared.anonymise.found import Found
from tasks.shared.anonymise.masks import BLANK
from tasks.shared.settings import AnonymiseSettings

BETWEEN = r"[\d \t\u00a0().\-/]"
INTERNATIONAL = re.compile(rf"(?<![\w+])\+[ ]?[\d(]{BETWEEN}{{5,24}}\d(?!\w)")
CALLED = (
    r"tel(?:\.|efon(?:nummer|o)?|ephone)?|t[ée]l[ée]phone|phones?|phone[_ -]?(?:number|no)|fax|whatsapp|sms|hotline"
    r"|handy(?:nummer)?|rufnummer|cell ?phone|mobile (?:phone|number)"
)
WEAKLY = r"(?:call|ring|text|reach|mobile|cell|mobil|contact)(?: (?:me|us|him|her|them))?(?: (?:at|on|under|unter))?"
NATIONAL = re.compile(
    rf"(?i)(?<![a-z])(?:(?:{CALLED})(?![a-z])[^\d\n+{BLANK}]{{0,25}}?|{WEAKLY}(?![a-z])[\s:=]{{0,3}})"
    rf"(?<![\d.\w])(\(?\d{BETWEEN}{{5,20}}\d)(?!\w)"
)
HINTS = re.compile(rf"(?i)(?:{CALLED}|call|ring|text|reach|mobil|cell|contact)")


def phones(text: str, settings: AnonymiseSettings) -> Iterator[Found]:
    """Valid numbers of any country with `+`; of the settings' regions, or with `00`, after a word like phone."""
    if "+" in text:
        for match in INTERNATIONAL.finditer(text):
            yield from _matched(match[0], match.start(), None)
    if HINTS.search(text):
        for match in NATIONAL.finditer(text):
            yield from _national(match[1], match.start(1), settings.phone_regions)


def _national(candidate: str, start: int, regions: tuple[str, ...]) -> Iterator[Found]:
    if candidate.startswith("00"):
        for number in _matched(f"+{candidate[2:]}", start, None):
            yield Found(start, number.end + 1, number.value)
        return
    for region in regions:
        if numbers := list(_matched(candidate, start, region)):
            yield from numbers
            return


def _matched(candidate: str, start: int, region: str | None) -> Iterator[Found]:
    import phonenumbers

    for match in phonenumbers.PhoneNumberMatcher(candidate, region, leniency=phonenumbers.Leniency.VALID):
        value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        yield Found(start + match.start, start + match.end, value)
