"""Floats as Phoenix's projected route prints them.

`POST /v1/spans` answers JSON written by pandas' ujson with ten decimals: 1e-12 becomes 0.0. `GET /v1/spans` prints
them exactly. Both routes must give the same rows, so the coarser form is the canonical one, and this is the same
arithmetic in the same order (pandas/_libs/src/vendored/ujson/lib/ultrajsonenc.c, Buffer_AppendDoubleUnchecked);
plain round(x, 10) differs from it near ties.
"""

DECIMALS = 10
SCALE = 10.0**DECIMALS
LARGEST_PLAIN = 1e16 - 1
SMALLEST_PLAIN = 1e-15


def as_printed(value: float) -> float:
    """*value* after printing with ten decimals and reading again; applying it twice changes nothing."""
    size = abs(value)
    if size > LARGEST_PLAIN or 0.0 < size < SMALLEST_PLAIN:
        return float(f"{value:.{DECIMALS}g}")
    whole = int(size)
    if size == whole:
        return value + 0.0
    scaled = (size - whole) * SCALE
    fraction = int(scaled)
    rest = scaled - fraction
    if rest > 0.5 or (rest == 0.5 and (fraction == 0 or fraction % 2 == 1)):
        fraction += 1
    if fraction >= SCALE:
        whole, fraction = whole + 1, 0
    printed = float(f"{whole}.{fraction:0{DECIMALS}d}")
    return -printed if value < 0 else printed
