"""Processes beside the owner: readers, a second owner, and an owner that is killed."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from state.files import ReadOnlyState, lock_holder, open_state
from state.files.layout import HISTORY, MEDIA, Layout
from state.files.lock import FileLock
from state.history import UserEntry
from state.store import StateLocked
from tests.contracts.examples import session
from tests.faults.forgetter import AGO, content

HERE = Path(__file__).parents[2]


@contextmanager
def running(module: str, *args: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"tests.faults.{module}", *map(str, args)]
    process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def appender(root: Path, sessions: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return running("appender", root, sessions)


def acknowledged(process: subprocess.Popen[bytes], lines: int) -> dict[str, int]:
    """How far each chat is after so many more acknowledged turns."""
    assert process.stdout is not None
    far: dict[str, int] = defaultdict(int)
    for _ in range(lines):
        chat, number = process.stdout.readline().split()
        far[chat.decode()] = int(number)
    return far


def the_rest(process: subprocess.Popen[bytes]) -> dict[str, int]:
    assert process.stdout is not None
    far: dict[str, int] = {}
    for line in process.stdout.read().splitlines():
        chat, number = line.split()
        far[chat.decode()] = int(number)
    return far


def test_a_reader_in_another_process_never_fails(tmp_path: Path) -> None:
    with appender(tmp_path, 2) as process:
        acknowledged(process, 4)
        reader = ReadOnlyState(tmp_path)
        for _ in range(15):
            far = acknowledged(process, 2)
            for chat, number in far.items():
                entries = reader.entries(session(chat).id)
                assert [e.id for e in entries][: 2 * number : 2] == [
                    f"u{n}" for n in range(1, number + 1)
                ]
                assert reader.facts(session(chat).id).messages >= 2 * number


@pytest.mark.parametrize("sessions", [1, 50])
async def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, sessions: int) -> None:
    for kill in range(4):
        root = tmp_path / str(kill)
        with appender(root, sessions) as process:
            far = acknowledged(process, 40 + 33 * kill + sessions)
            process.send_signal(signal.SIGKILL)
            far |= the_rest(process)
        state = await open_state(root)
        for chat, number in far.items():
            loaded = await state.sessions.load(session(chat).id)
            assert loaded is not None
            ids = [e.id for e in loaded.entries]
            assert ids == [f"{who}{n}" for n in range(1, len(ids) // 2 + 1) for who in "ua"]
            assert len(ids) >= 2 * number
            assert loaded.session.messages == len(ids)
            assert json.loads((Layout(root).folder(session(chat).id) / HISTORY).read_bytes())
        await state.close()


async def test_a_process_killed_while_it_erases_keeps_the_rest_and_what_it_erased_is_gone(
    tmp_path: Path,
) -> None:
    for kill in range(4):
        root = tmp_path / str(kill)
        with running("forgetter", root) as process:
            assert process.stdout is not None
            for _ in range(9 + 5 * kill):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            done = 9 + 5 * kill + len(process.stdout.read().splitlines())
        state = await open_state(root)
        loaded = await state.sessions.load(session().id)
        assert loaded is not None
        assert loaded.repaired is None
        assert loaded.session.messages == len(loaded.entries) >= 2 * done
        asked = [entry for entry in loaded.entries if isinstance(entry, UserEntry)]
        assert [entry.message for entry in asked] == [str(n + 1) for n in range(len(asked))]
        for number, entry in enumerate(asked, 1):
            if number <= done - AGO:
                assert (entry.content, entry.attachments) == ("", ())
            elif number == done:
                assert [a.file for a in entry.attachments] == [f"{number}.bin"]
                kept = await state.sessions.read_file(session().id, f"{number}.bin")
                assert kept == content(number)
        left = {path.name for path in (Layout(root).folder(session().id) / MEDIA).iterdir()}
        gone = {f"{number}.bin" for number in range(1, done - AGO + 1)}
        assert not left & gone
        await state.close()


async def test_a_second_owner_is_told_the_pid_of_the_first(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) is None
    with appender(tmp_path, 1) as process:
        acknowledged(process, 1)
        assert lock_holder(tmp_path) == process.pid
        with pytest.raises(StateLocked, match=f"process {process.pid}"):
            await open_state(tmp_path)
    assert lock_holder(tmp_path) is None
    state = await open_state(tmp_path)
    assert lock_holder(tmp_path) == os.getpid()
    await state.close()
    assert lock_holder(tmp_path) is None


def test_reading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from state.files import ReadOnlyState, lock_holder; "
        "print([m for m in ('asyncio', 'pydantic', 'aiohttp', 'ctypes', 'concurrent.futures') "
        "if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"


def test_a_lock_is_let_go_of_where_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    unwritable = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(unwritable, fcntl.LOCK_EX)
    FileLock(unwritable).release()
    lock = FileLock.take(path, "another")
    assert lock is not None
    lock.release()
