"""A process that appends to a state folder for as long as it is let, and says what was kept.

    python -m tests.faults.appender <state-dir> <sessions>

Prints a line `<chat> <number>` for each turn after it was acknowledged.
"""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from state.files import open_state
from tests.contracts.examples import after, session, turn


async def main(root: Path, chats: int) -> None:
    state = await open_state(root)

    async def talk(chat: str) -> None:
        facts = session(chat)
        for number in count(1):
            entries = turn(number, answers="words " * (number * 37 % 90))
            facts = after(facts, entries)
            await state.sessions.append(facts, entries)
            os.write(1, f"{chat} {number}\n".encode())

    await asyncio.gather(*(talk(str(chat)) for chat in range(chats)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
