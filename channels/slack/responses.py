"""The response URLs of slash commands: an answer there is seen by its author alone.

https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses. They serve for
half an hour and five answers; without one (after a restart, too) an answer goes to the
conversation.
"""

from channels.errors import Rejected
from channels.slack.client import BotClient
from state.messages import Part

USES = 5
_MOST = 1000


class Responses:
    """The URLs that can still be used, by the `trigger_id` that the command's message is named."""

    def __init__(self) -> None:
        self._urls: dict[str, tuple[str, int]] = {}

    def remember(self, payload: object) -> None:
        """Keep the URL of a slash command; nothing else has one that is wanted."""
        if not isinstance(payload, dict) or "command" not in payload:
            return
        trigger, url = payload.get("trigger_id"), payload.get("response_url")
        if isinstance(trigger, str) and isinstance(url, str):
            self._urls.setdefault(trigger, (url, USES))
            if len(self._urls) > _MOST:
                del self._urls[next(iter(self._urls))]

    def serve(self, part: Part) -> bool:
        """Whether the part would be sent to the URL of a command."""
        return (part.reply_to or "") in self._urls

    async def answer(self, client: BotClient, part: Part) -> bool:
        """Whether the part could be sent to the URL of the command that it answers.

        Raises a `ChannelError` when it is not known: the next attempt is for its author's eyes
        as well.
        """
        trigger = part.reply_to or ""
        url, uses = self._urls.get(trigger, ("", 0))
        if not uses:
            return False
        try:
            await client.respond(url, text=part.plain, blocks=part.text)
        except Rejected:
            del self._urls[trigger]
            return False
        self._urls[trigger] = url, uses - 1
        if uses == 1:
            del self._urls[trigger]
        return True
