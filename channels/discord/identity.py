"""Who the bot is, as Discord says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The account's name here, and the bot's user id, application id and name there."""

    account: str
    id: int
    application: int
    username: str
