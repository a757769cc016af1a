"""Files in both directions: whole, from where they belong, under harmless names."""

from dataclasses import replace

import pytest

from channels.discord.files import UPLOAD_LIMIT, safe_name, upload_of
from channels.errors import ChannelError, RateLimited, Rejected, Unreachable
from state.keys import Address
from state.messages import (
    Attachment,
    AttachmentKind,
    InboundMessage,
    OwedPart,
    Part,
    StoredFile,
)
from tests.emulators.discord import (
    DiscordEmulator,
    User,
    drop_connection,
    flood,
    refused,
    server_error,
)
from tests.unit.channels.discord.rig import Rig

REPORT = StoredFile("s", "a.pdf", "report.pdf", "application/pdf", 4)


@pytest.fixture
def alice(dc: DiscordEmulator) -> User:
    return dc.user("Alice")


def part_of(user: User, file: StoredFile = REPORT, **fields: str) -> OwedPart:
    where = Address("discord", str(user.chat().id))
    return OwedPart(1, 1, 0, where, Part("here", "here", file=file, **fields), key="k")


async def whole(rig: Rig, attachment: Attachment) -> bytes:
    channel = rig.channel()
    try:
        return b"".join([piece async for piece in channel.download(attachment)])
    finally:
        await channel.close()


async def sent_to(rig: Rig, alice: User, *files: tuple[str, bytes, str]) -> list[Attachment]:
    async with rig.running():
        await alice.says("look", files=files)
        (message,) = await rig.inbox.has(1)
    assert isinstance(message, InboundMessage)
    return list(message.attachments)


async def test_what_came_with_a_message_can_be_had(rig: Rig, alice: User) -> None:
    png, text = b"\x89PNG" * 50_000, b"words"
    found = await sent_to(rig, alice, ("c.png", png, "image/png"), ("t.txt", text, "text/plain"))
    assert [(a.kind, a.name, a.size) for a in found] == [
        (AttachmentKind.IMAGE, "c.png", len(png)),
        (AttachmentKind.DOCUMENT, "t.txt", len(text)),
    ]
    assert [await whole(rig, a) for a in found] == [png, text]


async def test_an_address_that_has_run_out_is_asked_for_anew_once(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    (found,) = await sent_to(rig, alice, ("t.txt", b"words", "text/plain"))
    dc.cdn.expire()
    assert await whole(rig, found) == b"words"
    assert (dc.calls["get_message"], dc.cdn.fetched) == (1, 2)


async def test_what_was_taken_away_is_gone(dc: DiscordEmulator, rig: Rig, alice: User) -> None:
    (found,) = await sent_to(rig, alice, ("t.txt", b"words", "text/plain"))
    dc.cdn.expire()
    said = next(iter(alice.chat().messages))
    dc.delete(alice.chat(), said)
    with pytest.raises(Rejected):
        await whole(rig, found)


async def test_a_discord_that_cannot_say_now_where_a_file_is_may_say_so_later(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    (found,) = await sent_to(rig, alice, ("t.txt", b"words", "text/plain"))
    dc.cdn.expire()
    dc.faults.next("get_message", server_error(502))
    with pytest.raises(Unreachable):
        await whole(rig, found)
    assert await whole(rig, found) == b"words"


@pytest.mark.parametrize(
    "reference",
    ["", "9", "1/2/3", "0/0/0 ", "0/0/0 http://127.0.0.1:1/x", "0/0/0 https://evil.example/x",
     "0/0/0 file:///etc/passwd", "0/0/0 https://cdn.discordapp.com.evil.example/x", "a/b/c x"],
)  # fmt: skip
async def test_only_discords_own_hosts_are_asked(rig: Rig, reference: str) -> None:
    with pytest.raises(Rejected):
        await whole(rig, Attachment(AttachmentKind.DOCUMENT, reference=reference))


async def test_a_file_goes_up_with_its_words_and_names_its_question(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    general = dc.guild("Team").channel("general")
    said = await alice.says("report?", in_=general)
    place, channel = Address("discord", str(general.id)), rig.channel()
    alone = Part("", "", reply_to=str(said), file=REPORT)
    await channel.upload(OwedPart(1, 1, 0, place, alone, key="k"), b"%PDF")
    (heard,) = await alice.hears(in_=general)
    (attachment,) = alice.sees(in_=general)[0]["attachments"]
    assert (heard.reply_to, attachment["filename"]) == (said, "report.pdf")
    assert attachment["content_type"] == "application/pdf"
    assert dc.cdn.content(attachment) == b"%PDF"


async def test_a_file_that_is_sent_again_appears_once(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    dc.faults.next("create_message", drop_connection(after=True))
    with pytest.raises(Unreachable) as lost:
        await channel.upload(part_of(alice), b"%PDF")
    assert lost.value.uncertain
    receipt = await channel.upload(part_of(alice), b"%PDF")
    assert [message["id"] for message in alice.sees()] == [receipt.message]


async def test_a_file_of_the_size_that_is_promised_goes_up_and_a_larger_one_is_rejected(
    rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    assert channel.capabilities.upload_limit == UPLOAD_LIMIT
    await channel.upload(part_of(alice), bytes(UPLOAD_LIMIT))
    with pytest.raises(Rejected, match="size"):
        await channel.upload(replace(part_of(alice), key="other"), bytes(UPLOAD_LIMIT + 1))


async def test_a_flood_wait_before_an_upload_is_told(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    dc.faults.next("create_message", flood(3))
    with pytest.raises(RateLimited):
        await rig.channel().upload(part_of(alice), b"x")


async def test_no_error_shows_an_address(dc: DiscordEmulator, rig: Rig, alice: User) -> None:
    (found,) = await sent_to(rig, alice, ("t.txt", b"words", "text/plain"))
    dc.cdn.expire()
    dc.faults.next("get_message", refused(404, 10008, "Unknown Message"))
    with pytest.raises(ChannelError) as error:
        await whole(rig, found)
    assert "hm=" not in repr(error.value)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Übersicht – 1.csv", "Übersicht – 1.csv"),
        ("../../etc/passwd", "etc_passwd"),
        ('a"; name="payload_json"\r\n\r\n{}.txt', "a_; name=_payload_json_{}.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("C:\\x\\y.txt", "C_x_y.txt"),
        ("half \ud83d.txt", "half _.txt"),
        ("x" * 200 + ".tar", "x" * 96 + ".tar"),
        ("", "file"),
        (" .. ", "file"),
    ],
)
def test_names_are_made_harmless(title: str, name: str) -> None:
    assert safe_name(title) == name
    file = StoredFile("s", "f", title, "text/html\r\nX: y", 1)
    upload = upload_of(file, b"x")
    assert (upload.name, upload.mime) == (name, "application/octet-stream")


async def test_a_hostile_name_changes_nothing_but_the_name(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    title = 'a"\r\nContent-Type: text/html\r\n\r\n<b>.txt'
    await rig.channel().upload(part_of(alice, StoredFile("s", "f", title, "text/plain", 1)), b"x")
    (message,) = alice.sees()
    (attachment,) = message["attachments"]
    assert (message["content"], attachment["content_type"]) == ("here", "text/plain")
    assert dc.cdn.content(attachment) == b"x"
