"""Taking everything that is somebody's out of a history that others share with them. Pure.

What they said, and what was said to them alone, keeps its place and loses its words: the turns of
others, their order and what they cost stay as they were.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from state.erasing import summaries_without_words
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    Entry,
    SummaryEntry,
    ToolEntry,
    UserEntry,
)
from state.messages import Quote, Sender
from state.persons import Lost, Person

NOBODY = Sender("", "")
"""Who said what nobody is known any more to have said."""

ERASED = "erased"
"""The notice in whose place an answer stood that went with its question: no model sees it."""

_TELLING = 12
"""Characters from which on a quote's text tells whose it is; shorter ones are anybody's."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Whom to forget. `names` are what they are called elsewhere: quotes name their authors only
    so, and a quote under that name is taken for theirs."""

    person: Person
    names: frozenset[str] = field(default=frozenset())

    def without_words(self, entries: Sequence[Entry]) -> list[Entry]:
        """What is left of a history; an entry that loses nothing is the very same one."""
        said = [
            entry
            for entry in entries
            if isinstance(entry, UserEntry | CorrectionEntry) and self.person.said(entry)
        ]
        asked = {entry.id for entry in said if isinstance(entry, UserEntry)}
        turns = _turns_of(entries, asked)
        answers = [
            entry
            for entry in entries
            if isinstance(entry, AssistantEntry) and _is_to(entry, asked, turns)
        ]
        quoted = _Quoted(
            self.names | names_in(said),
            tuple(_plain(e.content) for e in (*said, *answers)),
        )
        gone = {entry.id for entry in (*said, *answers)}
        left = [_left(entry, gone, turns, quoted) for entry in entries]
        return summaries_without_words(entries, left)


def names_in(entries: Iterable[Entry]) -> frozenset[str]:
    """What the senders of these entries were called."""
    return frozenset(
        name
        for entry in entries
        if isinstance(entry, UserEntry | CorrectionEntry)
        for name in (entry.sender.name, entry.sender.username)
        if name and name.strip()
    )


def lost(old: Sequence[Entry], left: Sequence[Entry], person: Person, *, files: int) -> Lost:
    """What a history lost, by kind; `files` is how many kept files went with it."""
    count = dict.fromkeys(("messages", "answers", "quotes", "summaries"), 0)
    for entry, rest in zip(old, left, strict=True):
        if rest is entry:
            continue
        if isinstance(entry, SummaryEntry):
            count["summaries"] += 1
        elif person.said(entry):
            count["messages"] += isinstance(entry, UserEntry)
        elif isinstance(entry, UserEntry):
            count["quotes"] += 1
        elif isinstance(entry, AssistantEntry):
            count["answers"] += bool(entry.re)
    return Lost(**count, files=files)


@dataclass(frozen=True, slots=True)
class _Quoted:
    """How their words are known where others quote them."""

    names: frozenset[str]
    texts: tuple[str, ...]

    def __contains__(self, quote: Quote) -> bool:
        if not quote.from_bot and quote.author in self.names:
            return True
        text = _plain(quote.text).rstrip("…")
        return len(text) >= _TELLING and any(text in each for each in self.texts)


def _turns_of(entries: Iterable[Entry], asked: Collection[str]) -> frozenset[str]:
    """The turns in which only they asked."""
    own: set[str] = set()
    shared: set[str] = set()
    for entry in entries:
        if isinstance(entry, UserEntry) and entry.turn is not None:
            (own if entry.id in asked else shared).add(entry.turn)
    return frozenset(own - shared)


def _is_to(entry: AssistantEntry, asked: Collection[str], turns: Collection[str]) -> bool:
    return entry.turn in turns or (bool(entry.re) and all(name in asked for name in entry.re))


def _left(entry: Entry, gone: Collection[str], turns: Collection[str], quoted: _Quoted) -> Entry:
    match entry:
        case UserEntry() if entry.id in gone:
            return replace(entry, content="", sender=NOBODY, quotes=(), attachments=())
        case CorrectionEntry() if entry.id in gone:
            return replace(entry, content="", sender=NOBODY)
        case UserEntry() if any(quote in quoted for quote in entry.quotes):
            kept = tuple(quote for quote in entry.quotes if quote not in quoted)
            return replace(entry, quotes=kept)
        case AssistantEntry() if entry.id in gone and entry.notice != ERASED:
            # A call stays, or its result would stand alone; what was asked of the tool goes.
            calls = tuple(replace(call, arguments="{}") for call in entry.calls)
            return replace(entry, content="", calls=calls, notice=ERASED, files=())
        case ToolEntry() if entry.turn in turns and entry.content:
            return replace(entry, content="")
    return entry


def _plain(text: str) -> str:
    return " ".join(text.split())
