"""What only the terminal's channel does."""

import pytest

from channels.errors import Offline, Rejected
from channels.loopback import LOCAL_CHAT, TERMINAL, LoopbackChannel
from state.keys import Address
from state.messages import Attachment, AttachmentKind, OwedPart, Part, StoredFile

FILE = StoredFile("user-ann", "out-1.csv", "table\x1b[2J.csv", "text/csv", 4)
OWED = OwedPart(1, 1, 0, Address(TERMINAL, LOCAL_CHAT), Part("", "", file=FILE), key="k")


async def test_whoever_sits_at_the_terminal_is_told_where_a_file_is() -> None:
    channel = LoopbackChannel()
    with channel.listen() as listener:
        receipt = await channel.upload(OWED, b"1;2\n")
        told = await anext(aiter(listener))
    assert receipt.message == "k"
    assert told.part.plain == "[File: table\ufffd[2J.csv (sessions/user-ann/media/out-1.csv)]"


async def test_a_file_waits_for_somebody_to_be_told() -> None:
    with pytest.raises(Offline):
        await LoopbackChannel().upload(OWED, b"1;2\n")


async def test_a_terminal_has_no_files_to_fetch() -> None:
    with pytest.raises(Rejected):
        LoopbackChannel().download(Attachment(AttachmentKind.DOCUMENT, reference="x"))
