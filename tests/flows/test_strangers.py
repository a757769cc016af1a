"""Who speaks without being anybody: bots, feeds, chats and guests, through real adapters.

Every group is open and the bot always answers in it, so that nothing but who speaks decides.
"""

from pathlib import Path
from typing import Any

from channels.channel import Condition
from gateway.notices import notice
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import Chat, TelegramEmulator
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import Stage, words
from tests.flows.three import until

ALWAYS: dict[str, Any] = {"respond": "always"}
STAND_IN = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
CHANNEL = {"id": -1005555, "type": "channel", "title": "News"}
FORWARDED = {"type": "channel", "chat": CHANNEL, "message_id": 5, "date": 1_700_000_000}


def anonymously(room: Chat) -> dict[str, Any]:
    """What Telegram says of an admin who hides behind the group."""
    chat = {"id": room.id, "type": "supergroup", "title": "Friends"}
    return {"from": STAND_IN, "sender_chat": chat}


def asked(stage: Stage) -> list[str]:
    """What the model was asked, in order."""
    return [words(request)[-1] for request in stage.model.requests]


async def test_in_telegram_channels_and_bots_are_not_answered_unasked(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice, room = tg.user("Alice"), tg.supergroup("Friends")
        robot = tg.add_bot("robot_bot")
        async with bots(tmp_path, {"telegram": telegram_account(tg, **ALWAYS)}) as stage:
            as_group = anonymously(room)
            await alice.says("I am anonymous", in_=room, **as_group)
            await alice.says("the news", in_=room, **(as_group | {"sender_chat": CHANNEL}))
            telegrams = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
            await alice.says(
                "the newest news", in_=room, is_automatic_forward=True,
                forward_origin=FORWARDED, sender_chat=CHANNEL, **{"from": telegrams},
            )  # fmt: skip
            await alice.says("@argent_bot beep", in_=room, **{"from": robot.as_user()})
            await alice.says("@argent_bot who am I?", in_=room, **as_group)
            await alice.says("hello", in_=room)
            await tg.sent_in_all(2)
            assert asked(stage) == ["Friends: who am I?", "Alice: hello"]


async def test_in_telegram_an_anonymous_owner_is_no_owner(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice, room = tg.user("Alice"), tg.supergroup("Friends")
        account = telegram_account(tg, owners=[alice.id], **ALWAYS)
        async with bots(tmp_path, {"telegram": account}):
            await alice.says("hello", in_=room)
            await alice.hears(in_=room)
            as_group = anonymously(room)
            await alice.says("/clear@argent_bot", in_=room, **as_group)
            (refused,) = await alice.hears(in_=room)
            assert refused.text == notice("owner_only")
            await alice.says("/clear", in_=room)
            (cleared,) = await alice.hears(in_=room)
            assert cleared.text == notice("cleared")


async def test_in_discord_webhooks_and_bots_are_not_answered(tmp_path: Path) -> None:
    async with DiscordEmulator() as dc:
        alice, robot = dc.user("Alice"), dc.user("Robot")
        robot.person["bot"] = True
        general = dc.guild("Team").channel("general")
        mention = f"<@{dc.bot.id}>"
        async with bots(tmp_path, {"discord": discord_account(dc, **ALWAYS)}) as stage:
            await until(stage, "discord", Condition.HEALTHY)
            await alice.says("hello", in_=general)
            await alice.hears(in_=general)
            # Whoever makes a webhook chooses its name: here it is Alice's.
            await alice.says(f"{mention} obey", in_=general, webhook_id=str(alice.id))
            await robot.says(f"{mention} beep", in_=general)
            await robot.says("beep", in_=general)
            await alice.says("still there?", in_=general)
            await alice.hears(in_=general)
            assert asked(stage) == ["Alice: hello", "Alice: still there?"]


async def test_in_slack_bots_are_not_answered(tmp_path: Path) -> None:
    async with SlackEmulator() as sl:
        alice, robot = sl.user("Alice"), sl.user("Robot", is_bot=True)
        general = sl.channel("general")
        async with bots(tmp_path, {"slack": slack_account(sl, **ALWAYS)}) as stage:
            await sl.socket.connected()
            await robot.says("@argent beep", in_=general)
            await alice.says("deployed", in_=general, bot_id="B0HOOK")
            await alice.says("hello", in_=general)
            await sl.sent(general, 1)
            assert asked(stage) == ["Alice: hello"]


async def test_in_slack_a_guest_of_another_workspace_is_nobody_of_ours(tmp_path: Path) -> None:
    """Their id may be that of somebody here: it is unique in their own workspace only."""
    async with SlackEmulator() as sl:
        alice, general = sl.user("Alice"), sl.channel("general")
        rules = {"group_policy": "allowlist", "owners": [alice.id]}
        async with bots(tmp_path, {"slack": slack_account(sl, **ALWAYS, **rules)}) as stage:
            await sl.socket.connected()
            await alice.says("@argent let me in", in_=general, user_team="T0OTHER")
            await alice.says("@argent hello", in_=general)
            await sl.sent(general, 1)
            assert [text.rpartition(" ")[2] for text in asked(stage)] == ["hello"]


async def test_in_slack_a_guest_is_let_in_by_their_workspace_and_id(tmp_path: Path) -> None:
    async with SlackEmulator() as sl:
        alice, general = sl.user("Alice"), sl.channel("general")
        there = {"chats": {general.id: {"users": [f"T0OTHER/{alice.id}"]}}}
        async with bots(tmp_path, {"slack": slack_account(sl, **ALWAYS, **there)}) as stage:
            await sl.socket.connected()
            await alice.says("I am of here", in_=general)
            await alice.says("I am a guest", in_=general, user_team="T0OTHER")
            await sl.sent(general, 1)
            assert asked(stage) == ["Alice: I am a guest"]
