"""Who the bot is, as `getMe` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The account's name here, and the bot's id and username there.

    `commands` are the ones that are the bot's own, without the slash: in a group, a bare command
    may be meant for any bot.
    """

    account: str
    id: int
    username: str
    commands: frozenset[str] = frozenset()

    def is_called(self, username: str) -> bool:
        """Whether a username, with or without ``@``, is the bot's."""
        return username.removeprefix("@").casefold() == self.username.casefold()
