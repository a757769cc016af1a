"""The HTTP API's routes for reactions.

https://docs.discord.com/developers/resources/message#create-reaction
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.emulators.discord import errors
from tests.emulators.discord.posting import MessageRoutes
from tests.emulators.discord.routes import Call, Route, route
from tests.emulators.discord.world import Channel, member_json

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
_CUSTOM = re.compile(r"\w{2,32}:\d{15,20}")
_MOST = 20


class ReactionRoutes:
    """What a bot does with reactions."""

    def __init__(self, discord: "DiscordEmulator", messages: MessageRoutes) -> None:
        self._discord = discord
        self._messages = messages

    def routes(self) -> Iterator[Route]:
        """The routes, faults and limits under the names given here."""
        mine = "/channels/{channel}/messages/{message}/reactions/{emoji}/@me"
        yield route("create_reaction", "PUT", mine, self._create)
        yield route("delete_reaction", "DELETE", mine, self._delete)

    async def _create(self, call: Call) -> None:
        channel, message = self._messages.find(call)
        emoji = _emoji(call)
        if channel.no_reactions:
            raise errors.missing_permissions()
        reactions = message.setdefault("reactions", [])
        if any(each["emoji"]["name"] == emoji for each in reactions):
            return
        if len(reactions) >= _MOST:
            raise errors.ApiError(400, 30010, "Maximum number of reactions reached (20)")
        reactions.append({
            "emoji": {"id": None, "name": emoji}, "count": 1, "me": True, "me_burst": False,
            "count_details": {"burst": 0, "normal": 1}, "burst_colors": [],
        })  # fmt: skip
        self._tell("MESSAGE_REACTION_ADD", call, channel, message, emoji)

    async def _delete(self, call: Call) -> None:
        channel, message = self._messages.find(call)
        emoji = _emoji(call)
        left = [r for r in message.get("reactions", ()) if r["emoji"]["name"] != emoji]
        if len(left) == len(message.get("reactions", ())):
            return
        message["reactions"] = left
        self._tell("MESSAGE_REACTION_REMOVE", call, channel, message, emoji)

    def _tell(self, event: str, call: Call, channel: Channel, message: Json, emoji: str) -> None:
        body: Json = {
            "user_id": str(call.caller.id), "channel_id": str(channel.id), "message_id":
            message["id"], "emoji": {"id": None, "name": emoji}, "burst": False, "type": 0,
        }  # fmt: skip
        if event.endswith("ADD"):
            body["message_author_id"] = message["author"]["id"]
            if channel.guild is not None:
                body["member"] = member_json(channel.guild.id) | {"user": call.caller.as_user()}
        self._discord.tell_all(event, channel, body)


def _emoji(call: Call) -> str:
    emoji = unquote(call.ids["emoji"])
    if emoji.isascii() and not _CUSTOM.fullmatch(emoji):
        raise errors.ApiError(400, 10014, "Unknown Emoji")
    return emoji
