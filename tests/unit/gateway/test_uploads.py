"""Files and edits on their way out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from channels.errors import Rejected, Unreachable
from gateway.delivery import Delivery
from gateway.events import PartSent, SendFailed
from gateway.feed import Feed
from gateway.trouble import Trouble
from state.keys import Address, SessionKey, SessionType
from state.memory import MemoryLedger, MemorySessions
from state.messages import Outcome, Part, StoredFile
from tests.unit.gateway.messages import AT, message
from tests.unit.gateway.platform import Platform, Slow


@dataclass
class Mail:
    """Delivery on a platform that takes files and edits."""

    platform: Platform = field(default_factory=Platform)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    sessions: MemorySessions = field(default_factory=MemorySessions)
    feed: Feed = field(default_factory=Feed)

    def __post_init__(self) -> None:
        channels = {"telegram": self.platform}
        self.delivery = Delivery(
            self.ledger, self.sessions, channels, self.feed, Trouble(_tell_nobody)
        )

    async def owe(self, *parts: Part, chat: str = "7") -> None:
        key = SessionKey("telegram", chat, SessionType.DM)
        address = Address("telegram", chat)
        taken = await self.ledger.accept(
            message(address=address), key=key, session=key.session_id, entry="e", at=AT
        )
        assert taken is not None
        self.delivery.post(
            await self.ledger.finish(
                taken.seq,
                outcome=Outcome.REPLIED,
                parts=[(address, part) for part in parts],
                at=AT,
            )
        )

    async def keeps(self, name: str, content: bytes) -> Part:
        """A part with this file."""
        session = SessionKey("telegram", "7", SessionType.DM).session_id

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        await self.sessions.keep_file(session, name, chunks(), most=10**6)
        file = StoredFile(session, name, f"My {name}", "text/plain", len(content))
        return Part("", file.title, file=file)

    async def settled(self) -> None:
        async with asyncio.timeout(5):
            await self.delivery.settled()


@pytest.fixture
async def mail() -> AsyncIterator[Mail]:
    mail = Mail()
    mail.platform.can(text_limit=100)
    yield mail
    await mail.delivery.drain(0)


async def _tell_nobody(_text: str) -> None: ...


async def test_a_file_is_uploaded_after_the_words(mail: Mail) -> None:
    await mail.owe(Part("here", "here"), await mail.keeps("a.txt", b"content"))
    await mail.settled()
    assert [(call.kind, call.text) for call in mail.platform.calls] == [
        ("post", "here"),
        ("upload", "content"),
    ]
    assert await mail.ledger.owed() == ()


async def test_a_file_that_is_gone_fails_and_the_chat_is_told(mail: Mail) -> None:
    kept = await mail.keeps("a.txt", b"content")
    assert kept.file is not None
    gone = replace(kept, file=replace(kept.file, name="b.txt"))
    await mail.owe(gone, Part("after", "after"))
    await mail.settled()
    told, after = mail.platform.shows()
    assert "My a.txt" in told
    assert after == "after"
    assert (await mail.ledger.counts()).failed_parts == 1


async def test_a_file_that_the_platform_refuses_fails_and_the_chat_is_told(mail: Mail) -> None:
    mail.platform.will(Rejected("too large"), Unreachable("no network"))
    await mail.owe(await mail.keeps("a.txt", b"content"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.delivery._FIRST_RETRY", 0.01)
        await mail.settled()
    assert "My a.txt" in mail.platform.shows()[0]
    assert (await mail.ledger.counts()).failed_parts == 1


async def test_large_files_under_way_hold_up_nobody_who_has_only_words(mail: Mail) -> None:
    slow = [Slow() for _ in range(10)]
    mail.platform.will(*slow[:4])
    for number in range(10):
        await mail.owe(await mail.keeps(f"f{number}", b"x"), chat=f"f{number}")
    await mail.platform.until(lambda: len(mail.platform.made("upload")) == 4)
    await mail.owe(Part("quick", "quick"), chat="7")
    await mail.platform.until(lambda: mail.platform.shows("7") == ["quick"])
    assert len(mail.platform.made("upload")) == 4
    for each in slow:
        each.go_on.set()
    await mail.settled()
    assert len(mail.platform.made("upload")) == 10


async def test_an_edit_without_word_is_made_again_and_is_no_repeat(mail: Mail) -> None:
    mail.platform.chats["7"] = {"m1": "half"}
    mail.platform.will(Unreachable("no word", uncertain=True))
    with pytest.MonkeyPatch.context() as patch, mail.feed.subscribe() as events:
        patch.setattr("gateway.delivery._FIRST_RETRY", 0.01)
        await mail.owe(Part("whole", "whole", edits="m1"), Part("", "", edits="m2"))
        await mail.settled()
        seen = aiter(events)
        assert await anext(seen) == SendFailed("telegram", 1, 1, uncertain=False)
        sent = await anext(seen)
    assert isinstance(sent, PartSent)
    assert not sent.repeated
    assert mail.platform.shows() == ["whole"]
    assert (await mail.ledger.counts()).repeated == 0
