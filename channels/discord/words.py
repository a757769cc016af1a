"""What somebody wrote: whether it names the bot, and what is left without the bot's name.

https://docs.discord.com/developers/reference#message-formatting
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.discord.identity import Identity

Json = dict[str, Any]
_AFTER_A_NAME = " \t\r\n,:;.!–—-"
_USER = re.compile(r"<@!?(\d{1,20})>")
_EMOJI = re.compile(r"<a?(:\w{1,32}:)\d{1,20}>")


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a message; `mentioned` says that it names the bot."""

    text: str
    mentioned: bool = False


def words(message: Json, me: Identity, role: int | None = None) -> Words:
    """The message's words: a leading mention of the bot left out, other people by their names.

    The bot goes by its `role` in a server, too: people are offered both, under the same name.
    """
    content = message.get("content") or ""
    if not isinstance(content, str):
        raise TypeError(f"a text is no {type(content).__name__}")
    if role is not None:
        content = content.replace(f"<@&{role}>", f"<@{me.id}>")
    mine = [found for found in _USER.finditer(content) if found[1] == str(me.id)]
    names = {str(user["id"]): name(user) for user in message.get("mentions") or ()}
    names[str(me.id)] = me.username
    if mine and not content[: mine[0].start()].strip():
        rest = content[mine[0].end() :].lstrip(_AFTER_A_NAME)
        # A name alone is kept: it is all there is to answer to.
        content = rest or content
    return Words(_readable(content, names), bool(mine))


def name(user: Json) -> str:
    """How a user is shown."""
    return str(user.get("global_name") or user.get("username") or user.get("id") or "")


def _readable(content: str, names: Mapping[str, str]) -> str:
    content = _USER.sub(lambda m: f"@{names[m[1]]}" if m[1] in names else m[0], content)
    return _EMOJI.sub(r"\1", content)
