"""A conversation as a page that stands alone: no scripts, nothing from elsewhere. Pure.

What people wrote is shown as it stands, what a model wrote as the Markdown it is. Files are named,
not embedded.
"""

from collections.abc import Iterable, Sequence

from gateway.export_markup import markup, words
from gateway.export_style import STYLE
from state.codec import time_to_json
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    SummaryEntry,
    ToolEntry,
    UserEntry,
)
from state.keys import Address
from state.messages import Attachment, Quote
from state.session import Session

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the page forbids itself, should something in it ever be more than words."""

_Place = tuple[str, str, str]


def as_html(session: Session, entries: Sequence[Entry]) -> str:
    """The whole page."""
    title = words(session.title or str(session.key))
    facts = [
        ("Session", str(session.key)),
        ("Messages", str(session.messages)),
        ("Since", f"{session.created_at:%Y-%m-%d %H:%M} UTC"),
        ("Last active", f"{session.updated_at:%Y-%m-%d %H:%M} UTC"),
    ]
    rows = "\n".join(f"<dt>{name}</dt><dd>{words(fact)}</dd>" for name, fact in facts)
    head = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{title}</title>",
        f"<style>\n{STYLE}</style>",
        "</head>",
        "<body>",
        f"<header>\n<h1>{title}</h1>\n<dl>\n{rows}\n</dl>\n</header>",
        "<main>",
    ]
    return "\n".join([*head, *_articles(entries), "</main>", "</body>", "</html>"]) + "\n"


def _articles(entries: Sequence[Entry]) -> Iterable[str]:
    said: dict[_Place, int] = {}
    day = None
    for number, entry in enumerate(entries):
        if entry.at.date() != day:
            day = entry.at.date()
            yield f'<h2><time datetime="{day.isoformat()}">{day:%A, %Y-%m-%d}</time></h2>'
        yield _article(number, entry, said)
        if isinstance(entry, UserEntry):
            said[_place(entry.address, entry.message)] = number


def _article(number: int, entry: Entry, said: dict[_Place, int]) -> str:
    kind, who, blocks = _parts(entry, said)
    at = f'<time datetime="{time_to_json(entry.at)}">{entry.at:%H:%M} UTC</time>'
    head = f"<h3>{who} {at}</h3>"
    body = "\n".join(filter(None, blocks))
    return f'<article id="entry-{number}" class="{kind}">\n{head}\n{body}\n</article>'


def _parts(entry: Entry, said: dict[_Place, int]) -> tuple[str, str, list[str]]:
    """An entry's kind, who speaks, and what."""
    match entry:
        case UserEntry():
            quotes = [_quote(quote) for quote in entry.quotes]
            media = [_media(attachment) for attachment in entry.attachments]
            return "user", words(entry.sender.name), [*quotes, _as_written(entry.content), *media]
        case CorrectionEntry():
            of = _link(said, entry.address, entry.message)
            return (
                "user correction",
                f"{words(entry.sender.name)} corrected {of}",
                [_as_written(entry.content)],
            )
        case DeletionEntry():
            return "deletion", f"Deleted: {_link(said, entry.address, entry.message)}", []
        case SummaryEntry():
            return "summary", f"Summary of {entry.messages} messages", [markup(entry.content)]
        case ToolEntry():
            outcome = "failed" if entry.failed else "answered"
            return "tool", f"Tool {outcome}", [_details(entry.name, entry.content)]
        case AssistantEntry():
            who = "Argent" if entry.notice else words(entry.model or "assistant")
            kind = "notice" if entry.notice else "assistant"
            calls = [_details(f"Calls {call.name}", call.arguments) for call in entry.calls]
            files = [_note(f"file: {file.title} ({file.mime})") for file in entry.files]
            return kind, who, [markup(entry.content) if entry.content else "", *calls, *files]


def _as_written(text: str) -> str:
    return f'<p class="written">{words(text)}</p>' if text else ""


def _quote(quote: Quote) -> str:
    verb = "forwarded from" if quote.forwarded else "quotes"
    head = _note(f"{verb} {quote.author}")
    return f"<blockquote>\n{head}\n{_as_written(quote.text)}\n</blockquote>"


def _media(attachment: Attachment) -> str:
    facts = ", ".join(filter(None, (attachment.mime, attachment.problem)))
    named = f"{attachment.kind}: {attachment.name}" if attachment.name else str(attachment.kind)
    return _note(f"{named} ({facts})" if facts else named)


def _note(text: str) -> str:
    return f'<p class="note">{words(text)}</p>'


def _details(title: str, text: str) -> str:
    return f"<details>\n<summary>{words(title)}</summary>\n<pre>{words(text)}</pre>\n</details>"


def _link(said: dict[_Place, int], address: Address, message: str) -> str:
    number = said.get(_place(address, message))
    if number is None:
        return "an earlier message"
    return f'<a href="#entry-{number}">an earlier message</a>'


def _place(address: Address, message: str) -> _Place:
    return address.channel, address.chat, message
