"""What is left in the files when a session begins anew for good."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from state.files import open_state
from state.files.layout import HISTORY, METADATA, TRASH, Layout
from state.messages import Outcome, Receipt
from tests.contracts.examples import HERE, KEY, NOON, after, message, part, session, turn

FACTS = session()
LEFT = [HISTORY, METADATA]


async def pieces() -> AsyncIterator[bytes]:
    yield b"content"


async def test_nothing_but_an_empty_history_and_the_facts_is_left_in_the_folder(
    tmp_path: Path,
) -> None:
    state = await open_state(tmp_path)
    folder = Layout(tmp_path).folder(FACTS.id)
    await state.sessions.keep_file(FACTS.id, "a.png", pieces(), most=9)
    for number in (1, 2):
        facts = after(FACTS, turn(number))
        await state.sessions.append(facts, turn(number))
        await state.sessions.clear(replace(facts, messages=0))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not ours")
    (folder / "workspace").mkdir()
    (folder / "workspace" / "notes").write_text("words")
    (folder / "link").symlink_to(elsewhere)
    for name in (f"{METADATA}.damaged-1", f".{HISTORY}.new", "what nobody knows"):
        (folder / name).write_text("words")
    (folder / f"{HISTORY}.damaged-2").mkdir()
    assert await state.sessions.clear(FACTS, erase=True) is None
    assert sorted(each.name for each in folder.iterdir()) == LEFT
    assert not list(folder.parent.glob(f"{TRASH}*"))
    assert elsewhere.read_text() == "not ours"
    await state.sessions.append(after(FACTS, turn(3)), turn(3))
    assert list(await state.sessions.entries(FACTS.id)) == turn(3)
    await state.close()


async def test_an_archived_session_is_emptied_like_any_other(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    facts = after(FACTS, turn(1))
    await state.sessions.append(facts, turn(1))
    await state.sessions.archive(facts)
    await state.sessions.clear(FACTS, erase=True)
    folder = Layout(tmp_path).folder(FACTS.id)
    assert sorted(each.name for each in folder.iterdir()) == LEFT
    assert await state.sessions.entries(FACTS.id) == ()
    await state.close()


async def test_only_what_was_deleted_of_the_same_session_goes_with_it(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    other = session("12345678")
    for each in (FACTS, other):
        await state.sessions.append(after(each, turn(1)), turn(1))
        await state.sessions.delete(each.id, kept_at=NOON)
    await state.sessions.append(after(FACTS, turn(1)), turn(1))
    await state.sessions.clear(FACTS, erase=True)
    (kept,) = (tmp_path / "deleted").iterdir()
    assert kept.name.startswith(other.id)
    await state.close()


async def test_what_the_ledger_drops_is_not_in_its_file_and_a_reader_is_not_waited_for(
    tmp_path: Path,
) -> None:
    state = await open_state(tmp_path)
    ledger, database = state.ledger, Layout(tmp_path).database
    accepted = await ledger.accept(
        message("1", "a canary"), key=KEY, session=KEY.session_id, entry="u1", at=NOON
    )
    assert accepted is not None
    parts = [(HERE, part("another canary")), (HERE, part("a refused canary"))]
    owed = await ledger.finish(accepted.seq, outcome=Outcome.REPLIED, parts=parts, at=NOON)
    assert b"canary" in held(tmp_path)
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM inbox").fetchall()
        await ledger.sent(owed[0].id, Receipt("900"))
        await ledger.failed(owed[1].id, "gone")
        assert not await ledger.empty_log()
    assert await ledger.empty_log()
    assert b"canary" not in held(tmp_path)
    await state.close()


def held(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.glob("gateway.db*"))
