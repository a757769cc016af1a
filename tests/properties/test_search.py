"""Every word that was said is found, and nothing that was taken away is."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from state.files import State, open_state
from state.files.layout import Layout
from state.files.search.catching_up import catch_up
from state.files.search.finding import find
from state.files.search.query import MOST_WORDS, InvalidQuery, Query
from state.files.search.schema import remove
from state.files.search.snippet import WIDTH, snippet
from state.files.search.words import folded, words, words_at
from state.keys import SessionId
from tests.contracts.examples import after, session, turn

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LETTERS = st.sampled_from("aAäßÉeİıσς东京とガが한글กำहिى٣ⅣＡ🎉é\u0301\u0308xy01")
SAID = st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=6).map(" ".join)
CHATS = st.sampled_from("123")


@dataclass(frozen=True)
class Say:
    chat: str
    text: str


@dataclass(frozen=True)
class Erase:
    chat: str
    message: int


@dataclass(frozen=True)
class Clear:
    chat: str
    erase: bool


@dataclass(frozen=True)
class Delete:
    chat: str


@dataclass(frozen=True)
class Restart:
    """The owner goes and comes back; `lost`: the index does not."""

    lost: bool


Deed = Say | Erase | Clear | Delete | Restart
DEED = st.one_of(
    st.builds(Say, CHATS, SAID),
    st.builds(Say, CHATS, SAID),
    st.builds(Erase, CHATS, st.integers(1, 8)),
    st.builds(Clear, CHATS, st.booleans()),
    st.builds(Delete, CHATS),
    st.builds(Restart, st.booleans()),
)
Said = dict[tuple[SessionId, str], str]


@given(st.lists(DEED, max_size=14))
@example([Say("1", "one"), Clear("1", erase=False), Say("1", "two"), Clear("1", erase=False)])
@example([Say("1", "one"), Clear("1", erase=False), Say("1", "two"), Clear("1", erase=True)])
@example([Say("1", "one"), Restart(lost=False), Erase("1", 1), Say("1", "one")])
def test_what_is_found_is_what_is_kept(deeds: Sequence[Deed]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(Path(folder), deeds))


class _Life:
    """A state folder that deeds are done in, and what can be found there if all is well."""

    def __init__(self, root: Path, state: State) -> None:
        self.root, self.state = root, state
        self.facts = {chat: session(chat) for chat in "123"}
        self.current: Said = {}
        self.archived: Said = {}
        self.number = 0

    async def do(self, deed: Deed) -> None:
        match deed:
            case Say(chat, text):
                await self.say(chat, text)
            case Erase(chat, message):
                name = self.facts[chat].id
                await self.state.sessions.erase(name, {str(message)})
                self.current.pop((name, f"u{message}"), None)
            case Clear(chat, erase):
                await self.clear(chat, erase=erase)
            case Delete(chat):
                await self.state.sessions.delete(self.facts[chat].id)
                self.forget(self.current, chat)
                self.forget(self.archived, chat)
                self.facts[chat] = session(chat)
            case Restart(lost):
                await self.restart(lost=lost)

    async def say(self, chat: str, text: str) -> None:
        self.number += 1
        entries = turn(self.number, asks=text, answers="")
        self.facts[chat] = after(self.facts[chat], entries)
        await self.state.sessions.append(self.facts[chat], entries)
        self.current[self.facts[chat].id, f"u{self.number}"] = text

    async def clear(self, chat: str, *, erase: bool) -> None:
        if await self.state.sessions.load(self.facts[chat].id) is None:
            return
        self.facts[chat] = session(chat)
        await self.state.sessions.clear(self.facts[chat], erase=erase)
        gone = self.forget(self.current, chat)
        if erase:
            # What was put away of earlier conversations is erased with it.
            self.forget(self.archived, chat)
        else:
            self.archived |= gone

    async def restart(self, *, lost: bool) -> None:
        await self.state.close()
        if lost:
            remove(Layout(self.root).search)
        else:
            catch_up(Layout(self.root))
        self.state = await open_state(self.root)
        self.state.search.start()

    def forget(self, kept: Said, chat: str) -> Said:
        return {at: kept.pop(at) for at in list(kept) if at[0] == self.facts[chat].id}


async def _live(root: Path, deeds: Sequence[Deed]) -> None:
    life = _Life(root, await open_state(root))
    life.state.search.start()
    for deed in deeds:
        await life.do(deed)
    await life.state.search.caught_up()
    _check(root, life.archived | life.current)
    await life.state.close()
    catch_up(Layout(root))
    _check(root, life.archived | life.current)


def _check(root: Path, kept: Said) -> None:
    for word in {word for text in kept.values() for word in text.split() if words(word)}:
        expected = {at for at, text in kept.items() if _says(text, word)}
        hits = find(Layout(root), Query.parse(word), limit=1000).hits
        assert {(hit.session, hit.entry) for hit in hits} == expected, word


def _says(text: str, word: str) -> bool:
    said, looked_for = words(text), words(word)
    ends = range(len(looked_for), len(said) + 1)
    return any(said[end - len(looked_for) : end] == looked_for for end in ends)


@given(ANYTHING)
def test_every_piece_between_spaces_is_in_the_words_of_a_text(text: str) -> None:
    for word in text.split():
        assert not words(word) or _says(text, word)


@given(ANYTHING)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert words(folded(text)) == words(text)


@given(ANYTHING)
@example("0\u1056")
def test_words_are_where_they_are_said(text: str) -> None:
    end = 0
    for word, start, stop in words_at(text):
        assert start < stop <= len(text)
        assert start >= end or start >= end - 1
        assert word
        end = stop


@given(ANYTHING)
def test_nothing_that_is_typed_is_an_error_of_syntax(typed: str) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(text, place, tokenize='ascii')")
    try:
        match = Query.parse(typed).match("s1")
        db.execute("SELECT * FROM words WHERE words MATCH ?", (match,)).fetchall()
    except InvalidQuery:
        assert not words(typed) or len(words(typed)) > MOST_WORDS
    finally:
        db.close()


@given(ANYTHING, ANYTHING)
def test_a_snippet_is_short_and_marks_words_in_it(text: str, typed: str) -> None:
    try:
        query = Query.parse(typed)
    except InvalidQuery:
        return
    piece = snippet(f"{text} {typed} {text}", query, width=30)
    assert len(piece.text) <= 30 + 2 <= WIDTH
    end = 0
    for start, stop in piece.hits:
        assert end <= start < stop <= len(piece.text)
        end = stop
