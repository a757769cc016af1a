"""The examples of the documents that Argent was asked from, as they stand there.

Only the names differ: `argent` for each product's own command, `ARGENT_` for its variables. What
they say of compaction in figures (of 50 messages at 38, the oldest 20, the newest 10, 94 %) is in
tests/flows/test_compaction.py and tests/unit/state/test_compaction.py.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from state.files import open_state
from state.history import AssistantEntry, Entry, UserEntry
from state.keys import SessionKey
from state.lifecycle import Event, Phase
from state.session import Session
from tests.acceptance.gateway_process import world
from tests.acceptance.test_cli import Argent
from tests.contracts.examples import turn

pytestmark = pytest.mark.acceptance

CONFIG = """{
  "agents": {
    "defaults": {
      "session": {
        "maxContextTokens": 180000,
        "compactionThreshold": 0.85,
        "channelScope": "collapsed"
      }
    }
  }
}
"""
LISTING = """\
Active Sessions:
  telegram:123456789:main    - 15 messages, last active 5m ago
  discord:987654321:group    - 42 messages, last active 2h ago

Idle Sessions:
  slack:C0123456789:topic    - 8 messages, last active 1d ago
"""
FILE = """{
  "key": "telegram:123456789:main",
  "type": "main",
  "channel": "telegram",
  "chat_id": "123456789",
  "created_at": "2026-01-30T10:00:00Z",
  "updated_at": "2026-01-30T12:30:00Z",
  "messages": [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi there!"}
  ],
  "metadata": {
    "model": "claude-sonnet-4-20250514",
    "tools_used": ["bash", "read"]
  }
}
"""
ONE, TWO, THREE = "telegram:123456789:main", "discord:987654321:group", "slack:C0123456789:topic"
ACTIVE, IDLE = Phase.ACTIVE, Phase.IDLE
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def argent(tmp_path: Path) -> Argent:
    return Argent(tmp_path / "state")


async def stored(folder: Path, *sessions: tuple[str, int, timedelta, Phase]) -> None:
    """Conversations by their keys: how many messages they have, and how long ago they were."""
    state, now = await open_state(folder), datetime.now(UTC)
    for key, messages, ago, phase in sessions:
        entries = [replace(entry, at=now - ago) for entry in said(messages)]
        session = Session.begin(SessionKey.parse(key), agent="main", at=now - ago)
        session = session.after(Event.MESSAGE, now - ago).with_entries(entries)
        await state.sessions.create(session)
        await state.sessions.append(session, entries)
        if phase is Phase.IDLE:
            session = session.after(Event.QUIET, now)
            await state.sessions.touch(session)
        await state.ledger.index(session)
    await state.close()


def said(messages: int) -> Iterator[Entry]:
    """Questions and answers; the first answer is to two questions where they do not come out."""
    for number in range(messages // 2):
        asked, answered = turn(number)
        assert isinstance(asked, UserEntry)
        assert isinstance(answered, AssistantEntry)
        yield asked
        if number == 0 and messages % 2:
            again = replace(asked, id="again", message="again")
            yield again
            answered = replace(answered, re=(asked.id, again.id))
        yield answered


# ArgentOS: session configuration, storage, commands ---------------------------------------------


def test_the_configuration_is_taken_as_it_stands(argent: Argent) -> None:
    argent.state.mkdir(mode=0o700)
    (argent.state / "argent.json").write_text(CONFIG)
    assert argent.ok("config", "validate") == f"{argent.state / 'argent.json'} is good.\n"
    shown = argent.ok("config", "show")
    assert "agents.defaults.session.max_context_tokens = 180000" in shown
    assert "agents.defaults.session.compaction_threshold = 0.85" in shown
    assert 'agents.defaults.session.channel_scope = "collapsed"' in shown
    gateway = argent.start("gateway", "run", "--json")
    try:
        argent.ok("ask", "Hello")
        info = argent.data("sessions", "info", "terminal_local_main")
        assert info["context"]["limit"] == 180_000
    finally:
        gateway.terminate()
        gateway.communicate(timeout=30)
    assert gateway.returncode == 0


async def test_a_session_is_a_folder_with_a_history_and_its_metadata(argent: Argent) -> None:
    await stored(argent.state, (ONE, 2, HOUR, ACTIVE))
    folder = argent.state / "agents/main/sessions/telegram_123456789_main"
    history = json.loads((folder / "history.json").read_text())
    assert [(e["role"], e["content"]) for e in history] == [
        ("user", "Hello"),
        ("assistant", "Hi there!"),
    ]
    metadata = json.loads((folder / "metadata.json").read_text())
    assert {name: metadata[name] for name in ("key", "type", "channel", "chat_id", "state")} == {
        "key": ONE,
        "type": "main",
        "channel": "telegram",
        "chat_id": "123456789",
        "state": "active",
    }
    assert argent.data("sessions", "info", "telegram_123456789_main")["key"] == ONE


# LurkBot: listing, clearing, exporting, session files -------------------------------------------


async def test_the_list_looks_as_it_does_there(argent: Argent) -> None:
    await stored(
        argent.state,
        (ONE, 15, timedelta(minutes=5, seconds=5), ACTIVE),
        (TWO, 42, 2 * HOUR, ACTIVE),
        (THREE, 8, DAY, IDLE),
    )
    assert argent.ok("sessions", "list") == LISTING


async def test_one_session_is_cleared_or_all_are(argent: Argent) -> None:
    await stored(argent.state, *((key, 2, HOUR, ACTIVE) for key in (ONE, TWO, THREE)))
    argent.ok("sessions", "clear", ONE, "--yes")
    told = {row["key"]: row["messages"] for row in argent.data("sessions", "list")["sessions"]}
    assert told == {ONE: 0, TWO: 2, THREE: 2}
    argent.ok("sessions", "clear", "--all", "--yes")
    assert [row["messages"] for row in argent.data("sessions", "list")["sessions"]] == [0, 0, 0]


async def test_an_export_goes_to_a_file_as_json_and_as_markdown(argent: Argent) -> None:
    await stored(argent.state, (ONE, 2, HOUR, ACTIVE))
    exported = json.loads(argent.ok("sessions", "export", ONE))
    assert [entry["content"] for entry in exported["messages"]] == ["Hello", "Hi there!"]
    markdown = argent.ok("sessions", "export", "--format", "markdown", ONE)
    assert markdown.index("Hello") < markdown.index("Hi there!")


def test_a_session_file_is_taken_over(argent: Argent, tmp_path: Path) -> None:
    (tmp_path / "telegram_123456789_main.json").write_text(FILE)
    argent.ok("sessions", "import", str(tmp_path / "telegram_123456789_main.json"))
    (row,) = argent.data("sessions", "list")["sessions"]
    assert (row["key"], row["messages"]) == (ONE, 2)
    assert "Hi there!" in argent.ok("sessions", "show", ONE)


# Atmos: cleaning, and going on where one was ----------------------------------------------------


async def test_cleaning_takes_hours_days_weeks_and_months(argent: Argent) -> None:
    ages = {"12h": 12 * HOUR, "30d": 30 * DAY, "2w": 14 * DAY, "1m": 30 * DAY, "7d": 7 * DAY}
    old = [11 * HOUR, 13 * HOUR, 6 * DAY, 8 * DAY, 13 * DAY, 15 * DAY, 29 * DAY, 31 * DAY]
    sessions = ((f"telegram:{n}:dm", 2, ago, IDLE) for n, ago in enumerate(old))
    await stored(argent.state, *sessions)

    def chosen(written: str) -> int:
        clean = ("sessions", "clean", "--older-than", written)
        return len(argent.data(*clean, "--dry-run")["chosen"])

    for written, length in ages.items():
        assert chosen(written) == sum(ago > length for ago in old), written
    assert chosen("0d") == len(old)
    argent.ok("sessions", "clean", "--older-than", "30d", "--yes")
    assert len(argent.data("sessions", "list")["sessions"]) == len(old) - 1


@pytest.mark.parametrize("ends", ["terminate", "kill"])
async def test_a_conversation_goes_on_after_a_restart(tmp_path: Path, ends: str) -> None:
    async with world(tmp_path) as there:
        alice = there.telegram.user("Alice")
        said = [
            "What are stacks?",
            "can you show me an example for production?",
            "let's continue with the staging variant",
        ]
        await there.gateway.start()
        for text in said[:2]:
            await alice.says(text)
            await alice.hears()
        await there.gateway.settled()
        await getattr(there.gateway, ends)()
        await there.gateway.start()
        await alice.says(said[2])
        await alice.hears()
        _, *shown = [(m["role"], m["content"]) for m in there.model.asked[-1].messages]
        assert shown == [
            ("user", said[0]),
            ("assistant", said[0]),
            ("user", said[1]),
            ("assistant", said[1]),
            ("user", said[2]),
        ]
