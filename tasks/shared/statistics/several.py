"""Several claims at once: Holm's step-down, for p-values and for claims that can say whether they hold at a level."""

from collections.abc import Callable, Mapping, Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: a claim at or below a level is made with that chance of any false claim.

    Source: S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics
    6, 65-70.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for step, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - step) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def step_down(claims: Mapping[str, Callable[[float], bool]], tail: float) -> dict[str, float]:
    """The claims that hold together, each with the tail at which it was looked at; *tail* bounds any false one.

    Claim(t) tells whether the claim holds at tail t, and holds at every larger one then. First all are asked at tail /
    number of claims; those that hold leave, and the others are asked at tail / number of those left, until none leaves.
    That is Holm's procedure without p-values, which bounds of a group-sequential test do not have.

    Source: as `holm`.
    """
    left, made = dict(claims), dict[str, float]()
    while left:
        share = tail / len(left)
        held = [name for name, holds in left.items() if holds(share)]
        if not held:
            break
        for name in held:
            made[name] = share
            del left[name]
    return made
