"""What a row of the campaign is, and what it tells.

A module of this package that has `FAULTS` brings rows; nothing else is needed to add some:

    FAULTS = (ClockJumps(),)

A fault makes so many *trials*: it lets Argent work, does the harm, lets Argent go on, and judges
what came of it, by `tests.acceptance.checker` wherever messages are said (`Result.of` counts what
that found). What was found to be wrong is no exception but a sentence in `Result.broken`, so that
one bad trial does not end the others. The same seed makes the same choices.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import add
from pathlib import Path
from typing import Protocol

from tests.acceptance.checker import Record, faults, repeats


class Size(StrEnum):
    """How much of a campaign is run."""

    SMALL = "small"
    """A sample for a change: the fast suite runs as much. Seconds for each row."""

    MEDIUM = "medium"
    """A few minutes for each row."""

    ALL = "all"
    """Everything there is to try: every call, a night's number of kills."""


@dataclass(frozen=True, slots=True)
class Trials:
    """How many trials each size has; a row that has fewer in all tries those."""

    small: int
    medium: int
    all: int

    def of(self, size: Size) -> int:
        """The number at this size."""
        return int(getattr(self, size.value))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of some trials; results add up.

    `repeated` parts may be so, `wrongly` repeated ones break the contract (none on Discord, one for
    each crash and chat elsewhere). `ready` is the slowest start after a crash, in seconds;
    `figures` what else was measured, as it is printed.
    """

    tried: int = 0
    acknowledged: int = 0
    lost: int = 0
    repeated: int = 0
    wrongly: int = 0
    reordered: int = 0
    ready: float | None = None
    broken: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()

    def __add__(self, other: "Result") -> "Result":
        known = [each for each in (self.ready, other.ready) if each is not None]
        return Result(
            tried=self.tried + other.tried,
            acknowledged=self.acknowledged + other.acknowledged,
            lost=self.lost + other.lost,
            repeated=self.repeated + other.repeated,
            wrongly=self.wrongly + other.wrongly,
            reordered=self.reordered + other.reordered,
            ready=max(known, default=None),
            broken=self.broken + other.broken,
            figures=tuple(dict.fromkeys(self.figures + other.figures)),
        )

    @classmethod
    def of(cls, record: Record, *, trial: str, ready: float | None = None) -> "Result":
        """One trial, as the checker judges it; `trial` names it in what is broken."""
        found = faults(record)
        kinds = [sentence.partition(":")[0] for sentence in found]
        wrongly = kinds.count("repeated")
        return cls(
            tried=1,
            acknowledged=len(record.said),
            lost=kinds.count("lost"),
            repeated=max(repeats(record) - wrongly, 0),
            wrongly=wrongly,
            reordered=kinds.count("reordered"),
            ready=ready,
            broken=tuple(f"{trial}: {sentence}" for sentence in found),
        )


class Fault(Protocol):
    """One kind of fault: a row of the table."""

    @property
    def name(self) -> str:
        """What the row is called: "kill at every system call"."""
        ...

    @property
    def trials(self) -> Trials:
        """How many trials each size has."""
        ...

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        """Make so many trials, chosen by the seed, in this empty folder.

        Raises only when the trial itself cannot be made, never for what Argent did wrong.
        """
        ...


def total(results: Iterable[Result]) -> Result:
    """All of them together."""
    return reduce(add, results, Result())
