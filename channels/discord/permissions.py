"""What a bot must be allowed in a server: https://docs.discord.com/developers/topics/permissions"""

from enum import IntFlag


class Permission(IntFlag):
    """The permissions that Argent uses, and the one that stands for all."""

    ADMINISTRATOR = 1 << 3
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNELS = 1 << 10
    SEND_MESSAGES = 1 << 11
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    SEND_MESSAGES_IN_THREADS = 1 << 38


WANTED = (
    Permission.VIEW_CHANNELS
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ATTACH_FILES
    | Permission.ADD_REACTIONS
)
"""What an invitation asks for."""


def missing(given: int) -> Permission:
    """What is wanted and not given. Pure."""
    return Permission(0) if given & Permission.ADMINISTRATOR else WANTED & ~given


def named(permissions: Permission) -> str:
    """As Discord's settings write them: "Send Messages, Attach Files". Pure."""
    return ", ".join(
        p.name.replace("_", " ").title().replace(" In ", " in ") for p in permissions if p.name
    )


def invitation(application: int) -> str:
    """The address under which the bot is added to a server. Pure.

    https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow
    """
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&scope=bot+applications.commands&permissions={WANTED.value}"
    )
