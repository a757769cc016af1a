"""A crash tears the last write of a history, in every way: no acknowledged entry is lost."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from state.codec import dumps, entry_to_json
from state.files import journal, metadata
from state.files.calls import SystemCalls
from state.files.disk import Disk
from state.files.journal import CLOSING, EMPTY
from state.files.layout import HISTORY, METADATA
from state.files.metadata import Facts
from state.files.opening import open_session
from state.files.session_files import SessionFiles
from state.history import AssistantEntry, Entry, ToolCall, ToolEntry, UserEntry
from tests.contracts.examples import NOON, after, later, session, turn
from tests.faults.images import sectors, torn

NASTY = 'end\n]\n,{"id":"fake","role":"user"}\n]\n \0 🦜 "quoted" \\'


def turn_with_tools(number: int, words: str) -> list[Entry]:
    question, answer = turn(number, asks=words, answers=words)
    assert isinstance(question, UserEntry)
    call = AssistantEntry(
        f"c{number}", later(number), "", f"t{number}", calls=(ToolCall("k", "time", "{}"),)
    )
    result = ToolEntry(f"r{number}", later(number), words, f"t{number}", "k", "time")
    return [question, call, result, answer]


@dataclass(frozen=True)
class LastWrite:
    """A file before and after an append that was never acknowledged."""

    acknowledged: tuple[Entry, ...]
    torn_batch: tuple[Entry, ...]
    old: bytes
    new: bytes

    @property
    def at(self) -> int:
        return len(self.old) - len(CLOSING)

    @classmethod
    def of(cls, before: Sequence[Sequence[Entry]], batch: Sequence[Entry]) -> "LastWrite":
        old = EMPTY
        for entries in before:
            old = appended(old, entries)
        flat = tuple(entry for entries in before for entry in entries)
        return cls(flat, tuple(batch), old, appended(old, batch))


def appended(data: bytes, entries: Sequence[Entry]) -> bytes:
    at = len(data) - len(CLOSING)
    return data[:at] + journal.frame([dumps(entry_to_json(entry)) for entry in entries], at)


class Folder:
    """A session's folder, into which damaged images are put."""

    def __init__(self, root: Path, write: LastWrite) -> None:
        self.path = root / session().id
        self.path.mkdir()
        self.write = write
        # What reaches the platter is not the question here, and thousands of images are opened.
        calls = SystemCalls(fsync=lambda _: None, fdatasync=lambda _: None, syncfs=lambda _: None)
        self.disk = Disk(root, calls, lambda: NOON)

    def checkpoints(self) -> Iterator[bytes | None]:
        """metadata.json as it may be at the crash: up to date, behind, or not there."""
        facts = session()
        known = after(facts, list(self.write.acknowledged)) if self.write.acknowledged else facts
        yield metadata.encode(Facts(known, self.write.at))
        yield metadata.encode(Facts(facts))
        yield None

    def survives(self, name: str, image: bytes, checkpoint: bytes | None) -> None:
        history, facts = self.path / HISTORY, self.path / METADATA
        history.write_bytes(image)
        facts.unlink(missing_ok=True)
        if checkpoint is not None:
            facts.write_bytes(checkpoint)
        opened = open_session(self.disk, self.path, "main")
        assert opened is not None, name
        files = SessionFiles.of(self.path, opened, 0)
        kept = journal.read(history.read_bytes()).entries
        count = len(self.write.acknowledged)
        assert kept[:count] == self.write.acknowledged, name
        files.write(self.disk, [dumps(entry_to_json(e)) for e in turn(999)])
        files.close()
        data = history.read_bytes()
        assert [e["id"] for e in json.loads(data)][-2:] == ["u999", "a999"], name
        if "flipped" not in name:
            assert kept[count:] in ((), self.write.torn_batch), name
            assert opened.session.messages == len(kept) - 2 * sum(
                isinstance(e, ToolEntry) for e in kept
            ), name
        for left in self.path.glob("*.damaged-*"):
            left.unlink()


WRITES = {
    "the first turn": LastWrite.of([], turn(1)),
    "a later turn": LastWrite.of([turn(1), turn(2)], turn(3, asks=NASTY)),
    "a turn with tools": LastWrite.of([turn_with_tools(1, NASTY)], turn_with_tools(2, "short")),
}


@pytest.mark.parametrize("which", WRITES)
def test_a_write_torn_at_any_byte_loses_nothing_acknowledged(tmp_path: Path, which: str) -> None:
    write = WRITES[which]
    folder = Folder(tmp_path, write)
    images = list(torn(write.old, write.new, write.at))
    # One checkpoint an image, in turns: three full sweeps are the slow suite's.
    for number, (name, image) in enumerate(images):
        folder.survives(name, image, list(folder.checkpoints())[number % 3])


@pytest.mark.parametrize("size", [512, 4096])
def test_any_subset_of_sectors_loses_nothing_acknowledged(tmp_path: Path, size: int) -> None:
    before = [turn(1, answers="x" * 300), turn(2)]
    write = LastWrite.of(before, turn_with_tools(3, NASTY + "y" * size))
    folder = Folder(tmp_path, write)
    images = list(sectors(write.old, write.new, size))
    chosen = random.Random(1).sample(images, min(200, len(images)))
    for number, (name, image) in enumerate(chosen):
        folder.survives(name, image, list(folder.checkpoints())[number % 3])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("acknowledged", [0, 3, 25])
@pytest.mark.parametrize("length", [0, 40, 700])
def test_every_image_with_every_checkpoint(tmp_path: Path, acknowledged: int, length: int) -> None:
    chance = random.Random(acknowledged * 10_000 + length)
    before = [turn(n, asks=NASTY * chance.randrange(2)) for n in range(acknowledged)]
    write = LastWrite.of(before, turn_with_tools(900, (NASTY * 200)[:length]))
    folder = Folder(tmp_path, write)
    for name, image in torn(write.old, write.new, write.at):
        for checkpoint in folder.checkpoints():
            folder.survives(name, image, checkpoint)
    subsets = list(sectors(write.old, write.new, 512 if length < 2000 else 4096))
    for name, image in chance.sample(subsets, min(2000, len(subsets))):
        for checkpoint in folder.checkpoints():
            folder.survives(name, image, checkpoint)
