"""A process that keeps files, speaks of them and erases both, and says what was done.

    python -m tests.faults.forgetter <state-dir>

Prints a line `<number>` for each turn, when it is said and the one two before it is erased.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from state.files import open_state
from state.history import UserEntry
from state.messages import Attachment, AttachmentKind
from tests.contracts.examples import after, session, turn

AGO = 2


def content(number: int) -> bytes:
    return f"{number} ".encode() * 90_000


async def pieces(number: int) -> AsyncIterator[bytes]:
    yield content(number)


async def main(root: Path) -> None:
    state = await open_state(root)
    facts = session()
    for number in count(1):
        name = f"{number}.bin"
        await state.sessions.keep_file(facts.id, name, pieces(number), most=10**7)
        asked, answer = turn(number, asks="words " * (number * 37 % 90))
        assert isinstance(asked, UserEntry)
        asked = replace(asked, attachments=(Attachment(AttachmentKind.OTHER, file=name),))
        facts = after(facts, [asked, answer])
        await state.sessions.append(facts, [asked, answer])
        await state.sessions.erase(facts.id, {str(number - AGO)})
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
