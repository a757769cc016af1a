"""What every channel can do, and how it says that it is well."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from state.keys import Address
from state.messages import Attachment, Inbound, OwedPart, Part, Receipt, Reply

Receive = Callable[[Inbound], Awaitable[None]]
"""Takes a message over. When it returns, the message is durable (or known, or declined), and only
then may the channel tell its platform so. When it raises, the platform must not be told."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform offers.

    `text_limit` is the longest part in the platform's own unit. `idempotent` says that a part
    sent twice under one key appears once. `typing_seconds` is how long one typing signal lasts,
    0 where there is none. `points_in_private` says that answers name their question in private
    chats, too. `redelivers` says that what was not taken over comes again by itself.
    `edit_seconds` is the shortest time to leave between two edits in one chat, 0 where messages
    cannot be edited; `group_edit_seconds` is the same among several people, where it is longer.
    `upload_limit` is the largest file in bytes, 0 where files cannot be sent.
    `acknowledges` says that a message can be given a reaction, and `acknowledges_in_private`
    that it is given one in private chats, too, where there may be no other sign of work.
    """

    text_limit: int
    idempotent: bool = False
    typing_seconds: float = 0.0
    points_in_private: bool = False
    redelivers: bool = True
    edit_seconds: float = 0.0
    group_edit_seconds: float = 0.0
    upload_limit: int = 0
    acknowledges: bool = False
    acknowledges_in_private: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a platform's native menu shows it."""

    name: str
    description: str


class Condition(StrEnum):
    """How a channel is. `failed` needs the owner; the others mend themselves."""

    STARTING = "starting"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's state, as proved by its platform and not by a task that exists.

    `proved_at` is when the platform last answered; `detail` says what is wrong and what to do;
    `generation` counts the connections so far; `lag` is how many seconds the newest message was
    under way from its sender to us, None before the first one. `tried_at` is when it last gave a
    sign: an answer, or an attempt that was seen to fail. `waits_until` is until when the platform
    asked to be left alone, which it is.
    """

    condition: Condition
    proved_at: datetime | None = None
    detail: str | None = None
    generation: int = 0
    identity: str | None = None
    lag: float | None = None
    tried_at: datetime | None = None
    waits_until: datetime | None = None


class Channel(Protocol):
    """One configured account on one platform."""

    @property
    def name(self) -> str:
        """The account's name, the first field of its session keys."""

    @property
    def kind(self) -> str:
        """The platform: ``telegram``, ``loopback``."""

    @property
    def capabilities(self) -> Capabilities:
        """What the platform can do, and how much it takes at once."""

    async def run(self, receive: Receive) -> None:
        """Take messages in until cancelled; reconnects by itself.

        Returns or raises only when it cannot go on: `Unauthorized` needs the owner, anything else
        is started again by the supervisor. Cancelling it ends intake and nothing else: `send`
        works until `close`.
        """

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """The reply as parts this platform takes: whole, in order, each within the limit. Pure."""

    async def send(self, part: OwedPart) -> Receipt:
        """Send one part without a file to its address. Raises a `channels.errors.ChannelError`.

        With `Part.edits`, that message becomes the part (or goes, see `Part.removes`): as it may
        have become before, which is no error. Should the message not be there any more, or not
        be editable, the part is sent as a new one; the receipt names the message that shows it.
        """

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """Send a part that has a file, whose content this is. Raises a `ChannelError`."""

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """The content of an attachment with a `reference`, in pieces, as it comes.

        Only from the platform's own hosts. Raises a `ChannelError`: `Rejected` when it is gone
        for ever, `Unreachable` when it may be had later.
        """

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        """Give a message (its platform id) the reaction that says that it is being worked on, or
        take it back. Like `typing`, it never raises for what the platform says."""

    async def typing(self, address: Address) -> None:
        """Show that an answer is coming. Never raises for what the platform says.

        When it is cancelled, a call that is under way still ends in its own time: a request that
        is broken off costs its connection.
        """

    def health(self) -> Health:
        """What the platform proved lately, not whether a task is alive."""

    async def close(self) -> None:
        """Let go of every connection. `run` has ended before."""
