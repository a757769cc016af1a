"""Sessions, messages and turns that the storage suites speak about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from state.history import AssistantEntry, Entry, Usage, UserEntry
from state.keys import Address, SessionKey, SessionType, side_session_id
from state.lifecycle import Event
from state.messages import (
    Button,
    ChatKind,
    Correction,
    Deletion,
    InboundMessage,
    Malformed,
    Part,
    Sender,
    StoredFile,
)
from state.session import Session
from state.store import PairingRequest

NOON = datetime(2026, 1, 30, 12, tzinfo=UTC)
KEY = SessionKey("telegram", "123456789", SessionType.MAIN)
HERE = Address("telegram", "123456789")
JASON = Sender("123456789", "Jason")


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def session(chat: str = "123456789", *, at: datetime = NOON, title: str | None = None) -> Session:
    key = SessionKey("telegram", chat, SessionType.MAIN)
    return Session.begin(key, agent="main", at=at, title=title)


def side_of(base: Session, name: str, *, at: datetime = NOON) -> Session:
    """A side session that began in the same chat."""
    begun = Session.begin(base.key, agent=base.agent, at=at)
    return replace(begun, id=side_session_id(base.id, name), base=base.id, name=name)


def turn(number: int, *, asks: str = "Hello", answers: str = "Hi there!") -> list[Entry]:
    """A question and its answer: what one message adds to a history."""
    return [
        UserEntry(
            id=f"u{number}",
            at=later(number),
            content=asks,
            address=HERE,
            sender=JASON,
            message=str(number),
            turn=f"t{number}",
        ),
        AssistantEntry(
            id=f"a{number}",
            at=later(number + 0.5),
            content=answers,
            turn=f"t{number}",
            re=(f"u{number}",),
            model="offline",
            usage=Usage(3, 5),
        ),
    ]


def after(facts: Session, entries: list[Entry]) -> Session:
    """The facts once these entries were said."""
    return facts.after(Event.MESSAGE, entries[0].at).with_entries(entries)


def message(source: str, text: str = "Hello", *, account: str = "telegram") -> InboundMessage:
    return InboundMessage(
        source=source,
        id=f"m{source}",
        address=Address(account, "123456789"),
        kind=ChatKind.DIRECT,
        sender=JASON,
        text=text,
        at=NOON,
    )


def correction(source: str) -> Correction:
    return Correction(
        source=source,
        id="m1",
        address=HERE,
        kind=ChatKind.DIRECT,
        sender=JASON,
        text="Hullo",
        at=NOON,
    )


def deletion(source: str, of: str = "1") -> Deletion:
    return Deletion(source=source, id=f"m{of}", address=HERE, at=NOON, of=of)


def poison(source: str) -> Malformed:
    return Malformed(source, "telegram", b'{"what":', "not an update", NOON)


def part(text: str = "Hi there!") -> Part:
    return Part(text=f"<b>{text}</b>", plain=text)


def picture(title: str = "Harbour.png") -> StoredFile:
    return StoredFile(KEY.session_id, "0123abcd.png", title, "image/png", 2048)


def full_part() -> Part:
    """A part with everything that one can have."""
    stop = Button("Stop", "/stop")
    return Part("<b>Hi</b>", "Hi", "m1", edits="900", file=picture(), buttons=(stop,))


def stranger(code: str = "CODE1", user: str = "7", *, minutes: float = 60) -> PairingRequest:
    return PairingRequest(
        code=code,
        account="telegram",
        user=user,
        name="Mallory",
        address=Address("telegram", user),
        created_at=NOON,
        expires_at=NOON + timedelta(minutes=minutes),
    )
