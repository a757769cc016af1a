"""Whatever comes from Discord is handled or set aside; nothing raises."""

import copy
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from channels.discord.attachments import Reference
from channels.discord.inbound import (
    deleted,
    deletion,
    parse_edit,
    parse_interaction,
    parse_message,
)
from channels.discord.places import Directory
from channels.sound import sound
from state.messages import Correction, InboundMessage, Malformed
from tests.unit.channels.discord.messages import (
    ALICE,
    BOT,
    CHAT,
    ME,
    ROOM,
    THREAD,
    command,
    message,
)

AT = datetime(2026, 1, 30, 12, tzinfo=UTC)
JUNK: list[Any] = [
    None, True, -1, 10**30, 1.5, "", "x", "\ud800", "9" * 40, [], {}, [None], {"id": None}, "<@1>",
    "2026-13-45T99:99:99", b"raw", float("nan"),
]  # fmt: skip
SEEDS: list[Any] = [
    message(f"<@{ME.id}> hello", mentions=[BOT, ALICE]),
    message("", attachments=[{"filename": "a", "content_type": "b/c", "size": 1, "url": "d"}]),
    message("a", type=19, referenced_message=message("b", author=BOT), member={"nick": "N"}),
    message("", message_reference={"type": 1},
            message_snapshots=[{"message": {"content": "x", "attachments": []}}]),
    message("p", poll={"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}]},
            sticker_items=[{"id": "1", "name": "s"}]),
    message("e", edited_timestamp="2026-01-30T12:00:00+00:00"),
    command(),
    command(type=3, data={"component_type": 2, "custom_id": "says:0:/stop"}, message=message()),
    {"id": "7", "channel_id": "1", "guild_id": "9"},
    {"ids": ["7", "8"], "channel_id": "1"},
    {"guild_id": "9", "role": {"id": "5", "tags": {"bot_id": str(ME.id)}}},
    {"id": "9", "roles": [{"id": "5", "managed": True, "tags": {"bot_id": str(ME.id)}}]},
    {"id": "9", "channels": [{"id": "1", "type": 0}], "threads": [
        {"id": "2", "type": 11, "parent_id": "1", "member": {}}]},
    {"id": "2", "added_members": [{"user_id": str(ME.id)}], "removed_member_ids": ["1"]},
]  # fmt: skip
EVENTS = ["GUILD_CREATE", "CHANNEL_UPDATE", "THREAD_LIST_SYNC", "THREAD_MEMBERS_UPDATE",
          "THREAD_DELETE", "CHANNEL_DELETE", "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"]  # fmt: skip


def _damaged(seed: Any, dice: random.Random) -> Any:
    """The payload with something in it replaced, taken out or put in."""
    whole = [copy.deepcopy(seed)]
    for _ in range(dice.randint(1, 3)):
        spot: Any = whole
        while True:
            keys = list(range(len(spot))) if isinstance(spot, list) else list(spot)
            if not keys:
                break
            key = dice.choice(keys)
            if isinstance(spot[key], dict | list) and spot[key] and dice.random() < 0.7:
                spot = spot[key]
                continue
            if isinstance(spot, dict) and dice.random() < 0.3:
                del spot[key]
            else:
                spot[key] = dice.choice(JUNK)
            break
    return whole[0]


def test_ten_thousand_damaged_events_are_handled_or_set_aside() -> None:
    dice = random.Random(20260130)
    directory = Directory(ME.id)
    aside = 0
    for n in range(10_000):
        raw = _damaged(SEEDS[n % len(SEEDS)], dice)
        for place in (ROOM, CHAT, THREAD):
            for parse in (parse_message, parse_edit, parse_interaction):
                inbound = parse(raw, place, ME, AT)
                assert inbound is None or isinstance(
                    inbound, InboundMessage | Correction | Malformed
                )
                aside += isinstance(inbound, Malformed)
                if isinstance(inbound, InboundMessage):
                    for attachment in inbound.attachments:
                        assert attachment.reference is None or Reference.read(attachment.reference)
        if isinstance(raw, dict):
            directory.learn(dice.choice(EVENTS), raw)
            directory.find(ROOM.id)
            with suppress(KeyError, TypeError, ValueError):
                for number in deleted(raw):
                    sound(deletion(number, CHAT, ME, AT))
    assert aside > 1_000
