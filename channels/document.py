"""What an answer consists of, apart from any platform: a small frozen tree.

Blocks nest (a list in a quote in a list). Inside a block the text is flat: a row of spans, each
with all that applies to it, so that it can be split anywhere and no renderer has to nest.
"""

from dataclasses import dataclass
from enum import IntFlag, StrEnum


class Style(IntFlag):
    """How a span looks. Flags combine; `CODE` is inline code, taken verbatim."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    CODE = 8


@dataclass(frozen=True, slots=True)
class Span:
    """Text set in one way. A line break is a newline in `text`; `link` is a URL of any scheme."""

    text: str
    style: Style = Style.PLAIN
    link: str | None = None


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of `level` 1 to 6."""

    level: int
    spans: Spans


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code, verbatim and without its last newline.

    `language` is the first word after the fence, `caption` whatever else stood there.
    """

    code: str
    language: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words."""

    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; `marker` is ``1.`` or ``1)``, and empty in a bullet list."""

    blocks: tuple["Block", ...]
    marker: str = ""


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list. In a `tight` one no empty lines stand between the items."""

    items: tuple[Item, ...]
    tight: bool = True


class Align(StrEnum):
    """To which side a table's column leans."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Every row has as many cells as `header` and `aligns`."""

    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]
    aligns: tuple[Align, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""


Block = Paragraph | Heading | CodeBlock | Quote | ListBlock | Table | Rule


def plain(spans: Spans) -> str:
    """The words of the spans alone."""
    return "".join(span.text for span in spans)
