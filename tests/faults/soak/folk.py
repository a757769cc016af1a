"""The people of one platform, whose emulator is another process, and what goes wrong there."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.process import Emulated, account, emulated

Json = dict[str, Any]
PLATFORMS = ("telegram", "discord", "slack")
_MORE: Mapping[str, Json] = {"slack": {"reply_in_thread": False}}
"""Else each mention in a channel would begin a conversation of its own."""

_FILE = {"name": "notes.txt", "mime": "text/plain"}
_CONTENT = base64.b64encode(b"What was agreed.\n" * 20).decode()


@dataclass(frozen=True)
class Spot:
    """Where somebody talks: how `say` is told of it, and what makes the bot listen there."""

    where: Json
    mention: str = ""


@dataclass
class Folk:
    """Everybody on a platform. `spots` are their chats, `strangers` those who are not let in."""

    platform: str
    here: Emulated
    spots: list[Spot] = field(default_factory=list)
    strangers: list[Spot] = field(default_factory=list)
    said: list[tuple[Spot, Json]] = field(default_factory=list)

    @property
    def account(self) -> Json:
        """The settings of the account; strangers are shown a code."""
        users = [str(spot.where["user"]) for spot in self.spots]
        return account(self.platform, self.here.told) | {
            "dm_policy": "pairing",
            "group_policy": "open",
            "allow_users": sorted(set(users)),
            **_MORE.get(self.platform, {}),
        }

    async def say(self, spot: Spot, words: str) -> None:
        """Say something; it may be changed later."""
        at = await self.here.control.call("say", **spot.where, text=spot.mention + words)
        self.said = [*self.said[-20:], (spot, at)]

    async def edit(self, words: str) -> None:
        """Somebody changes what they said lately."""
        if self.said:
            spot, at = self.said[-1]
            text = spot.mention + words
            await self.here.control.call("edit", **_message(self.platform, spot, at), text=text)

    async def delete(self) -> None:
        """Somebody takes back what they said, where the platform tells of it."""
        if self.said and self.platform != "telegram":
            spot, at = self.said.pop()
            await self.here.control.call("delete", **_message(self.platform, spot, at))

    async def share(self, spot: Spot) -> None:
        """Somebody sends a file."""
        if self.platform != "discord":
            told = {**spot.where, **_FILE, "content": _CONTENT, "text": f"{spot.mention}A file"}
            await self.here.control.call("share", **told)

    async def fails(self, number: int) -> None:
        """The next thing goes wrong; every kind has its turn."""
        troubles = _TROUBLES[self.platform]
        verb, told = troubles[number % len(troubles)]
        await self.here.control.call(verb, **told)


def _message(platform: str, spot: Spot, at: Json) -> Json:
    """How `edit` and `delete` are told of a message."""
    named = {name: at[name] for name in _NAMES[platform]}
    return {**spot.where, **named}


_NAMES: Mapping[str, Sequence[str]] = {
    "telegram": ("message",),
    "discord": ("message", "chat"),
    "slack": ("ts", "channel"),
}


def _fault(method: str, fault: str, **arguments: Any) -> tuple[str, Json]:
    return "fault", {"method": method, "fault": fault, "arguments": arguments}


_TROUBLES: Mapping[str, Sequence[tuple[str, Json]]] = {
    "telegram": (
        _fault("sendMessage", "flood", retry_after=1),
        _fault("sendMessage", "server_error", code=502, html=True),
        _fault("sendMessage", "drop_connection"),
        _fault("getUpdates", "server_error"),
        _fault("getUpdates", "drop_connection"),
        _fault("getUpdates", "garbage"),
        _fault("getUpdates", "conflict"),
        _fault("sendMessage", "slow", seconds=0.5),
    ),
    "discord": (
        _fault("create_message", "flood", retry_after=0.3),
        _fault("create_message", "server_error"),
        ("gateway", {"do": "reconnect"}),
        ("gateway", {"do": "drop"}),
        ("gateway", {"do": "invalidate"}),
        _fault("create_message", "drop_connection"),
    ),
    "slack": (
        _fault("chat.postMessage", "flood", retry_after=1),
        _fault("chat.postMessage", "server_error"),
        ("disconnect", {}),
        ("cut", {}),
        _fault("apps.connections.open", "server_error"),
        _fault("chat.postMessage", "drop_connection"),
    ),
}


async def _on_telegram(folk: Folk, chats: int) -> None:
    call, mention = folk.here.control.call, f"@{folk.here.told['bot']['username']} "
    people = [who["id"] for who in await call("users", name="Person", count=chats)]
    forum = (await call("group", title="Company", kind="forum"))["id"]
    for number, user in enumerate(people):
        if number % 10 == 0:
            group = (await call("group", title=f"Group {number}"))["id"]
            folk.spots.append(Spot({"user": user, "chat": group}, mention))
        elif number % 10 == 1:
            topic = (await call("topic", chat=forum, name=f"Topic {number}"))["id"]
            folk.spots.append(Spot({"user": user, "chat": forum, "thread": topic}, mention))
        else:
            folk.spots.append(Spot({"user": user}))


async def _on_discord(folk: Folk, chats: int) -> None:
    call, mention = folk.here.control.call, f"<@{folk.here.told['bot']['id']}> "
    people = [who["id"] for who in await call("users", name="Person", count=chats)]
    guild = (await call("guild", name="Team"))["id"]
    parent = (await call("channel", guild=guild, name="parent"))["id"]
    for number, user in enumerate(people):
        if number % 5 == 0:
            room = (await call("channel", guild=guild, name=f"room-{number}"))["id"]
            folk.spots.append(Spot({"user": user, "chat": room}, mention))
        elif number % 5 == 1:
            thread = (await call("thread", channel=parent, name=f"T {number}", by=user))["id"]
            folk.spots.append(Spot({"user": user, "chat": thread}, mention))
        else:
            folk.spots.append(Spot({"user": user}))


async def _on_slack(folk: Folk, chats: int) -> None:
    call = folk.here.control.call
    people = [who["id"] for who in await call("users", name="Person", count=chats)]
    parent = (await call("channel", name="parent"))["id"]
    for number, user in enumerate(people):
        if number % 5 == 0:
            room = (await call("channel", name=f"room-{number}"))["id"]
            folk.spots.append(Spot({"user": user, "channel": room}, "@argent "))
        elif number % 5 == 1:
            told = {"user": user, "channel": parent, "told": False, "text": "About this"}
            root = (await call("say", **told))["ts"]
            spot = Spot({"user": user, "channel": parent, "thread": root}, "@argent ")
            folk.spots.append(spot)
        else:
            folk.spots.append(Spot({"user": user}))


_SETTLE: Mapping[str, Callable[[Folk, int], Awaitable[None]]] = {
    "telegram": _on_telegram,
    "discord": _on_discord,
    "slack": _on_slack,
}


@asynccontextmanager
async def everybody(chats: int) -> AsyncIterator[list[Folk]]:
    """So many chats on each of three platforms, and a few strangers."""
    async with AsyncExitStack() as stack:
        found = []
        for platform in PLATFORMS:
            folk = Folk(platform, await stack.enter_async_context(emulated(platform)))
            await _SETTLE[platform](folk, chats)
            strangers = await folk.here.control.call("users", name="Stranger", count=3)
            folk.strangers = [Spot({"user": who["id"]}) for who in strangers]
            found.append(folk)
        yield found
