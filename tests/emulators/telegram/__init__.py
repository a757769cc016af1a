"""An emulated Telegram: the Bot API as it is published, with people to write to the bot."""

from tests.emulators.telegram.control import TelegramControl
from tests.emulators.telegram.emulator import Forum, TelegramEmulator
from tests.emulators.telegram.faults import (
    conflict,
    drop_connection,
    flood,
    garbage,
    hang,
    refused,
    server_error,
    slow,
    slow_answer,
    unauthorized,
)
from tests.emulators.telegram.people import User
from tests.emulators.telegram.world import Bot, Chat, Said, Sent, Topic

__all__ = [
    "Bot", "Chat", "Forum", "Said", "Sent", "TelegramControl", "TelegramEmulator", "Topic", "User",
    "conflict", "drop_connection", "flood", "garbage", "hang", "refused", "server_error", "slow",
    "slow_answer", "unauthorized",
]  # fmt: skip
