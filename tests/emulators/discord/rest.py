"""The HTTP API's routes: places, people and threads.

https://docs.discord.com/developers/reference
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.emulators.discord import errors
from tests.emulators.discord.interactions import InteractionRoutes
from tests.emulators.discord.posting import MessageRoutes
from tests.emulators.discord.reacting import ReactionRoutes
from tests.emulators.discord.routes import Call, Route, route, snowflake
from tests.emulators.discord.world import ChannelType, Guild

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]


class Rest:
    """Finds the handler of a request."""

    def __init__(self, discord: "DiscordEmulator") -> None:
        self._discord = discord
        self.messages = MessageRoutes(discord)
        self.interactions = InteractionRoutes(discord, self.messages)
        self.reactions = ReactionRoutes(discord, self.messages)
        self._routes = [
            *self._own(), *self.messages.routes(), *self.reactions.routes(),
            *self.interactions.routes(),
        ]  # fmt: skip

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Raises `ApiError` 404 and 405."""
        found = [(r, m) for r in self._routes if (m := r.path.fullmatch(path))]
        for candidate, match in found:
            if candidate.method == method:
                return candidate, match.groupdict()
        raise errors.method_not_allowed() if found else errors.not_found()

    def _own(self) -> Iterator[Route]:
        yield route("gateway", "GET", "/gateway", self._gateway, open_=True)
        yield route("gateway_bot", "GET", "/gateway/bot", self._gateway_bot)
        yield route("me", "GET", "/users/@me", self._me)
        yield route("application", "GET", "/applications/@me", self._application)
        yield route("application", "GET", "/oauth2/applications/@me", self._application)
        yield route("my_guilds", "GET", "/users/@me/guilds", self._my_guilds)
        yield route("create_dm", "POST", "/users/@me/channels", self._create_dm)
        yield route("user", "GET", "/users/{user}", self._user)
        yield route("guild", "GET", "/guilds/{guild}", self._guild)
        yield route("guild_channels", "GET", "/guilds/{guild}/channels", self._guild_channels)
        yield route("active_threads", "GET", "/guilds/{guild}/threads/active", self._active)
        yield route("channel", "GET", "/channels/{channel}", self._channel)
        yield route("create_thread", "POST", "/channels/{channel}/threads", self._create_thread)
        yield route(
            "create_thread", "POST", "/channels/{channel}/messages/{message}/threads",
            self._create_thread,
        )  # fmt: skip
        mine = "/channels/{channel}/thread-members/@me"
        yield route("join_thread", "PUT", mine, self._join)
        yield route("leave_thread", "DELETE", mine, self._leave)

    async def _gateway(self, _call: Call) -> Json:
        return {"url": self._discord.gateway_url}

    async def _gateway_bot(self, call: Call) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        _ = call.caller
        return {"url": self._discord.gateway_url, "shards": 1, "session_start_limit": limit}

    async def _me(self, call: Call) -> Json:
        return call.caller.as_me()

    async def _application(self, call: Call) -> Json:
        return call.caller.as_application()

    async def _my_guilds(self, call: Call) -> list[Json]:
        return [
            {"id": str(g.id), "name": g.name, "icon": None, "owner": False,
             "permissions": str(g.permissions), "features": []}
            for g in call.caller.guilds
        ]  # fmt: skip

    async def _create_dm(self, call: Call) -> Json:
        number = snowflake(call.fields.get("recipient_id"))
        person = self._discord.world.people.get(number)
        if person is None:
            raise errors.invalid("recipient_id", "USER_INVALID", "Invalid user")
        return self._discord.world.private(call.caller, person).as_json()

    async def _user(self, call: Call) -> Json:
        person = self._discord.world.people.get(snowflake(call.ids["user"]))
        if person is None:
            raise errors.unknown_user()
        return person

    async def _guild(self, call: Call) -> Json:
        return self._find_guild(call).as_json()

    async def _guild_channels(self, call: Call) -> list[Json]:
        channels = self._find_guild(call).channels.values()
        return [c.as_json() for c in channels if c.type is not ChannelType.THREAD]

    async def _active(self, call: Call) -> Json:
        threads = [
            c for c in self._find_guild(call).channels.values()
            if c.type is ChannelType.THREAD and not c.archived
        ]  # fmt: skip
        mine = [c.member(call.caller.id) for c in threads if call.caller.id in c.members]
        return {"threads": [c.as_json(bot=call.caller) for c in threads], "members": mine}

    async def _channel(self, call: Call) -> Json:
        return self._discord.find(call.caller, call.ids["channel"]).as_json(bot=call.caller)

    async def _create_thread(self, call: Call) -> Json:
        parent = self._discord.find(call.caller, call.ids["channel"])
        name = str(call.fields.get("name") or "")
        if not 1 <= len(name) <= 100:
            raise errors.invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100")
        if parent.type not in {ChannelType.TEXT, ChannelType.FORUM}:
            raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
        first = snowflake(call.ids["message"]) if "message" in call.ids else None
        if first is not None and first not in parent.messages:
            raise errors.unknown_message()
        thread = self._discord.open_thread(parent, name, call.caller.as_user(), number=first)
        body = thread.as_json(bot=call.caller)
        if parent.type is ChannelType.FORUM:
            inner = Call(call.route, {"channel": str(thread.id)}, {}, call.bot)
            inner.body, inner.files = call.fields.get("message"), call.files
            body["message"] = await self.messages.create(inner)
        return body

    async def _join(self, call: Call) -> None:
        thread = self._discord.find(call.caller, call.ids["channel"])
        self._discord.join_thread(thread, call.caller)

    async def _leave(self, call: Call) -> None:
        thread = self._discord.find(call.caller, call.ids["channel"])
        self._discord.leave_thread(thread, call.caller)

    def _find_guild(self, call: Call) -> Guild:
        guild = self._discord.world.guilds.get(snowflake(call.ids["guild"]))
        if guild is None or guild not in call.caller.guilds:
            raise errors.unknown_guild()
        return guild
