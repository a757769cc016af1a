"""An emulated Discord: the HTTP API and the gateway as published, with people who use them."""

from tests.emulators.discord.control import DiscordControl
from tests.emulators.discord.emulator import DiscordEmulator
from tests.emulators.discord.faults import (
    banned,
    drop_connection,
    flood,
    garbage,
    hang,
    refused,
    server_error,
    slow,
    unauthorized,
)
from tests.emulators.discord.interactions import Interaction
from tests.emulators.discord.people import Said, User
from tests.emulators.discord.places import Room, Server
from tests.emulators.discord.world import Bot, Channel, Sent

__all__ = [
    "Bot", "Channel", "DiscordControl", "DiscordEmulator", "Interaction", "Room", "Said", "Sent",
    "Server", "User", "banned", "drop_connection", "flood", "garbage", "hang", "refused",
    "server_error", "slow", "unauthorized",
]  # fmt: skip
