"""Owed parts to Slack's messages: new ones, changed ones, and ones that are taken away."""

import structlog

from channels.errors import Rejected
from channels.rendering import NOTHING_TO_SEE
from channels.slack import ids
from channels.slack.buttons import blocks_of
from channels.slack.client import BotClient
from channels.slack.format import render
from channels.slack.refusals import BadBlocks, Refused
from channels.slack.responses import Responses
from state.messages import OwedPart, Part, Receipt

_GONE = "message_not_found"
_NOT_EDITABLE = frozenset(
    (_GONE, "cant_update_message", "edit_window_closed", "block_mismatch", "msg_too_long",
     "streaming_state_conflict")
)  # fmt: skip
"""https://docs.slack.dev/reference/methods/chat.update#errors"""

_NOT_DELETABLE = frozenset(("cant_delete_message", "compliance_exports_prevent_deletion"))
"""https://docs.slack.dev/reference/methods/chat.delete#errors"""

_log = structlog.get_logger("channels.slack")


class Sending:
    """Sends the parts of one account. Every method raises a `ChannelError`."""

    def __init__(self, account: str, client: BotClient, responses: Responses) -> None:
        self._account = account
        self._client = client
        self._responses = responses

    async def send(self, owed: OwedPart) -> Receipt:
        """See `channels.channel.Channel`; where Slack does not take the blocks, words are sent."""
        channel, part = ids.channel_id(owed.address), owed.part
        if part.edits is None:
            return Receipt(await self._new(channel, owed))
        if part.removes:
            await self._remove(channel, part.edits)
            return Receipt(part.edits)
        return Receipt(await self._change(channel, part.edits, owed))

    async def _change(self, channel: str, ts: str, owed: OwedPart) -> str:
        part, refused = owed.part, ""
        if ids.is_ts(ts):
            try:
                await self._client.update(
                    channel, ts, text=part.plain, blocks=blocks_of(part), key=owed.key
                )
                return ts
            except Refused as error:
                if error.code not in _NOT_EDITABLE and not isinstance(error, BadBlocks):
                    raise
                refused = error.code
        _log.info("not_edited", channel=self._account, part=owed.id, reason=refused)
        if refused and refused != _GONE:
            # Before the words stand anew: should this be as far as it comes, the next attempt
            # finds the old message gone and nothing else changed.
            await self._retire(channel, ts)
        return await self._new(channel, owed)

    async def _retire(self, channel: str, ts: str) -> None:
        """Take a message away whose words will stand elsewhere; where it must stay, it stays."""
        try:
            await self._remove(channel, ts)
        except Rejected as error:
            _log.info("not_removed", channel=self._account, reason=str(error))

    async def _remove(self, channel: str, ts: str) -> None:
        if not ids.is_ts(ts):
            return
        try:
            await self._client.delete(channel, ts)
        except Refused as error:
            if error.code == _GONE:
                return
            if error.code not in _NOT_DELETABLE:
                raise
            # What must stay shall not look like a second answer.
            (nothing,) = render(NOTHING_TO_SEE)
            shown = blocks_of(Part(nothing.text, nothing.plain))
            await self._client.update(channel, ts, text=nothing.plain, blocks=shown, key="")

    async def _new(self, channel: str, owed: OwedPart) -> str:
        thread, part = ids.thread_ts(owed.address), owed.part
        if owed.uncertain and owed.key:
            sent = await self._found(channel, thread, owed)
            if sent is not None:
                return sent
        if not owed.id and self._responses.serve(part):
            # A live message: what only one person sees cannot be changed, and is sent once.
            raise Rejected("the answer to a slash command is not shown while it grows")
        if await self._responses.answer(self._client, part):
            return part.reply_to or ""
        try:
            return await self._client.send(
                channel, text=part.plain, blocks=blocks_of(part), thread=thread, key=owed.key
            )
        except BadBlocks as error:
            _log.error("blocks_refused", channel=self._account, part=owed.id, reason=error.code)
            return await self._client.send(
                channel, text=part.plain, blocks=None, thread=thread, key=owed.key
            )

    async def _found(self, channel: str, thread: str | None, owed: OwedPart) -> str | None:
        """What became of an attempt of which nothing was heard: its message, if there is one."""
        try:
            return await self._client.find(channel, thread, owed.key)
        except Rejected as error:
            _log.info("not_looked_up", channel=self._account, part=owed.id, reason=str(error))
            return None
