"""The response URLs of slash commands: an answer there is seen by its author alone.

https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses. They serve for
half an hour; without one (after a restart, too) an answer goes to the conversation.
"""

from channels.errors import Rejected
from channels.slack.client import BotClient
from state.messages import Part

_MOST = 1000


class Responses:
    """The URLs that can still be used, by the `trigger_id` that the command's message is named."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}

    def remember(self, payload: object) -> None:
        """Keep the URL of a slash command; nothing else has one."""
        if not isinstance(payload, dict) or "command" not in payload:
            return
        trigger, url = payload.get("trigger_id"), payload.get("response_url")
        if isinstance(trigger, str) and isinstance(url, str):
            self._urls[trigger] = url
            if len(self._urls) > _MOST:
                del self._urls[next(iter(self._urls))]

    async def answer(self, client: BotClient, part: Part) -> bool:
        """Whether the part could be sent to the URL of the command that it answers.

        Raises a `ChannelError` when it is not known.
        """
        trigger = part.reply_to or ""
        url = self._urls.get(trigger)
        if url is None:
            return False
        try:
            await client.respond(url, text=part.plain, blocks=part.text)
        except Rejected:
            del self._urls[trigger]
            return False
        # Kept when it is not known: the next attempt is for its author's eyes as well.
        del self._urls[trigger]
        return True
