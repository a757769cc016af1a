"""The emulator as its own process: ``python -m tests.emulators.discord --port 0``."""

import argparse

from tests.emulators.discord.emulator import run_until_stopped

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
parser.add_argument("--heartbeat-ms", type=int, default=41_250, help="what clients are asked for")
arguments = parser.parse_args()
run_until_stopped(arguments.port, arguments.heartbeat_ms)
