"""Everything that is one person's goes, from every place, and nothing of anybody else's."""

import errno
import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.clock import Clock
from gateway.life import Life
from gateway.open_sessions import OpenSessions
from gateway.people_erasing import ForgetsLog, PeopleErasing, no_log
from state.files import ReadOnlyState, State, open_state
from state.files.receipts import Receipts
from state.persons import Identity, Person
from state.spending import Per
from state.store import StoreError
from tests.flows import canaries

THEM = Person.of(Identity("telegram", "7001"))


def erasing(state: State, root: Path, forget_log: ForgetsLog = no_log) -> PeopleErasing:
    clock = Clock()
    life = Life(state.sessions, state.ledger, OpenSessions(state.sessions), clock)
    return PeopleErasing(
        state.sessions, state.ledger, life, Receipts(root), clock, None, forget_log
    )


@pytest.fixture
async def root(tmp_path: Path) -> Path:
    root = tmp_path / "state"
    await canaries.fill(root)
    places = canaries.told(root)
    for name in ("gateway.db", "search.db", "history.json.gz", "metadata.json", ".7.new"):
        assert any(place.endswith(name) for place in places), f"no canary in {name}: {places}"
    return root


async def test_no_byte_of_theirs_is_left_when_it_was_erased(root: Path) -> None:
    before = await canaries.of_others(root)
    state = await open_state(root)
    done = await erasing(state, root).erase(THEM)
    assert done is not None
    assert canaries.told(root) == [], "while it is open"
    await state.close()
    assert canaries.told(root) == []
    assert await canaries.of_others(root) == before
    assert not list((root / "agents/main/sessions").glob("*7001*"))


async def test_a_receipt_says_what_went_and_names_nobody(root: Path) -> None:
    state = await open_state(root)
    done = await erasing(state, root).erase(THEM)
    await state.close()
    assert done is not None
    receipt, path = done
    written = path.read_text()
    assert json.loads(written) == receipt
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.name.endswith(f"-{THEM.digest}.json")
    for name in ("7001", canaries.NAME, canaries.WORD):
        assert name not in written
    assert receipt["sessions"] == {"removed": 2, "deleted_before": 1}
    shared = {each["session"]: each for each in receipt["shared"]}
    assert sorted(shared) == [
        "telegram_-500_group", "telegram_-501_group", "telegram_-502_3_topic",
        "telegram_-600_group", "telegram_-601_group",
    ]  # fmt: skip
    both = {"messages": 4, "answers": 4, "quotes": 2, "summaries": 2}
    assert {kind: shared["telegram_-500_group"][kind] for kind in both} == both
    assert shared["telegram_-502_3_topic"]["aside"] == 1
    assert receipt["rows"] == {
        "admissions": 1, "aliases": 1, "chosen": 1, "messages": 3, "pairings": 1, "parts": 4,
        "set_aside": 1, "spending": 2,
    }  # fmt: skip


async def test_files_of_others_stay(root: Path) -> None:
    state = await open_state(root)
    await erasing(state, root).erase(THEM)
    for key in (canaries.SHARED, canaries.PACKED, canaries.TOPIC):
        assert await state.sessions.read_file(key.session_id, "att-bobs.png") == b"Bob's picture"
    await state.close()


async def test_what_it_cost_stays_and_is_nobodys(root: Path) -> None:
    days = ReadOnlyState(root).spent(Per.DAY, canaries.DAY)
    state = await open_state(root)
    await erasing(state, root).erase(THEM)
    await state.close()
    reads = ReadOnlyState(root)
    assert reads.spent(Per.DAY, canaries.DAY) == days
    assert sorted(reads.spent(Per.PERSON, canaries.DAY)) == [
        "telegram:8002", "telegram:erased", "telegram:summaries",
    ]  # fmt: skip


async def test_a_message_that_was_erased_is_not_run_when_it_comes_again(root: Path) -> None:
    state = await open_state(root)
    await erasing(state, root).erase(THEM)
    (pending,) = await state.ledger.pending()
    assert pending.message.sender == canaries.BOB  # type: ignore[union-attr]
    await state.close()
    with closing(sqlite3.connect(root / "gateway.db")) as db:
        rows = db.execute("SELECT source, outcome, key, payload FROM inbox").fetchall()
    assert ("7001:4", "declined", None, None) in rows


async def test_whoever_was_erased_is_not_there_to_be_erased_again(root: Path) -> None:
    state = await open_state(root)
    await erasing(state, root).erase(THEM)
    assert await erasing(state, root).erase(THEM) is None
    await state.close()
    assert len(list((root / "receipts").iterdir())) == 1


async def test_a_session_that_was_put_away_stays_so(root: Path) -> None:
    state = await open_state(root)
    await erasing(state, root).erase(THEM)
    await state.close()
    folder = root / "agents/main/sessions" / canaries.PACKED.session_id
    assert (folder / "history.json.gz").exists()
    assert not (folder / "history.json").exists()


async def test_the_lines_of_the_log_about_them_go_last_and_are_counted(root: Path) -> None:
    asked: list[list[bool]] = []

    def forget(named: Callable[[bytes], bool]) -> int:
        assert canaries.told(root) == [], "all else is erased"
        asked.append([named(b'{"session":"telegram_%s_dm"}' % who) for who in (b"7001", b"7002")])
        return 3

    state = await open_state(root)
    done = await erasing(state, root, forget).erase(THEM)
    await state.close()
    assert done is not None
    assert asked == [[True, False]]
    assert done[0]["rows"]["log_lines"] == 3


async def test_what_the_log_could_not_forget_is_forgotten_at_the_next_attempt(root: Path) -> None:
    failures = [OSError(errno.ENOSPC, "full")]

    def forget(_: Callable[[bytes], bool]) -> int:
        if failures:
            raise failures.pop()
        return 1

    state = await open_state(root)
    with pytest.raises(StoreError):
        await erasing(state, root, forget).erase(THEM)
    again = await erasing(state, root, forget).erase(THEM)
    await state.close()
    assert again is not None
    assert (again[0]["resumed"], again[0]["rows"]) == (True, {"log_lines": 1})
