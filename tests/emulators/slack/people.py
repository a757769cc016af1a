"""The people of a test: what they do in Slack, and what reaches them."""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulators.slack import blocks as kit
from tests.emulators.slack.delivery import Delivery
from tests.emulators.slack.world import APP, TEAM, Channel, Said, Sent

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]
WAIT_SECONDS = 10.0
_triggers = itertools.count(1)


@dataclass(frozen=True, eq=False)
class User:
    """Somebody with Slack open."""

    slack: "SlackEmulator"
    person: Json

    @property
    def id(self) -> str:
        return str(self.person["id"])

    @property
    def name(self) -> str:
        return str(self.person["real_name"])

    def chat(self) -> Channel:
        """The direct messages with the bot."""
        return self.slack.im_of(self.id)

    async def says(
        self,
        text: str,
        *,
        in_: Channel | None = None,
        thread: str | None = None,
        told: bool = True,
        **fields: Any,
    ) -> Said:
        """Write a message. ``@argent`` becomes a mention, as the editor makes one of it.

        `told=False`: no event reaches the app, as when every retry failed; the history has it.
        """
        channel = in_ or self.chat()
        text = self.slack.with_mentions(text)
        message: Json = {
            "type": "message", "user": self.id, "ts": self.slack.world.ts(), "team": TEAM,
            "client_msg_id": f"{next(_triggers):032x}", "text": text, **fields,
        }  # fmt: skip
        if text:
            message["blocks"] = kit.as_typed(text)
        if thread is not None:
            message["thread_ts"] = str(thread)
        self.slack.world.keep(channel, message)
        if told:
            self.slack.deliver_message(channel, message)
        return Said(message["ts"], channel)

    async def edits(self, said: Said, text: str) -> None:
        """Change what was written before."""
        channel = said.channel
        before = dict(channel.messages[said])
        after = before | {
            "text": self.slack.with_mentions(text),
            "edited": {"user": self.id, "ts": self.slack.world.ts()},
        }
        channel.messages[said] = after
        self.slack.deliver_change(
            channel, "message_changed", message=after, previous_message=before
        )

    async def deletes(self, said: Said) -> None:
        """Take a message back."""
        self.slack.delete(said.channel, str(said))

    async def shares(
        self,
        name: str,
        content: bytes,
        mime: str = "application/octet-stream",
        *,
        text: str = "",
        in_: Channel | None = None,
        thread: str | None = None,
    ) -> Said:
        """Send a file, with or without words."""
        file = self.slack.add_file(name, mime, content)
        return await self.says(
            text, in_=in_, thread=thread, subtype="file_share", files=[file], upload=False
        )

    async def presses(
        self, label: str, *, in_: Channel | None = None, on: str | None = None
    ) -> Delivery:
        """Press a button under a message of the bot, else under its last one there.

        Raises AssertionError where there is no such button.
        """
        channel = in_ or self.chat()
        mine = [m for m in channel.messages.values() if m.get("bot_id") == self.slack.world.bot_id]
        message = next((m for m in reversed(mine) if on in (None, m["ts"])), {})
        found = [
            (block, element)
            for block in message.get("blocks") or ()
            if block["type"] == "actions"
            for element in block["elements"]
            if element["text"]["text"] == label
        ]
        assert found, f"no button {label!r} in {message}"
        return self.slack.deliveries.add("interactive", self._press(channel, message, *found[0]))

    def _press(self, channel: Channel, message: Json, block: Json, button: Json) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/"""
        number = next(_triggers)
        container = {
            "type": "message", "message_ts": message["ts"], "channel_id": channel.id,
            "is_ephemeral": False,
        }  # fmt: skip
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        return {
            "type": "block_actions", "api_app_id": APP, "token": "verification",
            "team": {"id": TEAM, "domain": "emulated"}, "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": self.id, "username": self.person["name"],
                     "name": self.person["name"], "team_id": TEAM},
            "container": container, "channel": {"id": channel.id, "name": channel.name},
            "message": {k: v for k, v in message.items() if k != "metadata"},
            "state": {"values": {}}, "response_url": self.slack.response_url(channel.id),
            "trigger_id": f"13345224609.{number}.8fb2e1",
            "actions": [{
                "type": "button", "action_id": button["action_id"],
                "block_id": block.get("block_id", "b1"), "text": button["text"],
                "value": button.get("value", ""), "action_ts": self.slack.world.ts(),
            }],
        }  # fmt: skip

    async def runs(self, command: str, *, in_: Channel | None = None) -> Delivery:
        """A slash command, such as ``/argent status``."""
        channel = in_ or self.chat()
        name, _, text = command.partition(" ")
        number = next(_triggers)
        names = {"im": "directmessage", "mpim": channel.name, "group": "privategroup"}
        return self.slack.deliveries.add("slash_commands", {
            "token": "verification", "team_id": TEAM, "team_domain": "emulated",
            "channel_id": channel.id, "channel_name": names.get(channel.kind, channel.name),
            "user_id": self.id, "user_name": self.person["name"], "command": name, "text": text,
            "api_app_id": APP, "is_enterprise_install": "false",
            "response_url": self.slack.response_url(channel.id),
            "trigger_id": f"13345224609.{number}.8fb2e1",
        })  # fmt: skip

    async def hears(
        self,
        n: int = 1,
        *,
        in_: Channel | None = None,
        thread: str | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> list[Sent]:
        """The next `n` messages of the bot that this person has not heard yet in that place.

        Raises AssertionError when they do not come within `timeout` seconds.
        """
        channel = in_ or self.chat()
        key = (self.id, thread)

        def there() -> list[Sent]:
            return [s for s in channel.sent[channel.heard.get(key, 0) :] if s.thread == thread]

        if not await channel.changed.until(lambda: len(there()) >= n, timeout):
            raise AssertionError(f"{len(there())} of {n} messages came: {channel.sent}")
        heard = there()[:n]
        if heard:
            channel.heard[key] = channel.sent.index(heard[-1]) + 1
        return heard
