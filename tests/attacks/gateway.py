"""A process that runs commands without end, to be killed: ``python -m tests.attacks.gateway``.

Prints a line whenever it begins one.
"""

import asyncio
import sys
from pathlib import Path

from agents.sandbox.kept import KeptSandbox
from agents.sandbox.limits import Limits
from tests.attacks.backends import EVERY

WORKERS = 4


async def main(name: str, mark: str, workspace: str, token: str) -> None:
    """Every worker runs one command after the other; each leaves what it can behind."""
    sandbox = KeptSandbox(EVERY[name], mark=mark)
    command = f"setsid sleep {token} & (trap '' TERM; sleep {token}) & exec sleep {token}"

    async def worker(number: int) -> None:
        while True:
            sys.stdout.write("begun\n")
            sys.stdout.flush()
            wall = 0.05 * (number + 1)
            await sandbox.run(command, workspace=Path(workspace), limits=Limits(wall=wall))

    await asyncio.gather(*map(worker, range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
