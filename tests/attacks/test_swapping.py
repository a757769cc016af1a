"""Somebody swaps a folder of a workspace for a link that leads out, while its files are used."""

import contextlib
import itertools
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.workspace import beneath
from agents.workspace.errors import FileRefused
from agents.workspace.workspace import Workspace
from tests.architecture.sources import ROOT

SECRET = b"canary-7f3a9c"
SWAPS = 1_000
"""With fewer, a run would say nothing."""
CALLS = [2_000, pytest.param(100_000, marks=pytest.mark.slow)]


class Swapped:
    """A workspace whose folder `d` is now itself, now a link to `outside`."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.outside = folder / "outside"
        (self.workspace / "d").mkdir(parents=True)
        (self.workspace / "d" / "file").write_bytes(b"inside")
        self.outside.mkdir()
        (self.outside / "file").write_bytes(SECRET)
        (self.workspace / "evil").symlink_to(self.outside)
        self._counter = folder / "counter"
        self._counter.write_bytes(bytes(8))

    @property
    def swaps(self) -> int:
        (count,) = struct.unpack("<Q", self._counter.read_bytes())
        return count

    @contextlib.contextmanager
    def swapping(self) -> Iterator[None]:
        words = (str(self.workspace), str(self._counter))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.swapper", *words], cwd=ROOT
        )
        try:
            while not self.swaps:
                assert process.poll() is None
                os.sched_yield()
            yield
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def swapped(tmp_path: Path) -> Swapped:
    return Swapped(tmp_path)


Use = Callable[[Workspace, int], object]


def read(workspace: Workspace, _: int) -> bytes:
    return workspace.read("d/file").data


def write(workspace: Workspace, _: int) -> object:
    return workspace.write("d/new", b"x")


def make_folders(workspace: Workspace, number: int) -> object:
    return workspace.write(f"d/folder-{number % 50}/new", b"x")


def list_(workspace: Workspace, _: int) -> bytes | None:
    entries, _ = workspace.list("d")
    return SECRET if any(each.size == len(SECRET) for each in entries) else None


@pytest.mark.parametrize("count", CALLS)
@pytest.mark.parametrize("opening", [beneath.by_openat2, beneath.by_steps])
@pytest.mark.parametrize("use", [read, write, make_folders, list_])
def test_nothing_escapes(
    use: Use, opening: beneath.Opening, count: int, swapped: Swapped, monkeypatch
):
    monkeypatch.setattr(beneath, "_opening", opening)
    # Every file is flushed to the disk, which is not what is looked at here.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    worked = refused = 0
    with Workspace(swapped.workspace) as workspace, swapped.swapping():
        for number in itertools.count():
            if number >= count and swapped.swaps >= SWAPS:
                break
            try:
                got = use(workspace, number)
            except FileRefused:
                refused += 1
                continue
            worked += 1
            assert got != SECRET
    assert [each.name for each in swapped.outside.iterdir()] == ["file"]


def test_who_looks_first_and_opens_then_is_led_out(swapped: Swapped):
    """So the swapping is a real attack, and what held above was not luck."""
    file = swapped.workspace / "d" / "file"
    with swapped.swapping():
        for _ in range(1_000_000):
            with contextlib.suppress(OSError):
                within = Path(os.path.realpath(file)).is_relative_to(swapped.workspace)
                if within and file.read_bytes() == SECRET:
                    return
    raise AssertionError("the swapper is too slow to show anything")
