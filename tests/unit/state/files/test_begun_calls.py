"""What a call was given stays in the ledger no longer than its message is open."""

import sqlite3
from contextlib import closing
from pathlib import Path

from state.files import open_state
from state.messages import Begun, Outcome
from state.persons import Identity, Person
from state.store import Ledger
from tests.contracts.examples import HERE, KEY, NOON, message


async def begins(ledger: Ledger) -> int:
    accepted = await ledger.accept(
        message("1"), key=KEY, session=KEY.session_id, entry="e1", at=NOON
    )
    assert accepted is not None
    await ledger.begin_call(accepted.seq, Begun("b1", "bash", '{"command": "my secret"}'))
    return accepted.seq


def kept(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "gateway.db")) as db:
        (count,) = db.execute("SELECT count(*) FROM begun_calls").fetchone()
        return int(count)


async def test_the_outcome_takes_it_away(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    seq = await begins(state.ledger)
    assert kept(tmp_path) == 1
    await state.ledger.finish(seq, outcome=Outcome.REPLIED, parts=[], at=NOON)
    assert kept(tmp_path) == 0
    await state.close()


async def test_it_goes_with_whoever_is_forgotten(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    seq = await begins(state.ledger)
    who = Person.of(Identity(HERE.channel, message("1").sender.id))
    await state.ledger.forget(who, at=NOON, waiting=[seq])
    assert kept(tmp_path) == 0
    await state.close()
