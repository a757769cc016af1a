"""The table of a campaign, as `make faults` prints it; does no I/O."""

from collections.abc import Mapping

from tests.faults.campaign.fault import Result

HEADINGS = (
    "fault", "trials", "acknowledged", "lost", "repeated", "wrongly", "reordered", "ready s", "",
)  # fmt: skip


def table(results: Mapping[str, Result]) -> str:
    """One line for each kind of fault, and below it what else was measured."""
    rows = [HEADINGS, *(_row(name, result) for name, result in results.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    figures = [f"{name}: {each}" for name, result in results.items() for each in result.figures]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], *figures])


def _row(name: str, result: Result) -> tuple[str, ...]:
    numbers = (
        result.tried, result.acknowledged, result.lost,
        result.repeated, result.wrongly, result.reordered,
    )  # fmt: skip
    ready = "-" if result.ready is None else f"{result.ready:.2f}"
    verdict = f"{len(result.broken)} broken" if result.broken else "kept"
    return (name, *map(str, numbers), ready, verdict)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    name, *cells = row
    padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
    return "  ".join([name.ljust(widths[0]), *padded])
