"""A bot's updates as they come, one after the other: what one says can depend on the one before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from channels.telegram.identity import Identity
from channels.telegram.inbound import parse
from channels.telegram.presses import press_id
from state.keys import Address
from state.messages import ChatKind, Inbound, InboundMessage

_SOON = timedelta(seconds=2)
"""How long after a piece the next one is still taken for its rest; dates are whole seconds."""


class Reader:
    """Reads the updates of one bot. `pressed` gets the id of every press, to be answered."""

    def __init__(self, me: Identity, *, pressed: Callable[[str], None]) -> None:
        self._me = me
        self._pressed = pressed
        self._open: dict[tuple[Address, str], datetime] = {}

    def read(self, raw: object, at: datetime) -> Inbound | None:
        """What an update says; see `channels.telegram.inbound.parse`."""
        press = press_id(raw)
        if press is not None:
            self._pressed(press)
        inbound = parse(raw, self._me, at)
        if isinstance(inbound, InboundMessage) and inbound.kind is not ChatKind.DIRECT:
            return self._continued(inbound)
        return inbound

    def _continued(self, message: InboundMessage) -> InboundMessage:
        """The message, for the bot if it is the rest of one that is.

        In a group only the first picture of an album has the words with the bot's name, and only
        the first piece of a text that a client cut.
        """
        place = (message.address, message.sender.id)
        before = self._open.pop(place, None)
        is_rest = before is not None and timedelta(0) <= message.at - before <= _SOON
        if is_rest and not message.addressed and not message.text.startswith("/"):
            message = replace(message, addressed=True)
        if message.addressed and message.unfinished:
            self._open = {p: at for p, at in self._open.items() if message.at - at <= _SOON}
            self._open[place] = message.at
        return message
