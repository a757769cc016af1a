"""A person's erasure that is cut short: whatever was done by then, doing it again finishes it."""

import errno
import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from state.files import open_state
from state.store import StoreError
from tests.faults.failing import FailingDisk
from tests.flows import canaries
from tests.flows.test_people_erased import THEM, erasing

STRIDE = 31
"""Of the system calls, every so many are tried; `make test-slow` tries them all."""


class Cut(Exception):
    """The process is gone."""


class Counting:
    """Something that is done so much with, and then never anything."""

    def __init__(self, store: Any, step: Callable[[], None]) -> None:
        self._store, self._step = store, step

    def __getattr__(self, name: str) -> Any:
        self._step()
        return getattr(self._store, name)


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    await canaries.fill(tmp_path / "filled")
    return tmp_path / "filled"


async def finish(root: Path) -> dict[str, Any]:
    """Erase them, in another life; the receipt."""
    state = await open_state(root)
    done = await erasing(state, root).erase(THEM)
    await state.close()
    assert done is not None, "it is not known any more that they were being erased"
    return done[0]


def is_finished(root: Path) -> bool:
    """Whether a receipt says that they were erased, and none that they still are being."""
    found = [json.loads(path.read_bytes()) for path in (root / "receipts").glob("*.json")]
    return bool(found) and all(each["finished"] for each in found)


async def test_an_erasure_that_was_cut_short_between_two_steps_is_finished(
    filled: Path, tmp_path: Path
) -> None:
    for last in itertools.count(0):
        root = tmp_path / str(last)
        shutil.copytree(filled, root)
        state = await open_state(root)
        left = itertools.count(last, -1)

        def step(left: "itertools.count[int]" = left) -> None:
            if next(left) <= 0:
                raise Cut

        cut = erasing(state, root)
        cut._sessions = Counting(cut._sessions, step)  # type: ignore[assignment]
        cut._ledger = Counting(cut._ledger, step)  # type: ignore[assignment]
        cut._life = Counting(cut._life, step)  # type: ignore[assignment]
        try:
            await cut.erase(THEM)
        except Cut:
            await state.close()
            receipt = await finish(root)
            # Until it has begun there is nothing to resume.
            assert receipt["resumed"] is (last > 1)
        else:
            await state.close()
            assert last > 10, "it took less steps than it must"
            return
        assert canaries.told(root) == [], f"after {last} steps"
        assert is_finished(root)
        shutil.rmtree(root)


async def sweep(filled: Path, tmp_path: Path, stride: int) -> None:
    for at in itertools.count(1, stride):
        root = tmp_path / str(at)
        shutil.copytree(filled, root)
        disk = FailingDisk(at=-1, error=errno.EIO)
        state = await open_state(root, calls=disk.calls())
        disk.at = disk.count + at
        try:
            await erasing(state, root).erase(THEM)
        except (StoreError, OSError):
            assert disk.failed
        await state.close()  # nothing more reaches the files, as after a kill
        if not disk.failed:
            assert at > 50, "it took less calls than it must"
            return
        if not is_finished(root):
            await finish(root)
        assert canaries.told(root) == [], f"after {at} calls"
        shutil.rmtree(root)


async def test_an_erasure_that_was_cut_short_by_a_disk_is_finished(
    filled: Path, tmp_path: Path
) -> None:
    await sweep(filled, tmp_path, STRIDE)


@pytest.mark.slow
async def test_an_erasure_that_was_cut_short_at_any_call_is_finished(
    filled: Path, tmp_path: Path
) -> None:
    await sweep(filled, tmp_path, 1)
