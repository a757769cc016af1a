"""Messages that one conversation's agent sends into another.

Such a message is accepted like any other, for the session that it goes to: so it is durable before
its tool says that it was sent, runs once, keeps its place among what is said there, and is owed
until the platform has it. It is said in the chat, and nobody answers it: an agent that took a turn
for it could answer back, and two could go on for ever. In the history it stands as forwarded from
the other conversation, which makes it material from outside and never somebody's own words.
"""

import hashlib
from collections.abc import Callable

from agents.prompt import said
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.closing import Closing
from gateway.compacting import Compacting
from gateway.keeping import Keeping
from gateway.open_sessions import is_shared
from gateway.turn_entries import answer, questions
from state.history import Entry
from state.keys import Address, SessionId, SessionKey, SessionType
from state.messages import Accepted, ChatKind, InboundMessage, Outcome, Quote, Reply, Sender
from state.session import Session
from state.store import Ledger

PASSED_ON = "passed_on"
"""What stands in the history in the place of an answer; a model sees the message and not this."""

_KINDS = {
    SessionType.MAIN: ChatKind.DIRECT,
    SessionType.DM: ChatKind.DIRECT,
    SessionType.GROUP: ChatKind.GROUP,
    SessionType.TOPIC: ChatKind.THREAD,
}

Submit = Callable[[Accepted], None]
"""Lets a session work on a message that was accepted for it."""


class Sending:
    """Takes over what an agent sends."""

    def __init__(self, ledger: Ledger, clock: Clock, submit: Submit) -> None:
        self._ledger = ledger
        self._clock = clock
        self._submit = submit

    async def send(
        self,
        text: str,
        *,
        asked: str,
        of: Session,
        to: SessionId,
        key: SessionKey,
        address: Address,
    ) -> bool:
        """Send words into another session's chat; whether they were not sent before.

        `asked` is the entry of what led to it: the same words for it, to the same session, are sent
        once, also by a turn that is taken up after a crash. Raises `StoreError`.
        """
        name = f"conversation {of.key}"
        source = f"passed-on {_digest(asked, to, text)}"
        message = InboundMessage(
            source=source,
            id=source,
            address=address,
            kind=_KINDS[key.type],
            sender=Sender(id=f"session:{of.id}", name=name, is_bot=True),
            text="",
            at=self._clock.now(),
            quotes=(Quote(text, author=name, from_bot=True, forwarded=True),),
            passed_on=of.id,
        )
        accepted = await self._ledger.accept(
            message, key=key, session=to, entry=self._clock.id(), at=self._clock.now()
        )
        if accepted is None:
            return False
        self._submit(accepted)
        return True


class Passing:
    """Brings what was sent into a session's history and chat; called in its lane."""

    def __init__(
        self, keeping: Keeping, compacting: Compacting, closing: Closing, clock: Clock
    ) -> None:
        self._keeping = keeping
        self._compacting = compacting
        self._closing = closing
        self._clock = clock

    async def pass_on(self, accepted: Accepted, message: InboundMessage) -> None:
        """Keep it, and owe it. After a crash in between it is kept already."""
        opened = await self._keeping.open(accepted)
        batch, text = Batch((accepted,)), message.quotes[0].text
        if accepted.entry not in opened.finished:
            asked = questions(batch, turn=self._clock.id())
            entries: list[Entry] = [
                *asked,
                answer(asked, text, self._clock, code=PASSED_ON, foreign=True),
            ]
            words = said(entries, shared=is_shared(opened.session.key))
            tokens = self._compacting.length(opened) + self._compacting.estimated(opened, words)
            await self._keeping.append(opened, entries, tokens=tokens)
        session = opened.session if opened.stored else None
        await self._closing.close(
            batch, Outcome.REPLIED, Reply(text), session=session, detail=PASSED_ON
        )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
