"""Files go out so that they can be used at once, and come in only from the bot's own server."""

import logging

import pytest
from structlog.testing import capture_logs

from channels.errors import ChannelError, Rejected, Unreachable
from channels.telegram.channel import TelegramChannel
from channels.telegram.files import UPLOAD_LIMIT, safe_name
from state.keys import Address, SessionId
from state.messages import (
    Attachment,
    AttachmentKind,
    InboundMessage,
    OwedPart,
    Part,
    StoredFile,
)
from tests.emulators.telegram import TelegramEmulator, User, refused
from tests.unit.channels.telegram.rig import Rig, home

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def alice(tg: TelegramEmulator) -> User:
    alice = tg.user("Alice")
    await alice.says("hi")
    return alice


def to_send(
    address: Address, title: str, mime: str, content: bytes, text: str = "", plain: str = ""
) -> OwedPart:
    file = StoredFile(SessionId("telegram_1_main"), "a1.bin", title, mime, len(content))
    return OwedPart(1, 1, 0, address, Part(text, plain or title, "1", file=file))


async def fetched(channel: TelegramChannel, attachment: Attachment) -> bytes:
    return b"".join([piece async for piece in channel.download(attachment)])


@pytest.mark.parametrize(
    ("mime", "kind", "content"),
    [
        ("image/png", "photo", PNG),
        ("image/jpeg", "photo", b"\xff\xd8\xff" + bytes(100)),
        ("image/jpeg", "document", b"\xff\xd8\xff" + bytes(10_000_000)),
        ("image/png", "document", b"no picture at all"),
        ("image/svg+xml", "document", b"<svg/>"),
        ("image/gif", "animation", b"GIF89a"),
        ("audio/ogg; codecs=opus", "voice", b"OggS"),
        ("audio/mpeg", "audio", b"ID3"),
        ("video/mp4", "video", b"ftyp"),
        ("text/html", "document", b"<html>"),
        ("", "document", b"?"),
    ],
)
async def test_a_file_is_shown_as_what_it_is(
    tg: TelegramEmulator, rig: Rig, alice: User, mime: str, kind: str, content: bytes
) -> None:
    receipt = await rig.channel().upload(to_send(home(alice), "a.bin", mime, content), content)
    (sent,) = tg.record
    assert (sent.kind, sent.reply_to, receipt.message) == (kind, 1, str(sent.message))
    assert sent.text == ""
    assert sent.file is not None
    assert (sent.file.name, sent.file.content) == ("a.bin", content)


async def test_voices_where_they_are_forbidden_go_as_documents(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    tg.faults.next("sendVoice", refused(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"))
    await rig.channel().upload(to_send(home(alice), "a.ogg", "audio/ogg", b"OggS"), b"OggS")
    assert [sent.kind for sent in tg.record] == ["document"]


async def test_a_file_that_telegram_refuses_in_every_way_is_rejected(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    await alice.blocks()
    with pytest.raises(Rejected, match="blocked"):
        await rig.channel().upload(to_send(home(alice), "a.png", "image/png", PNG), PNG)
    tg.faults.next("sendDocument", refused(413, "Request Entity Too Large"))
    with pytest.raises(Rejected, match="Too Large"):
        await rig.channel().upload(to_send(home(alice), "a.bin", "", b"?"), b"?")


async def test_a_file_goes_to_its_topic_and_where_that_is_gone_to_the_chat(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    channel, there = rig.channel(), Address("telegram", str(forum.id), str(ops.id))
    await channel.upload(to_send(there, "a.txt", "text/plain", b"a"), b"a")
    forum.delete_topic(ops)
    await channel.upload(to_send(there, "b.txt", "text/plain", b"b"), b"b")
    assert [sent.thread for sent in tg.record] == [ops.id, 1]


async def test_words_go_under_the_file_and_before_it_when_they_are_too_many(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    await channel.upload(to_send(home(alice), "a.txt", "", b"a", "<b>look</b>", "look"), b"a")
    await channel.upload(to_send(home(alice), "b.txt", "", b"b", "<b>look", "look"), b"b")
    long = "word " * 300
    await channel.upload(to_send(home(alice), "c.txt", "", b"c", long, long), b"c")
    sent = [(s.kind, s.text, s.reply_to) for s in tg.record]
    assert sent == [
        ("document", "look", 1),
        ("document", "look", 1),
        ("text", long.strip(), 1),
        ("document", "", None),
    ]


async def test_the_largest_file_is_taken_whole(tg: TelegramEmulator, rig: Rig, alice: User) -> None:
    content = bytes(UPLOAD_LIMIT)
    await rig.channel().upload(to_send(home(alice), "a.bin", "", content), content)
    (sent,) = tg.record
    assert sent.file is not None
    assert len(sent.file.content) == UPLOAD_LIMIT


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Übersicht – “final” 😀.csv", "Übersicht – “final” 😀.csv"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\boot.ini", "_boot.ini"),
        ('a"; name="chat_id.txt', "a_; name=_chat_id.txt"),
        ("a\r\nX-Header: 1.txt", "aX-Header_ 1.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("zero\u200bwidth\x00.txt", "zerowidth.txt"),
        ("half\ud83d.txt", "half.txt"),
        ("x" * 300 + ".tar.gz", "x" * 117 + ".gz"),
        ("x" * 300, "x" * 120),
        (" . ", "file"),
        ("", "file"),
    ],
)
async def test_a_name_misleads_nobody(
    tg: TelegramEmulator, rig: Rig, alice: User, title: str, name: str
) -> None:
    assert safe_name(title) == name
    await rig.channel().upload(to_send(home(alice), title, "", b"?", "", "plain"), b"?")
    assert [sent.file.name for sent in tg.record if sent.file] == [name]
    assert "chat_id" not in name or tg.record[0].chat == alice.id


async def test_every_kind_of_file_can_be_fetched(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    content = bytes(range(256)) * 1000
    kinds = {
        "document": AttachmentKind.DOCUMENT, "photo": AttachmentKind.IMAGE,
        "voice": AttachmentKind.VOICE, "audio": AttachmentKind.AUDIO,
        "video": AttachmentKind.VIDEO,
    }  # fmt: skip
    async with rig.running() as channel:
        for kind in kinds:
            await alice.sends(kind, f"a.{kind}", content)
        taken = await rig.inbox.has(1 + len(kinds))
        attachments = [a for m in taken if isinstance(m, InboundMessage) for a in m.attachments]
        assert [a.kind for a in attachments] == list(kinds.values())
        for attachment in attachments:
            assert attachment.size == len(content)
            assert await fetched(channel, attachment) == content


@pytest.mark.parametrize("reference", [None, "unknown"])
async def test_what_telegram_does_not_have_is_rejected(
    tg: TelegramEmulator, rig: Rig, reference: str | None
) -> None:
    attachment = Attachment(AttachmentKind.CONTACT, reference=reference)
    with pytest.raises(Rejected):
        await fetched(rig.channel(), attachment)


async def test_more_than_telegram_gives_out_is_rejected(tg: TelegramEmulator, rig: Rig) -> None:
    tg.add_file("big", "documents/file_1.bin", bytes(21 * 1_048_576))
    with pytest.raises(Rejected, match="too big"):
        await fetched(rig.channel(), Attachment(AttachmentKind.DOCUMENT, reference="big"))


async def test_a_file_that_is_on_the_servers_own_disk_is_rejected_with_the_remedy(
    tg: TelegramEmulator, rig: Rig
) -> None:
    tg.add_file("F", "documents/file_1.bin", b"1")
    tg.world.local_mode = True
    with pytest.raises(Rejected, match="--local") as caught:
        await fetched(rig.channel(), Attachment(AttachmentKind.DOCUMENT, reference="F"))
    assert tg.bot.secret not in str(caught.value)


@pytest.mark.parametrize("path", ["../../control/counters", "C:\\files\\1.bin", "/etc/passwd"])
async def test_a_path_that_leads_elsewhere_is_not_followed(
    tg: TelegramEmulator, rig: Rig, path: str
) -> None:
    tg.add_file("F", path, b"1")
    with pytest.raises(Rejected):
        await fetched(rig.channel(), Attachment(AttachmentKind.DOCUMENT, reference="F"))


async def test_the_token_shows_in_nothing_that_goes_wrong_with_files(
    tg: TelegramEmulator, rig: Rig, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tg.add_file("gone", "documents/gone.bin", b"1")
    tg.add_file("there", "documents/there.bin", b"1")
    tg.faults.next("sendDocument", refused(400, f"Bad Request: /bot{tg.token}/x"))
    channel, seen = rig.channel(), []
    gone = Attachment(AttachmentKind.DOCUMENT, reference="gone")
    there = Attachment(AttachmentKind.DOCUMENT, reference="there")
    with capture_logs() as logs:
        with pytest.raises(Rejected) as refusal:
            await channel.upload(to_send(home(alice), "a.bin", "", b"?"), b"?")
        seen += _chain(refusal.value)
        # Known to getFile, and not there any more when it is fetched.
        tg.hide("documents/gone.bin")
        with pytest.raises(Rejected) as rejected:
            await fetched(channel, gone)
        seen += _chain(rejected.value)
        tg.faults.next("/file", refused(502, f"no route to /file/bot{tg.token}/x"))
        with pytest.raises(Unreachable) as unreachable:
            await fetched(channel, there)
        seen += _chain(unreachable.value)
        await tg.goes_down()
        with pytest.raises(ChannelError) as down:
            await fetched(channel, there)
        seen += _chain(down.value)
    await channel.close()
    assert tg.bot.secret not in "\n".join([*seen, repr(logs), caplog.text])


def _chain(error: BaseException | None) -> list[str]:
    seen = []
    while error is not None:
        seen.append(repr(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return seen
