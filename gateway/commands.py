"""What people can tell Argent itself, in any chat."""

from enum import StrEnum


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
}

_ALIASES = {"start": CommandName.HELP}
"""Telegram sends /start when somebody opens the bot."""


def parse(text: str) -> CommandName | None:
    """The command in a message's text, or None: then it is for the agent.

    A slash word that is no command of ours is left to the agent, too.
    """
    if not text.startswith("/"):
        return None
    name = text[1:].partition(" ")[0].lower()
    if name in list(CommandName):
        return CommandName(name)
    return _ALIASES.get(name)


def argument(text: str) -> str:
    """What follows a command's name."""
    return text.partition(" ")[2].strip()


def stops(text: str) -> bool:
    """Whether a message's text asks to stop, which cannot wait for its turn."""
    return parse(text) is CommandName.STOP


def help_text() -> str:
    """The answer to ``/help``."""
    lines = [f"/{name} – {description}" for name, description in DESCRIPTIONS.items()]
    return "Write to me as you would to a person. I also know:\n\n" + "  \n".join(lines)
