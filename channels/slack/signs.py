"""Signs that an answer is coming: a status in threads, and a reaction wherever there is a message.

https://docs.slack.dev/reference/methods/assistant.threads.setStatus: the status stands in a thread
and is gone with the bot's next message there. A conversation outside of its threads has none, and
apps cannot be seen typing, so there the reaction is the only sign.
"""

import asyncio

import structlog

from channels.errors import ChannelError, RateLimited
from channels.loose_calls import LooseCalls
from channels.slack import ids
from channels.slack.client import BotClient
from channels.slack.refusals import Refused
from state.keys import Address

STATUS = "is thinking…"
STATUS_SECONDS = 60.0
"""Slack shows a status for two minutes."""

REACTION = "eyes"

_TRIES = 3
"""To take a reaction back: Slack allows it less often than to give one, and what is left standing
says that work goes on."""

_AS_WANTED = frozenset(("already_reacted", "no_reaction", "message_not_found"))
_log = structlog.get_logger("channels.slack")


class Signs:
    """The signs of one account. No method raises for what Slack says."""

    def __init__(self, account: str, client: BotClient) -> None:
        self._account = account
        self._client = client
        self._refused: set[str] = set()
        self._last: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._loose = LooseCalls()

    async def status(self, address: Address) -> None:
        """Say in a thread that an answer is coming."""
        if address.thread is not None and "status" not in self._refused:
            await self._loose.make(self._show_status(address))

    async def reaction(self, address: Address, message: str, *, seen: bool) -> None:
        """Give a message the reaction, or take it back; for one message in the order of calls."""
        if not ids.is_ts(message) or "reaction" in self._refused:
            return
        name = (address.chat, message)
        work = self._loose.begin(self._react(address, message, seen, self._last.get(name)))
        self._last[name] = work
        work.add_done_callback(lambda done: self._forget(name, done))
        await asyncio.shield(work)

    async def close(self) -> None:
        """Let what is under way end."""
        await self._loose.close()

    async def _show_status(self, address: Address) -> None:
        try:
            thread = ids.thread_ts(address)
            await self._client.show_status(ids.channel_id(address), thread or "", STATUS)
        except ChannelError as error:
            self._not_shown("status", error)

    async def _react(
        self, address: Address, message: str, on: bool, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        wait = await self._try(address, message, on)
        if wait is not None and not on:
            self._loose.begin(self._take_back(address, message, wait))

    async def _take_back(self, address: Address, message: str, wait: float) -> None:
        for _ in range(_TRIES - 1):
            await asyncio.sleep(wait)
            again = await self._try(address, message, on=False)
            if again is None:
                return
            wait = again

    async def _try(self, address: Address, message: str, on: bool) -> float | None:
        """None when there is no more to do, else the seconds after which to try again."""
        try:
            await self._client.react(ids.channel_id(address), message, REACTION, on=on)
        except RateLimited as error:
            return error.retry_after
        except ChannelError as error:
            self._not_shown("reaction", error)
        return None

    def _not_shown(self, sign: str, error: ChannelError) -> None:
        code = error.code if isinstance(error, Refused) else ""
        if code in _AS_WANTED:
            return
        if code == "missing_scope" and sign not in self._refused:
            # It would be refused every time. The error names the scope and the remedy.
            self._refused.add(sign)
            _log.warning("sign_refused", channel=self._account, sign=sign, error=str(error))
        else:
            _log.debug("sign_not_shown", channel=self._account, sign=sign, error=str(error))

    def _forget(self, name: tuple[str, str], work: asyncio.Task[None]) -> None:
        if self._last.get(name) is work:
            del self._last[name]
