"""How values are written for people, the same in HTML, Markdown and charts."""

import datetime as dt
import math
import re

from tasks.shared.pages.blocks import Cell, Change, Interval, Link, Measure, Number

DASH = "\N{EN DASH}"
UP, DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"
SHOWN_CHARACTERS, NAME_CHARACTERS, EXCERPT_CHARACTERS = 160, 80, 1200
SECRETS = re.compile(
    r"\b(?:sk|pk|rk|ghp|gho|ghs|xox[abprs]|glpat)[-_][\w-]{12,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|(?i:\bbearer\s+[\w.~+/-]{12,}=*)"
    r"|(?i:\b(?:api[-_ ]?key|secret|password|passwd|token)\b[\"']?\s*[:=]\s*[\"']?[^\s\"',;&]{4,})"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
)


def written(cell: Cell) -> str:
    """The cell as text; a link gives its text."""
    match cell:
        case None:
            return DASH
        case Number(value, measure):
            return number(value, measure)
        case Interval(low, high, measure):
            if low is None or high is None:
                return DASH
            between = DASH if low >= 0 else " to "
            return f"{number(low, measure)}{between}{number(high, measure)}"
        case Change():
            return changed(cell)
        case Link(text, _):
            return text
        case dt.datetime():
            return f"{cell:%H:%M:%S}"
    return cell


def changed(change: Change) -> str:
    """`\N{BLACK UP-POINTING TRIANGLE} +12.0 % (+3.0 % to +22.0 %)`; in words where noise alone could be it."""
    if change.value is None:
        return DASH
    moved = number(change.value, change.measure)
    if change.low is None or change.high is None:
        return moved
    ends = (number(end, change.measure).removesuffix(" points") for end in (change.low, change.high))
    within = f"{moved} ({' to '.join(ends)})"
    if not change.moved:
        return f"{within}, within noise"
    return f"{UP if change.value > 0 else DOWN} {within}"


def number(value: float | None, measure: Measure) -> str:
    """*value* with as many digits as its measure deserves."""
    if value is None or not math.isfinite(value):
        return DASH
    match measure:
        case "count" | "tokens":
            return f"{value:,.0f}"
        case "share":
            return _percent(value)
        case "change":
            return f"{value:+.1%}" if abs(value) < 10 else f"{value + 1:,.0f} times"
        case "points":
            return f"{value * 100:+.1f} points"
        case "ms":
            return _duration(value)
        case "usd":
            return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${value:.4f}"
        case "score":
            return f"{value:.3f}"
        case "difference":
            return f"{value:+.3f}" if value else "0"
    return f"{value:,.4g}"


def shortened(text: str | None, characters: int = SHOWN_CHARACTERS) -> str:
    """One line of *text*, secrets masked, cut at a word; a dash when empty."""
    line = " ".join(SECRETS.sub("[masked]", text or "").split())
    if len(line) <= characters:
        return line or DASH
    return line[:characters].rsplit(" ", 1)[0] + " …"


def excerpt(text: str | None, characters: int = EXCERPT_CHARACTERS) -> str:
    """*text* with its lines, secrets masked, cut where it is long; a dash when empty."""
    whole = SECRETS.sub("[masked]", text or "").strip()
    if len(whole) <= characters:
        return whole or DASH
    return f"{whole[:characters].rstrip()} … ({len(whole):,} characters)"


def _percent(share: float) -> str:
    """One decimal, two where that would hide what is left: 0.4 % or 99.97 %."""
    if share in {0, 1}:
        return f"{share:.0%}"
    return f"{share:.2%}" if share < 0.01 or share > 0.999 else f"{share:.1%}"


def _duration(ms: float) -> str:
    if ms < 1_000:
        return f"{ms:,.0f} ms"
    return f"{ms / 1_000:,.2f} s" if ms < 120_000 else f"{ms / 60_000:,.1f} min"
