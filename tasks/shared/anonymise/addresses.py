"""Addresses of people and machines: e-mail, MAC, IPv4 and IPv6."""

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress

from tasks.shared.anonymise.found import BEGUN, Found, Sight, digits_of

EMAIL = re.compile(
    r"(?<![\w.+%-])(?:[\w.+%-][\w.+%'-]{0,62})?[\w+%-]@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?![\w-])"
)
MAC = re.compile(
    rf"[0-9A-Fa-f]{BEGUN}"
    r"(?:[0-9A-Fa-f](?P<mark>[:-])(?:[0-9A-Fa-f]{2}(?P=mark)){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{3}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:]|[.-]\w)"
)
IPV4 = re.compile(r"\d(?<![\w.].)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?!\w|\.\d|-\w)")
IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}|::(?:[0-9A-Fa-f]{1,4}:){1,5})"
    r"(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4})?(?![\w:])"
)
# `firmware 10.2.0.1` is no address.
VERSION = re.compile(
    r"(?i)(?:\b(?:version|firmware|release|build|revision|driver|rev|ver|fw)\b[^\w\n]{0,3}(?:is )?|\bv)$"
)
VERSION_REACH = 16


def emails(sight: Sight) -> Iterator[Found]:
    """Internet addresses (RFC 5322's dot-atoms), in every script."""
    if "@" in sight.text:
        for match in EMAIL.finditer(sight.text):
            yield Found(match.start(), match.end(), match[0].lower())


def macs(sight: Sight) -> Iterator[Found]:
    """Hardware addresses, in pairs of digits or Cisco's fours."""
    if any(sight.text.count(mark) >= fewest for mark, fewest in ((":", 5), ("-", 5), (".", 2))):
        for match in MAC.finditer(sight.text):
            yield Found(match.start(), match.end(), re.sub(r"[:.-]", "", match[0]).lower())


def ips(sight: Sight) -> Iterator[Found]:
    """Addresses of hosts other than this one and none; not what is called a version."""
    if sight.text.count(".") >= 3:
        for match in IPV4.finditer(sight.text):
            if not VERSION.search(sight.text, max(0, match.start() - VERSION_REACH), match.start()):
                yield from _valid(match)
    if "::" in sight.text or sight.text.count(":") >= 7:
        for match in IPV6.finditer(sight.text):
            if _like_ipv6(match[0]):
                yield from _valid(match)


def _valid(match: re.Match[str]) -> Iterator[Found]:
    with suppress(ValueError):
        address = ipaddress.ip_address(match[0])
        if not (address.is_loopback or address.is_unspecified):
            yield Found(match.start(), match.end(), str(address))


def _like_ipv6(text: str) -> bool:
    """Whether it is more than a cast of SQL: `5::dec` is an address, too."""
    groups = [group for group in text.split(":") if group]
    return len(groups) > 2 or (len(groups[0]) == 4 and bool(digits_of(groups[-1]) or not groups[0].isdigit()))
