"""A process that talks and erases beside its index, and says what was done.

    python -m tests.faults.searched <state-dir>

Prints a line `<number>` for each turn, when it is said and the one two before it is erased.
"""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from state.files import open_state
from tests.contracts.examples import after, session, turn

AGO = 2


async def main(root: Path) -> None:
    state = await open_state(root)
    state.search.start()
    facts = session()
    for number in count(1):
        entries = turn(number, asks=f"word{number}")
        facts = after(facts, entries)
        await state.sessions.append(facts, entries)
        if number % 4 == 0:
            await state.search.caught_up()
        await state.sessions.erase(facts.id, {str(number - AGO)})
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
