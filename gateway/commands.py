"""What people can tell Argent itself, in any chat, and who may."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from channels.config import CommandRights


class CommandName(StrEnum):
    """The commands, as they are typed after the slash."""

    HELP = "help"
    STATUS = "status"
    NEW = "new"
    SESSIONS = "sessions"
    SESSION = "session"
    RENAME = "rename"
    CLEAR = "clear"
    KEEP = "keep"
    FORGET = "forget"
    COMPACT = "compact"
    STOP = "stop"
    MODEL = "model"
    SKILL = "skill"
    TOOLS = "tools"
    PROMPT = "prompt"
    TITLE = "title"
    PAIR = "pair"
    UNPAIR = "unpair"
    APPROVE = "approve"
    DENY = "deny"


DESCRIPTIONS = {
    CommandName.HELP: "What I can do",
    CommandName.STATUS: "This conversation: model, messages, context",
    CommandName.NEW: "Start another conversation; a name behind it is how to find it again",
    CommandName.SESSIONS: "Our conversations",
    CommandName.SESSION: "Go on in another conversation, by its name or number",
    CommandName.RENAME: "Give this conversation a name",
    CommandName.CLEAR: "Forget this conversation (it stays in the archive)",
    CommandName.KEEP: "Keep this conversation, where I asked whether I shall",
    CommandName.FORGET: "Erase all that we ever said here for good",
    CommandName.COMPACT: "Summarise what we said, to make room (`undo` takes it back)",
    CommandName.STOP: "Stop the answer I am working on",
    CommandName.MODEL: "The model that answers here; a name behind it chooses another",
    CommandName.SKILL: "The skill I work with here; a name behind it chooses another",
    CommandName.TOOLS: "What I may use here",
    CommandName.PROMPT: "What I am told before this conversation",
    CommandName.TITLE: "What this conversation is called; words behind it rename it",
    CommandName.PAIR: "Go on with this conversation in another app, too",
    CommandName.UNPAIR: "Let this chat be on its own again",
    CommandName.APPROVE: "Let me do what I asked you for, by its code (for owners)",
    CommandName.DENY: "Don't let me do what I asked you for, by its code (for owners)",
}


class Reach(StrEnum):
    """Who may give a command.

    `everybody` is whoever is answered. `members` are those whose own conversation it is: in a
    private chat the one who writes there, in a group whom its `commands` let. `own` is the same,
    but in groups an owner's. `private` is the same, but in groups it only says that it is for
    private chats. `owners` are the owners alone.
    """

    EVERYBODY = "everybody"
    MEMBERS = "members"
    OWN = "own"
    PRIVATE = "private"
    OWNERS = "owners"


_ASKED: Mapping[CommandName, Reach] = MappingProxyType(
    {
        CommandName.HELP: Reach.EVERYBODY,
        CommandName.STATUS: Reach.EVERYBODY,
        CommandName.STOP: Reach.EVERYBODY,
        CommandName.NEW: Reach.MEMBERS,
        CommandName.SESSIONS: Reach.PRIVATE,
        CommandName.SESSION: Reach.PRIVATE,
        CommandName.RENAME: Reach.PRIVATE,
        CommandName.CLEAR: Reach.MEMBERS,
        CommandName.KEEP: Reach.MEMBERS,
        CommandName.FORGET: Reach.OWN,
        CommandName.COMPACT: Reach.MEMBERS,
        CommandName.MODEL: Reach.MEMBERS,
        CommandName.SKILL: Reach.MEMBERS,
        CommandName.TOOLS: Reach.MEMBERS,
        CommandName.PROMPT: Reach.OWNERS,
        CommandName.TITLE: Reach.MEMBERS,
        CommandName.PAIR: Reach.EVERYBODY,
        CommandName.UNPAIR: Reach.EVERYBODY,
        CommandName.APPROVE: Reach.OWNERS,
        CommandName.DENY: Reach.OWNERS,
    }
)
_SET: Mapping[CommandName, Reach] = MappingProxyType(
    {CommandName.MODEL: Reach.OWNERS, CommandName.TOOLS: Reach.OWNERS}
)
"""With words behind it, where that is not as without."""


def reach(command: CommandName, argument: str) -> Reach:
    """Who may give a command with this behind it. One that nobody decided about is the owners'."""
    asked = _ASKED.get(command, Reach.OWNERS)
    return _SET.get(command, asked) if argument else asked


def may(
    command: CommandName, argument: str, *, owner: bool, shared: bool, rights: CommandRights
) -> bool:
    """Whether somebody may give a command.

    `shared` says that others are heard there, too, and `rights` are those of the place: a private
    chat is its one member's.
    """
    needed = reach(command, argument)
    if needed is Reach.EVERYBODY or (needed is Reach.PRIVATE and shared):
        return True
    if rights is CommandRights.NOBODY:
        return False
    if owner:
        return True
    if needed is Reach.OWNERS or rights is CommandRights.OWNERS:
        return False
    return needed is not Reach.OWN or not shared


_START = "start"
_ALIASES = {_START: CommandName.HELP}
"""Telegram sends /start when somebody opens the bot, and what its link says behind ``?start=``:
https://core.telegram.org/bots/features#deep-linking."""
_LINKS = "pair-"


def deep_link(bot: str, code: str) -> str:
    """The address that opens a Telegram bot with a code."""
    return f"https://t.me/{bot.removeprefix('@')}?start={_LINKS}{code}"


def parse(text: str) -> CommandName | None:
    """The command in a message's text, or None: then it is for the agent.

    A slash word that is no command of ours is left to the agent, too.
    """
    if not text.startswith("/"):
        return None
    name = text[1:].partition(" ")[0].lower()
    if name == _START and argument(text).startswith(_LINKS):
        return CommandName.PAIR
    if name in list(CommandName):
        return CommandName(name)
    return _ALIASES.get(name)


def argument(text: str) -> str:
    """What follows a command's name."""
    return text.partition(" ")[2].strip()


def code_in(text: str) -> str:
    """What follows ``/pair``, however that is written."""
    return argument(text).removeprefix(_LINKS)


def stops(text: str) -> bool:
    """Whether a message's text asks to stop, which cannot wait for its turn."""
    return parse(text) is CommandName.STOP


def decides(text: str) -> bool:
    """Whether a message's text says whether a call may be made: a turn waits for it."""
    return parse(text) in (CommandName.APPROVE, CommandName.DENY)


def help_text() -> str:
    """The answer to ``/help``."""
    lines = [f"/{name} – {description}" for name, description in DESCRIPTIONS.items()]
    return "Write to me as you would to a person. I also know:\n\n" + "  \n".join(lines)
