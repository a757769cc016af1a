"""The disk refuses: nothing is acknowledged that is not kept, and nobody's answer is lost."""

import errno
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.notices import notice
from state.files import ReadOnlyState
from tests.acceptance.checker import Line, Record, faults, word
from tests.emulators.telegram import Chat, TelegramEmulator, User
from tests.flows.bad_disk import BadDisk
from tests.flows.bot import bot
from tests.flows.stage import Stage

TOLD = {errno.ENOSPC: notice("storage_full"), errno.EIO: notice("storage_failed")}
BACK = notice("storage_back")
INTAKE = ["INSERT INTO inbox", "COMMIT"]
WRITES = {
    "what was said to us": ["INSERT INTO inbox"],
    "a commit": ["COMMIT"],
    "a new session's folder": ["mkdir"],
    "a new session's files": ["open"],
    "a history": ["pwrite"],
    "what makes a history durable": ["fdatasync", "fsync", "syncfs"],
    "the facts about a session": ["replace"],
    "the end of a message": ["UPDATE inbox"],
    "what is owed": ["INSERT INTO outbox"],
    "what becomes of an answer": ["UPDATE outbox"],
}


@dataclass
class Town:
    """A bot with an owner, and a record of what was said."""

    telegram: TelegramEmulator
    disk: BadDisk
    stage: Stage
    owner: User
    said: list[Line] = field(default_factory=list)

    async def says(self, who: User, in_: Chat | None = None) -> None:
        chat = in_ or who.chat()
        # The mention is for Argent and no part of what is said: it is not repeated.
        text = f"my word is {word(len(self.said))}" + " and so on" * 100
        self.said.append(Line(str(chat.id), text, 0.0))
        await who.says(f"@argent_bot {text}", in_=in_)

    async def heard(self) -> None:
        """Wait until every chat has an answer to everything, and all of it is written."""
        said = Counter(line.chat for line in self.said)
        for chat, count in said.items():
            place = self.telegram.world.find(self.telegram.bot, int(chat))
            assert place is not None
            await self.telegram.sent(place, count)
        await self.telegram.drained()
        await self.stage.settled()

    def told(self) -> list[str]:
        """What the owner was told about the disk."""
        return [sent.text for sent in self.owner.chat().sent]


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """Everything works at first; at the end, everything must have come out well."""
    disk = BadDisk()
    async with TelegramEmulator() as telegram:
        owner = telegram.user("Owner")
        owner.chat()
        # A small context: facts about a session are written, durably, whenever it is compacted.
        small = {"agents": {"defaults": {"session": {"max_context_tokens": 1000}}}}
        account = {"owners": [owner.id]}
        async with bot(telegram, folder, settings=small, account=account, stores=disk.stores) as at:
            there = Town(telegram, disk, at, owner)
            yield there
            await there.heard()
        sent = [s for s in telegram.record if s.chat != owner.id]
    histories = folder.glob("agents/main/sessions/*/history.json")
    record = Record(
        said=there.said,
        sent=[Line(str(s.chat), s.text, s.at) for s in sent],
        histories={path.parent.name: path.read_bytes() for path in histories},
        counts=ReadOnlyState(folder).counts(),
    )
    assert faults(record) == []
    assert len(at.model.requests) == len(there.said), "an answer was thought of twice"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
@pytest.mark.parametrize("writes", WRITES.values(), ids=WRITES.keys())
async def test_a_refused_write_is_waited_for_and_told_once(
    tmp_path: Path, writes: list[str], code: int
) -> None:
    async with town(tmp_path) as there:
        alice, bob = there.telegram.user("Alice"), there.telegram.user("Bob")
        for _ in range(2):  # the next one will not fit beside them
            await there.says(bob)
        await there.heard()
        there.disk.refuse(*writes, code=code)
        for who in (alice, bob, alice):
            await there.says(who)
        await there.disk.refused(2)
        assert await there.telegram.changed.until(lambda: bool(there.told()), 10)
        if writes[0] in INTAKE:
            assert len(there.telegram.bot.updates) == 3, "it confirmed what it could not keep"
            assert len(there.telegram.record) == 3, "it answered what it could not keep"
        there.disk.heal()
        await there.heard()
        assert await there.telegram.changed.until(lambda: BACK in there.told(), 10)
        assert there.told() == [TOLD[code], BACK]


async def test_a_gateway_that_stops_on_a_full_disk_goes_on_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as there:
        alice = there.telegram.user("Alice")
        there.disk.refuse("UPDATE inbox")
        await there.says(alice)
        await there.says(alice)
        await there.disk.refused(2)
        await there.stage.stop(0.1)
        assert not alice.chat().sent, "it sent what it had not noted"
        there.disk.heal()
        await there.stage.start()


async def test_a_group_that_moved_while_the_disk_was_full_keeps_its_session(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as there:
        alice, group = there.telegram.user("Alice"), there.telegram.group("Team")
        await there.says(alice, group)
        await there.heard()
        there.disk.refuse("INSERT OR REPLACE INTO aliases")
        moved = there.telegram.migrate(group)
        await there.disk.refused(2)
        assert len(there.telegram.bot.updates) == 2, "it confirmed a move that it had not made"
        there.disk.heal()
        await there.telegram.drained()
        aliases = await there.stage.ledger.aliases()
        assert aliases == {f"telegram:{moved.id}:group": f"telegram_{group.id}_group"}
