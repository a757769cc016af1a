"""The Telegram emulator, judged by a client library that has nothing to do with ours."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, ReplyParameters, Update
from aiohttp import web

from tests.emulators.telegram import TelegramEmulator, flood, server_error


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def bot(tg: TelegramEmulator) -> AsyncIterator[Bot]:
    async with _bot(tg, tg.token) as client:
        yield client


def _bot(tg: TelegramEmulator, token: str) -> Bot:
    session = AiohttpSession(api=TelegramAPIServer.from_base(tg.url))
    return Bot(token, session=session)


async def test_a_bot_receives_and_answers_in_private(tg: TelegramEmulator, bot: Bot) -> None:
    me = await bot.get_me()
    assert me.username == "argent_bot"
    alice = tg.user("Alice", username="alice")
    said = await alice.says("/start@argent_bot now")
    (update,) = await bot.get_updates(timeout=5)
    message = update.message
    assert message is not None
    assert message.message_id == said
    assert message.entities is not None
    assert message.entities[0].type == "bot_command"
    answer = await message.reply("<b>hi</b> &amp; welcome", parse_mode="HTML")
    assert answer.text == "hi & welcome"
    (heard,) = await alice.hears()
    assert (heard.text, heard.reply_to) == ("hi & welcome", said)
    assert heard.entities == ({"type": "bold", "offset": 0, "length": 2},)


async def test_an_update_is_forgotten_once_a_higher_offset_is_asked_for(
    tg: TelegramEmulator, bot: Bot
) -> None:
    alice = tg.user("Alice")
    for text in ("one", "two", "three"):
        await alice.says(text)
    first, second, third = await bot.get_updates()
    assert await bot.get_updates(limit=1) == [first]
    assert await bot.get_updates(offset=second.update_id) == [second, third]
    assert await bot.get_updates(offset=0) == [second, third]
    assert await bot.get_updates(offset=-1) == [third]
    assert await bot.get_updates(offset=third.update_id + 1) == []
    await tg.drained()


async def test_a_long_poll_returns_as_soon_as_somebody_speaks(
    tg: TelegramEmulator, bot: Bot
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=50))
    await tg.called("getUpdates", 1)
    await tg.user("Alice").says("hi")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update.message is not None


async def test_a_second_poller_ends_the_first_with_a_conflict(
    tg: TelegramEmulator, bot: Bot
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=50))
    await tg.called("getUpdates", 1)
    assert await bot.get_updates(timeout=0) == []
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await poll


async def test_only_the_wanted_kinds_of_updates_are_made(tg: TelegramEmulator, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["edited_message"])
    alice = tg.user("Alice")
    said = await alice.says("hi")
    await alice.edits(said, "hi!")
    (update,) = await bot.get_updates()
    assert update.edited_message is not None
    assert update.edited_message.text == "hi!"


async def test_a_forum_has_topics_and_general_has_no_thread(tg: TelegramEmulator, bot: Bot) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    alice = tg.user("Alice")
    await alice.says("in ops", in_=ops)
    await alice.says("in general", in_=forum)
    creation, in_ops, in_general = [u.message for u in await bot.get_updates()]
    assert creation is not None
    assert creation.forum_topic_created is not None
    assert in_ops is not None
    assert (in_ops.is_topic_message, in_ops.message_thread_id) == (True, ops.id)
    assert in_general is not None
    assert (in_general.is_topic_message, in_general.message_thread_id) == (None, None)
    await bot.send_message(forum.id, "there", message_thread_id=ops.id)
    await bot.send_message(forum.id, "here")
    assert [s.text for s in await alice.hears(in_=ops)] == ["there"]
    assert [s.text for s in await alice.hears(in_=forum)] == ["here"]
    for thread in (1, 999):
        with pytest.raises(TelegramBadRequest, match="message thread not found"):
            await bot.send_message(forum.id, "nowhere", message_thread_id=thread)


async def test_a_group_that_migrates_says_where_it_went(tg: TelegramEmulator, bot: Bot) -> None:
    group = tg.group("Team")
    new = tg.migrate(group)
    old_note, new_note = [u.message for u in await bot.get_updates()]
    assert old_note is not None
    assert new_note is not None
    assert old_note.migrate_to_chat_id == new.id
    assert new_note.migrate_from_chat_id == group.id
    with pytest.raises(TelegramMigrateToChat) as caught:
        await bot.send_message(group.id, "hello")
    assert caught.value.migrate_to_chat_id == new.id


async def test_what_cannot_be_sent_is_refused_in_telegrams_words(
    tg: TelegramEmulator, bot: Bot
) -> None:
    alice = tg.user("Alice")
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(alice.id, "hi")
    await alice.says("hi")
    refusals = {
        "message is too long": {"text": "😀" * 2049},
        "message text is empty": {"text": ""},
        "text must be non-empty": {"text": " \n "},
        "can't parse entities": {"text": "<b>open", "parse_mode": "HTML"},
        "message to be replied not found": {
            "text": "x",
            "reply_parameters": ReplyParameters(message_id=99),
        },
        "chat not found": {"text": "x", "chat_id": 12345},
    }
    for words, params in refusals.items():
        with pytest.raises(TelegramBadRequest, match=words):
            await bot.send_message(**{"chat_id": alice.id, **params})
    await bot.send_message(alice.id, "😀" * 2048)
    await bot.send_message(
        alice.id,
        "x",
        reply_parameters=ReplyParameters(message_id=99, allow_sending_without_reply=True),
    )
    await alice.blocks()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(alice.id, "hi")


async def test_a_message_is_edited_and_deleted(tg: TelegramEmulator, bot: Bot) -> None:
    alice = tg.user("Alice")
    await alice.says("hi")
    sent = await bot.send_message(alice.id, "draft")
    edited = await bot.edit_message_text("final", chat_id=alice.id, message_id=sent.message_id)
    assert isinstance(edited, type(sent))
    assert edited.text == "final"
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("final", chat_id=alice.id, message_id=sent.message_id)
    assert await bot.delete_message(alice.id, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(alice.id, sent.message_id)


async def test_faults_come_in_the_order_of_the_script(tg: TelegramEmulator, bot: Bot) -> None:
    alice, bob = tg.user("Alice"), tg.user("Bob")
    await alice.says("hi")
    await bob.says("hi")
    tg.faults.next("sendMessage", flood(30, chat=alice.chat()), server_error(502))
    with pytest.raises(TelegramServerError):
        await bot.send_message(bob.id, "to bob")
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(alice.id, "to alice")
    assert caught.value.retry_after == 30
    await bot.send_message(alice.id, "to alice")
    assert [s.text for s in tg.record] == ["to alice"]


async def test_the_published_rates_can_be_applied(tg: TelegramEmulator, bot: Bot) -> None:
    alice = tg.user("Alice")
    await alice.says("hi")
    tg.limits.publish()
    await bot.send_message(alice.id, "one")
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(alice.id, "two")
    assert caught.value.retry_after == 1


async def test_an_unknown_token_is_unauthorized(tg: TelegramEmulator) -> None:
    async with _bot(tg, "123456:AAHunknown") as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()


async def test_the_menu_is_kept_by_scope(tg: TelegramEmulator, bot: Bot) -> None:
    menu = [BotCommand(command="help", description="What I can do")]
    await bot.set_my_commands(menu)
    (kept,) = await bot.get_my_commands()
    assert (kept.command, kept.description) == ("help", "What I can do")
    assert await bot.get_my_commands(language_code="de") == []
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == []


async def test_a_file_can_be_downloaded(tg: TelegramEmulator, bot: Bot) -> None:
    tg.add_file("F1", "photos/1.jpg", b"jpeg")
    file = await bot.get_file("F1")
    assert file.file_path is not None
    content = await bot.download_file(file.file_path)
    assert content is not None
    assert content.read() == b"jpeg"


async def test_the_chat_itself_can_be_asked_for(tg: TelegramEmulator, bot: Bot) -> None:
    forum = tg.forum("Dev")
    chat = await bot.get_chat(forum.id)
    assert (chat.type, chat.title, chat.is_forum) == ("supergroup", "Dev", True)
    assert await bot.send_chat_action(forum.id, "typing")
    assert tg.actions == [(forum.id, 1, "typing")]


async def test_a_webhook_gets_the_secret_and_is_tried_again(tg: TelegramEmulator, bot: Bot) -> None:
    got: asyncio.Queue[tuple[str | None, Update]] = asyncio.Queue()
    statuses = iter([500, 200])

    async def receive(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        got.put_nowait((secret, Update.model_validate_json(await request.read())))
        return web.Response(status=next(statuses))

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="s3cret-s3cret-s3cret")
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await bot.get_updates()
        await tg.user("Alice").says("hi")
        first = await asyncio.wait_for(got.get(), 5)
        second = await asyncio.wait_for(got.get(), 5)
        assert first == second
        assert first[0] == "s3cret-s3cret-s3cret"
        await tg.drained()
        info = await bot.get_webhook_info()
        assert info.pending_update_count == 0
        assert info.last_error_message == "Wrong response from the webhook: 500"
        await bot.delete_webhook()
        assert await bot.get_updates() == []
    finally:
        await runner.cleanup()
