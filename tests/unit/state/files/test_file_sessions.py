"""Sessions as files: what an owner, an editor and a crash can do to them."""

import json
import os
import resource
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from state.codec import dumps, entry_to_json
from state.files import ReadOnlyState, State, open_state
from state.files.layout import HISTORY, METADATA, Layout
from state.history import UserEntry
from state.lifecycle import Phase
from state.session import Context, Session
from state.store import NewerFormat, NotFound
from tests.contracts.examples import after, session, turn
from tests.unit.state.files.conversation import ALL, FACTS, folder, ids, loaded, said

# The form -----------------------------------------------------------------------------------------


async def test_the_files_look_as_designed(tmp_path: Path) -> None:
    await said(tmp_path, turns=1)
    lines = (folder(tmp_path) / HISTORY).read_text().split("\n")
    assert lines[0] == "["
    assert lines[1] == (
        '{"id":"u1","at":"2026-01-30T12:00:01Z","role":"user","content":"Hello",'
        '"from":{"channel":"telegram","chat":"123456789","sender":"123456789","name":"Jason"},'
        '"message":"1","turn":"t1"}'
    )
    assert lines[2].startswith(',{"id":"a1","at":"2026-01-30T12:00:01.500Z","role":"assistant"')
    assert lines[3:] == ["]", ""]
    written = json.loads((folder(tmp_path) / METADATA).read_text())
    assert written["version"] == 3
    assert (written["key"], written["type"]) == ("telegram:123456789:main", "main")
    assert (written["state"], written["messages"]) == ("active", 2)


async def test_folders_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    root = tmp_path / "state"
    await said(root)
    for path in root.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


async def test_many_more_sessions_than_open_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    try:
        state = await open_state(tmp_path)
        for number in (1, 2):
            for chat in range(60):
                await state.sessions.append(session(str(chat)), turn(number))
        assert len(await state.sessions.entries(session("0").id)) == 4
        await state.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Other hands --------------------------------------------------------------------------------------


async def test_another_layout_of_the_same_words_is_accepted(tmp_path: Path) -> None:
    facts = await said(tmp_path)
    path = folder(tmp_path) / HISTORY
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=4))
    found = await loaded(tmp_path)
    assert ids(found) == ALL
    assert found.session.messages == facts.messages
    assert found.repaired is None
    assert path.read_text().startswith('[\n{"id":"u1"')


async def test_a_context_survives_another_layout(tmp_path: Path) -> None:
    facts = await said(tmp_path)
    state = await open_state(tmp_path)
    found = await state.sessions.load(facts.id)
    assert found is not None
    context = Context(tokens=7, limit=100, start=found.positions[4])
    await state.sessions.save(replace(facts, context=context))
    await state.close()
    path = folder(tmp_path) / HISTORY
    path.write_text("  " + json.dumps(json.loads(path.read_bytes()), ensure_ascii=False))
    assert ids(await loaded(tmp_path)) == ["u3", "a3"]


async def test_a_context_that_begins_nowhere_begins_at_the_start(tmp_path: Path) -> None:
    facts = await said(tmp_path)
    state = await open_state(tmp_path)
    await state.sessions.save(replace(facts, context=Context(start=77)))
    found = await state.sessions.load(facts.id)
    await state.close()
    assert found is not None
    assert (ids(found), found.session.context.start) == (ALL, 0)


async def test_a_file_replaced_beneath_a_running_gateway_is_appended_to(
    tmp_path: Path, state: State
) -> None:
    await state.sessions.append(FACTS, turn(1))
    path = folder(tmp_path) / HISTORY
    edited = json.loads(path.read_bytes())
    edited[0]["content"] = "Hello (corrected by hand)"
    (tmp_path / "new").write_text(json.dumps(edited))
    os.replace(tmp_path / "new", path)  # noqa: PTH105
    await state.sessions.append(FACTS, turn(2))
    entries = await state.sessions.entries(FACTS.id)
    assert [entry.id for entry in entries] == ALL[:4]
    assert isinstance(entries[0], UserEntry)
    assert entries[0].content == "Hello (corrected by hand)"


async def test_a_folder_removed_beneath_a_running_gateway_begins_again(
    tmp_path: Path, state: State
) -> None:
    await state.sessions.append(FACTS, turn(1))
    shutil.rmtree(folder(tmp_path))
    await state.sessions.append(FACTS, turn(2))
    assert [e.id for e in await state.sessions.entries(FACTS.id)] == ["u2", "a2"]


# Damage -------------------------------------------------------------------------------------------


async def test_damage_in_the_middle_keeps_everything_else_and_is_reported(tmp_path: Path) -> None:
    await said(tmp_path)
    path = folder(tmp_path) / HISTORY
    spoiled = path.read_bytes().replace(b'"id":"u2"', b'"id\xff\xfe"u2"')
    path.write_bytes(spoiled)
    (folder(tmp_path) / METADATA).unlink()
    found = await loaded(tmp_path)
    assert [i for i in ids(found) if i in ("u1", "a1", "u3", "a3")] == ["u1", "a1", "u3", "a3"]
    assert found.repaired is not None
    assert found.repaired.startswith(f"{HISTORY}.damaged-")
    assert (folder(tmp_path) / found.repaired).read_bytes() == spoiled
    assert json.loads(path.read_bytes())


async def test_damage_of_what_was_durable_is_found_when_it_is_read(
    tmp_path: Path, state: State
) -> None:
    await state.sessions.append(FACTS, turn(1))
    await state.sessions.append(FACTS, turn(2))
    path = folder(tmp_path) / HISTORY
    with path.open("r+b") as file:
        file.seek(5)
        file.write(b"\0" * 9)
    found = await state.sessions.load(FACTS.id)
    assert found is not None
    assert ids(found) == ["a1", "u2", "a2"]
    assert found.repaired is not None
    assert len(await state.sessions.append(FACTS, turn(3))) == 2
    assert json.loads(path.read_bytes())


@pytest.mark.parametrize("content", [b"not JSON at all", b'{"a":1}', b"[1,2]", b"\xff" * 99])
async def test_what_is_no_history_is_set_aside_and_the_session_goes_on(
    tmp_path: Path, content: bytes
) -> None:
    await said(tmp_path)
    path = folder(tmp_path) / HISTORY
    path.write_bytes(content)
    state = await open_state(tmp_path)
    found = await state.sessions.load(FACTS.id)
    assert found is not None
    assert found.repaired is not None
    assert (folder(tmp_path) / found.repaired).read_bytes() == content
    assert (found.session.title, found.session.messages) == (FACTS.title, 0)
    await state.sessions.append(FACTS, turn(9))
    await state.close()
    assert ids(await loaded(tmp_path)) == ["u9", "a9"]


@pytest.mark.parametrize(
    ("after", "kept"),
    [(b"", []), (b"[", []), (b'"id":"a1"', ["u1"]), (b'"id":"u3"', ALL[:4])],
)
async def test_a_history_that_lost_what_was_durable_is_reported_and_goes_on(
    tmp_path: Path, after: bytes, kept: list[str]
) -> None:
    await said(tmp_path)
    path = folder(tmp_path) / HISTORY
    whole = path.read_bytes()
    torn = whole[: whole.index(after) + len(after)]
    path.write_bytes(torn)
    found = await loaded(tmp_path)
    assert found.repaired is not None
    assert (folder(tmp_path) / found.repaired).read_bytes() == torn
    assert ids(found) == kept


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"[", b"[\n", b"[\n]"])
async def test_a_file_that_was_only_being_made_is_empty_and_nothing_to_report(
    tmp_path: Path, content: bytes
) -> None:
    await said(tmp_path, turns=0)
    folder(tmp_path).mkdir(parents=True, exist_ok=True)
    (folder(tmp_path) / HISTORY).write_bytes(content)
    found = await loaded(tmp_path)
    assert (ids(found), found.repaired) == ([], None)


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"version":1,"id":7}', b"\0" * 80])
async def test_metadata_is_made_again_from_the_history(
    tmp_path: Path, content: bytes | None
) -> None:
    facts = await said(tmp_path)
    path = folder(tmp_path) / METADATA
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert ReadOnlyState(tmp_path).facts(facts.id).messages == facts.messages
    found = await loaded(tmp_path)
    assert ids(found) == ALL
    assert found.session.key == facts.key
    assert found.session.phase is Phase.ACTIVE
    assert found.session.messages == facts.messages
    assert found.session.totals == facts.totals
    if content is not None:
        assert found.repaired is not None
        assert (folder(tmp_path) / found.repaired).read_bytes() == content
    assert json.loads(path.read_bytes())["messages"] == facts.messages


async def test_a_persons_session_is_made_again_where_the_last_words_came_from(
    tmp_path: Path,
) -> None:
    await said(tmp_path)
    person = Layout(tmp_path).sessions / "user-jason"
    folder(tmp_path).rename(person)
    (person / METADATA).unlink()
    state = await open_state(tmp_path)
    found = await state.sessions.load(person.name)  # type: ignore[arg-type]
    await state.close()
    assert found is not None
    assert (str(found.session.key), found.session.id) == ("telegram:123456789:main", "user-jason")


async def test_facts_behind_the_history_catch_up_with_it(tmp_path: Path) -> None:
    await said(tmp_path, turns=1)
    behind = (folder(tmp_path) / METADATA).read_bytes()
    facts = await said_more(tmp_path)
    (folder(tmp_path) / METADATA).write_bytes(behind)
    assert ReadOnlyState(tmp_path).facts(FACTS.id).messages == facts.messages
    found = await loaded(tmp_path)
    assert found.session.messages == facts.messages
    assert found.session.totals == facts.totals
    assert found.session.updated_at == facts.updated_at


async def said_more(root: Path) -> Session:
    state = await open_state(root)
    found = await state.sessions.load(FACTS.id)
    assert found is not None
    facts = found.session
    for number in (2, 3):
        facts = after(facts, turn(number))
        await state.sessions.append(facts, turn(number))
    await state.close()
    return facts


async def test_facts_of_a_newer_version_are_not_touched(tmp_path: Path) -> None:
    await said(tmp_path)
    path = folder(tmp_path) / METADATA
    newer = path.read_bytes().replace(b'"version": 3', b'"version": 4')
    path.write_bytes(newer)
    state = await open_state(tmp_path)
    with pytest.raises(NewerFormat, match="newer"):
        await state.sessions.load(FACTS.id)
    with pytest.raises(NewerFormat):
        await state.sessions.append(FACTS, turn(4))
    with pytest.raises(NewerFormat):
        ReadOnlyState(tmp_path).facts(FACTS.id)
    await state.close()
    assert path.read_bytes() == newer


# Clearing and deleting ----------------------------------------------------------------------------


async def test_the_archive_holds_what_was_cleared(tmp_path: Path, state: State) -> None:
    await state.sessions.append(FACTS, turn(1))
    before = (folder(tmp_path) / HISTORY).read_bytes()
    archived = await state.sessions.clear(FACTS)
    assert archived
    assert (folder(tmp_path) / "archive" / archived).read_bytes() == before


async def test_erasing_removes_damaged_copies_too(tmp_path: Path) -> None:
    await said(tmp_path)
    (folder(tmp_path) / HISTORY).write_bytes(b"a secret that is no JSON")
    state = await open_state(tmp_path)
    await state.sessions.clear(FACTS, erase=True)
    await state.close()
    for path in folder(tmp_path).rglob("*"):
        assert b"secret" not in path.read_bytes()


async def test_a_deletion_cut_short_is_finished_at_the_next_start(tmp_path: Path) -> None:
    await said(tmp_path)
    folder(tmp_path).rename(Layout(tmp_path).sessions / f".deleted-{FACTS.id}")
    state = await open_state(tmp_path)
    assert await state.sessions.ids() == ()
    await state.close()
    assert list(Layout(tmp_path).sessions.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../../etc", "a/b", ".hidden", "nul\0"])
async def test_what_cannot_be_a_session_leads_nowhere(
    tmp_path: Path, state: State, name: str
) -> None:
    with pytest.raises(NotFound):
        await state.sessions.load(name)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        ReadOnlyState(tmp_path).entries(name)  # type: ignore[arg-type]


# Reading beside the owner -------------------------------------------------------------------------


async def test_a_half_written_tail_reads_as_what_was_there_before(tmp_path: Path) -> None:
    await said(tmp_path)
    path = folder(tmp_path) / HISTORY
    whole = path.read_bytes()
    added = b",".join([b"", dumps(entry_to_json(turn(4)[0]))]) + b"\n]\n"
    reader = ReadOnlyState(tmp_path)
    for cut in range(0, len(added) - 2, 7):
        path.write_bytes(whole[:-2] + added[:cut])
        assert [entry.id for entry in reader.entries(FACTS.id)] == ALL
    assert reader.facts(FACTS.id).messages == 6


async def test_a_reader_names_a_damaged_history_and_reads_what_its_owner_will(
    tmp_path: Path,
) -> None:
    await said(tmp_path)
    reader = ReadOnlyState(tmp_path)
    assert reader.history(FACTS.id).damaged is None
    path = folder(tmp_path) / HISTORY
    path.write_bytes(b"\0" * 9 + path.read_bytes()[9:])
    found = reader.history(FACTS.id)
    assert ([entry.id for entry in found.entries], found.damaged) == (ALL[1:], str(path))
    assert ids(await loaded(tmp_path)) == ALL[1:]
    assert reader.history(FACTS.id).damaged is None


async def test_a_reader_finds_nothing_where_there_is_nothing(tmp_path: Path) -> None:
    reader = ReadOnlyState(tmp_path / "nowhere")
    assert (reader.listing(), reader.find("telegram")) == ((), ())
    assert reader.counts().sessions == 0
    with pytest.raises(NotFound):
        reader.entries(FACTS.id)
    with pytest.raises(NotFound):
        reader.facts(FACTS.id)
    assert not (tmp_path / "nowhere").exists()
