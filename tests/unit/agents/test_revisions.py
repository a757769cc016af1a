"""What a model sees of messages that were changed, deleted, or asked together."""

from dataclasses import replace
from datetime import UTC, datetime

from agents.prompt import said
from agents.revisions import reads_differently, revisions
from agents.transcript import AssistantSays, Said, UserSays
from state.history import AssistantEntry, CorrectionEntry, DeletionEntry, Entry, UserEntry
from state.keys import Address
from state.messages import Attachment, AttachmentKind, Sender

AT = datetime(2026, 1, 30, 10, tzinfo=UTC)
ANN, BOB = Sender("7", "Ann"), Sender("8", "Bob")
HERE = Address("telegram", "1")
TEA = UserEntry("u1", AT, "tea", HERE, ANN, "4711", turn="t1")
REPLY = AssistantEntry("a1", AT, "hi", "t1", re=("u1",))
COFFEE = CorrectionEntry("c1", AT, "coffee", HERE, ANN, "4711")
GONE = DeletionEntry("d1", AT, HERE, "4711")


def seen(*entries: Entry, shared: bool = False) -> list[Said]:
    return said(entries, shared=shared, revisions=revisions(entries))


def test_a_corrected_message_reads_as_it_does_now_in_its_old_place() -> None:
    assert seen(TEA, REPLY, COFFEE) == [UserSays("coffee"), AssistantSays("hi")]


def test_the_last_correction_counts() -> None:
    cocoa = replace(COFFEE, id="c2", content="cocoa")
    assert seen(TEA, REPLY, COFFEE, cocoa)[0] == UserSays("cocoa")


def test_a_correction_of_what_is_not_there_is_told_in_words() -> None:
    assert seen(COFFEE) == [
        UserSays("[The user changed an earlier message; it now reads:]\ncoffee")
    ]


def test_only_the_sender_corrects_a_message() -> None:
    assert seen(TEA, REPLY, replace(COFFEE, sender=BOB))[0] == UserSays("tea")


def test_a_message_of_another_chat_may_have_the_same_number() -> None:
    elsewhere = replace(COFFEE, address=Address("telegram", "2"))
    assert seen(TEA, REPLY, elsewhere)[0] == UserSays("tea")


def test_a_deleted_message_leaves_its_place_so_that_its_answer_has_a_question() -> None:
    photo = Attachment(AttachmentKind.IMAGE, "cat.png")
    question = replace(TEA, attachments=(photo,))
    assert seen(question, REPLY, GONE) == [
        UserSays("[This message was deleted.]"),
        AssistantSays("hi"),
    ]


def test_what_was_corrected_and_then_deleted_is_gone_with_its_correction() -> None:
    assert seen(TEA, REPLY, COFFEE, GONE)[0] == UserSays("[This message was deleted.]")
    assert seen(COFFEE, GONE) == []


def test_what_one_person_asked_in_one_turn_is_one_message() -> None:
    milk = replace(TEA, id="u2", content="with milk", message="4712")
    reply = replace(REPLY, re=("u1", "u2"))
    assert seen(TEA, milk, reply) == [UserSays("tea\nwith milk"), AssistantSays("hi")]
    assert seen(TEA, milk, reply, shared=True)[0] == UserSays("Ann: tea\nwith milk")


def test_one_of_several_messages_can_be_deleted() -> None:
    milk = replace(TEA, id="u2", content="with milk", message="4712")
    both = seen(TEA, milk, replace(REPLY, re=("u1", "u2")), GONE)
    assert both[0] == UserSays("[This message was deleted.]\nwith milk")


def test_questions_of_two_turns_are_two_messages() -> None:
    later = replace(TEA, id="u2", content="and now?", message="4712", turn="t2")
    failed = replace(REPLY, notice="timeout")
    assert seen(TEA, failed, later) == [UserSays("tea"), UserSays("and now?")]


def test_a_correction_tells_something_new_only_when_the_message_reads_otherwise() -> None:
    assert reads_differently([TEA], COFFEE)
    assert not reads_differently([replace(TEA, content="coffee")], COFFEE)
    assert not reads_differently([TEA, COFFEE], COFFEE)
    assert not reads_differently([TEA, GONE], COFFEE)
    assert not reads_differently([TEA], replace(COFFEE, sender=BOB))
    assert not reads_differently([], COFFEE)
