"""Tells the owners something, and anybody something of Argent's own, past what is owed."""

import asyncio
from collections.abc import Mapping

import structlog

from channels.channel import Channel
from channels.errors import ChannelError
from channels.loopback import LOCAL_CHAT, TERMINAL
from gateway.doors import Policies
from gateway.people import People
from state.keys import Address
from state.messages import OwedPart, Reply, ReplyKind
from state.store import Role

_log = structlog.get_logger("gateway")


class Owners:
    """Reaches them at the terminal, and on every account the first that is known there.

    Nothing of it is stored: it may be about a disk that takes nothing.
    """

    def __init__(self, channels: Mapping[str, Channel], policies: Policies, people: People) -> None:
        self._channels = channels
        self._policies = policies
        self._people = people

    async def tell_all(self, text: str) -> None:
        """Say it to all of them, as far as their platforms take it now."""
        addresses = [Address(TERMINAL, LOCAL_CHAT)]
        for name, policy in self._policies().items():
            roles = self._people.admitted(name)
            owners = [*policy.owners, *(u for u, role in roles.items() if role is Role.OWNER)]
            if name != TERMINAL and owners:
                addresses.append(Address(name, owners[0]))
        await asyncio.gather(*(self.tell(address, text) for address in addresses))

    async def tell(self, address: Address, text: str) -> None:
        """Say something at an address, as far as the platform takes it now."""
        channel = self._channels.get(address.channel)
        if channel is None:
            return
        for part in channel.render(Reply(text, ReplyKind.NOTICE)):
            try:
                await channel.send(OwedPart(id=0, seq=0, index=0, address=address, part=part))
            except ChannelError as error:
                _log.warning("not_told", channel=address.channel, error=str(error))
                return
