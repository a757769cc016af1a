"""Edits and deletions of what people said."""

from state.keys import Address
from state.messages import Correction, Deletion
from tests.emulators.slack import SlackEmulator
from tests.unit.channels.slack.rig import Rig


async def test_a_deletion_names_the_message_and_its_place(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("@argent hello", in_=general)
        reply = await alice.says("oops", in_=general, thread=root)
        await rig.inbox.has(2)
        await alice.deletes(reply)
        said, deletion = (await rig.inbox.has(3))[1:]
    assert isinstance(deletion, Deletion)
    assert (deletion.of, deletion.id) == (said.source, reply)
    assert deletion.address == Address("slack", general.id, root)
    assert deletion.source == f"{said.source}:deleted"


async def test_what_others_replied_to_is_deleted_too_though_a_tombstone_stays(
    sl: SlackEmulator, rig: Rig
):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("@argent hello", in_=general)
        await alice.says("and?", in_=general, thread=root)
        await rig.inbox.has(2)
        await alice.deletes(root)
        deletion = (await rig.inbox.has(3))[-1]
        # Later the tombstone goes as well.
        await alice.deletes(root)
        await sl.deliveries.settled()
    assert isinstance(deletion, Deletion)
    assert deletion.of == rig.inbox.taken[0].source
    assert len(rig.inbox.taken) == 3


async def test_deletions_of_the_bots_own_messages_are_no_news(sl: SlackEmulator, rig: Rig):
    robot, general = sl.user("Robot", is_bot=True), sl.channel("general")
    async with rig.running():
        said = await robot.says("beep", in_=general, told=False, bot_id="B0ROBOT")
        await robot.deletes(said)
        await sl.deliveries.settled()
    assert all(d.acked for d in sl.deliveries.all)
    assert rig.inbox.taken == []


async def test_a_deletion_that_is_not_stored_is_told_again(sl: SlackEmulator, rig: Rig):
    sl.deliveries.ack_seconds, sl.deliveries.retries = 0.1, (0.0, 0.0, 0.0)
    alice = sl.user("Alice")
    rig.inbox.refuses = lambda inbound: isinstance(inbound, Deletion) and len(rig.inbox.asked) < 3
    async with rig.running():
        said = await alice.says("oops")
        await rig.inbox.has(1)
        await alice.deletes(said)
        await rig.inbox.has(2)
        await sl.deliveries.settled()
    assert all(d.acked for d in sl.deliveries.all)


async def test_a_correction_names_what_it_corrects(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        said = await alice.says("tea")
        await alice.edits(said, "coffee")
        original, correction = await rig.inbox.has(2)
    assert isinstance(correction, Correction)
    assert correction.of == original.source


async def test_what_was_deleted_meanwhile_is_not_read_again_and_what_was_edited_reads_so(
    sl: SlackEmulator, rig: Rig
):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("hello")
        await rig.inbox.has(1)
    gone = await alice.says("gone", told=False)
    edited = await alice.says("tea", told=False)
    await alice.deletes(gone)
    await alice.edits(edited, "coffee")
    await sl.deliveries.settled()
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["hello", "coffee"]
