"""What a fetched page says, as plain text. Pure.

No document is built, and nothing is repaired: markup is left out, and what is between it stays. The
standard library's parser takes time that grows with the square of some malformed pages, and raises
`AssertionError` for others (https://github.com/python/cpython/issues/135462); this is one walk from
the beginning to the end, whatever the page is. The text is for a model, which is told that it is
foreign: no browser ever sees it.
"""

import html
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

_UNSEEN = frozenset(
    ("head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template", "title")
)
"""Elements with nothing to read; the title is told before all else."""

_LINES = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "thead"),
        *("tr", "ul"),
    )
)
"""Elements that begin and end a line."""

_NAME = re.compile(r"/?[A-Za-z][A-Za-z0-9:-]*")
_TITLE = re.compile(r"<title[^<>]*>([^<]{0,500})", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in _UNSEEN}
_LONGEST_LINK = 500


def of_html(page: str, url: str) -> str:
    """The text of an HTML page that was found at an address, with where its links lead to."""
    title = _TITLE.search(page)
    heading = [html.unescape(title[1]).strip(), ""] if title else []
    text = html.unescape("".join(_pieces(page, url)))
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join([*heading, *_without_gaps(lines)]).strip()


def _pieces(page: str, url: str) -> Iterator[str]:
    at = 0
    link: str | None = None
    while (tag := page.find("<", at)) >= 0:
        yield page[at:tag]
        named = _NAME.match(page, tag + 1)
        if named is None and page[tag + 1 : tag + 2] not in ("!", "?", "/"):
            yield "<"
            at = tag + 1
            continue
        ending = "-->" if page.startswith("<!--", tag) else ">"
        end = page.find(ending, tag)
        if end < 0:
            # What never closes is no text; there is none behind it.
            return
        at = end + len(ending)
        name = named[0].lower() if named else ""
        if name in _UNSEEN:
            closing = _ENDS[name].search(page, at)
            if closing is None:
                return
            at = closing.start()
        elif name == "a":
            link = _link(page[tag:end], url)
        elif name == "/a" and link is not None:
            yield f" <{link}> "
            link = None
        elif name.lstrip("/") in _LINES:
            yield "\n"
        elif name in ("td", "/td", "th", "/th"):
            yield " "
    yield page[at:]


def _link(tag: str, url: str) -> str | None:
    """Where a link leads to, as it can be fetched; None for what is none, or leads nowhere else."""
    found = _HREF.search(tag)
    if found is None:
        return None
    written = html.unescape(found[1] or found[2] or found[3] or "").strip()
    try:
        target = urljoin(url, written)
        scheme = urlsplit(target).scheme
    except ValueError:
        return None
    plain = written and not written.startswith("#") and target.isprintable()
    return target if plain and scheme in ("http", "https") and len(target) < _LONGEST_LINK else None


def _without_gaps(lines: Iterator[str]) -> Iterator[str]:
    """The lines, with no more than one empty one between two others."""
    empty = True
    for line in lines:
        if line or not empty:
            yield line
        empty = not line
