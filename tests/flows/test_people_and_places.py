"""Strangers, owners, groups and topics: each in their own session, and nobody let in by chance."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import Clock
from gateway.notices import notice
from gateway.people import CODE_LIFE, MOST_REQUESTS
from state.keys import Address
from state.messages import ChatKind, Correction, Malformed, Migration, Sender
from state.store import Role
from tests.flows.stage import Gate, words
from tests.flows.town import ALICE, BOB, OPEN, town
from tests.unit.gateway.messages import AT


async def test_two_people_a_group_and_a_topic_have_four_sessions() -> None:
    async with town(**OPEN, owners=["1"]) as place:
        await place.says(ALICE, "from alice")
        await place.says(BOB, "from bob")
        await place.in_group(ALICE, "to the group")
        await place.in_group(BOB, "to the topic", thread="3")
        assert await place.hears("1") == ["echo: from alice"]
        assert await place.hears("2") == ["echo: from bob"]
        in_group = await place.hears("-5", 2)
        assert sorted(in_group) == ["echo: Alice: to the group", "echo: Bob: to the topic"]
        assert await place.keys() == [
            "telegram:-5/3:topic",
            "telegram:-5:group",
            "telegram:1:main",
            "telegram:2:dm",
        ]


async def test_nobody_s_words_reach_another_session() -> None:
    async with town(**OPEN) as place:
        await place.says(ALICE, "my secret is 42")
        await place.hears("1")
        await place.says(BOB, "what is her secret?")
        await place.hears("2")
        assert words(place.stage.model.requests[-1]) == ["what is her secret?"]


async def test_collapsed_rooms_share_a_session_and_each_is_answered_in_its_own_place() -> None:
    shared = {"agents": {"defaults": {"session": {"channel_scope": "collapsed"}}}}
    async with town(**OPEN) as place:
        place.stage.settings |= shared
        await place.stage.restart()
        await place.in_group(ALICE, "in the topic", thread="3")
        await place.in_group(BOB, "in the group")
        await place.stage.settled()
        assert await place.keys() == ["telegram:-5:group"]
        threads = {part.address.thread for part in await place.stage.ledger.owed()}
        assert threads == {"3", None}


async def test_a_stranger_gets_a_code_once_and_nothing_else() -> None:
    async with town() as place:
        for _ in range(3):
            await place.says(ALICE, "let me in")
        (told,) = await place.hears("1")
        (request,) = await place.stage.ledger.pairings(datetime.now(UTC))
        assert told == notice("pairing", code=request.code, minutes=10)
        assert place.stage.model.requests == []
        assert await place.keys() == []
        assert await place.silence("1")


async def test_an_approved_stranger_may_talk_and_a_revoked_one_may_not() -> None:
    async with town() as place:
        await place.says(ALICE, "let me in")
        await place.hears("1")
        ledger, gateway = place.stage.ledger, place.stage.gateway
        (request,) = await ledger.pairings(datetime.now(UTC))
        await ledger.approve(request.code, role=Role.GUEST, at=datetime.now(UTC))
        await gateway.admissions_changed()
        await place.says(ALICE, "hello")
        assert await place.hears("1") == ["echo: hello"]
        await place.stage.restart()
        await place.says(ALICE, "still here")
        assert await place.hears("1") == ["echo: still here"]
        await ledger.revoke("telegram", "1")
        await place.stage.gateway.admissions_changed()
        await place.says(ALICE, "hello?")
        assert "pair approve" in (await place.hears("1"))[0]


async def test_a_flood_of_strangers_is_answered_only_so_often() -> None:
    async with town() as place:
        for number in range(MOST_REQUESTS + 5):
            await place.says(Sender(str(100 + number), "Someone"), "hi")
        await place.stage.settled()
        assert len(await place.stage.ledger.owed()) == MOST_REQUESTS


class _Later(Clock):
    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


async def test_a_code_expires_and_the_next_message_brings_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = _Later()
    monkeypatch.setattr("gateway.app.Clock", lambda: clock)
    async with town() as place:
        await place.says(ALICE, "hi")
        (first,) = await place.hears("1")
        clock.ahead = CODE_LIFE
        await place.says(ALICE, "hi again")
        (second,) = await place.hears("1")
        assert first != second


async def test_a_stranger_in_a_group_is_ignored_unless_the_group_is_allowed() -> None:
    async with town(owners=["1"]) as place:
        await place.in_group(BOB, "hello bot")
        assert await place.silence("-5")
        await place.in_group(ALICE, "hello bot")
        assert await place.hears("-5") == ["echo: Alice: hello bot"]


async def test_a_correction_is_recorded_and_not_run_again() -> None:
    async with town(**OPEN) as place:
        await place.says(ALICE, "I like tea", source="s1", id="10")
        await place.hears("1")
        edit = Correction(
            source="s:edit",
            id="10",
            address=Address("telegram", "1"),
            kind=ChatKind.DIRECT,
            sender=ALICE,
            text="I like coffee",
            at=datetime.now(UTC),
            of="s1",
        )
        await place.stage.gateway.intake.receive(edit)
        await place.stage.gateway.intake.receive(edit)
        assert await place.silence("1")
        assert len(place.stage.model.requests) == 1
        await place.says(ALICE, "what do I like?")
        await place.hears("1")
        seen = words(place.stage.model.requests[-1])
        assert seen == ["I like coffee", "echo: I like tea", "what do I like?"]


async def test_an_update_nobody_understands_is_set_aside_and_the_next_one_answered() -> None:
    async with town(**OPEN) as place:
        receive = place.stage.gateway.intake.receive
        await receive(Malformed("u1", "telegram", b"\xff", "no JSON", datetime.now(UTC)))
        await place.says(ALICE, "hello")
        assert await place.hears("1") == ["echo: hello"]
        assert (await place.stage.ledger.counts()).set_aside == 1


async def test_a_group_that_became_a_supergroup_keeps_its_conversation() -> None:
    async with town(**OPEN) as place:
        await place.in_group(ALICE, "remember the milk")
        await place.hears("-5")
        moved = Migration("m1", "telegram", "-5", "-1005", AT)
        await place.stage.gateway.intake.receive(moved)
        await place.stage.gateway.intake.receive(moved)
        await place.stage.restart()
        await place.says(BOB, "what was it?", "-1005", kind=ChatKind.GROUP, container="-1005")
        await place.hears("-1005")
        assert words(place.stage.model.requests[-1])[0] == "Alice: remember the milk"
        assert await place.keys() == ["telegram:-1005:group"]


async def test_a_slow_answer_for_one_person_does_not_delay_another() -> None:
    async with town(**OPEN) as place:
        gate = Gate()
        place.stage.model.will(gate)
        await place.says(ALICE, "slow")
        await gate.reached.wait()
        await place.says(BOB, "quick")
        assert await place.stage.gateway.lanes.run_between("telegram_2_dm", _nothing) is None
        owed = await place.stage.ledger.owed()
        assert [part.part.text for part in owed] == ["echo: quick"]
        gate.open.set()
        assert await place.hears("1") == ["echo: slow"]


async def _nothing() -> None:
    return None


async def test_a_group_that_moves_during_a_turn_holds_up_nobody() -> None:
    async with town(**OPEN) as place:
        gate = Gate()
        place.stage.model.will(gate)
        await place.in_group(ALICE, "a long story, please")
        await gate.reached.wait()
        moved = Migration("m1", "telegram", "-5", "-1005", AT)
        async with asyncio.timeout(5):
            await place.stage.gateway.intake.receive(moved)
        gate.open.set()
        await place.hears("-5")
        await place.says(BOB, "go on", "-1005", kind=ChatKind.GROUP, container="-1005")
        await place.hears("-1005")
        assert await place.keys() == ["telegram:-1005:group"]
        assert len(words(place.stage.model.requests[-1])) == 3
