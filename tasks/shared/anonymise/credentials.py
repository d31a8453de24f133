"""Keys, tokens and passwords: by the forms their issuers gave them, and by what stands before them."""

import re
from collections.abc import Iterator

from tasks.shared.anonymise.found import Found, Sight
from tasks.shared.anonymise.masks import BLANK

ISSUED = re.compile(
    r"""-----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    |(?<![A-Za-z0-9])(?:
      (?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}
      |gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}
      |xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}
      |sk-[A-Za-z0-9_-]{20,}|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{16,}
      |AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}
      |hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|dapi[0-9a-f]{32}
      |SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|SK[0-9a-f]{32}|ABSK[A-Za-z0-9+/=]{40,}
      |eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    )(?![A-Za-z0-9])""",
    re.VERBOSE | re.DOTALL,
)
HEADER = re.compile(r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{16,}=*)")
IN_URL = re.compile(r"://([^\s/@:\"'<>\\]+:[^\s/@\"'<>\\]+)@")
# Up to the next parameter of a query string.
VALUE = rf"""(?:[^\s"'`,;&<>\\{BLANK}]|&(?![\w-]+=))"""
# In a JSON text inside of another one, quotes have backslashes.
QUOTE = r"""(?:\\*["'`])?"""
PASSWORD = re.compile(
    rf"""(?i)(?<![a-z])(?P<name>pass(?:word|wd|wort|phrase|code)?|pwd|kennwort){QUOTE}
    (?P<sign>[^\S\n]*[:=][^\S\n]*|[^\S\n]+(?:is|ist)[^\S\n]+)
    {QUOTE}(?P<value>{VALUE}{{4,}})""",
    re.VERBOSE,
)
KEY = "api|access|auth|account|private|secret|client|encryption|signing"
NAMED = re.compile(
    rf"""(?i)(?<![a-z])(?:[a-z0-9]{{1,30}}[_-]){{0,6}}(?:secret|token|credential|(?:{KEY})[_ -]?(?:access[_ -]?)?key)s?
    {QUOTE}\s*(?:[:=]|\bis\b)\s*{QUOTE}(?P<value>{VALUE}{{8,}})""",
    re.VERBOSE,
)
PLACEHOLDER = re.compile(r"[:${%?*(\[]|(?:null|none|true|false)\b", re.IGNORECASE)
PLAIN_NAME = re.compile(r"[A-Za-z_.()]+")
# Words without which no text has a named or issued credential; for `Sight.words`, and for the text as it is.
NAMING = ("pass", "pwd", "kennwort")
KEYING = ("secret", "token", "credential", "key")
ISSUING = (
    *(
        "-----BEGIN",
        "AKIA",
        "ASIA",
        "AROA",
        "AIDA",
        "ABIA",
        "ACCA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
    ),
    *("glpat-", "xox", "xapp-", "sk-", "k_live", "k_test", "whsec_", "AIza", "ya29.", "hf_", "npm_", "pypi-", "dapi"),
    *("SG.", "SK", "ABSK", "eyJ"),
)


def credentials(sight: Sight) -> Iterator[Found]:
    """Keys and tokens of known issuers, then whatever a text calls a password, a key or a token."""
    patterns = [ISSUED] if any(form in sight.text for form in ISSUING) else []
    patterns += [HEADER] if sight.speaks_of(("bearer", "basic")) else []
    patterns += [IN_URL] if "://" in sight.text else []
    for pattern in patterns:
        for match in pattern.finditer(sight.text):
            yield Found(*match.span(pattern.groups), match[pattern.groups])
    if sight.speaks_of(NAMING):
        yield from (_trimmed(m) for m in PASSWORD.finditer(sight.text) if _is_password(m))
    if any(word in sight.words for word in KEYING):
        yield from (_trimmed(m) for m in NAMED.finditer(sight.text) if _is_random(m["value"]))


def _trimmed(match: re.Match[str]) -> Found:
    """The value without the full stop or bracket of the sentence around it."""
    value = match["value"].rstrip(".)]}!?")
    return Found(match.start("value"), match.start("value") + len(value), value)


def _is_password(match: re.Match[str]) -> bool:
    """Whether the value is one, and not a parameter, a column (`p.password`), a word (`is required`) or a verdict."""
    value, sign = match["value"], match["sign"]
    if match["name"].lower() == "pass":
        return _is_random(value)
    if PLACEHOLDER.match(value) or not value.rstrip(".)]}!?"):
        return False
    return ":" in sign or sign == sign.strip() or not PLAIN_NAME.fullmatch(value)


def _is_random(value: str) -> bool:
    """Letters and digits mixed; names and counts (`max_tokens: 1024`) are not."""
    return (
        not PLACEHOLDER.match(value)
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and not re.fullmatch(r"[A-Za-z_.]+\d{0,2}|[\d.]+[A-Za-z]{1,3}", value)
    )
