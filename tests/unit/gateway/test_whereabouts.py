"""Where an owner is reached in private."""

from dataclasses import replace

from gateway.whereabouts import Whereabouts
from state.history import AssistantEntry, UserEntry
from state.keys import Address, SessionKey
from state.memory import MemorySessions
from state.messages import ChatKind, Sender
from state.persons import Identity
from state.session import Session
from tests.unit.gateway.messages import AT, accepted

ALICE = Identity("discord", "1")
DM = Address("discord", "dm-77")


def whereabouts(sessions: MemorySessions | None = None) -> Whereabouts:
    return Whereabouts(sessions or MemorySessions(), lambda key: key.session_id)


async def test_they_are_where_they_last_wrote_alone() -> None:
    known = whereabouts()
    said = accepted(seq=1, sender="1")
    known.note(replace(said, message=replace(said.message, address=DM)))
    group = accepted(seq=2, sender="1", kind=ChatKind.GROUP)
    room = Address("discord", "room")
    known.note(replace(group, message=replace(group.message, address=room)))
    assert await known.of([ALICE]) == [DM]


async def test_after_a_restart_they_are_where_the_conversation_has_them() -> None:
    sessions = MemorySessions()
    session = Session.begin(SessionKey.parse("discord:1:main"), agent="main", at=AT)
    asked = UserEntry("u", AT, "hi", DM, Sender("1", "Alice"), "m", "t")
    others = replace(asked, id="v", address=Address("slack", "D1"), turn="s")
    turns = [
        asked,
        AssistantEntry("a", AT, "hello", "t", re=("u",)),
        others,
        AssistantEntry("b", AT, "hello", "s", re=("v",)),
    ]
    await sessions.append(session, turns)
    assert await whereabouts(sessions).of([ALICE]) == [DM]


async def test_whoever_never_wrote_is_tried_by_their_id() -> None:
    assert await whereabouts().of([ALICE]) == [Address("discord", "1")]
