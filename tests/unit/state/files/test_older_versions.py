"""A state folder that an older Argent wrote: everything in it goes on."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from state.files import ReadOnlyState, State, open_state
from state.files.layout import METADATA, Layout
from state.files.ledger.schema import VERSION, version
from state.history import DeletionEntry
from state.keys import SessionKey, SessionType
from state.messages import Outcome, PartState, Receipt
from state.spending import Per
from state.store import Taken
from tests.contracts.examples import (
    HERE,
    KEY,
    NOON,
    correction,
    full_part,
    later,
    message,
    part,
    session,
    side_of,
    turn,
)
from tests.unit.state.files.conversation import ALL, FACTS, folder, ids, loaded, said

DUMP = Path(__file__).with_name("gateway-version-1.sql")
"""A database as version 1 made and filled it: see the messages 1 to 5 in it."""


def put_version_1(root: Path) -> Path:
    path = Layout(root).database
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(DUMP.read_text())
        db.execute("PRAGMA user_version = 1")
    return path


@pytest.fixture
async def upgraded(tmp_path: Path) -> AsyncIterator[State]:
    put_version_1(tmp_path)
    state = await open_state(tmp_path)
    yield state
    await state.close()


async def test_a_database_of_version_1_keeps_every_row(upgraded: State) -> None:
    ledger = upgraded.ledger
    pending = await ledger.pending()
    assert [p.message for p in pending] == [message("2", "an open question"), correction("3")]
    assert [(p.seq, p.key, p.shown) for p in pending] == [(2, KEY, ()), (3, KEY, ())]
    (owed,) = await ledger.owed()
    assert (owed.address, owed.part, owed.state) == (HERE, part("owed"), PartState.UNKNOWN)
    assert owed.uncertain
    assert await ledger.cursor("telegram/42") == "99"
    group = SessionKey("telegram", "-100200", SessionType.GROUP)
    assert await ledger.aliases() == {str(group): KEY.session_id}
    assert [request.code for request in await ledger.pairings(NOON)] == ["CODE1"]
    assert [admitted.user for admitted in await ledger.admissions()] == ["8"]
    counts = await ledger.counts()
    assert (counts.pending, counts.owed, counts.sent, counts.set_aside) == (2, 1, 1, 1)
    assert counts.outcomes == {"replied": 1, "declined": 1}
    assert await ledger.taken("telegram", "1") == Taken(1, "e1", KEY, KEY.session_id, open=False)
    assert await ledger.taken("telegram", "4") is None


async def test_a_database_of_version_1_takes_what_is_new(upgraded: State) -> None:
    ledger = upgraded.ledger
    await ledger.show(2, ["901"])
    assert (await ledger.pending())[0].shown == ("901",)
    parts = [(HERE, full_part())]
    (new,) = await ledger.finish(2, outcome=Outcome.REPLIED, parts=parts, at=later(9), also=[3])
    (old, found) = await ledger.owed()
    assert found.part == new.part == full_part()
    assert await ledger.pending() == ()
    assert await ledger.spent(Per.DAY, NOON.date()) == {}
    assert await ledger.chosen() == {}
    side = side_of(session(), "work")
    await ledger.index(side)
    await ledger.choose(KEY, side.id)
    assert [row.name for row in await ledger.family(KEY.session_id)] == ["work"]
    await ledger.sent(old.id, Receipt("901"))
    await ledger.sent(new.id, Receipt("902"))
    assert await ledger.prune(NOON + timedelta(days=99)) == 8, "nothing is owed any more"


async def test_an_upgraded_database_is_not_upgraded_again(tmp_path: Path) -> None:
    path = put_version_1(tmp_path)
    for _ in range(2):
        state = await open_state(tmp_path)
        await state.close()
        with closing(sqlite3.connect(path)) as db:
            assert version(db) == VERSION == 7
    state = await open_state(tmp_path)
    assert len(await state.ledger.pending()) == 2
    await state.close()


def test_a_reader_understands_a_database_that_is_not_upgraded_yet(tmp_path: Path) -> None:
    path = put_version_1(tmp_path)
    reader = ReadOnlyState(tmp_path)
    assert (reader.counts().pending, reader.counts().owed) == (2, 1)
    assert [row.key for row in reader.listing()] == [KEY]
    assert [row.base for row in reader.find(str(KEY))] == [None]
    assert [request.code for request in reader.pairings(NOON)] == ["CODE1"]
    assert reader.spent(Per.DAY, NOON.date()) == {}
    with closing(sqlite3.connect(path)) as db:
        assert version(db) == 1, "a reader changes nothing"


async def test_what_can_be_read_of_a_damaged_database_of_version_1_is_taken_over(
    tmp_path: Path,
) -> None:
    path = put_version_1(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE aliases")
    state = await open_state(tmp_path)
    assert "the table aliases is missing" in state.reports[0]
    assert state.reports[0].endswith("NOT ALL could be read of: aliases")
    assert [p.seq for p in await state.ledger.pending()] == [2, 3]
    (owed,) = await state.ledger.owed()
    assert owed.part == part("owed")
    await state.close()


def write_as_version_1(root: Path) -> Path:
    path = folder(root) / METADATA
    path.write_bytes(path.read_bytes().replace(b'"version": 3', b'"version": 1'))
    return path


async def test_a_session_of_version_1_reads_as_before(tmp_path: Path) -> None:
    facts = await said(tmp_path)
    path = write_as_version_1(tmp_path)
    found = await loaded(tmp_path)
    assert (ids(found), found.session, found.repaired) == (ALL, facts, None)
    assert b'"version": 1' in path.read_bytes(), "reading alone is no reason to write"


async def test_an_older_argent_is_warned_before_an_entry_that_it_does_not_know(
    tmp_path: Path,
) -> None:
    facts = await said(tmp_path)
    path = write_as_version_1(tmp_path)
    state = await open_state(tmp_path)
    await state.sessions.append(facts, turn(9))
    assert b'"version": 1' in path.read_bytes()
    await state.sessions.append(facts, [DeletionEntry("d1", later(9), HERE, "1")])
    assert b'"version": 3' in path.read_bytes()
    assert len(await state.sessions.entries(FACTS.id)) == len(ALL) + 3
    await state.close()
