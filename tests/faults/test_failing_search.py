"""The index when its process dies, and when its file is damaged."""

import random
import signal
from pathlib import Path

import pytest

from gateway.searching import search
from state.files import open_state
from state.files.layout import Layout
from state.files.search.catching_up import catch_up
from state.files.search.finding import DamagedIndex, find
from state.files.search.query import Query
from tests.contracts.examples import after, session, turn
from tests.faults.searched import AGO
from tests.faults.test_other_processes import running


def hits(root: Path, word: str) -> list[str]:
    return [hit["entry"] for hit in search(root, word, limit=1000)["hits"]]


def test_a_process_killed_beside_its_index_leaves_no_erased_word_and_loses_none(
    tmp_path: Path,
) -> None:
    for kill in range(4):
        root = tmp_path / str(kill)
        with running("searched", root) as process:
            assert process.stdout is not None
            for _ in range(9 + 5 * kill):
                process.stdout.readline()
            # Beside a running owner what was erased is not found, at once.
            assert not any(
                find(Layout(root), Query.parse(f"word{n}")).hits for n in range(1, 8 + 5 * kill)
            )
            process.send_signal(signal.SIGKILL)
            done = 9 + 5 * kill + len(process.stdout.read().splitlines())
        for number in range(1, done - AGO + 1):
            assert hits(root, f"word{number}") == []
        # The one before it may have been erased already, and the process killed before it said so.
        assert hits(root, f"word{done}") == [f"u{done}"]


async def talked(root: Path, turns: int) -> None:
    state = await open_state(root)
    facts = session()
    for number in range(1, turns + 1):
        entries = turn(number, asks=f"harbour {number}")
        facts = after(facts, entries)
        await state.sessions.append(facts, entries)
    await state.close()


@pytest.mark.parametrize("seed", range(12))
async def test_with_any_page_damaged_an_operator_finds_everything(
    tmp_path: Path, seed: int
) -> None:
    await talked(tmp_path, 150)
    catch_up(Layout(tmp_path))
    index = Layout(tmp_path).search
    data = bytearray(index.read_bytes())
    page = random.Random(seed).randrange(len(data) // 4096)
    data[page * 4096 : (page + 1) * 4096] = bytes([0xFF]) * 4096
    index.write_bytes(data)
    assert sorted(hits(tmp_path, "harb*")) == sorted(f"u{n}" for n in range(1, 151))


async def test_beside_a_gateway_damage_is_told_with_what_to_do(tmp_path: Path) -> None:
    await talked(tmp_path, 3)
    catch_up(Layout(tmp_path))
    state = await open_state(tmp_path)
    Layout(tmp_path).search.write_bytes(b"\xff" * 8192)
    with pytest.raises(DamagedIndex, match="remove it, it is made anew"):
        find(Layout(tmp_path), Query.parse("harbour"))
    await state.close()
