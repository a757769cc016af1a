"""A backup holds one moment of a state folder, whatever goes on there meanwhile."""

import asyncio
import errno
import gzip
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import ReadOnlyState, open_state
from state.files.backup.manifest import BadPlace
from state.files.backup.restore import restore
from state.files.inspecting import Inspection
from state.files.layout import HISTORY, METADATA, PACKED, Layout
from state.lifecycle import Event
from state.store import NotFound, StorageFull
from tests.contracts.examples import after, later, side_of, turn
from tests.unit.state.files.backup.world import (
    Talk,
    answered,
    back_up,
    contents,
    nothing,
    rows,
    verified,
)
from tests.unit.state.files.conversation import ALL, FACTS, folder, ids, loaded, said

PATIENCE = 20


async def test_what_is_restored_is_what_was_backed_up(tmp_path: Path) -> None:
    root, backup = tmp_path / "state", tmp_path / "backup.tar.gz"
    await said(root)
    for place in ("media/a.png", "archive/1.json", "workspace/deep/er/notes", f"{HISTORY}.damaged"):
        path = folder(root) / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(5000))
    (root / "deleted").mkdir()
    (root / "deleted" / "old.json").write_text("old")
    back_up(root, backup)
    assert verified(backup).broken == verified(backup).damaged == ()
    restore(backup, tmp_path / "new", step=nothing)
    before, now = contents(root), contents(tmp_path / "new")
    assert {name for name in before if not name.startswith("gateway.")} == set(now) - {"gateway.db"}
    assert all(now[name] == before[name] for name in now if name != "gateway.db")
    assert ids(await loaded(tmp_path / "new")) == ALL


async def test_sessions_of_several_agents_are_restored_each_to_its_own(tmp_path: Path) -> None:
    state = await open_state(tmp_path / "state")
    base = after(FACTS, turn(1))
    side = replace(after(side_of(FACTS, "work"), turn(1)), agent="coder")
    for facts in (base, side):
        await state.sessions.append(facts, turn(1))
        await state.ledger.index(facts)
    await state.ledger.choose(base.key, side.id)
    await state.close()
    back_up(tmp_path / "state", tmp_path / "backup.tar.gz")
    assert verified(tmp_path / "backup.tar.gz").damaged == ()
    restore(tmp_path / "backup.tar.gz", tmp_path / "new", step=nothing)
    again = await open_state(tmp_path / "new")
    assert again.reports == ()
    assert [(row.id, row.agent, row.name) for row in await again.ledger.family(base.id)] == [
        (base.id, "main", None),
        (side.id, "coder", "work"),
    ]
    assert await again.ledger.chosen() == {str(base.key): side.id}
    loads = [await again.sessions.load(facts.id) for facts in (base, side)]
    assert [found and found.session for found in loads] == [base, side]
    await again.close()


async def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_beside_it(
    tmp_path: Path,
) -> None:
    root, kept = tmp_path / "state", tmp_path / "kept"
    await said(root)
    kept.mkdir()
    back_up(root, kept / "backup.tar.gz")
    assert [path.name for path in kept.iterdir()] == ["backup.tar.gz"]
    assert (kept / "backup.tar.gz").stat().st_mode & 0o777 == 0o600


async def test_secrets_stay_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    for name in ("argent.toml", "argent.toml~", "argent.json", ".env"):
        (root / name).write_text("token = 'hunter2'")
    without = back_up(root, tmp_path / "without.tar.gz")
    assert not [file.name for file in without.files if "argent" in file.name or "env" in file.name]
    assert without.config is False
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text("[log]\n")
    back_up(root, tmp_path / "with.tar.gz", config=elsewhere)
    restore(tmp_path / "with.tar.gz", tmp_path / "new", step=nothing)
    assert (tmp_path / "new" / "argent.toml").read_text() == "[log]\n"
    assert not (tmp_path / "new" / ".env").exists()


async def test_what_belongs_to_a_run_or_can_be_made_again_stays_out(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    (root / "search.db").write_bytes(b"x" * 100)
    (root / "search.db-wal").write_bytes(b"x" * 100)
    (folder(root) / f".{METADATA}.new").write_bytes(b"x")
    os.mkfifo(folder(root) / "workspace-pipe")
    (folder(root) / "passwords").symlink_to("/etc/passwd")
    manifest = back_up(root, tmp_path / "backup.tar.gz")
    place = f"agents/main/sessions/{FACTS.id}"
    names = {"gateway.db", f"{place}/{HISTORY}", f"{place}/{METADATA}"}
    assert {file.name for file in manifest.files} == names
    assert manifest.left_out == (f"{place}/passwords", f"{place}/workspace-pipe")


async def test_erased_words_are_not_in_the_copy_of_the_ledger(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    with closing(sqlite3.connect(Layout(root).database)) as db, db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("INSERT INTO cursors VALUES ('a', ?)", ("hunter2" * 500,))
        db.execute("DELETE FROM cursors")
    back_up(root, tmp_path / "backup.tar.gz")
    restore(tmp_path / "backup.tar.gz", tmp_path / "new", step=nothing)
    assert b"hunter2" not in (tmp_path / "new" / "gateway.db").read_bytes()


async def test_every_closed_message_has_its_answer_whatever_is_said_meanwhile(
    tmp_path: Path,
) -> None:
    root, backup = tmp_path / "state", tmp_path / "backup.tar.gz"
    state = await open_state(root)
    talk = Talk(state, 4)
    await talk.goes_on()
    waiting = [await talk.asks(number) for number in range(4)]
    loop = asyncio.get_running_loop()
    steps = 0

    async def move_on() -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            for number, row in enumerate(waiting):
                await talk.is_answered(number, *row)
        await talk.goes_on()

    def step() -> None:
        asyncio.run_coroutine_threadsafe(move_on(), loop).result(PATIENCE)

    await asyncio.to_thread(back_up, root, backup, step=step)
    await state.close()
    assert steps == 4
    restore(backup, tmp_path / "new", step=nothing)
    found = rows(tmp_path / "new")
    # Of the moment at which it began: one closed and one open message in every session.
    assert sorted(str(outcome) for _, outcome in found.values()) == ["None"] * 4 + ["replied"] * 4
    said_there = [answered(tmp_path / "new", facts) for facts in talk.facts]
    by_session = dict(zip((facts.id for facts in talk.facts), said_there, strict=True))
    for entry, (session_id, outcome) in found.items():
        assert outcome is None or entry in by_session[session_id]
    # The last two sessions were copied after their open message was answered.
    done_since = [entry for _, entry in waiting if any(entry in done for done in said_there)]
    assert len(done_since) == 2
    assert Inspection(tmp_path / "new").check(step=nothing).findings == ()


async def test_words_that_are_cleared_meanwhile_are_in_the_backup_once_at_least(
    tmp_path: Path,
) -> None:
    root = tmp_path / "state"
    state = await open_state(root)
    talk = Talk(state, 3)
    await talk.goes_on()
    loop = asyncio.get_running_loop()

    async def clear_all() -> None:
        for number, facts in enumerate(talk.facts):
            cleared = replace(facts.after(Event.CLEAR, later(9)), messages=0)
            await state.sessions.clear(cleared)
            talk.facts[number] = cleared

    def step() -> None:
        asyncio.run_coroutine_threadsafe(clear_all(), loop).result(PATIENCE)

    await asyncio.to_thread(back_up, root, tmp_path / "backup.tar.gz", step=step)
    await state.close()
    restore(tmp_path / "backup.tar.gz", tmp_path / "new", step=nothing)
    for facts in talk.facts:
        kept = contents(Layout(tmp_path / "new").folder(facts.id))
        assert any(b'"re":["e' in data for data in kept.values()), facts.id


async def test_a_session_that_is_deleted_meanwhile_is_no_hindrance(tmp_path: Path) -> None:
    root = tmp_path / "state"
    state = await open_state(root)
    talk = Talk(state, 3)
    await talk.goes_on()
    loop = asyncio.get_running_loop()

    def step() -> None:
        last = talk.facts[-1].id
        asyncio.run_coroutine_threadsafe(state.sessions.delete(last), loop).result(PATIENCE)

    await asyncio.to_thread(back_up, root, tmp_path / "backup.tar.gz", step=step)
    await state.close()
    restore(tmp_path / "backup.tar.gz", tmp_path / "new", step=nothing)
    state = await open_state(tmp_path / "new")
    assert await state.sessions.ids() == tuple(facts.id for facts in talk.facts[:-1])
    await state.close()


async def test_an_append_that_is_half_written_is_left_out_and_real_damage_is_kept(
    tmp_path: Path,
) -> None:
    root = tmp_path / "state"
    await said(root)
    path = folder(root) / HISTORY
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + b',{"id":"u9","at":"20')
    back_up(root, tmp_path / "torn.tar.gz")
    assert verified(tmp_path / "torn.tar.gz").damaged == ()
    restore(tmp_path / "torn.tar.gz", tmp_path / "new", step=nothing)
    assert (folder(tmp_path / "new") / HISTORY).read_bytes() == whole
    path.write_bytes(whole.replace(b'{"id":"u2"', b"\0" * 10, 1))
    back_up(root, tmp_path / "damaged.tar.gz")
    (problem,) = verified(tmp_path / "damaged.tar.gz").damaged
    assert problem.file.endswith(HISTORY)
    restore(tmp_path / "damaged.tar.gz", tmp_path / "as-it-was", step=nothing)
    assert (folder(tmp_path / "as-it-was") / HISTORY).read_bytes() == path.read_bytes()


async def test_a_packed_history_is_looked_into(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    plain, packed = folder(root) / HISTORY, folder(root) / PACKED
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    back_up(root, tmp_path / "whole.tar.gz")
    assert verified(tmp_path / "whole.tar.gz").damaged == ()
    packed.write_bytes(packed.read_bytes()[:-20])
    back_up(root, tmp_path / "cut.tar.gz")
    (problem,) = verified(tmp_path / "cut.tar.gz").damaged
    assert problem.file.endswith(PACKED)
    packed.write_bytes(gzip.compress(b"[\nnonsense\n]\n"))
    back_up(root, tmp_path / "nonsense.tar.gz")
    assert verified(tmp_path / "nonsense.tar.gz").damaged


async def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    root, kept = tmp_path / "state", tmp_path / "kept"
    await said(root)
    kept.mkdir()

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageFull):
        back_up(root, kept / "backup.tar.gz", step=full)
    assert not list(kept.iterdir())


async def test_no_backup_is_written_over_anything_or_into_what_it_backs_up(
    tmp_path: Path,
) -> None:
    root = tmp_path / "state"
    await said(root)
    (tmp_path / "there").write_text("kept")
    with pytest.raises(BadPlace, match="already"):
        back_up(root, tmp_path / "there")
    assert (tmp_path / "there").read_text() == "kept"
    with pytest.raises(BadPlace, match="in the state folder"):
        back_up(root, root / "backup.tar.gz")
    with pytest.raises(NotFound, match="no folder"):
        back_up(root, tmp_path / "nowhere" / "backup.tar.gz")
    with pytest.raises(NotFound, match="no state folder"):
        back_up(tmp_path / "nowhere", tmp_path / "backup.tar.gz")


async def test_a_program_in_a_workspace_can_be_run_when_it_is_restored(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    script = folder(root) / "workspace" / "run.sh"
    script.parent.mkdir()
    script.touch(0o755)
    long = folder(root) / "workspace" / ("x" * 200) / os.fsdecode(b"no\xfftext")
    long.parent.mkdir()
    long.write_bytes(b"bytes")
    back_up(root, tmp_path / "backup.tar.gz")
    restore(tmp_path / "backup.tar.gz", tmp_path / "new", step=nothing)
    place = folder(tmp_path / "new") / "workspace"
    assert (place / "run.sh").stat().st_mode & 0o777 == 0o700
    assert (place / long.parent.name / long.name).read_bytes() == b"bytes"
    for path in [tmp_path / "new", *(tmp_path / "new").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


async def test_a_restored_conversation_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    back_up(root, tmp_path / "backup.tar.gz")
    restore(tmp_path / "backup.tar.gz", tmp_path / "new", step=nothing)
    state = await open_state(tmp_path / "new")
    assert state.reports == () or "index" in state.reports[0]
    found = await state.sessions.load(FACTS.id)
    assert found is not None
    assert found.repaired is None
    await state.sessions.append(found.session, turn(9))
    await state.close()
    read = [entry.id for entry in ReadOnlyState(tmp_path / "new").entries(FACTS.id)]
    assert read == [*ALL, "u9", "a9"]
