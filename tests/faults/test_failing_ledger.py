"""A database that is full, refuses, is damaged or of another time."""

import asyncio
import itertools
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from state.files import ReadOnlyState, open_state
from state.files.ledger.schema import VERSION
from state.messages import Outcome, Receipt
from state.store import Ledger, NewerFormat, StorageFailed, StorageFull, StoreError
from tests.contracts.examples import HERE, KEY, NOON, message, part, session, stranger, turn

T = TypeVar("T")


class FullDatabase:
    """Connections to a database that may not grow beyond so many pages."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None

    def connect(self, path: Path) -> sqlite3.Connection:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        return self.connection

    def may_have(self, pages: int) -> None:
        assert self.connection is not None
        self.connection.execute(f"PRAGMA max_page_count = {pages}")

    @property
    def pages(self) -> int:
        assert self.connection is not None
        (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
        return int(pages)


async def take(ledger: Ledger, source: str, text: str = "Hello") -> int | None:
    accepted = await ledger.accept(
        message(source, text), key=KEY, session=KEY.session_id, entry=f"e{source}", at=NOON
    )
    return None if accepted is None else accepted.seq


async def is_full(ledger: Ledger, source: str) -> bool:
    try:
        await take(ledger, source, "long " * 500)
    except StorageFull as error:
        return "free some space" in str(error)
    return False


async def test_a_full_database_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    database = FullDatabase()
    state = await open_state(tmp_path, connect=database.connect)
    assert await take(state.ledger, "1")
    database.may_have(database.pages)
    number = 2
    while not await is_full(state.ledger, str(number)):
        number += 1
    taken = [p.message.source for p in await state.ledger.pending()]
    assert str(number) not in taken
    database.may_have(100_000)
    assert await take(state.ledger, str(number))
    assert [p.message.source for p in await state.ledger.pending()] == [*taken, str(number)]
    await state.close()


class Flaky(sqlite3.Connection):
    """Fails from the `at`-th statement on, as SQLite does when the disk does."""

    at = -1
    count = 0
    code = sqlite3.SQLITE_IOERR

    def execute(self, *args: object) -> sqlite3.Cursor:
        self.may_fail()
        return super().execute(*args)  # type: ignore[arg-type]

    def executemany(self, *args: object) -> sqlite3.Cursor:
        self.may_fail()
        return super().executemany(*args)  # type: ignore[arg-type]

    @staticmethod
    def may_fail() -> None:
        Flaky.count += 1
        if 0 <= Flaky.at <= Flaky.count:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = Flaky.code
            raise error


async def test_a_database_that_fails_at_any_statement_keeps_what_it_acknowledged(
    tmp_path: Path,
) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Flaky)

    for at in itertools.count(1):
        Flaky.at = -1
        root = tmp_path / str(at)
        state = await open_state(root, connect=connect)
        Flaky.at = Flaky.count + at
        errors = await one_message(state.ledger)
        Flaky.at = -1
        await state.close()
        again = await open_state(root)
        counts = await again.ledger.counts()
        assert (counts.pending, counts.owed, counts.sent) == (0, 0, 1)
        assert again.reports == ()
        await again.close()
        if not errors:
            assert at > 10
            return


async def one_message(ledger: Ledger) -> int:
    """The whole path of a message, and of one that is answered with it; each step again once it
    was refused. How often that was."""
    errors = 0

    async def steadily(act: Callable[[], Awaitable[T]]) -> T:
        nonlocal errors
        try:
            return await act()
        except StorageFailed:
            errors += 1
            Flaky.at = -1
            return await act()

    first = await steadily(lambda: take(ledger, "1"))
    seq = await steadily(lambda: take(ledger, "2"))
    assert first is not None, "a refused message was taken all the same"
    assert seq is not None
    await steadily(lambda: ledger.show(seq, ["900"]))
    assert [p.shown for p in await steadily(ledger.pending)] == [(), ("900",)]
    parts = [(HERE, part("one"))]
    (owed,) = await steadily(
        lambda: ledger.finish(seq, outcome=Outcome.REPLIED, parts=parts, at=NOON, also=[first])
    )
    await steadily(lambda: ledger.begin_sending(owed.id))
    await steadily(lambda: ledger.sent(owed.id, Receipt("9")))
    return errors


class Lying(sqlite3.Connection):
    """Commits, and says that it failed: what a failed sync looks like after the next recovery."""

    lies = False

    def execute(self, *args: object) -> sqlite3.Cursor:
        done = super().execute(*args)  # type: ignore[arg-type]
        if Lying.lies and args[0] == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return done


async def test_a_message_that_was_stored_although_its_commit_failed_is_not_a_duplicate(
    tmp_path: Path,
) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Lying)

    state = await open_state(tmp_path, connect=connect)
    Lying.lies = True
    with pytest.raises(StorageFailed):
        await take(state.ledger, "1")
    with pytest.raises(StorageFailed):
        await state.ledger.decline(message("2"), reason="no", parts=[part()], at=NOON)
    Lying.lies = False
    assert await take(state.ledger, "1"), "nobody else would run it before the next start"
    owed = await state.ledger.decline(message("2"), reason="no", parts=[part()], at=NOON)
    assert owed is not None
    assert len(owed) == 1
    assert await take(state.ledger, "1") is None
    await state.close()


async def test_one_that_fails_does_not_fail_its_neighbours(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    calls = [state.ledger.set_cursor(str(n), "1") for n in range(5)]
    calls.insert(2, state.ledger.begin_sending(77))
    calls += [state.ledger.set_cursor(str(n), "1") for n in range(5, 9)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(r).__name__ for r in results if r is not None] == ["NotFound"]
    assert await state.ledger.cursor("8") == "1"
    await state.close()


async def filled(root: Path) -> None:
    state = await open_state(root)
    facts = session().with_entries(turn(1))
    await state.sessions.append(facts, turn(1))
    seq = await take(state.ledger, "1")
    assert seq
    await state.ledger.finish(
        seq, outcome=Outcome.REPLIED, parts=[(HERE, part())], at=NOON, session=facts
    )
    for number in range(2, 60):
        await take(state.ledger, str(number), "words " * 100)
    await state.ledger.set_cursor("telegram/42", "99")
    await state.ledger.request_pairing(stranger(), most=9)
    await state.close()


async def test_a_lost_database_is_made_anew_with_its_index(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / "gateway.db").unlink()
    assert [r.key.chat for r in ReadOnlyState(tmp_path).listing()] == ["123456789"]
    state = await open_state(tmp_path)
    assert "index" in state.reports[0]
    (row,) = await state.ledger.listing()
    assert row.messages == 2
    await state.close()


async def test_something_that_is_no_database_is_set_aside_and_said_so(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / "gateway.db").write_bytes(b"this is no database at all" * 400)
    state = await open_state(tmp_path)
    assert "gateway.db was damaged" in state.reports[0]
    assert "inbox" in state.reports[0]
    assert len(list(tmp_path.glob("gateway.db.damaged-*"))) == 1
    assert [r.key.chat for r in await state.ledger.listing()] == ["123456789"]
    assert await take(state.ledger, "1")
    await state.close()
    again = await open_state(tmp_path)
    assert again.reports == ()
    await again.close()


async def test_what_can_be_read_of_a_damaged_database_is_taken_over(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = tmp_path / "gateway.db"
    data = bytearray(path.read_bytes())
    # Spoil one page in the middle of the inbox's words.
    page = data.index(b"words words") // 4096 * 4096
    data[page : page + 4096] = os.urandom(4096)
    path.write_bytes(data)
    state = await open_state(tmp_path)
    assert "gateway.db was damaged" in state.reports[0]
    assert "NOT ALL could be read of: inbox" in state.reports[0]
    left = await state.ledger.pending()
    assert 30 < len(left) < 58
    assert await state.ledger.cursor("telegram/42") == "99"
    assert [p.code for p in await state.ledger.pairings(NOON)] == ["CODE1"]
    assert len(await state.ledger.owed()) == 1
    await state.close()


@pytest.mark.parametrize("instead", ["a folder", "no database"])
async def test_figures_that_cannot_be_read_are_not_shown_as_zeros(
    tmp_path: Path, instead: str
) -> None:
    await filled(tmp_path)
    path = tmp_path / "gateway.db"
    path.unlink()
    path.mkdir() if instead == "a folder" else path.write_bytes(b"no database at all" * 400)
    reader = ReadOnlyState(tmp_path)
    for figures in (reader.counts, reader.admissions, lambda: reader.pairings(NOON)):
        with pytest.raises(StorageFailed, match=r"gateway\.db"):
            figures()
    assert [r.key.chat for r in reader.listing()] == ["123456789"]
    assert [r.key.chat for r in reader.find("telegram")] == ["123456789"]


async def test_a_closed_database_can_be_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    await filled(tmp_path)
    # What a read-only folder does to a reader, also for root: SQLite cannot make its index.
    (tmp_path / "gateway.db-shm").mkdir()
    assert ReadOnlyState(tmp_path).counts().sessions == 1
    assert [r.code for r in ReadOnlyState(tmp_path).pairings(NOON)] == ["CODE1"]


async def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = tmp_path / "gateway.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(NewerFormat, match="newer"):
        await open_state(tmp_path)
    with pytest.raises(NewerFormat):
        ReadOnlyState(tmp_path).listing()
    assert path.read_bytes() == before


async def test_a_folder_that_is_no_session_is_nothing_to_report(tmp_path: Path) -> None:
    await filled(tmp_path)
    folders = tmp_path / "agents" / "main" / "sessions"
    (folders / "telegram_5_dm").mkdir()
    (folders / "notes of mine").mkdir()
    state = await open_state(tmp_path)
    assert state.reports == ()
    await state.close()


async def test_the_index_agrees_with_the_folders_after_every_start(tmp_path: Path) -> None:
    await filled(tmp_path)
    folders = tmp_path / "agents" / "main" / "sessions"
    (folders / "telegram_123456789_main").rename(folders / "telegram_5_main")
    state = await open_state(tmp_path)
    assert [row.id for row in await state.ledger.listing()] == ["telegram_5_main"]
    await state.close()


async def test_a_closed_ledger_refuses(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    await state.close()
    with pytest.raises(StoreError):
        await state.ledger.set_cursor("a", "b")
