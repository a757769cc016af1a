"""People write to a Telegram bot, and each is answered in the right place."""

import json
from pathlib import Path

from agents.errors import Overloaded
from gateway.commands import CommandName
from gateway.notices import notice
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram.faults import drop_connection, flood, server_error
from tests.flows.bot import bot
from tests.flows.stage import Gate, Grows, words


async def test_two_people_a_group_and_a_topic(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice, bob = tg.user("Alice"), tg.user("Bob")
        group, forum = tg.supergroup("Team"), tg.forum("Company")
        ops = forum.topic("Ops")
        async with bot(tg, tmp_path, account={"owners": [alice.id]}):
            await alice.says("hello from alice")
            await bob.says("hello from bob")
            await alice.says("@argent_bot hello team", in_=group)
            await bob.says("@argent_bot hello ops", in_=ops)
            await bob.says("not for the bot", in_=group)

            (to_alice,) = await alice.hears()
            (to_bob,) = await bob.hears()
            (in_group,) = await alice.hears(in_=group)
            (in_topic,) = await bob.hears(in_=ops)

        assert to_alice.text == "echo: hello from alice"
        assert to_bob.text == "echo: hello from bob"
        assert (in_group.text, in_group.thread) == ("echo: Alice: hello team", None)
        assert (in_topic.text, in_topic.thread) == ("echo: Bob: hello ops", ops.id)
        assert len(tg.record) == 4

        folders = tmp_path / "agents" / "main" / "sessions"
        assert sorted(folder.name for folder in folders.iterdir()) == sorted(
            [
                f"telegram_{alice.id}_main",
                f"telegram_{bob.id}_dm",
                f"telegram_{group.id}_group",
                f"telegram_{forum.id}_{ops.id}_topic",
            ]
        )
        history = json.loads((folders / f"telegram_{alice.id}_main/history.json").read_text())
        assert [entry["role"] for entry in history] == ["user", "assistant"]
        assert history[0]["from"]["sender"] == str(alice.id)
        facts = json.loads((folders / f"telegram_{alice.id}_main/metadata.json").read_text())
        assert facts["key"] == f"telegram:{alice.id}:main"


async def test_an_answer_points_at_its_question_in_a_group_and_not_in_private(
    tmp_path: Path,
) -> None:
    async with TelegramEmulator() as tg:
        alice, group = tg.user("Alice"), tg.group("Team")
        async with bot(tg, tmp_path):
            asked = await alice.says("@argent_bot who is there?", in_=group)
            (answer,) = await alice.hears(in_=group)
            assert answer.reply_to == int(asked)
            await alice.says("and here?")
            (private,) = await alice.hears()
            assert private.reply_to is None


async def test_a_very_long_answer_arrives_whole_and_valid(tmp_path: Path) -> None:
    code = "\n".join(f"print({number!r})  # <tag> & more" for number in range(500))
    prose = "\n\n".join(f"Paragraph {number}: " + "lorem ipsum " * 10 for number in range(60))
    answer = f"Here it is:\n\n```python\n{code}\n```\n\n{prose}"
    assert len(answer) > 20_000
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            argent.model.will(answer)
            await alice.says("show me")
            await argent.gateway.lanes.settled()
            await alice.hears(len(answer) // 4096)
            await argent.settled()
        texts = [sent.text for sent in tg.record]
        # The emulator refuses what is too long or not valid, as Telegram does.
        assert {sent.parse_mode for sent in tg.record} == {"HTML"}
        assert "".join("\n".join(texts).split()) == "".join(("Here it is:" + code + prose).split())


async def test_a_flood_wait_of_30_seconds_in_one_chat_does_not_delay_another(
    tmp_path: Path,
) -> None:
    async with TelegramEmulator() as tg:
        alice, bob = tg.user("Alice"), tg.user("Bob")
        async with bot(tg, tmp_path):
            tg.faults.next("sendMessage", flood(30, chat=alice.chat()))
            await alice.says("hello")
            await tg.called("sendMessage", 1)
            await bob.says("hello")
            (answer,) = await bob.hears(timeout=5)
            assert answer.text == "echo: hello"
            assert [sent.chat for sent in tg.record] == [bob.chat().id]


async def test_the_same_update_delivered_twice_also_across_a_restart_is_one_turn(
    tmp_path: Path,
) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            await alice.says("hello")
            await alice.hears()
            tg.redeliver(tg.updates[-1])
            await tg.drained()
            await argent.restart()
            tg.redeliver(tg.updates[-1])
            await tg.drained()
            await alice.says("bye")
            await alice.hears()
            assert [seen[-1] for seen in map(words, argent.model.requests)] == ["hello", "bye"]
        assert len(tg.record) == 2


async def test_a_poison_update_is_set_aside_and_the_next_one_answered(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            tg.push_raw({"message": {"message_id": "not a number", "chat": 7}})
            await alice.says("hello")
            (answer,) = await alice.hears()
            assert answer.text == "echo: hello"
            await tg.drained()
            assert (await argent.ledger.counts()).set_aside == 1


async def test_a_stranger_is_paired_and_then_answered(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path, account={"dm_policy": "pairing"}) as argent:
            await alice.says("hello")
            (told,) = await alice.hears()
            assert "argent pair approve" in told.text
            assert argent.model.requests == []


async def test_a_migrated_group_goes_on_with_its_conversation(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice, group = tg.user("Alice"), tg.group("Team")
        async with bot(tg, tmp_path) as argent:
            await alice.says("@argent_bot remember the milk", in_=group)
            await alice.hears(in_=group)
            supergroup = tg.migrate(group)
            await tg.drained()
            await alice.says("@argent_bot what was it?", in_=supergroup)
            await alice.hears(in_=supergroup)
            assert words(argent.model.requests[-1])[0] == "Alice: remember the milk"


async def test_an_edited_message_is_read_as_it_is_now(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            first = await alice.says("I like tea")
            await alice.hears()
            await alice.edits(first, "I like coffee")
            await tg.drained()
            await alice.says("what do I like?")
            await alice.hears()
            assert len(argent.model.requests) == 2
            assert words(argent.model.requests[-1])[0] == "I like coffee"


async def test_a_text_that_a_client_cut_is_one_question_also_in_a_group(tmp_path: Path) -> None:
    text = "word " * 500 + "\n\n" + "more " * 500
    async with TelegramEmulator() as tg:
        alice, group = tg.user("Alice"), tg.supergroup("Team")
        async with bot(tg, tmp_path) as argent:
            assert len(await alice.pastes(text)) == 2
            await alice.hears()
            assert len(await alice.pastes(f"@argent_bot {text}", in_=group)) == 2
            await alice.hears(in_=group)
            assert len(argent.model.requests) == 2
            in_private, in_group = (words(asked)[-1].split() for asked in argent.model.requests)
            assert in_private == text.split()
            assert [word for word in in_group if word != "Alice:"] == text.split()


async def test_an_album_is_one_question_also_in_a_group(tmp_path: Path) -> None:
    pictures = [b"\xff\xd8\xff" + bytes([n]) * 100 for n in range(3)]
    async with TelegramEmulator() as tg:
        alice, group = tg.user("Alice"), tg.supergroup("Team")
        async with bot(tg, tmp_path) as argent:
            await alice.sends_album(*pictures, caption="@argent_bot which one?", in_=group)
            await alice.hears(in_=group)
            assert len(argent.model.requests) == 1
        kept = sorted(path.read_bytes() for path in tmp_path.glob("agents/**/media/*"))
        assert kept == pictures


async def test_a_press_of_the_stop_button_ends_the_turn_of_its_topic_alone(
    tmp_path: Path,
) -> None:
    async with TelegramEmulator() as tg:
        alice, forum = tg.user("Alice"), tg.forum("Dev")
        ops, web = forum.topic("Ops"), forum.topic("Web")
        there, elsewhere = Gate(), Gate()
        async with bot(tg, tmp_path) as argent:
            argent.model.will(Grows(("Once upon a time " * 10, there)))
            await alice.says("@argent_bot a story", in_=ops)
            (shown,) = await alice.hears(in_=ops)
            argent.model.will(elsewhere)
            await alice.says("@argent_bot hello", in_=web)
            await elsewhere.reached.wait()
            await alice.presses("Stop", message=shown.message, in_=ops)
            await alice.hears(in_=ops)
            elsewhere.open.set()
            (heard,) = await alice.hears(in_=web)
        assert heard.text == "echo: Alice: hello"
        assert "reply_markup" not in alice.sees(in_=ops)[0]


async def test_what_one_replies_to_is_context(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice, bob, group = tg.user("Alice"), tg.user("Bob"), tg.group("Team")
        async with bot(tg, tmp_path) as argent:
            said = await bob.says("the server is down", in_=group)
            await alice.says("@argent_bot what does he mean?", in_=group, reply_to=said)
            await alice.hears(in_=group)
            (seen,) = words(argent.model.requests[-1])
            assert "> the server is down" in seen


async def test_the_menu_shows_the_commands(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        async with bot(tg, tmp_path):
            await tg.called("setMyCommands", 1)
            alice = tg.user("Alice")
            await alice.says("/help")
            (answer,) = await alice.hears()
        assert all(f"/{name}" in answer.text for name in CommandName)


async def test_a_failing_platform_gets_its_answer_in_the_end(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path):
            tg.faults.next("sendMessage", server_error(502, html=True))
            await alice.says("hello")
            (answer,) = await alice.hears()
            assert answer.text == "echo: hello"


async def test_a_part_in_doubt_is_sent_again_and_counted(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            tg.faults.next("sendMessage", drop_connection(after=True))
            await alice.says("hello")
            await alice.hears(2)
            await argent.settled()
            assert (await argent.ledger.counts()).repeated == 1


async def test_a_model_s_error_never_reaches_the_chat(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            argent.model.will(Overloaded("529 from internal-host: key sk-secret"))
            await alice.says("hello")
            (told,) = await alice.hears()
            assert told.text == notice("overloaded")
