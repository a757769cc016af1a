"""Who is let in, where the bot speaks up, whose commands count, and how often it works for them."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.doors import Doors
from gateway.notices import notice
from state.files import open_state
from state.messages import ChatKind, Sender
from state.store import PairingRequest
from tests.flows.house import Wrist
from tests.flows.stage import Gate
from tests.flows.town import ALICE, BOB, OPEN, Town, town

EVE = Sender("666", "Eve")
ADMIN = Sender("-5", "The group", as_chat=True)
ROBOT = Sender("77", "Robot", is_bot=True)
OWNED = {"owners": ["1"]}


def there(**settings: Any) -> dict[str, Any]:
    """What is different in the town's group."""
    return {"chats": {"-5": settings}}


async def unaddressed(place: Town, who: Sender, text: str, thread: str | None = None) -> None:
    kind = ChatKind.THREAD if thread else ChatKind.GROUP
    await place.says(who, text, "-5", kind=kind, thread=thread, container="-5", addressed=False)


async def pairings(place: Town) -> Sequence[PairingRequest]:
    """Who asks to be let in."""
    return await place.stage.ledger.pairings(place.stage.gateway.clock.now())


async def heard(place: Town) -> list[str]:
    """What the model was asked, in order."""
    await place.stage.settled()
    return [request[-1].text for request in place.stage.model.requests]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("account", "answered"),
    [
        ({"group_policy": "open"}, ["Alice", "Bob", "Eve", "The group"]),
        ({"group_policy": "closed"}, []),
        ({"group_policy": "allowlist"}, ["Alice"]),
        ({"allow_users": ["2"]}, ["Alice", "Bob"]),
        ({"allow_groups": ["-5"]}, ["Alice", "Bob", "Eve", "The group"]),
        ({"group_policy": "open", **there(users=["2"])}, ["Alice", "Bob"]),
        ({"group_policy": "open", **there(users=["-5"])}, ["Alice", "The group"]),
        ({"group_policy": "open", **there(users=[])}, ["Alice"]),
        ({"group_policy": "open", **there(policy="closed")}, []),
        ({"group_policy": "closed", **there(policy="open")}, ["Alice", "Bob", "Eve", "The group"]),
        ({"group_policy": "open", **there(respond="never")}, []),
    ],
)
async def test_a_group_answers_whom_its_rules_name(
    account: dict[str, Any], answered: list[str]
) -> None:
    async with town(**OWNED, **account) as place:
        for who in (ALICE, BOB, EVE, ADMIN, ROBOT):
            await place.in_group(who, "hello")
        assert [text.partition(":")[0] for text in await heard(place)] == answered


async def test_where_the_bot_always_answers_only_machines_must_speak_to_it() -> None:
    async with town(**OPEN, **there(respond="always")) as place:
        await unaddressed(place, BOB, "who knows?")
        await unaddressed(place, BOB, "and here?", thread="3")
        await unaddressed(place, ROBOT, "I am a robot")
        await unaddressed(place, ADMIN, "the news of our channel")
        assert await heard(place) == ["Bob: who knows?", "Bob: and here?"]


async def test_two_gateways_in_one_group_do_not_talk_to_each_other() -> None:
    """Each hears the other's answers as a bot's words, wherever it always answers."""
    open_to_all = {**OPEN, "respond": "always"}
    async with town(**open_to_all) as left, town(**open_to_all) as right:
        await unaddressed(left, BOB, "hello")
        said = await left.hears("-5")
        await unaddressed(right, Sender("7001", "Left", is_bot=True), said[0])
        await right.stage.settled()
        assert await right.silence("-5")
        assert await right.keys() == []


async def test_what_cannot_be_decided_is_denied_and_the_next_message_is_answered() -> None:
    async with town(**OPEN) as place:
        broken = Doors(dict, place.stage.gateway.people)
        intake = place.stage.gateway.intake
        intake._doors, doors = broken, intake._doors
        await place.says(BOB, "let me in")
        intake._doors = doors
        await place.says(BOB, "and now?")
        assert await heard(place) == ["and now?"]


# Strangers ---------------------------------------------------------------------------------------


async def test_a_stranger_who_writes_a_lot_at_once_gets_one_code(tmp_path: Path) -> None:
    # Only a ledger that takes its time lets one message overtake another.
    state = await open_state(tmp_path)
    async with town(parts={"sessions": state.sessions, "ledger": state.ledger}) as place:
        await asyncio.gather(*(place.says(EVE, f"let me in {n}") for n in range(20)))
        assert len(await place.hears(EVE.id)) == 1
        assert await place.silence(EVE.id)
        assert len(await pairings(place)) == 1
    await state.close()


async def test_a_stranger_gets_one_code_for_all_chats_and_none_in_groups() -> None:
    async with town() as place:
        await place.in_group(EVE, "let me in")
        await place.says(EVE, "let me in")
        await place.says(EVE, "let me in", chat="another")
        await place.hears(EVE.id)
        assert await place.silence("-5")
        assert await place.silence("another")
        assert len(await pairings(place)) == 1


# Commands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "who", "command", "answer"),
    [
        ({}, BOB, "/clear", "owner_only"),
        ({}, BOB, "/model", "owner_only"),
        ({}, BOB, "/forget yes", "forget_owners"),
        ({}, ALICE, "/clear", "cleared"),
        (there(commands="members"), BOB, "/clear", "cleared"),
        (there(commands="members"), BOB, "/prompt x", "owner_only"),
        (there(commands="members"), BOB, "/forget yes", "forget_owners"),
        (there(commands="nobody"), ALICE, "/clear", "commands_off"),
    ],
)
async def test_in_a_group_commands_count_from_whom_its_rules_name(
    account: dict[str, Any], who: Sender, command: str, answer: str
) -> None:
    async with town(**OPEN, **OWNED, **account) as place:
        await place.in_group(BOB, "hello")
        await place.hears("-5")
        await place.in_group(who, command)
        assert await place.hears("-5") == [notice(answer)]


async def test_a_thread_s_commands_are_its_group_s() -> None:
    async with town(**OPEN, **there(commands="members")) as place:
        await place.in_group(BOB, "hello", thread="3")
        await place.hears("-5")
        await place.in_group(BOB, "/clear", thread="3")
        assert await place.hears("-5") == [notice("cleared")]


async def test_anybody_asks_for_help_and_nobody_stops_anybody_else_s_turn() -> None:
    async with town(**OPEN, **OWNED) as place:
        gate = Gate()
        place.stage.model.will(gate)
        await place.in_group(ALICE, "a long story")
        await gate.reached.wait()
        await place.in_group(BOB, "a question")
        await place.in_group(BOB, "/stop")
        gate.open.set()
        story, stopped = await place.hears("-5", 2)
        assert story == "echo: Alice: a long story"
        assert stopped == notice("stopped")
        assert await heard(place) == ["Alice: a long story"]


async def test_an_owner_stops_whatever_runs() -> None:
    async with town(**OPEN, **OWNED) as place:
        gate = Gate()
        place.stage.model.will(gate)
        await place.in_group(BOB, "a long story")
        await gate.reached.wait()
        await place.in_group(ALICE, "/stop")
        assert await place.hears("-5") == [notice("stopped")]


# Limits ------------------------------------------------------------------------------------------


def limited(sender: int = 2, group: int = 3) -> dict[str, Any]:
    return {"limits": {"sender_turns": sender, "group_turns": group}}


async def test_who_writes_too_often_is_told_once_when_it_goes_on() -> None:
    wrist = Wrist()
    async with town(**OPEN, also=limited(), parts={"clock": wrist}) as place:
        for number in range(2):
            await place.says(BOB, str(number))
            await place.hears("2")
        wrist.passes(timedelta(minutes=2, seconds=30))
        for _ in range(3):
            await place.says(BOB, "and more")
        told = notice("limit_sender", turns=2, minutes=10, reset="12:10 UTC, in 8 min")
        assert await place.hears("2") == [told]
        assert await place.silence("2")
        wrist.passes(timedelta(minutes=8))
        await place.says(BOB, "again")
        assert await place.hears("2") == ["echo: again"]


async def test_a_group_has_a_limit_of_its_own_and_is_told_once() -> None:
    async with town(**OPEN, also=limited(sender=2, group=3)) as place:
        for number in range(6):
            await place.in_group(Sender(str(100 + number), "Somebody"), str(number))
        answers = await place.hears("-5", 4)
        assert sum(text.startswith("echo") for text in answers) == 3
        assert await place.silence("-5")
        await place.says(BOB, "in private")
        assert await place.hears("2") == ["echo: in private"]


async def test_owners_and_commands_are_not_counted() -> None:
    async with town(**OPEN, **OWNED, also=limited(sender=1)) as place:
        for _ in range(3):
            await place.says(ALICE, "mine")
            assert await place.hears("1") == ["echo: mine"]
            await place.says(BOB, "/stop")
            assert await place.hears("2") == [notice("nothing_to_stop")]
        await place.says(BOB, "hello")
        assert await place.hears("2") == ["echo: hello"]


async def test_what_a_platform_delivers_again_is_neither_counted_nor_declined() -> None:
    async with town(**OPEN, also=limited(sender=2)) as place:
        for _ in range(5):
            await place.says(BOB, "hello", source="the same")
        assert await place.hears("2") == ["echo: hello"]
        await place.says(BOB, "something else")
        assert await place.hears("2") == ["echo: something else"]
        await place.says(BOB, "hello", source="the same")
        assert await place.silence("2")


async def test_a_flood_does_not_begin_anew_because_the_gateway_does() -> None:
    async with town(**OPEN, also=limited(sender=2, group=2)) as place:
        for number in range(2):
            await place.says(BOB, str(number))
            await place.hears("2")
            await place.in_group(EVE, str(number))
            await place.hears("-5")
        await place.stage.restart()
        await place.says(BOB, "and more")
        await place.in_group(ALICE, "and more")
        assert "2 messages in 10 minutes" in (await place.hears("2"))[0]
        assert "2 messages here in 10 minutes" in (await place.hears("-5"))[0]
