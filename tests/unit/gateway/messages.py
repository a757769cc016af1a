"""Messages for tests, with only what a test cares about spelled out."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from state.keys import Address, SessionKey, SessionType
from state.messages import Accepted, ChatKind, InboundMessage, OwedPart, Part, Sender

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


def accepted(text: str = "hello", *, seq: int, chat: str = "7") -> Accepted:
    key = SessionKey("telegram", chat, SessionType.DM)
    return Accepted(
        seq=seq,
        entry=f"entry-{seq}",
        key=key,
        session=key.session_id,
        at=AT,
        message=message(text, address=Address("telegram", chat)),
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
