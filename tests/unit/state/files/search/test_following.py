"""The index says what the histories say, whatever happens to either."""

import gzip
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import State, open_state
from state.files.layout import HISTORY, METADATA, PACKED, Layout
from state.files.search.catching_up import catch_up
from state.files.search.finding import DamagedIndex, find
from state.files.search.query import Query
from state.files.search.schema import remove
from state.history import AssistantEntry, CorrectionEntry, SummaryEntry, ToolCall, ToolEntry
from state.messages import Attachment, AttachmentKind, Quote
from tests.contracts.examples import HERE, JASON, after, later, turn
from tests.unit.state.files.search.finding import ADA, BOB, found, say


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    state = await open_state(tmp_path)
    state.search.start()
    await state.search.caught_up()
    yield state
    await state.close()


def log(root: Path) -> Path:
    """What SQLite keeps beside the index."""
    return Layout(root).search.with_name("search.db-wal")


def in_ada(*entries: str) -> list[tuple[str, str]]:
    return [(ADA.id, entry) for entry in entries]


# What is found ------------------------------------------------------------------------------------


async def test_questions_and_answers_are_found(state: State, tmp_path: Path) -> None:
    await say(state.sessions, ADA, 1, "Where is the harbour?", "In Hull, by the harbour wall.")
    await state.search.caught_up()
    assert found(tmp_path, "HARBOUR") == in_ada("a1", "u1")
    assert found(tmp_path, '"harbour wall"') == in_ada("a1")
    assert found(tmp_path, "harbour nothing") == []
    assert found(tmp_path, "harb* hul*") == in_ada("a1")


async def test_all_that_belongs_to_a_message_is_found(state: State, tmp_path: Path) -> None:
    asked, answer = turn(1)
    photo = Attachment(AttachmentKind.IMAGE, "lighthouse.png")
    asked = replace(asked, quotes=(Quote("what he quoted", "Ann"),), attachments=(photo,))  # type: ignore[call-arg]
    entries = [
        asked,
        AssistantEntry("s1", later(1), "", "t1", calls=(ToolCall("c1", "run", '{"in":"cellar"}'),)),
        ToolEntry("r1", later(1), "it is damp", "t1", "c1", "run"),
        answer,
        CorrectionEntry("c1", later(2), "he meant the attic", HERE, JASON, "1"),
    ]
    await state.sessions.append(after(ADA, entries), entries)
    await state.search.caught_up()
    for word, entry in {
        "lighthouse": "u1", "quoted": "u1", "cellar": "s1", "damp": "r1", "attic": "c1",
    }.items():  # fmt: skip
        assert found(tmp_path, word) == in_ada(entry)


async def test_a_summary_does_not_stand_before_what_it_sums_up(
    state: State, tmp_path: Path
) -> None:
    facts = await say(state.sessions, ADA, 1, "The harbour is deep")
    summary = SummaryEntry("x1", later(3), "They spoke of a harbour", ("u1", "a1"), 2)
    await state.sessions.append(after(facts, [summary]), [summary])
    await state.search.caught_up()
    assert found(tmp_path, "harbour") == in_ada("u1")


async def test_one_session_can_be_searched_alone(state: State, tmp_path: Path) -> None:
    await say(state.sessions, ADA, 1, "The harbour")
    await say(state.sessions, BOB, 1, "The harbour")
    await state.search.caught_up()
    assert found(tmp_path, "harbour") == [(ADA.id, "u1"), (BOB.id, "u1")]
    assert found(tmp_path, "harbour", within=BOB.id) == [(BOB.id, "u1")]
    assert found(tmp_path, "s1") == []


async def test_of_equal_hits_the_latest_comes_first(state: State, tmp_path: Path) -> None:
    facts = ADA
    for number in range(1, 6):
        facts = await say(state.sessions, facts, number, "The harbour")
    facts = await say(state.sessions, facts, 6, "The harbour, and much else that has to be said")
    await state.search.caught_up()
    hits = find(Layout(tmp_path), Query.parse("harbour"), limit=10).hits
    assert [hit.entry for hit in hits] == ["u5", "u4", "u3", "u2", "u1", "u6"]
    assert (hits[0].who, hits[0].role, hits[0].at) == ("Jason", "user", later(5))
    assert hits[0].snippet.marked("«", "»") == "The «harbour»"


# What becomes of the words ------------------------------------------------------------------------


async def test_cleared_words_are_found_in_the_archive(state: State, tmp_path: Path) -> None:
    facts = await say(state.sessions, ADA, 1, "The harbour")
    await state.sessions.clear(replace(ADA, revision=9))
    await say(state.sessions, facts, 2, "The harbour again")
    await state.search.caught_up()
    assert found(tmp_path, "harbour") == in_ada("u1", "u2")


async def test_a_clear_only_changes_where_the_words_are(state: State, tmp_path: Path) -> None:
    await say(state.sessions, ADA, 1, "The harbour")
    await state.search.caught_up()
    db = sqlite3.connect(Layout(tmp_path).search)
    before = db.execute("SELECT id, source, name FROM entry ORDER BY id").fetchall()
    await state.sessions.clear(ADA)
    assert db.execute("SELECT id, source, name FROM entry ORDER BY id").fetchall() == before
    db.close()


async def test_words_that_are_taken_away_are_not_found_from_then_on(
    state: State, tmp_path: Path
) -> None:
    takers: list[Callable[[], object]] = [
        lambda: state.sessions.erase(ADA.id, {"1"}),
        lambda: state.sessions.clear(ADA, erase=True),
        lambda: state.sessions.delete(ADA.id),
    ]
    for take in takers:
        await say(state.sessions, ADA, 1, "The harbour")
        await say(state.sessions, BOB, 1, "The harbour")
        await state.search.caught_up()
        assert found(tmp_path, "harbour") == [(ADA.id, "u1"), (BOB.id, "u1")]
        await take()  # type: ignore[misc]
        assert found(tmp_path, "harbour") == [(BOB.id, "u1")]
        await state.sessions.delete(BOB.id)
        await state.sessions.delete(ADA.id)


async def test_erased_words_are_nowhere_in_the_files(state: State, tmp_path: Path) -> None:
    facts = await say(state.sessions, ADA, 1, "My password is Zyzzyva")
    for number in range(2, 300):
        facts = await say(state.sessions, facts, number, f"filler {number}")
    await state.search.caught_up()
    files = [path for path in tmp_path.glob("search.db*") if not path.name.endswith("-shm")]
    assert any(b"zyzzyva" in path.read_bytes().lower() for path in files)
    await state.sessions.erase(ADA.id, {"1"})
    await state.search.caught_up()
    assert not any(b"zyzzyva" in path.read_bytes().lower() for path in files)
    assert found(tmp_path, "filler") == sorted(in_ada(*(f"u{n}" for n in range(2, 300))))


async def test_a_command_that_erases_leaves_nothing_in_the_files(tmp_path: Path) -> None:
    """It has no time later, as a gateway has."""
    state = await open_state(tmp_path)
    await say(state.sessions, ADA, 1, "My password is Zyzzyva")
    await say(state.sessions, BOB, 1, "The harbour")
    await state.close()
    catch_up(Layout(tmp_path))
    state = await open_state(tmp_path)
    await state.sessions.delete(ADA.id)
    await state.close()
    assert b"zyzzyva" not in Layout(tmp_path).search.read_bytes().lower()
    assert found(tmp_path, "harbour") == [(BOB.id, "u1")]


def packed(root: Path) -> None:
    folder = Layout(root).folder(ADA.id)
    (folder / PACKED).write_bytes(gzip.compress((folder / HISTORY).read_bytes(), mtime=0))
    (folder / HISTORY).unlink()


async def test_archived_words_are_found_and_when_they_are_back(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    await say(state.sessions, ADA, 1, "The harbour")
    await state.close()
    packed(tmp_path)
    for anew in (False, True):
        if anew:
            Layout(tmp_path).search.unlink()
        state = await open_state(tmp_path)
        state.search.start()
        await state.search.refresh(ADA.id)
        await state.search.caught_up()
        assert found(tmp_path, "harbour") == in_ada("u1")
        await state.close()
    plain = Layout(tmp_path).folder(ADA.id) / HISTORY
    plain.write_bytes(gzip.decompress(plain.with_name(PACKED).read_bytes()))
    plain.with_name(PACKED).unlink()
    state = await open_state(tmp_path)
    state.search.start()
    await state.search.refresh(ADA.id)
    assert found(tmp_path, "harbour") == in_ada("u1")
    await state.close()


# Catching up --------------------------------------------------------------------------------------


async def talked(root: Path, *asked: str) -> None:
    """A folder whose owner keeps no index."""
    state = await open_state(root)
    facts = ADA
    for number, words in enumerate(asked, 1):
        facts = await say(state.sessions, facts, number, words)
    await state.close()


def looked_at(root: Path) -> list[int]:
    """How many sessions there were to look at, each time that this was told."""
    told: list[int] = []
    catch_up(Layout(root), lambda _, of: told.append(of), tell_every=1)
    return told


async def test_what_was_said_without_an_index_is_found_later(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour", "and its boats")
    assert not find(Layout(tmp_path), Query.parse("harbour")).complete
    catch_up(Layout(tmp_path))
    assert found(tmp_path, "harbour") == in_ada("u1")
    assert found(tmp_path, "boats") == in_ada("u2")


async def test_an_index_that_was_left_up_to_date_is_not_made_again(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour")
    assert looked_at(tmp_path)
    assert not looked_at(tmp_path)
    state = await open_state(tmp_path)
    await say(state.sessions, ADA, 2, "and its boats")
    await state.close()
    assert not looked_at(tmp_path)
    assert found(tmp_path, "boats") == in_ada("u2")


async def test_what_a_dead_owner_left_behind_is_looked_for(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour")
    catch_up(Layout(tmp_path))
    state = await open_state(tmp_path)
    await say(state.sessions, ADA, 2, "and its boats")
    # The file as it is when the process dies now: nothing of this turn, and nothing settled.
    left = Layout(tmp_path).search.read_bytes(), log(tmp_path).read_bytes()
    await state.close()
    Layout(tmp_path).search.write_bytes(left[0])
    log(tmp_path).write_bytes(left[1])
    assert found(tmp_path, "boats") == []
    assert looked_at(tmp_path)
    assert found(tmp_path, "boats") == in_ada("u2")


async def test_a_session_that_is_talked_in_while_it_is_first_read_is_in_the_index_once(
    tmp_path: Path,
) -> None:
    state = await open_state(tmp_path)
    entries = [entry for number in range(1, 2001) for entry in turn(number, asks="The harbour")]
    await state.sessions.append(facts := after(ADA, entries), entries)
    state.search.start()
    for number in range(2001, 2007):
        facts = await say(state.sessions, facts, number, "The harbour")
        await state.search.refresh(ADA.id)
    await state.search.caught_up()
    await state.close()
    db = sqlite3.connect(Layout(tmp_path).search)
    assert db.execute("SELECT count(*), count(DISTINCT name) FROM entry").fetchone() == (4012, 4012)
    assert db.execute("SELECT count(*) FROM source").fetchone() == (1,)
    assert db.execute("SELECT count(*) FROM words WHERE words MATCH 'harbour'").fetchone() == (
        2006,
    )
    db.close()


async def test_a_session_whose_folder_was_removed_by_hand_is_not_found(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour")
    catch_up(Layout(tmp_path))
    folder = Layout(tmp_path).folder(ADA.id)
    for name in (HISTORY, METADATA):
        (folder / name).unlink()
    folder.rmdir()
    catch_up(Layout(tmp_path))
    assert found(tmp_path, "harbour") == []


async def test_a_history_that_an_editor_wrote_anew_is_read_anew(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour", "and its boats")
    catch_up(Layout(tmp_path))
    history = Layout(tmp_path).folder(ADA.id) / HISTORY
    other = history.with_name("other")
    other.write_bytes(history.read_bytes().replace(b"harbour", b"airport"))
    other.replace(history)
    state = await open_state(tmp_path)
    await say(state.sessions, ADA, 3, "and more")
    await state.close()
    assert found(tmp_path, "harbour") == []
    assert found(tmp_path, "airport") == in_ada("u1")
    assert found(tmp_path, "boats") == in_ada("u2")


async def test_of_a_damaged_history_is_found_what_can_be_read(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour", "and its boats", "and more")
    history = Layout(tmp_path).folder(ADA.id) / HISTORY
    history.write_bytes(history.read_bytes().replace(b"and its", b'and" it'))
    catch_up(Layout(tmp_path))
    assert found(tmp_path, "harbour") == in_ada("u1")
    assert found(tmp_path, "boats") == []


# The index's own file -----------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"not a database" * 400, b"SQLite format 3\0" * 200])
async def test_a_file_that_is_no_index_is_made_anew(tmp_path: Path, content: bytes) -> None:
    await talked(tmp_path, "The harbour")
    Layout(tmp_path).search.write_bytes(content)
    catch_up(Layout(tmp_path))
    assert found(tmp_path, "harbour") == in_ada("u1")


async def test_an_index_of_another_version_is_made_anew(tmp_path: Path) -> None:
    await talked(tmp_path, "The harbour")
    catch_up(Layout(tmp_path))
    db = sqlite3.connect(Layout(tmp_path).search)
    db.execute("UPDATE about SET value = 'of a later day' WHERE name = 'version'")
    db.execute("DELETE FROM words WHERE 0")
    db.commit()
    db.close()
    assert not find(Layout(tmp_path), Query.parse("harbour")).complete
    assert looked_at(tmp_path)
    assert found(tmp_path, "harbour") == in_ada("u1")


async def test_an_index_whose_pages_are_damaged_is_made_anew(tmp_path: Path) -> None:
    await talked(tmp_path, *(f"The harbour {number}" for number in range(200)))
    catch_up(Layout(tmp_path))
    index = Layout(tmp_path).search
    index.write_bytes(index.read_bytes()[:4096] + b"\xff" * 40_960)
    with pytest.raises(DamagedIndex, match="made anew"):
        found(tmp_path, "harbour")
    state = await open_state(tmp_path)
    state.search.start()
    await state.search.caught_up()
    assert found(tmp_path, '"harbour 7"') == in_ada("u8")
    assert state.search.problem is None
    await state.close()


async def test_an_index_that_was_thrown_away_is_made_again(state: State, tmp_path: Path) -> None:
    facts = await say(state.sessions, ADA, 1, "The harbour")
    await state.search.caught_up()
    remove(Layout(tmp_path).search)
    await say(state.sessions, facts, 2, "and its boats")
    await state.search.caught_up()
    assert found(tmp_path, "harbour") == in_ada("u1")
    assert found(tmp_path, "boats") == in_ada("u2")


async def test_the_file_is_for_its_owner_alone(state: State, tmp_path: Path) -> None:
    await say(state.sessions, ADA, 1, "The harbour")
    await state.search.caught_up()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("search.db*")} == {0o600}


async def test_an_index_that_cannot_be_kept_stops_no_conversation(tmp_path: Path) -> None:
    Layout(tmp_path).search.mkdir(parents=True)
    state = await open_state(tmp_path)
    state.search.start()
    await say(state.sessions, ADA, 1, "The harbour")
    assert await state.sessions.erase(ADA.id, {"1"}) == 1
    await state.search.caught_up()
    assert "search.db" in (state.search.problem or "")
    await state.close()
