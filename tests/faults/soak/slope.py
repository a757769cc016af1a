"""Whether figures that were taken again and again stay where they are; does no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

SETTLED = 0.4
"""The share of the samples that are left out: until then, caches fill."""


def slope(values: Sequence[float]) -> float:
    """How much a figure grows from one sample to the next: the median of the slopes of all pairs.

    One sample in four may be anything (Theil and Sen):
    https://en.wikipedia.org/wiki/Theil%E2%80%93Sen_estimator.
    """
    pairs = combinations(enumerate(values), 2)
    return median((late - early) / (j - i) for (i, early), (j, late) in pairs)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure may grow in 24 samples, and what it may be at most."""

    growth: float
    most: float = float("inf")


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over a day. `growth` is what 24 samples add to it at its slope."""

    name: str
    values: tuple[float, ...]
    growth: float
    bound: Bound

    @property
    def flat(self) -> bool:
        """Whether it stays where it is."""
        return self.growth <= self.bound.growth and max(self.values) <= self.bound.most

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        verdict = "flat" if self.flat else "NOT FLAT"
        return f"{self.name}: {low:g} … {high:g}, {self.growth:+.2f} a day, {verdict}"


def trends(
    samples: Sequence[Mapping[str, float]], bounds: Mapping[str, Bound], other: Bound
) -> list[Trend]:
    """Each figure's trend, once the caches are full; `other` bounds what `bounds` do not name."""
    settled = samples[int(len(samples) * SETTLED) :]
    names = sorted({name for sample in settled for name in sample})
    return [
        Trend(name, values, 24 * slope(values), bounds.get(name, other))
        for name in names
        if (values := tuple(sample.get(name, 0) for sample in settled))
    ]
