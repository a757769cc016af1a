"""Markdown as HTML that can do nothing: words escaped, links to the web and to mail only. Pure.

It is made from `channels.markdown`'s tree, so an export reads as the answer did in a chat.
"""

from collections.abc import Iterable
from html import escape

from channels.document import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Style,
    Table,
)
from channels.markdown import parse
from gateway.visible import visible

SCHEMES = ("https://", "http://", "mailto:")
"""How a link may begin. Anything else stays visible as text: a page that is opened from a disk must
not lead to another file, nor run what a model wrote."""

_TAGS = ((Style.CODE, "code"), (Style.STRIKE, "s"), (Style.ITALIC, "em"), (Style.BOLD, "strong"))


def words(text: str) -> str:
    """A text as it stands, harmless in an element and in a quoted attribute."""
    return escape(visible(text))


def markup(markdown: str) -> str:
    """What a model wrote, as HTML."""
    return _blocks(parse(markdown))


def _blocks(blocks: Iterable[Block]) -> str:
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(spans):
            return f"<p>{_spans(spans)}</p>"
        case Heading(level, spans):
            # The page has headings of its own; those of an answer rank below them.
            rank = min(level + 3, 6)
            return f"<h{rank}>{_spans(spans)}</h{rank}>"
        case CodeBlock(code, language, caption):
            head = " ".join(filter(None, (language, caption)))
            label = f'<p class="note">{words(head)}</p>\n' if head else ""
            return f"{label}<pre>{words(code)}</pre>"
        case Quote(blocks):
            return f"<blockquote>\n{_blocks(blocks)}\n</blockquote>"
        case ListBlock():
            return _list(block)
        case Table():
            return _table(block)
        case Rule():
            return "<hr>"


def _list(block: ListBlock) -> str:
    number = block.items[0].marker.rstrip(".)") if block.items else ""
    opening, closing = (f'<ol start="{int(number)}">', "</ol>") if number else ("<ul>", "</ul>")
    items = [f"<li>{_item(item.blocks, tight=block.tight)}</li>" for item in block.items]
    return "\n".join([opening, *items, closing])


def _item(blocks: tuple[Block, ...], *, tight: bool) -> str:
    if tight and blocks and isinstance(blocks[0], Paragraph):
        return "\n".join([_spans(blocks[0].spans), *map(_block, blocks[1:])])
    return _blocks(blocks)


def _table(table: Table) -> str:
    lines = ["<table>"]
    for tag, row in [("th", table.header), *(("td", row) for row in table.rows)]:
        cells = (
            f'<{tag} class="{align}">{_spans(cell)}</{tag}>'
            for cell, align in zip(row, table.aligns, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</table>"])


def _spans(spans: Iterable[Span]) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    text = words(span.text).replace("\n", "<br>\n")
    for style, tag in _TAGS:
        if style in span.style:
            text = f"<{tag}>{text}</{tag}>"
    if span.link is None:
        return text
    if not span.link.lower().startswith(SCHEMES):
        return text if span.link == span.text else f"{text} ({words(span.link)})"
    return f'<a href="{words(span.link)}" rel="noopener noreferrer nofollow">{text}</a>'
