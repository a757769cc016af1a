"""Driving the emulator from another process: ``POST /control/<verb>`` with JSON in and out."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.emulators.discord.faults import KINDS
from tests.emulators.discord.people import Said, User
from tests.emulators.driver import Driver

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]


class Control:
    """The endpoint. People and places go by the ids that creating them returned."""

    def __init__(self, discord: "DiscordEmulator") -> None:
        self._discord = discord
        self._users: dict[int, User] = {}
        self._verbs: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "user": self._user, "users": self._many_users, "guild": self._guild,
            "channel": self._channel, "thread": self._thread, "say": self._say,
            "say_many": self._say_many, "sent": self._sent, "called": self._called,
            "counters": self._counters, "fault": self._fault, "clear_faults": self._clear_faults,
            "limits": self._limits, "gateway": self._gateway, "shown": self._shown,
            "edit": self._edit, "delete": self._delete, "press": self._press,
        }  # fmt: skip

    async def handle(self, request: web.BaseRequest, verb: str) -> web.Response:
        do = self._verbs.get(verb)
        if do is None:
            return web.Response(status=404, text=f"no such verb: {verb}")
        arguments = orjson.loads(await request.read() or b"{}")
        try:
            result = await do(arguments)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            return web.Response(status=400, text=f"{type(error).__name__}: {error}")
        return web.Response(body=orjson.dumps(result), content_type="application/json")

    async def _user(self, a: Json) -> Json:
        user = self._discord.user(a["name"], username=a.get("username"))
        self._users[user.id] = user
        return {"id": user.id, "name": user.name, "chat": user.chat().id}

    async def _many_users(self, a: Json) -> list[Json]:
        return [await self._user({"name": f"{a['name']} {i}"}) for i in range(a["count"])]

    async def _guild(self, a: Json) -> Json:
        guild = self._discord.guild(a["name"])
        return {"id": guild.id, "name": guild.name}

    async def _channel(self, a: Json) -> Json:
        from tests.emulators.discord.places import Server

        guild = self._discord.world.guilds[a["guild"]]
        if not isinstance(guild, Server):
            raise TypeError("that guild has no rooms to add to")
        make = guild.forum if a.get("kind") == "forum" else guild.channel
        return {"id": make(a["name"]).id}

    async def _thread(self, a: Json) -> Json:
        parent = self._discord.world.channels[a["channel"]]
        by = self._users[a["by"]].person
        return {"id": self._discord.open_thread(parent, a["name"], by).id}

    async def _say(self, a: Json) -> Json:
        user = self._users[a["user"]]
        channel = self._discord.world.channels[a["chat"]] if a.get("chat") else None
        said = await user.says(a["text"], in_=channel, reply_to=a.get("reply_to"))
        return {"message": int(said), "chat": said.channel.id, "at": time.monotonic()}

    async def _say_many(self, a: Json) -> list[Json]:
        return [await self._say(one) for one in a["messages"]]

    async def _edit(self, a: Json) -> Json:
        said = Said(int(a["message"]), self._discord.world.channels[a["chat"]])
        await self._users[a["user"]].edits(said, a["text"])
        return {"at": time.monotonic()}

    async def _delete(self, a: Json) -> Json:
        said = Said(int(a["message"]), self._discord.world.channels[a["chat"]])
        await self._users[a["user"]].deletes(said)
        return {"at": time.monotonic()}

    async def _press(self, a: Json) -> Json:
        channel = self._discord.world.channels[a["chat"]] if a.get("chat") else None
        interaction = await self._users[a["user"]].presses(a["label"], in_=channel)
        return {"interaction": interaction.id, "at": time.monotonic()}

    async def _shown(self, a: Json) -> list[Json]:
        """The bot's messages that are in a channel now, and how often each was edited."""
        channel = self._discord.world.channels[a["chat"]]
        edits = Counter(message for message, _ in channel.edits)
        bot = str(self._discord.bot.id)
        shown = [m for m in channel.messages.values() if m["author"]["id"] == bot]
        return [
            {"message": int(m["id"]), "text": m["content"], "edits": edits[int(m["id"])]}
            for m in shown
        ]

    async def _sent(self, a: Json) -> Json:
        """Messages from number `since` on; waits up to `timeout` s until there are `count` more."""
        record, since = self._discord.record, int(a.get("since", 0))
        want = since + int(a.get("count", 0))
        await self._discord.changed.until(lambda: len(record) >= want, a.get("timeout", 0))
        return {"sent": [s.as_json() for s in record[since:]], "next": len(record)}

    async def _called(self, a: Json) -> Json:
        """Waits up to `timeout` s until a route was called `count` times; says when that was."""
        await self._discord.called(a["method"], a["count"], a.get("timeout", 10))
        return {"at": time.monotonic()}

    async def _counters(self, _a: Json) -> Json:
        gateway = self._discord.gateway
        return {
            "calls": dict(self._discord.calls), "sent": len(self._discord.record),
            "actions": len(self._discord.typings), "menu": self._discord.bot.commands,
            "connections": len(gateway.connections), "identified": gateway.identified,
            "resumed": gateway.resumed,
        }  # fmt: skip

    async def _fault(self, a: Json) -> Json:
        fault = KINDS[a["fault"]](**a.get("arguments", {}))
        if a.get("always"):
            self._discord.faults.always(a["method"], fault)
        else:
            self._discord.faults.next(a["method"], *[fault] * a.get("times", 1))
        return {}

    async def _clear_faults(self, _a: Json) -> Json:
        self._discord.faults.clear()
        return {}

    async def _limits(self, a: Json) -> Json:
        limits = self._discord.limits
        limits.clear()
        if a.get("publish"):
            limits.publish()
        return {}

    async def _gateway(self, a: Json) -> Json:
        """What a test does to every connection: `reconnect`, `drop`, `freeze`, `close` …"""
        verbs: dict[str, Callable[[], None]] = {
            "reconnect": self._discord.gateway.reconnect,
            "drop": self._discord.gateway.drop,
            "freeze": self._discord.gateway.freeze,
            "invalidate": self._discord.gateway.invalidate,
            "forget_sessions": self._discord.gateway.forget_sessions,
            "close": lambda: self._discord.gateway.close(a["code"]),
        }
        verbs[a["do"]]()
        return {}


class DiscordControl(Driver):
    """A thin client of the endpoint, for a driver in another process."""

    async def user(self, name: str) -> int:
        return int((await self.call("user", name=name))["id"])

    async def users(self, name: str, count: int) -> list[int]:
        """`count` people at once."""
        return [int(u["id"]) for u in await self.call("users", name=name, count=count)]

    async def guild(self, name: str) -> int:
        return int((await self.call("guild", name=name))["id"])

    async def channel(self, guild: int, name: str, kind: str = "text") -> int:
        return int((await self.call("channel", guild=guild, name=name, kind=kind))["id"])

    async def thread(self, channel: int, name: str, by: int) -> int:
        return int((await self.call("thread", channel=channel, name=name, by=by))["id"])

    async def say(self, user: int, text: str, **where: Any) -> Json:
        """Write; `where` takes `chat` and `reply_to`. Returns message, chat and at."""
        result: Json = await self.call("say", user=user, text=text, **where)
        return result
