"""The exact interval of a share, also of clustered examples: for claims about rates near 0 and 1."""


def exact_share(share: float, n: float, tail: float) -> tuple[float, float]:
    """The bounds that the true share lies below, and above, with probability *tail* each at most.

    *n* is the number of independent trials that tell as much; it need not be whole. Wilson's interval holds the truth
    on average; but of a true share of 0.95, ten trials give 8 or fewer in 8.6 % of the draws, which Wilson's upper
    bound with 2.5 % calls surely less.

    Sources: C. J. Clopper and E. S. Pearson (1934), The use of confidence or fiducial limits illustrated in the case of
    the binomial, Biometrika 26, 404-413; E. L. Korn and B. I. Graubard (1998), Confidence intervals for proportions
    with small expected number of positive counts estimated from survey data, Survey Methodology 24, 193-201 (effective
    size).

    Raises:
        ValueError: *n* is not positive, or *share* is outside [0, 1].
    """
    from scipy.special import betaincinv

    if not (n > 0 and 0 <= share <= 1):
        raise ValueError(f"share {share} of {n} trials. Give a share from 0 to 1 and more than 0 trials.")
    successes = share * n
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high
