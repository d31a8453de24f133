"""How many calls a provider takes per second, found out by what it answers and what it turns away.

Limits of providers are rates, so room for one call at a time is still too much of quick calls. Until a call is turned
away there is no limit. Then it is what was answered in that second, and grows by a tenth for each second of answers: by
twice as much after every second in which none was turned away, so that a limit that was found too low does not last.
"""

from math import inf

SECOND = 1.0
GROWTH = 0.1
LEAST_PER_SECOND = 0.2


class Rate:
    """Starts per second at one provider, never above *ceiling*. Times are seconds of one clock."""

    def __init__(self, ceiling: float | None = None) -> None:
        self.ceiling = ceiling or inf
        self.per_second = self.ceiling
        self._since: float | None = None
        self._answered = self._refused = 0
        self._growth = GROWTH

    @property
    def interval(self) -> float:
        """Seconds between two starts."""
        return 1 / self.per_second

    def answered(self, now: float) -> None:
        """A call was answered."""
        self._turn_page(now)
        self._answered += 1

    def refused(self, now: float) -> None:
        """A call was turned away while there was no room for more: that it was one too many says something."""
        self._turn_page(now)
        self._refused += 1

    def _turn_page(self, now: float) -> None:
        """Once a second, what was counted in it decides; a longer pause in between says nothing of the rate."""
        if self._since is None:
            self._since = now
        elapsed = now - self._since
        if elapsed < SECOND:
            return
        if elapsed < 2 * SECOND or (self._refused and not self._answered):
            self._decide(self._answered / elapsed)
        self._since, self._answered, self._refused = now, 0, 0

    def _decide(self, taken: float) -> None:
        if self._refused:
            self._growth = GROWTH
            self.per_second = max(LEAST_PER_SECOND, min(self.per_second, taken))
        elif self.per_second < self.ceiling:
            self._growth *= 2
        self.per_second = min(self.ceiling, self.per_second * (1 + self._growth))
