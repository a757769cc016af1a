"""What happens in each hour of a day; decides, and does no I/O."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count

HOURS = 24


class Deed(Enum):
    """What somebody does, or what happens."""

    SAY = auto()
    LONG = auto()
    ASK_TIME = auto()
    COMMAND = auto()
    EDIT = auto()
    DELETE = auto()
    SHARE = auto()
    STRANGER = auto()
    TROUBLE = auto()
    RELOAD = auto()


_WEIGHTS = {
    Deed.SAY: 700, Deed.LONG: 20, Deed.ASK_TIME: 60, Deed.COMMAND: 40, Deed.EDIT: 40,
    Deed.DELETE: 20, Deed.SHARE: 20, Deed.STRANGER: 10, Deed.TROUBLE: 25, Deed.RELOAD: 2,
}  # fmt: skip
COMMANDS = ("/status", "/help", "/title A day", "/compact", "/stop", "/sessions")


@dataclass(frozen=True, slots=True)
class Step:
    """One deed; `number` makes its words unlike all others."""

    deed: Deed
    number: int


def busy(hour: int) -> float:
    """The share of a peak hour's traffic: quiet at night, a peak at noon and one at eight."""
    noon, evening = _near(hour, 12, 3.0), _near(hour, 20, 2.0)
    return 0.05 + 0.95 * max(noon, evening)


def _near(hour: int, peak: int, width: float) -> float:
    return math.exp(-(((hour % HOURS) - peak) ** 2) / (2 * width**2))


def hours(seed: int, many: int, peak: int) -> Iterator[Sequence[Step]]:
    """So many hours from midnight on, with `peak` deeds in the busiest."""
    rng, numbers = random.Random(seed), count(1)
    kinds, weights = zip(*_WEIGHTS.items(), strict=True)
    for hour in range(many):
        chosen = rng.choices(kinds, weights, k=max(round(peak * busy(hour)), 1))
        yield [Step(deed, next(numbers)) for deed in chosen]
