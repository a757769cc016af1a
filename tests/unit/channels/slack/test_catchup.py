"""What was said while nobody listened is run once, in order, when somebody does again."""

import json

import pytest

from channels.slack.catchup import MOST_PLACES
from state.messages import InboundMessage
from tests.emulators.slack import SlackEmulator, flood, hang, refused, server_error, slow
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.slack.rig import Rig


async def test_what_was_missed_in_known_places_is_run_in_order(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        await alice.says("before")
        root = await alice.says("@argent topic", in_=general)
        await rig.inbox.has(2)
        await sl.deliveries.settled()
    for n in range(3):
        await alice.says(f"missed {n}", told=False)
    await alice.says("in the thread", in_=general, thread=root, told=False)
    await alice.says("among people", in_=general, told=False)
    await alice.says("@argent new topic", in_=general, told=False)
    async with rig.running():
        await rig.inbox.has(7)
        await alice.says("live")
        await rig.inbox.has(8)
    here = [m.text for m in rig.inbox.taken if _chat(m) == sl.im(alice).id]
    there = [m.text for m in rig.inbox.taken if _chat(m) == general.id]
    assert here == ["before", "missed 0", "missed 1", "missed 2", "live"]
    assert there == ["topic", "in the thread", "new topic"]


def _chat(message: object) -> str:
    assert isinstance(message, InboundMessage)
    return message.address.chat


async def test_what_comes_live_waits_for_what_was_missed(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        sl.faults.next("conversations.history", slow(0.2))
        sl.socket.cut()
        await alice.says("missed", told=False)
        await alice.says("told late")
        await rig.inbox.has(3)
    assert rig.inbox.texts == ["before", "missed", "told late"]


async def test_a_live_message_does_not_wait_for_other_conversations_to_be_read(
    sl: SlackEmulator, rig: Rig
):
    alice, bob = sl.user("Alice"), sl.user("Bob")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await bob.says("last")
        await rig.inbox.has(2)
        # What was read last is read first: Bob's takes long.
        sl.faults.next("conversations.history", hang(chat=sl.im(bob)))
        sl.socket.cut()
        await alice.says("missed", told=False)
        await sl.called("conversations.history")
        await alice.says("live")
        await rig.inbox.has(4)
        sl.faults.clear()
    assert rig.inbox.texts == ["before", "last", "missed", "live"]


async def test_somebody_who_wrote_for_the_first_time_meanwhile_is_found(
    sl: SlackEmulator, rig: Rig
):
    alice, bob = sl.user("Alice"), sl.user("Bob")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    await bob.says("hello?", told=False)
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "hello?"]


async def test_a_thread_that_began_meanwhile_is_read_with_its_replies(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        await alice.says("hi", in_=general)
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    root = await alice.says("@argent question", in_=general, told=False)
    await alice.says("one more thing", in_=general, thread=root, told=False)
    async with rig.running():
        await rig.inbox.has(3)
    messages = [m for m in rig.inbox.taken if isinstance(m, InboundMessage)]
    assert [m.text for m in messages] == ["hi", "question", "one more thing"]
    assert messages[1].address == messages[2].address
    assert messages[2].addressed


async def test_no_more_than_wanted_is_read_and_it_is_the_newest(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    for n in range(30):
        await alice.says(str(n), told=False)
    async with rig.running(rig.channel(catch_up=5)):
        await rig.inbox.has(6)
    assert rig.inbox.texts == ["before", "25", "26", "27", "28", "29"]


async def test_long_histories_are_read_page_by_page(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("@argent before", in_=general)
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    for n in range(250):
        await alice.says(str(n), in_=general, thread=root, told=False)
    async with rig.running(rig.channel(catch_up=300)):
        await rig.inbox.has(251)
    assert rig.inbox.texts == ["before", *map(str, range(250))]


async def test_a_flood_answer_does_not_make_a_conversation_begin_anew(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("@argent before", in_=general)
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    await alice.says("missed", in_=general, thread=root, told=False)
    sl.faults.next("conversations.replies", flood(0), flood(0))
    async with rig.running():
        await rig.inbox.has(2)
    assert sl.calls["conversations.replies"] == 3
    assert sl.calls["conversations.history"] == 1


async def test_what_was_never_heard_is_found_though_something_newer_was_read_elsewhere(
    sl: SlackEmulator, rig: Rig
):
    """As after a crash: places are read side by side, and one of them was not yet."""
    alice, bob = sl.user("Alice"), sl.user("Bob")
    async with rig.running():
        pass
    await alice.says("missed", told=False)
    newer = await bob.says("read before the crash", told=False)
    ((name, marks),) = rig.cursors.items()
    rig.cursors[name] = json.dumps(json.loads(marks) | {sl.im(bob).id: newer})
    async with rig.running():
        await rig.inbox.has(1)
        assert rig.inbox.texts == ["missed"]


async def test_what_was_missed_in_one_of_many_conversations_is_read(sl: SlackEmulator, rig: Rig):
    people = [sl.user(f"Person {number}") for number in range(MOST_PLACES + 1)]
    async with rig.running():
        for person in people:
            await person.says("hello")
        await rig.inbox.has(len(people))
        await sl.deliveries.settled()
    await people[0].says("missed", told=False)
    async with rig.running():
        await people[0].says("and then?")
        await rig.inbox.has(len(people) + 2)
        assert rig.inbox.texts[-2:] == ["missed", "and then?"]


async def test_a_new_place_is_remembered_at_once(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        said = await alice.says("hi")
        await sl.deliveries.settled()
        (marks,) = rig.cursors.values()
        kept = json.loads(marks)
        assert kept.pop("began")
        assert kept == {sl.im(alice).id: said}


@pytest.mark.parametrize("fault", [flood(0), server_error(503), server_error(html=True)])
async def test_a_history_that_cannot_be_read_yet_is_read_later(
    sl: SlackEmulator, rig: Rig, fault: Fault
):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    await alice.says("missed", told=False)
    sl.faults.next("conversations.history", fault, fault)
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "missed"]


async def test_a_history_out_of_reach_does_not_keep_new_messages_away(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    sl.faults.always("conversations.history", refused("missing_scope", needed="im:history"))
    async with rig.running():
        await alice.says("after")
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "after"]


async def test_nothing_is_read_where_that_is_off(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running(rig.channel(catch_up=0)):
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    await alice.says("missed", told=False)
    async with rig.running(rig.channel(catch_up=0)):
        await alice.says("after")
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "after"]
    assert sl.calls["conversations.history"] == 0


@pytest.mark.parametrize("broken", ["{", "[]", '{"C1": 5, "D2": "x", "": "1.0"}', ""])
async def test_broken_marks_keep_nothing_away(sl: SlackEmulator, rig: Rig, broken: str):
    rig.cursors[f"slack:T0EMULATED:{sl.world.bot_user}"] = broken
    async with rig.running():
        await sl.user("Alice").says("hi")
        await rig.inbox.has(1)
