"""Words that are erased and files that are kept on a disk that refuses, and at any crash."""

import errno
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import State, open_state
from state.files.layout import HISTORY, MEDIA, Layout
from state.history import Entry, UserEntry
from state.messages import Attachment, AttachmentKind
from state.session import Context, Session
from state.store import NotFound, StorageFailed, StorageFull, StoreError
from tests.contracts.examples import after, session, turn
from tests.faults.failing import FailingDisk

ERRORS = [
    (errno.ENOSPC, True),
    (errno.ENOSPC, False),
    (errno.EIO, True),
    (errno.EIO, False),
]
PHOTO = Attachment(AttachmentKind.IMAGE, file="a.png")
CONTENT = b"content" * 60_000


def second_turn(*, erased: bool) -> list[Entry]:
    asked, answer = turn(2, asks="Do not tell anybody. " * 9)
    assert isinstance(asked, UserEntry)
    if erased:
        return [replace(asked, content=""), answer]
    return [replace(asked, attachments=(PHOTO,)), answer]


def told(*, erased: bool) -> list[Entry]:
    return [*turn(1), *second_turn(erased=erased), *turn(3)]


def refusal(code: int) -> type[StoreError]:
    return StorageFull if code == errno.ENOSPC else StorageFailed


async def pieces() -> AsyncIterator[bytes]:
    yield CONTENT


async def tell(state: State) -> Session:
    """Three turns, of which the last is the context."""
    facts = after(session(title="Lunch"), told(erased=False))
    await state.sessions.keep_file(facts.id, "a.png", pieces(), most=10**6)
    await state.sessions.append(facts, [*turn(1), *second_turn(erased=False)])
    (start, _) = await state.sessions.append(facts, turn(3))
    facts = replace(facts, context=Context(tokens=9, limit=100, start=start))
    await state.sessions.save(facts)
    return facts


async def agrees(state: State, facts: Session, *, erased: bool) -> None:
    """Whether the session is as it was told, and goes on."""
    loaded = await state.sessions.load(facts.id)
    assert loaded is not None
    assert list(loaded.entries) == turn(3)
    assert loaded.repaired is None
    assert loaded.session.context == replace(facts.context, start=loaded.positions[0])
    assert (loaded.session.messages, loaded.session.title) == (facts.messages, facts.title)
    assert list(await state.sessions.entries(facts.id)) == told(erased=erased)


@pytest.mark.parametrize(("code", "lasts"), ERRORS)
async def test_words_can_be_erased_after_a_disk_that_failed_at_any_call(
    tmp_path: Path, code: int, lasts: bool
) -> None:
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=code, lasts=lasts)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        disk.at = disk.count + at
        try:
            await state.sessions.erase(facts.id, {"2"})
        except refusal(code):
            disk.heal()
            await state.sessions.erase(facts.id, {"2"})
        failed, disk.at = disk.failed, -1
        await agrees(state, facts, erased=True)
        with pytest.raises(NotFound):
            await state.sessions.read_file(facts.id, "a.png")
        await state.sessions.append(facts, turn(4))
        await state.close()
        path = Layout(root).folder(facts.id) / HISTORY
        assert [e["id"] for e in json.loads(path.read_bytes())][-2:] == ["u4", "a4"]
        if not failed:
            assert at > 10, "erasing took less calls than it must"
            return


async def test_a_crash_at_any_call_leaves_the_words_or_takes_them(tmp_path: Path) -> None:
    seen = set()
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=errno.EIO)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        disk.at = disk.count + at
        try:
            await state.sessions.erase(facts.id, {"2"})
        except StorageFailed:
            done = False
        else:
            done = not disk.failed
        await state.close()  # nothing more reaches the disk, as after a kill
        again = await open_state(root)
        entries = list(await again.sessions.entries(facts.id))
        erased = entries == told(erased=True)
        assert erased or not done
        seen.add(erased)
        await agrees(again, facts, erased=erased)
        await again.sessions.erase(facts.id, {"2"})
        await agrees(again, facts, erased=True)
        await again.close()
        if done:
            assert seen == {False, True}
            return


@pytest.mark.parametrize(("code", "lasts"), ERRORS)
async def test_a_file_is_there_whole_or_not_at_all_whatever_call_fails(
    tmp_path: Path, code: int, lasts: bool
) -> None:
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=code, lasts=lasts)
        state = await open_state(root, calls=disk.calls())
        here = session().id
        disk.at = disk.count + at
        try:
            await state.sessions.keep_file(here, "a.png", pieces(), most=10**6)
        except refusal(code):
            if not lasts:
                assert await content(state) is None, "a refused file was kept"
        assert await content(state) in (None, CONTENT)
        failed, disk.at = disk.failed, -1
        await state.sessions.keep_file(here, "b.png", pieces(), most=10**6)
        await state.sessions.keep_file(here, "a.png", pieces(), most=10**6)
        assert await content(state) == CONTENT
        await state.close()
        kept = sorted(path.name for path in (Layout(root).folder(here) / MEDIA).iterdir())
        assert kept == ["a.png", "b.png"]
        if not failed:
            assert at > 8, "keeping took less calls than it must"
            return


async def test_a_files_content_is_on_the_disk_before_its_name_and_both_before_it_is_kept(
    tmp_path: Path,
) -> None:
    disk = FailingDisk(at=-1)
    state = await open_state(tmp_path, calls=disk.calls())
    disk.seen.clear()
    await state.sessions.keep_file(session().id, "a.png", pieces(), most=10**6)
    last = [call for call in disk.seen if call not in ("open", "open_in")]
    # The file; then the folders with its name, with theirs and with the session's.
    assert last == ["mkdir", "mkdir_in", "pwrite", "fsync", "replace_in", *["fsync"] * 3]
    await state.close()


async def content(state: State) -> bytes | None:
    try:
        return await state.sessions.read_file(session().id, "a.png")
    except NotFound:
        return None
