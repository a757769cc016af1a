"""What a model is shown of earlier files stays bounded, and is found again."""

from collections.abc import Collection, Mapping, Sequence

import pytest

from agents.transcript import Media
from gateway.open_sessions import MOST_MEDIA, MOST_MEDIA_BYTES, OpenSession, OpenSessions
from gateway.routing import Route
from state.history import AssistantEntry, Entry, UserEntry
from state.keys import SessionKey, SessionType
from state.memory import MemorySessions
from state.messages import Attachment, AttachmentKind
from tests.emulators.pictures import PNG
from tests.unit.gateway.messages import AT, message

KEY = SessionKey("telegram", "7", SessionType.DM)
ROUTE = Route(KEY, KEY.session_id)


def a_turn(number: int) -> list[Entry]:
    said = message("see")
    picture = Attachment(AttachmentKind.IMAGE, file=f"att-{number}.png")
    asked = UserEntry(
        f"u{number}", AT, "see", said.address, said.sender, said.id, f"t{number}",
        attachments=(picture,),
    )  # fmt: skip
    return [asked, AssistantEntry(f"a{number}", AT, "nice", f"t{number}", re=(asked.id,))]


class Shelf:
    """Has a picture for every entry, and shows the newest two."""

    async def contents(
        self, _: str, entries: Sequence[Entry], _takes: Collection[str]
    ) -> Mapping[str, Media]:
        files = [a.file for e in entries if isinstance(e, UserEntry) for a in e.attachments]
        return {file: Media("image/png", PNG) for file in files[-2:] if file}


async def add(
    sessions: MemorySessions, opens: OpenSessions, opened: OpenSession, number: int, data: bytes
) -> None:
    turn = a_turn(number)
    opened.session = opened.session.with_entries(turn)
    (position, *_) = await sessions.append(opened.session, turn)
    opened.extend(turn, position, {f"att-{number}.png": Media("image/png", data)})
    opens.used(opened)


@pytest.mark.parametrize(
    ("data", "turns"), [(PNG, MOST_MEDIA + 1), (PNG + bytes(MOST_MEDIA_BYTES // 3), 3)]
)
async def test_a_conversation_with_many_pictures_goes_on_with_the_newest(
    data: bytes, turns: int
) -> None:
    sessions = MemorySessions()
    opens = OpenSessions(sessions, contents=Shelf().contents)
    opened = await opens.open(ROUTE, at=AT)
    for number in range(turns):
        assert len(opens) == 1
        await add(sessions, opens, opened, number, data)
    assert len(opens) == 0
    again = await opens.open(ROUTE, at=AT)
    assert len(again.transcript) == 2 * turns
    assert [media.data for media in again.transcript.media] == [PNG, PNG]
