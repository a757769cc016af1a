"""State folders that are written at once, as a gateway would have left them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from state.codec import dumps, entry_to_json
from state.files import metadata, open_state
from state.files.journal import CLOSING, FIRST, OPENING, frame
from state.files.layout import HISTORY, METADATA, Layout
from state.files.metadata import Facts
from state.history import Entry
from state.keys import SessionKey, SessionType
from state.lifecycle import Event
from state.session import Session
from tests.contracts.examples import after, turn

RARE = "needle"
"""A word that only one message of a folder has."""

OLDEST_USER = 500_000_001
"""The Telegram emulator's first person: the first of a hoard's sessions is theirs."""

_WORDS = 50_000
_QUIET = timedelta(days=1)
_APART = timedelta(seconds=10)


def write_session(layout: Layout, facts: Session, entries: list[Entry]) -> None:
    """A session's folder, in which these entries were said, and which went to rest since."""
    body = OPENING + frame([dumps(entry_to_json(entry)) for entry in entries], FIRST)
    folder = layout.folder(facts.id)
    folder.mkdir(mode=0o700)
    (folder / HISTORY).write_bytes(body)
    facts = after(facts, entries)
    facts = facts.after(Event.QUIET, facts.updated_at, "quiet for 1:00:00")
    (folder / METADATA).write_bytes(metadata.encode(Facts(facts, len(body) - len(CLOSING))))


def talk(said: Iterator[str], turns: int, *, first: str, at: datetime) -> list[Entry]:
    """A conversation of so many turns that begins with these words."""
    asked = [first, *islice(said, turns - 1)]
    answered = zip(said, said, strict=False)
    return [
        replace(entry, at=at)
        for number, (asks, answer) in enumerate(zip(asked, answered, strict=False), 1)
        for entry in turn(number, asks=asks, answers=" ".join(answer))
    ]


def sentences(chance: random.Random) -> Iterator[str]:
    """Eight words each, some of them common and most of them rare, as words are."""
    while True:
        yield " ".join(f"w{int(_WORDS ** chance.random()) - 1}" for _ in range(8))


def write_hoard(root: Path, sessions: int, turns: int, *, account: str = "bot") -> None:
    """The folders of as many people who wrote to a Telegram bot and went to rest since.

    They were last active a day ago and more, and not so long that they would be put away.
    """
    layout = Layout(root)
    layout.make()
    said, now = sentences(random.Random(4)), datetime.now(UTC)
    for number in range(sessions):
        key = SessionKey(account, str(OLDEST_USER + number), SessionType.DM)
        at = now - _QUIET - _APART * number
        first = f"{next(said)} {RARE}" if number == sessions // 2 else next(said)
        facts = Session.begin(key, agent="main", at=at)
        write_session(layout, facts, talk(said, turns, first=first, at=at))


async def settle(root: Path) -> None:
    """Let a folder's owner make what is missing: the index of sessions, and that of words."""
    state = await open_state(root)
    try:
        state.search.start()
        await state.search.caught_up()
    finally:
        await state.close()
