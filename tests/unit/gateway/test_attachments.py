"""What comes with messages is kept, or it is said why not; and it never fails a turn."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from agents.transcript import Media
from channels.channel import Capabilities
from channels.errors import RateLimited, Rejected, Unreachable
from channels.loopback import LoopbackChannel
from gateway.attachments import AT_ONCE_EACH, MOST_FILES, SHARES, Attachments, unreadable
from gateway.clock import Clock
from gateway.filetypes import UNKNOWN, mime_of, recognised
from state.history import UserEntry
from state.memory import MemorySessions
from state.messages import Attachment, AttachmentKind, InboundMessage
from state.store import NotFound, StorageFull
from tests.emulators.pictures import PDF, PNG
from tests.unit.gateway.messages import AT, message

SESSION = "telegram_7_dm"
BOTH = frozenset({"image", "pdf"})
Source = Callable[[], AsyncGenerator[bytes, None]]


def giving(*chunks: bytes) -> Source:
    async def stream() -> AsyncGenerator[bytes, None]:
        for chunk in chunks:
            yield chunk

    return stream


def failing(error: BaseException, *before: bytes) -> Source:
    async def stream() -> AsyncGenerator[bytes, None]:
        for chunk in before:
            yield chunk
        raise error

    return stream


class Platform(LoopbackChannel):
    """Has files under their references; a list of sources is gone through, one a try."""

    capabilities = Capabilities(text_limit=100, idempotent=False, upload_limit=1000)

    def __init__(self) -> None:
        super().__init__("telegram")
        self.files: dict[str, list[Source]] = {}
        self.fetched: list[str] = []

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        reference = attachment.reference or ""
        self.fetched.append(reference)
        sources = self.files[reference]
        return (sources.pop(0) if len(sources) > 1 else sources[0])()


class Desk:
    """Attachments over a memory store and a platform."""

    def __init__(self, *, limit: int = 20_000_000, takes: frozenset[str] = BOTH) -> None:
        self.platform = Platform()
        self.sessions = MemorySessions()
        self.takes = takes
        self.attachments = self.over(self.sessions, limit=limit)

    def over(self, sessions: Any, *, limit: int, seconds: float = 0.05) -> Attachments:
        return Attachments(
            sessions,
            {"telegram": self.platform},
            Clock(),
            limit={"telegram": limit}.__getitem__,
            seconds=seconds,
        )

    async def kept(self, *sources: Source, **facts: Any) -> Attachment:
        """One attachment with this content, kept."""
        self.platform.files["ref"] = list(sources)
        return (
            await self.attachments.keep(SESSION, a_message(attached("ref", **facts)))
        ).attachments[0]

    async def shown(self, *attachments: Attachment) -> list[Media]:
        entries = [an_entry(each) for each in attachments]
        return list((await self.attachments.contents(SESSION, entries, self.takes)).values())


def attached(reference: str | None, **facts: Any) -> Attachment:
    return Attachment(**({"kind": AttachmentKind.DOCUMENT, "reference": reference} | facts))


def a_message(*attachments: Attachment) -> InboundMessage:
    return message(attachments=attachments)


def an_entry(*attachments: Attachment) -> UserEntry:
    said = a_message(*attachments)
    return UserEntry(
        said.id, AT, said.text, said.address, said.sender, said.id, attachments=attachments
    )


# Keeping --------------------------------------------------------------------------------------


async def test_a_file_is_kept_whole_under_a_name_of_our_own() -> None:
    desk = Desk()
    kept = await desk.kept(giving(PNG[:3], PNG[3:10], PNG[10:]), name="../../etc/cat.exe")
    assert kept.problem is None
    assert kept.name == "../../etc/cat.exe"
    assert kept.size == len(PNG)
    assert kept.file is not None
    assert re.fullmatch(r"att-[0-9a-f]{24}\.png", kept.file)
    assert await desk.sessions.read_file(SESSION, kept.file) == PNG


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "..", "a\x00b", "\u202egpj.exe", "CON", "x" * 5_000, "a\nb", "\ud800", ""],
)
async def test_a_senders_name_never_becomes_a_place(name: str) -> None:
    kept = await Desk().kept(giving(b"text"), name=name)
    assert kept.name == name
    assert re.fullmatch(r"att-[0-9a-f]{24}\.txt", kept.file or "")


async def test_the_same_message_again_keeps_the_same_file() -> None:
    desk = Desk()
    desk.platform.files["ref"] = [giving(PNG)]
    asked = a_message(attached("ref"))
    first = await desk.attachments.keep(SESSION, asked)
    again = await desk.attachments.keep(SESSION, asked)
    assert first == again
    assert await desk.attachments.keep(SESSION, first) == first
    assert desk.platform.fetched == ["ref", "ref"]


async def test_files_of_one_message_have_names_of_their_own() -> None:
    desk = Desk()
    desk.platform.files = {"one": [giving(b"1")], "two": [giving(b"2")]}
    kept = await desk.attachments.keep(SESSION, a_message(attached("one"), attached("two")))
    contents = [await desk.sessions.read_file(SESSION, a.file or "") for a in kept.attachments]
    assert contents == [b"1", b"2"]


async def test_an_empty_file_is_a_file() -> None:
    kept = await Desk().kept(giving())
    assert kept.size == 0
    assert kept.file is not None


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (failing(Rejected("gone")), "gone"),
        (failing(Unreachable("down")), "unreachable"),
        (failing(Unreachable("down"), b"half"), "unreachable"),
        (failing(RateLimited(30.0)), "unreachable"),
        (failing(TimeoutError()), "unreachable"),
        (failing(RuntimeError("a defect of the adapter")), "unreachable"),
        (giving(b"x" * 60, b"x" * 60), "too_large"),
    ],
)
async def test_what_cannot_be_had_is_said_with_the_attachment(source: Source, problem: str) -> None:
    desk = Desk(limit=100)
    kept = await desk.kept(source)
    assert (kept.file, kept.problem) == (None, problem)


async def test_a_file_that_says_it_is_too_large_is_not_asked_for() -> None:
    desk = Desk(limit=100)
    assert (await desk.kept(giving(b""), size=101)).problem == "too_large"
    assert desk.platform.fetched == []


async def test_a_file_that_did_not_come_is_tried_once_more() -> None:
    kept = await Desk().kept(failing(Unreachable("down"), b"half"), giving(b"whole"))
    assert kept.problem is None
    assert kept.size == 5


async def test_a_file_that_never_ends_does_not_hold_up_the_answer() -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"x"
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        assert (await Desk().kept(endless)).problem == "unreachable"


async def test_many_files_that_never_end_hold_up_the_answer_no_longer_than_one() -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"x"
        await asyncio.Event().wait()

    desk = Desk()
    desk.platform.files = {"ref": [endless], "good": [giving(b"x")]}
    many = a_message(attached("good"), *[attached("ref")] * 12)
    async with asyncio.timeout(0.5):
        kept = await desk.attachments.keep(SESSION, many)
    assert [a.problem for a in kept.attachments] == [None] + ["unreachable"] * 12


async def test_a_message_with_many_files_leaves_room_for_others() -> None:
    begun: list[int] = []
    enough = asyncio.Event()

    async def waiting() -> AsyncGenerator[bytes, None]:
        begun.append(1)
        if len(begun) == AT_ONCE_EACH:
            enough.set()
        yield b"x"
        await asyncio.Event().wait()

    desk = Desk()
    desk.attachments = desk.over(desk.sessions, limit=1000, seconds=30.0)
    desk.platform.files = {"slow": [waiting], "ref": [giving(b"x")]}
    slow = asyncio.create_task(
        desk.attachments.keep(SESSION, a_message(*[attached("slow")] * MOST_FILES))
    )
    async with asyncio.timeout(5):
        await enough.wait()
        assert (await desk.kept(giving(b"x"))).problem is None
    assert len(begun) == AT_ONCE_EACH
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)


async def test_a_full_disk_does_not_fail_the_turn() -> None:
    class Full(MemorySessions):
        async def keep_file(
            self, session_id: str, name: str, chunks: AsyncIterator[bytes], *, most: int
        ) -> int:
            raise StorageFull("the disk is full")

    desk = Desk()
    desk.attachments = desk.over(Full(), limit=100)
    assert (await desk.kept(giving(b"x"))).problem == "disk"


async def test_nothing_is_fetched_where_the_owner_wants_none() -> None:
    desk = Desk(limit=0)
    kept = await desk.kept(giving(PNG))
    assert (kept.file, kept.problem) == (None, None)
    assert desk.platform.fetched == []


@pytest.mark.parametrize("kind", [AttachmentKind.LOCATION, AttachmentKind.CONTACT])
async def test_what_is_no_file_is_not_fetched(kind: AttachmentKind) -> None:
    desk = Desk()
    assert (await desk.kept(giving(b"x"), kind=kind)).file is None
    assert desk.platform.fetched == []


async def test_a_message_brings_only_so_many_files() -> None:
    desk = Desk()
    desk.platform.files["ref"] = [giving(b"x")]
    many = a_message(*[attached("ref")] * (MOST_FILES + 5))
    kept = await desk.attachments.keep(SESSION, many)
    assert sum(each.file is not None for each in kept.attachments) == MOST_FILES
    assert len(kept.attachments) == MOST_FILES + 5


# Showing --------------------------------------------------------------------------------------


async def test_what_is_kept_is_shown_as_what_it_is_and_not_as_what_its_sender_says() -> None:
    desk = Desk()
    kept = await desk.kept(giving(PNG), name="x.pdf", mime="application/pdf")
    assert await desk.shown(kept) == [Media("image/png", PNG, "x.pdf")]


async def test_short_texts_are_shown_and_long_or_binary_ones_are_not() -> None:
    desk = Desk()
    text = await desk.kept(giving("Grüße".encode()), name="a.txt")
    assert await desk.shown(text) == [Media("text/plain", "Grüße".encode(), "a.txt")]
    assert await desk.shown(await desk.kept(giving(b"x" * 40_000))) == []
    assert await desk.shown(await desk.kept(giving(b"\x00\x01binary"))) == []
    later = b"text " * 20 + b"\xff\xfe"
    assert await desk.shown(await desk.kept(giving(later[:80], later[80:]))) == []


async def test_only_what_a_model_takes_is_read_again() -> None:
    desk = Desk(takes=frozenset({"image"}))
    picture = await desk.kept(giving(PNG))
    document = await desk.kept(giving(PDF))
    assert [media.mime for media in await desk.shown(picture, document)] == ["image/png"]


async def test_the_newest_are_shown_as_many_as_there_is_room_for() -> None:
    desk = Desk()
    kept = [await desk.kept(giving(PNG + bytes([n]))) for n in range(SHARES["image"].files + 2)]
    shown = await desk.shown(*kept)
    assert [media.data[-1] for media in shown] == list(range(11, 1, -1))
    large = [await desk.kept(giving(PNG + bytes([n]) + bytes(3_500_000))) for n in range(5)]
    assert [media.data[len(PNG)] for media in await desk.shown(*large)] == [4, 3, 2]


async def test_a_picture_that_providers_refuse_for_its_size_is_not_shown() -> None:
    desk = Desk()
    assert await desk.shown(await desk.kept(giving(PNG + bytes(4_000_000)))) == []


async def test_a_file_that_is_lost_is_not_shown_and_no_error() -> None:
    assert await Desk().shown(attached(None, file="att-0.png")) == []
    with pytest.raises(NotFound):
        await MemorySessions().read_file(SESSION, "att-0.png")


async def test_what_a_model_refused_is_not_shown_again() -> None:
    desk = Desk()
    picture = await desk.kept(giving(PNG))
    text = await desk.kept(giving(b"text"))
    media = await desk.attachments.contents(SESSION, [an_entry(picture, text)], BOTH)
    (entry,) = unreadable([an_entry(picture, text)], media)
    assert [each.problem for each in entry.attachments] == ["unreadable", None]
    assert [m.mime for m in await desk.shown(*entry.attachments)] == ["text/plain"]


# Sending --------------------------------------------------------------------------------------


async def test_a_file_that_an_agent_makes_is_kept_under_a_name_of_our_own() -> None:
    desk = Desk()
    for title, ending in (("a b.CSV", r"\.csv"), ("x", r"\.bin"), ("x./../y", r"\.bin")):
        file = await desk.attachments.hand_out(SESSION, title, "text/csv", b"1;2")
        assert file.title == title
        assert re.fullmatch(rf"out-[0-9a-z]{{26}}{ending}", file.name)
        assert await desk.sessions.read_file(SESSION, file.name) == b"1;2"


async def test_files_are_offered_where_they_can_be_sent() -> None:
    desk = Desk()
    assert desk.attachments.sender(SESSION, "telegram") is not None
    Platform.capabilities = replace(Platform.capabilities, upload_limit=0)
    try:
        assert desk.attachments.sender(SESSION, "telegram") is None
    finally:
        Platform.capabilities = replace(Platform.capabilities, upload_limit=1000)


# Recognising ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "extension"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav"),
        (b"JUNK\x00\x00\x00\x00WEBP\x00", "bin"),
        (PDF, "pdf"),
        (b"OggS\x00\x02", "ogg"),
        (b"\x00\x00\x00\x18ftypmp42", "mp4"),
        (b"PK\x03\x04", "zip"),
        ("Grüße".encode()[:3], "txt"),
        (b"<html>", "txt"),
        (b"\xff\xfeU\x00", "bin"),
        (b"a\x00b", "bin"),
        (b"", "bin"),
    ],
)
def test_files_are_recognised_by_their_first_bytes(head: bytes, extension: str) -> None:
    kind = recognised(head)
    assert kind.extension == extension
    assert mime_of(f"att-1.{extension}") == (None if kind is UNKNOWN else kind.mime)
