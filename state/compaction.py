"""What leaves a model's context when the conversation outgrows it. The history keeps everything.

For now the context slides: the oldest whole turns leave it, so many at a time that it happens
seldom and the provider's cache of the beginning stays good in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass

KEPT_SHARE = 0.6
"""How much of the limit is kept when the context slides (the seeds' `compact_ratio` of 0.4)."""


@dataclass(frozen=True, slots=True)
class TurnSize:
    """A turn in the context: the position of its first entry, and its length in tokens."""

    position: int
    tokens: int


def is_due(tokens: int, *, limit: int, threshold: float) -> bool:
    """Whether a context of so many tokens has reached its share of the limit."""
    return tokens >= limit * threshold


def slide(turns: Sequence[TurnSize], *, limit: int) -> int:
    """How many of the oldest turns leave so that the rest fits `KEPT_SHARE` of the limit.

    At least one leaves, and the newest one stays, however long it is.
    """
    budget = limit * KEPT_SHARE
    kept = 0
    total = 0
    for turn in reversed(turns):
        total += turn.tokens
        if total > budget:
            break
        kept += 1
    if len(turns) < 2:
        return 0
    return max(len(turns) - max(kept, 1), 1)
