"""Files, buttons, reactions and edits of the emulated Telegram, judged by an unrelated client."""

import io
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    Message,
    ReactionTypeEmoji,
    ReplyParameters,
)

from tests.emulators.telegram import TelegramEmulator, User

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def bot(tg: TelegramEmulator) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(tg.url))
    async with Bot(tg.token, session=session) as client:
        yield client


@pytest.fixture
async def alice(tg: TelegramEmulator) -> User:
    alice = tg.user("Alice")
    await alice.says("hi")
    return alice


def keyboard(*says: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=each, callback_data=each) for each in says]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def newest(bot: Bot) -> Message:
    message = (await bot.get_updates())[-1].message
    assert message is not None
    return message


async def test_a_keyboard_stays_until_an_edit_leaves_it_out(bot: Bot, alice: User) -> None:
    sent = await bot.send_message(alice.id, "one", reply_markup=keyboard("stop"))
    assert sent.reply_markup is not None
    same: dict[str, Any] = {"chat_id": alice.id, "message_id": sent.message_id}
    edited = await bot.edit_message_text("two", **same, reply_markup=keyboard("stop"))
    assert isinstance(edited, Message)
    assert edited.reply_markup == sent.reply_markup
    edited = await bot.edit_message_text("two", **same)
    assert isinstance(edited, Message)
    assert edited.reply_markup is None
    assert edited.edit_date is not None
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("two", **same)
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(alice.id, "x", reply_markup=keyboard("x" * 65))


async def test_a_press_arrives_and_is_answered_once(
    tg: TelegramEmulator, bot: Bot, alice: User
) -> None:
    sent = await bot.send_message(alice.id, "one", reply_markup=keyboard("stop"))
    press = await alice.presses("stop", message=sent.message_id)
    query = (await bot.get_updates())[-1].callback_query
    assert isinstance(query, CallbackQuery)
    assert (query.id, query.data, query.from_user.id) == (press, "stop", alice.id)
    assert isinstance(query.message, Message)
    assert query.message.message_id == sent.message_id
    assert await bot.answer_callback_query(press, "stopping")
    assert tg.answered_presses == [(press, "stopping")]
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(press)
    with pytest.raises(AssertionError, match="no button"):
        await alice.presses("go", message=sent.message_id)


async def test_a_message_is_edited_and_deleted_within_the_rules(
    tg: TelegramEmulator, bot: Bot, alice: User
) -> None:
    group = tg.group("Team")
    said = await alice.says("@argent_bot hi", in_=group)
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=group.id, message_id=int(said))
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await bot.delete_message(group.id, int(said))
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=group.id, message_id=99)
    old = await bot.send_message(alice.id, "old")
    alice.chat().messages[old.message_id]["date"] = int(time.time()) - 49 * 3600
    with pytest.raises(TelegramBadRequest, match="can't be deleted for everyone"):
        await bot.delete_message(alice.id, old.message_id)
    assert await bot.edit_message_text("new", chat_id=alice.id, message_id=old.message_id)


async def test_edits_and_uploads_count_as_messages_do(
    tg: TelegramEmulator, bot: Bot, alice: User
) -> None:
    sent = await bot.send_message(alice.id, "one")
    tg.limits.publish()
    await bot.edit_message_text("two", chat_id=alice.id, message_id=sent.message_id)
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(alice.id, "three")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_document(alice.id, BufferedInputFile(b"x", "x.txt"))


async def test_a_bot_has_one_reaction_of_those_that_there_are(bot: Bot, alice: User) -> None:
    said = await alice.says("question")
    assert await bot.set_message_reaction(alice.id, said, [ReactionTypeEmoji(emoji="👀")])
    assert list(alice.chat().reactions.values()) == [["👀"]]
    assert await bot.set_message_reaction(alice.id, said, [])
    assert list(alice.chat().reactions.values()) == [[]]
    two = [ReactionTypeEmoji(emoji="👀"), ReactionTypeEmoji(emoji="👍")]
    refusals: dict[str, tuple[int, list[Any]]] = {
        "REACTION_INVALID": (said, [ReactionTypeEmoji(emoji="⏳")]),
        "REACTIONS_TOO_MANY": (said, two),
        "message to react not found": (99, []),
    }
    for words, (message, reaction) in refusals.items():
        with pytest.raises(TelegramBadRequest, match=words):
            await bot.set_message_reaction(alice.id, message, reaction)


async def test_a_file_goes_up_and_comes_down_again(bot: Bot, alice: User) -> None:
    content = bytes(range(256)) * 4_000
    sent = await bot.send_document(
        alice.id,
        BufferedInputFile(content, "table é.csv"),
        caption="<b>look</b>",
        parse_mode="HTML",
        reply_parameters=ReplyParameters(message_id=1),
        reply_markup=keyboard("more"),
    )
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size) == ("table é.csv", len(content))
    assert (sent.caption, sent.caption_entities is not None) == ("look", True)
    assert sent.reply_to_message is not None
    into = io.BytesIO()
    await bot.download(sent.document, into)
    assert into.getvalue() == content
    (heard,) = await alice.hears()
    assert heard.file is not None
    assert (heard.kind, heard.file.content, heard.text) == ("document", content, "look")


async def test_every_kind_of_file_has_its_method(bot: Bot, alice: User) -> None:
    picture, sound = BufferedInputFile(PNG, "a.png"), BufferedInputFile(b"OggS", "a.ogg")
    assert (await bot.send_photo(alice.id, picture)).photo
    assert (await bot.send_voice(alice.id, sound)).voice
    assert (await bot.send_audio(alice.id, sound)).audio
    assert (await bot.send_video(alice.id, sound)).video
    assert (await bot.send_animation(alice.id, sound)).animation
    album: list[Any] = [
        InputMediaDocument(media=sound, caption="both"),
        InputMediaDocument(media=sound),
    ]
    first, second = await bot.send_media_group(alice.id, album)
    assert first.media_group_id == second.media_group_id is not None
    assert (first.caption, second.caption) == ("both", None)


async def test_what_telegram_does_not_take_or_give(
    tg: TelegramEmulator, bot: Bot, alice: User
) -> None:
    refusals = {
        "file must be non-empty": BufferedInputFile(b"", "a.png"),
        "IMAGE_PROCESS_FAILED": BufferedInputFile(b"no picture", "a.png"),
        "file is too big": BufferedInputFile(PNG + bytes(11 * 1_048_576), "a.png"),
    }
    for words, file in refusals.items():
        with pytest.raises(TelegramBadRequest, match=words):
            await bot.send_photo(alice.id, file)
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(alice.id, BufferedInputFile(bytes(51 * 1_048_576), "a.bin"))
    with pytest.raises(TelegramBadRequest, match="caption is too long"):
        await bot.send_document(alice.id, BufferedInputFile(b"x", "a"), caption="x" * 1025)
    with pytest.raises(TelegramBadRequest, match="temporarily unavailable"):
        await bot.get_file("unknown")
    tg.add_file("big", "documents/big.bin", bytes(21 * 1_048_576))
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file("big")
    await alice.blocks()
    with pytest.raises(TelegramForbiddenError):
        await bot.send_document(alice.id, BufferedInputFile(b"x", "a"))


async def test_people_send_files_albums_and_long_texts(
    tg: TelegramEmulator, bot: Bot, alice: User
) -> None:
    await alice.sends("document", "a.csv", b"1;2", "text/csv", caption="@argent_bot sum it")
    document = await newest(bot)
    assert document.document is not None
    assert (document.document.file_name, document.document.mime_type) == ("a.csv", "text/csv")
    assert document.caption_entities is not None
    await alice.sends("voice", "", b"OggS", "audio/ogg")
    assert (await newest(bot)).voice is not None
    await alice.sends_album(PNG, PNG, caption="two")
    first, second = (update.message for update in (await bot.get_updates())[-2:])
    assert first is not None
    assert second is not None
    assert first.media_group_id == second.media_group_id is not None
    assert (first.caption, second.caption) == ("two", None)
    pieces = await alice.pastes("word " * 500 + "\n\n" + "word " * 800)
    assert len(pieces) == 2
    for update in (await bot.get_updates())[-2:]:
        assert update.message is not None
        assert 2_048 < len(update.message.text or "") <= 4_096


async def test_the_server_goes_and_comes_back_with_all_that_there_is(
    tg: TelegramEmulator, bot: Bot, alice: User
) -> None:
    await tg.goes_down()
    with pytest.raises(TelegramNetworkError):
        await bot.get_me()
    await alice.says("while it was away")
    await tg.comes_back()
    assert [u.message.text for u in await bot.get_updates() if u.message] == [
        "hi",
        "while it was away",
    ]
