"""Markdown to messages in Discord's own Markdown.

https://docs.discord.com/developers/resources/message#create-message
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from channels.discord.markup import boxed, joined, marked, takes_link
from channels.document import Span
from channels.pieces import Piece
from channels.rendering import Dialect, Rendered
from channels.split import Cost

TEXT_LIMIT = 2000
"""Characters of a message with its markup. They are counted in UTF-16 code units here, of which a
text never has fewer than whatever else Discord may count."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_SEPARATOR = re.compile("\r\n?|[\x0b\x0c\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_REMOVED = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,32}")
_UNSEEN = re.compile(
    "[\\s\x00-\x20\x7f-\xa0\xad\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ufeff\uffa0\ufffc\U000e0000-\U000e007f]*"
)
_FENCE = "```"


def render(markdown: str) -> tuple[Rendered, ...]:
    """The messages that say what `markdown` says; see `channels.rendering.Dialect`.

    `text` is Discord's Markdown.
    """
    return _DIALECT.render(markdown)


def clean(text: str) -> str:
    """The text without control characters, and without what turns its direction."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if text.isascii() and text.isprintable():
        return text
    return _REMOVED.sub("", _CONTROL.sub(" ", _LINE_SEPARATOR.sub("\n", text)))


def is_blank(text: str) -> bool:
    """Whether Discord would say that the message is empty."""
    return _UNSEEN.fullmatch(text) is not None


def _cleaned(piece: Piece) -> Piece:
    """Character references in the Markdown can mean what `clean` has taken out of its source."""
    language = piece.code
    if language and not _LANGUAGE.fullmatch(language):
        language = ""
    tabs = 4 if piece.code is not None else 1
    spans = (replace(span, text=clean(span.text).expandtabs(tabs)) for span in piece.spans)
    return replace(piece, spans=tuple(spans), code=language)


class _Gauge:
    """Counts UTF-16 code units of the finished text."""

    limits: Cost = (TEXT_LIMIT,)

    def frame(self, piece: Piece) -> Cost:
        quote = 2 * (1 + piece.gap) if piece.quote else 0
        if piece.code is None:
            return (piece.gap + quote,)
        fences = 2 * len(_FENCE) + len(piece.code) + 2
        return (piece.gap + quote + fences + (4 if piece.quote else 0),)

    def span(self, span: Span, piece: Piece) -> Cost:
        # One for what may have to part it from the span before.
        text = boxed(span.text) if piece.code is not None else marked(span)
        lines = 2 * span.text.count("\n") if piece.quote else 0
        return (max(_units(text), len(span.text)) + lines + 1,)

    def is_blank(self, text: str) -> bool:
        return is_blank(text)


_GAUGE = _Gauge()


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(part: Iterable[Piece]) -> str:
    out: list[str] = []
    quote = 0
    for piece in part:
        body = _box(piece) if piece.code is not None else joined([marked(s) for s in piece.spans])
        if piece.quote:
            body = "> " + body.replace("\n", "\n> ")
        between = "\n> " if piece.quote and piece.quote == quote else "\n"
        # The last line break is never quoted: the piece brings its own mark.
        out.append(between * (piece.gap - 1) + "\n" if piece.gap else "")
        out.append(body)
        quote = piece.quote
    return "".join(out)


def _box(piece: Piece) -> str:
    code = "".join(boxed(span.text) for span in piece.spans)
    return f"{_FENCE}{piece.code}\n{code}\n{_FENCE}"


_DIALECT = Dialect(
    clean=clean,
    cleaned=_cleaned,
    is_blank=is_blank,
    takes_link=takes_link,
    gauge=_GAUGE,
    write=_text,
)
