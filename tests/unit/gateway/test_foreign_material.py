"""What is known of where words come from: in entries, in what a model sees, and in its turns."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from agents.agent import TurnFinished
from agents.revisions import revisions
from agents.transcript import AssistantSays, ToolResult, ToolsSay, Transcript
from channels.config import AccountSettings
from channels.loopback import LOCAL_CHAT, TERMINAL, LoopbackChannel
from gateway.admission import Policy
from gateway.approving import Approving
from gateway.clock import Clock
from gateway.doors import Doors
from gateway.occasion import Occasion
from gateway.open_sessions import OpenSession
from gateway.people import People
from gateway.turn_entries import steps
from gateway.whereabouts import Whereabouts
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    SummaryEntry,
    ToolCall,
    ToolEntry,
    Usage,
    UserEntry,
    holds_foreign,
    stand_in,
)
from state.keys import SessionKey
from state.memory import MemoryLedger, MemorySessions
from state.messages import Attachment, AttachmentKind, Quote
from state.session import Session
from state.store import Loaded
from tests.unit.gateway.messages import AT, message

SAID = message("hello")
ASKED = UserEntry("u", AT, "hello", SAID.address, SAID.sender, SAID.id)
QUOTING = replace(ASKED, quotes=(Quote("hi", "Bob"),))
SENDING = replace(ASKED, attachments=(Attachment(AttachmentKind.IMAGE),))
ANSWER = AssistantEntry("a", AT, "well", "t", re=("u",))
FOUND = ToolEntry("f", AT, "a page", "t", "c", "fetch", foreign=True)
DELETED = DeletionEntry("d", AT, ASKED.address, ASKED.message)
CORRECTED = CorrectionEntry("k", AT, "hi", ASKED.address, ASKED.sender, ASKED.message)
SUMMARY = SummaryEntry("s", AT, "They met.", ("u", "a"), 2)


@pytest.mark.parametrize(
    ("entry", "foreign"),
    [
        (ASKED, False),
        (QUOTING, True),
        (SENDING, True),
        (ANSWER, False),
        (replace(ANSWER, foreign=True), True),
        (FOUND, True),
        (replace(FOUND, foreign=False), False),
        (SUMMARY, False),
        (replace(SUMMARY, foreign=True), True),
        (DELETED, False),
        (CORRECTED, False),
    ],
)
def test_an_entry_holds_what_others_made_or_was_made_in_sight_of_it(
    entry: Entry, foreign: bool
) -> None:
    assert holds_foreign([entry]) is foreign


def test_what_was_deleted_is_not_seen_but_what_was_said_of_it_is() -> None:
    deleted = revisions([QUOTING, DELETED]).deleted
    assert not holds_foreign([QUOTING, DELETED], deleted=deleted)
    assert holds_foreign([QUOTING, replace(ANSWER, foreign=True), DELETED], deleted=deleted)


def test_a_correction_changes_no_quote() -> None:
    assert holds_foreign([QUOTING, CORRECTED], deleted=revisions([QUOTING, CORRECTED]).deleted)


def test_a_summary_is_as_what_it_was_made_of_and_as_the_one_before_it() -> None:
    def made(*entries: Entry, earlier: SummaryEntry | None = None) -> SummaryEntry:
        return stand_in(entries, name="s", at=AT, content="x", tokens=1, earlier=earlier)

    assert not made(ASKED, ANSWER).foreign
    assert made(QUOTING, ANSWER).foreign
    assert made(ASKED, ANSWER, earlier=replace(SUMMARY, foreign=True)).foreign


def _opened(*entries: Entry, summary: SummaryEntry | None = None) -> OpenSession:
    session = Session.begin(SessionKey.parse("telegram:7:main"), agent="main", at=AT)
    opened = OpenSession(session, Transcript(), [], frozenset())
    opened.begin(Loaded(session, entries, tuple(range(len(entries))), summary))
    return opened


def test_an_open_session_knows_it_and_learns_it_turn_by_turn() -> None:
    opened = _opened(ASKED, ANSWER)
    assert not opened.foreign
    opened.extend([replace(QUOTING, id="u2")], 2)
    assert opened.foreign
    opened.extend([replace(ASKED, id="u3")], 3)
    assert opened.foreign
    assert _opened(ASKED, summary=replace(SUMMARY, foreign=True)).foreign
    assert not _opened(QUOTING, DELETED).foreign


def test_what_an_agent_says_after_a_page_was_said_in_sight_of_it() -> None:
    calls = (ToolCall("c", "fetch", "{}"),)
    found = ToolsSay((ToolResult("c", "fetch", "a page", foreign=True),))
    said = (AssistantSays("I look.", calls), found, AssistantSays("I see."))
    finished = TurnFinished(said, "model", Usage())
    first, result, last = steps([ASKED], finished, Clock(), foreign=False)
    assert (first.foreign, result.foreign, last.foreign) == (False, True, True)
    first, _, _ = steps([ASKED], finished, Clock(), foreign=True)
    assert first.foreign
    first, _, _ = steps([QUOTING], finished, Clock(), foreign=False)
    assert first.foreign


def _approving(terminal: LoopbackChannel, life: timedelta) -> Approving:
    ledger, clock, channels = MemoryLedger(), Clock(), {TERMINAL: terminal}
    policies = {TERMINAL: Policy.of(AccountSettings(owners=("local",)))}
    people = People(ledger, channels, clock)
    whereabouts = Whereabouts(MemorySessions(), people.leads)
    return Approving(channels, Doors(lambda: policies, people), whereabouts, clock, life=life)


async def test_an_approval_that_comes_too_late_is_none() -> None:
    terminal = LoopbackChannel()
    approving = _approving(terminal, timedelta(milliseconds=5))
    occasion = Occasion(_opened(QUOTING), None, owner=False)
    with terminal.listen(LOCAL_CHAT):
        refused = await approving.ask(occasion, [ToolCall("c", "bash", '{"command":"ls"}')])
    assert "in time" in refused["c"]
    assert approving.waiting == ()


async def test_a_session_asks_for_so_many_approvals_at_a_time() -> None:
    terminal = LoopbackChannel()
    approving = _approving(terminal, timedelta(minutes=5))
    occasion = Occasion(_opened(QUOTING), None, owner=False)
    calls = [ToolCall(f"c{n}", "bash", f'{{"command":"{n}"}}') for n in range(5)]
    with terminal.listen(LOCAL_CHAT) as parts:
        asking = asyncio.create_task(approving.ask(occasion, calls))
        arrived = aiter(parts)
        for _ in range(3):
            await anext(arrived)
        for pending in approving.waiting:
            assert approving.decide(pending.code.lower(), approved=True, by="test") == pending
            assert approving.decide(pending.code, approved=True, by="test") is None
        refused = await asking
    assert set(refused) == {"c3", "c4"}
