"""How gateway.db finds sessions: by seeking in an index, however many there are."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from state.files.ledger import index, words
from state.files.ledger.schema import upgrade
from state.keys import SessionId
from state.lifecycle import Phase
from tests.contracts.examples import NOON

BASE = SessionId("telegram_1_main")

Question = Callable[[sqlite3.Connection], object]


def plan(question: Question) -> list[str]:
    """How SQLite does what is asked, in its own words."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        upgrade(db)
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        question(db)
        db.set_trace_callback(None)
        asked = [statement for statement in asked if statement.startswith(("SELECT", "WITH"))]
        assert asked
        return [step[3] for each in asked for step in db.execute(f"EXPLAIN QUERY PLAN {each}")]


@pytest.mark.parametrize(
    "question",
    [
        lambda db: index.quiet_since(db, Phase.ACTIVE, NOON, 9, None),
        lambda db: index.quiet_since(db, Phase.ACTIVE, NOON, 9, "main"),
        lambda db: index.oldest(db, None),
        lambda db: index.oldest(db, "main"),
        lambda db: index.family(db, BASE),
        lambda db: index.rows(db, [BASE]),
        lambda db: index.working(db),
        lambda db: index.held(db, "main"),
    ],
    ids=[
        "quiet",
        "quiet of an agent",
        "oldest",
        "oldest of an agent",
        "family",
        "some rows",
        "agents",
        "how many",
    ],
)
def test_no_question_that_is_asked_again_and_again_reads_every_session(question: Question) -> None:
    steps = plan(question)
    assert [step for step in steps if step.startswith("SCAN sessions")] == []
    assert any(step.startswith("SEARCH sessions") for step in steps)


def test_the_quiet_sessions_of_an_agent_are_in_their_order_already() -> None:
    (found, *_) = plan(lambda db: index.quiet_since(db, Phase.ACTIVE, NOON, 9, "main"))
    assert found.endswith("USING INDEX sessions_agent (agent=? AND phase=? AND updated_at<?)")


def test_whether_a_session_is_unfinished_is_asked_of_open_messages_and_parts_only() -> None:
    steps = plan(lambda db: words.has_open(db, BASE, None))
    assert [step for step in steps if "inbox" in step or "outbox" in step] == [
        "SEARCH inbox USING INDEX inbox_open (seq<?)",
        "SCAN outbox USING INDEX outbox_open",
        "SEARCH inbox USING INTEGER PRIMARY KEY (rowid=?)",
    ]
