"""Tables as text: columns in a fixed-width font, or a record per row where they would not fit."""

from collections.abc import Iterable, Iterator
from unicodedata import combining, east_asian_width

from channels.document import Align, Span, Spans, Style, Table, plain

MAX_WIDTH = 46
"""Columns of a fixed-width font that a telephone shows without breaking the line, about."""


def aligned(table: Table) -> str | None:
    """The table in columns, or None where it is too wide, or has links that would be lost."""
    rows = [[plain(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 3 * (len(widths) - 1) > MAX_WIDTH or _has_links(table):
        return None
    lines = [_line(row, widths, table.aligns) for row in rows]
    lines.insert(1, "─┼─".join("─" * wide for wide in widths))
    return "\n".join(lines)


def _has_links(table: Table) -> bool:
    return any(span.link for row in (table.header, *table.rows) for cell in row for span in cell)


def _line(row: list[str], widths: list[int], aligns: tuple[Align, ...]) -> str:
    cells = (_pad(*cell) for cell in zip(row, widths, aligns, strict=True))
    return " │ ".join(cells).rstrip()


def _pad(text: str, wide: int, align: Align) -> str:
    space = wide - width(text)
    left = {Align.LEFT: 0, Align.CENTER: space // 2, Align.RIGHT: space}[align]
    return " " * left + text + " " * (space - left)


def width(text: str) -> int:
    """Columns that a text takes in a fixed-width font: wide characters two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )


def records(table: Table) -> Iterator[Spans]:
    """The rows as paragraphs: a line for each cell with its column's name, the first in bold."""
    if not table.rows:
        yield _joined(table.header, " │ ")
    for row in table.rows:
        lines = [_field(name, cell) for name, cell in zip(table.header, row, strict=True)]
        lines[0] = bold(lines[0])
        yield _joined(lines, "\n")


def _field(name: Spans, cell: Spans) -> Spans:
    return (*name, Span(": "), *(cell or (Span("–"),))) if name else cell


def bold(spans: Spans) -> Spans:
    """The spans in bold besides whatever they are."""
    return tuple(Span(span.text, span.style | Style.BOLD, span.link) for span in spans)


def _joined(lines: Iterable[Spans], between: str) -> Spans:
    spans: list[Span] = []
    for line in lines:
        if spans and line:
            spans.append(Span(between))
        spans.extend(line)
    return tuple(spans)
