"""The sessions that were lately used: a bounded cache of what is on disk."""

import pytest

from agents.transcript import Said
from gateway.open_sessions import OpenSession, OpenSessions
from gateway.routing import Route
from state.history import UserEntry
from state.keys import SessionKey
from state.memory import MemorySessions
from tests.unit.gateway.messages import AT, message


@pytest.fixture
def few() -> OpenSessions:
    return OpenSessions(MemorySessions(), most=2, most_bytes=1000)


def _encode(said: Said) -> bytes:
    return str(said).encode()


async def _opened(cache: OpenSessions, chat: str) -> OpenSession:
    key = SessionKey.parse(f"telegram:{chat}:dm")
    return await cache.open(Route(key, key.session_id), at=AT)


def _says(opened: OpenSession, text: str) -> None:
    said = message(text)
    entry = UserEntry(
        id=said.id, at=AT, content=text, address=said.address, sender=said.sender, message=said.id
    )
    opened.extend([entry], 2)
    opened.transcript.encoded("any", _encode)


async def test_the_least_recently_used_sessions_are_dropped(few: OpenSessions) -> None:
    first, second = await _opened(few, "1"), await _opened(few, "2")
    few.used(first)
    few.used(await _opened(few, "3"))
    assert await _opened(few, "1") is first
    assert await _opened(few, "2") is not second


async def test_a_session_pushed_out_during_its_turn_is_back_when_it_is_used(
    few: OpenSessions,
) -> None:
    slow = await _opened(few, "1")
    for chat in "23":
        few.used(await _opened(few, chat))
    _says(slow, "a long turn")
    few.used(slow)
    assert await _opened(few, "1") is slow


async def test_what_is_not_open_any_more_takes_no_room(few: OpenSessions) -> None:
    slow = await _opened(few, "1")
    for chat in "23":
        few.used(await _opened(few, chat))
    _says(slow, "x" * 2000)
    few.used(slow)
    for chat in "45":
        few.used(await _opened(few, chat))
    small = await _opened(few, "6")
    few.used(small)
    few.used(await _opened(few, "7"))
    assert await _opened(few, "6") is small
