"""What a closer look finds in a state folder, whatever became of it."""

import sqlite3
from datetime import UTC, datetime, timedelta

from gateway.cli.figures import figures
from gateway.log_files import LogFile
from gateway.log_wanted import written_at
from state.files import open_state
from state.files.layout import Layout
from state.messages import Outcome
from tests.contracts.examples import HERE, KEY, NOON, later, message, part, session


def look(folder):
    return figures(folder, live=False, log=True)


async def filled(folder) -> None:
    """One message waits for its answer, and of another the answer is owed."""
    state = await open_state(folder)
    await state.sessions.create(session())
    for source, at in (("1", NOON), ("2", later(60))):
        taken = await state.ledger.accept(
            message(source), key=KEY, session=KEY.session_id, entry=source, at=at
        )
        assert taken is not None
    await state.ledger.finish(
        taken.seq, outcome=Outcome.REPLIED, parts=[(HERE, part())], at=NOON, session=session()
    )
    await state.close()


async def test_whoever_waits_longest_is_named(tmp_path):
    await filled(tmp_path)
    found = look(tmp_path)["longest"]
    assert found["unanswered"]["session"] == found["owed"]["session"] == KEY.session_id
    assert (found["unanswered"]["account"], found["owed"]["account"]) == (KEY.channel, HERE.channel)
    assert datetime.fromisoformat(found["unanswered"]["since"]) == NOON


async def test_a_healthy_folder_has_nothing_wrong_with_it(tmp_path):
    await filled(tmp_path)
    found = look(tmp_path)
    assert found["integrity"] == {"sessions": 1, "problems": []}
    assert found["files"]["ledger"] > 0
    assert found["room"]["free"] > 0
    assert found["backup"] is None


async def test_damage_is_told_and_breaks_nothing(tmp_path):
    await filled(tmp_path)
    (history,) = tmp_path.glob("agents/main/sessions/*/history.json")
    history.write_text("[\n{}{\n]\n")
    database = Layout(tmp_path).database
    with sqlite3.connect(database) as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.close()
    with database.open("r+b") as file:
        for page in range(2, pages):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    problems = "\n".join(look(tmp_path)["integrity"]["problems"])
    assert "gateway.db" in problems


async def test_a_torn_history_is_told_with_its_session(tmp_path):
    await filled(tmp_path)
    (history,) = tmp_path.glob("agents/main/sessions/*/history.json")
    history.write_text("[\n{}{\n]\n")
    (problem,) = look(tmp_path)["integrity"]["problems"]
    assert problem.startswith(f"{KEY.session_id}: ")


def test_a_folder_that_is_not_there_is_no_error(tmp_path):
    found = look(tmp_path / "nowhere")
    assert (found["room"], found["backup"], found["longest"]["owed"]) == (None, None, None)


def test_only_the_last_hours_errors_are_counted(tmp_path):
    file = LogFile(tmp_path / "logs" / "gateway.jsonl", most=1_000_000, keep=1)
    for hours, level, event in ((2, "error", "old"), (0, "info", "fine"), (0, "error", "new")):
        at = written_at(datetime.now(UTC) - timedelta(hours=hours))
        file.append([b'{"at":"%s","level":"%s","event":"%s"}' % tuple(
            text.encode() for text in (at, level, event)
        )])  # fmt: skip
    log = look(tmp_path)["log"]
    assert (log["errors"], log["latest"]["event"]) == (1, "new")
