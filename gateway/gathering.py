"""Which messages are answered together, and how long to wait for the rest of one.

People write in bursts, and clients cut long texts and send an album's pictures one by one. Only
messages of one sender at one place, with nothing in between, ever become one turn: who may do
what follows from the sender, and the answer goes to one place.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from agents.config import QueueMode
from gateway import commands
from state.messages import Accepted, Correction, Deletion, InboundMessage

MOST = 20
"""Messages in one turn, so that what a flood brings is answered in portions."""

PATIENCE = 1.0
"""Seconds that the rest of an unfinished message is waited for, and may come behind it."""


def together(waiting: Sequence[Accepted], mode: QueueMode) -> int:
    """How many of the waiting messages, from the first on, are answered together: one at least.

    In `followup` only what continues an unfinished message joins it.
    """
    count = 1
    for before, after in pairwise(waiting[:MOST]):
        if not _joins(before, after):
            break
        if mode is QueueMode.FOLLOWUP and not _continues(before, after):
            break
        count += 1
    return count


def patience(last: Accepted, *, waited: float) -> float:
    """Seconds to wait for what may continue a message that was accepted `waited` seconds ago.

    The rest of a message from before a crash has had its time: nobody waits for it.
    """
    message = last.message
    if last.recovered or not isinstance(message, InboundMessage) or not message.unfinished:
        return 0.0
    return max(0.0, PATIENCE - waited)


def concerns(change: Correction | Deletion, accepted: Accepted) -> bool:
    """Whether a correction or deletion is about this message.

    People correct only what they said themselves.
    """
    message = accepted.message
    return (
        isinstance(message, InboundMessage)
        and message.address.channel == change.address.channel
        and message.source == change.of
        and (isinstance(change, Deletion) or message.sender.id == change.sender.id)
    )


def _joins(before: Accepted, after: Accepted) -> bool:
    first, second = before.message, after.message
    return (
        isinstance(first, InboundMessage)
        and isinstance(second, InboundMessage)
        and commands.parse(first.text) is None
        and commands.parse(second.text) is None
        and first.passed_on is second.passed_on is None
        and first.sender.id == second.sender.id
        and first.address == second.address
    )


def _continues(before: Accepted, after: Accepted) -> bool:
    message = before.message
    near = after.at - before.at <= timedelta(seconds=PATIENCE)
    return isinstance(message, InboundMessage) and message.unfinished and near
