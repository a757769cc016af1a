"""An account that is not there any more, as long as something of it is."""

from collections.abc import AsyncGenerator
from typing import NoReturn

from channels.channel import Capabilities, Channel, Condition, Health, Receive
from channels.errors import Offline, Unreachable
from state.keys import Address
from state.messages import Attachment, OwedPart, Part, Receipt, Reply


class Resting:
    """Stands in the place of a channel that was taken away while the gateway runs.

    Turns that ran for it end as always. What they owe waits, until the account is there again.
    """

    def __init__(self, channel: Channel) -> None:
        self.name = channel.name
        self.kind = channel.kind
        self.capabilities: Capabilities = channel.capabilities
        self._channel = channel

    async def run(self, receive: Receive) -> None:
        """Nothing comes in."""

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """As the channel did, which needs nothing for it."""
        return self._channel.render(reply)

    async def send(self, part: OwedPart) -> Receipt:
        """Raises `Offline`: it goes out when the account is there again."""
        self._refuse()

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """As `send`."""
        self._refuse()

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """Raises `Unreachable`."""
        raise Unreachable(self._why())

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        """Nobody is shown anything."""

    async def typing(self, address: Address) -> None:
        """Nobody is shown anything."""

    def health(self) -> Health:
        """It is stopped."""
        return Health(Condition.STOPPED, detail=self._why())

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _refuse(self) -> NoReturn:
        raise Offline(self._why())

    def _why(self) -> str:
        return f"the account {self.name!r} is not in the settings any more, or is switched off"
