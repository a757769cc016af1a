"""Buttons that people press."""

import pytest

from channels.channel import Command
from channels.discord.buttons import pressed, rows
from state.keys import Address
from state.messages import Button, ChatKind, InboundMessage, OwedPart, Part
from tests.emulators.discord import DiscordEmulator, User, server_error
from tests.unit.channels.discord.rig import Rig, owed

STOP = (Button("Stop", "/stop"),)


@pytest.fixture
def alice(dc: DiscordEmulator) -> User:
    return dc.user("Alice")


@pytest.mark.parametrize("place", ["dm", "room", "thread", "group dm"])
async def test_a_press_is_a_message_of_whoever_pressed_at_the_same_place(
    dc: DiscordEmulator, rig: Rig, alice: User, place: str
) -> None:
    bob, general = dc.user("Bob"), dc.guild("Team").channel("general")
    where, kind = {
        "dm": (alice.chat(), ChatKind.DIRECT),
        "room": (general, ChatKind.GROUP),
        "thread": (general.thread("Ops", by=alice), ChatKind.THREAD),
        "group dm": (dc.group_dm("Trio", alice, bob), ChatKind.GROUP),
    }[place]
    async with rig.running() as channel:
        await alice.says("question", in_=where)
        (question,) = await rig.inbox.has(1)
        assert isinstance(question, InboundMessage)
        await channel.send(_with(STOP, question.address))
        interaction = await alice.presses("Stop", in_=where)
        await interaction.acknowledged()
        _, press = await rig.inbox.has(2)
    assert isinstance(press, InboundMessage)
    assert (press.text, press.addressed, press.kind) == ("/stop", True, kind)
    assert (press.address, press.sender.id) == (question.address, str(alice.id))
    assert press.container == question.container
    assert interaction.kind == 6


async def test_a_press_is_answered_when_it_is_stored_and_not_before(rig: Rig, alice: User) -> None:
    rig.inbox.refuses = lambda inbound: isinstance(inbound, InboundMessage)
    async with rig.running() as channel:
        await channel.send(_with(STOP, home(alice)))
        interaction = await alice.presses("Stop")
        await rig.inbox.was_asked(2)
        assert interaction.kind is None
        rig.inbox.refuses = lambda _: False
        await interaction.acknowledged()
    assert rig.inbox.texts == ["/stop"]


async def test_a_press_that_is_told_again_has_the_same_source(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    async with rig.running() as channel:
        await channel.send(_with(STOP, home(alice)))
        await (await alice.presses("Stop")).acknowledged()
        dc.gateway.tell(dc.bot, "INTERACTION_CREATE", _last_interaction(dc))
        await alice.presses("Stop")
        await rig.inbox.has(3)
    first, again, other = [m.source for m in rig.inbox.taken]
    assert first == again != other


async def test_an_answer_to_a_press_is_a_message_of_its_own(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    """The message with the button goes on as it was, and an open command keeps its answer."""
    rig.commands = [Command("status", "How I am")]
    async with rig.running() as channel:
        await dc.called("put_commands", 1)
        await dc.changed.until(lambda: bool(dc.bot.commands), 5)
        live = await channel.send(_with(STOP, home(alice)))
        status = await alice.runs("/status")
        await status.acknowledged()
        await (await alice.presses("Stop")).acknowledged()
        command, press = await rig.inbox.has(2)
        assert isinstance(command, InboundMessage)
        assert isinstance(press, InboundMessage)
        await channel.send(owed(press.address, "Stopped.", reply_to=press.id, seq=2))
        await channel.send(owed(command.address, "All well", reply_to=command.id, seq=1))
    sent = [(s.text, s.interaction, s.reply_to) for s in await alice.hears(3)]
    assert sent[1:] == [("Stopped.", None, None), ("All well", status.id, None)]
    assert alice.chat().messages[int(live.message)]["content"] == "thinking"


async def test_a_press_that_cannot_be_answered_is_heard_all_the_same(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    dc.faults.next("callback", server_error(502))
    async with rig.running() as channel:
        await channel.send(_with(STOP, home(alice)))
        await alice.presses("Stop")
        await dc.called("callback", 1)
        await rig.inbox.has(1)
        await alice.says("next")
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["/stop", "next"]


def test_every_button_that_fits_is_shown_in_rows_of_five() -> None:
    buttons = [Button("x" * 100, "/stop") for _ in range(7)]
    shown = rows([*buttons, Button("long", "y" * 101)])
    assert [len(row["components"]) for row in shown] == [5, 2]
    components = [button for row in shown for button in row["components"]]
    assert len({button["custom_id"] for button in components}) == 7
    assert {pressed(button | {"component_type": 2}) for button in components} == {"/stop"}
    assert all(len(button["label"]) <= 80 for button in components)
    assert rows([]) == []


@pytest.mark.parametrize(
    "data",
    [{}, {"component_type": 3, "custom_id": "says:0:/stop"}, {"component_type": 2, "custom_id": 7},
     {"component_type": 2, "custom_id": "other:0:/stop"}, {"component_type": 2, "custom_id": ""},
     {"component_type": 2, "custom_id": "says:x:/stop"},
     {"component_type": 2, "custom_id": "says:0:"}],
)  # fmt: skip
def test_other_components_say_nothing(data: dict[str, object]) -> None:
    assert pressed(data) is None


def home(user: User) -> Address:
    return Address("discord", str(user.chat().id))


def _with(buttons: tuple[Button, ...], address: Address) -> OwedPart:
    return OwedPart(0, 0, 0, address, Part("thinking", "thinking", buttons=buttons), key="live")


def _last_interaction(dc: DiscordEmulator) -> dict[str, object]:
    """As a session that resumes would tell it again."""
    import orjson

    for session in dc.gateway.sessions.values():
        for _, frame in reversed(session.kept):
            payload = orjson.loads(frame)
            if payload["t"] == "INTERACTION_CREATE":
                data: dict[str, object] = payload["d"]
                return data
    raise AssertionError("nothing was pressed")
