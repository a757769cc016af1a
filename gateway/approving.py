"""Owners approve calls that a model asks for in sight of material from outside.

An approval is for one call: what waits for it is that very call, and nothing else ever sees it. It
lives in memory, with the turn that waits. Whatever ends the turn, and every restart, voids it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from channels.channel import Channel
from channels.errors import ChannelError
from gateway import approval_text, commands
from gateway.calls import shown_title
from gateway.clock import Clock
from gateway.commands import CommandName
from gateway.doors import Doors
from gateway.notices import notice
from gateway.obeying import Asked, Obey
from gateway.occasion import Occasion
from gateway.people import new_code
from gateway.replies import rendered
from gateway.visible import one_line
from gateway.whereabouts import Whereabouts
from state.history import ToolCall
from state.keys import Address, SessionId
from state.messages import Accepted, Button, ChatKind, InboundMessage, OwedPart, Reply, ReplyKind

LIFE = timedelta(minutes=5)
MOST_WAITING = 3
"""Calls of one session that wait at a time: an owner can look at so many, and is not flooded."""

_MOST_HEARD = 1_000
"""Decisions whose owners are not told yet what came of them."""

DECIDES: Mapping[CommandName, bool] = {CommandName.APPROVE: True, CommandName.DENY: False}
"""The commands that decide, and what they say."""

_APPROVED = ""
_DENIED = "The owner refused this call. Do not ask for it again."
_NOBODY_KNOWN = (
    "This conversation holds material from outside, so this call needs the owner's approval, and "
    "no owner can be reached now. It was not made."
)
_TOO_LONG = (
    "This conversation holds material from outside, so this call needs the owner's approval, and "
    "its arguments are too long to be shown to them whole. It was not made. Ask for less at once."
)
_TOO_MANY = "Too many calls wait for the owner's approval already. This one was not made."
_NOT_IN_TIME = "The owner did not approve this call in time. It was not made."
_INTERRUPTED = "Interrupted: the gateway stops before an owner approved this call. It was not made."

_log = structlog.get_logger("approvals")


@dataclass(frozen=True, slots=True)
class Pending:
    """A call that waits for an owner. `digest` tells it from every other call."""

    code: str
    session: SessionId
    tool: str
    arguments: str
    digest: str
    expires_at: datetime
    verdict: asyncio.Future[str] = field(repr=False, compare=False)


class Approving:
    """Asks owners, and hears what they say. `life` is how long an answer is waited for."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        doors: Doors,
        whereabouts: Whereabouts,
        clock: Clock,
        *,
        life: timedelta = LIFE,
    ) -> None:
        self._channels = channels
        self._doors = doors
        self._whereabouts = whereabouts
        self._clock = clock
        self._life = life
        self._pending: dict[str, Pending] = {}
        self._heard: dict[int, str] = {}
        self._closing = False

    @property
    def book(self) -> Mapping[CommandName, Obey]:
        """What carries out which command."""
        return dict.fromkeys(DECIDES, self._answer)

    @property
    def waiting(self) -> tuple[Pending, ...]:
        """The calls that wait now, oldest first."""
        return tuple(each for each in self._pending.values() if not each.verdict.done())

    async def ask(self, occasion: Occasion, calls: Sequence[ToolCall]) -> Mapping[str, str]:
        """Wait for what an owner says to each call; see `agents.tools.tool.Approve`."""
        verdicts = await asyncio.gather(*(self._asked(occasion, call) for call in calls))
        pairs = zip(calls, verdicts, strict=True)
        return {call.id: verdict for call, verdict in pairs if verdict != _APPROVED}

    def hear(self, accepted: Accepted) -> None:
        """Take a decision up at once: the turn that waits for it may hold the lane of this chat.

        Only an owner's own words in a private chat decide. What they are told, they are told in
        their lane.
        """
        message = accepted.message
        if not isinstance(message, InboundMessage) or not self._doors.is_owner(accepted):
            return
        self._whereabouts.note(accepted)
        command = commands.parse(message.text)
        if command is None or command not in DECIDES:
            return
        if message.kind is not ChatKind.DIRECT:
            self._note(accepted, "approve_in_private")
            return
        by = f"{message.address.channel}:{message.sender.id}"
        found = self.decide(commands.argument(message.text), approved=DECIDES[command], by=by)
        told = "call_approved" if DECIDES[command] else "call_denied"
        self._note(accepted, "no_such_call" if found is None else told)

    def _note(self, accepted: Accepted, name: str) -> None:
        # A message that is taken back before its turn never comes for what it is to be told.
        self._heard[accepted.seq] = name
        while len(self._heard) > _MOST_HEARD:
            del self._heard[next(iter(self._heard))]

    def decide(self, code: str, *, approved: bool, by: str) -> Pending | None:
        """Approve or refuse the call that waits under a code; None: none does, or not any more."""
        pending = self._pending.get(code.strip().upper())
        if pending is None or pending.verdict.done():
            return None
        pending.verdict.set_result(_APPROVED if approved else _DENIED)
        _log.info(
            "call_approved" if approved else "call_refused",
            session=pending.session,
            tool=pending.tool,
            call=pending.digest,
            by=by,
        )
        return pending

    def close(self) -> None:
        """Nobody is asked any more: what waits is told that it was interrupted."""
        self._closing = True
        for pending in self.waiting:
            pending.verdict.set_result(_INTERRUPTED)

    async def _asked(self, occasion: Occasion, call: ToolCall) -> str:
        session = occasion.opened.session.id
        text = approval_text.shown(call)
        if text is None:
            return _TOO_LONG
        if self._closing:
            return _INTERRUPTED
        if sum(each.session == session for each in self.waiting) >= MOST_WAITING:
            return _TOO_MANY
        pending = Pending(
            new_code(),
            session,
            call.name,
            text,
            approval_text.digest(call, session),
            self._clock.now() + self._life,
            asyncio.get_running_loop().create_future(),
        )
        self._pending[pending.code] = pending
        try:
            if not await self._reaches_somebody(occasion, pending):
                return _NOBODY_KNOWN
            async with asyncio.timeout(self._life.total_seconds()):
                return await pending.verdict
        except TimeoutError:
            return _NOT_IN_TIME
        finally:
            del self._pending[pending.code]

    async def _reaches_somebody(self, occasion: Occasion, pending: Pending) -> bool:
        reply = self._question(occasion, pending)
        addresses = await self._addresses(occasion)
        return any(await asyncio.gather(*(self._reaches(each, reply) for each in addresses)))

    async def _addresses(self, occasion: Occasion) -> Sequence[Address]:
        """Where owners are asked: where one speaks alone with us, or else wherever they are."""
        last = None if occasion.batch is None else occasion.batch.last.message
        if isinstance(last, InboundMessage) and occasion.owner and last.kind is ChatKind.DIRECT:
            return (last.address,)
        return await self._whereabouts.of(self._doors.owners())

    def _question(self, occasion: Occasion, pending: Pending) -> Reply:
        session = occasion.opened.session
        text = notice(
            "approve",
            tool=pending.tool,
            session=one_line(str(session.key)).replace("`", "'"),
            title=f" ({shown_title(one_line(session.title))})" if session.title else "",
            arguments=pending.arguments,
            code=pending.code,
            minutes=int(self._life.total_seconds() // 60),
        )
        buttons = (
            Button("Approve", f"/{CommandName.APPROVE} {pending.code}"),
            Button("Deny", f"/{CommandName.DENY} {pending.code}"),
        )
        return Reply(text, ReplyKind.NOTICE, buttons=buttons)

    async def _reaches(self, address: Address, reply: Reply) -> bool:
        """Whether the whole question arrived somewhere. It is sent now or never: it would be void
        when what waits to be sent is sent at last."""
        channel = self._channels.get(address.channel)
        if channel is None:
            return False
        try:
            for part in rendered(channel, reply):
                await channel.send(OwedPart(id=0, seq=0, index=0, address=address, part=part))
        except ChannelError as error:
            _log.warning("owner_not_asked", channel=address.channel, error=str(error))
            return False
        return True

    async def _answer(self, asked: Asked) -> Reply:
        name = self._heard.pop(asked.accepted.seq, None)
        if name is None:
            # It became a command when it was changed: nobody heard it as one.
            text = notice("not_by_edit", command=f"/{asked.command}")
            return Reply(text, ReplyKind.NOTICE)
        return Reply(notice(name), ReplyKind.NOTICE)
