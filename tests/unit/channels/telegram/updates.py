"""Updates as Telegram writes them, to vary."""

from typing import Any

from channels.telegram.identity import Identity
from tests.emulators.telegram.entities import detect

Json = dict[str, Any]

ME = Identity("telegram", 7001, "our_bot", frozenset({"help", "status", "start"}))
BOT: Json = {"id": 7001, "is_bot": True, "first_name": "Argent", "username": "our_bot"}
ALICE: Json = {
    "id": 101, "is_bot": False, "first_name": "Alice", "last_name": "Liddell",
    "username": "alice", "language_code": "en",
}  # fmt: skip
BOB: Json = {"id": 102, "is_bot": False, "first_name": "Bob"}
ANONYMOUS: Json = {
    "id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot",
}  # fmt: skip

PRIVATE: Json = {"id": 101, "first_name": "Alice", "last_name": "Liddell", "type": "private"}
GROUP: Json = {"id": -4001, "title": "Team", "type": "group"}
SUPERGROUP: Json = {"id": -1001234567890, "title": "Big", "type": "supergroup"}
FORUM: Json = {"id": -1009876543210, "title": "Dev", "type": "supergroup", "is_forum": True}
CHANNEL: Json = {"id": -1005555555555, "title": "News", "type": "channel"}

DATE = 1_769_767_200
"""2026-01-30T10:00:00Z"""

OPENED_TOPIC: Json = {
    "message_id": 77, "from": BOT, "chat": FORUM, "date": DATE - 100, "message_thread_id": 77,
    "forum_topic_created": {"name": "Ops", "icon_color": 7322096}, "is_topic_message": True,
}  # fmt: skip


def message(chat: Json = PRIVATE, **fields: Any) -> Json:
    """A message of Alice's; a typed text gets the entities that Telegram would find."""
    body = {"message_id": 4711, "from": ALICE, "chat": chat, "date": DATE, **fields}
    if isinstance(body.get("text"), str) and (found := detect(body["text"])):
        body.setdefault("entities", found)
    return body


def update(body: Json, kind: str = "message", number: int = 900) -> Json:
    return {"update_id": number, kind: body}


def in_topic(**fields: Any) -> Json:
    """A message in the forum's topic 77, which the bot opened."""
    fields.setdefault("reply_to_message", OPENED_TOPIC)
    return message(FORUM, message_thread_id=77, is_topic_message=True, **fields)


def press(under: Json, **fields: Any) -> Json:
    """Alice presses a button under a message of the bot's."""
    return {
        "id": "4382bfdwdsb323b2d9", "from": ALICE, "message": under, "data": "/stop",
        "chat_instance": "-3911", **fields,
    }  # fmt: skip
