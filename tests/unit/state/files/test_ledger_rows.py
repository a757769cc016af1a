"""What gateway.db holds: words no longer than they are needed, and no more than is asked."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from state.files import State
from state.files.layout import Layout
from state.files.ledger.inbox import PRUNED_AT_ONCE
from state.messages import Outcome, Receipt
from state.store import NotFound
from tests.contracts.examples import HERE, KEY, NOON, full_part, later, message, part


def rows(root: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(Layout(root).database)) as db:
        return db.execute(question).fetchall()


async def answered(state: State) -> int:
    taken = await state.ledger.accept(
        message("1"), key=KEY, session=KEY.session_id, entry="e1", at=NOON
    )
    assert taken is not None
    await state.ledger.show(taken.seq, ["900"])
    parts = [(HERE, full_part()), (HERE, part())]
    one, two = await state.ledger.finish(taken.seq, outcome=Outcome.REPLIED, parts=parts, at=NOON)
    await state.ledger.sent(one.id, Receipt("900"))
    await state.ledger.begin_sending(two.id)
    return taken.seq


async def test_a_finished_messages_words_are_dropped(tmp_path: Path, state: State) -> None:
    await answered(state)
    assert rows(tmp_path, "SELECT payload, shown FROM inbox") == [(None, None)]


async def test_a_sent_parts_words_and_file_are_dropped_and_an_owed_ones_are_not(
    tmp_path: Path, state: State
) -> None:
    await answered(state)
    found = rows(tmp_path, "SELECT text, plain, extras FROM outbox ORDER BY id")
    assert found == [(None, None, None), (part().text, part().plain, None)]


async def test_a_beat_writes_where_nothing_else_did(tmp_path: Path, state: State) -> None:
    await state.ledger.beat(NOON)
    assert rows(tmp_path, "SELECT name, value FROM cursors") == [("beat", NOON.isoformat())]


async def test_a_beat_writes_nothing_where_something_else_was_just_written(
    tmp_path: Path, state: State
) -> None:
    await answered(state)
    await state.ledger.beat(NOON)
    assert rows(tmp_path, "SELECT name FROM cursors") == []


async def test_what_was_read_or_refused_is_no_proof_that_something_can_be_written(
    tmp_path: Path, state: State
) -> None:
    await state.ledger.counts()
    with pytest.raises(NotFound):
        await state.ledger.deny("no such code")
    await state.ledger.beat(NOON)
    assert rows(tmp_path, "SELECT name FROM cursors") == [("beat",)]


async def test_whoever_stores_something_waits_for_a_part_of_a_pruning_and_not_for_all_of_it(
    tmp_path: Path, state: State
) -> None:
    many = 2 * PRUNED_AT_ONCE + 1
    ledger = state.ledger

    async def declined(number: int) -> None:
        await ledger.decline(message(str(number)), reason="late", at=NOON)

    await asyncio.gather(*(declined(number) for number in range(many)))
    pruning = asyncio.create_task(ledger.prune(later(1)))
    await asyncio.sleep(0)
    await ledger.set_cursor("telegram:1", "7")
    assert rows(tmp_path, "SELECT EXISTS (SELECT 1 FROM inbox)") == [(1,)]
    assert await pruning == many
