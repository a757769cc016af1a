"""Driving the emulator from another process: ``POST /control/<verb>`` with JSON in and out."""

import base64
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.emulators.driver import Driver
from tests.emulators.slack.faults import KINDS
from tests.emulators.slack.people import User
from tests.emulators.slack.world import Channel, Said

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]


class Control:
    """The endpoint. Users and channels go by the ids that creating them returned."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._users: dict[str, User] = {}
        self._verbs: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "user": self._user,
            "channel": self._channel,
            "im": self._im,
            "users": self._many_users,
            "say": self._say,
            "say_many": self._say_many,
            "edit": self._edit,
            "delete": self._delete,
            "share": self._share,
            "press": self._press,
            "run": self._run,
            "shown": self._shown,
            "sent": self._sent,
            "counters": self._counters,
            "settled": self._settled,
            "fault": self._fault,
            "clear_faults": self._clear_faults,
            "disconnect": self._disconnect,
            "cut": self._cut,
        }

    async def handle(self, request: web.BaseRequest, verb: str) -> web.Response:
        do = self._verbs.get(verb)
        if do is None:
            return web.Response(status=404, text=f"no such verb: {verb}")
        try:
            result = await do(orjson.loads(await request.read() or b"{}"))
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            return web.Response(status=400, text=f"{type(error).__name__}: {error}")
        return web.Response(body=orjson.dumps(result), content_type="application/json")

    async def _user(self, a: Json) -> Json:
        user = self._slack.user(a["name"])
        self._users[user.id] = user
        return {"id": user.id, "name": user.name}

    async def _many_users(self, a: Json) -> list[Json]:
        return [await self._user({"name": f"{a['name']} {i}"}) for i in range(a["count"])]

    async def _channel(self, a: Json) -> Json:
        if "members" in a:
            channel = self._slack.mpim(*(self._users[m] for m in a["members"]))
        else:
            channel = self._slack.channel(a["name"], private=a.get("private", False))
        return {"id": channel.id, "name": channel.name}

    async def _im(self, a: Json) -> Json:
        return {"id": self._users[a["user"]].chat().id}

    async def _say(self, a: Json) -> Json:
        said = await self._users[a["user"]].says(
            a["text"], in_=self._place(a), thread=a.get("thread"), told=a.get("told", True)
        )
        return {"ts": str(said), "channel": said.channel.id, "at": time.monotonic()}

    async def _say_many(self, a: Json) -> list[Json]:
        return [await self._say(one) for one in a["messages"]]

    async def _edit(self, a: Json) -> Json:
        channel = self._slack.world.channels[a["channel"]]
        await self._users[a["user"]].edits(Said(a["ts"], channel), a["text"])
        return {}

    async def _delete(self, a: Json) -> Json:
        channel = self._slack.world.channels[a["channel"]]
        await self._users[a["user"]].deletes(Said(a["ts"], channel))
        return {}

    async def _share(self, a: Json) -> Json:
        said = await self._users[a["user"]].shares(
            a["name"], base64.b64decode(a["content"]), a["mime"], text=a.get("text", ""),
            in_=self._place(a), thread=a.get("thread"),
        )  # fmt: skip
        return {"ts": str(said), "channel": said.channel.id}

    async def _press(self, a: Json) -> Json:
        await self._users[a["user"]].presses(a["label"], in_=self._place(a), on=a.get("ts"))
        return {}

    async def _shown(self, a: Json) -> Json:
        """What the bot's messages in a place read now, and its reactions and files there."""
        channel = self._slack.world.channels[a["channel"]]
        reactions = [r for r in self._slack.methods.reactions if r[0] == channel.id]
        return {
            "texts": self._slack.shown(channel, a.get("thread")),
            "reactions": [{"ts": ts, "name": name} for _, ts, name in reactions],
            "files": [{"name": u.name, "size": len(u.content)} for u in channel.uploads],
        }

    async def _run(self, a: Json) -> Json:
        await self._users[a["user"]].runs(a["command"], in_=self._place(a))
        return {}

    async def _sent(self, a: Json) -> Json:
        """Messages from number `since` on; waits up to `timeout` s until there are `count` more."""
        record, since = self._slack.record, int(a.get("since", 0))
        want = since + int(a.get("count", 0))
        await self._slack.changed.until(lambda: len(record) >= want, a.get("timeout", 0))
        return {"sent": [s.as_json() for s in record[since:]], "next": len(record)}

    async def _counters(self, _a: Json) -> Json:
        return {
            "calls": dict(self._slack.calls), "opened": self._slack.socket.opened,
            "open": len(self._slack.socket.open), "acks": len(self._slack.socket.acks),
            "sent": len(self._slack.record),
        }  # fmt: skip

    async def _settled(self, a: Json) -> Json:
        await self._slack.deliveries.settled(a.get("timeout", 10))
        return {}

    async def _fault(self, a: Json) -> Json:
        fault = KINDS[a["fault"]](**a.get("arguments", {}))
        if a.get("always"):
            self._slack.faults.always(a["method"], fault)
        else:
            self._slack.faults.next(a["method"], *[fault] * a.get("times", 1))
        return {}

    async def _clear_faults(self, _a: Json) -> Json:
        self._slack.faults.clear()
        return {}

    async def _disconnect(self, a: Json) -> Json:
        await self._slack.socket.disconnect(a.get("reason", "refresh_requested"))
        return {}

    async def _cut(self, _a: Json) -> Json:
        self._slack.socket.cut()
        return {}

    def _place(self, a: Json) -> Channel | None:
        return self._slack.world.channels[a["channel"]] if a.get("channel") else None


class SlackControl(Driver):
    """A thin client of the endpoint, for a driver in another process."""

    async def users(self, name: str, count: int) -> list[str]:
        """`count` people at once."""
        return [str(u["id"]) for u in await self.call("users", name=name, count=count)]

    async def channel(self, name: str) -> str:
        return str((await self.call("channel", name=name))["id"])

    async def say(self, user: str, text: str, **where: Any) -> Json:
        """Write; `where` takes `channel`, `thread` and `told`. Returns ts, channel and at."""
        result: Json = await self.call("say", user=user, text=text, **where)
        return result
