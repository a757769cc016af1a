"""What a conversation is called that nobody gave a title. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agents.config import TitleMode
from channels.document import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Table,
    plain,
)
from channels.markdown import parse
from gateway.visible import one_line
from state.history import Entry, UserEntry
from state.keys import SessionType
from state.session import Session

LONGEST = 60
"""Characters of a title, with the mark that something was left out."""

MOST_WORDS = 6
_READ = 600
"""Characters of a message that are looked at: nobody says what it is about behind them."""

_MARK = "…"
_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)\S+", re.IGNORECASE)
_MENTION = re.compile(r"<[@#!:][^<>\s]*>|<a:[^<>\s]*>")
_EDGE = " \t\r\n-–—_*#>|.,;:!…/\\"
_QUOTES = "\"'`“”„‟«»‹›‘’「」『』"
_LABEL = re.compile(r"^\s*(?:title|titel|titre|título)\s*[:：]\s*", re.IGNORECASE)


def entitled(session: Session, entries: Sequence[Entry], mode: TitleMode) -> Session:
    """The session with a title of the first words said in it, where it shall have one.

    Only private chats are called by what is said in them: rooms have names.
    """
    if mode is not TitleMode.WORDS or not untitled(session):
        return session
    title = of_words(entries)
    return session if title is None else replace(session, title=title, titled=True)


def untitled(session: Session) -> bool:
    """Whether a session could have a title made of its words."""
    return session.title is None and session.key.type in (SessionType.MAIN, SessionType.DM)


def unentitled(session: Session) -> Session:
    """The session without the title that was made of words which are there no more."""
    return replace(session, title=None, titled=False) if session.titled else session


def of_words(entries: Iterable[Entry]) -> str | None:
    """A title of the first thing that a person said; None where nothing of it can be one."""
    said = (from_words(entry.content) for entry in entries if isinstance(entry, UserEntry))
    return next((title for title in said if title is not None), None)


def from_words(text: str) -> str | None:
    """The first words of a message, without markup, links and mentions; None: there are none."""
    words = " ".join(_plain(parse(_MENTION.sub(" ", text[:_READ]))))
    words = _LINK.sub(" ", words)
    kept = [word for word in words.split() if word.strip(_EDGE)]
    title = " ".join(kept[:MOST_WORDS])
    return _fitting(title, more=len(kept) > MOST_WORDS or len(text) > _READ)


def from_model(text: str) -> str | None:
    """The title in what a model wrote that was asked for one; None: there is none."""
    line = next((line for line in text.splitlines() if line.strip(_EDGE + _QUOTES)), "")
    line = " ".join(_plain(parse(_LABEL.sub("", line))))
    return _fitting(line.strip(_EDGE + _QUOTES), more=False)


def _plain(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(spans) | Heading(spans=spans):
                yield plain(spans)
            case CodeBlock(code=code):
                yield code
            case Table(header=header):
                yield from map(plain, header)
            case Quote(blocks=inner):
                yield from _plain(inner)
            case ListBlock(items=items):
                for item in items:
                    yield from _plain(item.blocks)
            case _:
                pass


def _fitting(title: str, *, more: bool) -> str | None:
    seen = "".join(letter for letter in title if one_line(letter) == letter or letter.isspace())
    title = " ".join(seen.split()).strip(_EDGE)
    if not any(character.isalnum() for character in title):
        return None
    if len(title) <= LONGEST - more:
        return title + _MARK * more
    return _cut(title, LONGEST - 1) + _MARK


def _cut(title: str, most: int) -> str:
    """At most so many characters, of whole words where they are short, and of whole letters."""
    space = title.rfind(" ", most // 2, most + 1)
    end = space if space > 0 else most
    while end > 1 and unicodedata.category(title[end])[0] == "M":
        end -= 1  # a mark belongs to the letter before it
    return title[:end].rstrip(_EDGE)
