"""Messages for tests, with only what a test cares about spelled out."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from state.keys import Address, SessionKey, SessionType
from state.messages import (
    Accepted,
    ChatKind,
    Correction,
    Deletion,
    InboundMessage,
    OwedPart,
    Part,
    Sender,
)

AT = datetime(2026, 1, 30, 10, 0, tzinfo=UTC)
_numbers = count(1)


def message(text: str = "hello", **changes: Any) -> InboundMessage:
    number = next(_numbers)
    facts: dict[str, Any] = {
        "source": f"source-{number}",
        "id": str(number),
        "address": Address("telegram", "7"),
        "kind": ChatKind.DIRECT,
        "sender": Sender("7", "Alice"),
        "text": text,
        "at": AT,
    }
    return InboundMessage(**(facts | changes))


def accepted(
    text: str = "hello", *, seq: int, chat: str = "7", sender: str = "7", **changes: Any
) -> Accepted:
    facts = {"address": Address("telegram", chat), "sender": Sender(sender, "Someone")}
    return taken_over(message(text, **(facts | changes)), seq=seq, chat=chat)


def correction(meant: Accepted, text: str, *, seq: int, sender: str = "7") -> Accepted:
    at = meant.message.address
    changed = Correction(
        f"change-{seq}",
        id=meant.message.id,
        address=at,
        kind=ChatKind.DIRECT,
        sender=Sender(sender, "Someone"),
        text=text,
        at=AT,
        of=meant.message.source,
    )
    return taken_over(changed, seq=seq, chat=at.chat)


def deletion(meant: Accepted, *, seq: int) -> Accepted:
    said = meant.message
    gone = Deletion(f"deletion-{seq}", id=said.id, address=said.address, at=AT, of=said.source)
    return taken_over(gone, seq=seq, chat=said.address.chat)


def taken_over(
    message: InboundMessage | Correction | Deletion, *, seq: int, chat: str = "7"
) -> Accepted:
    key = SessionKey("telegram", chat, SessionType.DM)
    return Accepted(
        seq=seq, entry=f"entry-{seq}", key=key, session=key.session_id, at=AT, message=message
    )


def owed(number: int, *, chat: str = "7", text: str = "hi", **changes: Any) -> OwedPart:
    facts: dict[str, Any] = {
        "id": number,
        "seq": number,
        "index": 0,
        "address": Address("telegram", chat),
        "part": Part(text, text),
    }
    return OwedPart(**(facts | changes))


def all_of_them(_: Accepted) -> bool:
    """Which messages a stop is for, where it is for all."""
    return True
