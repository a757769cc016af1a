"""Figures beside what they should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_HEAD = ("figure", "value", "from … to", "target", "floor")


@dataclass(frozen=True)
class Figure:
    """One measured quantity: every run's value, of which the median counts."""

    name: str
    unit: str
    values: Sequence[float]
    target: str = ""
    floor: float | None = None

    @property
    def value(self) -> float:
        return median(self.values)

    def row(self) -> tuple[str, ...]:
        low, high = min(self.values), max(self.values)
        spread = f"{_number(low)} … {_number(high)}" if len(self.values) > 1 else ""
        floor = "" if self.floor is None else f"{_number(self.floor)} {self.unit}"
        return (self.name, f"{_number(self.value)} {self.unit}", spread, self.target, floor)


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [_HEAD, *(figure.row() for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
