"""Phone numbers that some country's plan has: with the country's code anywhere, without it where a text calls one."""

import re
from collections.abc import Iterator

from tasks.shared.anonymise.found import Found, Sight, after

BETWEEN = r"[\d \t\u00a0().\-/]"
INTERNATIONAL = re.compile(rf"(?<![\w+])\+[ ]?[\d(]{BETWEEN}{{5,24}}\d(?!\w)")
# As North America writes them, which nothing else is: (415) 555-2671, 415-555-2671.
ALONE = r"(?<![\w+./-].)"
NORTH_AMERICAN = re.compile(
    rf"(?:\({ALONE}[2-9]\d\d\) ?|[2-9]{ALONE}\d\d[.-]|1{ALONE}[ .-]\(?[2-9]\d\d\)?[ .-])"
    r"[2-9]\d\d[.-]\d{4}(?![\w-]|\.\d)"
)
NORTH_AMERICA = ("US", "CA")
LOCAL = rf"\(?\d{BETWEEN}{{5,20}}\d"
CALLED = (
    *(
        "tel",
        "telephone",
        "telefon",
        "telefono",
        "teléfono",
        "téléphone",
        "phone",
        "phones",
        "phone number",
        "phone no",
    ),
    *("cellphone", "cell phone", "mobile phone", "mobile number", "handy", "handynummer", "rufnummer", "telefonnummer"),
    *("fax", "whatsapp", "sms", "hotline"),
)
# Only right before the number: `mobile signal` and `call duration` are none.
WEAKLY = ("call", "ring", "text", "reach", "mobile", "mobil", "cell", "contact", "my number")
NATIONAL = after(CALLED, LOCAL)
BRIDGE = r"(?: (?:me|us|him|her|them))?(?: (?:at|on|under|unter|is))?[\s:=]{0,3}"
WEAKLY_NATIONAL = re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(WEAKLY)}){BRIDGE}(?<![\d.\w])({LOCAL})(?!\w)")


def phones(sight: Sight) -> Iterator[Found]:
    """Valid numbers of any country with `+`; of the settings' regions, or with `00`, after a word like phone.

    Those of North America, where it is one of the regions, are known by their form, too.
    """
    if "+" in sight.text:
        for match in INTERNATIONAL.finditer(sight.text):
            yield from _matched(match[0], match.start(), None)
    for region in [region for region in sight.phone_regions if region in NORTH_AMERICA][:1]:
        for match in NORTH_AMERICAN.finditer(sight.text):
            yield from _matched(match[0], match.start(), region)
    for phrases, pattern in ((CALLED, NATIONAL), (WEAKLY, WEAKLY_NATIONAL)):
        if sight.speaks_of(phrases):
            for match in pattern.finditer(sight.text):
                yield from _national(match[1], match.start(1), sight.phone_regions)


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
