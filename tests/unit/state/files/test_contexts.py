"""A context with a summary, when a history or its metadata is not as it was left."""

import errno
import itertools
import json
from dataclasses import replace
from pathlib import Path

from state.files import open_state
from state.files.layout import HISTORY, METADATA
from state.history import SummaryEntry
from state.session import Context
from state.store import Loaded, StorageFailed
from state.view import view
from tests.contracts.examples import turn
from tests.contracts.test_summaries import FACTS, FIRST, SECOND, told
from tests.faults.failing import FailingDisk
from tests.unit.state.files.conversation import folder, loaded


async def told_in(root: Path) -> Context:
    state = await open_state(root)
    facts, _ = await told(state.sessions)
    await state.close()
    return facts.context


def shown(found: Loaded) -> list[str]:
    return [entry.id for entry in view(found.entries, found.summary)]


def lay_out_anew(path: Path) -> None:
    path.write_text(" " + json.dumps(json.loads(path.read_bytes()), indent=1))


async def test_a_context_with_its_summary_and_its_way_back_survives_another_layout(
    tmp_path: Path,
) -> None:
    before = await told_in(tmp_path)
    path = folder(tmp_path) / HISTORY
    lay_out_anew(path)
    found = await loaded(tmp_path)
    assert shown(found) == ["s2", "u3", "a3"]
    context = found.session.context
    assert context.start == found.positions[0]
    (first, second) = context.undo
    assert first == before.undo[0]
    lines = path.read_bytes()
    assert [lines[at:].split(b'"')[3] for at in second if at is not None] == [b"u2", b"s1"]


async def test_a_history_without_metadata_goes_on_behind_its_last_summary(tmp_path: Path) -> None:
    before = await told_in(tmp_path)
    (folder(tmp_path) / METADATA).unlink()
    found = await loaded(tmp_path)
    assert shown(found) == ["s2", "u3", "a3"]
    assert found.session.context == Context(start=before.start, summary=before.summary)
    assert found.repaired is None


async def test_a_summary_that_is_no_summary_is_looked_for_in_the_history(tmp_path: Path) -> None:
    before = await told_in(tmp_path)
    path = folder(tmp_path) / METADATA
    facts = json.loads(path.read_bytes())
    for wrong in (0, 3, before.start, 10**6):
        facts["context"]["summary"] = wrong
        path.write_text(json.dumps(facts))
        found = await loaded(tmp_path)
        assert found.summary == SECOND
        assert shown(found) == ["s2", "u3", "a3"]


async def test_a_session_of_before_there_were_summaries_begins_where_it_began(
    tmp_path: Path,
) -> None:
    await told_in(tmp_path)
    path = folder(tmp_path) / METADATA
    facts = json.loads(path.read_bytes())
    facts["context"] = {key: facts["context"][key] for key in ("tokens", "limit", "start")}
    path.write_text(json.dumps(facts))
    found = await loaded(tmp_path)
    assert shown(found) == ["u3", "a3"]
    assert (found.session.context.summary, found.session.context.undo) == (None, ())


async def test_a_long_summary_before_the_context_is_read_whole(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    long = SummaryEntry("s1", SECOND.at, "word " * 50_000, ("u1", "a1"), 2)
    await state.sessions.append(FACTS, turn(1))
    (at,) = await state.sessions.append(FACTS, [long])
    (start, _) = await state.sessions.append(FACTS, turn(2))
    await state.sessions.append(FACTS, [replace(SECOND, covers=("u1", "a1"))])
    await state.sessions.save(replace(FACTS, context=Context(start=start, summary=at)))
    found = await state.sessions.load(FACTS.id)
    await state.close()
    assert found is not None
    assert found.summary == long
    assert shown(found) == ["s1", "u2", "a2"]


async def test_a_crash_while_words_are_erased_leaves_no_summary_of_them_standing(
    tmp_path: Path,
) -> None:
    seen = set()
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=errno.EIO)
        state = await open_state(root, calls=disk.calls())
        await told(state.sessions)
        disk.at = disk.count + at
        try:
            await state.sessions.erase(FACTS.id, {"2"})
        except StorageFailed:
            done = False
        else:
            done = not disk.failed
        await state.close()  # nothing more reaches the disk, as after a kill
        found = await loaded(root)
        before = (["s2", "u3", "a3"], SECOND)
        after = (["s1", "u2", "a2", "u3", "a3"], FIRST)
        assert (shown(found), found.summary) in (before, after)
        assert found.repaired is None
        seen.add(found.summary == FIRST)
        if done:
            assert seen == {False, True}
            return
