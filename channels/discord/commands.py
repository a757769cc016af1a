"""Slash commands: published when they changed, acknowledged in time, answered in their place.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from channels.channel import Command
from channels.cursors import Cursors
from channels.discord import ids
from channels.discord.client import BotClient, command_list
from channels.discord.identity import Identity
from channels.discord.refusals import Expired
from channels.errors import ChannelError
from state.messages import OwedPart

_TOKEN_SECONDS = 14 * 60.0
"""Discord takes answers for 15 minutes."""

_MOST_OPEN = 1_000
_log = structlog.get_logger("channels.discord")


async def publish(
    client: BotClient, me: Identity, commands: Sequence[Command], cursors: Cursors
) -> None:
    """Let Discord offer the commands if they differ from last time; failures are only logged."""
    if not commands:
        return
    body = json.dumps(command_list(commands), sort_keys=True).encode()
    digest, cursor = hashlib.sha256(body).hexdigest(), f"discord:{me.id}:commands"
    try:
        if await cursors.get(cursor) == digest:
            return
        await client.set_commands(me.application, commands)
        await cursors.set(cursor, digest)
        _log.info("commands_published", channel=me.account, commands=len(commands))
    except ChannelError as error:
        _log.warning("commands_not_published", channel=me.account, error=str(error))
    except Exception as error:
        _log.warning("commands_not_remembered", channel=me.account, error=repr(error))


@dataclass(eq=False, slots=True)
class _Open:
    """A command that waits for its answer."""

    application: int
    token: str
    ephemeral: bool
    until: float
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    seq: int | None = None


class Invocations:
    """Commands that can still be answered in their place. A restart forgets them: the token is
    kept nowhere, and answers then go out as messages."""

    def __init__(self, client: BotClient) -> None:
        self._client = client
        self._open: OrderedDict[str, _Open] = OrderedDict()

    async def begin(self, interaction: int, token: str, me: Identity, *, ephemeral: bool) -> None:
        """Tell Discord that the command will be answered, and remember where."""
        name = ids.command_id(interaction)
        until = asyncio.get_running_loop().time() + _TOKEN_SECONDS
        waiting = _Open(me.application, token, ephemeral, until)
        # Known before Discord has confirmed it: an answer may be ready first, and waits for that.
        self._open[name] = waiting
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        try:
            await self._client.defer(interaction, token, ephemeral=ephemeral)
        except BaseException:
            self._open.pop(name, None)
            raise
        finally:
            waiting.acknowledged.set()

    async def answer(self, part: OwedPart) -> int | None:
        """Send a part that answers a command; None where it has to go out as a message."""
        waiting = self._find(part)
        if waiting is None:
            return None
        await waiting.acknowledged.wait()
        if waiting not in self._open.values():
            return None
        try:
            if part.part.reply_to is not None:
                waiting.seq = part.seq
                return await self._client.answer(waiting.application, waiting.token, part.part.text)
            return await self._client.follow_up(
                waiting.application, waiting.token, part.part.text, ephemeral=waiting.ephemeral
            )
        except Expired:
            return None

    def _find(self, part: OwedPart) -> _Open | None:
        self._forget()
        if part.part.reply_to is not None:
            return self._open.get(part.part.reply_to)
        # More of an answer has to be hidden like its beginning, and Discord does not recognise it
        # when it comes again. In private there is nothing to hide: a message is recognised.
        return next((w for w in self._open.values() if w.seq == part.seq and w.ephemeral), None)

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._open:
            name, oldest = next(iter(self._open.items()))
            if oldest.until > now:
                return
            del self._open[name]
