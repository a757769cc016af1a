"""The emulator as its own process: ``python -m tests.emulators.discord --port 0``."""

import argparse

from tests.emulators.discord.emulator import run_until_stopped

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
run_until_stopped(parser.parse_args().port)
