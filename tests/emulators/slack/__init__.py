"""An emulated Slack: its published APIs, with people to write to the app."""

from tests.emulators.slack.control import SlackControl
from tests.emulators.slack.emulator import SlackEmulator
from tests.emulators.slack.faults import (
    drop_connection,
    flood,
    garbage,
    hang,
    refused,
    server_error,
    slow,
)
from tests.emulators.slack.people import User
from tests.emulators.slack.world import APP, TEAM, Channel, Said, Sent, Upload

__all__ = [
    "APP", "TEAM", "Channel", "Said", "Sent", "SlackControl", "SlackEmulator", "Upload", "User",
    "drop_connection", "flood", "garbage", "hang", "refused", "server_error", "slow",
]  # fmt: skip
