"""What the gateway relies on beyond plain words, of every channel whose platform has it."""

from dataclasses import replace

import pytest

from channels.errors import Rejected
from state.keys import SessionId
from state.messages import (
    Attachment,
    Button,
    Correction,
    Deletion,
    InboundMessage,
    OwedPart,
    Part,
    Receipt,
    Reply,
    StoredFile,
)
from tests.contracts.channels import RIGS
from tests.contracts.channels.talk import (
    Deleter,
    Editor,
    FileSender,
    Person,
    Presser,
    Reader,
    Recipient,
    Talk,
    Witness,
)
from tests.contracts.inbox import Inbox

SESSION = SessionId("telegram_1_main")


def with_a(hand: type) -> pytest.MarkDecorator:
    """Over every channel whose person has this hand."""
    names = [name for name, rig in RIGS.items() if issubclass(rig.person, hand)]
    return pytest.mark.parametrize("talk", names, indirect=True)


def part(talk: Talk[Person], text: str) -> Part:
    """A text as the channel renders it."""
    (rendered,) = talk.channel.render(Reply(text))
    return rendered


class Writer:
    """Sends parts to where a message came from, each under a key of its own."""

    def __init__(self, talk: Talk[Person], to: InboundMessage) -> None:
        self._channel = talk.channel
        self._to = to
        self._sent = 0

    def owed(self, part: Part) -> OwedPart:
        self._sent += 1
        key = f"{self._to.id}-{self._sent}"
        return OwedPart(self._sent, 1, self._sent, self._to.address, part, key=key)

    async def sends(self, part: Part) -> Receipt:
        return await self._channel.send(self.owed(part))

    async def uploads(self, part: Part, content: bytes) -> Receipt:
        return await self._channel.upload(self.owed(part), content)

    async def removes(self, message: str) -> Receipt:
        return await self.sends(Part("", "", edits=message))


async def asked(talk: Talk[Person], inbox: Inbox) -> Writer:
    """Somebody asked something, and this is who answers."""
    await talk.person.says("question")
    return Writer(talk, await inbox.next())


async def whole(talk: Talk[Person], attachment: Attachment) -> bytes:
    return b"".join([piece async for piece in talk.channel.download(attachment)])


@pytest.mark.parametrize("name", list(RIGS))
def test_what_a_channel_says_it_can_somebody_is_there_to_see(name: str) -> None:
    rig = RIGS[name]
    assert bool(rig.capabilities.edit_seconds) == issubclass(rig.person, Reader)
    # A terminal stands beside the state folder: it is told where a file is, and gets no copy.
    gets_files = bool(rig.capabilities.upload_limit) and name != "loopback"
    assert gets_files == issubclass(rig.person, Recipient)
    assert rig.capabilities.acknowledges == issubclass(rig.person, Witness)


# Messages that are edited ---------------------------------------------------------------------


@with_a(Reader)
async def test_an_edit_replaces_what_is_seen_and_nothing_is_new(
    talk: Talk[Reader], inbox: Inbox
) -> None:
    bot = await asked(talk, inbox)
    draft = await bot.sends(part(talk, "The answer"))
    final = part(talk, "The answer is **42**")
    receipt = await bot.sends(replace(final, edits=draft.message))
    assert receipt.message == draft.message
    assert await talk.person.sees() == ["The answer is 42"]


@with_a(Reader)
async def test_an_edit_that_was_made_before_is_no_error(talk: Talk[Reader], inbox: Inbox) -> None:
    bot = await asked(talk, inbox)
    draft = await bot.sends(part(talk, "The answer"))
    final = replace(part(talk, "The answer is 42"), edits=draft.message)
    first, again = await bot.sends(final), await bot.sends(final)
    assert first == again == draft
    assert await talk.person.sees() == ["The answer is 42"]


@with_a(Reader)
async def test_a_live_message_that_was_removed_is_seen_no_more(
    talk: Talk[Reader], inbox: Inbox
) -> None:
    bot = await asked(talk, inbox)
    kept, tail = await bot.sends(part(talk, "kept")), await bot.sends(part(talk, "too much"))
    await bot.removes(tail.message)
    await bot.removes(tail.message)
    assert await talk.person.sees() == ["kept"]
    assert kept.message != tail.message


@with_a(Reader)
async def test_an_edit_of_a_message_that_is_gone_sends_it_anew(
    talk: Talk[Reader], inbox: Inbox
) -> None:
    bot = await asked(talk, inbox)
    draft = await bot.sends(part(talk, "The answer"))
    await bot.removes(draft.message)
    final = replace(part(talk, "The answer is 42"), edits=draft.message)
    receipt = await bot.sends(final)
    assert receipt.message != draft.message
    assert await talk.person.sees() == ["The answer is 42"]


@with_a(Reader)
async def test_a_long_answer_grows_out_of_its_live_message(
    talk: Talk[Reader], inbox: Inbox
) -> None:
    bot = await asked(talk, inbox)
    draft = await bot.sends(part(talk, "word word"))
    first, *rest = talk.channel.render(Reply("word " * 2_000))
    await bot.sends(replace(first, edits=draft.message))
    for more in rest:
        await bot.sends(more)
    assert " ".join(await talk.person.sees()).split() == ["word"] * 2_000


# Files, in both directions --------------------------------------------------------------------


@with_a(Recipient)
@pytest.mark.parametrize(
    ("title", "mime", "content"),
    [
        ("report.pdf", "application/pdf", b"%PDF-1.4 " + bytes(range(256)) * 400),
        ("notes.txt", "text/plain", b"one\r\ntwo\n--boundary\n"),
        ("Übersicht 2026 – “final”.csv", "text/csv", "a;ä\n".encode()),
    ],
)
async def test_a_file_arrives_with_its_name_and_its_content(
    talk: Talk[Recipient], inbox: Inbox, title: str, mime: str, content: bytes
) -> None:
    bot = await asked(talk, inbox)
    file = StoredFile(SESSION, "a1.bin", title, mime, len(content))
    await bot.uploads(Part("", "", file=file), content)
    assert await talk.person.received() == [(title, content)]


@with_a(FileSender)
async def test_an_attachments_content_comes_whole(talk: Talk[FileSender], inbox: Inbox) -> None:
    content = bytes(range(256)) * 2_000
    await talk.person.sends_file("table.csv", content, "text/csv")
    (attachment,) = (await inbox.next()).attachments
    assert attachment.name == "table.csv"
    assert attachment.size == len(content)
    assert await whole(talk, attachment) == content


@with_a(FileSender)
async def test_an_attachment_that_is_gone_is_rejected(talk: Talk[FileSender], inbox: Inbox) -> None:
    await talk.person.sends_file("table.csv", b"1;2", "text/csv")
    (attachment,) = (await inbox.next()).attachments
    await talk.person.loses_file()
    with pytest.raises(Rejected):
        await whole(talk, attachment)


# Reactions and buttons ------------------------------------------------------------------------


@with_a(Witness)
async def test_a_message_that_is_worked_on_has_a_reaction_until_it_is_answered(
    talk: Talk[Witness], inbox: Inbox
) -> None:
    await talk.person.says("question")
    message = await inbox.next()
    await talk.channel.acknowledge(message.address, message.id, seen=True)
    await talk.channel.acknowledge(message.address, message.id, seen=True)
    assert await talk.person.reactions() == 1
    await talk.channel.acknowledge(message.address, message.id, seen=False)
    await talk.channel.acknowledge(message.address, message.id, seen=False)
    assert await talk.person.reactions() == 0


@with_a(Witness)
async def test_acknowledging_a_message_that_is_gone_raises_nothing(
    talk: Talk[Witness], inbox: Inbox
) -> None:
    await talk.person.says("question")
    message = await inbox.next()
    bot = Writer(talk, message)
    gone = await bot.sends(part(talk, "draft"))
    await bot.removes(gone.message)
    for seen in (True, False):
        await talk.channel.acknowledge(message.address, gone.message, seen=seen)
    assert await talk.person.reactions() == 0


@with_a(Presser)
async def test_a_button_that_is_pressed_arrives_as_its_words(
    talk: Talk[Presser], inbox: Inbox
) -> None:
    await talk.person.says("question")
    question = await inbox.next()
    bot = Writer(talk, question)
    await bot.sends(replace(part(talk, "thinking"), buttons=(Button("Stop", "/stop"),)))
    sources = {question.source}
    for _ in range(2):
        await talk.person.presses("Stop")
        press = await inbox.next()
        assert (press.text, press.addressed) == ("/stop", True)
        assert (press.address, press.sender.id) == (question.address, question.sender.id)
        sources.add(press.source)
    assert len(sources) == 3


@with_a(Presser)
async def test_an_edit_without_buttons_takes_them_away(talk: Talk[Presser], inbox: Inbox) -> None:
    bot = await asked(talk, inbox)
    live = replace(part(talk, "thinking"), buttons=(Button("Stop", "/stop"),))
    draft = await bot.sends(live)
    grown = replace(part(talk, "thinking hard"), buttons=live.buttons, edits=draft.message)
    await bot.sends(grown)
    await talk.person.presses("Stop")
    assert (await inbox.next()).text == "/stop"
    await bot.sends(replace(part(talk, "done"), edits=draft.message))
    with pytest.raises(AssertionError):
        await talk.person.presses("Stop")


# Changes of mind ------------------------------------------------------------------------------


@with_a(Editor)
async def test_a_correction_names_what_it_corrects(talk: Talk[Editor], inbox: Inbox) -> None:
    await talk.person.says("I like tea")
    original = await inbox.next()
    await talk.person.edits("I like coffee")
    correction = await inbox.next_of(Correction)
    assert correction.text == "I like coffee"
    assert (correction.of, correction.id) == (original.source, original.id)
    assert (correction.address, correction.sender) == (original.address, original.sender)
    assert correction.source != original.source


@with_a(Deleter)
async def test_a_deletion_names_what_was_deleted(talk: Talk[Deleter], inbox: Inbox) -> None:
    await talk.person.says("forget this")
    original = await inbox.next()
    await talk.person.deletes()
    deletion = await inbox.next_of(Deletion)
    assert (deletion.of, deletion.id) == (original.source, original.id)
    assert deletion.address == original.address
    assert deletion.source != original.source
