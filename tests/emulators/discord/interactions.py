"""Application commands, the interactions that they start, and the answers to these.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulators.discord import errors
from tests.emulators.discord.content import checked_content
from tests.emulators.discord.messages import new_message
from tests.emulators.discord.posting import MessageRoutes
from tests.emulators.discord.routes import Call, Route, route
from tests.emulators.discord.world import Bot, Channel
from tests.emulators.telegram.signal import Signal

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
EPHEMERAL = 1 << 6
_LOADING = 1 << 7
_NAME = re.compile(r"[-_'\w]{1,32}")
_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _MODAL = 4, 5, 6, 7, 9
_UPDATES = frozenset({_DEFERRED_UPDATE, _UPDATE})
_OF_COMMANDS = frozenset({_MESSAGE, _DEFERRED, _MODAL})
_OF_PRESSES = _OF_COMMANDS | _UPDATES
"""https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object"""

_TOKEN_SECONDS = 15 * 60.0
_MOST_COMMANDS = 100


@dataclass(eq=False)
class Interaction:
    """Somebody ran a command or pressed a button; the callback must come within 3 s."""

    id: int
    token: str
    bot: Bot
    channel: Channel
    began: float
    deadline: float
    kind: int | None = None
    pressed: Json | None = None
    """The message whose button was pressed."""
    flags: int = 0
    original: Json | None = None
    """The first answer, or the "thinking…" that stands for it."""
    answered: bool = False
    changed: Signal = field(default_factory=Signal)
    answered_after: float | None = None
    """Seconds until the callback."""

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    async def acknowledged(self, timeout: float = 10.0) -> None:
        """Wait for the callback."""
        assert await self.changed.until(lambda: self.kind is not None, timeout), "no callback came"


class InteractionRoutes:
    """What a bot does with commands."""

    def __init__(self, discord: "DiscordEmulator", messages: MessageRoutes) -> None:
        self._discord = discord
        self._messages = messages
        self._running: dict[str, Interaction] = {}
        self.patience = 3.0
        """Seconds until an interaction that is not acknowledged fails."""

    def routes(self) -> Iterator[Route]:
        """The routes, faults and limits under the names given here."""
        for scope in ("", "/guilds/{guild}"):
            path = f"/applications/{{application}}{scope}/commands"
            yield route("get_commands", "GET", path, self._commands)
            yield route("put_commands", "PUT", path, self._overwrite)
        callback = "/interactions/{interaction}/{token}/callback"
        yield route("callback", "POST", callback, self._callback, open_=True)
        hook = "/webhooks/{application}/{token}"
        yield route("followup", "POST", hook, self._followup, open_=True)
        original = hook + "/messages/@original"
        yield route("get_original", "GET", original, self._original, open_=True)
        yield route("edit_original", "PATCH", original, self._edit, open_=True)
        yield route("delete_original", "DELETE", original, self._delete, open_=True)

    def begin(self, bot: Bot, channel: Channel, pressed: Json | None = None) -> Interaction:
        """Somebody runs a command, or pressed a button of a message; the caller tells the bot."""
        number = self._discord.world.ids.next()
        now = asyncio.get_running_loop().time()
        interaction = Interaction(
            number, f"aW50ZXJhY3Rpb246{number}", bot, channel, now, now + self.patience,
            pressed=pressed,
        )  # fmt: skip
        self._running[interaction.token] = interaction
        return interaction

    # Commands -------------------------------------------------------------------------------

    async def _commands(self, call: Call) -> list[Json]:
        return list(self._owner(call).commands)

    async def _overwrite(self, call: Call) -> list[Json]:
        bot = self._owner(call)
        if not isinstance(call.body, list):
            raise errors.invalid("_errors", "LIST_TYPE_CONVERT", "Only iterables are allowed")
        if len(call.body) > _MOST_COMMANDS:
            raise errors.ApiError(400, 30032, "Maximum number of application commands reached")
        bot.commands = [self._command(bot, index, c) for index, c in enumerate(call.body)]
        return list(bot.commands)

    def _command(self, bot: Bot, index: int, given: Json) -> Json:
        name, text = str(given.get("name") or ""), str(given.get("description") or "")
        if not _NAME.fullmatch(name) or name != name.lower():
            raise errors.invalid(
                f"{index}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
            )
        if given.get("type", 1) == 1 and not 1 <= len(text) <= 100:
            raise errors.invalid(
                f"{index}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100."
            )
        known = next((c["id"] for c in bot.commands if c["name"] == name), None)
        return {
            "id": known or str(self._discord.world.ids.next()), "application_id": str(bot.id),
            "version": str(self._discord.world.ids.next()), "type": 1, "options": [],
            "default_member_permissions": None, "nsfw": False, "name_localizations": None,
            "description_localizations": None, "dm_permission": True, "contexts": None,
            "integration_types": [0], **given,
        }  # fmt: skip

    def _owner(self, call: Call) -> Bot:
        if call.ids["application"] != str(call.caller.id):
            raise errors.ApiError(403, 20012, "You are not authorized to perform this action")
        return call.caller

    # Answers --------------------------------------------------------------------------------

    async def _callback(self, call: Call) -> Json | None:
        interaction = self._running.get(call.ids["token"])
        now = asyncio.get_running_loop().time()
        if interaction is None or str(interaction.id) != call.ids["interaction"]:
            raise errors.unknown_interaction()
        if interaction.kind is not None:
            raise errors.already_acknowledged()
        if now > interaction.deadline:
            raise errors.unknown_interaction()
        self._acknowledge(interaction, call)
        interaction.answered_after = now - interaction.began
        interaction.changed.changed()
        if call.query.get("with_response", "").lower() not in {"true", "1"}:
            return None
        told: Json = {"id": str(interaction.id), "type": 2}
        told |= {"response_message_ephemeral": interaction.ephemeral}
        resource: Json = {"type": interaction.kind}
        if interaction.original is not None:
            told["response_message_id"] = interaction.original["id"]
            resource["message"] = interaction.original
        return {"interaction": told, "resource": resource}

    def _acknowledge(self, interaction: Interaction, call: Call) -> None:
        data, kind = call.fields.get("data") or {}, int(call.fields["type"])
        pressed = interaction.pressed
        if kind not in (_OF_COMMANDS if pressed is None else _OF_PRESSES):
            raise errors.invalid(
                "type", "INTERACTION_CALLBACK_TYPE_INVALID", "Interaction callback type is invalid."
            )
        interaction.kind = kind
        interaction.flags = int(data.get("flags") or 0)
        if kind == _MESSAGE:
            self._answer(interaction, data, call)
        elif kind == _DEFERRED:
            interaction.original = self._hidden(interaction, "", flags=_LOADING)
        elif pressed is not None and kind in _UPDATES:
            interaction.original, interaction.answered = pressed, True
            if kind == _UPDATE:
                self._messages.change(interaction.channel, pressed, data, call.files)

    async def _followup(self, call: Call) -> Json:
        interaction = self._open(call)
        if interaction.kind is None:
            raise errors.unknown_webhook()
        # The first one takes the place of "thinking…".
        return self._answer(interaction, call.fields, call)

    async def _original(self, call: Call) -> Json:
        return self._first(self._open(call))

    async def _edit(self, call: Call) -> Json:
        interaction = self._open(call)
        first = self._first(interaction)
        if not interaction.answered:
            return self._answer(interaction, call.fields, call)
        self._messages.change(interaction.channel, first, call.fields, call.files)
        return first

    async def _delete(self, call: Call) -> None:
        interaction = self._open(call)
        first = self._first(interaction)
        interaction.original = None
        self._discord.delete(interaction.channel, int(first["id"]))

    def _answer(self, interaction: Interaction, fields: Json, call: Call) -> Json:
        content = checked_content(fields, call.files)
        bot, channel = interaction.bot, interaction.channel
        hidden = interaction.ephemeral or bool(int(fields.get("flags") or 0) & EPHEMERAL)
        extra = {"application_id": str(bot.id), "webhook_id": str(bot.id)}
        if hidden:
            message = self._hidden(interaction, content)
        else:
            message = self._messages.post(
                channel, bot.as_user(), content, extra, call.files, fields
            )
        if not interaction.answered:
            interaction.original, interaction.answered = message, True
        self._messages.record(
            bot.id, channel, message, fields, ephemeral=hidden, interaction=interaction.id
        )
        return message

    def _hidden(self, interaction: Interaction, content: str, flags: int = EPHEMERAL) -> Json:
        """A message that is in nobody's history."""
        world, bot = self._discord.world, interaction.bot
        extra = {"application_id": str(bot.id), "webhook_id": str(bot.id), "flags": flags}
        message = new_message(world, interaction.channel, bot.as_user(), content, **extra)
        del interaction.channel.messages[int(message["id"])]
        return message

    def _open(self, call: Call) -> Interaction:
        interaction = self._running.get(call.ids["token"])
        now = asyncio.get_running_loop().time()
        if interaction is None or str(interaction.bot.id) != call.ids["application"]:
            raise errors.unknown_webhook()
        if now - interaction.began > _TOKEN_SECONDS:
            raise errors.expired_token()
        return interaction

    def _first(self, interaction: Interaction) -> Json:
        if interaction.original is None:
            raise errors.unknown_message()
        return interaction.original
