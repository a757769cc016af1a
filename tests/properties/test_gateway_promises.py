"""Whatever fails, in whatever order: every message is answered once, in order, in its own chat.

Hypothesis makes up a history of messages, crashes, refusing disks and a platform that floods,
hangs up or takes a part without saying so; people write in bursts, and change and delete what they
wrote. When everything works again, the books must balance.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.config import DeletionMode, QueueMode
from channels.channel import Capabilities, Condition, Health, Receive
from channels.errors import ChannelError, RateLimited, Unreachable
from state.history import UserEntry
from state.keys import Address
from state.memory import MemoryLedger, MemorySessions
from state.messages import (
    ChatKind,
    Correction,
    Deletion,
    InboundMessage,
    OwedPart,
    Part,
    Receipt,
    Reply,
    Sender,
)
from state.store import StorageFailed, StorageFull
from tests.flows.stage import Stage

CHATS = ("1", "2", "3")
_numbers = count(1)


@dataclass
class Platform:
    """Delivers until it is told that a message was taken over; answers as the plan says."""

    name: str = "telegram"
    kind: str = "test"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(text_limit=100))
    queue: list[InboundMessage | Correction | Deletion] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    redeliver: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, chat: str, text: str) -> None:
        self.said[chat].append(text)
        self._brings(
            InboundMessage(
                source=text,
                id=text,
                address=Address(self.name, chat),
                kind=ChatKind.DIRECT,
                sender=Sender(chat, "Someone"),
                text=f"{text}\nmore of {text}",
                at=datetime.now(UTC),
            )
        )

    def changes(self, chat: str) -> None:
        for text in self.said[chat][-1:]:
            self._brings(
                Correction(
                    source=f"change {next(_numbers)}",
                    id=text,
                    of=text,
                    address=Address(self.name, chat),
                    kind=ChatKind.DIRECT,
                    sender=Sender(chat, "Someone"),
                    text=f"{text}!\nmore of {text}!",
                    at=datetime.now(UTC),
                )
            )

    def deletes(self, chat: str) -> None:
        for text in self.said[chat][-1:]:
            self.deleted.add(text)
            source = f"deletion {next(_numbers)}"
            at = Address(self.name, chat)
            self._brings(Deletion(source, id=text, address=at, at=datetime.now(UTC), of=text))

    def _brings(self, inbound: InboundMessage | Correction | Deletion) -> None:
        self.queue.append(inbound)
        self.more.set()

    async def run(self, receive: Receive) -> None:
        while True:
            self.more.clear()
            while self.queue:
                try:
                    await receive(self.queue[0])
                except (StorageFull, StorageFailed):
                    await asyncio.sleep(0)
                    continue
                if self.redeliver:
                    self.redeliver = False
                    continue
                self.queue.pop(0)
            await self.more.wait()

    async def send(self, part: OwedPart) -> Receipt:
        fault = self.faults.pop() if self.faults else "none"
        await asyncio.sleep(0)
        errors: dict[str, ChannelError] = {
            "flood": RateLimited(0.0),
            "refused": Unreachable("refused"),
            "cut before": Unreachable("cut", uncertain=True),
        }
        if fault in errors:
            raise errors[fault]
        self.heard[part.address.chat].append(part.part.text)
        if fault == "cut after":
            raise Unreachable("cut", uncertain=True)
        return Receipt("1")

    def render(self, reply: Reply) -> tuple[Part, ...]:
        return tuple(Part(line, line) for line in reply.text.splitlines())

    async def typing(self, address: Address) -> None: ...

    def health(self) -> Health:
        return Health(Condition.HEALTHY)

    async def close(self) -> None: ...


class Refusing:
    """A store that refuses a write now and then, as a full disk does: before anything is kept."""

    def __init__(self, store: Any, plan: Iterator[bool], writes: tuple[str, ...]) -> None:
        self._store, self._plan, self._writes = store, plan, writes

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self._store, name)
        if name not in self._writes:
            return method

        async def write(*given: Any, **named: Any) -> Any:
            await asyncio.sleep(0)
            if next(self._plan, False):
                raise StorageFull("no space")
            return await method(*given, **named)

        return write


_LEDGER_WRITES = ("accept", "finish", "begin_sending", "sent", "unknown", "unsent")
_SESSION_WRITES = ("create", "append", "save")

_steps = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(CHATS)),
    st.tuples(st.just("say"), st.sampled_from(CHATS)),
    st.tuples(st.just("change"), st.sampled_from(CHATS)),
    st.tuples(st.just("delete"), st.sampled_from(CHATS)),
    st.tuples(st.just("breathe"), st.integers(0, 40)),
    st.tuples(st.just("crash"), st.just(0)),
    st.tuples(st.just("redeliver"), st.just(0)),
)
_faults = st.lists(
    st.sampled_from(["none", "none", "flood", "refused", "cut before", "cut after"]), max_size=8
)


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.delivery._FIRST_RETRY", 0.0)
        patch.setattr("gateway.trouble._FIRST_RETRY", 0.0)
        patch.setattr("gateway.pacing.CHAT_INTERVAL", 0.0)
        yield


@given(
    steps=st.lists(_steps, min_size=1, max_size=25),
    faults=_faults,
    refusals=st.lists(st.booleans(), max_size=30),
    queue=st.sampled_from(QueueMode),
    deletions=st.sampled_from(DeletionMode),
)
def test_the_books_balance(
    steps: list[tuple[str, Any]],
    faults: list[str],
    refusals: list[bool],
    queue: QueueMode,
    deletions: DeletionMode,
) -> None:
    asyncio.run(_live_through(steps, faults, refusals, {"queue": queue, "deletions": deletions}))


async def _live_through(
    steps: list[tuple[str, Any]], faults: list[str], refusals: list[bool], kept: dict[str, str]
) -> None:
    platform = Platform(faults=faults)
    plan = iter(refusals)
    argent = Stage(
        settings={
            "channels": {"telegram": {"kind": "telegram", "token": "1:x", "dm_policy": "open"}},
            "agents": {"defaults": {"session": kept}},
        },
        sessions=Refusing(MemorySessions(), plan, _SESSION_WRITES),  # type: ignore[arg-type]
        ledger=Refusing(MemoryLedger(), plan, _LEDGER_WRITES),  # type: ignore[arg-type]
        channels=lambda _: [platform],
    )
    crashes = await _act(argent, platform, steps)
    await _settle(argent, platform)
    await _check(argent, platform, crashes)
    await argent.stop(1)


async def _act(argent: Stage, platform: Platform, steps: list[tuple[str, Any]]) -> int:
    numbers, crashes = count(1), 0
    await argent.start()
    for step, detail in steps:
        if step == "say":
            platform.says(detail, f"m{next(numbers)}")
        elif step == "change":
            platform.changes(detail)
        elif step == "delete":
            platform.deletes(detail)
        elif step == "breathe":
            for _ in range(detail):
                await asyncio.sleep(0)
        elif step == "redeliver":
            platform.redeliver = True
        else:
            crashes += 1
            await argent.stop(0)
            await argent.start()
    return crashes


async def _settle(argent: Stage, platform: Platform) -> None:
    async with asyncio.timeout(10):
        # No single event says that the platform, the inbox and the outbox are all empty.
        while platform.queue or await argent.ledger.pending() or len(argent.gateway.delivery):  # noqa: ASYNC110
            await asyncio.sleep(0)
        await argent.settled()


async def _check(argent: Stage, platform: Platform, crashes: int) -> None:
    counts = await argent.ledger.counts()
    surplus = 0
    for chat, said in platform.said.items():
        # Messages may be answered together, as they read at first or as they read later, and
        # what was deleted may have been answered before.
        heard = [line.removeprefix("echo: ").rstrip("!") for line in platform.heard[chat]]
        heard = [line for line in heard if line.removeprefix("more of ") not in platform.deleted]
        kept = [text for text in said if text not in platform.deleted]
        expected = [line for text in kept for line in (text, f"more of {text}")]
        assert _without_repeats(heard, expected) == expected
        surplus += len(heard) - len(expected)
    assert surplus <= counts.repeated
    assert counts.pending == counts.owed == counts.failed_parts == 0
    for row in await argent.ledger.listing():
        entries = await argent.sessions.entries(row.id)
        finished = Counter(name for entry in entries for name in getattr(entry, "re", ()))
        assert set(finished.values()) <= {1}
        ever = set(platform.said[row.key.chat])
        asked = [entry.message for entry in entries if isinstance(entry, UserEntry)]
        assert ever - platform.deleted <= set(asked) <= ever
        assert len(asked) == len(set(asked)) == len(finished)


def _without_repeats(heard: list[str], expected: list[str]) -> list[str]:
    """What was heard, leaving out a part that comes again right after itself."""
    kept: list[str] = []
    for text in heard:
        follows = len(kept) < len(expected) and text == expected[len(kept)]
        if follows or not kept or text != kept[-1]:
            kept.append(text)
    return kept
