"""Markdown to the tree of `channels.document`, once for all platforms."""

import re
from collections.abc import Callable, Iterator

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from channels import grammar
from channels.document import (
    Align,
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
    Style,
    Table,
)

LIMIT = 100_000
"""Characters that are parsed, at some 0.4 µs each in an ordinary answer."""

MOST_MARKS = 20_000
"""Characters that may be markup in what is parsed, ends of lines among them. In a text that is made
to be slow each costs up to 35 µs, and some hundred objects for the garbage collector to walk."""

_MARK = re.compile(r"[\n*_`~|<>&!\[\]\\#]")


def parse(markdown: str) -> tuple[Block, ...]:
    """The blocks of a text that a model wrote, every word of it.

    What Markdown has no block for stays visible as text: HTML, footnotes, link definitions that
    no link uses. Images become links, and titles of links stand behind them in brackets. A text
    that is longer than `LIMIT`, or has more than `MOST_MARKS`, is taken as it stands.
    """
    if len(markdown) > LIMIT or _has_too_many_marks(markdown):
        return (Paragraph((Span(markdown),)),)
    tokens = grammar.tokens(markdown)
    return _Reader(tokens).blocks(None)


def _has_too_many_marks(markdown: str) -> bool:
    return len(markdown) > MOST_MARKS and len(_MARK.findall(markdown)) > MOST_MARKS


_LONGEST_LANGUAGE = 32
_STYLES = {"strong": Style.BOLD, "em": Style.ITALIC, "s": Style.STRIKE}


class _Reader:
    """Reads the parser's tokens in order; each method consumes one block and its closing."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._used = _used_labels(tokens)
        self._read: dict[str, Callable[[Token], Block | None]] = {
            "paragraph_open": self._paragraph,
            "heading_open": self._heading,
            "fence": self._code,
            "code_block": self._code,
            "blockquote_open": self._quote,
            "bullet_list_open": self._list,
            "ordered_list_open": self._list,
            "table_open": self._table,
            "hr": self._rule,
            "definition": self._definition,
        }

    def blocks(self, end: str | None) -> tuple[Block, ...]:
        """The blocks up to the token that closes what they are in."""
        found: list[Block] = []
        for token in self._until(end):
            block = self._read[token.type](token)
            if block is not None:
                found.append(block)
        return tuple(found)

    def _until(self, end: str | None) -> Iterator[Token]:
        """One token after the other, past `end`; whoever gets one may consume more."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == end:
                return
            yield token

    def _inline(self) -> Spans:
        self._at += 2
        return _spans(self._tokens[self._at - 2])

    def _paragraph(self, _: Token) -> Paragraph:
        return Paragraph(self._inline())

    def _heading(self, token: Token) -> Heading:
        return Heading(int(token.tag[1:]), self._inline())

    def _code(self, token: Token) -> CodeBlock:
        code = token.content.removesuffix("\n")
        info = unescapeAll(token.info).strip()
        language, *caption = info.split(maxsplit=1) or [""]
        if len(language) > _LONGEST_LANGUAGE:
            return CodeBlock(code, "", info)
        return CodeBlock(code, language, "".join(caption))

    def _quote(self, _: Token) -> Quote:
        return Quote(self.blocks("blockquote_close"))

    def _rule(self, _: Token) -> Rule:
        return Rule()

    def _definition(self, token: Token) -> Paragraph | None:
        used = token.meta["label"] in self._used
        return None if used else Paragraph((Span(token.content),))

    def _list(self, opening: Token) -> ListBlock:
        items: list[Item] = []
        number = -1
        tight = True
        for token in self._until(opening.type.replace("_open", "_close")):
            marker = ""
            if token.info:
                # Models count with 1. 1. 1. as well as with their own, meaningful numbers.
                number = max(number + 1, int(token.info))
                marker = f"{number}{token.markup}"
            first = self._tokens[self._at]
            tight = tight and (first.hidden or first.type != "paragraph_open")
            items.append(Item(self.blocks("list_item_close"), marker))
        return ListBlock(tuple(items), tight)

    def _table(self, _: Token) -> Table:
        aligns: list[Align] = []
        rows: list[tuple[Spans, ...]] = []
        row: list[Spans] = []
        for token in self._until("table_close"):
            if token.type == "th_open":
                style = str(token.attrGet("style") or "")
                aligns.append(Align(style.removeprefix("text-align:") or "left"))
            elif token.type == "inline":
                row.append(_spans(token))
            elif token.type == "tr_close":
                rows.append(tuple(row))
                row = []
        return Table(rows[0], tuple(rows[1:]), tuple(aligns))


def _used_labels(tokens: list[Token]) -> set[str]:
    if not any(token.type == "definition" for token in tokens):
        return set()
    return {
        child.meta["label"]
        for token in tokens
        for child in token.children or ()
        if "label" in child.meta
    }


def _spans(inline: Token) -> Spans:
    line = _Line()
    for token in inline.children or ():
        line.add(token)
    return line.finish()


class _Line:
    """Collects the spans of one block; text that looks the same is one span."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._text: list[str] = []
        self._open: list[Style] = []
        self._style = Style.PLAIN
        self._link: str | None = None
        self._title = ""
        self._before = 0

    def add(self, token: Token) -> None:
        kind = token.type
        if kind == "text":
            self._text.append(token.content)
        elif kind in ("softbreak", "hardbreak"):
            self._text.append("\n")
        elif kind == "code_inline":
            self._set(token.content, self._style | Style.CODE, self._link)
        elif kind == "link_open":
            self._open_link(token)
        elif kind == "link_close":
            self._close_link()
        elif kind == "image":
            self._image(token)
        elif token.nesting > 0:
            self._flush()
            self._open.append(self._style)
            self._style |= _STYLES[token.tag]
        elif token.nesting < 0:
            self._flush()
            self._style = self._open.pop()
        else:
            self._text.append(token.content)

    def finish(self) -> Spans:
        self._flush()
        return tuple(self._spans)

    def _flush(self) -> None:
        if text := "".join(self._text):
            self._spans.append(Span(text, self._style, self._link))
        self._text.clear()

    def _set(self, text: str, style: Style, link: str | None) -> None:
        self._flush()
        if text:
            self._spans.append(Span(text, style, link))

    def _open_link(self, token: Token) -> None:
        self._flush()
        self._link = str(token.attrGet("href") or "") or None
        self._title = str(token.attrGet("title") or "")
        self._before = len(self._spans)

    def _close_link(self) -> None:
        self._flush()
        if len(self._spans) == self._before and self._link:
            self._set(grammar.readable(self._link), self._style, self._link)
        self._link = None
        if self._title:
            self._text.append(f" ({self._title})")

    def _image(self, token: Token) -> None:
        source, title = str(token.attrGet("src") or ""), token.attrGet("title")
        words = _Line()
        for child in token.children or ():
            words.add(child)
        alt = "".join(span.text for span in words.finish())
        self._set(alt or grammar.readable(source), self._style, self._link or source or None)
        if alt and self._link and source:
            self._text.append(f" ({grammar.readable(source)})")
        if title:
            self._text.append(f" ({title})")
