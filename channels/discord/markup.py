"""Words in Discord's Markdown: what would be markup is escaped, and nothing else.

https://support.discord.com/hc/en-us/articles/210298617 and, for what notifies people,
https://docs.discord.com/developers/reference#message-formatting
"""

import re
from urllib.parse import quote, urlsplit

from channels.document import Span, Style

LINK_LIMIT = 1024
"""Characters of a URL behind other words; a longer one is shown."""

_NOTHING = "\u200b"
"""A space without width. It parts what would mean something together."""

_URL = re.compile(r"https?://[^\s<>]+")
_PING = re.compile(r"@(?=everyone|here|[!&]?\d)|<(?=[@#:/]|a:|t:|id:)")
_SPECIAL = re.compile(
    r"[*`\\]"
    # An underscore inside of a word is no markup, two of them are.
    r"|(?<![^\W_])_|_(?![^\W_])"
    r"|~(?=~|$)|(?<=~)~|\|(?=\||$)|(?<=\|)\|"
    # What looks like a link with other words.
    r"|\](?=\(|$)"
)
_LINE_START = re.compile(r"^(\s*)(#{1,3}(?= )|-(?=# )|>(?= )|>>>(?= ))", re.MULTILINE)
_FENCE = re.compile(r"`(?=``)")
_STYLES = ((Style.BOLD, "**"), (Style.ITALIC, "*"), (Style.STRIKE, "~~"))
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


def takes_link(url: str) -> bool:
    """Whether Discord makes a link of this URL behind other words."""
    if len(url) > LINK_LIMIT or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def marked(span: Span) -> str:
    """A span with its markup."""
    if not span.text.strip():
        return span.text
    if Style.CODE in span.style:
        return _code(span.text)
    before, text, after = _EDGES.fullmatch(span.text).groups()  # type: ignore[union-attr]
    inner = _linked(text, span.link) if span.link else escaped(text)
    marks = "".join(mark for style, mark in _STYLES if style in span.style)
    return f"{before}{marks}{inner}{_mirrored(span.style)}{after}"


def joined(parts: list[str]) -> str:
    """Marked spans in a row; where the marks of two would run together, nothing stands between."""
    out: list[str] = []
    for part in parts:
        if out and part and out[-1][-1:] in _MARKS and part[0] == out[-1][-1]:
            out.append(_NOTHING)
        if part:
            out.append(part)
    return "".join(out)


_MARKS = frozenset("*~`_|")


def escaped(text: str) -> str:
    """Plain words: no markup, no mention. URLs are left as they are, or they would not work."""
    out: list[str] = []
    at = 0
    for url in _URL.finditer(text):
        out += (_escaped(text[at : url.start()]), url[0])
        at = url.end()
    out.append(_escaped(text[at:]))
    # Not line by line: only what stands first in a line of the whole is at a line's start.
    return _LINE_START.sub(r"\1\\\2", "".join(out))


def boxed(code: str) -> str:
    """What stands in a block of code: it cannot end the block."""
    return _FENCE.sub("`" + _NOTHING, code)


def _escaped(text: str) -> str:
    # Functions: a template would be expanded anew for every match.
    text = _SPECIAL.sub(lambda found: "\\" + found[0], text)
    return _PING.sub(lambda found: found[0] + _NOTHING, text)


def _mirrored(style: Style) -> str:
    return "".join(mark for flag, mark in reversed(_STYLES) if flag in style)


def _code(text: str) -> str:
    if "`" not in text:
        return f"`{text}`"
    # Discord knows one and two backticks around code; what it cannot hold is taken apart.
    inner = re.sub(r"`(?=`)", "`" + _NOTHING, text)
    lead = " " if inner.startswith("`") else ""
    trail = " " if inner.endswith("`") else ""
    return f"``{lead}{inner}{trail}``"


def _linked(words: str, link: str) -> str:
    if words == link and _URL.fullmatch(words):
        return words
    # Words that look like another address would not be taken for a link's.
    shown = escaped(words.replace("://", ":" + _NOTHING + "//")).replace("[", "\\[")
    shown = re.sub(r"(?<!\\)\]", r"\\]", shown)
    return f"[{shown}](<{quote(link, safe=_URL_SAFE)}>)"


_URL_SAFE = "!#$%&'()*+,/:;=?@[]~-._"
