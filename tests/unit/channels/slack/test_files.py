"""Files that people share, and files that the agent made."""

from dataclasses import replace

import pytest

from channels.errors import ChannelError, RateLimited, Rejected, Unauthorized, Unreachable
from channels.slack.channel import SlackChannel
from channels.slack.files import file_name
from state.keys import Address
from state.messages import Attachment, AttachmentKind, InboundMessage, OwedPart, Part, StoredFile
from tests.emulators.slack import (
    SlackEmulator,
    User,
    drop_connection,
    flood,
    hang,
    refused,
    server_error,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.slack.rig import Rig, owed

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def alice(sl: SlackEmulator) -> User:
    return sl.user("Alice")


def home(user: User) -> Address:
    return Address("slack", user.chat().id)


async def whole(channel: SlackChannel, attachment: Attachment) -> bytes:
    try:
        return b"".join([piece async for piece in channel.download(attachment)])
    finally:
        await channel.close()


def shared(sl: SlackEmulator, name: str = "cat.png", mime: str = "image/png") -> Attachment:
    file = sl.add_file(name, mime, CONTENT)
    return Attachment(
        AttachmentKind.IMAGE, name, mime, len(CONTENT), f"{file['id']} {file['url_private']}"
    )


def parcel(
    place: Address, title: str = "a.txt", *, key: str = "part-1", text: str = ""
) -> OwedPart:
    file = StoredFile("slack_1_main", "a1.bin", title, "text/plain", 5)
    said = owed(place, text).part if text else Part("", "")
    return OwedPart(1, 1, 0, place, replace(said, file=file), key=key)


# Fetching -------------------------------------------------------------------------------------


async def test_a_shared_file_is_fetched_with_the_bots_token(sl: SlackEmulator, rig: Rig):
    assert await whole(rig.channel(), shared(sl)) == CONTENT
    assert sl.bearers == [f"Bearer {sl.token}"]


async def test_a_file_of_another_workspace_is_described_and_fetched_by_its_id(
    sl: SlackEmulator, rig: Rig, alice: User
):
    file = sl.add_file("plan.pdf", "application/pdf", CONTENT)
    stub = {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}
    async with rig.running() as channel:
        await alice.says("look", subtype="file_share", files=[stub])
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        (attachment,) = message.attachments
        assert (attachment.name, attachment.size) == ("plan.pdf", len(CONTENT))
        assert await whole(channel, attachment) == CONTENT


async def test_a_file_of_which_slack_says_nothing_in_time_is_fetched_by_its_id(
    sl: SlackEmulator, rig: Rig, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("channels.slack.directory.LOOKUP_SECONDS", 0.05)
    file = sl.add_file("plan.pdf", "application/pdf", CONTENT)
    stub = {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}
    sl.faults.next("files.info", hang())
    async with rig.running() as channel:
        await alice.says("look", subtype="file_share", files=[stub])
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        assert await whole(channel, message.attachments[0]) == CONTENT


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ({"mode": "tombstone"}, "gone"),
        ({"mode": "hidden_by_limit"}, "gone"),
        ({"mode": "external", "is_external": True, "url_private": "https://docs.example/x"}, None),
        ({"id": "../../etc/passwd"}, None),
    ],
)
async def test_what_slack_does_not_keep_is_only_described(
    sl: SlackEmulator, rig: Rig, alice: User, file: dict[str, object], problem: str | None
):
    async with rig.running():
        await alice.says("look", subtype="file_share", files=[{"id": "F123", **file}])
        (message,) = await rig.inbox.has(1)
    assert isinstance(message, InboundMessage)
    (attachment,) = message.attachments
    assert (attachment.reference, attachment.problem) == (None, problem)


@pytest.mark.parametrize(("name", "mime"), [("a.png", "image/png"), ("a.html", "text/html")])
async def test_without_the_right_to_read_files_the_remedy_is_named(
    sl: SlackEmulator, rig: Rig, name: str, mime: str
):
    sl.reads_files = False
    with pytest.raises(Rejected, match="files:read"):
        await whole(rig.channel(), shared(sl, name, mime))


async def test_of_a_file_that_cannot_be_had_slacks_own_reason_is_told(sl: SlackEmulator, rig: Rig):
    attachment = shared(sl)
    file = (attachment.reference or "").partition(" ")[0]
    del sl.world.contents[file], sl.world.files[file]
    with pytest.raises(Rejected, match="file_not_found"):
        await whole(rig.channel(), attachment)


async def test_a_page_to_sign_in_is_never_taken_for_the_file(sl: SlackEmulator, rig: Rig):
    attachment = shared(sl)
    file = (attachment.reference or "").partition(" ")[0]
    sl.world.contents[file] = b"\n <!DOCTYPE html><html>Sign in</html>"
    with pytest.raises(Rejected, match="page to sign in"):
        await whole(rig.channel(), attachment)


async def test_a_page_that_somebody_shared_is_a_file_like_any_other(sl: SlackEmulator, rig: Rig):
    page = shared(sl, "a.html", "text/html")
    sl.world.contents[(page.reference or "").partition(" ")[0]] = b"<html>mine</html>"
    assert await whole(rig.channel(), page) == b"<html>mine</html>"


@pytest.mark.parametrize(
    "reference", [None, "", "F", "not a file", "F123 http://169.254.169.254/latest/meta-data"]
)
async def test_a_token_goes_nowhere_but_to_slack(
    sl: SlackEmulator, rig: Rig, reference: str | None
):
    attachment = Attachment(AttachmentKind.DOCUMENT, reference=reference)
    with pytest.raises(Rejected):
        await whole(rig.channel(), attachment)


# Uploading ------------------------------------------------------------------------------------


async def test_a_file_goes_to_its_thread_with_its_words(sl: SlackEmulator, rig: Rig, alice: User):
    general = sl.channel("general")
    root = await alice.says("hello", in_=general)
    place = Address("slack", general.id, root)
    await rig.channel().upload(parcel(place, text="**Here** & <!channel>"), b"hello")
    (upload,) = general.uploads
    assert (upload.thread, upload.title, upload.content) == (root, "a.txt", b"hello")
    assert upload.text == "Here & <!channel>"


async def test_words_that_slack_does_not_take_as_blocks_go_along_as_they_are(
    sl: SlackEmulator, rig: Rig, alice: User
):
    sl.faults.next("files.completeUploadExternal", refused("invalid_blocks"))
    await rig.channel().upload(parcel(home(alice), text="a & <!channel>"), b"hello")
    (upload,) = alice.chat().uploads
    assert upload.text == "a & <!channel>"


@pytest.mark.parametrize("after", [False, True])
async def test_a_file_of_which_nothing_was_heard_is_shown_once(
    sl: SlackEmulator, rig: Rig, alice: User, after: bool
):
    channel, part = rig.channel(), parcel(home(alice))
    sl.faults.next("files.completeUploadExternal", drop_connection(after=after))
    with pytest.raises(Unreachable) as caught:
        await channel.upload(part, b"hello")
    assert caught.value.uncertain
    await channel.upload(replace(part, uncertain=True), b"hello")
    assert len(alice.chat().uploads) == 1


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload"])
async def test_before_a_file_is_shown_nothing_is_uncertain(
    sl: SlackEmulator, rig: Rig, alice: User, method: str
):
    channel = rig.channel()
    sl.faults.next(method, drop_connection(after=True))
    with pytest.raises(Unreachable) as caught:
        await channel.upload(parcel(home(alice)), b"hello")
    assert not caught.value.uncertain
    await channel.upload(parcel(home(alice)), b"hello")
    assert len(alice.chat().uploads) == 1


@pytest.mark.parametrize(
    ("method", "fault", "error"),
    [
        ("files.getUploadURLExternal", flood(30), RateLimited),
        ("files.getUploadURLExternal", refused("missing_scope", needed="files:write"), Rejected),
        ("files.getUploadURLExternal", refused("token_revoked"), Unauthorized),
        ("upload", server_error(503), Unreachable),
        ("upload", server_error(400), Rejected),
        ("files.completeUploadExternal", refused("not_in_channel"), Rejected),
        ("files.completeUploadExternal", server_error(503), Unreachable),
    ],
)
async def test_every_failure_of_an_upload_has_its_error(
    sl: SlackEmulator, rig: Rig, alice: User, method: str, fault: Fault, error: type[ChannelError]
):
    sl.faults.next(method, fault)
    with pytest.raises(error):
        await rig.channel().upload(parcel(home(alice)), b"hello")
    assert alice.chat().uploads == []


async def test_an_empty_file_is_refused_with_the_reason(sl: SlackEmulator, rig: Rig, alice: User):
    with pytest.raises(Rejected, match="empty"):
        await rig.channel().upload(parcel(home(alice)), b"")


async def test_the_bots_own_file_is_no_message_to_it(sl: SlackEmulator, rig: Rig, alice: User):
    async with rig.running() as channel:
        await channel.upload(parcel(home(alice)), b"hello")
        await alice.says("thanks")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    assert rig.inbox.texts == ["thanks"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Übersicht – “final”.csv", "Übersicht – “final”.csv"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\evil\r\n.exe", "C_evil_.exe"),
        ("gnp.\u202eexe", "gnp.exe"),
        (" .. ", "file"),
        ("", "file"),
        ("x" * 500 + ".txt", "x" * 180 + ".txt"),
    ],
)
def test_a_hostile_title_becomes_a_name(title: str, name: str):
    assert file_name(title) == name
