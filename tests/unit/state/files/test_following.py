"""Reading on in a history while its owner appends to it, clears it and erases from it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.files import open_state
from state.files.following import Following, News
from state.files.layout import HISTORY
from state.files.open import State
from state.lifecycle import Event
from state.session import Session
from tests.contracts.examples import after, later, session, turn
from tests.unit.state.files.conversation import folder

FACTS = session()


class Owner:
    """Whoever writes the history that is followed."""

    def __init__(self, state: State, root: Path) -> None:
        self.sessions = state.sessions
        self.path = folder(root) / HISTORY
        self.facts: Session = FACTS

    async def say(self, number: int) -> None:
        self.facts = after(self.facts, turn(number))
        await self.sessions.append(self.facts, turn(number))

    def cut(self, size: int) -> bytes:
        """Take the end of the file away, as a reader sees it in the middle of an append."""
        whole = self.path.read_bytes()
        os.truncate(self.path, len(whole) - size)
        return whole


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    state = await open_state(tmp_path)
    owner = Owner(state, tmp_path)
    await owner.say(1)
    yield owner
    await state.close()


def ids(news: News) -> list[str]:
    return [entry.id for entry in news.entries]


async def test_what_is_appended_is_told_once(owner):
    following = Following(lambda: owner.path)
    assert ids(following.look()) == ["u1", "a1"]
    assert following.look() == News()
    await owner.say(2)
    await owner.say(3)
    assert ids(following.look()) == ["u2", "a2", "u3", "a3"]
    assert following.look() == News()


async def test_what_was_seen_before_is_not_told(owner):
    following = Following(lambda: owner.path, await owner.sessions.entries(FACTS.id))
    assert following.look() == News()
    await owner.say(2)
    assert ids(following.look()) == ["u2", "a2"]


async def test_a_session_that_is_not_there_yet_has_no_news_until_it_is(owner, tmp_path):
    path = folder(tmp_path, session("2")) / HISTORY
    following = Following(lambda: path)
    assert following.look() == News()
    await owner.sessions.append(session("2"), turn(7))
    assert ids(following.look()) == ["u7", "a7"]


async def test_a_cleared_conversation_begins_anew(owner):
    following = Following(lambda: owner.path)
    following.look()
    await owner.sessions.clear(FACTS)
    assert following.look() == News(anew=True)
    assert following.look() == News()
    await owner.say(2)
    assert following.look().anew is False
    assert following.look() == News()


async def test_words_said_at_once_after_a_clear_are_told_with_it(owner):
    following = Following(lambda: owner.path)
    following.look()
    await owner.sessions.clear(FACTS)
    await owner.say(2)
    news = following.look()
    assert news.anew
    assert ids(news) == ["u2", "a2"]


async def test_an_erasure_repeats_nothing(owner):
    await owner.say(2)
    following = Following(lambda: owner.path)
    following.look()
    await owner.sessions.erase(FACTS.id, {"1"})
    await owner.say(3)
    news = following.look()
    assert not news.anew
    assert ids(news) == ["u3", "a3"]


async def test_a_file_that_goes_and_comes_back_goes_on(owner):
    following = Following(lambda: owner.path)
    following.look()
    await owner.say(2)
    whole = owner.path.read_bytes()
    owner.path.rename(owner.path.with_name("elsewhere"))
    assert following.look() == News()
    owner.path.write_bytes(whole)
    assert ids(following.look()) == ["u2", "a2"]


async def test_an_archived_conversation_goes_on_when_it_is_taken_out_again(owner):
    following = Following(lambda: owner.path)
    following.look()
    put_away = owner.facts.after(Event.QUIET, later(50)).after(Event.ARCHIVE, later(60))
    await owner.sessions.archive(put_away)
    assert following.look() == News()
    await owner.say(2)
    news = following.look()
    assert (ids(news), news.anew) == (["u2", "a2"], False)


async def test_half_an_append_is_told_when_it_is_whole(owner):
    following = Following(lambda: owner.path)
    following.look()
    await owner.say(2)
    whole = owner.cut(5)
    assert following.look() == News()
    owner.path.write_bytes(whole)
    assert ids(following.look()) == ["u2", "a2"]


async def test_an_append_that_was_taken_back_repeats_nothing(owner):
    await owner.say(2)
    following = Following(lambda: owner.path)
    following.look()
    with owner.path.open("rb+") as file:
        data = file.read()
        file.truncate(data.index(b',{"id":"u2"'))
        file.seek(0, os.SEEK_END)
        file.write(b"]\n")
    assert following.look() == News()
    owner.path.write_bytes(data)
    assert ids(following.look()) == ["u2", "a2"]
