"""Message objects as Discord writes them."""

from typing import Any

from channels.discord.identity import Identity
from channels.discord.places import Place
from state.messages import ChatKind

Json = dict[str, Any]
ME = Identity("discord", 111111111111111111, 222222222222222222, "argent")
BOT: Json = {"id": str(ME.id), "username": "argent", "global_name": None, "bot": True}
ALICE: Json = {"id": "333333333333333333", "username": "alice", "global_name": "Alice"}
ROOM = Place(444444444444444444, ChatKind.GROUP, "general", guild=987654321)
CHAT = Place(555555555555555555, ChatKind.DIRECT)
THREAD = Place(
    666666666666666666, ChatKind.THREAD, "Ops", guild=987654321, parent=ROOM.id, joined=True
)


def message(content: str = "hi", **fields: Any) -> Json:
    return {
        "id": "777777777777777777", "type": 0, "content": content, "channel_id": str(ROOM.id),
        "author": ALICE, "attachments": [], "embeds": [], "mentions": [], "mention_roles": [],
        "pinned": False, "tts": False, "mention_everyone": False, "edited_timestamp": None,
        "timestamp": "2020-11-15T12:00:00.000000+00:00", "flags": 0, **fields,
    }  # fmt: skip


def command(name: str = "status", **fields: Any) -> Json:
    options = [{"name": "words", "type": 3, "value": "the disk"}]
    return {
        "id": "888888888888888888", "type": 2, "token": "secret", "channel_id": str(ROOM.id),
        "data": {"id": "1", "name": name, "type": 1, "options": options},
        "member": {"user": ALICE, "nick": "Ali"}, "guild_id": "987654321", **fields,
    }  # fmt: skip
