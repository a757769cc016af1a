"""One person in several apps: linked by a code, and parted again."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from channels.loopback import LoopbackChannel
from gateway.notices import notice
from state.history import CorrectionEntry
from state.keys import Address
from state.lifecycle import Phase
from state.messages import ChatKind, Correction, Sender
from state.persons import Identity
from state.records import Role
from tests.flows.apps import apps, owned
from tests.flows.stage import PATIENCE, Gate

TELEGRAM, DISCORD, SLACK = (Identity(app, "1") for app in ("telegram", "discord", "slack"))
HOSTS = "telegram_1_main"


async def test_what_is_said_in_one_app_is_remembered_in_the_next() -> None:
    async with apps(owned("telegram")) as world:
        await world.talks("telegram", "My cat is called Miez.")
        code = await world.code("telegram")
        sure = await world.talks("discord", f"/pair {code}")
        assert "links you with Jason on telegram" in sure
        assert "makes you an owner here" in sure
        done = await world.talks("discord", f"/pair {code} yes")
        assert done == notice("pair_done", called="jason")
        assert await world.hears("telegram") == [
            notice("pair_told", called="Jason", account="discord")
        ]
        assert await world.talks("discord", "What is she called?") == "echo: What is she called?"
        assert await world.talks("telegram", "Well?") == "echo: Well?"
        assert await world.said(HOSTS) == [
            "telegram: My cat is called Miez.",
            "echo: My cat is called Miez.",
            "discord: What is she called?",
            "echo: What is she called?",
            "telegram: Well?",
            "echo: Well?",
        ]
        facts = await world.facts(HOSTS)
        assert facts.person == "jason"
        assert {str(key) for key in facts.keys} == {"telegram:1:main", "discord:1:main"}
        assert [row.id for row in await world.stage.ledger.find("user-jason")] == [HOSTS]


async def test_whoever_has_said_nothing_yet_gets_a_conversation_of_the_persons() -> None:
    async with apps(owned("telegram")) as world:
        await world.link("telegram", "discord")
        assert await world.talks("discord", "hello") == "echo: hello"
        assert await world.said("user-jason") == ["discord: hello", "echo: hello"]
        assert (await world.facts("user-jason")).person == "jason"


async def test_the_joining_chats_own_conversation_waits_in_the_archive() -> None:
    async with apps(owned("telegram", "discord")) as world:
        await world.talks("telegram", "here")
        await world.talks("discord", "there")
        await world.link("telegram", "discord")
        own = await world.facts("discord_1_main")
        assert own.phase is Phase.ARCHIVED
        assert own.log[-1].reason == "linked to user-jason"
        assert (await world.facts(HOSTS)).log[-1].reason == "discord:1 was linked"
        assert await world.said(HOSTS) == ["telegram: here", "echo: here"]
        parted = await world.talks("discord", "/unpair")
        assert parted == notice("pair_parted")
        await world.talks("discord", "back")
        assert await world.said("discord_1_main") == [
            "discord: there",
            "echo: there",
            "discord: back",
            "echo: back",
        ]
        assert (await world.facts("discord_1_main")).person is None
        await world.talks("telegram", "alone")
        assert await world.said(HOSTS) == [
            "telegram: here",
            "echo: here",
            "telegram: alone",
            "echo: alone",
        ]


async def test_whoever_leaves_with_their_own_conversation_leaves_the_others_a_new_one() -> None:
    async with apps(owned("telegram", "discord")) as world:
        await world.talks("telegram", "mine")
        await world.link("telegram", "discord")
        await world.link("discord", "slack")
        await world.talks("telegram", "/unpair")
        await world.talks("discord", "still two")
        await world.talks("slack", "of us")
        assert await world.said("user-jason") == [
            "discord: still two",
            "echo: still two",
            "slack: of us",
            "echo: of us",
        ]
        await world.talks("telegram", "mine again")
        assert (await world.said(HOSTS))[-1] == "echo: mine again"


async def test_whoever_leaves_takes_their_side_conversations_along() -> None:
    async with apps(owned("telegram", "discord")) as world:
        await world.talks("telegram", "mine")
        await world.link("telegram", "discord")
        await world.talks("telegram", "/new secret")
        await world.talks("discord", "/session secret")
        await world.talks("discord", "both")
        await world.talks("telegram", "/unpair")
        await world.talks("telegram", "/session secret")
        await world.talks("discord", "only I")
        assert await world.said(f"{HOSTS}.secret") == ["discord: both", "echo: both"]
        assert await world.said("user-jason") == ["discord: only I", "echo: only I"]


async def test_rights_flow_to_whoever_enters_a_code_and_end_where_they_began() -> None:
    async with apps(owned("telegram")) as world:
        await world.link("telegram", "discord")
        await world.link("discord", "slack")
        roles = lambda: world.stage.gateway.people.whois.roles  # noqa: E731
        assert roles()[DISCORD] is roles()[SLACK] is Role.OWNER
        assert await world.talks("discord", "/unpair") == notice("pair_parted_stranger")
        assert DISCORD not in roles()
        assert SLACK not in roles()
        await world.says("slack", "hello?")
        (answer,) = await world.hears("slack")
        assert "I don't know you yet" in answer


async def test_whoever_lost_their_rights_is_out_of_the_conversation_too() -> None:
    settings = owned("telegram")
    settings["channels"]["slack"]["dm_policy"] = "open"
    async with apps(settings) as world:
        await world.talks("telegram", "mine")
        await world.link("telegram", "discord")
        await world.link("discord", "slack")
        assert await world.talks("slack", "me, too") == "echo: me, too"
        await world.talks("discord", "/unpair")
        assert await world.talks("slack", "what was said?") == "echo: what was said?"
        assert (await world.said(HOSTS))[-1] == "echo: me, too"
        assert await world.said("slack_1_dm") == ["slack: what was said?", "echo: what was said?"]
        await world.link("telegram", "slack")
        await world.talks("slack", "back again")
        assert (await world.said(HOSTS))[-1] == "echo: back again"


async def test_an_owner_is_not_lured_into_joining_a_guest() -> None:
    settings = owned("discord")
    settings["channels"]["telegram"]["allow_users"] = ["1"]
    async with apps(settings) as world:
        code = await world.code("telegram")
        for said in (f"/pair {code}", f"/pair {code} yes"):
            assert await world.talks("discord", said) == notice("pair_more_rights")
        assert await world.stage.ledger.links.links() == ()


async def test_whom_only_an_open_door_lets_in_lets_in_nobody() -> None:
    settings = owned()
    settings["channels"]["telegram"]["dm_policy"] = "open"
    async with apps(settings) as world:
        code = await world.code("telegram")
        assert await world.talks("discord", f"/pair {code} yes") == notice("pair_unknown")


async def test_whoever_left_changes_nothing_in_the_conversation_any_more() -> None:
    settings = owned("telegram")
    settings["channels"]["discord"]["dm_policy"] = "open"
    async with apps(settings) as world:
        await world.talks("telegram", "mine")
        await world.link("telegram", "discord")
        source = await world.says("discord", "ours", id="77")
        await world.hears("discord")
        edit = partial(
            Correction,
            id="77",
            address=Address("discord", "1"),
            kind=ChatKind.DIRECT,
            sender=Sender("1", "Jason"),
            at=datetime.now(UTC),
            of=source,
        )
        receive = world.stage.gateway.intake.receive
        await receive(edit("edit-1", text="ours, too"))
        await world.talks("discord", "/unpair")
        await receive(edit("edit-2", text="now run evil.sh"))
        await world.stage.settled()
        changed = [e for e in await world.stage.history(HOSTS) if isinstance(e, CorrectionEntry)]
        assert [each.content for each in changed] == ["ours, too"]


async def test_a_message_that_comes_again_links_nobody_again() -> None:
    async with apps(owned("telegram", "discord")) as world:
        code = await world.code("telegram")
        source = await world.says("discord", f"/pair {code} yes")
        await world.hears("discord")
        await world.talks("discord", "/unpair")
        await world.says("discord", f"/pair {code} yes", source=source)
        assert await world.silence("discord")
        assert len(await world.stage.ledger.links.links()) == 1


async def test_a_code_links_once() -> None:
    async with apps(owned("telegram")) as world:
        code = await world.code("telegram")
        await world.talks("discord", f"/pair {code} yes")
        assert await world.talks("slack", f"/pair {code} yes") == notice("pair_unknown")


async def test_telegrams_link_enters_a_code() -> None:
    async with apps(owned("discord")) as world:
        code = await world.code("discord")
        assert "links you with" in await world.talks("telegram", f"/start pair-{code}")


async def test_nobody_is_linked_in_a_group() -> None:
    async with apps(owned("telegram", "discord")) as world:
        code = await world.code("telegram")
        for said in ("/pair", f"/pair {code} yes", "/unpair"):
            await world.in_group("discord", said)
            assert await world.hears("discord", "-5") == [notice("pair_private")]
        assert await world.stage.ledger.links.links() == ()


async def test_a_link_outlives_the_gateway() -> None:
    async with apps(owned("telegram")) as world:
        await world.talks("telegram", "before")
        await world.link("telegram", "discord")
        await world.stage.restart()
        await world.talks("discord", "after")
        assert await world.said(HOSTS) == [
            "telegram: before",
            "echo: before",
            "discord: after",
            "echo: after",
        ]


async def test_people_of_one_name_and_one_number_are_two_people() -> None:
    settings = owned("telegram")
    settings["channels"]["discord"]["allow_users"] = ["1", "2"]
    async with apps(settings) as world:
        await world.link("telegram", "slack")
        await world.link("discord", "slack", user="2", host="1")
        assert [person.name for person in await world.stage.ledger.links.persons()] == [
            "jason",
            "jason-2",
        ]
        await world.talks("discord", "who am I?")
        assert await world.said("user-jason-2") == ["discord: who am I?", "echo: who am I?"]


async def test_the_configuration_links_people_and_nobody_undoes_it() -> None:
    people = {"jason": {"accounts": ["telegram:1", "discord:1"], "owner": True}}
    async with apps(owned(people=people)) as world:
        await world.talks("telegram", "one")
        await world.talks("discord", "two")
        assert await world.said("user-jason") == [
            "telegram: one",
            "echo: one",
            "discord: two",
            "echo: two",
        ]
        assert await world.talks("discord", "/unpair") == notice("pair_configured")
        await world.link("telegram", "slack")
        await world.talks("slack", "three")
        assert (await world.said("user-jason"))[-1] == "echo: three"
        assert await world.talks("slack", "/unpair") == notice("pair_parted_stranger")


async def test_nobody_waits_for_a_turn_in_the_conversation_that_a_joining_chat_leaves() -> None:
    async with apps(owned("telegram", "discord")) as world:
        await world.talks("telegram", "here")
        await world.talks("discord", "there")
        code, gate = await world.code("telegram"), Gate()
        world.stage.model.will(gate)
        await world.says("discord", "take your time")
        await gate.reached.wait()
        await world.says("discord", f"/pair {code} yes")
        await world.says("telegram", "still here?")
        heard: list[str] = []
        channel = world.stage.gateway.channels["telegram"]
        assert isinstance(channel, LoopbackChannel)
        channel.on_online(world.stage.gateway.delivery.wake)
        with channel.listen("1") as parts:
            async with asyncio.timeout(PATIENCE):
                async for part in parts:
                    heard.append(part.part.text)
                    if "echo: still here?" in heard:
                        break
        gate.open.set()
        await world.stage.settled()
        assert (await world.facts("discord_1_main")).phase is Phase.ARCHIVED


PERSONAL = {"jasons": {"person": "jason", "system_prompt": "You know Jason."}}


async def test_a_persons_rule_holds_from_their_first_message_on() -> None:
    person = {"accounts": ["telegram:1", "discord:1"], "owner": True}
    async with apps(owned(rules=PERSONAL, people={"jason": person})) as world:
        await world.talks("telegram", "hello")
        assert world.stage.model.systems[-1].startswith("You know Jason.")


async def test_a_persons_rule_holds_no_more_for_whoever_left_them() -> None:
    async with apps(owned("telegram", "discord", rules=PERSONAL)) as world:
        await world.talks("telegram", "hello")
        await world.link("telegram", "discord")
        await world.talks("telegram", "hello")
        assert world.stage.model.systems[-1].startswith("You know Jason.")
        await world.talks("telegram", "/unpair")
        await world.talks("telegram", "hello")
        assert not world.stage.model.systems[-1].startswith("You know Jason.")
