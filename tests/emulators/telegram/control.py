"""Driving the emulator from another process: ``POST /control/<verb>`` with JSON in and out."""

import base64
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.emulators.driver import Driver
from tests.emulators.telegram.faults import KINDS
from tests.emulators.telegram.people import User
from tests.emulators.telegram.world import Chat, Said

if TYPE_CHECKING:
    from tests.emulators.telegram.emulator import TelegramEmulator

Json = dict[str, Any]


class Control:
    """The endpoint. Users and topics go by the ids that creating them returned."""

    def __init__(self, telegram: "TelegramEmulator") -> None:
        self._telegram = telegram
        self._users: dict[int, User] = {}
        self._verbs: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "user": self._user,
            "users": self._many_users,
            "group": self._group,
            "topic": self._topic,
            "migrate": self._migrate,
            "say": self._say,
            "say_many": self._say_many,
            "share": self._share,
            "edit": self._edit,
            "press": self._press,
            "shown": self._shown,
            "sent": self._sent,
            "called": self._called,
            "counters": self._counters,
            "confirmed": self._confirmed,
            "drained": self._drained,
            "fault": self._fault,
            "clear_faults": self._clear_faults,
            "limits": self._limits,
        }

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
        user = self._telegram.user(a["name"], username=a.get("username"))
        self._users[user.id] = user
        return {"id": user.id, "name": user.name}

    async def _many_users(self, a: Json) -> list[Json]:
        return [await self._user({"name": f"{a['name']} {i}"}) for i in range(a["count"])]

    async def _group(self, a: Json) -> Json:
        kinds = {"group": self._telegram.group, "supergroup": self._telegram.supergroup,
                 "forum": self._telegram.forum}  # fmt: skip
        chat = kinds[a.get("kind", "group")](a["title"])
        return {"id": chat.id, "title": chat.title}

    async def _topic(self, a: Json) -> Json:
        from tests.emulators.telegram.emulator import Forum

        chat = self._telegram.world.groups[a["chat"]]
        if not isinstance(chat, Forum):
            raise ValueError("only a forum has topics")
        topic = chat.topic(a["name"])
        return {"id": topic.id, "name": topic.name}

    async def _migrate(self, a: Json) -> Json:
        return {"id": self._telegram.migrate(self._telegram.world.groups[a["chat"]]).id}

    async def _say(self, a: Json) -> Json:
        user = self._users[a["user"]]
        said = await user.says(
            a["text"], in_=self._place(a), thread=a.get("thread"), reply_to=a.get("reply_to")
        )
        return {"message": int(said), "chat": said.chat.id, "at": time.monotonic()}

    async def _say_many(self, a: Json) -> list[Json]:
        return [await self._say(one) for one in a["messages"]]

    async def _share(self, a: Json) -> Json:
        """Send a file; `content` is base64, `kind` as for `User.sends`."""
        said = await self._users[a["user"]].sends(
            a.get("kind", "document"), a["name"], base64.b64decode(a["content"]), a["mime"],
            in_=self._place(a), **({"caption": a["text"]} if a.get("text") else {}),
        )  # fmt: skip
        return {"message": int(said), "chat": said.chat.id}

    async def _edit(self, a: Json) -> Json:
        user = self._users[a["user"]]
        await user.edits(Said(a["message"], self._place(a) or user.chat()), a["text"])
        return {}

    async def _press(self, a: Json) -> Json:
        """Press a button under the bot's last message, or under `message`."""
        user, place = self._users[a["user"]], self._place(a)
        message = a.get("message") or user.sees(in_=place)[-1]["message_id"]
        return {"press": await user.presses(a["label"], message=message, in_=place)}

    async def _shown(self, a: Json) -> list[Json]:
        """What bots' messages that somebody sees in a place read now, and how often each was
        edited."""
        edits = Counter((edit["chat"], edit["message"]) for edit in self._telegram.edits)
        return [
            {
                "message": m["message_id"],
                "text": m.get("text", m.get("caption", "")),
                "edits": edits[m["chat"]["id"], m["message_id"]],
            }
            for m in self._users[a["user"]].sees(in_=self._place(a))
        ]

    def _place(self, a: Json) -> Chat | None:
        return self._telegram.world.groups[a["chat"]] if a.get("chat") else None

    async def _sent(self, a: Json) -> Json:
        """Messages from number `since` on; waits up to `timeout` s until there are `count` more."""
        record, since = self._telegram.record, int(a.get("since", 0))
        want = since + int(a.get("count", 0))
        await self._telegram.changed.until(lambda: len(record) >= want, a.get("timeout", 0))
        return {"sent": [s.as_json() for s in record[since:]], "next": len(record)}

    async def _called(self, a: Json) -> Json:
        """Waits up to `timeout` s until a method was called `count` times; says when that was."""
        await self._telegram.called(a["method"], a["count"], a.get("timeout", 10))
        return {"at": time.monotonic()}

    async def _counters(self, _a: Json) -> Json:
        updates = self._telegram.bot.updates
        return {
            "calls": dict(self._telegram.calls),
            "sent": len(self._telegram.record),
            "updates": len(updates.created),
            "unconfirmed": len(updates),
            "actions": len(self._telegram.actions),
            "menu": self._telegram.bot.commands.get(('{"type":"default"}', ""), []),
        }

    async def _confirmed(self, a: Json) -> list[float]:
        """When each update from number `since` on was confirmed."""
        return self._telegram.bot.updates.confirmed_at[int(a.get("since", 0)) :]

    async def _drained(self, a: Json) -> Json:
        await self._telegram.drained(timeout=a.get("timeout", 10))
        return {}

    async def _fault(self, a: Json) -> Json:
        fault = KINDS[a["fault"]](**a.get("arguments", {}))
        if a.get("always"):
            self._telegram.faults.always(a["method"], fault)
        else:
            self._telegram.faults.next(a["method"], *[fault] * a.get("times", 1))
        return {}

    async def _clear_faults(self, _a: Json) -> Json:
        self._telegram.faults.clear()
        return {}

    async def _limits(self, a: Json) -> Json:
        limits = self._telegram.limits
        limits.chat, limits.group = a.get("chat", 0), a.get("group", 0)
        limits.overall = a.get("overall", 0)
        return {}


class TelegramControl(Driver):
    """A thin client of the endpoint, for a driver in another process."""

    async def user(self, name: str) -> int:
        return int((await self.call("user", name=name))["id"])

    async def users(self, name: str, count: int) -> list[int]:
        """`count` people at once."""
        return [int(u["id"]) for u in await self.call("users", name=name, count=count)]

    async def group(self, title: str, kind: str = "group") -> int:
        return int((await self.call("group", title=title, kind=kind))["id"])

    async def topic(self, chat: int, name: str) -> int:
        return int((await self.call("topic", chat=chat, name=name))["id"])

    async def say(self, user: int, text: str, **where: Any) -> Json:
        """Write; `where` takes `chat`, `thread` and `reply_to`. Returns message, chat and at."""
        result: Json = await self.call("say", user=user, text=text, **where)
        return result
