"""Markdown to messages in Telegram's HTML.

https://core.telegram.org/bots/api#html-style, and for what the server does without saying so the
sources of tdlib (`clean_input_string`, `strip_empty_characters`, `LinkManager::check_link`).
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from itertools import zip_longest
from urllib.parse import urlsplit

from channels.document import Span, Style, plain
from channels.pieces import Piece
from channels.rendering import Dialect, Rendered
from channels.split import Cost

TEXT_LIMIT = 4096
"""UTF-16 code units in a message, after entities are parsed:
https://core.telegram.org/bots/api#sendmessage"""

ENTITY_LIMIT = 100
"""Entities in a message; Telegram ignores further ones."""

HTML_LIMIT = 32_768
"""Bytes of a message with its markup, so that long links cannot make a request without bounds."""

LINK_LIMIT = 2048
"""Characters of a URL behind other words; a longer one is shown."""


def render(markdown: str) -> tuple[Rendered, ...]:
    """The messages that say what `markdown` says; see `channels.rendering.Dialect`.

    `text` is Telegram's HTML.
    """
    return _DIALECT.render(markdown)


_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_SEPARATOR = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_REMOVED = re.compile("[\u202a-\u202e\u2066-\u2069\u0333\u033f\u030a]")
_RING = re.compile("[^\\W\\d_]\u030a")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u0333\u033f\u030a]")
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+\.?")
_UNSEEN = re.compile(
    "[\\s\x00-\x20\x7f\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f\u2800\u3000\ufffc\ufeff"
    "\u0333\u033f\u030a\U000e0000-\U000e007f]*"
)


def clean(text: str) -> str:
    """The text without what Telegram refuses, or removes so that words would run together, and
    without what controls a terminal or turns the direction of what follows."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if not _UNWANTED.search(text):
        return text
    text = _CONTROL.sub(" ", _LINE_SEPARATOR.sub("\n", text))
    text = _RING.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)
    return _REMOVED.sub("", text)


def utf16_units(text: str) -> int:
    """The length of a text as Telegram counts it, after its entities are taken out."""
    return len(text) + sum(c > "\uffff" for c in text)


def is_blank(text: str) -> bool:
    """Whether Telegram would say that the message is empty."""
    return _UNSEEN.fullmatch(text) is not None


def takes_link(url: str) -> bool:
    """Whether Telegram makes a link of this URL; it drops others without a word.

    `tg://` is left out on purpose: such a link could notify somebody in the model's name.
    """
    if len(url) > LINK_LIMIT or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = _HOST.fullmatch(parts.hostname or "")
    return parts.scheme in ("http", "https") and host is not None and port != 0


def _cleaned(piece: Piece) -> Piece:
    """Character references in the Markdown can mean what `clean` has taken out of its source.

    Telegram would make one space of a tab, and code lose its indentation.
    """
    if not any("\t" in span.text or _UNWANTED.search(span.text) for span in piece.spans):
        return piece
    tabs = 4 if piece.code is not None else 1
    spans = (replace(span, text=clean(span.text).expandtabs(tabs)) for span in piece.spans)
    return replace(piece, spans=tuple(spans))


class _Gauge:
    """Counts UTF-16 code units, entities and bytes."""

    limits: Cost = (TEXT_LIMIT, ENTITY_LIMIT, HTML_LIMIT)

    def frame(self, piece: Piece) -> Cost:
        boxes = (piece.code is not None) + bool(piece.quote)
        markup = boxes * 64 + len(piece.code or "") * 6 if boxes else 0
        return (piece.gap, boxes, piece.gap + markup)

    def span(self, span: Span, piece: Piece) -> Cost:
        text = span.text
        entities = 0 if piece.code is not None else len(_tags(span))
        link = len(span.link) * 6 if span.link else 0
        markup = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
        if text.isascii():
            return (len(text), entities, len(text) + markup + link + 16 * entities)
        units = len(text.encode("utf-16-le")) // 2
        return (units, entities, len(text.encode()) + markup + link + 16 * entities)

    def is_blank(self, text: str) -> bool:
        return is_blank(text)


_GAUGE = _Gauge()


def _html(part: Iterable[Piece]) -> str:
    out: list[str] = []
    quote = 0
    for piece in part:
        if quote and quote != piece.quote:
            out.append("</blockquote>")
        out.append("\n" * piece.gap)
        if piece.quote and quote != piece.quote:
            out.append("<blockquote>")
        quote = piece.quote
        out.append(_boxed(piece) if piece.code is not None else _prose(piece))
    if quote:
        out.append("</blockquote>")
    return "".join(out)


def _boxed(piece: Piece) -> str:
    text = _escaped(plain(piece.spans))
    if not piece.code:
        return f"<pre>{text}</pre>"
    return f'<pre><code class="language-{_attribute(piece.code)}">{text}</code></pre>'


def _prose(piece: Piece) -> str:
    out: list[str] = []
    open_tags: tuple[str, ...] = ()
    for span in piece.spans:
        tags = _tags(span)
        if tags != open_tags:
            _change(open_tags, tags, out)
            open_tags = tags
        out.append(_escaped(span.text))
    _change(open_tags, (), out)
    return "".join(out)


def _change(old: tuple[str, ...], new: tuple[str, ...], out: list[str]) -> None:
    """Close and open what differs; tags that both begin with stay open."""
    shared = 0
    for before, after in zip_longest(old, new):
        if before != after:
            break
        shared += 1
    out.extend(f"</{tag.partition(' ')[0]}>" for tag in reversed(old[shared:]))
    out.extend(f"<{tag}>" for tag in new[shared:])


_STYLE_TAGS = {
    style: tuple(
        tag
        for flag, tag in ((Style.BOLD, "b"), (Style.ITALIC, "i"), (Style.STRIKE, "s"))
        if flag in style
    )
    for style in map(Style, range(8))
}


def _tags(span: Span) -> tuple[str, ...]:
    """The tags around a span, outermost first. Code and links cannot be inside of each other, and
    code can have no style: https://core.telegram.org/bots/api#formatting-options"""
    if span.link:
        styles = _STYLE_TAGS[span.style & ~Style.CODE]
        return (f'a href="{_attribute(span.link)}"', *styles)
    if Style.CODE in span.style:
        return ("code",)
    return _STYLE_TAGS[span.style]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    return _escaped(text).replace('"', "&quot;")


_DIALECT = Dialect(
    clean=clean,
    cleaned=_cleaned,
    is_blank=is_blank,
    takes_link=takes_link,
    gauge=_GAUGE,
    write=_html,
)
