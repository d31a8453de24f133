"""Several claims, at once or one after the other: Holm's step-down, Benjamini and Hochberg's step-up, spending.

For p-values, and for claims that can say whether they hold at a level.
"""

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


def step_up(claims: Mapping[str, Callable[[float], bool]], rate: float) -> set[str]:
    """The claims that hold together, false ones being a share of *rate* of them at most, on average.

    Claim(t) is as for `step_down`. The largest k is looked for of which k claims hold at rate * k / number of claims.
    It holds for claims that are independent, or that rise together.

    Source: Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate, Journal of the Royal Statistical
    Society B 57, 289-300; Y. Benjamini and D. Yekutieli (2001), The control of the false discovery rate in multiple
    testing under dependency, Annals of Statistics 29, 1165-1188 (claims that rise together).
    """
    count = len(claims)
    while count:
        held = {name for name, holds in claims.items() if holds(rate * count / len(claims))}
        if len(held) == count:
            return held
        count = len(held)  # no k between holds: fewer claims hold at a smaller share
    return set()


def at_each_look(error: float, looks: int, held: int = 1) -> float:
    """What each of so many *looks* may err, so that any of them makes a false claim with a chance of *error* at most.

    It is error / looks, however the looks depend on each other. Where a claim has to be *held* by so many looks at data
    that do not depend on each other, each may err by that root of it: their chances multiply.

    Source: O. J. Dunn (1961), Multiple comparisons among means, Journal of the American Statistical Association 56,
    52-64 (Bonferroni's inequality).

    Raises:
        ValueError: no looks, or held by none.
    """
    if looks < 1 or held < 1:
        raise ValueError(f"{looks} looks, held by {held}. Give at least one of each.")
    return float((error / looks) ** (1 / held))


def spending(number: int, error: float) -> float:
    """What the *number*-th claim (from 1) may spend of *error*, if nobody knows how many more will come.

    It is error / (number * (number + 1)): a half, a sixth, a twelfth. All together spend no more than *error*, so the
    chance of any false claim is within it, however the claims' data depend on each other.

    Source: J. Tian and A. Ramdas (2021), Online control of the familywise error rate, Statistical Methods in Medical
    Research 30, 976-993, section 2 (alpha-spending, by any sequence that sums to 1).

    Raises:
        ValueError: *number* is below 1.
    """
    if number < 1:
        raise ValueError(f"claim number {number}. Count from 1.")
    return error / (number * (number + 1))
