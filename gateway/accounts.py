"""Every account's channel, kept running. Accounts come, go and change while all else goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from channels.channel import Channel, Health, Receive
from gateway.config import Account
from gateway.resting import Resting
from gateway.supervisor import Supervisor
from gateway.token_locks import TokenLock

_log = structlog.get_logger("channels")


@dataclass(frozen=True, slots=True)
class Line:
    """An account's channel, and the lock of the token that it reads with."""

    channel: Channel
    lock: TokenLock | None = None


Opens = Callable[[str, Account], Awaitable[Line]]
"""Makes the channel of an account as it is set. It does not run yet."""


async def let_go(channel: Channel) -> None:
    """Close a channel. One that breaks at that keeps nobody from what comes next."""
    try:
        await channel.close()
    except Exception:
        _log.exception("channel_not_closed", channel=channel.name)


class Accounts:
    """`channels` are all there are, by their names, `terminal` among them.

    What goes by an account's name finds its channel of now there. The channel of an account that
    was taken away leaves one behind that rests: its last turns end, and what they owe waits.
    """

    def __init__(self, terminal: Channel, lines: Iterable[Line], opens: Opens | None) -> None:
        self._terminal = terminal
        self._opens = opens
        self._lines = {line.channel.name: line for line in lines}
        self._supervisors: dict[str, Supervisor] = {}
        self._at_terminal: Supervisor | None = None
        self._receive: Receive | None = None
        self._stopping = False
        self.channels: dict[str, Channel] = {terminal.name: terminal}
        self.channels |= {name: line.channel for name, line in self._lines.items()}

    @property
    def supervisors(self) -> Collection[Supervisor]:
        """What keeps the configured accounts running; a view that changes with them."""
        return self._supervisors.values()

    def lead_to(self, receive: Receive) -> None:
        """Say who takes in what they hear. Once, before `start`."""
        self._receive = receive
        self._at_terminal = Supervisor(self._terminal, receive)
        for name, line in self._lines.items():
            self._supervise(name, line)

    def start(self) -> None:
        """Let messages in."""
        for each in self._everywhere():
            each.start()

    async def stop(self) -> None:
        """End intake everywhere, for good; what is owed can still be sent."""
        self._stopping = True
        await asyncio.gather(*(each.stop() for each in self._everywhere()))

    async def close(self) -> None:
        """Let go of every connection."""
        await asyncio.gather(*(let_go(channel) for channel in self.channels.values()))

    def health(self) -> Sequence[tuple[str, str, Health]]:
        """Each account's name, kind and health."""
        kept = {self._terminal.name: self._at_terminal, **self._supervisors}
        return [
            (name, self.channels[name].kind, supervisor.health())
            for name, supervisor in kept.items()
            if supervisor is not None
        ]

    # While it runs: `opened`, `quiet`, `exchange`, `begin`, in this order ------------------------

    async def opened(
        self, settings: Mapping[str, Account], names: Iterable[str]
    ) -> Mapping[str, Line]:
        """New channels for those of these accounts that there shall be, as they are set."""
        if self._opens is None:
            return {}
        wanted = [name for name in names if name in settings and settings[name].enabled]
        return {name: await self._opens(name, settings[name]) for name in wanted}

    async def quiet(self, names: Iterable[str]) -> None:
        """End the intake of these accounts, and let go of their tokens' locks."""
        found = (self._supervisors.get(name) for name in names)
        await asyncio.gather(*(each.stop() for each in found if each is not None))

    def exchange(self, names: Iterable[str], lines: Mapping[str, Line]) -> Sequence[Channel]:
        """Put new channels in the place of these accounts'; returns the old ones, to be closed.

        One that has no new channel rests.
        """
        old = [self.channels[name] for name in names if name in self._lines]
        for channel in old:
            del self._lines[channel.name], self._supervisors[channel.name]
            self.channels[channel.name] = Resting(channel)
        for name, line in lines.items():
            self.channels[name] = line.channel
            self._lines[name] = line
            self._supervise(name, line)
        return old

    def begin(self, names: Iterable[str]) -> None:
        """Let messages of these accounts in."""
        for name in names if not self._stopping else ():
            self._supervisors[name].start()

    def _supervise(self, name: str, line: Line) -> None:
        if self._receive is None:
            raise RuntimeError("nobody takes in what an account hears: `lead_to` comes first")
        self._supervisors[name] = Supervisor(line.channel, self._receive, lock=line.lock)

    def _everywhere(self) -> Iterable[Supervisor]:
        return [each for each in (self._at_terminal, *self._supervisors.values()) if each]
