"""A document laid out as a column of text, for platforms that know styles but few blocks.

Headings become bold, lists get bullets and indentation, tables become aligned columns or, where
they are too wide for a telephone, a record per row. The result is what `channels.split` cuts.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from channels import grammar
from channels.columns import aligned, bold, records
from channels.document import (
    Block,
    CodeBlock,
    Heading,
    Item,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
)

TakesLink = Callable[[str], bool]
"""Whether a platform makes a URL clickable behind other words."""

_RULE = "──────────"
_INDENT = "    "
_TASKS = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that belongs together: a paragraph, an item, a block of code.

    `gap` is how many line breaks part it from the piece before. `code` is its language where it
    is preformatted (perhaps empty), else None. `quote` numbers the quote it stands in, 0 is none.
    `keep` says that it heads what follows and should not stand last in a message.
    """

    spans: Spans
    gap: int = 2
    code: str | None = None
    quote: int = 0
    keep: bool = False


def lay_out(document: Iterable[Block], takes_link: TakesLink) -> list[Piece]:
    """The pieces of a document, in order; those without any text are left out.

    A link that the platform would drop shows its URL behind its words.
    """
    layout = _Layout(takes_link)
    for block in document:
        layout.block(block, 2)
    return layout.pieces


class _Layout:
    def __init__(self, takes_link: TakesLink) -> None:
        self.pieces: list[Piece] = []
        self._takes_link = takes_link
        self._quotes = 0
        self._depth = 0
        self._indent = ""
        self._marker = ""

    def block(self, block: Block, gap: int) -> None:
        """Add a block, `gap` line breaks after what precedes it."""
        match block:
            case Paragraph(spans):
                self._prose(spans, gap)
            case Heading(_, spans):
                self._prose(bold(spans), gap, keep=True)
            case CodeBlock():
                self._code(block, gap)
            case Quote(blocks):
                self._quote(blocks, gap)
            case ListBlock():
                self._list(block, gap)
            case Table():
                self._table(block, gap)
            case Rule():
                self._prose((Span(_RULE),), gap)

    def _add(self, piece: Piece) -> None:
        if any(span.text for span in piece.spans):
            self.pieces.append(piece)

    def _prose(self, spans: Spans, gap: int, *, keep: bool = False) -> None:
        shown = shown_links(spans, self._takes_link)
        lead, self._marker = self._marker or self._indent, ""
        nested = "> " * (self._depth - 1)
        if lead or nested:
            shown = (Span(lead + nested), *_indented(shown, self._indent + nested))
        self._add(Piece(shown, gap, None, self._quote_number(), keep))

    def _quote_number(self) -> int:
        return self._quotes if self._depth else 0

    def _code(self, block: CodeBlock, gap: int) -> None:
        caption = block.caption
        if not block.code.strip():
            # No box that could name its language: the words beside the fence are all there is.
            caption = f"{block.language} {caption}".strip()
        gap = self._lone_marker(gap)
        if caption:
            self._prose((Span(caption),), gap, keep=True)
            gap = 1
        self._boxed(block.code, block.language, gap)

    def _boxed(self, text: str, language: str, gap: int) -> None:
        self._add(Piece((Span(text),), gap, language, self._quote_number()))

    def _lone_marker(self, gap: int) -> int:
        """An item that begins with a box has its marker on a line of its own."""
        if not self._marker:
            return gap
        self._prose((), gap, keep=True)
        return 1

    def _quote(self, blocks: tuple[Block, ...], gap: int) -> None:
        gap = self._lone_marker(gap)
        if not self._depth:
            self._quotes += 1
        self._depth += 1
        for block in blocks:
            self.block(block, gap)
            gap = 2
        self._depth -= 1

    def _list(self, block: ListBlock, gap: int) -> None:
        gap = self._lone_marker(gap)
        between = 1 if block.tight else 2
        for item in block.items:
            self._item(item, gap, between)
            gap = between

    def _item(self, item: Item, gap: int, between: int) -> None:
        outer = self._indent
        blocks = item.blocks
        self._marker = outer + (item.marker or "•") + " "
        self._indent = outer + _INDENT
        if not item.marker and blocks and isinstance(blocks[0], Paragraph):
            blocks = (self._task(blocks[0]), *blocks[1:])
        for block in blocks:
            self.block(block, gap)
            gap = between
        self._lone_marker(gap)
        self._indent = outer

    def _task(self, paragraph: Paragraph) -> Paragraph:
        """A box to tick takes the place of the bullet."""
        first = paragraph.spans[0] if paragraph.spans else Span("")
        box = _TASKS.get(first.text[:4])
        if box is None or first.style or first.link:
            return paragraph
        self._marker = self._marker.removesuffix("• ") + box
        return Paragraph((replace(first, text=first.text[4:]), *paragraph.spans[1:]))

    def _table(self, table: Table, gap: int) -> None:
        gap = self._lone_marker(gap)
        text = aligned(table)
        if text is not None:
            self._boxed(text, "", gap)
            return
        for spans in records(table):
            self._prose(spans, gap)
            gap = 2


def _indented(spans: Spans, indent: str) -> Iterator[Span]:
    for span in spans:
        if "\n" in span.text:
            yield replace(span, text=span.text.replace("\n", "\n" + indent))
        else:
            yield span


def shown_links(spans: Spans, takes_link: TakesLink) -> Spans:
    """The spans with every link that `takes_link` refuses as words and a visible URL."""
    if all(span.link is None or takes_link(span.link) for span in spans):
        return spans
    return tuple(_shown(spans, takes_link))


def _shown(spans: Spans, takes_link: TakesLink) -> Iterator[Span]:
    refused: str | None = None
    words = ""
    for span in (*spans, Span("")):
        if refused is not None and span.link != refused:
            url = grammar.readable(refused)
            if words not in (refused, url, url.removeprefix("mailto:")):
                yield Span(f" ({url.removeprefix('mailto:')})")
            refused, words = None, ""
        if span.link is None or takes_link(span.link):
            if span.text:
                yield span
            continue
        refused = span.link
        words += span.text
        yield replace(span, link=None)
