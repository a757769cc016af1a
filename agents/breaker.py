"""When a model that keeps failing is left alone, and for how long.

A dead provider would cost each chat its patience, and each turn one of the gateway's slots. After
`FAILURES` failures without an answer the model rests: calls fail at once, so that fallbacks are
used without a wait, until a probe has an answer.
"""

from dataclasses import dataclass, replace

from agents.errors import BadResponse, ModelError, NotReachable, Overloaded, TimedOut

FAILURES = 5
"""So many in a row, each within `WINDOW` seconds of the next four, and the model rests."""

WINDOW = 60.0

LEAST = 5.0
"""Seconds that a run of failures lasts at least before it counts: what is over sooner is bridged
by the retries of each turn, and a burst of chats is no longer trouble than one chat is."""

FIRST_REST = 5.0
"""Seconds until the first probe; each that fails doubles them."""

LONGEST_REST = 60.0

_OF_A_DEAD_ONE = (Overloaded, NotReachable, TimedOut, BadResponse)


def counts(error: ModelError) -> bool:
    """Whether an error says that nobody would get an answer.

    A provider that declines a request, a key or a rate is alive, and says so quickly.
    """
    return isinstance(error, _OF_A_DEAD_ONE)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one model. Times are seconds of one steady clock.

    `since` is when the first call of the run of failures began, `failures` when the latest of
    them ended. `rest` is how many seconds the model is left alone before a probe; 0: it is asked.
    """

    since: float = 0.0
    failures: tuple[float, ...] = ()
    rest: float = 0.0

    @property
    def resting(self) -> bool:
        """Whether it is not asked."""
        return self.rest > 0

    def failed(self, *, began: float, now: float) -> "Breaker":
        """A call failed that began then. A resting model's late failures change nothing."""
        if self.resting:
            return self
        in_a_row = bool(self.failures) and began - self.failures[-1] <= WINDOW
        since = min(self.since, began) if in_a_row else began
        failures = (*(self.failures if in_a_row else ()), now)[-FAILURES:]
        dead = len(failures) == FAILURES and now - failures[0] <= WINDOW and now - since >= LEAST
        return Breaker(since, failures, FIRST_REST if dead else 0.0)

    def answered(self) -> "Breaker":
        """A call, or a probe, had an answer: all is forgotten."""
        return WHOLE

    def probed_in_vain(self) -> "Breaker":
        """A probe failed, too."""
        return replace(self, rest=min(2 * self.rest, LONGEST_REST))


WHOLE = Breaker()
"""That of a model which nothing is known against."""
