"""Markdown to messages in Slack's `rich_text` blocks.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/. In these, words are words: no
character has a meaning, so nothing in an answer can notify somebody or break the layout. Slack's
two text forms (mrkdwn and `markdown` blocks) would make a mention of `<!channel>` and leave no way
to write some texts at all.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from urllib.parse import urlsplit

import orjson

from channels.document import Span, Style, plain
from channels.pieces import Piece
from channels.rendering import Dialect, Rendered
from channels.split import Cost

Json = dict[str, object]

TEXT_LIMIT = 4000
"""UTF-16 code units of what is shown in a message: the length that Slack advises, and
`chat.update` insists on: https://docs.slack.dev/reference/methods/chat.update"""

BLOCKS_LIMIT = 10_000
"""Characters of a message's blocks as JSON. Slack refuses somewhat more than 12,000 without saying
how it counts: https://github.com/slackapi/bolt-js/issues/2509"""

LINK_LIMIT = 2000
"""Characters of a URL behind other words; a longer one is shown."""


def render(markdown: str) -> tuple[Rendered, ...]:
    """The messages that say what `markdown` says; see `channels.rendering.Dialect`.

    `text` is the message's blocks as JSON, `plain` the same words for where none show.
    """
    return _DIALECT.render(markdown)


def escape(text: str) -> str:
    """Words as Slack takes them in a message's `text`, where `<…>` would mention or link.

    https://docs.slack.dev/messaging/formatting-message-text/#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(text: str) -> str:
    """Words for where a message's blocks cannot be shown, as long as `chat.update` takes them.

    They are cut where they are too long: what is shown are the blocks, and they are whole.
    """
    escaped = escape(text)
    if len(escaped.encode("utf-16-le", "replace")) <= 2 * TEXT_LIMIT:
        return escaped
    # Escaped, a character becomes five at most.
    return escape(text[: TEXT_LIMIT // 5 - 1]) + "…"


_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_SEPARATOR = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_UNSEEN = re.compile(
    "[\\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufffc"
    "\U000e0000-\U000e0fff]*"
)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+\.?")


def clean(text: str) -> str:
    """The text without what could not be sent, or would change the direction of what follows."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if not _UNWANTED.search(text):
        return text
    return _DIRECTION.sub("", _CONTROL.sub(" ", _LINE_SEPARATOR.sub("\n", text)))


def is_blank(text: str) -> bool:
    """Whether nothing could be seen of the text."""
    return _UNSEEN.fullmatch(text) is not None


def takes_link(url: str) -> bool:
    """Whether a URL may stand behind other words; others are shown.

    `slack://` is left out on purpose: such a link acts in the reader's name.
    """
    if len(url) > LINK_LIMIT or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path
    host = _HOST.fullmatch(parts.hostname or "")
    return parts.scheme in ("http", "https") and host is not None and port != 0


def _cleaned(piece: Piece) -> Piece:
    """Character references in the Markdown can mean what `clean` has taken out of its source."""
    if not any(_UNWANTED.search(span.text) for span in piece.spans):
        return piece
    return replace(piece, spans=tuple(replace(s, text=clean(s.text)) for s in piece.spans))


_INLINE = 100
"""Characters of an element around its text, at most: its type and all its styles."""


class _Gauge:
    """Counts UTF-16 code units, and characters of JSON."""

    limits: Cost = (TEXT_LIMIT, BLOCKS_LIMIT - 200)

    def frame(self, piece: Piece) -> Cost:
        return (piece.gap, _INLINE + 2 * piece.gap)

    def span(self, span: Span, piece: Piece) -> Cost:
        text = span.text
        units = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
        return (units, _INLINE + _written(text) + _written(span.link or ""))

    def is_blank(self, text: str) -> bool:
        return is_blank(text)


_GAUGE = _Gauge()


def _written(text: str) -> int:
    """Characters of a text inside of JSON."""
    return len(text) + sum(map(text.count, '"\\\n\t'))


def _plain(part: Iterable[Piece]) -> str:
    return "".join("\n" * piece.gap + _fenced(piece) for piece in part)


def _fenced(piece: Piece) -> str:
    words = plain(piece.spans)
    return f"```\n{words}\n```" if piece.code is not None else words


def _blocks(part: Iterable[Piece]) -> str:
    elements = [
        element
        for (code, quote), pieces in groupby(part, key=lambda p: (p.code is not None, p.quote))
        for element in (map(_boxed, pieces) if code else (_prose(list(pieces), quote),))
    ]
    return orjson.dumps([{"type": "rich_text", "elements": elements}]).decode()


def _boxed(piece: Piece) -> Json:
    element: Json = {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": plain(piece.spans)}],
    }
    # A quote can hold no box; a line at its side says the same.
    return element | {"border": 1} if piece.quote else element


def _prose(pieces: list[Piece], quote: int) -> Json:
    spans = [span for piece in pieces for span in (Span("\n" * piece.gap), *piece.spans)][1:]
    kind = "rich_text_quote" if quote else "rich_text_section"
    return {"type": kind, "elements": list(_inline(span for span in spans if span.text))}


def _inline(spans: Iterable[Span]) -> Iterator[Json]:
    for (style, link), same in groupby(spans, key=lambda span: (span.style, span.link)):
        text = "".join(span.text for span in same)
        element: Json = {"type": "link", "url": link} if link else {"type": "text"}
        element["text"] = text
        if style:
            element["style"] = _STYLES[style]
        yield element


_STYLES = {
    style: {
        name: True
        for flag, name in (
            (Style.BOLD, "bold"),
            (Style.ITALIC, "italic"),
            (Style.STRIKE, "strike"),
            (Style.CODE, "code"),
        )
        if flag in style
    }
    for style in map(Style, range(16))
}


_DIALECT = Dialect(
    clean=clean,
    cleaned=_cleaned,
    is_blank=is_blank,
    takes_link=takes_link,
    gauge=_GAUGE,
    write=_blocks,
    plain=_plain,
)
