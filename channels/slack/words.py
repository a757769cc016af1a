"""What somebody wrote, as words: mentions and links in place, Slack's escapes undone.

https://docs.slack.dev/messaging/formatting-message-text/#retrieving-messages
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from channels.slack.identity import Identity
from channels.slack.known import Person

_MARKED = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_AFTER_A_NAME = " \t\r\n,:;.!–—-"


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a message; `mentioned` says that it names the bot."""

    text: str
    mentioned: bool = False


def words(text: object, me: Identity, people: Mapping[str, Person]) -> Words:
    """The words of a message's text, without a leading mention of the bot.

    `@bot status` is the command `/status`: slash commands do not work in threads.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text is no {type(text).__name__}")
    # Half an emoji, cut off by a client, is no text in UTF-8.
    text = text.encode(errors="replace").decode()
    mentioned = me.user in mentions(text)
    first = _MENTION.match(text.lstrip())
    if first is None or first[1] != me.user:
        return Words(plain(text, me, people), mentioned)
    rest = plain(text.lstrip()[first.end() :], me, people).lstrip(_AFTER_A_NAME)
    if rest.rstrip().lower() in me.commands:
        rest = f"/{rest.rstrip().lower()}"
    # A name alone is kept: it is all there is to answer to.
    return Words(rest or f"@{me.name}", mentioned=True)


def mentions(text: str) -> frozenset[str]:
    """The ids of the people that a text names."""
    return frozenset(found[1] for found in _MENTION.finditer(text))


def plain(text: str, me: Identity, people: Mapping[str, Person]) -> str:
    """A text in Slack's form as people see it."""
    out, end = [], 0
    for found in _MARKED.finditer(text):
        out += [_unescaped(text[end : found.start()]), _shown(found, me, people)]
        end = found.end()
    return "".join([*out, _unescaped(text[end:])])


def _shown(found: re.Match[str], me: Identity, people: Mapping[str, Person]) -> str:
    sign, name, label = found[1], found[2], _unescaped(found[3] or "")
    match sign:
        case "@":
            person = people.get(name)
            known = me.name if name == me.user else person.name if person else ""
            return "@" + (known or label.removeprefix("@") or name)
        case "#":
            return "#" + (label or name)
        case "!":
            return label or f"@{name.partition('^')[0]}"
    url = _unescaped(name)
    if label in ("", url, url.removeprefix("mailto:"), url.partition("://")[2]):
        return url.removeprefix("mailto:")
    return f"{label} ({url})"


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
