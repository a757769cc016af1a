"""Who the bot is, as `auth.test` says: https://docs.slack.dev/reference/methods/auth.test"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The account's name here, and the bot's ids and name in its workspace.

    `commands` are the ones that are the bot's own, `slash` the name of its slash command, without
    the slash. `starts_threads` says that a mention in a channel begins a conversation.
    """

    account: str
    team: str
    user: str
    bot: str
    name: str
    slash: str = "argent"
    commands: frozenset[str] = frozenset()
    starts_threads: bool = True
