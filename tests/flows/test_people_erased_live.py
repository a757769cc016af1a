"""A person is erased while the gateway runs and somebody talks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.loopback import LoopbackChannel
from gateway.admin_errors import AdminError
from gateway.api.control import ControlServer
from gateway.app import Gateway
from gateway.clock import Clock
from gateway.people_erasing import PeopleErasing
from state.files import open_state
from state.files.receipts import Receipts
from state.history import UserEntry
from state.keys import SessionId
from state.messages import Sender
from state.persons import Identity, Person
from state.store import Role
from tests.contracts.examples import NOON, stranger
from tests.flows import canaries
from tests.flows.canaries import BOB, NAME, THEM, WORD
from tests.flows.stage import PATIENCE, Gate, stage, words
from tests.flows.test_control_socket import call
from tests.flows.town import OPEN, Town

SETTINGS: dict[str, Any] = {
    "channels": {"telegram": {"kind": "telegram", "token": "1:x", **OPEN}},
}
GROUP = SessionId("telegram_-5_group")
TWIN = Sender("9009", NAME)


@asynccontextmanager
async def lived_in(root: Path) -> AsyncIterator[Town]:
    """A town on a state folder, with a control socket; they and Bob talked in a group."""
    state = await open_state(root)
    state.search.start()
    channels = lambda _: [LoopbackChannel("telegram")]  # noqa: E731
    async with stage(
        settings=SETTINGS, channels=channels, sessions=state.sessions, ledger=state.ledger
    ) as argent:
        server = ControlServer(argent.gateway, root)
        await server.start()
        town = Town(argent)
        await town.says(THEM, f"{WORD} in private")
        await town.hears(THEM.id)
        for who, text in ((THEM, f"{WORD} for all"), (BOB, "and mine"), (THEM, f"{WORD} again")):
            await town.in_group(who, text)
            await town.hears("-5")
        await state.search.caught_up()
        yield town
        await server.stop()
    await state.close()


async def erase(root: Path, who: str = canaries.WHO) -> Any:
    return await call(root, "people.erase", identities=[who])


async def test_a_running_gateway_leaves_no_byte_of_theirs(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as town:
        done = await erase(tmp_path)
        assert done["receipt"]["sessions"]["removed"] == 1
        assert canaries.told(tmp_path) == []
        said = await town.stage.history(GROUP)
        assert [e.content for e in said if isinstance(e, UserEntry)] == ["", "and mine", ""]
        with pytest.raises(AdminError, match="nothing is kept about telegram:7001"):
            await erase(tmp_path)
    assert canaries.told(tmp_path) == []


class Watched:
    """The gateway, which says when somebody has come behind a session's turn."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.waits = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def in_lane(self, session: str, act: Callable[[], Awaitable[Any]]) -> Any:
        done = asyncio.ensure_future(self._gateway.in_lane(session, act))
        await asyncio.wait([done], timeout=0)
        self.waits.set()
        return await done


@pytest.mark.parametrize("thread", [None, "3"], ids=["once more", "for the first time"])
async def test_a_turn_of_theirs_ends_before_they_are_erased(
    tmp_path: Path, thread: str | None
) -> None:
    async with lived_in(tmp_path) as town:
        gateway, gate = town.stage.gateway, Gate()
        if thread is not None:
            await erase(tmp_path)
        town.stage.model.will(gate)
        await town.in_group(THEM, f"{WORD}, and think about it", thread=thread)
        watched = Watched(gateway)
        erasing = PeopleErasing(
            gateway.sessions, gateway.ledger, gateway.life, Receipts(tmp_path), Clock(), watched
        )
        async with asyncio.timeout(PATIENCE):
            await gate.reached.wait()
            erased = asyncio.create_task(erasing.erase(Person.of(Identity("telegram", THEM.id))))
            await watched.waits.wait()
            assert not erased.done()
            gate.open.set()
            assert [WORD in text for text in await town.hears("-5")] == [True]
            assert await erased is not None
        assert canaries.told(tmp_path) == []


async def test_whoever_was_erased_begins_anew_and_others_go_on(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as town:
        await erase(tmp_path)
        await town.says(THEM, "Hello again")
        assert await town.hears(THEM.id) == ["echo: Hello again"]
        assert words(town.stage.model.requests[-1]) == ["Hello again"]
        await town.in_group(BOB, "still here?")
        await town.hears("-5")
        seen = words(town.stage.model.requests[-1])
        assert "Bob: and mine" in seen
        assert not [text for text in seen if WORD in text or NAME in text]


async def test_somebody_of_the_same_name_loses_nothing_they_said(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as town:
        await town.in_group(TWIN, "I only have the same name")
        await town.hears("-5")
        await erase(tmp_path)
        said = await town.stage.history(GROUP)
        twins = [e for e in said if isinstance(e, UserEntry) and e.sender == TWIN]
        assert [e.content for e in twins] == ["I only have the same name"]


async def test_they_are_let_in_no_more(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as town:
        people = town.stage.gateway.people
        await town.stage.ledger.request_pairing(stranger(user=THEM.id), most=9)
        await town.stage.ledger.approve("CODE1", role=Role.GUEST, at=NOON)
        await people.refresh()
        assert THEM.id in people.admitted("telegram")
        await erase(tmp_path)
        assert THEM.id not in people.admitted("telegram")
