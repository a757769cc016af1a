"""What every store does with the files that are kept with sessions."""

from collections.abc import AsyncIterator

import pytest

from state.keys import SessionId
from state.store import FileTooLarge, NotFound, Sessions
from tests.contracts.examples import session, turn

HERE = session().id


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def keep(sessions: Sessions, name: str, *content: bytes, most: int = 10**7) -> int:
    return await sessions.keep_file(HERE, name, pieces(*content), most=most)


@pytest.mark.parametrize(
    "content",
    [(), (b"",), (b"a", b"bc"), (b"x" * 300_000, b"y" * 300_000, b"z")],
    ids=["nothing", "an empty piece", "small pieces", "large pieces"],
)
async def test_a_kept_file_is_read_as_it_came(
    sessions: Sessions, content: tuple[bytes, ...]
) -> None:
    whole = b"".join(content)
    assert await keep(sessions, "photo-1.png", *content) == len(whole)
    assert await sessions.read_file(HERE, "photo-1.png") == whole


async def test_files_of_different_sessions_are_apart(sessions: Sessions) -> None:
    await keep(sessions, "a.txt", b"here")
    await sessions.keep_file(session("2").id, "a.txt", pieces(b"there"), most=9)
    assert await sessions.read_file(HERE, "a.txt") == b"here"
    assert await sessions.read_file(session("2").id, "a.txt") == b"there"


async def test_a_file_kept_again_is_the_newest(sessions: Sessions) -> None:
    await keep(sessions, "a.txt", b"old and longer")
    await keep(sessions, "a.txt", b"new")
    assert await sessions.read_file(HERE, "a.txt") == b"new"


async def test_a_file_may_have_as_many_bytes_as_it_may_and_no_more(sessions: Sessions) -> None:
    assert await keep(sessions, "a.bin", b"12345", b"67890", most=10) == 10
    with pytest.raises(FileTooLarge):
        await keep(sessions, "b.bin", b"12345", b"678901", most=10)
    with pytest.raises(NotFound):
        await sessions.read_file(HERE, "b.bin")


async def test_a_file_that_is_too_large_is_refused_before_it_has_ended(
    sessions: Sessions,
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1000

    with pytest.raises(FileTooLarge):
        await sessions.keep_file(HERE, "a.bin", endless(), most=999_999)
    assert taken == 1000


async def test_a_file_whose_pieces_break_off_is_not_kept(sessions: Sessions) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 400_000
        raise ConnectionResetError("the platform hung up")

    await keep(sessions, "a.bin", b"before")
    with pytest.raises(ConnectionResetError):
        await sessions.keep_file(HERE, "a.bin", broken(), most=10**6)
    assert await sessions.read_file(HERE, "a.bin") == b"before"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "../a", "a/b", "a\0b", "A.png", "a b", "ä.png", "x" * 65, "a\n"],
)
async def test_only_names_that_the_gateway_makes_are_taken(sessions: Sessions, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        await keep(sessions, name, b"x")
    with pytest.raises(NotFound):
        await sessions.read_file(HERE, name)


async def test_a_file_does_not_make_a_session(sessions: Sessions) -> None:
    await keep(sessions, "a.txt", b"here")
    assert await sessions.ids() == ()
    assert await sessions.load(HERE) is None
    with pytest.raises(NotFound):
        await sessions.entries(HERE)


async def test_a_session_that_begins_has_the_files_that_came_before(sessions: Sessions) -> None:
    await keep(sessions, "a.txt", b"here")
    await sessions.append(session(), turn(1))
    assert await sessions.ids() == (HERE,)
    assert await sessions.read_file(HERE, "a.txt") == b"here"


async def test_files_stay_with_archived_words_and_go_with_erased_ones(
    sessions: Sessions,
) -> None:
    await sessions.append(session(), turn(1))
    await keep(sessions, "a.txt", b"here")
    await sessions.clear(session())
    assert await sessions.read_file(HERE, "a.txt") == b"here"
    await sessions.clear(session(), erase=True)
    with pytest.raises(NotFound):
        await sessions.read_file(HERE, "a.txt")


@pytest.mark.parametrize("begun", [True, False])
async def test_files_go_with_a_deleted_session(sessions: Sessions, begun: bool) -> None:
    if begun:
        await sessions.append(session(), turn(1))
    await keep(sessions, "a.txt", b"here")
    await sessions.delete(HERE)
    with pytest.raises(NotFound):
        await sessions.read_file(HERE, "a.txt")


async def test_a_file_of_no_session_is_not_found(sessions: Sessions) -> None:
    for nobody in ("telegram_9_main", "../etc", ".."):
        with pytest.raises(NotFound):
            await sessions.read_file(SessionId(nobody), "a.txt")
